//! Taking a node out of the graph, and closing the gap.
//!
//! The links are not kept in both directions, so the nodes that link to the one that goes are found by looking through all
//! rows; on a chip that costs about as much as a search. Each of them gets the best of the links that the node had, and the
//! children of the node get new parents. What is left satisfies all that holds between operations, so the index can be
//! filled and emptied forever.

use super::candidates::Candidates;
use super::graph::{Graph, ROOT};
use super::layers::{LAYER_0_LINKS, Layers, slots};
use crate::meter::{Meter, Op};

impl Graph<'_> {
    /// Takes the item in `slot` out of the graph; its vector stays.
    pub(super) fn unlink<M: Meter>(&mut self, slot: u32, candidates: &mut Candidates<'_>, meter: &mut M) {
        if self.is_duplicate(slot) {
            return self.leave_duplicates(slot, meter);
        }
        let duplicate = self.take_duplicates(slot);
        self.remove_node(slot, candidates, meter);
        let Some(heir) = duplicate else { return };
        let rest = self.take_duplicates(heir);
        self.set_parent(heir, 0);
        self.link(heir, candidates, meter);
        let mut next = rest;
        while let Some(duplicate) = next {
            next = self.take_duplicates(duplicate);
            self.join_duplicates(duplicate, heir, meter);
        }
    }

    fn remove_node<M: Meter>(&mut self, slot: u32, candidates: &mut Candidates<'_>, meter: &mut M) {
        let lost = *self.layers.layer_0(slot);
        let parent = self.parent(slot);
        self.strike(slot, meter);
        self.layers.row_mut(0, slot).fill(0);
        self.layers.forget_above(slot);
        meter.record(Op::Compare, 8 * self.layers.upper_rows());
        self.set_parent(slot, 0);
        self.replace_landmark(slot, slots(&lost).next(), meter);
        let orphans = self.orphan_children(slot, &lost);
        let mut orphans = slots(&orphans);
        let home = if parent == ROOT { orphans.next() } else { u32::from(parent).checked_sub(1) };
        if let Some(root) = home.filter(|_| parent == ROOT) {
            self.set_parent(root, ROOT);
        }
        self.repair_all_links(slot, &lost, meter);
        if self.header.entry == slot + 1 {
            self.header.entry = self.highest(meter).map_or(0, |node| node + 1);
        }
        for orphan in orphans {
            self.reattach(orphan, home, candidates, meter);
        }
    }

    /// The nodes of `lost` whose parent was `slot`, as links; they have none now.
    fn orphan_children(&mut self, slot: u32, lost: &[u16; LAYER_0_LINKS]) -> [u16; LAYER_0_LINKS] {
        let mut orphans = [0; LAYER_0_LINKS];
        let mut indices = orphans.iter_mut();
        for child in slots(lost).filter(|child| self.is_child(*child, slot)) {
            indices.next().into_iter().for_each(|index| *index = child as u16 + 1);
        }
        slots(&orphans).for_each(|child| self.set_parent(child, 0));
        orphans
    }

    /// Gives every node that links to `slot` another link, out of those that it had.
    fn repair_all_links<M: Meter>(&mut self, slot: u32, lost: &[u16; LAYER_0_LINKS], meter: &mut M) {
        let end = self.store.end();
        meter.record(Op::Compare, LAYER_0_LINKS as u32 * end);
        for node in 0..end {
            if Layers::drop_link(self.layers.row_mut(0, node), slot) {
                self.repair_links(node, lost, meter);
            }
        }
    }

    fn repair_links<M: Meter>(&mut self, node: u32, lost: &[u16; LAYER_0_LINKS], meter: &mut M) {
        let row = self.layers.layer_0(node);
        let others = slots(lost).filter(|other| *other != node && !row.contains(&(*other as u16 + 1)));
        let mut best = (true, u32::MAX, 0);
        for other in others {
            meter.record(Op::Compare, LAYER_0_LINKS as u32);
            let distance = self.distance_between(node, other, meter);
            let is_diverse = self.is_diverse(other, distance, row, meter);
            best = best.min((!is_diverse, distance, other + 1));
        }
        if let Some(other) = best.2.checked_sub(1) {
            self.connect(0, node, other, meter);
        }
    }

    /// Finds a parent for `orphan` in the tree that `home` is part of.
    fn reattach<M: Meter>(
        &mut self,
        orphan: u32,
        home: Option<u32>,
        candidates: &mut Candidates<'_>,
        meter: &mut M,
    ) {
        self.explore_around(orphan, 0, candidates, meter);
        let mut near = candidates.iter().map(|(_, node)| node);
        let near = near.find(|node| self.may_adopt(*node, meter) && self.has_root(*node, meter));
        let parent = near.or_else(|| self.willing_below(home?, orphan, meter));
        parent.into_iter().for_each(|parent| self.adopt(orphan, parent, meter));
    }

    /// A node on the highest layer that has any.
    fn highest<M: Meter>(&self, meter: &mut M) -> Option<u32> {
        let end = self.store.end();
        meter.record(Op::Alu, 12 * end);
        let nodes = (0..end).filter(|slot| self.parent(*slot) == ROOT || self.layers.layer_0(*slot)[0] != 0);
        nodes.max_by_key(|slot| (self.layers.level_of(*slot), u32::MAX - slot))
    }
}
