//! `bench --gates`: what must hold before a release, chip by chip.

use crate::error::{CliError, Exit, Outcome};
use crate::output::Output;
use crate::progress::Stage;
use crate::table::{Align, Table};
use ruvllm_esp_core::chip::Chip;
use ruvllm_esp_sim::gate::{Finding, Gate, Verdict, select};
use serde::Serialize;
use std::fs;
use std::io;
use std::path::Path;

#[derive(Serialize)]
struct Report {
    passed: bool,
    findings: Vec<Finding>,
}

/// Looks at each of `gates` on each of `chips`.
///
/// # Errors
/// A name that is no gate, evidence that cannot be written.
pub fn run(gates: &str, chips: &[&'static Chip], evidence: Option<&Path>, output: &Output) -> Outcome {
    let gates = select(gates).map_err(|name| {
        CliError::usage("bench::unknown-gate", format!("--gates: there is no gate `{name}`"))
            .help("name them as in G1-G3, G2,G5 or all")
    })?;
    if let Some(folder) = evidence {
        fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    }
    let stage = Stage::begin(output, "looking at the gates");
    let mut findings = Vec::new();
    for chip in chips {
        for gate in &gates {
            findings.push(look(gate, chip, evidence)?);
        }
    }
    drop(stage);
    let passed = findings.iter().all(|finding| finding.verdict != Verdict::Fail);
    let report = Report { passed, findings };
    if output.json {
        output.json("gates", &report)?;
    } else {
        write(&report, &mut output.text())?;
    }
    Ok(if passed { Exit::Ok } else { Exit::No })
}

fn look(gate: &Gate, chip: &'static Chip, evidence: Option<&Path>) -> Result<Finding, CliError> {
    let finding = gate.check(chip);
    if let Some(folder) = evidence {
        let path = folder.join(format!("{}-{}.txt", gate.name, chip.name));
        let lines: String = finding.evidence.iter().map(|line| format!("{line}\n")).collect();
        let text = format!("{} {} {}: {}\n{lines}", gate.name, chip.name, finding.verdict, finding.reason);
        fs::write(&path, text).map_err(|error| unwritable(&path, &error))?;
    }
    Ok(finding)
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
