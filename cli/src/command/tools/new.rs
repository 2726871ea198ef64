//! `tools new`: a small tool file with remarks.

use crate::destination::cannot_write;
use crate::error::{CliError, CommandResult, Exit};
use crate::output::Output;
use serde::Serialize;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Options of `tools new`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Nothing that is there is overwritten.\n\nExamples:\n  ruvllm-esp tools new house.toml"
)]
pub struct Arguments {
    /// The file to write
    #[arg(default_value = "tools.toml")]
    file: PathBuf,
}

const STARTER: &str = include_str!("../../../../fixtures/tools/starter.toml");

#[derive(Serialize, schemars::JsonSchema)]
pub struct Written<'a> {
    file: &'a Path,
}

/// Writes the file.
///
/// # Errors
/// `tools::exists`, `tools::cannot-write`.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    let path = &arguments.file;
    let written = File::create_new(path).and_then(|mut file| file.write_all(STARTER.as_bytes()));
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            CliError::usage("tools::exists", format!("{} is there already", path.display()))
                .help("name another file")
        }
        _ => cannot_write(path, &error, "tools::cannot-write"),
    })?;
    if output.json {
        output.json("tools-new", &Written { file: path })?;
        return Ok(Exit::Ok);
    }
    let mut out = output.text();
    writeln!(out, "wrote {}", path.display())?;
    drop(out);
    output.info(&format!("check it: ruvllm-esp tools check {}", path.display()));
    Ok(Exit::Ok)
}
