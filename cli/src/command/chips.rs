//! `ruvllm-esp chips [CHIP] [--json]`: what each chip is, and how sure that is.
//!
//! Prints the table that the simulator computes with, so what a reader checks is what the program uses. Text goes to
//! any writer; JSON holds the same facts with the same sources.

#[cfg(test)]
mod document;
mod fact;
mod report;

use crate::error::{CommandResult, Exit};
use crate::output::Output;
use crate::selection::{Names, ResolvedOption};
use fact::{Fact, facts, kib};
use report::ChipReport;
use ruvllm_esp_core::chip::{self, Chip, Radio};
use schemars::JsonSchema;
use serde::Serialize;
use std::io::{self, Write};

const EXAMPLES: &str = "\
Examples:
  ruvllm-esp chips
  ruvllm-esp chips esp32c3
  ruvllm-esp chips --json | jq -r '.chips[].name'";

/// Options of `chips`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Show this chip, with the source of every fact
    #[arg(value_parser = Names::CHIP)]
    chip: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub struct Chips {
    chips: Vec<ChipReport>,
}

/// Lists the chips, or shows one.
///
/// # Errors
/// An unknown chip.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    let chip = arguments.chip.as_ref().map(|name| ResolvedOption::option(name, "CHIP").chip()).transpose()?;
    match (output.json, chip) {
        (true, Some(chip)) => output.json("chips", &Chips::of(&[chip]))?,
        (true, None) => output.json("chips", &Chips::of(&chip::ALL))?,
        (false, Some(chip)) => print_one(&mut output.text(), chip)?,
        (false, None) => print_list(&mut output.text())?,
    }
    Ok(Exit::Ok)
}

impl Chips {
    fn of(chips: &[&Chip]) -> Self {
        Self { chips: chips.iter().copied().map(ChipReport::new).collect() }
    }
}

/// A table of all chips.
pub fn print_list(out: &mut impl Write) -> io::Result<()> {
    let rows: Vec<[String; COLUMNS.len()]> = chip::ALL.into_iter().map(row).collect();
    let widths: [usize; COLUMNS.len()] = std::array::from_fn(|column| {
        let cells = rows.iter().map(|row| row[column].len());
        cells.chain([COLUMNS[column].len()]).max().unwrap_or(0)
    });
    print_row(out, COLUMNS, &widths)?;
    for row in &rows {
        print_row(out, row.each_ref().map(String::as_str), &widths)?;
    }
    writeln!(
        out,
        "\nRAM: one region for static data and stack. Arena: what an agent gets of it (radio off, ESP-NOW, Wi-Fi)."
    )?;
    writeln!(out, "`ruvllm-esp chips CHIP` shows every fact with its source.")
}

/// Every fact of one chip, its source and its confidence; then where its RAM goes.
pub fn print_one(out: &mut impl Write, chip: &Chip) -> io::Result<()> {
    writeln!(out, "{} ({})\n", chip.title, chip.name)?;
    let facts = facts(chip);
    let width = |of: fn(&Fact) -> usize| facts.iter().map(of).max().unwrap_or(0);
    let (names, values) = (width(|fact| fact.name.len()), width(|fact| fact.value.len()));
    for Fact { name, value, confidence, source } in &facts {
        writeln!(out, "{name:names$}  {value:values$}  {confidence:13}  {source}")?;
    }
    writeln!(out, "\nWhere the main region goes, in bytes")?;
    let budgets = Radio::ALL.map(|radio| chip.arena_budget(radio));
    let [off, espnow, wifi] = Radio::ALL.map(|radio| format!("radio {}", radio.name()));
    writeln!(out, "{:14}{off:>14}{espnow:>14}{wifi:>14}", "")?;
    for part in 0..budgets[0].parts().len() {
        let cells = budgets.map(|budget| budget.parts()[part].1.get());
        let [off, espnow, wifi] = cells;
        writeln!(out, "{:14}{off:>14}{espnow:>14}{wifi:>14}", budgets[0].parts()[part].0)?;
    }
    let [off, espnow, wifi] = budgets.map(|budget| budget.radio_heap_reclaimed.get());
    writeln!(out, "and of the reclaimed region")?;
    writeln!(out, "{:14}{off:>14}{espnow:>14}{wifi:>14}", "radio heap")
}

const COLUMNS: [&str; 11] =
    ["chip", "cores", "isa", "MHz", "fpu", "simd", "RAM KiB", "arena KiB", "flash", "radios", "mA"];

fn row(chip: &Chip) -> [String; COLUMNS.len()] {
    let arenas = Radio::ALL.map(|radio| (chip.arena_budget(radio).arena.get() / 1_024).to_string());
    let run = chip.power.run.value;
    [
        chip.name.to_string(),
        chip.cores.value.to_string(),
        chip.isa.value.name().to_string(),
        (chip.clock.value.get() / 1_000_000).to_string(),
        fact::yes_no(chip.fpu.value).to_string(),
        fact::yes_no(chip.simd.value.is_some()).to_string(),
        kib(chip.memory.main.value.size),
        arenas.join("/"),
        format!("{} MiB", chip.flash.typical.value.get() / 1_048_576),
        fact::radios(chip.radios.value),
        format!("{}-{}", run.low.get() / 1_000, run.high.get().div_ceil(1_000)),
    ]
}

fn print_row(out: &mut impl Write, cells: [&str; COLUMNS.len()], widths: &[usize]) -> io::Result<()> {
    let line: Vec<String> = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
    writeln!(out, "{}", line.join("  ").trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(print: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        print(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_list_has_a_line_for_each_chip() {
        let text = printed(print_list);
        for chip in chip::ALL {
            assert_eq!(text.lines().filter(|line| line.starts_with(&format!("{} ", chip.name))).count(), 1);
        }
        let widest = text.lines().map(str::len).max().unwrap();
        assert!(widest <= 120, "{widest} columns:\n{text}");
    }

    #[test]
    fn the_detail_names_sources_and_confidence() {
        let text = printed(|out| print_one(out, &chip::esp32c3::CHIP));
        for part in
            ["ESP32-C3 (esp32c3)", "320512 B at 0x3fc80000", "primary", "esp-hal 1.2.2 ld/esp32c3/memory.x"]
        {
            assert!(text.contains(part), "`{part}` in\n{text}");
        }
        let estimate = printed(|out| print_one(out, &chip::esp32s2::CHIP));
        assert!(estimate.contains("derived") && estimate.contains("ESP32-C3's figure"));
    }

    #[test]
    fn json_carries_every_fact_of_the_text() {
        let all = serde_json::to_value(Chips::of(&chip::ALL)).unwrap();
        assert_eq!(all["chips"].as_array().unwrap().len(), chip::ALL.len());
        let one = &serde_json::to_value(Chips::of(&[&chip::esp32c6::CHIP])).unwrap()["chips"][0];
        assert_eq!(one["memory"]["main"]["value"]["bytes"], 452_112);
        assert_eq!(one["fpu"]["confidence"], "primary");
        assert_eq!(one["flash_line_fill_cycles"]["value"], 343);
        assert_eq!(one["arena"]["wifi"]["total"], 452_112);
    }
}
