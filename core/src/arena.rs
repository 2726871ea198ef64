//! One byte slice, carved into typed slices: the memory a role lives in.
//!
//! The caller owns the bytes. On a chip they are the RAM that the linker leaves; in the simulator they are exactly as
//! many as that chip has. Carving only computes offsets, it neither reads nor writes the bytes, so the same `carve`
//! function of a structure serves to find out whether it fits, to set it up, and to get its view again at each
//! command: state is bytes in the arena between commands, never a pointer into it.
//!
//! Every carved type is plain data, valid for any bytes (`zerocopy`'s `FromBytes`), and all zeros is its empty state.

use crate::units::Bytes;
use core::fmt;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The alignment an arena's first byte should have; what is missing is skipped and lost.
pub const ALIGNMENT: usize = 16;

/// Plain data that may lie in an arena.
pub trait Plain: FromBytes + IntoBytes + KnownLayout + Immutable {}
impl<T: FromBytes + IntoBytes + KnownLayout + Immutable> Plain for T {}

/// A structure did not fit what was left of an arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRoom {
    /// The part that did not fit.
    pub part: &'static str,
    /// What the part needs, padding included.
    pub needs: Bytes,
    /// What was left.
    pub free: Bytes,
}

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` needs {} of the arena, {} are free", self.part, self.needs, self.free)
    }
}

impl core::error::Error for NoRoom {}

/// Receives each part that is carved, for `mem` and `fit`.
pub trait AllocObserver {
    /// `part` takes `bytes`, padding included.
    fn part(&mut self, part: &'static str, bytes: Bytes);
}

/// A byte slice from which typed slices are taken, front to back.
pub struct Arena<'a> {
    rest: &'a mut [u8],
    observer: Option<&'a mut dyn AllocObserver>,
}

impl fmt::Debug for Arena<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arena").field("free", &self.free()).finish()
    }
}

impl<'a> Arena<'a> {
    /// An arena over all of `memory`.
    pub fn new(memory: &'a mut [u8]) -> Self {
        Self { rest: memory, observer: None }
    }

    /// An arena over all of `memory` that tells `observer` of every part.
    pub fn with_observer(memory: &'a mut [u8], observer: &'a mut dyn AllocObserver) -> Self {
        Self { rest: memory, observer: Some(observer) }
    }

    /// What is left.
    pub fn free(&self) -> Bytes {
        Bytes(u32::try_from(self.rest.len()).unwrap_or(u32::MAX))
    }

    /// All that is left, as bytes.
    pub fn into_rest(self) -> &'a mut [u8] {
        self.rest
    }

    /// Takes `count` values of `T`, holding whatever bytes lie there.
    ///
    /// # Errors
    /// [`NoRoom`] when fewer bytes are left than the padding and the values need; the arena is then spent.
    pub fn slice<T: Plain>(&mut self, part: &'static str, count: u32) -> Result<&'a mut [T], NoRoom> {
        let before = self.free();
        let rest = core::mem::take(&mut self.rest);
        let padding = rest.as_ptr().align_offset(align_of::<T>());
        let count = count as usize;
        let no_room = || {
            let needs = count.saturating_mul(size_of::<T>()).saturating_add(padding);
            NoRoom { part, needs: Bytes(u32::try_from(needs).unwrap_or(u32::MAX)), free: before }
        };
        let aligned = rest.get_mut(padding..).ok_or_else(no_room)?;
        let (taken, rest) = <[T]>::mut_from_prefix_with_elems(aligned, count).map_err(|_| no_room())?;
        self.rest = rest;
        let used = before - self.free();
        if let Some(observer) = self.observer.as_mut() {
            observer.part(part, used);
        }
        Ok(taken)
    }

    /// Takes one value of `T`, holding whatever bytes lie there.
    ///
    /// # Errors
    /// [`NoRoom`] as for [`Arena::slice`].
    pub fn one<T: Plain>(&mut self, part: &'static str) -> Result<&'a mut T, NoRoom> {
        let free = self.free();
        let no_room = NoRoom { part, needs: Bytes(size_of::<T>() as u32), free };
        self.slice(part, 1)?.first_mut().ok_or(no_room)
    }
}

/// The largest `capacity` in `1..=most` for which `fits` holds, if it holds for any; `fits` must be monotonic.
pub fn largest_capacity(most: u32, mut fits: impl FnMut(u32) -> bool) -> Option<u32> {
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = high - (high - low) / 2;
        if fits(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    (low > 0).then_some(low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    #[derive(Default)]
    struct Parts(Vec<(&'static str, u32)>);
    impl AllocObserver for Parts {
        fn part(&mut self, part: &'static str, bytes: Bytes) {
            self.0.push((part, bytes.get()));
        }
    }

    #[test]
    fn parts_are_disjoint_aligned_and_keep_their_bytes() {
        let mut memory = vec![0u8; 64];
        let mut arena = Arena::new(&mut memory);
        let bytes: &mut [u8] = arena.slice("bytes", 3).unwrap();
        let words: &mut [u32] = arena.slice("words", 2).unwrap();
        bytes.fill(7);
        words.fill(u32::MAX);
        assert_eq!(words.as_ptr().align_offset(4), 0);
        assert_eq!(bytes, [7, 7, 7]);
        let mut again = Arena::new(&mut memory);
        assert_eq!(again.slice::<u8>("bytes", 3).unwrap(), [7, 7, 7]);
        assert_eq!(again.slice::<u32>("words", 2).unwrap(), [u32::MAX; 2]);
    }

    #[test]
    fn what_does_not_fit_says_by_how_much() {
        let mut memory = vec![0u8; 10];
        let error = Arena::new(&mut memory).slice::<u64>("links", 2).unwrap_err();
        assert_eq!((error.part, error.free), ("links", Bytes(10)));
        assert!(error.needs >= Bytes(16));
        assert!(Arena::new(&mut memory).slice::<u64>("all", u32::MAX).is_err());
    }

    #[test]
    fn the_ledger_accounts_for_every_byte() {
        let mut memory = vec![0u8; 100];
        let mut parts = Parts::default();
        let mut arena = Arena::with_observer(&mut memory, &mut parts);
        arena.slice::<u8>("a", 5).unwrap();
        arena.slice::<u32>("b", 4).unwrap();
        let used = 100 - arena.free().get();
        assert_eq!(parts.0.iter().map(|(_, bytes)| bytes).sum::<u32>(), used);
    }

    proptest! {
        #[test]
        fn largest_capacity_finds_the_last_that_fits(limit in 0u32..500, most in 0u32..500) {
            let found = largest_capacity(most, |capacity| capacity <= limit);
            prop_assert_eq!(found, Some(limit.min(most)).filter(|found| *found > 0));
        }
    }
}
