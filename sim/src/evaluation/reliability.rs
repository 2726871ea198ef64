//! What a fleet promises under faults, and how often it was kept.
//!
//! A text is acknowledged when the console that was given it says `fleet: stored`. From then on it must never be
//! without a running chip that can say it, whatever the kind of fault, as long as the faults are those that
//! `docs/reliability.md` promises to bear. Each kind is a fleet of its own, run with many seeds; what is looked for at
//! the end is the text itself, on chips that run, not its name. A kind that is not promised is run as well and says so.

mod kinds;
mod trial;

pub use kinds::{KINDS, Kind};
pub use trial::Outcome;

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

/// What came of all runs of one kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct KindReport {
    /// The kind.
    pub name: &'static str,
    /// Its faults.
    pub faults: &'static str,
    /// Does the manual promise that nothing is lost?
    pub promised: bool,
    /// How many runs, each with a seed of its own.
    pub runs: u64,
    /// Chips of the smallest and of the largest fleet.
    pub chips: (usize, usize),
    /// Virtual seconds of all runs.
    pub virtual_seconds: u64,
    /// Faults injected.
    pub injected: u64,
    /// Texts acknowledged.
    pub acknowledged: u64,
    /// Texts that were not acknowledged, and the console told so, or that were still on their way.
    pub refused: u64,
    /// Acknowledged texts that no running chip can say at the end.
    pub lost: u64,
    /// Acknowledged texts that fewer running chips can say at the end than the fleet keeps copies.
    pub short: u64,
    /// The seeds of the runs that lost any.
    pub losing_seeds: Vec<u64>,
    /// Why a run could not be made.
    pub failed: Option<String>,
}

/// All kinds.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Report {
    /// Seeds of each kind; a kind of long runs takes fewer.
    pub seeds: u64,
    /// The kinds.
    pub kinds: Vec<KindReport>,
    /// Acknowledged texts that were lost although the manual promises that they are not.
    pub promised_lost: u64,
}

/// Runs each of `kinds` with the seeds from 1 to `seeds`.
pub fn run(kinds: &[Kind], seeds: u64, threads: usize, reached: impl Fn(u32, u32) + Sync) -> Report {
    let mut all: Vec<(usize, u64)> = Vec::new();
    for (index, kind) in kinds.iter().enumerate() {
        all.extend((1..=seeds.min(kind.most_seeds)).map(|seed| (index, seed)));
    }
    // Long runs come first, so that none is left alone at the end.
    all.sort_by_key(|(index, _)| kinds.get(*index).map_or(0, |kind| kind.most_seeds));
    let done = std::sync::atomic::AtomicU32::new(0);
    let one = |(index, seed): &(usize, u64)| {
        let outcome = kinds.get(*index).map(|kind| (kind.run)(*seed));
        let done = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        reached(done, all.len() as u32);
        (*index, *seed, outcome)
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build();
    let mut outcomes: Vec<_> = match pool {
        Ok(pool) => pool.install(|| all.iter().par_bridge().map(one).collect()),
        Err(_) => all.iter().map(one).collect(),
    };
    outcomes.sort_by_key(|(index, seed, _)| (*index, *seed));
    let mut reports: Vec<KindReport> = kinds.iter().map(KindReport::of).collect();
    for (index, seed, outcome) in outcomes {
        if let (Some(report), Some(outcome)) = (reports.get_mut(index), outcome) {
            report.add(seed, outcome);
        }
    }
    let promised_lost = reports.iter().filter(|report| report.promised).map(|report| report.lost).sum();
    Report { seeds, kinds: reports, promised_lost }
}

impl KindReport {
    fn of(kind: &Kind) -> Self {
        Self { name: kind.name, faults: kind.faults, promised: kind.promised, ..Self::default() }
    }

    fn add(&mut self, seed: u64, outcome: Result<Outcome, String>) {
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(reason) => return self.failed = Some(reason),
        };
        self.runs += 1;
        self.chips = match self.chips {
            (0, 0) => (outcome.chips, outcome.chips),
            (low, high) => (low.min(outcome.chips), high.max(outcome.chips)),
        };
        self.virtual_seconds += outcome.seconds;
        self.injected += outcome.injected;
        self.acknowledged += outcome.acknowledged;
        self.refused += outcome.refused;
        self.lost += outcome.lost;
        self.short += outcome.short;
        if outcome.lost > 0 {
            self.losing_seeds.push(seed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Kind {
        *KINDS.iter().find(|kind| kind.name == name).unwrap()
    }

    #[test]
    fn a_kind_loses_nothing_and_repeats_on_any_number_of_threads() {
        let kinds = [named("power cuts"), named("partition")];
        let one = run(&kinds, 2, 1, |_, _| {});
        assert_eq!(one.promised_lost, 0, "{one:?}");
        assert!(one.kinds.iter().all(|kind| kind.acknowledged > 50 && kind.injected > 0), "{one:?}");
        assert_eq!(run(&kinds, 2, 2, |_, _| {}), one);
    }

    #[test]
    fn both_holders_at_once_lose_texts_and_the_bench_sees_it() {
        let report = run(&[named("two at once")], 3, 1, |_, _| {});
        assert!(report.kinds[0].lost > 0 && report.promised_lost == 0, "{report:?}");
    }
}
