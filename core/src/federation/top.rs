//! The best results of many chips, each item once.
//!
//! The order is total: greater score first, then the lower name. So the best of the best of the parts are the best of
//! the whole, in whichever order the parts come, and however often.

use crate::item::ItemId;
use crate::limits::MAX_RESULTS;
use crate::meter::{Meter, Op};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// One result and who has it. All zeros: unused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Found {
    item: ItemId,
    /// More is better.
    pub score: i32,
    /// A chip that holds it.
    pub holder: u16,
    /// Another, or the same.
    pub second: u16,
}
const _: () = assert!(size_of::<Found>() == 20);

impl Found {
    /// The result that chip `holder` gave.
    pub fn new(item: ItemId, score: i32, holder: u16) -> Self {
        Self { item, score, holder, second: holder }
    }

    /// The item.
    pub fn item(&self) -> ItemId {
        self.item
    }

    fn precedes(&self, other: &Found) -> bool {
        (self.score, other.item()) > (other.score, self.item())
    }
}

/// The best results so far, at the front of `found`.
#[derive(Debug)]
pub struct Top<'t> {
    found: &'t mut [Found],
    length: &'t mut u8,
}

impl<'t> Top<'t> {
    /// Keeps the best in `found`, at most `limit`; `length` says how many there are.
    pub fn new(found: &'t mut [Found], length: &'t mut u8, limit: u8) -> Self {
        let limit = usize::from(limit).min(found.len()).min(MAX_RESULTS);
        Self { found: found.split_at_mut(limit).0, length }
    }

    /// Offers a result.
    pub fn offer<M: Meter>(&mut self, result: Found, meter: &mut M) {
        let length = usize::from(*self.length).min(self.found.len());
        meter.record(Op::Compare, 1);
        let full = length == self.found.len();
        let last = length.min(self.found.len().saturating_sub(1));
        let kept = self.found.get_mut(..length).unwrap_or_default();
        // Most of what is offered is worse than all that is kept.
        if full && !kept.last().is_some_and(|last| result.precedes(last) || result.item() == last.item()) {
            if let Some(known) = kept.iter_mut().find(|other| other.item() == result.item()) {
                known.second = result.holder;
            }
            return;
        }
        meter.record(Op::Compare, length as u32);
        let known = kept.iter().position(|other| other.item() == result.item());
        let (end, mut result) = (known.unwrap_or(last), result);
        if let Some(known) = known.and_then(|known| kept.get_mut(known)) {
            known.second = result.holder;
            if known.score >= result.score {
                return;
            }
            result.second = known.holder;
        }
        let slot = kept.iter().take(end).position(|other| result.precedes(other)).unwrap_or(end);
        meter.record(Op::Copy, ((end - slot) * size_of::<Found>()) as u32);
        if let Some(tail) = self.found.get_mut(slot..=end) {
            tail.rotate_right(1);
            if let Some(first) = tail.first_mut() {
                *first = result;
            }
        }
        if known.is_none() {
            *self.length = (length + 1).min(self.found.len()) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::vec::Vec;

    proptest! {
        #[test]
        fn keeps_what_sorting_each_item_once_would(
            offers in proptest::collection::vec((0u32..40, -5i32..5, 1u16..4), 0..120), limit in 0u8..20
        ) {
            let (mut found, mut length) = ([Found::default(); MAX_RESULTS], 0);
            let mut best: BTreeMap<u32, i32> = BTreeMap::new();
            for (number, score, holder) in offers {
                let item = ItemId { origin: 1, boot: 1, count: number, ..ItemId::default() };
                Top::new(&mut found, &mut length, limit).offer(Found::new(item, score, holder), &mut ());
                let kept = best.entry(number).or_insert(score);
                *kept = (*kept).max(score);
            }
            let mut all: Vec<(i32, u32)> = best.into_iter().map(|(number, score)| (-score, number)).collect();
            all.sort_unstable();
            all.truncate(usize::from(limit).min(MAX_RESULTS));
            let kept: Vec<(i32, u32)> =
                found[..usize::from(length)].iter().map(|found| (-found.score, found.item.count)).collect();
            prop_assert_eq!(kept, all);
        }
    }
}
