//! The figures of any report: written for other programs, and compared with those of an earlier report.
//!
//! A report is a tree of JSON. Its figures are the numbers at its leaves, each named by the way to it. Which way is better
//! follows from the last word of the name; a figure whose name says nothing is shown where it changed, and fails nothing.

use crate::destination::{Destination, cannot_write};
use crate::error::{CliError, CommandResult, Exit};
use crate::output::Output;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::io::{self, Write};
use std::ops::Deref;
use std::path::{Path, PathBuf};

/// Worse by more than this share of the baseline is a regression.
const TOLERANCE: f64 = 0.05;
const CODE: &str = "bench::cannot-write";

/// What is done with a report beside printing it.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "The report")]
pub struct Reporting {
    /// Write the figures to a file: .json, .csv or .md; `-` is CSV on standard output
    #[arg(long, value_name = "FILE", global = true)]
    export_to: Option<PathBuf>,
    /// Compare with a report that --export-to FILE.json wrote, and exit with 1 if a figure is more than 5% worse
    #[arg(long, value_name = "FILE", global = true)]
    baseline: Option<PathBuf>,
}

/// The output of a measurement, and what else its report is for.
#[derive(Clone, Copy, Debug)]
pub struct Bench<'b> {
    pub output: &'b Output,
    pub reporting: &'b Reporting,
}

impl Deref for Bench<'_> {
    type Target = Output;

    fn deref(&self) -> &Output {
        self.output
    }
}

/// A figure and its name.
#[derive(Clone, Debug, PartialEq)]
struct Leaf {
    name: String,
    value: f64,
}

/// A figure that is not what it was.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Change {
    figure: String,
    was: f64,
    is: f64,
    regression: bool,
}

/// What a comparison with an earlier report found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Changes<'c> {
    changes: &'c [Change],
}

/// Words at the end of a name where more is better, and where less is.
const MORE: [&str; 15] = [
    "f1",
    "precision",
    "recall",
    "found",
    "right",
    "correct",
    "accuracy",
    "answered",
    "score",
    "nab",
    "hits",
    "top1",
    "chip_seconds_per_second",
    "chip_seconds_per_processor_second",
    "instructions_per_second",
];
const LESS: [&str; 18] = [
    "ns",
    "us",
    "ms",
    "seconds",
    "cycles",
    "time",
    "energy",
    "bytes",
    "missed",
    "false",
    "false_alarms",
    "lost",
    "stale",
    "delay",
    "error",
    "promised_lost",
    "resident_bytes",
    "latency",
];

impl Bench<'_> {
    /// Prints a report, writes its figures, and holds them against the baseline.
    ///
    /// # Errors
    /// Files that cannot be read or written.
    pub fn finish<Report: Serialize + JsonSchema>(
        &self,
        kind: &str,
        report: &Report,
        write: impl FnOnce(&Report, &mut dyn Write) -> io::Result<()>,
    ) -> CommandResult {
        if self.json {
            self.output.json(kind, report)?;
        } else {
            write(report, &mut self.text())?;
        }
        let tree = serde_json::to_value(report)?;
        if let Some(path) = &self.reporting.export_to {
            export(path, &tree)?;
        }
        match &self.reporting.baseline {
            Some(path) => self.compare(path, &tree),
            None => Ok(Exit::Ok),
        }
    }

    fn compare(&self, path: &Path, tree: &Value) -> CommandResult {
        let wrong = |error: String| {
            CliError::usage("bench::bad-baseline", format!("{}: {error}", path.display()))
                .help("--export-to FILE.json writes a report to compare with")
        };
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let earlier: Value = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let changes = changes(&leaves(&earlier), &leaves(tree));
        if self.json {
            self.output.json("bench-baseline", &Changes { changes: &changes })?;
        } else {
            let mut out = self.text();
            for Change { figure, was, is, regression } in &changes {
                let word = if *regression { "worse  " } else { "changed" };
                writeln!(out, "{word} {figure}: {was} to {is}")?;
            }
            let worse = changes.iter().filter(|change| change.regression).count();
            writeln!(out, "{} figures changed, {worse} are more than 5% worse", changes.len())?;
        }
        Ok(if changes.iter().any(|change| change.regression) { Exit::No } else { Exit::Ok })
    }
}

/// All figures of a report. A row of a list is named by its own name, where it has one.
fn leaves(tree: &Value) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    collect(tree, String::new(), &mut leaves);
    leaves
}

fn collect(tree: &Value, name: String, leaves: &mut Vec<Leaf>) {
    let below = |part: &str| if name.is_empty() { part.to_string() } else { format!("{name}.{part}") };
    match tree {
        Value::Number(number) => leaves.extend(number.as_f64().map(|value| Leaf { name, value })),
        Value::Array(rows) => {
            for (index, row) in rows.iter().enumerate() {
                let own = ["name", "kernel", "kind", "items", "chips"].iter().find_map(|key| row.get(key));
                let part = match own {
                    Some(Value::String(text)) => text.clone(),
                    Some(Value::Number(number)) => number.to_string(),
                    _ => index.to_string(),
                };
                collect(row, below(&part), leaves);
            }
        }
        // A figure with its band is one figure.
        Value::Object(fields) if fields.contains_key("value") && fields.contains_key("unit") => {
            if let Some(value) = fields.get("value") {
                collect(value, name, leaves);
            }
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| collect(value, below(key), leaves));
        }
        _ => {}
    }
}

fn changes(earlier: &[Leaf], now: &[Leaf]) -> Vec<Change> {
    let change = |leaf: &Leaf| {
        let was = earlier.iter().find(|one| one.name == leaf.name)?.value;
        let is = leaf.value;
        (was != is).then(|| Change {
            figure: leaf.name.clone(),
            was,
            is,
            regression: is_worse(&leaf.name, was, is),
        })
    };
    now.iter().filter_map(change).collect()
}

fn is_worse(name: &str, was: f64, is: f64) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let ends = |words: &[&str]| words.iter().any(|word| last == *word || last.ends_with(&format!("_{word}")));
    let room = was.abs() * TOLERANCE;
    match (ends(&MORE), ends(&LESS)) {
        (true, false) => is < was - room,
        (false, true) => is > was + room,
        _ => false,
    }
}

fn export(path: &Path, tree: &Value) -> Result<(), CliError> {
    let form = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let text = match form {
        "json" => format!("{tree:#}\n"),
        "md" => table(tree, "| figure | value |\n|---|---|\n", |leaf| {
            format!("| {} | {} |\n", leaf.name, leaf.value)
        }),
        "csv" => csv(tree),
        _ if path == Path::new("-") => csv(tree),
        _ => {
            let message = format!("--export-to {}: the name ends with .json, .csv or .md", path.display());
            return Err(CliError::usage("bench::unknown-form", message)
                .help("or it is `-`, for CSV on standard output"));
        }
    };
    if path == Path::new("-") {
        return io::stdout().write_all(text.as_bytes()).map_err(|error| cannot_write(path, &error, CODE));
    }
    let (destination, mut file) = Destination::open(path, &[], CODE)?;
    file.write_all(text.as_bytes())
        .and_then(|()| destination.keep())
        .map_err(|error| cannot_write(path, &error, CODE))
}

fn csv(tree: &Value) -> String {
    table(tree, "figure,value\n", |leaf| format!("\"{}\",{}\n", leaf.name.replace('"', "\"\""), leaf.value))
}

fn table(tree: &Value, head: &str, row: impl Fn(&Leaf) -> String) -> String {
    leaves(tree).iter().fold(head.to_string(), |text, leaf| text + &row(leaf))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn report(f1: f64, ns: u64) -> Value {
        let time = json!({"value": ns, "unit": "ns", "kind": "modelled", "low": 1, "high": 2});
        json!({"seed": 2, "detectors": [{"name": "ours", "f1": f1, "time": time}]})
    }

    #[test]
    fn a_figure_that_is_worse_is_a_regression_whichever_way_is_worse() {
        let of = |f1, ns| changes(&leaves(&report(0.9, 100)), &leaves(&report(f1, ns)));
        assert!(of(0.9, 100).is_empty());
        let better = of(0.95, 80);
        assert_eq!(better.iter().filter(|change| change.regression).count(), 0, "{better:?}");
        assert_eq!(of(0.8, 100)[0].figure, "detectors.ours.f1");
        assert!(of(0.8, 100)[0].regression && of(0.9, 110)[0].regression);
        assert!(!of(0.88, 104).iter().any(|change| change.regression), "within 5%");
    }

    #[test]
    fn figures_are_named_by_their_way() {
        assert_eq!(
            csv(&report(0.9, 100)),
            "figure,value\n\"detectors.ours.f1\",0.9\n\"detectors.ours.time\",100\n\"seed\",2\n"
        );
    }
}
