//! Items with equal vectors: one node in the graph, the others on a chain behind it.

use super::graph::{Graph, ROOT};
use crate::meter::{Meter, Op};

impl Graph<'_> {
    /// Is the item in `slot` on a chain behind a node? Such an item has a parent but no links.
    pub(super) fn is_duplicate(&self, slot: u32) -> bool {
        let parent = self.parent(slot);
        parent != 0 && parent != ROOT && self.layers.layer_0(slot)[0] == 0
    }

    /// Puts `slot` on the chain behind `node`, in the order of the slots.
    pub(super) fn join_duplicates<M: Meter>(&mut self, slot: u32, node: u32, meter: &mut M) {
        let before = self.duplicates(node).take_while(|duplicate| *duplicate < slot);
        let (steps, last) = before.fold((0, node), |(steps, _), duplicate| (steps + 1, duplicate));
        meter.record(Op::Load, steps);
        self.set_parent(slot, node as u16 + 1);
        self.insert_after(last, slot);
    }

    /// Takes `slot` off the chain that it is on.
    pub(super) fn leave_duplicates<M: Meter>(&mut self, slot: u32, meter: &mut M) {
        let node = u32::from(self.parent(slot)).saturating_sub(1);
        let before = self.duplicates(node).take_while(|duplicate| *duplicate != slot);
        let (steps, last) = before.fold((0, node), |(steps, _), duplicate| (steps + 1, duplicate));
        meter.record(Op::Load, steps);
        let next = self.duplicates.get(slot as usize).copied().unwrap_or(0);
        self.set_duplicate(last, next);
        self.set_duplicate(slot, 0);
        self.set_parent(slot, 0);
    }

    /// Cuts the chain after `slot`; the first that was behind it.
    pub(super) fn take_duplicates(&mut self, slot: u32) -> Option<u32> {
        let next = self.duplicates(slot).next();
        self.set_duplicate(slot, 0);
        next
    }

    fn insert_after(&mut self, last: u32, slot: u32) {
        let next = self.duplicates.get(last as usize).copied().unwrap_or(0);
        self.set_duplicate(slot, next);
        self.set_duplicate(last, slot as u16 + 1);
    }

    fn set_duplicate(&mut self, slot: u32, next: u16) {
        if let Some(index) = self.duplicates.get_mut(slot as usize) {
            *index = next;
        }
    }
}
