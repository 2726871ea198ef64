//! `trace`: what a fleet did, for other tools.

mod report;

use crate::destination::{Destination, cannot_write};
use crate::error::{CliError, CommandResult, Exit, Stop};
use crate::output::Output;
use clap::Subcommand;
use ruvllm_esp_sim::trace::{Trace, perfetto};
use schemars::JsonSchema;
use serde::Serialize;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
A trace is written by `ruvllm-esp sim --fleet FILE --trace FILE`. Its lines are JSON.

Examples:
  ruvllm-esp trace export house.trace --perfetto house.json
  then open house.json in ui.perfetto.dev or chrome://tracing
  ruvllm-esp trace report house.trace --html house.html --png house.png";

/// Options of `trace`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Convert a trace for a viewer
    Export(Export),
    /// Draw a run: links, alarms, latencies, energy and the verdict, as a page and a picture
    Report(report::Report),
}

/// Options of `trace export`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  ruvllm-esp trace export house.trace --perfetto house.json")]
pub struct Export {
    /// The trace
    file: PathBuf,
    /// Write the format of the trace viewers of Chrome and Perfetto: a track a chip
    #[arg(long, value_name = "FILE", required = true)]
    perfetto: PathBuf,
}

#[derive(Serialize, JsonSchema)]
pub struct Exported {
    events: usize,
    until_us: u64,
    file: String,
    damage: Option<String>,
}

/// Does what was asked.
///
/// # Errors
/// Traces that cannot be read, files that cannot be written.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    let export = match &arguments.command {
        Command::Export(export) => export,
        Command::Report(report) => return report::run(report, output),
    };
    let trace = read(&export.file)?;
    let scenario = trace.header.scenario().map_err(|problems| super::fleet::wrong(&problems))?;
    let name = export.perfetto.display().to_string();
    let inputs = std::slice::from_ref(&export.file);
    let (destination, file) = Destination::open(&export.perfetto, inputs, "trace::cannot-write")?;
    let mut out = BufWriter::new(file);
    perfetto::export(&trace, &scenario, &mut out)
        .and_then(|()| out.flush())
        .and_then(|()| destination.keep())
        .map_err(|error| cannot_write(&export.perfetto, &error, "trace::cannot-write"))?;
    let damage = trace.damage.as_ref().map(ToString::to_string);
    let until_us = trace.end().get();
    let exported = Exported { events: trace.events.len(), until_us, file: name.clone(), damage };
    if output.json {
        output.json("trace-export", &exported)?;
    } else {
        writeln!(output.text(), "{} events of {} chips in {name}", exported.events, scenario.chips.len())?;
    }
    whole(&trace, &export.file)
}

/// Reads a trace.
///
/// # Errors
/// `trace::unreadable`.
pub fn read(path: &Path) -> Result<Trace, Stop> {
    Trace::open(path).map_err(|error| {
        let error = CliError::usage("trace::unreadable", format!("{}: {error}", path.display()));
        error.help("`ruvllm-esp sim --fleet FILE --trace FILE` writes a trace").into()
    })
}

/// What could be done was done; a damaged trace is no success all the same.
///
/// # Errors
/// `trace::damaged`.
pub fn whole(trace: &Trace, path: &Path) -> CommandResult {
    match &trace.damage {
        None => Ok(Exit::Ok),
        Some(damage) => {
            let error = CliError::usage("trace::damaged", format!("{}: {damage}", path.display()));
            Err(error.help("what comes before the damage was used; record the run again").into())
        }
    }
}
