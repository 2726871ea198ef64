//! `init`: a small project that runs: a chip, a script, a sensor log and a fleet.

use crate::error::{CliError, CommandResult, Exit};
use crate::output::Output;
use schemars::JsonSchema;
use serde::Serialize;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Nothing that is there is overwritten.

Examples:
  ruvllm-esp init
  ruvllm-esp init cellar && cd cellar && ruvllm-esp sim --input notes.txt";

/// Options of `init`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The folder, which is made
    #[arg(default_value = "ruvllm-project")]
    folder: PathBuf,
}

/// The files of the project.
const FILES: [(&str, &str); 5] = [
    ("README.md", include_str!("../../../fixtures/init/README.md")),
    ("ruvllm-esp.toml", include_str!("../../../fixtures/init/ruvllm-esp.toml")),
    ("notes.txt", include_str!("../../../fixtures/init/notes.txt")),
    ("readings.csv", include_str!("../../../fixtures/init/readings.csv")),
    ("fleet.toml", include_str!("../../../fixtures/init/fleet.toml")),
];

/// What to do then.
const NEXT: [(&str, &str); 4] = [
    ("ruvllm-esp sim", "talk to the chip; `quit` ends it"),
    ("ruvllm-esp sim --input notes.txt", "what it is told, and what it answers"),
    ("ruvllm-esp analyse readings.csv --html readings.html", "the anomalies of two days, as a page"),
    ("ruvllm-esp sim --fleet fleet.toml", "four chips, one of which loses its power"),
];

#[derive(Serialize, JsonSchema)]
pub struct Laid<'a> {
    folder: &'a Path,
    files: Vec<PathBuf>,
}

/// Writes the files.
///
/// # Errors
/// Files that are there, folders that cannot be written.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    let folder = arguments.folder.as_path();
    let path = |(name, _): &(&str, &str)| folder.join(name);
    if let Some(there) = FILES.iter().map(path).find(|path| path.exists()) {
        let message = format!("{} is there already", there.display());
        return Err(CliError::usage("init::exists", message).help("name another folder").into());
    }
    let failed = |error: &std::io::Error| {
        CliError::runtime("init::cannot-write", format!("{}: {error}", folder.display()))
            .help("name a folder that can be written")
    };
    fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    for file in &FILES {
        fs::write(path(file), file.1).map_err(|error| failed(&error))?;
    }
    if output.json {
        output.json("init", &Laid { folder, files: FILES.iter().map(path).collect() })?;
        return Ok(Exit::Ok);
    }
    let mut out = output.text();
    writeln!(out, "{} holds a project. Next:", folder.display())?;
    writeln!(out, "  cd {}", folder.display())?;
    for (command, what) in NEXT {
        writeln!(out, "  {command:<54} {what}")?;
    }
    Ok(Exit::Ok)
}
