//! `fleet check`: is a scenario right, and what is in it?

use crate::error::{CliError, CommandResult, Exit};
use crate::output::Output;
use crate::quantity;
use ruvllm_esp_sim::fleet::{Fleet, FleetError};
use ruvllm_esp_sim::scenario::Scenario;
use ruvllm_esp_sim::scenario::key::FleetKey;
use ruvllm_esp_sim::scenario::problem::Problem;
use schemars::JsonSchema;
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

/// Options of `fleet check`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ruvllm-esp fleet check house.toml\n  ruvllm-esp fleet check house.toml --json | jq .chips"
)]
pub struct Arguments {
    /// The scenario
    file: PathBuf,
}

/// What is in a scenario.
#[derive(Serialize, JsonSchema)]
pub struct Summary<'s> {
    name: String,
    about: String,
    chips: usize,
    links: usize,
    lines_typed: usize,
    faults: usize,
    expectations: usize,
    until_us: u64,
    /// Kinds of link and topologies that no firmware has.
    simulator_only: Vec<String>,
    /// What is no mistake, and hardly what was meant.
    warnings: &'s [Problem],
}

/// Checks it: what the file says, and whether every chip can be built. What can be run and is hardly what was meant is a
/// warning, and the answer is no.
///
/// # Errors
/// `scenario::wrong`, `fleet::cannot-build`.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    let mut scenario = super::read(&arguments.file, None)?;
    if matches!(scenario.key, FleetKey::Wanted(_)) {
        // Any key will do: nothing is run.
        scenario.key = FleetKey::FromSeed;
    }
    let scenario = Arc::new(scenario);
    let summary = Summary::of(&scenario);
    let until = scenario.until;
    Fleet::build(Arc::clone(&scenario), 1).map_err(|error| cannot_build(&error, &scenario))?;
    let exit = if scenario.doubts.is_empty() { Exit::Ok } else { Exit::No };
    super::warn(&scenario, output);
    if output.json {
        output.json("fleet-check", &summary)?;
        return Ok(exit);
    }
    let Summary { name, about, chips, links, lines_typed, faults, expectations, .. } = &summary;
    let mut out = output.text();
    if about.is_empty() {
        writeln!(out, "{name}")?;
    } else {
        writeln!(out, "{name}: {about}")?;
    }
    writeln!(out, "  chips         {chips}")?;
    writeln!(out, "  links         {links}")?;
    writeln!(out, "  lines typed   {lines_typed}")?;
    writeln!(out, "  faults        {faults}")?;
    writeln!(out, "  expectations  {expectations}")?;
    writeln!(out, "  until         {}", quantity::duration(until))?;
    if !summary.warnings.is_empty() {
        writeln!(out, "  warnings      {}", summary.warnings.len())?;
    }
    Ok(exit)
}

impl<'s> Summary<'s> {
    fn of(scenario: &'s Scenario) -> Self {
        Self {
            name: scenario.name.clone(),
            about: scenario.about.clone(),
            chips: scenario.chips.len(),
            links: scenario.links.len(),
            lines_typed: scenario.inputs().count(),
            faults: scenario.fault_events().len(),
            expectations: scenario.expectations.len(),
            until_us: scenario.until.get(),
            simulator_only: scenario.simulator_only(),
            warnings: &scenario.doubts,
        }
    }
}

/// Why a fleet cannot be built, and where the scenario says so.
pub fn cannot_build(error: &FleetError, scenario: &Scenario) -> CliError {
    let chip = match error {
        FleetError::NoThreads(_) => {
            return CliError::runtime("fleet::no-threads", error.to_string()).help("fewer --threads");
        }
        FleetError::Key(error) => return super::no_key(error),
        FleetError::DoesNotFit { chip, .. } => scenario.chips.iter().position(|plan| plan.name == *chip),
        _ => None,
    };
    let line = chip.and_then(|location| scenario.lines.get(location));
    let location =
        line.map_or(scenario.bundle.name.clone(), |line| format!("{}:{line}", scenario.bundle.name));
    CliError::usage("fleet::cannot-build", error.to_string()).at(&location).help(
        "`ruvllm-esp fit` shows what fits; a larger `arena`, another `role` or fewer chips on a link help",
    )
}
