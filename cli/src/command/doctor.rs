//! `doctor`: is this machine fit to build, flash and listen; and what an error message means.

mod check;

use crate::bringup::{self, Entry};
use crate::error::{CliError, Exit, Outcome};
use crate::output::{Output, heading};
use anstyle::AnsiColor;
use check::{Check, Verdict};
use serde::Serialize;
use std::io::Write;

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
pub fn run(arguments: &Arguments, output: &Output) -> Outcome {
    match &arguments.explain {
        Some(text) => explain(text, output),
        None => examine(output),
    }
}

fn explain(text: &str, output: &Output) -> Outcome {
    let found: Vec<Entry> = match bringup::by_code(text) {
        Some(entry) => vec![entry],
        None => bringup::explain(&std::fs::read_to_string(text).unwrap_or_else(|_| text.to_string())),
    };
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

fn examine(output: &Output) -> Outcome {
    let checks = check::all();
    let fit = checks.iter().all(|check| check.verdict != Verdict::Bad);
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
