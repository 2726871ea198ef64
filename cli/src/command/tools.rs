//! `tools`: tool files, what can be called in plain words: written, checked, shown and imported.

pub mod check;
pub mod import;
pub mod new;
pub mod show;

use crate::error::{CliError, CommandResult};
use crate::output::Output;
use crate::selection::nearest;
use clap::Subcommand;
use ruvllm_esp_sim::scenario::Problems;
use ruvllm_esp_sim::tools::ToolFile;
use std::fs::File;
use std::path::Path;

const EXAMPLES: &str = "\
docs/language.md lists every key of a tool file.

Examples:
  ruvllm-esp tools new house.toml
  ruvllm-esp tools check house.toml
  ruvllm-esp tools show house.toml light.set --sentences 5
  ruvllm-esp tools import --home-assistant home_assistant_intents --lang en --out ha.toml";

/// Options of `tools`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a small tool file with remarks
    New(new::Arguments),
    /// Check a tool file and list every mistake in it
    Check(check::Arguments),
    /// List the tools of a file, or show one with its arguments and sentences
    Show(show::Arguments),
    /// Make a tool file of Home Assistant's intents
    Import(import::Arguments),
}

/// Does what was asked.
///
/// # Errors
/// Those of the command.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    match &arguments.command {
        Command::New(arguments) => new::run(arguments, output),
        Command::Check(arguments) => check::run(arguments, output),
        Command::Show(arguments) => show::run(arguments, output),
        Command::Import(arguments) => import::run(arguments, output),
    }
}

/// Reads a tool file.
fn read(path: &Path) -> Result<ToolFile, CliError> {
    if let Err(error) = File::open(path) {
        let message = format!("{}: {error}", path.display());
        let help = near(path).map_or_else(
            || "name a tool file; `ruvllm-esp tools new` writes an example".into(),
            |near| format!("did you mean `{near}`?"),
        );
        return Err(CliError::usage("tools::cannot-read", message).help(help));
    }
    ToolFile::read(path).map_err(|problems| wrong(&problems))
}

/// A file beside it with a name like it.
fn near(path: &Path) -> Option<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside = std::fs::read_dir(folder).ok()?.flatten();
    let names: Vec<String> = beside.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let name = path.file_name()?.to_string_lossy();
    let near = nearest(&name, names.iter().map(String::as_str))?;
    Some(path.with_file_name(near).display().to_string())
}

/// Tells what is wrong with a tool file.
fn wrong(problems: &Problems) -> CliError {
    let count = problems.list.len() + problems.more;
    let counted = if count == 1 { "one mistake".to_string() } else { format!("{count} mistakes") };
    let lines = problems.to_string().replace('\n', "\n  ");
    CliError::usage("tools::wrong", format!("{counted} in {}\n  {lines}", problems.file))
        .help("docs/language.md lists every key; `ruvllm-esp tools new` writes an example")
        .mistakes(&problems.list)
}
