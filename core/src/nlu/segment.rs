//! Which words may fill which argument, and the best set of them that do not overlap.
//!
//! A segment's gain is what its tags add over "outside": begin at its first word, inside at the others. Segments with a
//! positive gain whose words are a valid value are candidates, at most [`MAX_CANDIDATES`] an argument. The best set is
//! searched by branch and bound; after [`MAX_STEPS`] steps the best one so far is taken.

use super::automaton::Scores;
use super::limits::{MAX_ARGUMENTS, MAX_WORDS};
use super::schema::Argument;
use super::value::Value;
use crate::meter::{Meter, Op};

/// The most candidates of an argument.
const MAX_CANDIDATES: usize = 12;
/// The most sets that are looked at.
const MAX_STEPS: u32 = 4096;

/// Words that fill an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub first: u8,
    /// Behind the last.
    pub end: u8,
    pub gain: i32,
    pub value: Value,
}

impl Candidate {
    const NONE: Self = Self { first: 0, end: 0, gain: 0, value: Value::Words };

    /// A bit for each word.
    fn words(&self) -> u32 {
        let below = |end: u8| (1_u64 << end.min(MAX_WORDS as u8)) - 1;
        (below(self.end) & !below(self.first)) as u32
    }
}

/// The candidates of one argument, by falling gain.
#[derive(Clone, Copy, Debug)]
struct Candidates {
    list: [Candidate; MAX_CANDIDATES],
    count: usize,
}

impl Candidates {
    const NONE: Self = Self { list: [Candidate::NONE; MAX_CANDIDATES], count: 0 };

    fn list(&self) -> &[Candidate] {
        self.list.get(..self.count).unwrap_or_default()
    }

    /// Puts a candidate behind those that are at least as good; the last one falls out of a full list.
    fn insert(&mut self, candidate: Candidate) {
        let at = self.list().iter().take_while(|other| other.gain >= candidate.gain).count();
        if let Some(tail) = self.list.get_mut(at..) {
            if tail.is_empty() {
                return;
            }
            tail.rotate_right(1);
            if let Some(first) = tail.first_mut() {
                *first = candidate;
            }
            self.count = (self.count + 1).min(MAX_CANDIDATES);
        }
    }

    fn retain(&mut self, mut keep: impl FnMut(&mut Candidate) -> bool) {
        let mut kept = 0;
        for index in 0..self.count {
            let Some(mut candidate) = self.list.get(index).copied() else { continue };
            if keep(&mut candidate) {
                if let Some(slot) = self.list.get_mut(kept) {
                    *slot = candidate;
                }
                kept += 1;
            }
        }
        self.count = kept;
    }
}

/// The greatest gain that any segment of a slot has; 0 where none is positive.
pub(super) fn best_gain<M: Meter>(scores: &Scores<'_>, slot: usize, meter: &mut M) -> i32 {
    let words = scores.words().len();
    meter.record(Op::Load, 3 * words as u32);
    meter.record(Op::Alu, 6 * words as u32);
    let (mut run, mut best) = (0, 0);
    for word in (0..words).rev() {
        best = best.max(scores.begin(word, slot) + run);
        run = (run + scores.inside(word, slot)).max(0);
    }
    best
}

/// What fills the arguments of one tool.
#[derive(Debug)]
pub(super) struct Search {
    lists: [Candidates; MAX_ARGUMENTS],
    chosen: [Option<Candidate>; MAX_ARGUMENTS],
    best: [Option<Candidate>; MAX_ARGUMENTS],
    best_gain: i32,
    steps: u32,
}

impl Search {
    pub fn new() -> Self {
        Self {
            lists: [Candidates::NONE; MAX_ARGUMENTS],
            chosen: [None; MAX_ARGUMENTS],
            best: [None; MAX_ARGUMENTS],
            best_gain: 0,
            steps: 0,
        }
    }

    /// Collects what may fill an argument.
    pub fn collect<M: Meter>(
        &mut self,
        index: usize,
        argument: Argument<'_>,
        scores: &Scores<'_>,
        meter: &mut M,
    ) {
        let Some(list) = self.lists.get_mut(index) else { return };
        let (words, slot) = (scores.words(), argument.slot());
        for first in 0..words.len() {
            let mut gain = scores.begin(first, slot);
            let limit = words.len().min(first + argument.kind().max_words());
            for end in first + 1..=limit {
                if gain > 0 {
                    list.insert(Candidate { first: first as u8, end: end as u8, gain, value: Value::Words });
                }
                gain += scores.inside(end, slot);
            }
            meter.record(Op::Load, 2 * (limit - first) as u32);
            meter.record(Op::Compare, (limit - first) as u32);
        }
        list.retain(|candidate| {
            let span = words.get(candidate.first.into()..candidate.end.into()).unwrap_or_default();
            let value = argument.parse(span, meter);
            candidate.value = value.unwrap_or(candidate.value);
            value.is_some()
        });
    }

    /// The best set, and its gain.
    pub fn run<M: Meter>(mut self, meter: &mut M) -> ([Option<Candidate>; MAX_ARGUMENTS], i32) {
        self.descend(0, 0, 0);
        meter.record(Op::Compare, self.steps);
        (self.best, self.best_gain)
    }

    fn descend(&mut self, index: usize, taken: u32, gain: i32) {
        self.steps += 1;
        if gain > self.best_gain {
            (self.best, self.best_gain) = (self.chosen, gain);
        }
        let Some(list) = self.lists.get(index).copied() else { return };
        let rest = self.lists.get(index..).unwrap_or_default();
        let bound: i32 = rest.iter().filter_map(|list| list.list().first()).map(|first| first.gain).sum();
        if gain + bound <= self.best_gain || self.steps >= MAX_STEPS {
            return;
        }
        for candidate in list.list().iter().filter(|candidate| candidate.words() & taken == 0) {
            self.choose(index, Some(*candidate));
            self.descend(index + 1, taken | candidate.words(), gain + candidate.gain);
        }
        self.choose(index, None);
        self.descend(index + 1, taken, gain);
    }

    fn choose(&mut self, index: usize, candidate: Option<Candidate>) {
        if let Some(slot) = self.chosen.get_mut(index) {
            *slot = candidate;
        }
    }
}
