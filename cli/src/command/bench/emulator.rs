//! The speed of the emulator as a table.

use crate::quantity::count;
use crate::style::strong;
use crate::table::{Align, Table};
use ruvllm_esp_sim::emulator::chip;
use ruvllm_esp_sim::evaluation::emulator::{EmulatorSpeed, Rate, speed};
use serde::Serialize;
use std::io::{self, Write};

/// Every emulated chip, at both paces.
#[derive(Serialize)]
pub struct Report {
    kind_of_figures: &'static str,
    chips: Vec<EmulatorSpeed>,
}

impl Report {
    /// Runs the loop for `cycles` cycles on every chip, at both paces.
    pub fn measure(cycles: u64) -> Self {
        let chips = chip::ALL.iter().map(|chip| speed(chip, cycles)).collect();
        Self { kind_of_figures: "measured", chips }
    }

    /// Writes one line a chip and pace.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", strong("Speed of the emulator on one thread of this machine, measured"))?;
        let [chip, pace] = ["chip", "pace"].map(|heading| (heading, Align::Left));
        let numbers = ["instructions", "cycles", "million/s", "real time"];
        let [instructions, cycles, rate, ratio] = numbers.map(|heading| (heading, Align::Right));
        let mut table = Table::new([chip, pace, instructions, cycles, rate, ratio]);
        for chip in &self.chips {
            table.row(row(chip.chip, "untimed", &chip.untimed));
            table.row(row(chip.chip, "timed", &chip.timed));
        }
        table.write(out)?;
        writeln!(
            out,
            "real time: chip time over host time; without timing an instruction counts as one cycle"
        )
    }
}

fn row(chip: &str, pace: &str, rate: &Rate) -> [String; 6] {
    [
        chip.into(),
        pace.into(),
        count(rate.instructions),
        count(rate.cycles),
        format!("{:.0}", rate.million_per_second),
        format!("{:.2}x", rate.real_time_ratio),
    ]
}
