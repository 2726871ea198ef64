//! An expectation held against the fleet as it is.
//!
//! Each gives whether it holds and what was seen, in words that name the chip or item that decided it. An expectation
//! about something that never came up, a latency without a question, is missed: nothing was shown.

use super::judge::{Case, Facts, Members};
use crate::figure::{Banded, Kind};
use crate::scenario::plan::{Expected, Permille};
use ruvllm_esp_core::units::{Micros, Nanojoules};

/// Whether it holds, and what was seen.
pub(super) fn measure(case: &Case, members: &Members, facts: &dyn Facts) -> (bool, String) {
    let counts = &case.counts;
    match &case.expectation.what {
        Expected::Text { chips, .. } => {
            let silent: Vec<usize> =
                chips.iter().zip(counts).filter(|(_, count)| **count == 0).map(|(chip, _)| *chip).collect();
            (silent.is_empty(), format!("not on the console of {}", some_of(&silent, members)))
        }
        Expected::NoText { .. } => (true, "never seen".into()),
        Expected::NoItemLost => copies(1, facts),
        Expected::Copies { at_least } => copies(u32::from(*at_least), facts),
        Expected::Recall { k, at_least } => recall(*k, *at_least, facts),
        Expected::Answered { at_least } => answered(*at_least, facts),
        Expected::Latency { quantile, under } => latency(*quantile, *under, facts),
        Expected::NothingAccepted { from } => {
            let frames: u64 = from.iter().map(|chip| facts.accepted_from(*chip)).sum();
            (frames == 0, format!("{frames} frames accepted"))
        }
        Expected::Alive { chips, .. } => {
            let off: Vec<usize> = chips.iter().copied().filter(|chip| !facts.runs(*chip)).collect();
            (off.is_empty(), all_but(&off, "run", "does not run", members))
        }
        Expected::Coordinator { is, .. } => coordinator(*is, members, facts),
        Expected::Peers { chips, at_least, .. } => {
            let least = chips.iter().map(|chip| (facts.peers(*chip), *chip)).min();
            let (peers, chip) = least.unwrap_or_default();
            (peers >= *at_least, format!("{} has {peers} peers", some_of(&[chip], members)))
        }
        Expected::Alarms { chips, at_least, at_most, .. } => {
            let outside = counts.iter().position(|count| !(*at_least..=*at_most).contains(count));
            let shown = outside.unwrap_or(0);
            let count = counts.get(shown).copied().unwrap_or(0);
            let chip = chips.get(shown).copied().unwrap_or(0);
            (outside.is_none(), format!("{} raised the alarm {count} times", some_of(&[chip], members)))
        }
        Expected::Energy { chips, under } => {
            let most = chips.iter().map(|chip| (facts.energy(*chip), *chip)).max();
            let (energy, chip) = most.unwrap_or_default();
            let figure = |energy| Banded::exact(Nanojoules(energy)).tagged(Kind::Modelled);
            let seen = format!("{}: {}", some_of(&[chip], members), figure(energy));
            (energy < *under, limited(energy < *under, seen, &figure(*under).to_string()))
        }
    }
}

/// What was seen; where that is not enough, with the limit, a modelled figure.
fn limited(passed: bool, seen: String, limit: &str) -> String {
    let limit = limit.split(" modelled").next().unwrap_or(limit);
    if passed { seen } else { format!("{seen}, and not under {limit}") }
}

fn copies(at_least: u32, facts: &dyn Facts) -> (bool, String) {
    let items = facts.items();
    let few: Vec<&(String, u32)> = items.iter().filter(|(_, copies)| *copies < at_least).collect();
    let total = items.len();
    let seen = match few.first() {
        None if total == 0 => "no item was acknowledged".into(),
        None => format!("{total} of {total} acknowledged items"),
        Some((item, 0)) if at_least == 1 => format!("{} of {total} items lost, such as {item}", few.len()),
        Some((item, copies)) => {
            format!("{} of {total} items have fewer copies; item {item} has {copies}", few.len())
        }
    };
    (few.is_empty() && total > 0, seen)
}

fn recall(k: u8, at_least: Permille, facts: &dyn Facts) -> (bool, String) {
    let shares = facts.recall(k);
    let count = shares.len() as u64;
    let sum: u64 = shares.iter().map(|share| u64::from(*share)).sum();
    let mean = Permille(sum.checked_div(count).unwrap_or(0) as u16);
    let passed = count > 0 && sum >= u64::from(at_least.0) * count;
    (passed, format!("recall@{k} {mean} over {count} questions"))
}

fn answered(at_least: Permille, facts: &dyn Facts) -> (bool, String) {
    let questions = facts.questions();
    let (asked, answered) = (questions.len() as u64, questions.iter().flatten().count() as u64);
    (asked > 0 && answered * 1000 >= u64::from(at_least.0) * asked, format!("{answered} of {asked} answered"))
}

/// A question that was never answered took longer than any other.
fn latency(quantile: Permille, under: Micros, facts: &dyn Facts) -> (bool, String) {
    let mut times: Vec<Micros> =
        facts.questions().iter().map(|time| time.unwrap_or(Micros(u64::MAX))).collect();
    times.sort_unstable();
    let rank = (times.len() * usize::from(quantile.0)).div_ceil(1000).max(1) - 1;
    let name = format!("p{}", Permille(quantile.0).to_string().trim_end_matches('%'));
    let limit = Banded::exact(under).tagged(Kind::Modelled).to_string();
    match times.get(rank) {
        None => (false, "no question was asked".into()),
        Some(Micros(u64::MAX)) => {
            let seen = format!("{name}: never answered, of {} questions", times.len());
            (false, limited(false, seen, &limit))
        }
        Some(time) => {
            let figure = Banded::exact(*time).tagged(Kind::Modelled);
            let seen = format!("{name} {figure} over {} questions", times.len());
            (*time < under, limited(*time < under, seen, &limit))
        }
    }
}

fn coordinator(is: Option<usize>, members: &Members, facts: &dyn Facts) -> (bool, String) {
    let running = || (0..members.ids.len()).filter(|chip| !members.hostile[*chip] && facts.runs(*chip));
    let mut said: Vec<(Option<u16>, usize)> = running().map(|chip| (facts.coordinator(chip), chip)).collect();
    said.sort_unstable();
    let (Some((first, _)), Some((last, differs))) = (said.first(), said.last()) else {
        return (false, "no member runs".into());
    };
    if first != last {
        return (false, format!("{} differs from the others", some_of(&[*differs], members)));
    }
    let chosen = first.and_then(|id| running().find(|chip| members.ids[*chip] == id));
    match chosen {
        None => (false, "no running member is the coordinator".into()),
        Some(chip) => (is.is_none_or(|is| is == chip), format!("all name {}", some_of(&[chip], members))),
    }
}

fn all_but(exceptions: &[usize], verb: &str, otherwise: &str, members: &Members) -> String {
    match exceptions {
        [] => format!("all {verb}"),
        _ => format!("{} {otherwise}", some_of(exceptions, members)),
    }
}

/// The first few names.
fn some_of(chips: &[usize], members: &Members) -> String {
    const SHOWN: usize = 3;
    let names: Vec<&str> =
        chips.iter().take(SHOWN).filter_map(|chip| members.names.get(*chip)).map(String::as_str).collect();
    let more = chips.len().saturating_sub(SHOWN);
    if more == 0 { names.join(", ") } else { format!("{} and {more} more", names.join(", ")) }
}
