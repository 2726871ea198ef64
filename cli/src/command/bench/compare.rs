//! Ours beside what one would take instead, as tables of ratios.

use crate::quantity::count;
use crate::style::strong;
use crate::table::{Align, Table};
use ruvllm_esp_sim::evaluation::compare::{Comparison, NEIGHBOURS};
use std::io::{self, Write};

const REMARKS: &str = "
All on one thread of this machine, in turns; medians. An ef_search of 10 is the smallest possible: where it finds more than
the level, compare the recall as well. Ours compares i8, as on a chip; the others f32 of the same values, with a dot
product in sixteen lanes, which vectorises. Ours: M 8, efConstruction 96. instant-distance: M 32, efConstruction 100, its
defaults. hnsw_rs: M 16, efConstruction 200, and `like ours` M 8, efConstruction 96.";

/// Writes distances, searches and builds.
pub fn write(report: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    distances(report, out)?;
    search(report, out)?;
    build(report, out)?;
    writeln!(out, "{REMARKS}")
}

fn distances(report: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "{}",
        strong("A distance of ours over i8 against loops over f32, measured: above 1 ours is faster")
    )?;
    let numbers = ["elements", "ours", "vs plain f32", "vs f32 in lanes"];
    let [elements, ours, plain, lanes] = numbers.map(|heading| (heading, Align::Right));
    let mut table = Table::new([("metric", Align::Left), elements, ours, plain, lanes]);
    for row in &report.distances {
        table.row([
            row.metric.into(),
            row.dimensions.to_string(),
            format!("{:.1} ns", row.nanoseconds),
            format!("{:.2}x", row.plain),
            format!("{:.2}x", row.lanes),
        ]);
    }
    table.write(out)
}

fn search(report: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    let title = format!(
        "\nQueries a second at equal recall of {NEIGHBOURS} neighbours, measured: above 1 ours is faster"
    );
    writeln!(out, "{}", strong(&title))?;
    let [data, index] = ["data", "index"].map(|heading| (heading, Align::Left));
    let numbers = ["items", "level", "ef", "recall", "queries/s", "ours/this"];
    let [items, level, ef_search, recall, rate, ratio] = numbers.map(|heading| (heading, Align::Right));
    let mut table = Table::new([data, items, level, index, ef_search, recall, rate, ratio]);
    for row in &report.search {
        let reached = row.ef_search.is_some();
        let if_reached = |text: String| if reached { text } else { "-".into() };
        table.row([
            row.dataset.name().into(),
            count(row.items.into()),
            format!("{:.2}", row.level),
            row.index.into(),
            row.ef_search.map_or("never".into(), |ef_search| ef_search.to_string()),
            format!("{:.3}", row.recall),
            if_reached(count(row.queries_per_second as u64)),
            if_reached(format!("{:.2}x", row.ratio)),
        ]);
    }
    table.write(out)
}

fn build(report: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", strong("\nTime to build, measured: above 1 ours is faster"))?;
    let [data, index] = ["data", "index"].map(|heading| (heading, Align::Left));
    let [items, seconds, ratio] = ["items", "seconds", "this/ours"].map(|heading| (heading, Align::Right));
    let mut table = Table::new([data, items, index, seconds, ratio]);
    for row in &report.build {
        table.row([
            row.dataset.name().into(),
            count(row.items.into()),
            row.index.into(),
            format!("{:.2}", row.seconds),
            format!("{:.2}x", row.ratio),
        ]);
    }
    table.write(out)
}
