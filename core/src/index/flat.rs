//! Exact search: every vector is compared with the query.
//!
//! The default, and the reference that the other indexes are held against. It needs nothing but the vectors, finds the
//! true neighbours, and its cost is the same for every query: one dot product an item.

use super::ranking::Ranking;
use super::store::Store;
use super::{Full, Hit, Index};
use crate::arena::{Arena, NoRoom};
use crate::kernel::distance::dot;
use crate::meter::{Meter, Op};

/// A scan of all vectors: `dimensions + 2` bytes an item, and 12 bytes.
#[derive(Debug)]
pub struct Flat<'a> {
    store: Store<'a>,
}

impl<'a> Flat<'a> {
    /// Takes hold of an index of `capacity` vectors, each `[dimensions] i8`; zeroed bytes are an empty one.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small, or `capacity` is beyond [`super::MOST_ITEMS`].
    pub fn carve(arena: &mut Arena<'a>, capacity: u32, dimensions: u32) -> Result<Self, NoRoom> {
        Ok(Self { store: Store::carve(arena, capacity, dimensions)? })
    }
}

impl Index for Flat<'_> {
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
        self.store.take(vector, meter)
    }

    fn update<M: Meter>(&mut self, slot: u32, vector: &[i8], meter: &mut M) -> bool {
        let taken = self.store.is_taken(slot);
        if taken {
            self.store.set(slot, vector, meter);
        }
        taken
    }

    fn remove<M: Meter>(&mut self, slot: u32, meter: &mut M) -> bool {
        self.store.release(slot, meter)
    }

    fn search<M: Meter>(&self, query: &[i8], _effort: u32, hits: &mut [Hit], meter: &mut M) -> usize {
        scan(&self.store, query, hits, meter)
    }

    fn clear(&mut self) {
        self.store.clear();
    }
}

/// Ranks every vector of `store` by its dot product with `query`; how many `hits` there are.
pub(super) fn scan<M: Meter>(store: &Store<'_>, query: &[i8], hits: &mut [Hit], meter: &mut M) -> usize {
    let mut ranking = Ranking::new(hits);
    meter.record(Op::Compare, store.end());
    for (slot, vector) in store.iter() {
        let similarity = dot(query, vector, meter);
        ranking.offer(Hit { slot, similarity }, meter);
    }
    ranking.len()
}
