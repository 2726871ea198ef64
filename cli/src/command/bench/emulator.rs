//! The speed of the emulator as a table.

use super::spread::{Spread, median};
use crate::quantity::count;
use crate::style::strong;
use crate::table::{Align, Table};
use ruvllm_esp_sim::emulator::{EmulatedChip, chip};
use ruvllm_esp_sim::evaluation::emulator::{EmulatorSpeed, Rate, speed};
use schemars::JsonSchema;
use serde::Serialize;
use std::io::{self, Write};

/// Every emulated chip, at both paces.
#[derive(Serialize, JsonSchema)]
pub struct Report {
    kind_of_figures: &'static str,
    chips: Vec<Chip>,
}

/// The run in the middle, and how all of them spread, in million instructions a second.
#[derive(Serialize, JsonSchema)]
struct Chip {
    #[serde(flatten)]
    speed: EmulatorSpeed,
    untimed_spread: Spread,
    timed_spread: Spread,
}

impl Chip {
    /// Measures `runs` times, after a run that does not count.
    fn measure(chip: &'static EmulatedChip, cycles: u64, runs: u32) -> Self {
        let warm_up = speed(chip, cycles / 10);
        let all: Vec<EmulatorSpeed> = (0..runs).map(|_| speed(chip, cycles)).collect();
        let rates = |pace: fn(&EmulatorSpeed) -> Rate| {
            let rates: Vec<f64> = all.iter().map(|one| pace(one).million_per_second).collect();
            let middle = median(&rates);
            let run = all.iter().map(pace).find(|rate| rate.million_per_second == middle);
            (run.unwrap_or_else(|| pace(&warm_up)), Spread::of(&rates))
        };
        let (untimed, untimed_spread) = rates(|speed| speed.untimed);
        let (timed, timed_spread) = rates(|speed| speed.timed);
        let speed = EmulatorSpeed { chip: warm_up.chip, untimed, timed };
        Self { speed, untimed_spread, timed_spread }
    }
}

impl Report {
    /// Runs the loop for `cycles` cycles on every chip, at both paces, so many times.
    pub fn measure(cycles: u64, runs: u32) -> Self {
        let chips = chip::ALL.iter().map(|chip| Chip::measure(chip, cycles, runs)).collect();
        Self { kind_of_figures: "measured", chips }
    }

    /// Writes one line a chip and pace.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", strong("Speed of the emulator on one thread of this machine, measured"))?;
        let [chip, pace] = ["chip", "pace"].map(|heading| (heading, Align::Left));
        let numbers = ["instructions", "cycles", "million/s", "real time"];
        let [instructions, cycles, rate, ratio] = numbers.map(|heading| (heading, Align::Right));
        let mut table = Table::new([chip, pace, instructions, cycles, rate, ratio]);
        for Chip { speed, untimed_spread, timed_spread } in &self.chips {
            table.row(row(speed.chip, "untimed", &speed.untimed, untimed_spread));
            table.row(row(speed.chip, "timed", &speed.timed, timed_spread));
        }
        table.write(out)?;
        for Chip { speed, untimed_spread, timed_spread } in &self.chips {
            for (pace, spread) in [("untimed", untimed_spread), ("timed", timed_spread)] {
                if let Some(warning) = spread.warning(&format!("{} {pace}", speed.chip)) {
                    writeln!(out, "{warning}")?;
                }
            }
        }
        writeln!(
            out,
            "million/s: mean and deviation of all runs; the rest is of the run in the middle. real time: chip time over host time; without timing an instruction counts as one cycle"
        )
    }
}

fn row(chip: &str, pace: &str, rate: &Rate, spread: &Spread) -> [String; 6] {
    [
        chip.into(),
        pace.into(),
        count(rate.instructions),
        count(rate.cycles),
        spread.shown(),
        format!("{:.2}x", rate.real_time_ratio),
    ]
}
