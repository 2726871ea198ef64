//! The best few of many, by score, without sorting the many.

use crate::limits::MAX_RESULTS;
use crate::meter::{Meter, Op};

/// Keeps the entries of highest score, best first; among equals the first come wins.
#[derive(Clone, Debug)]
pub struct Best<const MAX: usize = MAX_RESULTS> {
    entries: [(i64, u32); MAX],
    length: usize,
    limit: usize,
}

impl<const MAX: usize> Best<MAX> {
    /// Keeps at most `limit` entries, and never more than `MAX`.
    pub fn new(limit: usize) -> Self {
        Self { entries: [(0, 0); MAX], length: 0, limit: limit.min(MAX) }
    }

    /// Offers `slot` with its `score`.
    pub fn offer<M: Meter>(&mut self, score: i64, slot: u32, meter: &mut M) {
        let kept = self.entries.get(..self.length).unwrap_or_default();
        let index = kept.iter().rposition(|(other, _)| *other >= score).map_or(0, |last| last + 1);
        meter.record(Op::Compare, (kept.len() - index.min(kept.len())) as u32 + 1);
        if index >= self.limit {
            return;
        }
        self.length = (self.length + 1).min(self.limit);
        if let Some(tail) = self.entries.get_mut(index..self.length) {
            tail.rotate_right(1);
            if let Some(first) = tail.first_mut() {
                *first = (score, slot);
            }
        }
    }

    /// The kept entries as (score, slot), best first.
    pub fn entries(&self) -> &[(i64, u32)] {
        self.entries.get(..self.length).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    proptest! {
        #[test]
        fn keeps_what_a_stable_sort_would_put_first(
            scores in proptest::collection::vec(-20i64..20, 0..100), limit in 0usize..20
        ) {
            let mut best: Best = Best::new(limit);
            let mut all: Vec<(i64, u32)> = Vec::new();
            for (slot, score) in scores.into_iter().enumerate() {
                best.offer(score, slot as u32, &mut ());
                all.push((score, slot as u32));
            }
            all.sort_by_key(|(score, _)| -score);
            all.truncate(limit.min(MAX_RESULTS));
            prop_assert_eq!(best.entries(), &all[..]);
        }
    }
}
