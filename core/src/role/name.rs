//! The names that a fleet gives items, beside them, by slot.
//!
//! A copy keeps the name of its item, so a chip that is told to keep an item knows whether it does already. What a chip's
//! own console stores has no name here: it is called by its id at that chip, and is no more the fleet's than the chip's
//! other memory. A chip outside of any fleet has no names at all.

use crate::arena::{Arena, NoRoom};
use crate::item::ItemId;
use crate::meter::{Meter, Op};

/// In the flags of a slot: enough other chips hold the item.
const SPARE: u16 = 1;
/// Its copies were counted, and are as many as the fleet keeps.
const COUNTED: u16 = 2;
/// A Bloom filter with one hash of the other chips that are known to hold the item. A false hit costs a recount, never a
/// copy.
const HOLDERS: u16 = 0xfff0;

/// The bit of chip `id` in a set of holders; the lowest four bits are never taken.
pub const fn holder_bit(id: u16) -> u16 {
    1 << (4 + id % 12)
}

/// Names by slot, 14 bytes each. All zeros is no name anywhere.
#[derive(Debug)]
pub struct Names<'a> {
    names: &'a mut [ItemId],
    flags: &'a mut [u16],
}

impl<'a> Names<'a> {
    /// Room for `capacity` names; 0 takes nothing.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena has fewer bytes left.
    pub fn carve(arena: &mut Arena<'a>, capacity: u32) -> Result<Self, NoRoom> {
        if capacity == 0 {
            return Ok(Self { names: &mut [], flags: &mut [] });
        }
        Ok(Self { names: arena.slice("names", capacity)?, flags: arena.slice("name flags", capacity)? })
    }

    /// How many slots there are.
    pub fn capacity(&self) -> u32 {
        self.names.len() as u32
    }

    /// The name of the item at `slot`, where the fleet gave it one.
    pub fn get(&self, slot: u32) -> Option<ItemId> {
        self.names.get(slot as usize).copied().filter(|name| name.own_id().is_none())
    }

    /// Names the item at `slot`.
    pub fn set(&mut self, slot: u32, item: ItemId) {
        if let Some(name) = self.names.get_mut(slot as usize) {
            *name = item;
        }
        self.uncount(slot);
    }

    /// The slot of `item`.
    pub fn find<M: Meter>(&self, item: ItemId, meter: &mut M) -> Option<u32> {
        let slot = self.names.iter().position(|name| *name == item).filter(|_| item.own_id().is_none());
        meter.record(Op::Scan, slot.unwrap_or(self.names.len()) as u32);
        slot.map(|slot| slot as u32)
    }

    /// Says whether enough other chips hold the item at `slot`.
    pub fn mark_spare(&mut self, slot: u32, is_spare: bool) {
        if let Some(flags) = self.flags.get_mut(slot as usize) {
            *flags = if is_spare { *flags | SPARE } else { *flags & !SPARE };
        }
    }

    /// The copies of the item at `slot` were counted: `holders` hold it beside this chip, as many as the fleet keeps.
    pub fn count(&mut self, slot: u32, holders: u16, is_spare: bool) {
        if let Some(flags) = self.flags.get_mut(slot as usize) {
            *flags = COUNTED | if is_spare { SPARE } else { 0 } | holders & HOLDERS;
        }
    }

    /// Chip `id` holds the item at `slot` as well; `is_enough` says that no further copy is needed.
    pub fn add_holder(&mut self, slot: u32, id: u16, is_enough: bool) {
        if let Some(flags) = self.flags.get_mut(slot as usize) {
            *flags |= holder_bit(id) | if is_enough { COUNTED } else { 0 };
        }
    }

    /// Were the copies of the item at `slot` counted, with chip `id` among those that hold it?
    pub fn counts_on(&self, slot: u32, id: u16) -> bool {
        let flags = self.flags.get(slot as usize).copied().unwrap_or(0);
        flags & COUNTED != 0 && flags & holder_bit(id) != 0
    }

    /// Nothing is known any more of the other copies of the item at `slot`.
    pub fn uncount(&mut self, slot: u32) {
        if let Some(flags) = self.flags.get_mut(slot as usize) {
            *flags = 0;
        }
    }

    /// Were the copies of the item at `slot` counted, and were they enough?
    pub fn is_counted(&self, slot: u32) -> bool {
        self.flags.get(slot as usize).is_some_and(|flags| flags & COUNTED != 0)
    }

    /// Chip `id` is gone: the copies of every item that it may hold are to be counted again.
    pub fn forget_holder<M: Meter>(&mut self, id: u16, meter: &mut M) {
        meter.record(Op::Scan, self.flags.len() as u32);
        let bit = holder_bit(id);
        self.flags.iter_mut().filter(|flags| **flags & bit != 0).for_each(|flags| *flags = 0);
    }

    /// The named items whose copies were not counted, from slot `from` on and round.
    pub fn uncounted(&self, from: u32) -> impl Iterator<Item = (u32, ItemId)> + '_ {
        let count = self.capacity();
        let slots = (from.min(count)..count).chain(0..from.min(count));
        slots.filter(|slot| !self.is_counted(*slot)).filter_map(|slot| Some((slot, self.get(slot)?)))
    }

    /// An item that enough other chips hold.
    pub fn first_spare<M: Meter>(&self, meter: &mut M) -> Option<(u32, ItemId)> {
        meter.record(Op::Scan, self.flags.len() as u32);
        let slot = self.flags.iter().position(|flags| flags & SPARE != 0)? as u32;
        Some((slot, self.get(slot)?))
    }

    /// Nothing is at `slot` any more.
    pub fn clear(&mut self, slot: u32) {
        self.set(slot, ItemId::default());
    }

    /// Nothing is anywhere any more.
    pub fn clear_all(&mut self) {
        self.names.fill(ItemId::default());
        self.flags.fill(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(boot: u32, nonce: u16, count: u32) -> ItemId {
        ItemId { origin: 3, nonce, boot, count }
    }

    #[test]
    fn copies_are_counted_until_one_of_the_holders_is_gone() {
        let mut memory = std::vec![0; 4 * 14 + 16];
        let mut names = Names::carve(&mut Arena::new(&mut memory), 4).unwrap();
        let (item, other) = (named(1, 0, 1), named(1, 0, 2));
        names.set(1, item);
        names.set(3, other);
        let uncounted = |names: &Names<'_>| names.uncounted(2).collect::<std::vec::Vec<_>>();
        assert_eq!(uncounted(&names), [(3, other), (1, item)]);
        names.count(1, holder_bit(7), true);
        names.add_holder(3, 8, false);
        assert_eq!(uncounted(&names), [(3, other)]);
        names.add_holder(3, 9, true);
        names.forget_holder(6, &mut ());
        assert_eq!((names.is_counted(1), names.is_counted(3), names.is_counted(2)), (true, true, false));
        names.forget_holder(7, &mut ());
        assert_eq!((names.is_counted(1), names.first_spare(&mut ())), (false, None));
        names.forget_holder(8, &mut ());
        assert_eq!(uncounted(&names).len(), 2);
    }

    #[test]
    fn what_is_spare_is_known_until_it_is_forgotten_or_gone() {
        let mut memory = std::vec![0; 4 * 14 + 16];
        let mut names = Names::carve(&mut Arena::new(&mut memory), 4).unwrap();
        let item = named(1, 0, 1);
        names.set(2, item);
        assert_eq!((names.find(item, &mut ()), names.first_spare(&mut ())), (Some(2), None));
        assert_eq!(names.find(ItemId::default(), &mut ()), None);
        names.mark_spare(2, true);
        assert_eq!(names.first_spare(&mut ()), Some((2, item)));
        names.mark_spare(2, false);
        assert_eq!(names.first_spare(&mut ()), None);
        names.clear(2);
        assert_eq!(names.get(2), None);
    }
}
