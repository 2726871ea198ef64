//! Messages on their way out: each lies in a slot until its last frame was sent.
//!
//! A message is sent once, or a stated number of times in a row. Whether it arrived is for the messages themselves to say (`stored` for `add`, a reply for a
//! question): who needs an answer asks again. The message that was handed over first goes first.

use super::MESSAGE_LIMIT;
use super::fragment::Fragmentation;
use crate::arena::{Arena, NoRoom};
use crate::meter::{Meter, Op};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// A message on its way out. All zeros is a free slot.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
struct Outgoing {
    sequence: u32,
    destination: u16,
    length: u16,
    number: u8,
    /// Fragments of the message; 0 is a free slot.
    count: u8,
    /// The fragment that is sent next.
    next: u8,
    /// How many more times the whole message is sent.
    again: u8,
}
const _: () = assert!(size_of::<Outgoing>() == 12);

/// What a message is called on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// For whom it is.
    pub destination: u16,
    /// Its sequence.
    pub sequence: u32,
    /// Its type.
    pub number: u8,
}

/// One fragment that is to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Due<'o> {
    /// What its message is called.
    pub address: Address,
    /// How the message was cut.
    pub cut: Fragmentation,
    /// Which fragment it is.
    pub index: u8,
    /// Its bytes of the message.
    pub bytes: &'o [u8],
}

/// The messages on their way out, `[slots][MESSAGE_LIMIT] u8`.
#[derive(Debug)]
pub struct Outbox<'a> {
    slots: &'a mut [Outgoing],
    bytes: &'a mut [u8],
}

impl<'a> Outbox<'a> {
    /// Slots for `slots` messages at a time.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small.
    pub fn carve(arena: &mut Arena<'a>, slots: u32) -> Result<Self, NoRoom> {
        let outgoing = arena.slice("outbox", slots)?;
        let bytes = slots.saturating_mul(MESSAGE_LIMIT as u32);
        Ok(Self { slots: outgoing, bytes: arena.slice("outbox bytes", bytes)? })
    }

    /// Is nothing on its way?
    pub fn is_empty(&self) -> bool {
        self.slots.iter().all(|slot| slot.count == 0)
    }

    /// How many messages fit.
    pub fn capacity(&self) -> u32 {
        self.slots.len() as u32
    }

    /// The bytes of a free slot, `[MESSAGE_LIMIT] u8`, into which a message can be written before [`Outbox::push`].
    pub fn vacancy(&mut self) -> Option<(usize, &mut [u8])> {
        let slot = self.slots.iter().position(|slot| slot.count == 0)?;
        Some((slot, self.bytes.chunks_exact_mut(MESSAGE_LIMIT).nth(slot)?))
    }

    /// Sends the message in `slot`, `cut` like this, and then `again` more times.
    pub fn push(&mut self, slot: usize, cut: Fragmentation, address: Address, again: u8) {
        if let Some(slot) = self.slots.get_mut(slot) {
            *slot = Outgoing {
                sequence: address.sequence,
                destination: address.destination,
                length: cut.total(),
                number: address.number,
                count: cut.count(),
                next: 0,
                again,
            };
        }
    }

    /// The next fragment to be sent, of the message handed over first, and its slot; `newest` is the sequence of the
    /// message handed over last.
    pub fn next<M: Meter>(&self, newest: u32, meter: &mut M) -> Option<(usize, Due<'_>)> {
        meter.record(Op::Compare, self.slots.len() as u32);
        let waiting = self.slots.iter().enumerate().filter(|(_, slot)| slot.count != 0);
        let (position, slot) = waiting.max_by_key(|(_, slot)| newest.wrapping_sub(slot.sequence))?;
        let cut = Fragmentation::of(slot.length, slot.count)?;
        let bytes = self.bytes.chunks_exact(MESSAGE_LIMIT).nth(position)?.get(cut.range(slot.next))?;
        let Outgoing { destination, sequence, number, next: index, .. } = *slot;
        Some((position, Due { address: Address { destination, sequence, number }, cut, index, bytes }))
    }

    /// The next fragment of the message in `slot` was sent; after the last one of the last time the slot is free.
    pub fn sent(&mut self, slot: usize) {
        if let Some(slot) = self.slots.get_mut(slot) {
            slot.next = slot.next.saturating_add(1);
            if slot.next >= slot.count {
                match slot.again.checked_sub(1) {
                    Some(again) => (slot.again, slot.next) = (again, 0),
                    None => slot.count = 0,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    fn push(outbox: &mut Outbox<'_>, sequence: u32, length: u16, room: u16) {
        let (slot, _) = outbox.vacancy().unwrap();
        let address = Address { destination: 2, sequence, number: 0x50 };
        outbox.push(slot, Fragmentation::plan(length, room).unwrap(), address, 0);
    }

    #[test]
    fn messages_leave_in_the_order_in_which_they_came_and_free_their_slots() {
        let mut memory = vec![0; 2 * (MESSAGE_LIMIT + size_of::<Outgoing>()) + 16];
        let mut outbox = Outbox::carve(&mut Arena::new(&mut memory), 2).unwrap();
        // The sequence goes on at 0 after its highest number.
        push(&mut outbox, u32::MAX, 60, 34);
        push(&mut outbox, 0, 10, 200);
        assert!(outbox.vacancy().is_none());
        let mut sent: Vec<(u32, u8)> = vec![];
        while let Some((slot, due)) = outbox.next(0, &mut ()) {
            sent.push((due.address.sequence, due.index));
            outbox.sent(slot);
        }
        assert_eq!(sent, [(u32::MAX, 0), (u32::MAX, 1), (0, 0)]);
        assert!(outbox.is_empty() && outbox.vacancy().is_some());
    }
}
