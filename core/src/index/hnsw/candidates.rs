//! The working memory of a search: the best nodes so far, and which were seen.
//!
//! One sorted array serves as both heaps of the paper: its front is the result, and the nodes in it that were not expanded
//! are the candidates (a candidate that falls off its end could never be expanded). A node is one word: its distance in the
//! upper half, its slot in the lower, so that comparing words compares distances, then slots.

use crate::arena::{Arena, NoRoom};
use crate::meter::{Meter, Op};

/// The largest distance that is distinguished from larger ones: no two vectors of norm up to 127.9 are farther apart.
pub(super) const FARTHEST: u32 = 0xffff;

/// Nodes in order, the nearest first.
#[derive(Debug)]
pub(super) struct Candidates<'a> {
    /// `[limit]`, of no meaning between searches.
    keys: &'a mut [u32],
    len: usize,
    width: usize,
    /// `[capacity / 32]`, one bit a node: was its distance computed?
    seen: &'a mut [u32],
    /// `[capacity / 32]`, one bit a node: were its links followed?
    expanded: &'a mut [u32],
}

impl<'a> Candidates<'a> {
    pub(super) fn carve(arena: &mut Arena<'a>, capacity: u32, limit: u32) -> Result<Self, NoRoom> {
        let keys = arena.slice("candidates", limit)?;
        let seen = arena.slice("seen", capacity.div_ceil(32))?;
        let expanded = arena.slice("expanded", capacity.div_ceil(32))?;
        Ok(Self { keys, len: 0, width: 0, seen, expanded })
    }

    /// Forgets everything; from now on the best `width` nodes are kept, or fewer where there is room for fewer.
    pub(super) fn start<M: Meter>(&mut self, width: u32, meter: &mut M) {
        self.seen.fill(0);
        self.expanded.fill(0);
        meter.record(Op::Fill, 2 * self.seen.len() as u32);
        self.len = 0;
        self.width = (width as usize).clamp(1, self.keys.len().max(1));
    }

    /// The most nodes it can keep.
    pub(super) fn limit(&self) -> u32 {
        self.keys.len() as u32
    }

    /// The nodes kept, with their distances, nearest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.keys.iter().take(self.len).map(|key| (key >> 16, key & 0xffff))
    }

    /// The node at `position`.
    #[inline]
    pub(super) fn get(&self, position: usize) -> Option<u32> {
        self.keys.get(position).filter(|_| position < self.len).map(|key| key & 0xffff)
    }

    /// Marks `slot` as seen; says whether it is new.
    #[inline]
    pub(super) fn see(&mut self, slot: u32) -> bool {
        mark(self.seen, slot)
    }

    /// Marks `slot` as expanded; says whether it is new.
    #[inline]
    pub(super) fn expand(&mut self, slot: u32) -> bool {
        mark(self.expanded, slot)
    }

    /// Keeps `slot` if it is among the best, and says at which position.
    #[inline]
    pub(super) fn offer<M: Meter>(&mut self, distance: u32, slot: u32, meter: &mut M) -> Option<usize> {
        let key = distance.min(FARTHEST) << 16 | slot & 0xffff;
        meter.record(Op::Compare, 1);
        if self.len == self.width && self.keys.get(self.len - 1).is_none_or(|worst| key >= *worst) {
            return None;
        }
        let kept = self.keys.get(..self.len)?;
        let position = kept.partition_point(|other| *other < key);
        meter.record(Op::Call, 1);
        meter.record(Op::Compare, usize::BITS - kept.len().leading_zeros());
        self.len = (self.len + 1).min(self.width);
        let shifted = self.keys.get_mut(position..self.len)?;
        meter.record(Op::Copy, size_of_val(shifted) as u32);
        shifted.copy_within(..shifted.len() - 1, 1);
        *shifted.first_mut()? = key;
        Some(position)
    }
}

#[inline]
fn mark(words: &mut [u32], slot: u32) -> bool {
    let Some(word) = words.get_mut(slot as usize / 32) else { return false };
    let bit = 1 << (slot % 32);
    let new = *word & bit == 0;
    *word |= bit;
    new
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    proptest! {
        #[test]
        fn keeps_the_best_in_order(offers in proptest::collection::vec((0u32..70_000, 0u32..65_534), 0..99), width in 1u32..40) {
            let mut memory = vec![0u8; 200];
            let mut candidates = Candidates::carve(&mut Arena::new(&mut memory), 1, 40).unwrap();
            candidates.start(width, &mut ());
            for (distance, slot) in &offers {
                let position = candidates.offer(*distance, *slot, &mut ());
                prop_assert!(position.is_none_or(|position| candidates.get(position) == Some(*slot)));
            }
            let held = offers.iter().map(|(distance, slot)| (*distance.min(&FARTHEST), *slot));
            let mut sorted: Vec<(u32, u32)> = held.collect();
            sorted.sort_unstable();
            sorted.truncate(width as usize);
            prop_assert_eq!(candidates.iter().take(sorted.len()).collect::<Vec<_>>(), sorted);
        }
    }
}
