//! `man DIRECTORY`: the manual pages, one a command.

use crate::error::{CliError, CommandResult, Exit};
use crate::output::Output;
use schemars::JsonSchema;
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  ruvllm-esp man ~/.local/share/man/man1 && man ruvllm-esp-sim";

/// Options of `man`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Where the pages go; made if it is not there
    directory: PathBuf,
}

#[derive(Serialize, JsonSchema)]
pub struct Pages<'a> {
    directory: &'a Path,
    pages: Vec<String>,
}

/// Writes the pages of the command line `command`, and prints their names.
///
/// # Errors
/// When the directory cannot be written.
pub fn run(arguments: &Arguments, command: clap::Command, output: &Output) -> CommandResult {
    let directory = &arguments.directory;
    let pages = write_pages(command, directory).map_err(|error| {
        CliError::runtime("cli::cannot-write", format!("{}: {error}", directory.display()))
            .help("name a directory you may write to")
    })?;
    if output.json {
        output.json("man", &Pages { directory, pages })?;
        return Ok(Exit::Ok);
    }
    let mut out = output.text();
    pages.iter().try_for_each(|page| writeln!(out, "{}", directory.join(page).display()))?;
    Ok(Exit::Ok)
}

fn write_pages(command: clap::Command, directory: &Path) -> std::io::Result<Vec<String>> {
    std::fs::create_dir_all(directory)?;
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut pages = vec![write_page(&command, directory)?];
    for command in command.get_subcommands() {
        pages.push(write_page(command, directory)?);
    }
    Ok(pages)
}

fn write_page(command: &clap::Command, directory: &Path) -> std::io::Result<String> {
    let manual = clap_mangen::Man::new(command.clone());
    let (page, mut text) = (manual.get_filename(), Vec::new());
    manual.render(&mut text)?;
    std::fs::write(directory.join(&page), text)?;
    Ok(page)
}
