//! Messages on their way out, until they are acknowledged or given up.
//!
//! A message lies in its slot until every fragment has crossed: an acknowledgement says which have, and only the others
//! are sent again. One that wants no acknowledgement leaves its slot with its last frame. Order is not promised.
//! A message that is given up may have arrived.

use super::MESSAGE_LIMIT;
use super::fragment::Fragmentation;
use super::retry::Timing;
use super::window::WINDOW;
use crate::arena::{Arena, NoRoom};
use crate::meter::{Meter, Op};
use crate::units::Micros;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Names a message that was handed over for sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u32);

/// A message on its way out. All zeros is a free slot.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Outgoing {
    /// Bit `n`: fragment `n` arrived, as the latest acknowledgement has it.
    arrived: u64,
    /// Bit `n`: fragment `n` is to be sent now.
    to_send: u64,
    /// When all is sent: until when to wait for the acknowledgement, in microseconds.
    due: u64,
    ticket: u32,
    sequence: u32,
    destination: u16,
    length: u16,
    count: u8,
    number: u8,
    /// Transmissions since the last sign of progress.
    attempts: u8,
    /// 0 free, 1 without acknowledgement, 2 with.
    state: u8,
}
const _: () = assert!(size_of::<Outgoing>() == 40);

const PLAIN: u8 = 1;
const ACKNOWLEDGED: u8 = 2;

/// What a message is called on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// For whom it is.
    pub destination: u16,
    /// Its sequence.
    pub sequence: u32,
    /// Its type.
    pub number: u8,
    /// Does it want an acknowledgement?
    pub ack_wanted: bool,
}

/// What an acknowledgement did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// Nothing waits for it.
    Unknown,
    /// Some fragments are still missing.
    Waiting,
    /// The message was delivered.
    Delivered(Ticket),
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
    /// Was it sent before?
    pub again: bool,
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

    /// How many messages are on their way.
    pub fn len(&self) -> usize {
        self.slots.iter().filter(|slot| slot.state != 0).count()
    }

    /// Is nothing on its way?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many messages fit.
    pub fn capacity(&self) -> u32 {
        self.slots.len() as u32
    }

    /// Would a message with this sequence leave an older one to the same chip behind its window? That one could then
    /// no longer be delivered.
    pub fn outruns_window(&self, destination: u16, sequence: u32) -> bool {
        self.slots.iter().any(|slot| {
            slot.state == ACKNOWLEDGED
                && slot.destination == destination
                && sequence.wrapping_sub(slot.sequence) >= WINDOW
        })
    }

    /// The bytes of a free slot, `[MESSAGE_LIMIT] u8`, into which a message can be written before [`Outbox::push`].
    pub fn vacancy(&mut self) -> Option<(usize, &mut [u8])> {
        let slot = self.slots.iter().position(|slot| slot.state == 0)?;
        Some((slot, self.bytes.chunks_exact_mut(MESSAGE_LIMIT).nth(slot)?))
    }

    /// Sends the message in `slot`, `cut` like this.
    pub fn push(&mut self, slot: usize, length: u16, cut: Fragmentation, address: Address, ticket: Ticket) {
        if let Some(slot) = self.slots.get_mut(slot) {
            *slot = Outgoing {
                arrived: 0,
                to_send: cut.mask(),
                due: 0,
                ticket: ticket.0,
                sequence: address.sequence,
                destination: address.destination,
                length,
                count: cut.count(),
                number: address.number,
                attempts: 1,
                state: if address.ack_wanted { ACKNOWLEDGED } else { PLAIN },
            };
        }
    }

    /// The next fragment to be sent, of the message handed over first, and its slot.
    pub fn next<M: Meter>(&self, meter: &mut M) -> Option<(usize, Due<'_>)> {
        meter.record(Op::Compare, self.slots.len() as u32);
        let waiting = self.slots.iter().enumerate().filter(|(_, slot)| slot.state != 0 && slot.to_send != 0);
        let (position, slot) = waiting.min_by_key(|(_, slot)| slot.ticket)?;
        let cut = Fragmentation::of(slot.length, slot.count)?;
        let index = slot.to_send.trailing_zeros() as u8;
        let bytes = self.bytes.chunks_exact(MESSAGE_LIMIT).nth(position)?.get(cut.range(index))?;
        let address = Address {
            destination: slot.destination,
            sequence: slot.sequence,
            number: slot.number,
            ack_wanted: slot.state == ACKNOWLEDGED,
        };
        Some((position, Due { address, cut, index, bytes, again: slot.attempts > 1 }))
    }

    /// Fragment `index` of the message in `slot` was sent by chip `sender`.
    pub fn sent(&mut self, slot: usize, index: u8, sender: u16, timing: &Timing, now: Micros) {
        let Some(slot) = self.slots.get_mut(slot) else { return };
        slot.to_send &= !1u64.checked_shl(u32::from(index)).unwrap_or(0);
        if slot.to_send != 0 {
            return;
        }
        if slot.state == PLAIN {
            slot.state = 0;
        } else {
            let wait = timing.wait(slot.attempts, sender, slot.destination, slot.sequence);
            slot.due = (now + wait).get();
        }
    }

    /// `peer` says which fragments of message `sequence` arrived.
    pub fn acknowledge(&mut self, peer: u16, sequence: u32, received: u64) -> DeliveryOutcome {
        let is_meant = |slot: &&mut Outgoing| {
            slot.state == ACKNOWLEDGED && slot.destination == peer && slot.sequence == sequence
        };
        let Some(slot) = self.slots.iter_mut().find(is_meant) else { return DeliveryOutcome::Unknown };
        let mask = Fragmentation::of(slot.length, slot.count).map_or(0, Fragmentation::mask);
        if received & mask == mask {
            slot.state = 0;
            return DeliveryOutcome::Delivered(Ticket(slot.ticket));
        }
        if received & mask & !slot.arrived != 0 {
            slot.attempts = 1;
        }
        // The latest word replaces the one before: a receiver that ran out of slots has lost fragments again.
        slot.arrived = received & mask;
        slot.to_send &= !slot.arrived;
        DeliveryOutcome::Waiting
    }

    /// Makes due what waited long enough, and gives up one message that was tried often enough, if there is one.
    pub fn expire(&mut self, timing: &Timing, now: Micros) -> Option<Ticket> {
        for slot in self.slots.iter_mut() {
            if slot.state != ACKNOWLEDGED || slot.to_send != 0 || now.get() < slot.due {
                continue;
            }
            if slot.attempts >= timing.attempts {
                slot.state = 0;
                return Some(Ticket(slot.ticket));
            }
            slot.attempts += 1;
            let mask = Fragmentation::of(slot.length, slot.count).map_or(0, Fragmentation::mask);
            slot.to_send = mask & !slot.arrived;
        }
        None
    }

    /// When there is something to do next: at once where a fragment is to be sent, or at the end of the shortest wait.
    pub fn wake_at(&self, now: Micros) -> Option<Micros> {
        let used = self.slots.iter().filter(|slot| slot.state != 0);
        used.map(|slot| if slot.to_send != 0 { now } else { Micros(slot.due) }).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    const TIMING: Timing = Timing { first: Micros(100), longest: Micros(1000), attempts: 3 };

    fn memory() -> Vec<u8> {
        vec![0; 2 * (MESSAGE_LIMIT + size_of::<Outgoing>()) + 16]
    }

    fn push(outbox: &mut Outbox<'_>, sequence: u32, length: u16, room: u16, ack_wanted: bool) {
        let (slot, _) = outbox.vacancy().unwrap();
        let address = Address { destination: 2, sequence, number: 0x50, ack_wanted };
        outbox.push(slot, length, Fragmentation::plan(length, room).unwrap(), address, Ticket(sequence));
    }

    fn send_all(outbox: &mut Outbox<'_>, now: Micros) -> Vec<(u32, u8)> {
        let mut sent = vec![];
        while let Some((slot, due)) = outbox.next(&mut ()) {
            let (sequence, index) = (due.address.sequence, due.index);
            sent.push((sequence, index));
            outbox.sent(slot, index, 1, &TIMING, now);
        }
        sent
    }

    #[test]
    fn only_what_is_missing_is_sent_again() {
        let mut memory = memory();
        let mut outbox = Outbox::carve(&mut Arena::new(&mut memory), 2).unwrap();
        push(&mut outbox, 7, 90, 34, true);
        assert_eq!(send_all(&mut outbox, Micros(0)), [(7, 0), (7, 1), (7, 2)]);
        assert_eq!(outbox.acknowledge(2, 7, 0b101), DeliveryOutcome::Waiting);
        assert_eq!(outbox.acknowledge(3, 7, 0b111), DeliveryOutcome::Unknown);
        assert_eq!(outbox.acknowledge(2, 8, 0b111), DeliveryOutcome::Unknown);
        let due = outbox.wake_at(Micros(0)).unwrap();
        assert!((100..=150).contains(&due.get()));
        assert_eq!(outbox.expire(&TIMING, due), None);
        assert_eq!(send_all(&mut outbox, due), [(7, 1)]);
        assert_eq!(outbox.acknowledge(2, 7, 0b111), DeliveryOutcome::Delivered(Ticket(7)));
        assert!(outbox.is_empty());
    }

    #[test]
    fn what_is_never_acknowledged_is_given_up_and_frees_its_slot() {
        let mut memory = memory();
        let mut outbox = Outbox::carve(&mut Arena::new(&mut memory), 2).unwrap();
        push(&mut outbox, 0, 10, 200, true);
        let mut transmissions = 0;
        let mut now = Micros(0);
        let given_up = loop {
            transmissions += send_all(&mut outbox, now).len();
            now = outbox.wake_at(now).unwrap();
            if let Some(ticket) = outbox.expire(&TIMING, now) {
                break ticket;
            }
        };
        assert_eq!((given_up, transmissions), (Ticket(0), 3));
        assert!(now <= TIMING.patience() && outbox.is_empty());
    }

    #[test]
    fn plain_messages_leave_with_their_last_frame() {
        let mut memory = memory();
        let mut outbox = Outbox::carve(&mut Arena::new(&mut memory), 2).unwrap();
        push(&mut outbox, 1, 10, 200, false);
        push(&mut outbox, 0, 60, 34, false);
        assert!(outbox.vacancy().is_none());
        assert_eq!(send_all(&mut outbox, Micros(0)), [(0, 0), (0, 1), (1, 0)]);
        assert!(outbox.is_empty());
    }

    #[test]
    fn a_message_that_waits_holds_back_what_would_push_it_out_of_the_window() {
        let mut memory = memory();
        let mut outbox = Outbox::carve(&mut Arena::new(&mut memory), 2).unwrap();
        push(&mut outbox, 5, 10, 200, true);
        assert!(!outbox.outruns_window(2, 5 + WINDOW - 1));
        assert!(outbox.outruns_window(2, 5 + WINDOW) && !outbox.outruns_window(3, 5 + WINDOW));
    }
}
