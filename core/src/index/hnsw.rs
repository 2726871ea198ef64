//! Hierarchical navigable small worlds: search that looks at few of the vectors.
//!
//! Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using hierarchical navigable small world
//! graphs" (2016), with M = 8, for the memory of a chip: 16-bit links in rows of fixed size, no pointer, no recursion.
//! Some things are other than in the paper, and keep every item findable forever:
//! - equal vectors share one node, so copies cannot use up each other's links, and a hash table leads from a vector to its
//!   node: an item that is asked for by its own vector is found whatever the graph is like;
//! - a spanning tree of links between near nodes is never pruned, so the graph is always of one piece: a search with as many candidates
//!   as the index has nodes is exact;
//! - a search also starts from the nearest of a few landmarks, so clusters far from all others are entered;
//! - a node that goes is taken out of all rows, not marked, and the nodes around it are linked again.

mod candidates;
mod directory;
mod duplicates;
mod graph;
mod landmarks;
mod layers;
mod linking;
mod removal;
mod tree;

use super::ranking::Ranking;
use super::{Full, Hit, Index};
use crate::arena::{Arena, NoRoom};
use crate::meter::Meter;
use candidates::Candidates;
use core::cell::RefCell;
use graph::{Graph, Query};

/// There is always room for as many candidates: an insert needs neighbours to choose from.
pub const MIN_EF_SEARCH: u32 = 96;

/// The most levels of a graph, layer 0 included.
pub const LEVELS: usize = layers::HIGHEST as usize + 1;

/// The measures of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The most items, up to [`super::MAX_ITEMS`].
    pub capacity: u32,
    /// Elements of a vector.
    pub dimensions: u32,
    /// The most candidates that a search may ask for: the limit of its `ef_search`, and of the distinct vectors among its hits.
    /// At least [`MIN_EF_SEARCH`] is carved.
    pub max_ef_search: u32,
    /// Decides which slots are on the upper layers.
    pub seed: u32,
}

/// A graph of near vectors: `dimensions + 46` bytes an item (110 for 64 dimensions), and 4 bytes for each candidate
/// and 16. The 46 are 32 for the links on layer 0, 2.3 for those above it, 11 for the slot, the norm, the parent, the duplicate
/// and the hash chains, a quarter for marks, and what the landmarks take.
///
/// `ef_search` is the width of the search, as in the paper. Similarities are compared in 16 bits: among vectors of a norm
/// above 181 (the embedder's have 127) near ones may not be distinguished, and the search is only exact where there are as many
/// candidates as nodes.
#[derive(Debug)]
pub struct Hnsw<'a> {
    graph: Graph<'a>,
    candidates: RefCell<Candidates<'a>>,
}

impl<'a> Hnsw<'a> {
    /// Carves an index of this shape; zeroed bytes are an empty one.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small, or the capacity is beyond [`super::MAX_ITEMS`].
    pub fn carve(arena: &mut Arena<'a>, shape: Shape) -> Result<Self, NoRoom> {
        let graph = Graph::carve(arena, shape.capacity, shape.dimensions, shape.seed)?;
        let candidates = Candidates::carve(arena, shape.capacity, shape.max_ef_search.max(MIN_EF_SEARCH))?;
        Ok(Self { graph, candidates: RefCell::new(candidates) })
    }

    /// How many items are on each level, from layer 0 up.
    pub fn levels(&self) -> [u32; LEVELS] {
        let mut levels = [0; LEVELS];
        for slot in (0..self.capacity()).filter(|slot| self.graph.store.is_taken(*slot)) {
            let reached = self.graph.layers.level_of(slot) as usize;
            levels.iter_mut().take(reached + 1).for_each(|count| *count += 1);
        }
        levels
    }

    /// Ranks `node` and its duplicates.
    fn offer<M: Meter>(
        &self,
        query: &[i8],
        distance: u32,
        node: u32,
        ranking: &mut Ranking<'_>,
        meter: &mut M,
    ) {
        let similarity = Query::similarity(distance);
        let similarity = similarity.unwrap_or_else(|| self.graph.store.similarity(query, node, meter));
        ranking.offer(Hit { slot: node, similarity }, meter);
        let mut duplicates = self.graph.duplicates(node);
        while duplicates.next().is_some_and(|slot| ranking.offer(Hit { slot, similarity }, meter)) {}
    }
}

impl Index for Hnsw<'_> {
    fn capacity(&self) -> u32 {
        self.graph.store.capacity()
    }

    fn len(&self) -> u32 {
        self.graph.store.len()
    }

    fn vector(&self, slot: u32) -> Option<&[i8]> {
        self.graph.store.vector(slot)
    }

    fn insert<M: Meter>(&mut self, vector: &[i8], meter: &mut M) -> Result<u32, Full> {
        let slot = self.graph.store.insert(vector, meter)?;
        self.graph.link(slot, self.candidates.get_mut(), meter);
        Ok(slot)
    }

    fn update<M: Meter>(&mut self, slot: u32, vector: &[i8], meter: &mut M) -> bool {
        let taken = self.graph.store.is_taken(slot);
        if taken {
            let candidates = self.candidates.get_mut();
            self.graph.unlink(slot, candidates, meter);
            self.graph.store.set(slot, vector, meter);
            self.graph.link(slot, candidates, meter);
        }
        taken
    }

    fn remove<M: Meter>(&mut self, slot: u32, meter: &mut M) -> bool {
        let taken = self.graph.store.is_taken(slot);
        if taken {
            self.graph.unlink(slot, self.candidates.get_mut(), meter);
            self.graph.store.release(slot, meter);
        }
        taken
    }

    fn search<M: Meter>(&self, query: &[i8], ef_search: u32, hits: &mut [Hit], meter: &mut M) -> usize {
        let Ok(mut candidates) = self.candidates.try_borrow_mut() else { return 0 };
        let target = Query::Dot(query);
        let starts = match self.graph.find_equal(query, meter) {
            Some(equal) => [Some(equal), None],
            None => self.graph.starts(target, 0, meter),
        };
        let width = ef_search.max(u32::try_from(hits.len()).unwrap_or(u32::MAX)).min(candidates.limit());
        self.graph.explore(0, starts, target, width, &mut candidates, meter);
        let mut ranking = Ranking::new(hits);
        for (distance, node) in candidates.iter() {
            self.offer(query, distance, node, &mut ranking, meter);
        }
        ranking.len()
    }

    fn clear(&mut self) {
        self.graph.clear();
    }
}

#[cfg(test)]
mod tests;
