//! The latest readings of a channel, addressed by age, and which of them may serve as examples.
//!
//! Beside each reading lies how many readings up to it, itself included, were judged normal in a row; zero marks an
//! anomaly. A pattern may be matched against only if it lies within such a run.

use crate::arena::{Arena, NoRoom};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Where a ring stands. All zeros: empty.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub(super) struct RingState {
    len: u32,
    latest: u32,
    anomalous: u32,
}
const _: () = assert!(size_of::<RingState>() == 12);

/// The latest readings. `values`: `[capacity] i32`, `clean`: `[capacity] u8`.
#[derive(Debug)]
pub(super) struct Ring<'a> {
    state: &'a mut RingState,
    values: &'a mut [i32],
    clean: &'a mut [u8],
}

impl<'a> Ring<'a> {
    /// Takes hold of a ring of `capacity` readings.
    pub fn carve(arena: &mut Arena<'a>, capacity: u32) -> Result<Self, NoRoom> {
        Ok(Self {
            state: arena.one("ring-state")?,
            values: arena.slice("readings", capacity)?,
            clean: arena.slice("clean-runs", capacity)?,
        })
    }

    /// How many readings it holds.
    pub fn len(&self) -> usize {
        (self.state.len as usize).min(self.values.len())
    }

    /// How many of the readings it holds were judged anomalous.
    pub fn anomalous(&self) -> u32 {
        self.state.anomalous
    }

    #[inline(always)]
    fn place(&self, age: usize) -> usize {
        let latest = self.state.latest as usize;
        if age <= latest { latest - age } else { (latest + self.values.len()).wrapping_sub(age) }
    }

    /// The reading `age` samples before the latest; zero where there is none.
    #[inline(always)]
    pub fn value(&self, age: usize) -> i32 {
        self.values.get(self.place(age)).copied().unwrap_or(0)
    }

    /// How many readings in a row, up to the one of this age, were judged normal; counts to 255.
    #[inline(always)]
    pub fn clean_run(&self, age: usize) -> usize {
        usize::from(self.clean.get(self.place(age)).copied().unwrap_or(0))
    }

    /// Takes in a reading, normal until it is marked; the oldest leaves a full ring.
    pub fn push(&mut self, value: i32) {
        let capacity = self.values.len() as u32;
        let run = if self.state.len == 0 { 0 } else { self.clean_run(0) };
        let next = self.state.latest.wrapping_add(u32::from(self.state.len > 0));
        self.state.latest = if next < capacity { next } else { 0 };
        let latest = self.state.latest as usize;
        if self.state.len >= capacity {
            let leaves = self.clean.get(latest) == Some(&0);
            self.state.anomalous = self.state.anomalous.saturating_sub(u32::from(leaves));
        }
        self.state.len = self.state.len.saturating_add(1).min(capacity);
        if let (Some(slot), Some(clean)) = (self.values.get_mut(latest), self.clean.get_mut(latest)) {
            *slot = value;
            *clean = u8::try_from(run + 1).unwrap_or(u8::MAX);
        }
    }

    /// Marks the latest reading as an anomaly.
    pub fn mark(&mut self) {
        let latest = self.state.latest as usize;
        if let Some(clean) = self.clean.get_mut(latest) {
            *clean = 0;
            self.state.anomalous = self.state.anomalous.saturating_add(1);
        }
    }

    /// Takes every reading for normal.
    pub fn absolve(&mut self) {
        self.clean.fill(u8::MAX);
        self.state.anomalous = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    #[test]
    fn readings_are_found_by_age_and_runs_end_at_a_mark() {
        let mut memory = vec![0u8; 64];
        for value in 0..10 {
            let mut ring = Ring::carve(&mut Arena::new(&mut memory), 4).unwrap();
            ring.push(value);
            if value == 8 {
                ring.mark();
            }
        }
        let mut ring = Ring::carve(&mut Arena::new(&mut memory), 4).unwrap();
        assert_eq!([0, 1, 2, 3].map(|age| ring.value(age)), [9, 8, 7, 6]);
        assert_eq!([0, 1, 2].map(|age| ring.clean_run(age)), [1, 0, 8]);
        assert_eq!(ring.anomalous(), 1);
        for value in 0..4 {
            ring.push(value);
        }
        assert_eq!(ring.anomalous(), 0, "the mark left with its reading");
    }
}
