//! The names that a fleet gives items, beside them, by slot.
//!
//! A copy keeps the name of its item, so a chip that is told to keep an item knows whether it does already. What a chip's
//! own console stores has no name here: it is called by its id at that chip, and is no more the fleet's than the chip's
//! other memory. A chip outside of any fleet has no names at all.

use crate::arena::{Arena, NoRoom};
use crate::item::ItemId;
use crate::meter::{Meter, Op};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

const NAMED: u16 = 1;
/// Enough other chips hold the item.
const SPARE: u16 = 2;
/// Its copies were counted, and are as many as the fleet keeps.
const COUNTED: u16 = 4;
/// A Bloom filter with one hash of the other chips that are known to hold the item. A false hit costs a recount, never a
/// copy.
const HOLDERS: u16 = !(NAMED | SPARE | COUNTED);

/// The bit of chip `id` in a set of holders; the lowest three bits are never taken.
pub const fn holder_bit(id: u16) -> u16 {
    1 << (3 + id % 13)
}

/// The name of one item. All zeros is none.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
struct Name {
    number: u32,
    origin: u16,
    flags: u16,
}
const _: () = assert!(size_of::<Name>() == 8);

/// Names by slot. All zeros is no name anywhere.
#[derive(Debug)]
pub struct Names<'a>(&'a mut [Name]);

impl<'a> Names<'a> {
    /// Places for `capacity` names; 0 takes nothing.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena has fewer bytes left.
    pub fn carve(arena: &mut Arena<'a>, capacity: u32) -> Result<Self, NoRoom> {
        Ok(Self(if capacity == 0 { &mut [] } else { arena.slice("names", capacity)? }))
    }

    /// How many places there are.
    pub fn capacity(&self) -> u32 {
        self.0.len() as u32
    }

    /// The name of the item at `slot`, where the fleet gave it one.
    pub fn get(&self, slot: u32) -> Option<ItemId> {
        let name = self.0.get(slot as usize).filter(|name| name.flags & NAMED != 0)?;
        Some(ItemId { origin: name.origin, number: name.number })
    }

    /// Names the item at `slot`.
    pub fn set(&mut self, slot: u32, item: ItemId) {
        if let Some(place) = self.0.get_mut(slot as usize) {
            *place = Name { number: item.number, origin: item.origin, flags: NAMED };
        }
    }

    /// The slot of `item`.
    pub fn find<M: Meter>(&self, item: ItemId, meter: &mut M) -> Option<u32> {
        let same =
            |name: &Name| name.flags & NAMED != 0 && (name.number, name.origin) == (item.number, item.origin);
        let slot = self.0.iter().position(same);
        meter.record(Op::Scan, slot.unwrap_or(self.0.len()) as u32);
        slot.map(|slot| slot as u32)
    }

    /// Says whether enough other chips hold the item at `slot`.
    pub fn mark_spare(&mut self, slot: u32, is_spare: bool) {
        if let Some(name) = self.0.get_mut(slot as usize) {
            name.flags = if is_spare { name.flags | SPARE } else { name.flags & !SPARE };
        }
    }

    /// The copies of the item at `slot` were counted: `holders` hold it beside this chip, as many as the fleet keeps.
    pub fn count(&mut self, slot: u32, holders: u16, is_spare: bool) {
        if let Some(name) = self.0.get_mut(slot as usize) {
            let spare = if is_spare { SPARE } else { 0 };
            name.flags = NAMED | COUNTED | spare | holders & HOLDERS;
        }
    }

    /// Chip `id` holds the item at `slot` as well; `is_enough` says that no further copy is needed.
    pub fn add_holder(&mut self, slot: u32, id: u16, is_enough: bool) {
        if let Some(name) = self.0.get_mut(slot as usize) {
            name.flags |= holder_bit(id) | if is_enough { COUNTED } else { 0 };
        }
    }

    /// Nothing is known any more of the other copies of the item at `slot`.
    pub fn uncount(&mut self, slot: u32) {
        if let Some(name) = self.0.get_mut(slot as usize) {
            name.flags &= NAMED;
        }
    }

    /// Were the copies of the item at `slot` counted, and were they enough?
    pub fn is_counted(&self, slot: u32) -> bool {
        self.0.get(slot as usize).is_some_and(|name| name.flags & COUNTED != 0)
    }

    /// Chip `id` is gone: the copies of every item that it may hold are to be counted again.
    pub fn forget_holder<M: Meter>(&mut self, id: u16, meter: &mut M) {
        meter.record(Op::Scan, self.0.len() as u32);
        let bit = holder_bit(id);
        self.0.iter_mut().filter(|name| name.flags & bit != 0).for_each(|name| name.flags &= NAMED);
    }

    /// The named items whose copies were not counted, from slot `from` on and round.
    pub fn uncounted(&self, from: u32) -> impl Iterator<Item = (u32, ItemId)> + '_ {
        let count = self.capacity();
        let slots = (from.min(count)..count).chain(0..from.min(count));
        slots.filter(|slot| !self.is_counted(*slot)).filter_map(|slot| Some((slot, self.get(slot)?)))
    }

    /// An item that enough other chips hold.
    pub fn first_spare<M: Meter>(&self, meter: &mut M) -> Option<(u32, ItemId)> {
        meter.record(Op::Scan, self.0.len() as u32);
        let slot = self.0.iter().position(|name| name.flags & SPARE != 0)? as u32;
        Some((slot, self.get(slot)?))
    }

    /// Nothing is at `slot` any more.
    pub fn clear(&mut self, slot: u32) {
        if let Some(name) = self.0.get_mut(slot as usize) {
            *name = Name::default();
        }
    }

    /// Nothing is anywhere any more.
    pub fn clear_all(&mut self) {
        self.0.fill(Name::default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_counted_until_one_of_the_holders_is_gone() {
        let mut memory = std::vec![0; 4 * size_of::<Name>() + 8];
        let mut names = Names::carve(&mut Arena::new(&mut memory), 4).unwrap();
        let (item, other) = (ItemId::given(1, 1, 1), ItemId::given(1, 1, 2));
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
        let mut memory = std::vec![0; 4 * size_of::<Name>() + 8];
        let mut names = Names::carve(&mut Arena::new(&mut memory), 4).unwrap();
        let item = ItemId::given(1, 1, 1);
        names.set(2, item);
        assert_eq!((names.find(item, &mut ()), names.first_spare(&mut ())), (Some(2), None));
        names.mark_spare(2, true);
        assert_eq!(names.first_spare(&mut ()), Some((2, item)));
        names.mark_spare(2, false);
        assert_eq!(names.first_spare(&mut ()), None);
        names.clear(2);
        assert_eq!(names.get(2), None);
    }
}
