//! How fast a fleet is simulated, and how that grows with its size.
//!
//! The chips are ESP32-C3 with ESP-NOW in fields of forty, each field on a channel of its own. Every chip keeps texts,
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
use serde::Serialize;
use std::sync::Arc;
use std::time::Instant;

/// Chips of one field.
pub const FIELD: usize = 40;
/// What is run before the measurement.
pub const WARM_UP: Micros = Micros::seconds(20);

/// Ten ticks of the clock of processors; what is less says nothing.
const MIN_PROCESSOR_SECONDS: f64 = 0.1;

/// What one size of fleet took.
#[derive(Clone, Debug, PartialEq, Serialize)]
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

/// Simulates `chips` chips for this many seconds.
///
/// # Errors
/// [`FleetError`] where the machine gives no threads.
pub fn speed(chips: usize, seconds: u64, threads: usize) -> Result<FleetSpeed, FleetError> {
    let scenario = Arc::new(scenario(chips));
    let begun = Instant::now();
    let mut fleet = Fleet::build(scenario, threads)?;
    fleet.run_until(WARM_UP);
    let warm_up_seconds = begun.elapsed().as_secs_f64();
    // What happened is looked at as it would be, and not kept.
    fleet.take_timeline();
    let before = fleet.work_done();
    let (begun, processor) = (Instant::now(), host_clock::process_seconds());
    for second in 1..=seconds {
        fleet.run_until(WARM_UP + Micros::seconds(second));
        fleet.take_timeline();
    }
    let host_seconds = begun.elapsed().as_secs_f64().max(1e-9);
    let processor_seconds = processor.zip(host_clock::process_seconds()).map(|(from, to)| to - from);
    let after = fleet.work_done();
    let latencies = fleet.latencies();
    let modelled = |permille| Some(Banded::exact(quantile(&latencies, permille)?).tagged(Kind::Modelled));
    Ok(FleetSpeed {
        chips,
        fields: chips.div_ceil(FIELD),
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
        turns: after.turns - before.turns,
        questions: fleet.questions(),
        p50: modelled(500),
        p95: modelled(950),
        resident_bytes: host_clock::resident_bytes(),
    })
}

/// The fleet that is measured.
pub fn scenario(chips: usize) -> Scenario {
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
        name: format!("{chips} chips in fields of {FIELD}"),
        seed: 1,
        until: Micros::seconds(86_400),
        topology: Topology::Mesh,
        replicas: 1,
        chips: (0..chips).map(chip).collect(),
        links: (0..chips.div_ceil(FIELD)).map(|index| field(index, chips)).collect(),
        scripted: vec![Scripted {
            at: Micros::seconds(2),
            chips: all(),
            spread: false,
            lines: lines("add"),
            every: Micros(100_000),
        }],
        load: vec![
            load(Micros::seconds(10), lines("search")),
            load(Micros::seconds(60), lines("fleet search")),
        ],
        ..Scenario::default()
    }
}

fn chip(index: usize) -> ChipPlan {
    ChipPlan {
        name: format!("chip-{index}"),
        id: (index + 1) as u16,
        chip: &esp32c3::CHIP,
        role: RoleKind::keeper(Keeps::Texts),
        radio: Radio::EspNow,
        arena: None,
        link: Some(index / FIELD),
        starts: Micros(0),
        skew: (index % 41) as i32 - 20,
        hostile: None,
    }
}

fn field(index: usize, chips: usize) -> LinkPlan {
    let members = index * FIELD..chips.min((index + 1) * FIELD);
    LinkPlan {
        name: format!("field-{index}"),
        kind: LinkKind::EspNow,
        members: members.map(|chip| Port { chip, port: 0 }).collect(),
        loss: Permille(5),
        corruption: Permille(0),
        delay: Micros(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_happens_and_repeats() {
        let run = |threads| {
            let FleetSpeed { frames, turns, questions, .. } = speed(50, 10, threads).unwrap();
            (frames, turns, questions)
        };
        let (frames, turns, questions) = run(1);
        assert!(frames > 100 && turns > 20 * frames, "{frames} frames, {turns} turns, {questions:?}");
        assert_eq!(run(2), (frames, turns, questions));
    }
}
