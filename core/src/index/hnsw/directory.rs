//! Which node has exactly this vector: a hash table over the nodes.
//!
//! A search of a graph can miss. It must not miss an item that is asked for by its own vector, nor may an insert miss that
//! its vector is there already. So nodes are also found by the hash of their vectors, in chains, half as many as slots.

use super::graph::Graph;
use crate::meter::{Meter, Op};

impl Graph<'_> {
    /// The node whose vector is `vector`.
    pub(super) fn find_equal<M: Meter>(&self, vector: &[i8], meter: &mut M) -> Option<u32> {
        let index = self.chain_of(vector, meter);
        self.chain(index).find(|slot| {
            let row = self.store.row(*slot);
            let same = row.iter().zip(vector).take_while(|(a, b)| a == b).count();
            meter.record(Op::Load, 1);
            meter.record(Op::Copy, same as u32 + 1);
            same == row.len() && same == vector.len()
        })
    }

    /// Enters the node in `slot`.
    pub(super) fn enter<M: Meter>(&mut self, slot: u32, meter: &mut M) {
        let index = self.chain_of(self.store.row(slot), meter);
        if let (Some(head), Some(next)) = (self.chains.get_mut(index), self.chained.get_mut(slot as usize)) {
            *next = *head;
            *head = slot as u16 + 1;
        }
        meter.record(Op::Load, 1);
        meter.record(Op::Store, 2);
    }

    /// Strikes the node in `slot`, whose vector is still there.
    pub(super) fn strike<M: Meter>(&mut self, slot: u32, meter: &mut M) {
        let index = self.chain_of(self.store.row(slot), meter);
        let before = self.chain(index).take_while(|other| *other != slot);
        let (steps, last) = before.fold((0, None), |(steps, _), other| (steps + 1, Some(other)));
        meter.record(Op::Load, steps);
        meter.record(Op::Store, 2);
        let next = self.chained.get_mut(slot as usize).map_or(0, core::mem::take);
        let link = match last {
            Some(last) => self.chained.get_mut(last as usize),
            None => self.chains.get_mut(index),
        };
        link.into_iter().for_each(|link| *link = next);
    }

    fn chain(&self, index: usize) -> impl Iterator<Item = u32> + '_ {
        let slot = |link: Option<&u16>| link.and_then(|link| u32::from(*link).checked_sub(1));
        let first = slot(self.chains.get(index));
        core::iter::successors(first, move |node| slot(self.chained.get(*node as usize)))
            .take(self.chained.len())
    }

    /// Spreads the hash over the chains without a division.
    fn chain_of<M: Meter>(&self, vector: &[i8], meter: &mut M) -> usize {
        meter.record(Op::Hash, vector.len() as u32);
        meter.record(Op::Mul, 2);
        let hash = vector.iter().fold(0x811c_9dc5u32, |hash, element| {
            (hash ^ u32::from(*element as u8)).wrapping_mul(0x0100_0193)
        });
        let mixed = (hash ^ (hash >> 15)).wrapping_mul(0x85eb_ca6b) >> 16;
        ((mixed * self.chains.len() as u32) >> 16) as usize
    }
}
