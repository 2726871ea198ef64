//! What fleets lost under each kind of fault, as a table.

use super::figures::Bench;
use crate::error::{CliError, CommandResult, Exit};
use crate::progress::Stage;
use crate::quantity::{count, duration};
use crate::style::strong;
use crate::table::{Align, Table};
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::evaluation::reliability::{self, KINDS, Kind, KindReport, Plan, Report};
use std::io::{self, Write};
use std::thread::available_parallelism;
use std::time::Duration;

/// Runs the kinds, all or the one named, with `seeds` seeds from `first_seed` on, and exits with 1 where anything is lost
/// that the manual promises.
pub fn run(
    first_seed: u64,
    seeds: u64,
    only: Option<&str>,
    threads: Option<u16>,
    bench: &Bench<'_>,
) -> CommandResult {
    let kinds = chosen(only)?;
    let threads = threads.map_or_else(|| available_parallelism().map_or(1, usize::from), usize::from);
    let stage = Stage::begin(bench, "harming fleets");
    let plan = Plan { first_seed, seeds, threads };
    let estimated = |runs: usize, left: Duration| {
        let left = duration(Micros(u64::try_from(left.as_micros()).unwrap_or(u64::MAX)));
        let line =
            format!("{} more runs take about {left}, as the first of each kind did", count(runs as u64));
        stage.beside(|| bench.info(&line));
    };
    let report = reliability::run(&kinds, plan, |done, total| stage.reached(done, total), estimated);
    drop(stage);
    if let Some((kind, reason)) =
        report.kinds.iter().find_map(|kind| Some((kind.name, kind.failed.as_ref()?)))
    {
        return Err(CliError::runtime("cli::no-fleet", format!("{kind}: {reason}")).into());
    }
    let compared = bench.finish("bench-reliability", &report, write)?;
    Ok(if report.promised_lost == 0 { compared } else { Exit::No })
}

fn chosen(only: Option<&str>) -> Result<Vec<Kind>, CliError> {
    let Some(name) = only else { return Ok(KINDS.to_vec()) };
    let kinds: Vec<Kind> = KINDS.into_iter().filter(|kind| kind.name == name).collect();
    if kinds.is_empty() {
        let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        return Err(CliError::usage("cli::unknown-kind", format!("--kind: there is no kind `{name}`"))
            .help(format!("there are: {}", names.join(", "))));
    }
    Ok(kinds)
}

fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", strong("Acknowledged texts after faults, simulated"))?;
    let headings = [
        ("kind", Align::Left),
        ("promised", Align::Left),
        ("runs", Align::Right),
        ("chips", Align::Right),
        ("virtual time", Align::Right),
        ("injected", Align::Right),
        ("acknowledged", Align::Right),
        ("short", Align::Right),
        ("lost", Align::Right),
        ("faults", Align::Left),
    ];
    let mut table = Table::new(headings);
    report.kinds.iter().for_each(|kind| table.row(row(kind)));
    table.write(out)?;
    writeln!(
        out,
        "short: texts with fewer copies than asked for at the end; lost: texts that no running chip can say"
    )?;
    for kind in report.kinds.iter().filter(|kind| kind.promised && kind.lost > 0) {
        writeln!(out, "{}: lost with seeds {:?}", kind.name, kind.losing_seeds)?;
    }
    match report.promised_lost {
        0 => writeln!(out, "nothing was lost that is promised"),
        lost => writeln!(out, "{lost} texts were lost that are promised"),
    }
}

fn row(kind: &KindReport) -> [String; 10] {
    let (low, high) = kind.chips;
    [
        kind.name.into(),
        if kind.promised { "yes" } else { "no" }.into(),
        count(kind.runs),
        if low == high { low.to_string() } else { format!("{low}-{high}") },
        duration(Micros::seconds(kind.virtual_seconds)),
        count(kind.injected),
        count(kind.acknowledged),
        count(kind.short),
        count(kind.lost),
        kind.faults.into(),
    ]
}
