//! The most recent scores, kept sorted: where a threshold comes from.
//!
//! A ring in order of time says which score leaves, a sorted copy answers any quantile at once. Both hold the same
//! `len` scores; a full history forgets its oldest, so old behaviour stops shaping the threshold.

use crate::arena::{Arena, NoRoom};
use crate::meter::{Meter, Op};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Where a history stands. All zeros: empty.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub(super) struct HistoryState {
    len: u32,
    next: u32,
}
const _: () = assert!(size_of::<HistoryState>() == 8);

/// A sliding window of scores. `ring`, `sorted`: `[capacity] u32`.
#[derive(Debug)]
pub(super) struct History<'a> {
    state: &'a mut HistoryState,
    ring: &'a mut [u32],
    sorted: &'a mut [u32],
}

impl<'a> History<'a> {
    /// Takes hold of a history of `capacity` scores.
    pub fn carve(arena: &mut Arena<'a>, capacity: u32) -> Result<Self, NoRoom> {
        Ok(Self {
            state: arena.one("score-state")?,
            ring: arena.slice("scores", capacity)?,
            sorted: arena.slice("scores", capacity)?,
        })
    }

    /// How many scores it holds.
    pub fn len(&self) -> u32 {
        self.state.len.min(self.ring.len() as u32)
    }

    /// Forgets every score.
    pub fn clear(&mut self) {
        *self.state = HistoryState::default();
    }

    /// Adds `score`; the oldest leaves a full history.
    pub fn push<M: Meter>(&mut self, score: u32, meter: &mut M) {
        let len = self.len() as usize;
        let capacity = self.ring.len();
        let next = if (self.state.next as usize) < capacity { self.state.next as usize } else { 0 };
        meter.record(Op::Call, 1);
        meter.record(Op::Copy, 4 * len as u32);
        meter.record(Op::Compare, 2 * (u32::BITS - (len as u32).leading_zeros()));
        let Some(slot) = self.ring.get_mut(next) else { return };
        let oldest = core::mem::replace(slot, score);
        let kept = if len == capacity { self.drop_sorted(oldest) } else { len };
        let sorted = self.sorted.get_mut(..=kept).unwrap_or_default();
        let place = sorted.get(..kept).unwrap_or_default().partition_point(|held| *held < score);
        sorted.copy_within(place..kept, place + 1);
        if let Some(slot) = sorted.get_mut(place) {
            *slot = score;
        }
        self.state.len = (kept + 1) as u32;
        self.state.next = if next + 1 < capacity { next as u32 + 1 } else { 0 };
    }

    /// Takes `oldest` out of the sorted scores and says how many stay.
    fn drop_sorted(&mut self, oldest: u32) -> usize {
        let place = self.sorted.partition_point(|held| *held < oldest).min(self.sorted.len() - 1);
        self.sorted.copy_within(place + 1.., place);
        self.sorted.len() - 1
    }

    /// The score below which `part` of `whole` of the scores lie; zero while there are none.
    pub fn quantile(&self, part: u32, whole: u32) -> u32 {
        let last = u64::from(self.len().saturating_sub(1));
        let rank = last * u64::from(part) / u64::from(whole.max(1));
        let held = self.sorted.get(..self.len() as usize).unwrap_or_default();
        held.get(rank as usize).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    proptest! {
        #[test]
        fn it_holds_the_latest_scores_in_order(scores in proptest::collection::vec(0u32..50, 1..200), capacity in 1u32..20) {
            let mut memory = vec![0u8; 256];
            for (count, score) in scores.iter().enumerate() {
                let mut history = History::carve(&mut Arena::new(&mut memory), capacity).unwrap();
                history.push(*score, &mut ());
                let start = (count + 1).saturating_sub(capacity as usize);
                let mut expected: Vec<u32> = scores[start..=count].to_vec();
                expected.sort_unstable();
                prop_assert_eq!(&history.sorted[..history.len() as usize], &expected[..]);
                prop_assert_eq!(history.quantile(1, 1), *expected.last().unwrap());
                prop_assert_eq!(history.quantile(0, 1), expected[0]);
            }
        }

        #[test]
        fn any_bytes_are_a_history(memory in proptest::collection::vec(any::<u8>(), 128), score in any::<u32>()) {
            let mut memory = memory;
            let mut history = History::carve(&mut Arena::new(&mut memory), 8).unwrap();
            for _ in 0..20 {
                history.push(score, &mut ());
            }
            prop_assert!(history.len() <= 8);
        }
    }
}
