//! `fleet`: scenario files, written, checked and run again from a trace.

pub mod check;
mod new;
mod replay;

use crate::error::{CliError, Outcome};
use crate::output::Output;
use clap::Subcommand;
use ruvllm_esp_sim::scenario::{Problems, Scenario};
use std::path::Path;

const EXAMPLES: &str = "\
docs/scenarios.md lists every key of a scenario.

Examples:
  ruvllm-esp fleet new
  ruvllm-esp fleet new hall.toml --template search-fleet
  ruvllm-esp fleet check hall.toml
  ruvllm-esp sim --fleet hall.toml --trace hall.trace
  ruvllm-esp fleet replay hall.trace";

/// Options of `fleet`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write an example of a scenario, with remarks
    New(new::Arguments),
    /// Check a scenario, and tell every mistake in it
    Check(check::Arguments),
    /// Run a trace's scenario again, and compare event by event
    Replay(replay::Arguments),
}

/// Does what was asked.
///
/// # Errors
/// Those of the command.
pub fn run(arguments: &Arguments, output: &Output) -> Outcome {
    match &arguments.command {
        Command::New(arguments) => new::run(arguments, output),
        Command::Check(arguments) => check::run(arguments, output),
        Command::Replay(arguments) => replay::run(arguments, output),
    }
}

/// Reads a scenario.
///
/// # Errors
/// `scenario::wrong`, with every mistake.
pub fn read(path: &Path) -> Result<Scenario, CliError> {
    Scenario::read(path).map_err(|problems| wrong(&problems))
}

/// Tells what is wrong with a scenario.
pub fn wrong(problems: &Problems) -> CliError {
    let count = problems.list.len();
    let counted = if count == 1 { "one mistake".to_string() } else { format!("{count} mistakes") };
    let lines = problems.to_string().replace('\n', "\n  ");
    CliError::usage("scenario::wrong", format!("{counted} in {}\n  {lines}", problems.file))
        .help("docs/scenarios.md lists every key; `ruvllm-esp fleet new` writes an example")
}
