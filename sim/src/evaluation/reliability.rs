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
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

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
    /// The first seed.
    pub first_seed: u64,
    /// Seeds of each kind; a kind of long runs takes fewer.
    pub seeds: u64,
    /// The kinds.
    pub kinds: Vec<KindReport>,
    /// Acknowledged texts that were lost although the manual promises that they are not.
    pub promised_lost: u64,
}

/// Which seeds to run, and on how many threads.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The first seed.
    pub first_seed: u64,
    /// How many of each kind, as far as the kind takes so many.
    pub seeds: u64,
    /// Threads; the report is the same on any number.
    pub threads: usize,
}

/// One run that is to be made: the kind, as an index, and the seed.
type Planned = (usize, u64);
/// What came of it, and how long it took.
type Done = (Planned, Result<Outcome, String>, Duration);

/// Runs each of `kinds` with its seeds. `reached` takes how many runs of how many are done. The first runs of each kind,
/// one of each size, are made first; `estimated` takes how many are left then, and how long they will take.
pub fn run(
    kinds: &[Kind],
    plan: Plan,
    reached: impl Fn(u32, u32) + Sync,
    estimated: impl FnOnce(usize, Duration),
) -> Report {
    let (first, rest) = planned(kinds, plan);
    let total = (first.len() + rest.len()) as u32;
    let done = AtomicU32::new(0);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(plan.threads.max(1)).build();
    let run_all = |all: &[Planned]| -> Vec<Done> {
        let one = |planned: &Planned| {
            let begun = Instant::now();
            let outcome = kinds.get(planned.0).map(|kind| (kind.run)(planned.1))?;
            reached(done.fetch_add(1, Ordering::Relaxed) + 1, total);
            Some((*planned, outcome, begun.elapsed()))
        };
        match &pool {
            Ok(pool) => pool.install(|| all.par_iter().with_max_len(1).filter_map(one).collect()),
            Err(_) => all.iter().filter_map(one).collect(),
        }
    };
    let mut outcomes = run_all(&first);
    if !rest.is_empty() {
        let left: Duration = rest.iter().map(|(kind, _)| mean_time(*kind, &outcomes)).sum();
        estimated(rest.len(), left / plan.threads.max(1) as u32);
    }
    outcomes.extend(run_all(&rest));
    outcomes.sort_by_key(|(planned, ..)| *planned);
    let mut reports: Vec<KindReport> = kinds.iter().map(KindReport::of).collect();
    for ((index, seed), outcome, _) in outcomes {
        if let Some(report) = reports.get_mut(index) {
            report.add(seed, outcome);
        }
    }
    let promised_lost = reports.iter().filter(|report| report.promised).map(|report| report.lost).sum();
    Report { first_seed: plan.first_seed, seeds: plan.seeds, kinds: reports, promised_lost }
}

/// One run of each size of each kind, and all others. Long runs come first, so that none is left alone at the end.
fn planned(kinds: &[Kind], plan: Plan) -> (Vec<Planned>, Vec<Planned>) {
    let mut all: Vec<(u64, Planned)> = Vec::new();
    for (index, kind) in kinds.iter().enumerate() {
        let numbers = 0..plan.seeds.min(kind.max_seeds);
        all.extend(numbers.map(|number| (number, (index, plan.first_seed.saturating_add(number)))));
    }
    all.sort_by_key(|(_, (index, _))| kinds.get(*index).map(|kind| (kind.max_seeds, u64::MAX - kind.sizes)));
    let is_first =
        |(number, (index, _)): &(u64, Planned)| *number < kinds.get(*index).map_or(1, |kind| kind.sizes);
    let (first, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(is_first);
    let runs = |all: Vec<(u64, Planned)>| all.into_iter().map(|(_, planned)| planned).collect();
    (runs(first), runs(rest))
}

fn mean_time(kind: usize, outcomes: &[Done]) -> Duration {
    let times: Vec<Duration> =
        outcomes.iter().filter(|((of, _), ..)| *of == kind).map(|(.., time)| *time).collect();
    times.iter().sum::<Duration>() / times.len().max(1) as u32
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

    fn run_quietly(kinds: &[Kind], first_seed: u64, seeds: u64, threads: usize) -> Report {
        run(kinds, Plan { first_seed, seeds, threads }, |_, _| {}, |_, _| {})
    }

    #[test]
    fn one_run_of_each_size_comes_first_and_the_time_of_the_others_follows_from_it() {
        let kinds = [named("duplicate numbers"), named("one at a time"), named("60 days")];
        let (first, rest) = planned(&kinds, Plan { first_seed: 100, seeds: 7, threads: 1 });
        let of = |all: &[Planned], kind| all.iter().filter(|(of, _)| *of == kind).count();
        assert_eq!([of(&first, 0), of(&first, 1), of(&first, 2)], [1, 5, 1]);
        assert_eq!([of(&rest, 0), of(&rest, 1), of(&rest, 2)], [6, 2, 0]);
        assert!(rest.contains(&(1, 106)) && first[0] == (2, 100));
        let mut told = None;
        let plan = Plan { first_seed: 1, seeds: 3, threads: 1 };
        run(&[named("third loss")], plan, |_, _| {}, |runs, left| told = Some((runs, left)));
        assert!(told.is_some_and(|(runs, left)| runs == 2 && left > Duration::ZERO), "{told:?}");
    }

    #[test]
    #[ignore = "takes seconds: set by .ci/nightly"]
    fn nightly_forty_chips_that_lose_one_at_a_time_come_to_rest() {
        let report = run_quietly(&[named("one at a time")], 4, 1, 1);
        let kind = &report.kinds[0];
        assert_eq!((kind.chips, kind.short, kind.lost), ((40, 40), 0, 0), "{kind:?}");
    }

    #[test]
    fn a_kind_loses_nothing_and_repeats_on_any_number_of_threads() {
        let kinds = [named("power cuts"), named("partition")];
        let one = run_quietly(&kinds, 1, 2, 1);
        assert_eq!(one.promised_lost, 0, "{one:?}");
        assert!(one.kinds.iter().all(|kind| kind.acknowledged > 50 && kind.injected > 0), "{one:?}");
        assert_eq!(run_quietly(&kinds, 1, 2, 2), one);
    }

    #[test]
    fn both_holders_at_once_lose_texts_and_the_bench_sees_it() {
        let report = run_quietly(&[named("two at once")], 1, 3, 1);
        assert!(report.kinds[0].lost > 0 && report.promised_lost == 0, "{report:?}");
    }
}
