//! What is no mistake in a scenario, and hardly what was meant.
//!
//! A run goes on with it: copies that no chip has room for are reported as missing, and a command that a role lacks is
//! answered with an error, which a scenario may want to show. `fleet check` says no.

use super::grammar;
use super::members::Members;
use super::plan::{ChipPlan, Scenario, Topology};
use super::problem::{Notes, Wrong, short};
use super::sections::Sections;
use super::table::Table;
use ruvllm_esp_core::agent::COMMON;
use ruvllm_esp_core::console::split_word;
use ruvllm_esp_core::federation::FleetCommand;
use ruvllm_esp_core::role::RoleKind;
use std::collections::{BTreeMap, BTreeSet};

/// Looks at what was read.
pub(super) fn note(
    top: &Table<'_>,
    sections: Sections<'_>,
    scenario: &Scenario,
    members: &Members,
    notes: &Notes<'_>,
) {
    replicas(top, scenario, notes);
    let tables = sections.of(&grammar::TYPE);
    let chips = |table: &Table<'_>| members.chips.find(&table.texts("chip")?, notes);
    let changes_role = |table: &Table<'_>| {
        table
            .texts("line")
            .is_some_and(|lines| lines.iter().any(|line| split_word(line.value).0 == "set-role"))
    };
    let other_role: BTreeSet<usize> =
        tables.iter().filter(|table| changes_role(table)).filter_map(chips).flatten().collect();
    for table in &tables {
        let chips = chips(table).unwrap_or_default();
        let typed_at = chips.into_iter().filter(|chip| !other_role.contains(chip));
        // Chips of one role answer alike: the first of each is named.
        let mut kinds: BTreeMap<(u8, bool), &ChipPlan> = BTreeMap::new();
        for chip in typed_at.filter_map(|chip| scenario.chips.get(chip)).filter(|chip| chip.hostile.is_none())
        {
            kinds.entry((chip.role.code(), chip.link.is_some())).or_insert(chip);
        }
        for line in table.texts("line").unwrap_or_default() {
            for chip in kinds.values() {
                if let Some(wrong) = refused(line.value, chip) {
                    notes.doubt(Some(line.span.clone()), wrong);
                }
            }
        }
    }
}

/// More copies are asked for than there are chips that can hold an item.
fn replicas(top: &Table<'_>, scenario: &Scenario, notes: &Notes<'_>) {
    let Some(span) = top.span_of("replicas") else { return };
    let mut pools: BTreeMap<(Option<usize>, u8), u32> = BTreeMap::new();
    let keeps = |chip: &&ChipPlan| chip.hostile.is_none() && chip.role.info().keeps.is_some();
    for chip in scenario.chips.iter().filter(keeps) {
        // A ring has a link for each pair of neighbours.
        let link = chip.link.filter(|_| scenario.topology != Topology::Ring);
        *pools.entry((link, chip.role.code())).or_default() += 1;
    }
    if let Some(most) = pools.into_values().max()
        && u32::from(scenario.replicas) > most
    {
        let chips = if most == 1 { "one chip".into() } else { format!("{most} chips") };
        let message =
            format!("`replicas` is {}, and an item fits {chips} of one role on one link", scenario.replicas);
        let help = format!("no item is ever acknowledged: ask for {most}, or add chips of that role");
        notes.doubt(Some(span), Wrong::with(message, help));
    }
}

/// Why the chip will refuse this line whatever happens.
fn refused(line: &str, chip: &ChipPlan) -> Option<Wrong> {
    let (verb, rest) = split_word(line);
    let is_common = || COMMON.iter().any(|command| command.name == verb);
    if verb.is_empty() || is_common() || has(chip.role, verb) {
        return None;
    }
    let message = format!("`{}` does not take `{}`", chip.name, short(line));
    if verb == "fleet" && chip.link.is_some() {
        return FleetCommand::parse(rest).err().map(|failure| Wrong::with(message, failure.to_string()));
    }
    let help = match RoleKind::ALL.into_iter().find(|role| has(*role, verb)) {
        _ if verb == "fleet" => "it is on no link".into(),
        Some(role) => {
            format!(
                "`{verb}` is a command of role {}, and this chip has role {}",
                role.alias(),
                chip.role.alias()
            )
        }
        None => "no role has this command".into(),
    };
    Some(Wrong::with(message, help))
}

fn has(role: RoleKind, verb: &str) -> bool {
    role.info().commands.iter().any(|command| command.name == verb)
}
