//! The names that a fleet gives items, beside them, by slot.
//!
//! A copy keeps the name of its item, so a chip that is told to keep an item knows whether it does already. What a chip's
//! own console stores has no name here: it is called by its id at that chip, and is no more the fleet's than the chip's
//! other memory. A chip outside of any fleet has no names at all.

use crate::arena::{Arena, NoRoom};
use crate::item::ItemId;
use crate::meter::{Meter, Op};
/// In the flags of a slot: enough other chips hold the item.
const SPARE: u8 = 1;

/// Names by slot, 13 bytes each. All zeros is no name anywhere.
#[derive(Debug)]
pub struct Names<'a> {
    names: &'a mut [ItemId],
    flags: &'a mut [u8],
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
        self.mark_spare(slot, false);
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
    fn what_is_spare_is_known_until_it_is_forgotten_or_gone() {
        let mut memory = std::vec![0; 4 * 13 + 16];
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
