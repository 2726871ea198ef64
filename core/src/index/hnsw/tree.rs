//! The tree that no pruning cuts: every node is linked, both ways, with a parent near to it.
//!
//! A node takes the nearest node that has room for a child as its parent. A row has twice the room that the tree may take,
//! so the heuristic always has links left to choose. Links of the tree are found again by comparing parents: it needs two
//! bytes a node and no list of children.

use super::graph::{Graph, ROOT};
use super::layers::slots;
use crate::meter::{Meter, Op};

/// The most children of a node: with the parent, under half of the links on layer 0.
const MAX_CHILDREN: usize = 6;

impl Graph<'_> {
    /// Has `node` room for another child?
    pub(super) fn may_adopt<M: Meter>(&self, node: u32, meter: &mut M) -> bool {
        self.children(node, meter).count() < MAX_CHILDREN
    }

    /// The children of `node`.
    fn children<M: Meter>(&self, node: u32, meter: &mut M) -> impl Iterator<Item = u32> + Clone + '_ {
        let row = slots(self.layers.layer_0(node));
        meter.record(Op::Compare, row.clone().count() as u32);
        row.filter(move |slot| self.is_child(*slot, node))
    }

    /// Makes `parent` the parent of `slot`, which has none and is not above it.
    pub(super) fn adopt<M: Meter>(&mut self, slot: u32, parent: u32, meter: &mut M) {
        self.set_parent(slot, parent as u16 + 1);
        self.connect(0, slot, parent, meter);
        self.connect(0, parent, slot, meter);
    }

    /// A node with room for a child at or below `node`, going down towards `slot`. A tree has leaves, so there is one.
    pub(super) fn willing_below<M: Meter>(&self, mut node: u32, slot: u32, meter: &mut M) -> Option<u32> {
        for _ in 0..self.parents.len() {
            if self.may_adopt(node, meter) {
                return Some(node);
            }
            let children = self.children(node, meter);
            node = children.min_by_key(|child| self.distance_between(*child, slot, meter))?;
        }
        None
    }

    /// Does the tree lead from `node` up to the root? Not below a node that lost its parent.
    pub(super) fn has_root<M: Meter>(&self, mut node: u32, meter: &mut M) -> bool {
        for _ in 0..self.parents.len() {
            meter.record(Op::Load, 1);
            match self.parent(node) {
                ROOT => return true,
                0 => return false,
                parent => node = u32::from(parent) - 1,
            }
        }
        false
    }
}
