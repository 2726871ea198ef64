//! A verdict, as text and as JSON.

use crate::error::Stop;
use crate::output::Output;
use crate::quantity;
use crate::session::watch;
use crate::style::{faint, strong};
use crate::table::{Align, Table};
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::figure::{Figure, Quantity};
use ruvllm_esp_sim::run::judge::Judged;
use ruvllm_esp_sim::run::verdict::{Attackers, ChipReport, Frames, Latency, ScenarioVerdict};
use ruvllm_esp_sim::scenario::Scenario;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// More chips than this are summed up by kind and role.
const MAX_ROWS: usize = 64;

#[derive(Serialize, JsonSchema)]
pub struct Line<'v> {
    interrupted: bool,
    #[serde(flatten)]
    verdict: &'v ScenarioVerdict,
}

/// What is about to run.
pub fn banner(scenario: &Scenario) -> String {
    let Scenario { name, about, seed, chips, links, until, .. } = scenario;
    let until = quantity::duration(*until);
    let about = if about.is_empty() { String::new() } else { format!(": {about}") };
    format!(
        "{name}{about}\n{} chips, {} links, {until} of virtual time, seed {seed}",
        chips.len(),
        links.len()
    )
}

/// An expectation was judged on the way.
pub fn news(judged: &Judged, output: &Output) {
    if output.verbose {
        let at = quantity::duration(Micros(judged.at_us));
        output.info(&faint(&format!("{at}: {}: {}", watch::word(judged), judged.name)));
    }
}

/// Tells how it ended.
///
/// # Errors
/// When standard output is closed.
pub fn report(
    verdict: &ScenarioVerdict,
    scenario: &Scenario,
    interrupted: bool,
    output: &Output,
) -> Result<(), Stop> {
    if output.json {
        return output.json("verdict", &Line { interrupted, verdict });
    }
    let mut out = output.text();
    if verdict.chips.len() <= MAX_ROWS || output.verbose {
        chips(verdict, &mut out)?;
    } else {
        kinds(verdict, &mut out)?;
        writeln!(out, "-v shows each chip")?;
    }
    writeln!(out)?;
    latency(&verdict.latency, &mut out)?;
    let ScenarioVerdict { frames, items, faults, .. } = verdict;
    writeln!(out, "frames     {}", frames_line(frames))?;
    writeln!(
        out,
        "items      {} acknowledged, {} lost, {} given up",
        items.acknowledged, items.lost, items.given_up
    )?;
    writeln!(out, "faults     {faults}")?;
    writeln!(out, "energy     {}", verdict.energy)?;
    attackers(&verdict.attackers, &mut out)?;
    writeln!(out)?;
    verdict.expectations.iter().try_for_each(|judged| writeln!(out, "{}", watch::line(judged)))?;
    writeln!(out, "{}", strong(&last_line(verdict, scenario, interrupted)))?;
    Ok(())
}

/// `2,951 sent; 11% of receptions lost (8,396 of 76,327), 0 corrupted`
pub fn frames_line(frames: &Frames) -> String {
    let Frames { sent, received, lost, corrupted } = *frames;
    let receptions = received + lost;
    let permille = (lost * 1000).checked_div(receptions).unwrap_or(0);
    let share = if permille < 100 {
        format!("{}.{}", permille / 10, permille % 10)
    } else {
        (permille / 10).to_string()
    };
    let [sent, lost, receptions, corrupted] = [sent, lost, receptions, corrupted].map(quantity::count);
    format!("{sent} sent; {share}% of receptions lost ({lost} of {receptions}), {corrupted} corrupted")
}

fn last_line(verdict: &ScenarioVerdict, scenario: &Scenario, interrupted: bool) -> String {
    let count = |is: fn(&Judged) -> bool| verdict.expectations.iter().filter(|judged| is(judged)).count();
    let (passed, of, open) =
        (count(|judged| judged.passed), verdict.expectations.len(), count(|judged| !judged.due));
    let ended = quantity::duration(Micros(verdict.ended_us));
    let missed = of - passed - open;
    let open = if open > 0 { format!(", {open} not due") } else { String::new() };
    match (interrupted, verdict.passed) {
        (true, _) => format!(
            "interrupted at {ended} of {}: {passed} of {of} expectations passed so far{open}",
            quantity::duration(scenario.until)
        ),
        (false, true) if of == 0 => format!("no expectations; {ended} simulated"),
        (false, true) => format!("passed: {passed} of {of} expectations{open} ({ended} simulated)"),
        (false, false) => format!("failed: {missed} of {of} expectations{open} ({ended} simulated)"),
    }
}

fn chips(verdict: &ScenarioVerdict, out: &mut impl Write) -> io::Result<()> {
    let left = |heading| (heading, Align::Left);
    let right = |heading| (heading, Align::Right);
    let mut table = Table::new([
        left("chip"),
        left("variant"),
        left("role"),
        left("state"),
        right("items"),
        right("alarms"),
        right("sent"),
        right("received"),
        right("computed, modelled"),
        right("energy, modelled"),
    ]);
    for chip in &verdict.chips {
        let state = match (chip.hostile, chip.runs) {
            (true, _) => "hostile",
            (false, true) => "runs",
            (false, false) => "off",
        };
        table.row([
            chip.name.clone(),
            chip.variant.into(),
            chip.role.into(),
            state.into(),
            chip.items.to_string(),
            chip.alarms.to_string(),
            quantity::count(chip.frames.0),
            quantity::count(chip.frames.1),
            bare(&chip.busy),
            bare(&chip.energy),
        ]);
    }
    table.write(out)
}

/// One row for all chips of a kind and role.
fn kinds(verdict: &ScenarioVerdict, out: &mut impl Write) -> io::Result<()> {
    let mut kinds: BTreeMap<(&str, &str), Vec<&ChipReport>> = BTreeMap::new();
    for chip in &verdict.chips {
        let role = if chip.hostile { "hostile" } else { chip.role };
        kinds.entry((chip.variant, role)).or_default().push(chip);
    }
    let right = |heading| (heading, Align::Right);
    let headings = [("variant", Align::Left), ("role", Align::Left), right("chips"), right("run")];
    let counts = [right("items"), right("alarms"), right("sent"), right("received")];
    let [a, b, c, d] = headings;
    let [e, f, g, h] = counts;
    let (computed, energy) = (right("computed each, modelled"), right("energy each, modelled"));
    let mut table = Table::new([a, b, c, d, e, f, g, h, computed, energy]);
    for ((variant, role), each) in kinds {
        let sum = |of: fn(&ChipReport) -> u64| quantity::count(each.iter().map(|chip| of(chip)).sum());
        let [run, items] = [sum(|chip| chip.runs.into()), sum(|chip| chip.items.into())];
        let [alarms, sent] = [sum(|chip| chip.alarms.into()), sum(|chip| chip.frames.0)];
        let (chips, received) = (quantity::count(each.len() as u64), sum(|chip| chip.frames.1));
        let computed = spread(&each, |chip| &chip.busy);
        let energy = spread(&each, |chip| &chip.energy);
        table.row([variant.into(), role.into(), chips, run, items, alarms, sent, received, computed, energy]);
    }
    table.write(out)
}

/// The least and the most of the chips, `5.6 J to 5.7 J`.
fn spread<T: Quantity>(chips: &[&ChipReport], of: impl Fn(&ChipReport) -> &Figure<T>) -> String
where
    Figure<T>: std::fmt::Display,
{
    let by = |figure: &&Figure<T>| figure.banded.value.number();
    let figures = || chips.iter().map(|chip| of(chip));
    match (figures().min_by_key(by).map(bare), figures().max_by_key(by).map(bare)) {
        (Some(least), Some(most)) if least == most => least,
        (Some(least), Some(most)) => format!("{least} to {most}"),
        _ => String::new(),
    }
}

/// What hostile chips did, apart from the fleet's sums.
fn attackers(attackers: &Attackers, out: &mut impl Write) -> io::Result<()> {
    let Attackers { chips, sent, accepted, energy } = attackers;
    if *chips == 0 {
        return Ok(());
    }
    let (sent, accepted) = (quantity::count(*sent), quantity::count(*accepted));
    writeln!(out, "attackers  {chips} sent {sent} frames, {accepted} accepted; energy {energy}")
}

fn latency(latency: &Latency, out: &mut impl Write) -> io::Result<()> {
    let Latency { asked, answered, p50, p95, p99, max } = latency;
    write!(out, "questions  {asked} asked, {answered} answered")?;
    let quantiles = [("p50", p50), ("p95", p95), ("p99", p99), ("max", max)];
    let shown: Vec<String> = quantiles
        .iter()
        .filter_map(|(name, figure)| Some(format!("{name} {}", bare(figure.as_ref()?))))
        .collect();
    if shown.is_empty() { writeln!(out) } else { writeln!(out, "; {} (modelled)", shown.join(", ")) }
}

/// A figure without its kind and band, which the heading tells.
fn bare<T: Quantity>(figure: &Figure<T>) -> String
where
    Figure<T>: std::fmt::Display,
{
    let text = figure.to_string();
    let kind = format!(" {}", figure.kind.name());
    text.split(&kind).next().unwrap_or(&text).to_string()
}
