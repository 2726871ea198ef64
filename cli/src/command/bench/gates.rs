//! `bench --gates`: what must hold before a release, chip by chip.

use crate::error::{CliError, CommandResult, Exit};
use crate::gate::outcome::{Finding, GateStatus};
use crate::gate::{BuildCache, Use, select};
use crate::output::Output;
use crate::progress::Stage;
use crate::table::{Align, Table};
use ruvllm_esp_core::chip::Chip;
use schemars::JsonSchema;
use serde::Serialize;
use std::fs;
use std::io;
use std::path::Path;

#[derive(Serialize, JsonSchema)]
pub struct Report {
    passed: bool,
    findings: Vec<Finding>,
}

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The gates, as in `G1-G3`.
    pub gates: &'a str,
    /// On which chips.
    pub chips: &'a [&'static Chip],
    /// Where the evidence goes.
    pub evidence: Option<&'a Path>,
    /// The port of a board.
    pub port: Option<&'a str>,
}

/// Looks at each gate on each chip.
///
/// # Errors
/// A name that is no gate, evidence that cannot be written, several chips for one board.
pub fn run(request: &Request<'_>, output: &Output) -> CommandResult {
    let Request { gates, chips, evidence, port } = *request;
    let gates = select(gates).map_err(|name| {
        CliError::usage("bench::unknown-gate", format!("--gates: `{name}` names no gates"))
            .help("name them as in G1-G3, the earlier first, G2,G5 or all")
    })?;
    if port.is_some() && !gates.iter().any(|gate| gate.name == "G5") {
        return Err(CliError::usage("bench::no-board-needed", "--port: only G5 uses a board")
            .help("add G5 to --gates, or leave --port out")
            .into());
    }
    if let Some(folder) = evidence {
        fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    }
    let mut build_cache = match port {
        Some(port) => with_board(BuildCache::new(output, &gates), port, chips, output)?,
        None => BuildCache::new(output, &gates),
    };
    let mut findings = Vec::new();
    for chip in chips {
        for gate in &gates {
            if gate.image != Use::None {
                build_cache.prepare(chip);
            }
            let stage = Stage::begin(output, &format!("{} {}: {}", gate.name, chip.name, gate.title));
            let finding = gate.check(&mut build_cache, chip);
            drop(stage);
            keep(&finding, evidence)?;
            findings.push(finding);
        }
    }
    let passed = !findings.is_empty() && findings.iter().all(|finding| finding.verdict != GateStatus::Fail);
    let report = Report { passed, findings };
    if output.json {
        output.json("gates", &report)?;
    } else {
        write(&report, &mut output.text())?;
    }
    Ok(if passed { Exit::Ok } else { Exit::No })
}

#[cfg(feature = "board")]
fn with_board<'a>(
    build_cache: BuildCache<'a>,
    port: &str,
    chips: &[&'static Chip],
    output: &Output,
) -> Result<BuildCache<'a>, CliError> {
    if chips.len() != 1 {
        let text = format!("--port: one board, and {} chips", chips.len());
        return Err(CliError::usage("bench::one-board", text).help("name the board's: --variant CHIP"));
    }
    crate::interrupt::leave_at_once(
        output.json,
        "if an image was being written, it may not be whole: flash it again",
    );
    Ok(build_cache.with_board(crate::board::port::named(port)))
}

#[cfg(not(feature = "board"))]
fn with_board<'a>(
    _: BuildCache<'a>,
    port: &str,
    _: &[&'static Chip],
    _: &Output,
) -> Result<BuildCache<'a>, CliError> {
    let text = format!("this program is built without the feature `board`, and so cannot talk to {port}");
    Err(CliError::usage("cli::left-out", text).help("build it with default features"))
}

/// Writes what was looked at.
fn keep(finding: &Finding, evidence: Option<&Path>) -> Result<(), CliError> {
    let Some(folder) = evidence else { return Ok(()) };
    let Finding { gate, chip, verdict, reason, .. } = finding;
    let path = folder.join(format!("{gate}-{chip}.txt"));
    let lift = finding.lift.iter().map(|lift| format!("{lift}\n"));
    let lines: String = lift.chain(finding.evidence.iter().map(|line| format!("{line}\n"))).collect();
    let text = format!("{gate} {chip} {verdict}: {reason}\n{lines}");
    fs::write(&path, text).map_err(|error| unwritable(&path, &error))
}

fn unwritable(path: &Path, error: &io::Error) -> CliError {
    CliError::runtime("bench::cannot-write", format!("cannot write {}: {error}", path.display()))
}

fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let mut table = Table::new([
        ("gate", Align::Left),
        ("chip", Align::Left),
        ("verdict", Align::Left),
        ("what was found", Align::Left),
    ]);
    for finding in &report.findings {
        let lift = finding.lift.as_ref().map_or(String::new(), |lift| format!(" (`{lift}`)"));
        let found = format!("{}{lift}", finding.reason);
        let found = found.lines().next().unwrap_or_default().to_string();
        table.row([finding.gate.to_string(), finding.chip.to_string(), finding.verdict.to_string(), found]);
    }
    table.write(out)
}
