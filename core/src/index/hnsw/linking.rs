//! Adding a node, and choosing which links to keep.
//!
//! Links are chosen by the heuristic of the paper (algorithm 4, with `keepPrunedConnections`): a candidate is kept if it
//! is nearer to the node than to every candidate kept before it, so that links point in different directions and lead out
//! of a cluster; what room is left goes to the nearest of the others.

use super::candidates::Candidates;
use super::graph::{Graph, ROOT};
use super::layers::{LAYER_0_LINKS, len, slots};
use crate::meter::{Meter, Op};

/// The `efConstruction` of the paper: how many near nodes an insert looks at.
const EF_CONSTRUCTION: u32 = 96;

impl Graph<'_> {
    /// Puts the vector in `slot` into the graph, where it is not.
    pub(super) fn link<M: Meter>(&mut self, slot: u32, candidates: &mut Candidates<'_>, meter: &mut M) {
        if let Some(node) = self.find_equal(self.store.row(slot), meter) {
            return self.join_duplicates(slot, node, meter);
        }
        self.keep_norm(slot, meter);
        let (top, level) = (self.header.entry.checked_sub(1), self.layers.level_of(slot));
        let top = top.map(|entry| self.layers.level_of(entry));
        if top.is_some() {
            self.explore_around(slot, 0, candidates, meter);
            self.join(slot, 0, candidates, meter);
        } else {
            self.set_parent(slot, ROOT);
        }
        self.enter(slot, meter);
        self.offer_landmark(slot, meter);
        for level in 1..=level.min(top.unwrap_or(0)) {
            self.explore_around(slot, level, candidates, meter);
            self.join(slot, level, candidates, meter);
        }
        if top.is_none_or(|top| level > top) {
            self.header.entry = slot + 1;
        }
    }

    /// Fills `candidates` with the nodes of `level` near to the vector in `slot`.
    pub(super) fn explore_around<M: Meter>(
        &self,
        slot: u32,
        level: u32,
        candidates: &mut Candidates<'_>,
        meter: &mut M,
    ) {
        let query = self.query_of(slot);
        let starts = self.starts(query, level, meter);
        self.explore(level, starts, query, EF_CONSTRUCTION, candidates, meter);
    }

    /// Links `slot` with nodes of `candidates` on `level`, in both directions, and gives it a parent on layer 0.
    fn join<M: Meter>(&mut self, slot: u32, level: u32, candidates: &Candidates<'_>, meter: &mut M) {
        let chosen = self.choose(slot, level, candidates, meter);
        let row = self.layers.row_mut(level, slot);
        row.iter_mut().zip(chosen).for_each(|(target, link)| *target = link);
        meter.record(Op::Store, row.len() as u32);
        if level == 0 {
            let parent = candidates.iter().map(|(_, node)| node).find(|node| self.may_adopt(*node, meter));
            let parent = parent.or_else(|| self.willing_below(candidates.get(0)?, slot, meter));
            parent.into_iter().for_each(|parent| self.adopt(slot, parent, meter));
        }
        for node in slots(&chosen) {
            self.connect(level, node, slot, meter);
        }
    }

    /// The links that `slot` should have on `level`, out of the nodes in `candidates`.
    fn choose<M: Meter>(
        &self,
        slot: u32,
        level: u32,
        candidates: &Candidates<'_>,
        meter: &mut M,
    ) -> [u16; LAYER_0_LINKS] {
        let limit = self.layers.row(level, slot).len();
        let mut chosen = [0u16; LAYER_0_LINKS];
        let mut count = 0;
        for wants_diverse in [true, false] {
            for (distance, node) in candidates.iter().filter(|(_, node)| *node != slot) {
                let kept = chosen.get(..count).unwrap_or(&[]);
                if count == limit {
                    break;
                }
                let fits = if wants_diverse {
                    self.is_diverse(node, distance, kept, meter)
                } else {
                    meter.record(Op::Compare, kept.len() as u32);
                    !kept.contains(&(node as u16 + 1))
                };
                if let Some(index) = chosen.get_mut(count).filter(|_| fits) {
                    *index = node as u16 + 1;
                    count += 1;
                }
            }
        }
        chosen
    }

    /// Is `node`, whose distance to the node in question is given, farther from all of `kept`?
    pub(super) fn is_diverse<M: Meter>(&self, node: u32, distance: u32, kept: &[u16], meter: &mut M) -> bool {
        slots(kept).all(|other| {
            meter.record(Op::Compare, 1);
            self.distance_between(node, other, meter) > distance
        })
    }

    /// Adds the link from `from` to `to` on `level`, instead of a worse one where the row is full.
    pub(super) fn connect<M: Meter>(&mut self, level: u32, from: u32, to: u32, meter: &mut M) {
        let row = self.layers.row_mut(level, from);
        let count = len(row);
        meter.record(Op::Compare, 2 * count as u32);
        if from == to || row.contains(&(to as u16 + 1)) {
            return;
        }
        let index = match row.get(count) {
            Some(_) => Some(count),
            None => self.worst_link(level, from, to, meter),
        };
        if let Some(index) = index.and_then(|index| self.layers.row_mut(level, from).get_mut(index)) {
            *index = to as u16 + 1;
            meter.record(Op::Store, 1);
        }
    }

    /// Which link of the full row of `from` should give way to one to `to`, or `None` if that is itself the worst.
    ///
    /// The links that the heuristic would prune, but for their rank among the others, end at the farthest: that one goes.
    fn worst_link<M: Meter>(&self, level: u32, from: u32, to: u32, meter: &mut M) -> Option<usize> {
        let mut ranked = [(u32::MAX, 0u16); LAYER_0_LINKS + 1];
        let links = self.layers.row(level, from).iter().copied().chain([to as u16 + 1]);
        let mut count = 0;
        for (target, link) in ranked.iter_mut().zip(links) {
            *target = (self.distance_between(from, u32::from(link) - 1, meter), link);
            count += 1;
        }
        let ranked = ranked.get_mut(..count)?;
        ranked.sort_unstable();
        meter.record(Op::Compare, (count * 4) as u32);
        let (mut kept, mut diverse) = ([0u16; LAYER_0_LINKS + 1], 0);
        let mut worst = (false, 0u16);
        for (distance, link) in ranked.iter() {
            let node = u32::from(*link) - 1;
            let keeps = self.is_diverse(node, *distance, kept.get(..diverse)?, meter);
            if keeps {
                *kept.get_mut(diverse)? = *link;
                diverse += 1;
            }
            let is_protected = level == 0 && (self.is_child(node, from) || self.is_child(from, node));
            if !is_protected && !keeps >= worst.0 {
                worst = (!keeps, *link);
            }
        }
        self.layers.row(level, from).iter().position(|link| *link == worst.1)
    }
}
