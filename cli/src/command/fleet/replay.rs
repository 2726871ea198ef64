//! `fleet replay`: a recorded run, done again and compared.

use crate::command::trace;
use crate::error::{CliError, CommandResult, Exit};
use crate::fleet_key::KeyOptions;
use crate::output::Output;
use ruvllm_esp_sim::fleet::FleetError;
use ruvllm_esp_sim::run::RunError;
use ruvllm_esp_sim::run::replay::{ReplayError, Replayed, replay};
use schemars::JsonSchema;
use serde::Serialize;
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::PathBuf;

/// Options of `fleet replay`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ruvllm-esp sim --fleet house.toml --trace house.trace\n  ruvllm-esp fleet replay house.trace"
)]
pub struct Arguments {
    /// The trace
    file: PathBuf,
    /// Number of threads; the result does not depend on it
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,
    #[command(flatten)]
    key: KeyOptions,
}

#[derive(Serialize, JsonSchema)]
pub struct Line<'r> {
    same: bool,
    events: Option<u64>,
    line: Option<u64>,
    recorded: Option<&'r str>,
    now: Option<&'r str>,
}

/// Runs it again, and compares.
///
/// # Errors
/// `trace::unreadable`, `trace::damaged`, `key::missing`, `key::wrong`, `replay::failed`; exit code 1 where the runs differ.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    let recorded = trace::read(&arguments.file)?;
    trace::whole(&recorded, &arguments.file)?;
    let file = BufReader::new(File::open(&arguments.file)?);
    let threads = usize::from(arguments.threads);
    let key = match &recorded.header.key_id {
        Some(_) => arguments.key.find(output)?,
        None => arguments.key.named(output)?,
    };
    let outcome = replay(&recorded.header, key, &recorded.events, recorded.end(), file, threads)
        .map_err(|error| failed(&error))?;
    let line = match &outcome {
        Replayed::Same { events } => {
            Line { same: true, events: Some(*events), line: None, recorded: None, now: None }
        }
        Replayed::Differs { line, recorded, now } => Line {
            same: false,
            events: None,
            line: Some(*line),
            recorded: recorded.as_deref(),
            now: now.as_deref(),
        },
    };
    if output.json {
        output.json("replay", &line)?;
    } else {
        report(&line, &mut output.text())?;
    }
    Ok(if line.same { Exit::Ok } else { Exit::No })
}

fn report(line: &Line<'_>, out: &mut impl Write) -> std::io::Result<()> {
    if let Some(events) = line.events {
        return writeln!(out, "identical: {events} events, bit by bit");
    }
    let number = line.line.unwrap_or(0);
    writeln!(out, "the runs differ from line {number} of the trace on")?;
    writeln!(out, "  recorded  {}", line.recorded.unwrap_or("(nothing more)"))?;
    writeln!(out, "  now       {}", line.now.unwrap_or("(nothing more)"))
}

fn failed(error: &ReplayError) -> CliError {
    match error {
        ReplayError::Problems(problems) => return super::wrong(problems),
        ReplayError::Key(error) | ReplayError::Run(RunError::Fleet(FleetError::Key(error))) => {
            return super::no_key(error);
        }
        _ => {}
    }
    CliError::runtime("replay::failed", error.to_string())
        .help("a trace is replayed by the version that wrote it")
}
