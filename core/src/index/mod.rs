//! Nearest-neighbour search over embeddings: one trait, one file an algorithm.
//!
//! An index hands out slots. A role keeps what belongs to an item (its id, its text) in slices of its own at the same
//! slot. Vectors all have the embedder's fixed norm, so the largest dot product is the nearest neighbour.

pub mod binary;
pub mod choice;
pub mod flat;
pub mod hnsw;
#[cfg(test)]
mod model;
pub mod product;
mod ranking;
mod shortlist;
mod store;

pub use choice::{AnyIndex, Choice, Kind};
pub use store::MAX_ITEMS;

use crate::meter::Meter;

/// One search result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hit {
    /// Where the item lies in its index.
    pub slot: u32,
    /// Its dot product with the query: larger is nearer.
    pub similarity: i32,
}

/// Every slot of an index is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full {
    /// How many items it holds.
    pub capacity: u32,
}

/// A set of vectors that finds the nearest to a query.
pub trait Index {
    /// How many items fit.
    fn capacity(&self) -> u32;

    /// How many items it holds.
    fn len(&self) -> u32;

    /// Does it hold nothing?
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The vector at `slot`, `[D] i8`, or `None` where the slot is free.
    fn vector(&self, slot: u32) -> Option<&[i8]>;

    /// Adds `vector`, `[D] i8`, and says which slot it took.
    ///
    /// # Errors
    /// [`Full`] when no slot is free.
    fn insert<M: Meter>(&mut self, vector: &[i8], meter: &mut M) -> Result<u32, Full>;

    /// Puts `vector`, `[D] i8`, instead of the one at `slot`; says whether the slot held an item.
    fn update<M: Meter>(&mut self, slot: u32, vector: &[i8], meter: &mut M) -> bool;

    /// Frees `slot`; says whether it held an item.
    fn remove<M: Meter>(&mut self, slot: u32, meter: &mut M) -> bool;

    /// Fills `hits` with the nearest items to `query`, nearest first, ties by slot, and says how many there are.
    /// `ef_search` is how wide an approximate index searches (`ef_search` of HNSW, the rerank depth of the compressed
    /// ones); an exact index ignores it.
    fn search<M: Meter>(&self, query: &[i8], ef_search: u32, hits: &mut [Hit], meter: &mut M) -> usize;

    /// Removes everything.
    fn clear(&mut self);
}
