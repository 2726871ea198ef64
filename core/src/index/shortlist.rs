//! The items that a cheap comparison ranks best, to be compared exactly.
//!
//! The compressed indexes rank every item with one byte, zero the nearest. Counting how many items got each rank gives
//! the rank at which the list is long enough, so a shortlist of any length costs one pass to rank and one to collect,
//! without a heap and without a sort. It takes one byte an item.

use crate::arena::{Arena, NoRoom};
use crate::meter::{Meter, Op};
use core::cell::RefCell;

/// The rank of a free slot: never on the list.
pub(super) const NEVER: u8 = u8::MAX;

/// One rank a slot.
#[derive(Debug)]
pub(super) struct Shortlist<'a> {
    /// `[capacity]`, of no meaning between searches.
    ranks: RefCell<&'a mut [u8]>,
}

impl<'a> Shortlist<'a> {
    pub(super) fn carve(arena: &mut Arena<'a>, capacity: u32) -> Result<Self, NoRoom> {
        Ok(Self { ranks: RefCell::new(arena.slice("ranks", capacity)?) })
    }

    /// Calls `visit` with the `length` slots in `0..end` that `rank` ranks best; of equals the lower slots.
    pub(super) fn each_best<M: Meter>(
        &self,
        end: u32,
        length: u32,
        meter: &mut M,
        mut rank: impl FnMut(u32, &mut M) -> u8,
        mut visit: impl FnMut(u32, &mut M),
    ) {
        let Ok(mut ranks) = self.ranks.try_borrow_mut() else { return };
        let mut counts = [0u16; 256];
        let Some(ranks) = ranks.get_mut(..end as usize) else { return };
        for (slot, index) in (0..end).zip(ranks.iter_mut()) {
            *index = rank(slot, meter);
            counts[usize::from(*index)] += 1;
        }
        meter.record(Op::Copy, size_of_val(&counts) as u32);
        meter.record(Op::Load, end);
        meter.record(Op::Store, end.saturating_mul(2));
        let (last, mut room) = cutoff(&counts, length, meter);
        for (slot, rank) in (0..end).zip(ranks.iter()) {
            if *rank < last {
                visit(slot, meter);
            } else if *rank == last && room > 0 {
                room -= 1;
                visit(slot, meter);
            }
        }
        meter.record(Op::Scan, end);
    }
}

/// The worst rank on a list of `length`, and how many of that rank are on it.
fn cutoff<M: Meter>(counts: &[u16; 256], length: u32, meter: &mut M) -> (u8, u32) {
    let mut room = length;
    for (rank, count) in (0..NEVER).zip(counts) {
        meter.record(Op::Compare, 1);
        if u32::from(*count) >= room {
            return (rank, room);
        }
        room -= u32::from(*count);
    }
    (NEVER, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    proptest! {
        #[test]
        fn lists_the_best_by_rank_then_slot(ranks in proptest::collection::vec(any::<u8>(), 0..80), length in 0u32..90) {
            let mut memory = vec![0u8; 80];
            let shortlist = Shortlist::carve(&mut Arena::new(&mut memory), 80).unwrap();
            let mut listed: Vec<u32> = Vec::new();
            let end = ranks.len() as u32;
            shortlist.each_best(end, length, &mut (), |slot, ()| ranks[slot as usize], |slot, ()| listed.push(slot));
            let mut expected: Vec<u32> = (0..end).filter(|slot| ranks[*slot as usize] != NEVER).collect();
            expected.sort_by_key(|slot| (ranks[*slot as usize], *slot));
            expected.truncate(length as usize);
            expected.sort_unstable();
            prop_assert_eq!(listed, expected);
        }
    }
}
