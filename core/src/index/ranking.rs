//! Keeping the best few of many candidates, in order, in memory that the caller lends.
//!
//! A total order makes every search deterministic: larger similarity first, then lower slot.

use super::Hit;
use crate::meter::{Meter, Op};

/// The best hits so far, at the front of the caller's slice.
#[derive(Debug)]
pub(super) struct Ranking<'h> {
    hits: &'h mut [Hit],
    len: usize,
}

impl<'h> Ranking<'h> {
    pub(super) fn new(hits: &'h mut [Hit]) -> Self {
        Self { hits, len: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Keeps `hit` if it is among the best; says whether it is.
    #[inline]
    pub(super) fn offer<M: Meter>(&mut self, hit: Hit, meter: &mut M) -> bool {
        meter.record(Op::Compare, 1);
        if self.len == self.hits.len() {
            match self.hits.last() {
                Some(worst) if precedes(&hit, worst) => {}
                _ => return false,
            }
        }
        self.insert(hit, meter);
        true
    }

    fn insert<M: Meter>(&mut self, hit: Hit, meter: &mut M) {
        let kept = self.hits.get(..self.len).unwrap_or(&[]);
        let position = kept.partition_point(|other| precedes(other, &hit));
        self.len = (self.len + 1).min(self.hits.len());
        meter.record(Op::Call, 1);
        meter.record(Op::Compare, usize::BITS - kept.len().leading_zeros());
        meter.record(Op::Copy, ((self.len - position) * size_of::<Hit>()) as u32);
        self.hits.copy_within(position..self.len - 1, position + 1);
        if let Some(index) = self.hits.get_mut(position) {
            *index = hit;
        }
    }
}

/// Is `a` a better hit than `b`?
pub(super) fn precedes(a: &Hit, b: &Hit) -> bool {
    (a.similarity, b.slot) > (b.similarity, a.slot)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    proptest! {
        #[test]
        fn keeps_what_sorting_would(similarities in proptest::collection::vec(-9i32..9, 0..60), limit in 0usize..20) {
            let all = (0u32..).zip(&similarities).map(|(slot, similarity)| Hit { slot, similarity: *similarity });
            let mut sorted: Vec<Hit> = all.clone().collect();
            sorted.sort_by_key(|hit| (-hit.similarity, hit.slot));
            sorted.truncate(limit);
            let mut hits = vec![Hit::default(); limit];
            let mut ranking = Ranking::new(&mut hits);
            all.collect::<Vec<_>>().into_iter().rev().for_each(|hit| {
                ranking.offer(hit, &mut ());
            });
            let len = ranking.len();
            prop_assert_eq!(&hits[..len], &sorted[..]);
        }
    }
}
