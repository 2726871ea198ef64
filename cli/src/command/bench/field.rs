//! Detectors over a folder of recordings: one table, as text, CSV or Markdown.

use crate::quantity::count;
use crate::style::strong;
use crate::table::{Align, Table};
use ruvllm_esp_sim::evaluation::anomaly::field::{FieldReport, Figures};
use std::io::{self, Write};

/// Forms in which the table can be had for other tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Export {
    /// Comma-separated values, one line a detector and category
    Csv,
    /// A Markdown table
    Md,
}

const COLUMNS: [&str; 16] = [
    "detector",
    "category",
    "NAB",
    "NAB low FP",
    "NAB low FN",
    "NAB best",
    "best low FP",
    "best low FN",
    "windows",
    "episodes",
    "precision",
    "recall",
    "F1",
    "F1 by point",
    "false a day",
    "delay in rows",
];

/// Writes the table in the form that was asked for.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &FieldReport, export: Option<Export>, out: &mut dyn Write) -> io::Result<()> {
    match export {
        None => write_text(report, out),
        Some(Export::Csv) => {
            writeln!(out, "{}", COLUMNS.join(","))?;
            rows(report).into_iter().try_for_each(|row| writeln!(out, "{}", row.join(",")))
        }
        Some(Export::Md) => {
            writeln!(out, "| {} |", COLUMNS.join(" | "))?;
            writeln!(out, "|{}", "---|".repeat(COLUMNS.len()))?;
            rows(report).into_iter().try_for_each(|row| writeln!(out, "| {} |", row.join(" | ")))
        }
    }
}

fn write_text(report: &FieldReport, out: &mut dyn Write) -> io::Result<()> {
    let FieldReport { recordings, rows: held, windows, provenance, .. } = report;
    let (held, windows) = (count(*held as u64), count(*windows as u64));
    writeln!(
        out,
        "{recordings} recordings, {held} rows, {windows} labelled windows; all figures {provenance}\n"
    )?;
    writeln!(out, "{}", strong("NAB score"))?;
    let right = |name: &'static str| (name, Align::Right);
    let [low_fp, low_fn] = [right("low FP"), right("low FN")];
    let mut nab = Table::new([
        ("", Align::Left),
        ("", Align::Left),
        right("as they come"),
        low_fp,
        low_fn,
        right("best threshold"),
        low_fp,
        low_fn,
    ]);
    let all = rows(report);
    all.iter().for_each(|row| nab.row(std::array::from_fn(|column| row[column].clone())));
    nab.write(out)?;
    writeln!(out, "\n{}", strong("Windows, rows and false alarms"))?;
    let names: [_; 8] = std::array::from_fn(|at| right(COLUMNS[at + 8]));
    let [windows, episodes, precision, recall, f1, point, false_a_day, delay] = names;
    let mut found = Table::new([
        ("", Align::Left),
        ("", Align::Left),
        windows,
        episodes,
        precision,
        recall,
        f1,
        point,
        false_a_day,
        delay,
    ]);
    let cell = |row: &[String; 16], column: usize| row[if column < 2 { column } else { column + 6 }].clone();
    all.iter().for_each(|row| found.row(std::array::from_fn(|column| cell(row, column))));
    found.write(out)
}

/// Every detector over everything, then ours by category.
fn rows(report: &FieldReport) -> Vec<[String; 16]> {
    let overall = report.detectors.iter().map(|one| row(one.name, "all", &one.overall));
    let ours = report.detectors.iter().take(1).filter(|one| one.by_category.len() > 1);
    let categories =
        ours.flat_map(|one| one.by_category.iter().map(|(name, figures)| row(one.name, name, figures)));
    overall.chain(categories).collect()
}

fn row(name: &str, category: &str, figures: &Figures) -> [String; 16] {
    let [nab, low_fp, low_fn] = figures.nab.map(|score| format!("{score:.1}"));
    let [best, best_fp, best_fn] = figures.nab_optimised.map(|score| format!("{score:.1}"));
    let share = |value: f64| format!("{value:.3}");
    [
        name.into(),
        category.into(),
        nab,
        low_fp,
        low_fn,
        best,
        best_fp,
        best_fn,
        format!("{}/{}", figures.found, figures.windows),
        figures.episodes.to_string(),
        share(figures.precision),
        share(figures.recall),
        share(figures.f1),
        share(figures.f1_by_point),
        format!("{:.2}", figures.false_a_day),
        format!("{:.1}", figures.delay),
    ]
}
