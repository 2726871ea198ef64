//! How fast a fleet is simulated, and how that grows with its size.
//!
//! What is physical cannot grow slower: a broadcast on a link of n chips is received n - 1 times. So the growth of the time
//! is told beside the growth of the frames received, and what remains is the simulator's own.
//!
//! The chips are ESP32-C3 with ESP-NOW in fields, each field on a channel of its own. Every chip keeps texts,
//! says by heartbeats that it lives, is asked for one of its texts every ten seconds and asks its fleet once a minute. The
//! first seconds, in which chips boot, find each other and are given their texts, are run and not measured. What the chips
//! do is the same in every run; how long that takes is measured.

use super::host_clock;
use crate::figure::{Banded, Figure, Kind};
use crate::fleet::ack_log::quantile;
use crate::fleet::{Fleet, FleetError};
use crate::scenario::{
    ChipPlan, LinkPlan, LoadLines, LoadPlan, Permille, Port, Scenario, Scripted, Topology,
};
use ruvllm_esp_core::chip::{Radio, esp32c3};
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::role::shared::Keeps;
use ruvllm_esp_core::units::{Micros, Nanos};
use ruvllm_esp_core::wire::link::LinkKind;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;
use std::time::Instant;

/// Chips of one field, where nothing else is asked for.
pub const FIELD: usize = 40;

/// What is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Chips of one field.
    pub field: usize,
    /// Do the chips only find one another? That is measured from the moment they get power.
    pub idle: bool,
}

impl Default for Shape {
    fn default() -> Self {
        Self { field: FIELD, idle: false }
    }
}
/// What is run before the measurement.
pub const WARM_UP: Micros = Micros::seconds(20);

/// Ten ticks of the clock of processors; what is less says nothing.
pub const MIN_PROCESSOR_SECONDS: f64 = 0.1;

/// What one size of fleet took.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FleetSpeed {
    /// How many chips.
    pub chips: usize,
    /// How many fields.
    pub fields: usize,
    /// Threads that it was run on.
    pub threads: usize,
    /// Virtual seconds that were measured.
    pub virtual_seconds: u64,
    /// Seconds on the wall until the fleet was built and had found itself.
    pub warm_up_seconds: f64,
    /// Seconds on the wall for the rest.
    pub host_seconds: f64,
    /// Seconds of processors of this machine for the rest, where the system says so.
    pub processor_seconds: Option<f64>,
    /// Chips times virtual seconds a second.
    pub chip_seconds_per_second: f64,
    /// Chips times virtual seconds a second of one processor, where the system says so and the run was long enough for its
    /// clock: other work on this machine does not count.
    pub chip_seconds_per_processor_second: Option<f64>,
    /// Virtual time over time on the wall.
    pub real_time_ratio: f64,
    /// Frames that took a medium while it was measured.
    pub frames: u64,
    /// Times that one of them reached a chip.
    pub received: u64,
    /// Turns of the chips' programs while it was measured.
    pub turns: u64,
    /// Questions to the fleet, and how many were answered, from the beginning.
    pub questions: (usize, usize),
    /// Half of the answers took less, in virtual time.
    pub p50: Option<Figure<Nanos>>,
    /// Of a hundred answers 95 took less, in virtual time.
    pub p95: Option<Figure<Nanos>>,
    /// Resident memory of this process at the end, where the system says so.
    pub resident_bytes: Option<u64>,
}

/// How something grows with the number of chips: as that number to this power, from the smallest fleet to the largest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Growth {
    /// Frames received.
    pub received: f64,
    /// Time of processors, where it is known of two sizes.
    pub processor: Option<ProcessorGrowth>,
}

/// How the time of processors grows, from the smallest to the largest fleet of which it is known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ProcessorGrowth {
    /// Chips of these two.
    pub chips: (usize, usize),
    /// All of it.
    pub whole: f64,
    /// For each frame received: what is not physical.
    pub for_each_received: f64,
}

impl Growth {
    /// The growth over these fleets, where there are two sizes that differ.
    pub fn of(fleets: &[FleetSpeed]) -> Option<Self> {
        let received = power(fleets, |fleet| Some(fleet.received as f64))?;
        let known = |fleet: &&FleetSpeed| fleet.chip_seconds_per_processor_second.is_some();
        let timed: Vec<FleetSpeed> = fleets.iter().filter(known).cloned().collect();
        let processor = power(&timed, |fleet| fleet.processor_seconds);
        let processor = processor.zip(power(&timed, |fleet| Some(fleet.received as f64)));
        let processor = processor.map(|((chips, whole), (_, received))| ProcessorGrowth {
            chips,
            whole,
            for_each_received: whole - received,
        });
        Some(Self { received: received.1, processor })
    }
}

/// The chips of the smallest and the largest fleet, and the power of their number as which `figure` grows between them.
fn power(
    fleets: &[FleetSpeed],
    figure: impl Fn(&FleetSpeed) -> Option<f64>,
) -> Option<((usize, usize), f64)> {
    let small = fleets.iter().min_by_key(|fleet| fleet.chips)?;
    let large = fleets.iter().max_by_key(|fleet| fleet.chips)?;
    let of = large.chips as f64 / small.chips as f64;
    let (from, to) = (figure(small)?, figure(large)?);
    let is_known = of >= 1.5 && from > 0.0 && to > 0.0;
    is_known.then(|| ((small.chips, large.chips), (to / from).ln() / of.ln()))
}

/// Simulates `chips` chips for this many seconds.
///
/// # Errors
/// [`FleetError`] where the machine gives no threads.
pub fn speed(chips: usize, seconds: u64, threads: usize, shape: Shape) -> Result<FleetSpeed, FleetError> {
    let scenario = Arc::new(scenario(chips, shape));
    let warm_up = if shape.idle { Micros(0) } else { WARM_UP };
    let begun = Instant::now();
    let mut fleet = Fleet::build(scenario, threads)?;
    fleet.run_until(warm_up);
    let warm_up_seconds = begun.elapsed().as_secs_f64();
    // What happened is looked at as it would be, and not kept.
    fleet.take_timeline();
    let before = fleet.work_done();
    let (begun, processor) = (Instant::now(), host_clock::process_seconds());
    for second in 1..=seconds {
        fleet.run_until(warm_up + Micros::seconds(second));
        fleet.take_timeline();
    }
    let host_seconds = begun.elapsed().as_secs_f64().max(1e-9);
    let processor_seconds = processor.zip(host_clock::process_seconds()).map(|(from, to)| to - from);
    let after = fleet.work_done();
    let latencies = fleet.latencies();
    let modelled = |permille| Some(Banded::exact(quantile(&latencies, permille)?).tagged(Kind::Modelled));
    Ok(FleetSpeed {
        chips,
        fields: chips.div_ceil(shape.field),
        threads,
        virtual_seconds: seconds,
        warm_up_seconds,
        host_seconds,
        processor_seconds,
        chip_seconds_per_second: chips as f64 * seconds as f64 / host_seconds,
        chip_seconds_per_processor_second: processor_seconds
            .filter(|worked| *worked >= MIN_PROCESSOR_SECONDS)
            .map(|worked| chips as f64 * seconds as f64 / worked),
        real_time_ratio: seconds as f64 / host_seconds,
        frames: after.frames - before.frames,
        received: after.received - before.received,
        turns: after.turns - before.turns,
        questions: fleet.questions(),
        p50: modelled(500),
        p95: modelled(950),
        resident_bytes: host_clock::resident_bytes(),
    })
}

/// The fleet that is measured.
pub fn scenario(chips: usize, shape: Shape) -> Scenario {
    let Shape { field, idle } = shape;
    let all = || (0..chips).collect::<Vec<usize>>();
    let lines = |verb: &str| -> Arc<[String]> {
        (0..40).map(|number| format!("{verb} pump {number} in hall {} is warm", number * 7 % 11)).collect()
    };
    let load = |gap, lines| LoadPlan {
        chips: all(),
        gap,
        regular: false,
        from: Micros::seconds(10),
        until: Micros::seconds(86_400),
        lines: LoadLines::Any(lines),
    };
    Scenario {
        name: format!("{chips} chips in fields of {field}"),
        seed: 1,
        until: Micros::seconds(86_400),
        topology: Topology::Mesh,
        replicas: 1,
        chips: (0..chips).map(|index| chip(index, field)).collect(),
        links: (0..chips.div_ceil(field)).map(|index| link(index, field, chips)).collect(),
        scripted: [Scripted {
            at: Micros::seconds(2),
            chips: all(),
            spread: false,
            lines: lines("add"),
            every: Micros(100_000),
        }]
        .into_iter()
        .filter(|_| !idle)
        .collect(),
        load: [load(Micros::seconds(10), lines("search")), load(Micros::seconds(60), lines("fleet search"))]
            .into_iter()
            .filter(|_| !idle)
            .collect(),
        ..Scenario::default()
    }
}

fn chip(index: usize, field: usize) -> ChipPlan {
    ChipPlan {
        name: format!("chip-{index}"),
        id: (index + 1) as u16,
        chip: &esp32c3::CHIP,
        role: RoleKind::keeper(Keeps::Texts),
        radio: Radio::EspNow,
        arena: None,
        link: Some(index / field),
        starts: Micros(0),
        skew: (index % 41) as i32 - 20,
        clock: Micros(0),
        boots: 0,
        hostile: None,
    }
}

fn link(index: usize, field: usize, chips: usize) -> LinkPlan {
    let members = index * field..chips.min((index + 1) * field);
    LinkPlan {
        name: format!("field-{index}"),
        kind: LinkKind::EspNow,
        members: members.map(|chip| Port { chip, port: 0 }).collect(),
        loss: Permille(5),
        corruption: Permille(0),
        duplication: Permille(0),
        reordering: Permille(0),
        delay: Micros(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_happens_and_repeats() {
        let run = |threads| {
            let FleetSpeed { frames, turns, questions, .. } =
                speed(50, 10, threads, Shape::default()).unwrap();
            (frames, turns, questions)
        };
        let (frames, turns, questions) = run(1);
        assert!(frames > 100 && turns > 20 * frames, "{frames} frames, {turns} turns, {questions:?}");
        assert_eq!(run(2), (frames, turns, questions));
    }

    #[test]
    fn growth_is_printed_beside_what_is_physical() {
        let small = speed(20, 5, 1, Shape { field: 1_000, idle: true }).unwrap();
        assert!(small.received > 10 * small.frames, "{small:?}");
        let known = |chips, seconds, received| FleetSpeed {
            chips,
            received,
            processor_seconds: Some(seconds),
            chip_seconds_per_processor_second: Some(1.0),
            ..small.clone()
        };
        let fleets = [known(100, 1.0, 1_000), known(400, 3.0, 7_000), known(1_000, 200.0, 100_000)];
        let growth = Growth::of(&fleets).unwrap();
        let processor = growth.processor.unwrap();
        assert!((processor.whole - 2.301).abs() < 0.001 && (growth.received - 2.0).abs() < 0.001);
        assert!((processor.for_each_received - 0.301).abs() < 0.001, "{growth:?}");
        assert_eq!(Growth::of(&fleets[..1]), None);
        // A run too short for the clock of processors still says how the frames grow.
        let short = FleetSpeed { chip_seconds_per_processor_second: None, ..fleets[0].clone() };
        let growth = Growth::of(&[short, fleets[2].clone()]).unwrap();
        assert_eq!(growth.processor, None);
        assert!((growth.received - 2.0).abs() < 0.001);
    }
}
