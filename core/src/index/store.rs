//! The vectors of an index, and which of its slots are taken.
//!
//! Every index keeps its vectors whole, so they all keep them here. A slot that is freed goes to the head of a list and is
//! the next to be handed out, forever; slots that were never used are handed out in order. Both take constant time.
//! A vector of another length than the store's is cut or filled with zeros: an embedding of the wrong size is a fault
//! of its caller, and a wrong answer there is better than a chip that stops.

use super::Full;
use crate::arena::{Arena, NoRoom};
use crate::kernel::distance::dot;
use crate::meter::{Meter, Op};
use crate::units::Bytes;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The most items that any index holds: a slot and the mark for "none" share 16 bits.
pub const MAX_ITEMS: u32 = 65_534;

/// In [`Store::next`]: the slot holds an item.
const TAKEN: u16 = u16::MAX;

#[derive(Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
struct Header {
    /// Items held.
    len: u32,
    /// Slots that were ever handed out.
    used: u32,
    /// The slot freed last, plus one, or zero.
    free: u32,
}
const _: () = assert!(size_of::<Header>() == 12);

/// Vectors in numbered slots.
#[derive(Debug)]
pub(super) struct Store<'a> {
    dimensions: usize,
    header: &'a mut Header,
    /// `[capacity]`: [`TAKEN`], or the free slot after this one plus one, or zero.
    next: &'a mut [u16],
    /// `[capacity][dimensions] i8`, row-major.
    vectors: &'a mut [i8],
}

impl<'a> Store<'a> {
    pub(super) fn carve(arena: &mut Arena<'a>, capacity: u32, dimensions: u32) -> Result<Self, NoRoom> {
        let elements = capacity.checked_mul(dimensions).filter(|_| capacity <= MAX_ITEMS);
        let no_room = NoRoom { part: "vectors", needs: Bytes(u32::MAX), free: arena.free() };
        let vectors = arena.slice("vectors", elements.ok_or(no_room)?)?;
        let next = arena.slice("slots", capacity)?;
        Ok(Self { dimensions: dimensions as usize, header: arena.one("store header")?, next, vectors })
    }

    pub(super) fn capacity(&self) -> u32 {
        self.next.len() as u32
    }

    pub(super) fn len(&self) -> u32 {
        self.header.len
    }

    /// One past the last slot that was ever taken.
    pub(super) fn end(&self) -> u32 {
        self.header.used.min(self.capacity())
    }

    pub(super) fn is_taken(&self, slot: u32) -> bool {
        self.next.get(slot as usize).is_some_and(|next| *next == TAKEN)
    }

    /// Every taken slot with its vector, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &[i8])> + '_ {
        let rows = self.vectors.chunks_exact(self.dimensions.max(1));
        let taken = self.next.iter().take(self.header.used as usize);
        taken
            .zip(rows)
            .zip(0u32..)
            .filter(|((next, _), _)| **next == TAKEN)
            .map(|((_, row), slot)| (slot, row))
    }

    /// The bytes at `slot`, taken or not; empty out of range.
    #[inline]
    pub(super) fn row(&self, slot: u32) -> &[i8] {
        let start = slot as usize * self.dimensions;
        self.vectors.get(start..start + self.dimensions).unwrap_or(&[])
    }

    /// The dot product of `query` and the vector at `slot`.
    #[inline]
    pub(super) fn similarity<M: Meter>(&self, query: &[i8], slot: u32, meter: &mut M) -> i32 {
        dot(query, self.row(slot), meter)
    }

    /// The dot product of the vectors at two slots.
    #[inline]
    pub(super) fn similarity_of<M: Meter>(&self, a: u32, b: u32, meter: &mut M) -> i32 {
        dot(self.row(a), self.row(b), meter)
    }

    pub(super) fn vector(&self, slot: u32) -> Option<&[i8]> {
        self.is_taken(slot).then(|| self.row(slot))
    }

    /// Takes a slot for `vector`.
    pub(super) fn insert<M: Meter>(&mut self, vector: &[i8], meter: &mut M) -> Result<u32, Full> {
        let full = Full { capacity: self.capacity() };
        let slot = match self.header.free.checked_sub(1) {
            Some(slot) => {
                let next = self.next.get(slot as usize).copied().ok_or(full)?;
                self.header.free = u32::from(next);
                slot
            }
            None if self.header.used < self.capacity() => {
                self.header.used += 1;
                self.header.used - 1
            }
            None => return Err(full),
        };
        *self.next.get_mut(slot as usize).ok_or(full)? = TAKEN;
        self.header.len = self.header.len.saturating_add(1);
        meter.record(Op::Call, 1);
        meter.record(Op::Load, 2);
        meter.record(Op::Store, 3);
        self.set(slot, vector, meter);
        Ok(slot)
    }

    /// Writes `vector` at `slot`, cut or filled with zeros to the store's length.
    pub(super) fn set<M: Meter>(&mut self, slot: u32, vector: &[i8], meter: &mut M) {
        let start = slot as usize * self.dimensions;
        let row = self.vectors.get_mut(start..start + self.dimensions).unwrap_or(&mut []);
        meter.record(Op::Copy, row.len() as u32);
        let common = row.len().min(vector.len());
        let (head, tail) = row.split_at_mut(common);
        head.copy_from_slice(vector.split_at(common).0);
        tail.fill(0);
    }

    /// Frees `slot`; says whether it was taken.
    pub(super) fn release<M: Meter>(&mut self, slot: u32, meter: &mut M) -> bool {
        let Some(next) = self.next.get_mut(slot as usize).filter(|next| **next == TAKEN) else {
            return false;
        };
        *next = self.header.free as u16;
        self.header.free = slot + 1;
        self.header.len = self.header.len.saturating_sub(1);
        meter.record(Op::Call, 1);
        meter.record(Op::Load, 2);
        meter.record(Op::Store, 3);
        true
    }

    pub(super) fn clear(&mut self) {
        *self.header = Header { len: 0, used: 0, free: 0 };
        self.next.fill(0);
    }
}

/// What an index does that keeps its vectors in a field `store`, and calls its own `$changed` with each slot whose vector
/// is another: all but search and clear.
macro_rules! stored {
    ($($changed:ident)?) => {
        fn capacity(&self) -> u32 {
            self.store.capacity()
        }

        fn len(&self) -> u32 {
            self.store.len()
        }

        fn vector(&self, slot: u32) -> Option<&[i8]> {
            self.store.vector(slot)
        }

        fn insert<M: Meter>(&mut self, vector: &[i8], meter: &mut M) -> Result<u32, Full> {
            let slot = self.store.insert(vector, meter)?;
            $(self.$changed(slot, meter);)?
            Ok(slot)
        }

        fn update<M: Meter>(&mut self, slot: u32, vector: &[i8], meter: &mut M) -> bool {
            let taken = self.store.is_taken(slot);
            if taken {
                self.store.set(slot, vector, meter);
                $(self.$changed(slot, meter);)?
            }
            taken
        }

        fn remove<M: Meter>(&mut self, slot: u32, meter: &mut M) -> bool {
            self.store.release(slot, meter)
        }
    };
}
pub(super) use stored;

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    #[test]
    fn a_freed_slot_is_the_next_to_be_taken_for_ever() {
        let mut memory = vec![0u8; 1024];
        let mut store = Store::carve(&mut Arena::new(&mut memory), 3, 4).unwrap();
        for slot in 0..3 {
            assert_eq!(store.insert(&[slot as i8; 4], &mut ()), Ok(slot));
        }
        for round in 0..1000u32 {
            assert_eq!(store.insert(&[0; 4], &mut ()), Err(Full { capacity: 3 }));
            assert!(store.release(round % 3, &mut ()));
            assert!(!store.release(round % 3, &mut ()));
            assert_eq!(store.insert(&[1; 4], &mut ()), Ok(round % 3));
        }
        assert_eq!(store.len(), 3);
    }

    #[test]
    fn a_vector_of_the_wrong_length_is_cut_or_filled() {
        let mut memory = vec![0u8; 1024];
        let mut store = Store::carve(&mut Arena::new(&mut memory), 3, 4).unwrap();
        let slot = store.insert(&[1; 9], &mut ()).unwrap();
        assert_eq!(store.vector(slot), Some([1i8; 4].as_slice()));
        store.set(slot, &[2; 2], &mut ());
        assert_eq!(store.vector(slot), Some([2i8, 2, 0, 0].as_slice()));
        assert_eq!(store.vector(3), None);
    }
}
