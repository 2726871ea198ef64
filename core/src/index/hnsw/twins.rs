//! Items with equal vectors: one node in the graph, the others on a chain behind it.

use super::graph::{Graph, ROOT};
use crate::meter::{Meter, Op};

impl Graph<'_> {
    /// Is the item in `slot` on a chain behind a node? Such an item has a parent but no links.
    pub(super) fn is_twin(&self, slot: u32) -> bool {
        let parent = self.parent(slot);
        parent != 0 && parent != ROOT && self.layers.ground(slot)[0] == 0
    }

    /// Puts `slot` on the chain behind `node`, in the order of the slots.
    pub(super) fn join_twins<M: Meter>(&mut self, slot: u32, node: u32, meter: &mut M) {
        let before = self.twins(node).take_while(|twin| *twin < slot);
        let (steps, last) = before.fold((0, node), |(steps, _), twin| (steps + 1, twin));
        meter.record(Op::Load, steps);
        self.set_parent(slot, node as u16 + 1);
        self.insert_after(last, slot);
    }

    /// Takes `slot` off the chain that it is on.
    pub(super) fn leave_twins<M: Meter>(&mut self, slot: u32, meter: &mut M) {
        let node = u32::from(self.parent(slot)).saturating_sub(1);
        let before = self.twins(node).take_while(|twin| *twin != slot);
        let (steps, last) = before.fold((0, node), |(steps, _), twin| (steps + 1, twin));
        meter.record(Op::Load, steps);
        let next = self.twins.get(slot as usize).copied().unwrap_or(0);
        self.set_twin(last, next);
        self.set_twin(slot, 0);
        self.set_parent(slot, 0);
    }

    /// Cuts the chain after `slot`; the first that was behind it.
    pub(super) fn take_twins(&mut self, slot: u32) -> Option<u32> {
        let next = self.twins(slot).next();
        self.set_twin(slot, 0);
        next
    }

    fn insert_after(&mut self, last: u32, slot: u32) {
        let next = self.twins.get(last as usize).copied().unwrap_or(0);
        self.set_twin(slot, next);
        self.set_twin(last, slot as u16 + 1);
    }

    fn set_twin(&mut self, slot: u32, next: u16) {
        if let Some(place) = self.twins.get_mut(slot as usize) {
            *place = next;
        }
    }
}
