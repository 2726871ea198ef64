//! The latest readings of a channel, addressed by age.

use crate::arena::{Arena, NoRoom};
use crate::meter::{Meter, Op};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Reports that `readings` of a ring were added up: each is looked for by its age.
pub(super) fn record_sum<M: Meter>(readings: u32, meter: &mut M) {
    meter.record(Op::Load, readings);
    meter.record(Op::Alu, 13 * readings);
}

/// Where a ring stands. All zeros: empty.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub(super) struct RingState {
    len: u32,
    latest: u32,
}
const _: () = assert!(size_of::<RingState>() == 8);

/// The latest readings. `values`: `[capacity] i32`.
#[derive(Debug)]
pub(super) struct Ring<'a> {
    state: &'a mut RingState,
    values: &'a mut [i32],
}

impl<'a> Ring<'a> {
    /// Carves a ring of `capacity` readings.
    pub fn carve(arena: &mut Arena<'a>, capacity: u32) -> Result<Self, NoRoom> {
        Ok(Self { state: arena.one("ring-state")?, values: arena.slice("readings", capacity)? })
    }

    /// How many readings it holds.
    pub fn len(&self) -> usize {
        (self.state.len as usize).min(self.values.len())
    }

    #[inline(always)]
    fn slot(&self, age: usize) -> usize {
        let latest = self.state.latest as usize;
        if age <= latest { latest - age } else { (latest + self.values.len()).wrapping_sub(age) }
    }

    /// The reading `age` samples before the latest; zero where there is none.
    #[inline(always)]
    pub fn value(&self, age: usize) -> i32 {
        self.values.get(self.slot(age)).copied().unwrap_or(0)
    }

    /// The sum of the readings with these ages.
    pub fn sum(&self, ages: core::ops::Range<usize>) -> i64 {
        ages.map(|age| i64::from(self.value(age))).sum()
    }

    /// Takes in a reading; the oldest leaves a full ring.
    pub fn push(&mut self, value: i32) {
        let capacity = self.values.len() as u32;
        let next = self.state.latest.wrapping_add(u32::from(self.state.len > 0));
        self.state.latest = if next < capacity { next } else { 0 };
        self.state.len = self.state.len.saturating_add(1).min(capacity);
        if let Some(slot) = self.values.get_mut(self.state.latest as usize) {
            *slot = value;
        }
    }

    /// Replaces every reading by what `change` makes of it.
    pub fn change(&mut self, change: impl Fn(i32) -> i32) {
        self.values.iter_mut().for_each(|value| *value = change(*value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    #[test]
    fn readings_are_found_by_age() {
        let mut memory = vec![0u8; 64];
        for value in 0..10 {
            Ring::carve(&mut Arena::new(&mut memory), 4).unwrap().push(value);
        }
        let mut ring = Ring::carve(&mut Arena::new(&mut memory), 4).unwrap();
        assert_eq!([0, 1, 2, 3].map(|age| ring.value(age)), [9, 8, 7, 6]);
        assert_eq!((ring.sum(0..4), ring.sum(1..3)), (30, 15));
        ring.change(|value| value / 2);
        assert_eq!([0, 1, 2, 3].map(|age| ring.value(age)), [4, 4, 3, 3]);
    }
}
