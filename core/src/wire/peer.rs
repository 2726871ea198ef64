//! What a chip remembers of each other: what came, what number comes next.
//!
//! A peer that was silent for [`FORGET_AFTER`] may be replaced by another. The numbers of later messages to it start
//! above all that were ever used for a peer that gave way, so its window never takes a new message for an old one.

use super::sessions::FORGET_AFTER;
use super::window::{Window, WindowVerdict};
use crate::arena::{Arena, NoRoom};
use crate::meter::{Meter, Op};
use crate::units::Micros;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// What is remembered of one peer. All zeros: unused.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Peer {
    /// Messages of it that wanted an acknowledgement and were delivered.
    acknowledged: Window,
    /// Messages of it without acknowledgement that were delivered.
    plain: Window,
    /// When a frame of it last came, or the slot was made, in microseconds.
    touched: u64,
    /// Its boot number, as far as anything was seen of it.
    boot: u32,
    /// The sequence of the next message to it that wants an acknowledgement.
    next: u32,
    address: u16,
    nonce: u16,
    in_use: u8,
    /// 1 once a frame of it was seen.
    received: u8,
    padding: u16,
}
const _: () = assert!(size_of::<Peer>() == 56);

impl Peer {
    /// A frame of it came, of a session that is believed: another boot starts again.
    pub fn heard_in(&mut self, boot: u32, nonce: u16, now: Micros) {
        if self.received == 0 || (boot, nonce) != (self.boot, self.nonce) {
            (self.received, self.boot, self.nonce) = (1, boot, nonce);
            (self.acknowledged, self.plain) = (Window::default(), Window::default());
        }
        self.touched = now.get();
    }

    fn window(&mut self, ack_wanted: bool) -> &mut Window {
        if ack_wanted { &mut self.acknowledged } else { &mut self.plain }
    }

    /// Was message `sequence` delivered?
    pub fn verdict(&mut self, ack_wanted: bool, sequence: u32) -> WindowVerdict {
        let window = self.window(ack_wanted);
        window.verdict(window.extend(sequence))
    }

    /// Message `sequence` was delivered.
    pub fn mark(&mut self, ack_wanted: bool, sequence: u32) {
        let window = self.window(ack_wanted);
        window.mark(window.extend(sequence));
    }

    /// The sequence of the next message to it that wants an acknowledgement.
    pub fn next_sequence(&self) -> u32 {
        self.next
    }

    /// Takes that sequence.
    pub fn take_sequence(&mut self) -> u32 {
        let sequence = self.next;
        self.next = sequence.wrapping_add(1);
        sequence
    }
}

/// Every slot is taken by a peer that was seen recently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPeerSlot {
    /// The number of slots.
    pub capacity: u32,
}

/// The peers.
#[derive(Debug)]
pub struct Peers<'a> {
    peers: &'a mut [Peer],
    /// Sequences below this may have been used for a peer that gave way.
    spent: &'a mut u32,
}

impl<'a> Peers<'a> {
    /// Slots for `capacity` peers.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small.
    pub fn carve(arena: &mut Arena<'a>, capacity: u32) -> Result<Self, NoRoom> {
        Ok(Self { peers: arena.slice("peers", capacity)?, spent: arena.one("spent sequences")? })
    }

    /// The slot of the peer at `address`, made where there is none.
    ///
    /// # Errors
    /// [`NoPeerSlot`] when all are taken.
    pub fn at<M: Meter>(
        &mut self,
        address: u16,
        now: Micros,
        meter: &mut M,
    ) -> Result<&mut Peer, NoPeerSlot> {
        let full = NoPeerSlot { capacity: self.peers.len() as u32 };
        let known = self.position_of(address, meter);
        let index = known.or_else(|| self.slot_for_new_peer(address, now)).ok_or(full)?;
        let peer = self.peers.get_mut(index).ok_or(full)?;
        if known.is_none() {
            *self.spent = (*self.spent).max(peer.next);
            *peer = Peer { address, in_use: 1, next: *self.spent, ..Peer::default() };
            peer.touched = now.get();
        }
        Ok(peer)
    }

    /// All peers with their positions, from the one on at which the peer at `address` is looked for first: addresses in a
    /// row are found at once.
    fn peers_from_home(&self, address: u16) -> impl Iterator<Item = (usize, &Peer)> {
        let home = usize::from(address) % self.peers.len().max(1);
        let all = || self.peers.iter().enumerate();
        all().skip(home).chain(all().take(home))
    }

    fn position_of<M: Meter>(&self, address: u16, meter: &mut M) -> Option<usize> {
        // No slot becomes free again, so a peer is never behind one that is.
        let taken = self.peers_from_home(address).take_while(|(_, peer)| peer.in_use != 0);
        let mut looked_at = 1;
        let found = taken.inspect(|_| looked_at += 1).find(|(_, peer)| peer.address == address);
        meter.record(Op::Compare, looked_at);
        found.map(|(position, _)| position)
    }

    /// A free slot, or that of the peer silent longest, if that is long enough.
    fn slot_for_new_peer(&self, address: u16, now: Micros) -> Option<usize> {
        let free = self.peers_from_home(address).find(|(_, peer)| peer.in_use == 0);
        if let Some((position, _)) = free {
            return Some(position);
        }
        let oldest = self.peers_from_home(address).min_by_key(|(_, peer)| peer.touched);
        let may_go = |peer: &Peer| now.get().saturating_sub(peer.touched) > FORGET_AFTER.get();
        oldest.filter(|(_, peer)| may_go(peer)).map(|(index, _)| index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_peer_gives_way_and_its_numbers_are_not_used_again() {
        let mut memory = std::vec![0; 2 * size_of::<Peer>() + 32];
        let mut peers = Peers::carve(&mut Arena::new(&mut memory), 2).unwrap();
        let second = Micros::seconds;
        for _ in 0..5 {
            peers.at(10, second(0), &mut ()).unwrap().take_sequence();
        }
        peers.at(11, second(1), &mut ()).unwrap();
        assert!(matches!(peers.at(12, second(60), &mut ()), Err(NoPeerSlot { capacity: 2 })));
        peers.at(11, second(100), &mut ()).unwrap().heard_in(1, 0, second(100));
        assert_eq!(peers.at(12, second(130), &mut ()).unwrap().next_sequence(), 5);
        assert_eq!(peers.at(10, second(300), &mut ()).unwrap().next_sequence(), 5);
    }

    #[test]
    fn a_boot_begins_anew_whatever_its_number() {
        for (boot, nonce) in [(5, 0), (3, 0), (4, 1), (u32::MAX, 0)] {
            let mut peer = Peer::default();
            peer.heard_in(4, 0, Micros(5));
            peer.mark(true, 0);
            peer.heard_in(4, 0, Micros(6));
            assert_eq!(peer.verdict(true, 0), WindowVerdict::Seen);
            assert_eq!(peer.verdict(false, 0), WindowVerdict::New);
            peer.heard_in(boot, nonce, Micros(7));
            assert_eq!(peer.verdict(true, 0), WindowVerdict::New);
        }
    }
}
