//! `doctor`: is this machine fit to build, flash and listen; and what an error message means.

mod check;

use crate::bringup::{self, Entry};
use crate::error::{CliError, CommandResult, Exit};
use crate::output::Output;
use crate::style::heading;
use anstyle::AnsiColor;
use check::{Check, CheckStatus};
use serde::Serialize;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

/// The most that is read of a file: the longest log of a build has less.
const MAX_BYTES: u64 = 16 << 20;

const EXAMPLES: &str = "\
Examples:
  ruvllm-esp doctor
  ruvllm-esp doctor --json > machine.json
  ruvllm-esp doctor --explain build.log
  ruvllm-esp doctor --explain N7";

/// Options of `doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Explain an error: its text, a file that holds it, or a code of docs/bring-up.md
    #[arg(long, value_name = "TEXT|FILE")]
    explain: Option<String>,
}

#[derive(Serialize)]
struct Report<'a> {
    fit: bool,
    version: &'a str,
    system: &'a str,
    checks: &'a [Check],
}

/// Checks, or explains.
///
/// # Errors
/// `doctor::unknown` when no entry matches what is to be explained.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    match &arguments.explain {
        Some(text) => explain(text, output),
        None => examine(output),
    }
}

fn explain(text: &str, output: &Output) -> CommandResult {
    let found: Vec<Entry> = match bringup::by_code(text) {
        Some(entry) => vec![entry],
        None if is_own_code(text) => {
            bringup::entries().into_iter().filter(|entry| entry.names(text)).collect()
        }
        None => bringup::explain(&material(text)?),
    };
    if found.is_empty() && is_own_code(text) {
        return Err(CliError::no("doctor::unknown", format!("docs/bring-up.md has no entry for `{text}`"))
            .help(
                "the help line below that error says what to do; docs/flashing.md lists the codes of boards",
            )
            .into());
    }
    if found.is_empty() {
        return Err(CliError::no("doctor::unknown", "no entry of docs/bring-up.md matches this text")
            .help(
                "give the whole message, or the file that holds it; `ruvllm-esp doctor` checks this machine",
            )
            .into());
    }
    if output.json {
        found.iter().try_for_each(|entry| output.json("explanation", entry))?;
        return Ok(Exit::Ok);
    }
    let mut out = output.text();
    let (on, off) = heading(AnsiColor::Cyan);
    for Entry { code, seen, advice, .. } in &found {
        writeln!(out, "{on}{code}{off}  {seen}\n    {advice}")?;
    }
    Ok(Exit::Ok)
}

/// Is this the code of an error of this program, such as `flash::no-loader`?
fn is_own_code(text: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    text.split_once("::").is_some_and(|(part, name)| is_word(part) && is_word(name))
}

/// The text to explain: what the file of this name holds, where there is one or this is a file's name, else the text.
///
/// # Errors
/// `doctor::cannot-read`.
fn material(text: &str) -> Result<String, CliError> {
    let path = Path::new(text);
    let refused = |why: &str| {
        CliError::usage("doctor::cannot-read", format!("{text}: {why}"))
            .help("name a file that holds the message, or give the message itself")
    };
    match path.metadata() {
        Ok(it) if it.is_file() => {
            let mut bytes = Vec::new();
            let read = File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes));
            read.map_err(|error| refused(&error.to_string()))?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
        // A pipe may never say anything.
        Ok(_) => Err(refused("not a regular file")),
        Err(error) if looks_like_path(text) => Err(refused(&error.to_string())),
        Err(_) => Ok(text.to_string()),
    }
}

/// One word, with a folder in it or with the ending of a file of text?
fn looks_like_path(text: &str) -> bool {
    let ends = [".log", ".txt", ".out", ".md"];
    !text.contains(char::is_whitespace)
        && (text.starts_with(['/', '.', '~']) || ends.iter().any(|end| text.ends_with(end)))
}

fn examine(output: &Output) -> CommandResult {
    let checks = check::all();
    let fit = checks.iter().all(|check| check.verdict != CheckStatus::Bad);
    if output.json {
        let system = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
        let report = Report { fit, version: env!("CARGO_PKG_VERSION"), system: &system, checks: &checks };
        output.json("doctor", &report)?;
    } else {
        let mut out = output.text();
        for Check { name, verdict, found, cure } in &checks {
            let (on, off) = heading(verdict.color());
            writeln!(out, "{on}{:7}{off} {name}: {found}", verdict.word())?;
            if let Some(cure) = cure {
                writeln!(out, "        -> {cure}")?;
            }
        }
    }
    Ok(if fit { Exit::Ok } else { Exit::No })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        material(text).unwrap_err().to_json()
    }

    #[test]
    fn a_file_is_read_whatever_it_holds_and_a_missing_one_is_told() {
        let file = std::env::temp_dir().join(format!("ruvllm-esp-doctor-{}.log", std::process::id()));
        std::fs::write(&file, b"\xff linker `ldproxy` not found").unwrap();
        assert!(material(file.to_str().unwrap()).unwrap().contains("ldproxy"));
        std::fs::remove_file(&file).unwrap();
        assert!(code(file.to_str().unwrap()).contains("doctor::cannot-read"));
        assert!(code("build.log").contains("doctor::cannot-read"));
        assert!(code(env!("CARGO_MANIFEST_DIR")).contains("not a regular file"));
        assert_eq!(
            material("error: linker `ldproxy` not found").unwrap(),
            "error: linker `ldproxy` not found"
        );
    }

    #[test]
    fn the_codes_of_this_program_are_known_as_such() {
        assert!(is_own_code("flash::no-loader") && !is_own_code("std::io::Error") && !is_own_code("N7"));
    }
}
