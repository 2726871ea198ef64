//! One index or another, chosen at run time, and the rule by which roles choose.

use super::binary::Binary;
use super::flat::Flat;
use super::hnsw::{Hnsw, LEVELS, Shape};
use super::product::ProductQuantizer;
use super::{Full, Hit, Index};
use crate::arena::{Arena, NoRoom};
use crate::embed::DIMENSIONS;
use crate::meter::Meter;

/// The kinds of index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// [`Flat`]
    Flat,
    /// [`Binary`]
    Binary,
    /// [`ProductQuantizer`]
    ProductQuantizer,
    /// [`Hnsw`]
    Hnsw,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 4] = [Kind::Flat, Kind::Binary, Kind::ProductQuantizer, Kind::Hnsw];

    /// The name used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Flat => "flat",
            Kind::Binary => "binary",
            Kind::ProductQuantizer => "product",
            Kind::Hnsw => "hnsw",
        }
    }
}

/// Which index to use, and with what ef_search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The index.
    pub kind: Kind,
    /// The `ef_search` of a search that finds at least 95 of 100 true neighbours among embedded texts.
    pub ef_search: u32,
}

impl Choice {
    /// The index for up to `capacity` items that are searched `queries_per_insert` times for each one that is added.
    ///
    /// It is the index with the least modelled time on the chips, or near it on all of them (`docs/index.md` has the figures,
    /// and a test holds the rule to them). An insert into HNSW costs as much as about ten searches, so it pays only where a store is
    /// read much more than it is written. [`ProductQuantizer`] now and then pauses to learn; where that must not be, take
    /// [`Binary`], with an ef_search of `48 + capacity / 3`.
    pub const fn of(capacity: u32, queries_per_insert: u32) -> Self {
        let is_worth_linking =
            capacity >= 1_000 && queries_per_insert >= 50 || capacity >= 3_500 && queries_per_insert >= 10;
        if capacity < 64 {
            Self { kind: Kind::Flat, ef_search: 0 }
        } else if is_worth_linking {
            Self { kind: Kind::Hnsw, ef_search: 32 }
        } else if capacity < 256 {
            Self { kind: Kind::Binary, ef_search: 48 + capacity / 3 }
        } else {
            Self { kind: Kind::ProductQuantizer, ef_search: 40 + capacity / 24 }
        }
    }
}

/// Is HNSW the index for `capacity` texts that are searched fifty times for each one that is stored? Roles keep to exact search
/// below that: the compressed indexes save milliseconds where the exact one takes few, and miss one neighbour in twenty.
pub const fn is_worth_a_graph(capacity: u32) -> bool {
    matches!(Choice::of(capacity, 50).kind, Kind::Hnsw)
}

/// The `ef_search` with which roles search: three times that at which HNSW finds 98 of 100 true neighbours among embedded texts
/// (`docs/index.md`), since the candidates of a second reading have to be among them.
pub const TEXT_EF_SEARCH: u32 = 96;

/// An index of a kind that is chosen at run time.
#[derive(Debug)]
#[expect(missing_docs, reason = "each variant is the index of its name")]
pub enum AnyIndex<'a> {
    Flat(Flat<'a>),
    Binary(Binary<'a>),
    ProductQuantizer(ProductQuantizer<'a>),
    Hnsw(Hnsw<'a>),
}

impl<'a> AnyIndex<'a> {
    /// Carves an index of `kind`; a kind without candidates or a seed ignores that part of `shape`.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small, or the capacity is beyond [`super::MAX_ITEMS`].
    pub fn carve(arena: &mut Arena<'a>, kind: Kind, shape: Shape) -> Result<Self, NoRoom> {
        let Shape { capacity, dimensions, .. } = shape;
        Ok(match kind {
            Kind::Flat => Self::Flat(Flat::carve(arena, capacity, dimensions)?),
            Kind::Binary => Self::Binary(Binary::carve(arena, capacity, dimensions)?),
            Kind::ProductQuantizer => {
                Self::ProductQuantizer(ProductQuantizer::carve(arena, capacity, dimensions)?)
            }
            Kind::Hnsw => Self::Hnsw(Hnsw::carve(arena, shape)?),
        })
    }

    /// Carves an index of `kind` for `capacity` embedded texts.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small, or the capacity is beyond [`super::MAX_ITEMS`].
    pub fn for_texts(arena: &mut Arena<'a>, kind: Kind, capacity: u32, seed: u32) -> Result<Self, NoRoom> {
        let shape = Shape { capacity, dimensions: DIMENSIONS as u32, max_ef_search: TEXT_EF_SEARCH, seed };
        Self::carve(arena, kind, shape)
    }

    /// How many items are on each level, from layer 0 up; all on layer 0 where it is no graph.
    pub fn levels(&self) -> [u32; LEVELS] {
        let mut levels = [0; LEVELS];
        match self {
            Self::Hnsw(graph) => levels = graph.levels(),
            _ => levels[0] = self.len(),
        }
        levels
    }

    /// Which kind it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Flat(_) => Kind::Flat,
            Self::Binary(_) => Kind::Binary,
            Self::ProductQuantizer(_) => Kind::ProductQuantizer,
            Self::Hnsw(_) => Kind::Hnsw,
        }
    }
}

/// Calls a method of whichever index it is.
macro_rules! each {
    ($any:expr, $index:ident => $call:expr) => {
        match $any {
            AnyIndex::Flat($index) => $call,
            AnyIndex::Binary($index) => $call,
            AnyIndex::ProductQuantizer($index) => $call,
            AnyIndex::Hnsw($index) => $call,
        }
    };
}

impl Index for AnyIndex<'_> {
    fn capacity(&self) -> u32 {
        each!(self, index => index.capacity())
    }

    fn len(&self) -> u32 {
        each!(self, index => index.len())
    }

    fn vector(&self, slot: u32) -> Option<&[i8]> {
        each!(self, index => index.vector(slot))
    }

    #[inline(never)]
    fn insert<M: Meter>(&mut self, vector: &[i8], meter: &mut M) -> Result<u32, Full> {
        each!(self, index => index.insert(vector, meter))
    }

    fn update<M: Meter>(&mut self, slot: u32, vector: &[i8], meter: &mut M) -> bool {
        each!(self, index => index.update(slot, vector, meter))
    }

    #[inline(never)]
    fn remove<M: Meter>(&mut self, slot: u32, meter: &mut M) -> bool {
        each!(self, index => index.remove(slot, meter))
    }

    #[inline(never)]
    fn search<M: Meter>(&self, query: &[i8], ef_search: u32, hits: &mut [Hit], meter: &mut M) -> usize {
        each!(self, index => index.search(query, ef_search, hits, meter))
    }

    fn clear(&mut self) {
        each!(self, index => index.clear());
    }
}
