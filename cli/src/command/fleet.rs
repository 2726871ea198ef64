//! `fleet`: scenario files, written, checked and run again from a trace.

pub mod check;
pub mod key;
pub mod new;
pub mod replay;
#[cfg(feature = "board")]
pub mod revoke;

use crate::error::{CliError, CommandResult};
use crate::fleet_key::{self, KeyOptions};
use crate::output::Output;
use crate::selection::nearest;
use clap::Subcommand;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::scenario::key::{FleetKey, KeyError};
use ruvllm_esp_sim::scenario::problem::Problem;
use ruvllm_esp_sim::scenario::{Problems, Scenario};
use std::fs::File;
use std::io;
use std::path::Path;

const EXAMPLES: &str = "\
docs/scenarios.md lists every key of a scenario.

Examples:
  ruvllm-esp fleet new
  ruvllm-esp fleet new hall.toml --template search-fleet
  ruvllm-esp fleet check hall.toml
  ruvllm-esp sim --fleet hall.toml --trace hall.trace
  ruvllm-esp fleet replay hall.trace
  ruvllm-esp fleet key fleet.key";

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
    /// Check a scenario and list every mistake in it
    Check(check::Arguments),
    /// Make a new key for a fleet, in a file that its owner alone may read
    Key(key::Arguments),
    /// Strike a chip from a fleet: seal the keys of a new epoch for all others
    #[cfg(feature = "board")]
    Revoke(revoke::Arguments),
    /// Run a trace's scenario again, and compare event by event
    Replay(replay::Arguments),
}

/// Does what was asked.
///
/// # Errors
/// Those of the command.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    match &arguments.command {
        Command::New(arguments) => new::run(arguments, output),
        Command::Check(arguments) => check::run(arguments, output),
        Command::Key(arguments) => key::run(arguments, output),
        #[cfg(feature = "board")]
        Command::Revoke(arguments) => revoke::run(arguments, output),
        Command::Replay(arguments) => replay::run(arguments, output),
    }
}

/// Reads a scenario that ends when it says, or at another time.
///
/// # Errors
/// `scenario::cannot-read`; `scenario::wrong`, with every mistake.
pub fn read(path: &Path, until: Option<Micros>) -> Result<Scenario, CliError> {
    File::open(path).map_err(|error| cannot_read(path, &error))?;
    Scenario::read_until(path, until).map_err(|problems| wrong(&problems))
}

/// Gives a scenario the key of an option, or of the environment where the scenario names one by its id.
///
/// # Errors
/// Those of [`KeyOptions::find`]; `key::missing`, `key::wrong`.
pub fn give_key(scenario: &mut Scenario, options: &KeyOptions, output: &Output) -> Result<(), CliError> {
    let is_wanted = matches!(scenario.key, FleetKey::Wanted(_));
    let key = if is_wanted { options.find(output)? } else { options.named(output)? };
    key.map_or(Ok(()), |key| scenario.set_key(key)).map_err(|error| no_key(&error))?;
    scenario.key.resolve(scenario.seed).map_or_else(|error| Err(no_key(&error)), |_| Ok(()))
}

/// A fleet cannot run with this key, or without one.
pub fn no_key(error: &KeyError) -> CliError {
    let code = match error {
        KeyError::Missing(_) => "key::missing",
        KeyError::Wrong { .. } => "key::wrong",
    };
    CliError::usage(code, error.to_string()).help(fleet_key::WAYS)
}

fn cannot_read(path: &Path, error: &io::Error) -> CliError {
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names: Vec<String> = beside.filter_map(|entry| name(&entry.path())).collect();
    let near = name(path).and_then(|name| nearest(&name, names.iter().map(String::as_str)).map(String::from));
    let help = match near {
        Some(near) => format!("did you mean `{}`?", path.with_file_name(near).display()),
        None => "name a scenario; `ruvllm-esp fleet new` writes an example".into(),
    };
    CliError::usage("scenario::cannot-read", format!("{}: {error}", path.display())).help(help)
}

/// Tells what in a scenario is no mistake, and hardly what was meant, and what of it no board can do.
pub fn warn(scenario: &Scenario, output: &Output) {
    let only = scenario.simulator_only();
    if !only.is_empty() {
        output.info(&format!("only simulated, no firmware has it: {}", only.join(", ")));
    }
    for Problem { line, column, message, help } in &scenario.doubts {
        let help = help.as_ref().map_or(String::new(), |help| format!("\n  help: {help}"));
        output.info(&format!("warning: {}:{line}:{column}: {message}{help}", scenario.bundle.name));
    }
}

/// Tells what is wrong with a scenario.
pub fn wrong(problems: &Problems) -> CliError {
    let count = problems.list.len() + problems.more;
    let counted = if count == 1 { "one mistake".to_string() } else { format!("{count} mistakes") };
    let lines = problems.to_string().replace('\n', "\n  ");
    CliError::usage("scenario::wrong", format!("{counted} in {}\n  {lines}", problems.file))
        .help("docs/scenarios.md lists every key; `ruvllm-esp fleet new` writes an example")
        .mistakes(&problems.list)
}
