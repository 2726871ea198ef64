//! The speed of simulated fleets as a table.

use super::figures::Bench;
use crate::error::{CliError, CommandResult};
use crate::progress::Stage;
use crate::quantity::{count, duration};
use crate::style::strong;
use crate::table::{Align, Table};
use ruvllm_esp_core::units::{Micros, Nanos};
use ruvllm_esp_sim::evaluation::fleet::{
    FleetSpeed, Growth, MIN_PROCESSOR_SECONDS, ProcessorGrowth, Shape, speed,
};
use ruvllm_esp_sim::figure::Figure;
use schemars::JsonSchema;
use serde::Serialize;
use std::io::{self, Write};
use std::thread::available_parallelism;

/// Every size of fleet.
#[derive(Serialize, JsonSchema)]
pub struct Report {
    kind_of_figures: &'static str,
    fleets: Vec<FleetSpeed>,
    growth: Option<Growth>,
    #[serde(skip)]
    shape: Shape,
}

/// Simulates a fleet of each size.
pub fn run(
    sizes: &[u32],
    seconds: u64,
    shape: Shape,
    threads: Option<u16>,
    bench: &Bench<'_>,
) -> CommandResult {
    let threads = threads.map_or_else(|| available_parallelism().map_or(1, usize::from), usize::from);
    let mut fleets = Vec::new();
    for chips in sizes {
        let stage = Stage::begin(bench, &format!("simulating {chips} chips"));
        let measured = speed(*chips as usize, seconds, threads, shape);
        drop(stage);
        fleets.push(measured.map_err(|error| CliError::runtime("cli::no-fleet", error.to_string()))?);
    }
    let growth = Growth::of(&fleets);
    let report = Report { kind_of_figures: "measured", fleets, growth, shape };
    bench.finish("bench-fleet", &report, Report::write)
}

impl Report {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let threads = self.fleets.first().map_or(1, |fleet| fleet.threads);
        let threads = if threads == 1 { "1 thread".into() } else { format!("{threads} threads") };
        let heading = format!("Simulated fleets on {threads} of this machine, measured");
        writeln!(out, "{}", strong(&heading))?;
        let names = [
            "chips",
            "chip-seconds/s",
            "a processor",
            "real time",
            "frames",
            "received",
            "turns",
            "answered",
            "p50 modelled",
            "p95 modelled",
            "memory",
        ];
        let mut table = Table::new(names.map(|heading| (heading, Align::Right)));
        self.fleets.iter().for_each(|fleet| table.row(row(fleet)));
        table.write(out)?;
        writeln!(
            out,
            "a processor: chip-seconds for each second of a processor; real time: virtual time over time on the wall; received: times that a frame reached a chip; memory: what this process holds at the end"
        )?;
        if let Some(growth) = &self.growth {
            writeln!(out, "{}", told(growth))?;
        }
        let does = match self.shape.idle {
            true => "they find one another and say that they live",
            false => "each is asked every 10 s and asks its fleet every 60 s",
        };
        writeln!(out, "chips: esp32c3 with ESP-NOW in fields of {}; {does}", self.shape.field)?;
        writeln!(
            out,
            "p50, p95: how long the fleet's answers took in virtual time; -: not known, or too short a run to say"
        )
    }
}

fn told(growth: &Growth) -> String {
    let received = format!("growth: frames received as chips^{:.2}", growth.received);
    match growth.processor {
        Some(ProcessorGrowth { chips: (from, to), whole, for_each_received }) => format!(
            "{received}; from {} to {} chips processor time as chips^{whole:.2}, for each received as chips^{for_each_received:.2}",
            count(from as u64),
            count(to as u64)
        ),
        None => format!(
            "{received}; that of processor time needs {MIN_PROCESSOR_SECONDS} s of a processor in two sizes: take more --seconds"
        ),
    }
}

fn row(fleet: &FleetSpeed) -> [String; 11] {
    let modelled = |took: Option<Figure<Nanos>>| {
        took.map_or("-".into(), |took| duration(Micros(took.banded.value.get() / 1_000)))
    };
    let (asked, answered) = fleet.questions;
    [
        count(fleet.chips as u64),
        count(fleet.chip_seconds_per_second as u64),
        fleet.chip_seconds_per_processor_second.map_or("-".into(), |rate| count(rate as u64)),
        format!("{:.1}x", fleet.real_time_ratio),
        count(fleet.frames),
        count(fleet.received),
        count(fleet.turns),
        format!("{answered}/{asked}"),
        modelled(fleet.p50),
        modelled(fleet.p95),
        fleet.resident_bytes.map_or("-".into(), |bytes| format!("{} MiB", bytes >> 20)),
    ]
}
