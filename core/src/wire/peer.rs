//! Which messages of each sender were delivered, so that none is delivered twice.
//!
//! A peer that was silent for [`FORGET_AFTER`] may be replaced by another.

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
    /// Sequences of its messages that were delivered.
    delivered: Window,
    /// When a frame of it last came, or the slot was made, in microseconds.
    touched: u64,
    /// Its boot number, as far as anything was seen of it.
    boot: u32,
    address: u16,
    nonce: u16,
    in_use: u8,
    /// 1 once a frame of it was seen.
    received: u8,
    padding: [u8; 6],
}
const _: () = assert!(size_of::<Peer>() == 40);

impl Peer {
    /// A frame of it came, of a session that is accepted: another boot starts again.
    pub fn on_frame(&mut self, boot: u32, nonce: u16, now: Micros) {
        if self.received == 0 || (boot, nonce) != (self.boot, self.nonce) {
            (self.received, self.boot, self.nonce) = (1, boot, nonce);
            self.delivered = Window::default();
        }
        self.touched = now.get();
    }

    /// Was message `sequence` delivered?
    pub fn verdict(&self, sequence: u32) -> WindowVerdict {
        self.delivered.verdict(self.delivered.extend(sequence))
    }

    /// Message `sequence` was delivered.
    pub fn mark(&mut self, sequence: u32) {
        self.delivered.mark(self.delivered.extend(sequence));
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
}

impl<'a> Peers<'a> {
    /// Slots for `capacity` peers.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small.
    pub fn carve(arena: &mut Arena<'a>, capacity: u32) -> Result<Self, NoRoom> {
        Ok(Self { peers: arena.slice("peers", capacity)? })
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
            *peer = Peer { address, in_use: 1, touched: now.get(), ..Peer::default() };
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
    fn a_silent_peer_gives_way() {
        let mut memory = std::vec![0; 2 * size_of::<Peer>() + 32];
        let mut peers = Peers::carve(&mut Arena::new(&mut memory), 2).unwrap();
        let second = Micros::seconds;
        peers.at(10, second(0), &mut ()).unwrap();
        peers.at(11, second(1), &mut ()).unwrap();
        assert!(matches!(peers.at(12, second(60), &mut ()), Err(NoPeerSlot { capacity: 2 })));
        peers.at(11, second(100), &mut ()).unwrap().on_frame(1, 0, second(100));
        peers.at(12, second(130), &mut ()).unwrap().mark(5);
        assert_eq!(peers.at(12, second(131), &mut ()).unwrap().verdict(5), WindowVerdict::Seen);
    }

    #[test]
    fn a_boot_starts_again_whatever_its_number() {
        for (boot, nonce) in [(5, 0), (3, 0), (4, 1), (u32::MAX, 0)] {
            let mut peer = Peer::default();
            peer.on_frame(4, 0, Micros(5));
            peer.mark(0);
            peer.on_frame(4, 0, Micros(6));
            assert_eq!(peer.verdict(0), WindowVerdict::Seen);
            peer.on_frame(boot, nonce, Micros(7));
            assert_eq!(peer.verdict(0), WindowVerdict::New);
        }
    }
}
