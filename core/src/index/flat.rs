//! Exact search: every vector is compared with the query.
//!
//! The default, and the reference that the other indexes are held against. It needs nothing but the vectors, finds the
//! true neighbours, and its cost is the same for every query: one dot product an item.

use super::ranking::Ranking;
use super::store::{Store, stored};
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
    /// Carves an index of `capacity` vectors, each `[dimensions] i8`; zeroed bytes are an empty one.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small, or `capacity` is beyond [`super::MAX_ITEMS`].
    pub fn carve(arena: &mut Arena<'a>, capacity: u32, dimensions: u32) -> Result<Self, NoRoom> {
        Ok(Self { store: Store::carve(arena, capacity, dimensions)? })
    }
}

impl Index for Flat<'_> {
    stored!();

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
