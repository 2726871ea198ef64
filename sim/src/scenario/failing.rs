//! What fails: `[[fault]]`.

use super::faults::MAX_FAULTS;
use super::grammar;
use super::members::Members;
use super::plan::{FaultKind, FaultPlan, Permille, Scenario, When};
use super::problem::{Notes, Wrong};
use super::quantity;
use super::sections::Sections;
use super::table::{Found, Table};
use ruvllm_esp_core::units::Micros;

/// Reads the faults.
pub(super) fn read(
    sections: Sections<'_>,
    scenario: &Scenario,
    members: &Members,
    notes: &Notes<'_>,
) -> Vec<FaultPlan> {
    let (mut plans, mut expected) = (Vec::new(), 0u64);
    for table in sections.of(&grammar::FAULT) {
        let when = when(&table, scenario);
        let lasts = lasts(&table);
        let fault = fault(&table, members, notes);
        let (Some(when), Some(fault)) = (when, fault) else { continue };
        if let When::Rng { gap, from, until } = when {
            expected = expected.saturating_add(until.saturating_sub(from).get() / gap.get().max(1));
        }
        if expected > MAX_FAULTS {
            table.wrong(Wrong::new(format!("the rates give more than {MAX_FAULTS} faults")));
            break;
        }
        plans.push(FaultPlan { when, fault, lasts });
    }
    plans
}

fn when(table: &Table<'_>, scenario: &Scenario) -> Option<When> {
    if table.has("at") == table.has("rate") {
        table.wrong(Wrong::with(
            "give either `at` or `rate`",
            "`at = \"20s\"`, or at random `rate = \"2/m\"`",
        ));
        return None;
    }
    if table.has("at") {
        for name in ["from", "until"].into_iter().filter(|name| table.has(name)) {
            table.wrong(Wrong::with(
                format!("`{name}` goes with `rate`"),
                "a fault with `at` ends after `lasts`",
            ));
        }
        let at = table.parsed("at", quantity::time)?;
        if at.value > scenario.until {
            table.wrong_at(at.span, Wrong::new("the scenario ends before that"));
        }
        return Some(When::At(at.value));
    }
    let gap = table.parsed("rate", quantity::gap)?.value;
    let from = table.parsed("from", quantity::time).map_or(Micros(0), |time| time.value);
    let until = table.parsed("until", quantity::time).map_or(scenario.until, |time| time.value);
    if from >= until {
        table.wrong(Wrong::new("the faults end before they begin"));
    }
    Some(When::Rng { gap, from, until })
}

fn fault(table: &Table<'_>, members: &Members, notes: &Notes<'_>) -> Option<FaultKind> {
    let chips = || members.chips.find(&table.texts("chip")?, notes);
    let links = || members.links.find(&table.texts("link")?, notes);
    let share = || table.parsed("share", quantity::share).and_then(|share| some_share(table, share));
    Some(match table.kind()? {
        "crash" => FaultKind::Crash(chips()?),
        "reboot" => FaultKind::Reboot(chips()?),
        "power-cut" => FaultKind::PowerCut(chips()?),
        "partition" => FaultKind::Partition(groups(table, members, notes)?),
        "cut" => FaultKind::Cut(links()?),
        "loss" => FaultKind::Loss(links()?, share()?),
        "corruption" => FaultKind::Corruption(links()?, share()?),
        "jam" => FaultKind::Jam(chips()?),
        _ => FaultKind::Skew(chips()?, table.parsed("skew", quantity::skew)?.value),
    })
}

/// How long; at 0s nothing would fail.
fn lasts(table: &Table<'_>) -> Option<Micros> {
    let lasts = table.parsed("lasts", quantity::time)?;
    if lasts.value == Micros(0) {
        table.wrong_at(lasts.span, Wrong::new("a fault cannot last 0s"));
    }
    Some(lasts.value)
}

fn some_share(table: &Table<'_>, share: Found<Permille>) -> Option<Permille> {
    if share.value == Permille(0) {
        table.wrong_at(share.span, Wrong::new("a fault cannot be 0%"));
    }
    Some(share.value)
}

/// The parts of a partition; no chip is in two.
fn groups(table: &Table<'_>, members: &Members, notes: &Notes<'_>) -> Option<Vec<Vec<usize>>> {
    let groups: Option<Vec<Vec<usize>>> =
        table.groups("groups")?.iter().map(|group| members.chips.find(group, notes)).collect();
    let groups = groups?;
    let mut all: Vec<usize> = groups.iter().flatten().copied().collect();
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    if groups.len() < 2 || all.len() < count {
        table.wrong(Wrong::with(
            "a partition has two groups or more, and no chip is in two of them",
            "groups = [[\"one\"], [\"two\", \"three\"]]",
        ));
        return None;
    }
    Some(groups)
}
