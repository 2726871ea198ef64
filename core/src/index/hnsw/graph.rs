//! The graph of the index, and how it is searched.
//!
//! Between operations this holds:
//! - the nodes are the distinct vectors; a vector that is there already becomes the duplicate of its node, on a chain in the
//!   order of its slot, and has no links of its own: a thousand equal items are one node of the graph, not a trap in it;
//! - every node but one, the root, has a parent, and node and parent link to each other on layer 0; these links
//!   are never pruned, so every node is reached from every other.

use super::candidates::{Candidates, FARTHEST};
use super::landmarks::{self, Landmark};
use super::layers::{Layers, slots};
use crate::arena::{Arena, NoRoom};
use crate::index::store::Store;
use crate::meter::{Meter, Op};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout};

/// In [`Graph::parents`]: a node without a parent that everything descends from.
pub(super) const ROOT: u16 = u16::MAX;

#[derive(Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub(super) struct Header {
    /// The slot where a search begins, plus one, or zero.
    pub(super) entry: u32,
}
const _: () = assert!(size_of::<Header>() == 4);

/// The dot product that counts as no distance at all: with vectors of norm up to 181, none reaches it.
const NEAREST: i32 = 1 << 15;

/// What is searched for, and what "near" means.
#[derive(Clone, Copy, Debug)]
pub(super) enum Query<'q> {
    /// By dot product, as the caller of a search wants it.
    Dot(&'q [i8]),
    /// By Euclidean distance from a stored vector with this squared norm: that is a metric, as the choice of links needs it,
    /// and nothing but an equal vector is at distance zero.
    Euclidean(&'q [i8], i32),
}

impl Query<'_> {
    /// The dot product that `distance` was made of, if it can be told.
    pub(super) fn similarity(distance: u32) -> Option<i32> {
        (1..FARTHEST).contains(&distance).then(|| NEAREST - distance as i32)
    }
}

/// Vectors, links, and the tree that keeps them together.
#[derive(Debug)]
pub(super) struct Graph<'a> {
    pub(super) store: Store<'a>,
    pub(super) header: &'a mut Header,
    pub(super) layers: Layers<'a>,
    /// `[sqrt(capacity)]`
    pub(super) landmarks: &'a mut [Landmark],
    /// `[capacity]`: the squared norms of the vectors; `u16::MAX` where it is that or more.
    norms: &'a mut [u16],
    /// `[capacity]`: the slot of the parent plus one, [`ROOT`], or zero where there is no node. Of a duplicate: of its node.
    pub(super) parents: &'a mut [u16],
    /// `[capacity]`: the slot of the next duplicate plus one, or zero.
    pub(super) duplicates: &'a mut [u16],
    /// `[capacity / 2]`: the first node of each chain of the directory, plus one, or zero.
    pub(super) chains: &'a mut [u16],
    /// `[capacity]`: the next node of its chain, plus one, or zero.
    pub(super) chained: &'a mut [u16],
}

impl<'a> Graph<'a> {
    pub(super) fn carve(
        arena: &mut Arena<'a>,
        capacity: u32,
        dimensions: u32,
        seed: u32,
    ) -> Result<Self, NoRoom> {
        let store = Store::carve(arena, capacity, dimensions)?;
        let layers = Layers::carve(arena, capacity, seed)?;
        let norms = arena.slice("norms", capacity)?;
        let landmarks = landmarks::carve(arena, capacity)?;
        let parents = arena.slice("parents", capacity)?;
        let duplicates = arena.slice("duplicates", capacity)?;
        let chains = arena.slice("chains", capacity.div_ceil(2))?;
        let chained = arena.slice("chained", capacity)?;
        let header = arena.one("graph header")?;
        Ok(Self { store, header, layers, landmarks, norms, parents, duplicates, chains, chained })
    }

    /// Writes down the norm of the vector in `slot`.
    pub(super) fn keep_norm<M: Meter>(&mut self, slot: u32, meter: &mut M) {
        let norm = self.store.similarity_of(slot, slot, meter);
        if let Some(index) = self.norms.get_mut(slot as usize) {
            *index = u16::try_from(norm).unwrap_or(u16::MAX);
        }
    }

    /// The squared norm of the vector in `slot`.
    #[inline]
    pub(super) fn norm(&self, slot: u32) -> i32 {
        match self.norms.get(slot as usize) {
            Some(norm) if *norm < u16::MAX => i32::from(*norm),
            _ => self.store.similarity_of(slot, slot, &mut ()),
        }
    }

    /// How far the vector in `slot` is from `query`.
    #[inline]
    pub(super) fn distance<M: Meter>(&self, query: Query<'_>, slot: u32, meter: &mut M) -> u32 {
        let distance = match query {
            Query::Dot(vector) => NEAREST - self.store.similarity(vector, slot, meter),
            Query::Euclidean(vector, norm) => {
                meter.record(Op::Load, 1);
                norm + self.norm(slot) - 2 * self.store.similarity(vector, slot, meter)
            }
        };
        meter.record(Op::Alu, 2);
        distance.max(0) as u32
    }

    /// The squared Euclidean distance between the vectors in two slots.
    #[inline]
    pub(super) fn distance_between<M: Meter>(&self, a: u32, b: u32, meter: &mut M) -> u32 {
        meter.record(Op::Load, 1);
        self.distance(self.query_of(a), b, meter)
    }

    /// The vector in `slot` as a query.
    pub(super) fn query_of(&self, slot: u32) -> Query<'_> {
        Query::Euclidean(self.store.row(slot), self.norm(slot))
    }

    pub(super) fn parent(&self, slot: u32) -> u16 {
        self.parents.get(slot as usize).copied().unwrap_or(0)
    }

    pub(super) fn set_parent(&mut self, slot: u32, parent: u16) {
        if let Some(index) = self.parents.get_mut(slot as usize) {
            *index = parent;
        }
    }

    pub(super) fn is_child(&self, slot: u32, of: u32) -> bool {
        u32::from(self.parent(slot)) == of + 1
    }

    /// The duplicates of the node in `slot`, in the order of their slots; of a duplicate, those after it.
    pub(super) fn duplicates(&self, slot: u32) -> impl Iterator<Item = u32> + '_ {
        let next =
            |slot: u32| self.duplicates.get(slot as usize).and_then(|next| u32::from(*next).checked_sub(1));
        core::iter::successors(next(slot), move |slot| next(*slot)).take(self.duplicates.len())
    }

    /// The node nearest to `query` that a greedy walk finds, down to the layer above `level`.
    pub(super) fn descend<M: Meter>(&self, query: Query<'_>, level: u32, meter: &mut M) -> Option<u32> {
        let mut nearest = self.header.entry.checked_sub(1)?;
        let top = self.layers.level_of(nearest);
        if top <= level {
            return Some(nearest);
        }
        let mut best = self.distance(query, nearest, meter);
        for level in (level + 1..=top).rev() {
            loop {
                let from = nearest;
                for slot in slots(self.layers.row(level, from)) {
                    meter.record(Op::Load, 1);
                    meter.record(Op::Compare, 1);
                    let distance = self.distance(query, slot, meter);
                    if distance < best {
                        (best, nearest) = (distance, slot);
                    }
                }
                if nearest == from {
                    break;
                }
            }
        }
        Some(nearest)
    }

    /// Fills `candidates` with the `width` nodes of `level` nearest to `query` that are found from `starts`.
    pub(super) fn explore<M: Meter>(
        &self,
        level: u32,
        starts: [Option<u32>; 2],
        query: Query<'_>,
        width: u32,
        candidates: &mut Candidates<'_>,
        meter: &mut M,
    ) {
        candidates.start(width, meter);
        for start in starts.into_iter().flatten() {
            if candidates.see(start) {
                candidates.offer(self.distance(query, start, meter), start, meter);
            }
        }
        let mut position = 0;
        while let Some(node) = candidates.get(position) {
            meter.record(Op::Load, 2);
            if !candidates.expand(node) {
                position += 1;
                continue;
            }
            let first = self.expand(slots(self.layers.row(level, node)), query, candidates, meter);
            position = first.min(position + 1);
        }
    }

    /// Offers the new ones of `nodes` to `candidates`; the first position where one was placed.
    #[inline]
    fn expand<M: Meter>(
        &self,
        nodes: impl Iterator<Item = u32>,
        query: Query<'_>,
        candidates: &mut Candidates<'_>,
        meter: &mut M,
    ) -> usize {
        let mut first = usize::MAX;
        for slot in nodes {
            meter.record(Op::Link, 1);
            if candidates.see(slot) {
                meter.record(Op::Store, 1);
                let distance = self.distance(query, slot, meter);
                first = candidates.offer(distance, slot, meter).unwrap_or(usize::MAX).min(first);
            }
        }
        first
    }

    /// Where to start searching for `query` on `level`: near to it by the layers and, on layer 0, by the landmarks.
    pub(super) fn starts<M: Meter>(&self, query: Query<'_>, level: u32, meter: &mut M) -> [Option<u32>; 2] {
        let landmark = if level == 0 { self.nearest_landmark(query, usize::MAX, meter) } else { None };
        [self.descend(query, level, meter), landmark.map(|(_, slot)| slot)]
    }

    pub(super) fn clear(&mut self) {
        self.store.clear();
        self.layers.clear();
        self.landmarks.zero();
        self.parents.fill(0);
        self.duplicates.fill(0);
        self.chains.fill(0);
        self.chained.fill(0);
        self.header.entry = 0;
    }
}
