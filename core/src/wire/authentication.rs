//! The fleet key: only who has it is heard, and nothing is heard twice.
//!
//! A tag is SipHash-2-4 with 128 bits of output over header, payload and counter. It is a keyed function made for
//! short messages, needs no nonce, and costs some 15 operations of 32 bits a byte; HMAC-SHA256
//! would hash at least four 64-byte blocks a frame for no gain at this tag length. A forger who does not have the
//! key succeeds once in 2^128 tries. The key is one for the fleet: it keeps strangers out, it does not tell members
//! apart. Payloads are not secret.
//!
//! A frame counts as replayed unless its boot number and counter are newer than what the window of its source has
//! seen. Boot numbers must therefore never repeat under one key: a chip counts them in flash. A chip that boots has
//! seen nothing; [`Replays::restore`] takes what it kept.

use super::window::{Standing, Window};
use crate::arena::{Arena, NoRoom};
use crate::meter::{Meter, Op};
use core::fmt;
use siphasher::sip128::SipHasher24;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Bytes of a tag.
pub const TAG: usize = 16;

/// 32-bit operations that SipHash-2-4 takes for 8 bytes: two rounds of 4 additions, 6 rotations and 4 exclusive ors
/// of 64 bits, at 4, 6 and 2 operations each.
const OPERATIONS_A_BLOCK: u32 = 2 * (4 * 4 + 6 * 6 + 4 * 2);

/// The secret that the chips of a fleet share.
#[derive(Clone, Copy)]
pub struct Key([u8; 16]);

/// What proves that the sender has the key.
#[derive(Clone, Copy, Debug)]
pub struct Tag(pub [u8; TAG]);

impl Key {
    /// The key with these bytes, which should be random.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The tag of `bytes`.
    pub fn tag<M: Meter>(&self, bytes: &[u8], meter: &mut M) -> Tag {
        // Four rounds follow the last block, twice.
        let blocks = (bytes.len() / 8) as u32 + 1 + 4;
        meter.record(Op::Call, 1);
        meter.record(Op::Alu, blocks.saturating_mul(OPERATIONS_A_BLOCK));
        Tag(SipHasher24::new_with_key(&self.0).hash(bytes).as_bytes())
    }

    /// Is `tag` the tag of `bytes`? Takes the same time wherever they differ.
    pub fn verify<M: Meter>(&self, bytes: &[u8], tag: &[u8], meter: &mut M) -> bool {
        let Tag(right) = self.tag(bytes, meter);
        let difference = right.iter().zip(tag).fold(0, |difference, (a, b)| difference | (a ^ b));
        // The optimiser must not see that one set bit decides.
        tag.len() == TAG && core::hint::black_box(difference) == 0
    }
}

/// A key is not for printing.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// What was heard of one authenticated peer. All zeros is nobody.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct ReplayState {
    counters: Window,
    boot: u32,
    peer: u16,
    in_use: u16,
}
const _: () = assert!(size_of::<ReplayState>() == 24);

/// Why an authentic frame is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It, or a later one, was taken before.
    Replayed,
    /// Every place for a peer is taken. None is given up, or its frames could be replayed.
    NoPlace {
        /// How many places there are.
        capacity: u32,
    },
}

/// A replay window for each authenticated peer. Only frames with a right tag get here, so strangers take no places.
#[derive(Debug)]
pub struct Replays<'a> {
    peers: &'a mut [ReplayState],
}

impl<'a> Replays<'a> {
    /// Windows for `capacity` peers; without a key, none are needed.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small.
    pub fn carve(arena: &mut Arena<'a>, capacity: u32) -> Result<Self, NoRoom> {
        Ok(Self { peers: arena.slice("replay windows", capacity)? })
    }

    /// Takes the frame of `peer` with this boot number and counter, once.
    ///
    /// # Errors
    /// [`Refused`] when it was taken before or there is no place for the peer.
    pub fn take<M: Meter>(
        &mut self,
        peer: u16,
        boot: u32,
        counter: u32,
        meter: &mut M,
    ) -> Result<(), Refused> {
        let state = self.place(peer, meter)?;
        if state.in_use == 0 || boot > state.boot {
            *state = ReplayState { counters: Window::default(), boot, peer, in_use: 1 };
        }
        if boot < state.boot || state.counters.standing(counter) != Standing::New {
            return Err(Refused::Replayed);
        }
        state.counters.mark(counter);
        Ok(())
    }

    /// Remembers, after a boot, that everything of `peer` up to this boot number and counter was heard.
    ///
    /// # Errors
    /// [`Refused::NoPlace`] when every place is taken.
    pub fn restore(&mut self, peer: u16, boot: u32, counter: u32) -> Result<(), Refused> {
        let state = self.place(peer, &mut ())?;
        *state = ReplayState { counters: Window::up_to(counter), boot, peer, in_use: 1 };
        Ok(())
    }

    /// Each peer with the boot number and the highest counter heard of it, to be kept over a boot.
    pub fn heard(&self) -> impl Iterator<Item = (u16, u32, u32)> + '_ {
        let used = self.peers.iter().filter(|state| state.in_use != 0);
        used.map(|state| (state.peer, state.boot, state.counters.highest().unwrap_or(0)))
    }

    /// The place of `peer`, or a free one.
    fn place<M: Meter>(&mut self, peer: u16, meter: &mut M) -> Result<&mut ReplayState, Refused> {
        meter.record(Op::Compare, self.peers.len() as u32);
        let capacity = self.peers.len() as u32;
        let known = self.peers.iter().position(|state| state.in_use != 0 && state.peer == peer);
        let place = known.or_else(|| self.peers.iter().position(|state| state.in_use == 0));
        place.and_then(|place| self.peers.get_mut(place)).ok_or(Refused::NoPlace { capacity })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = Key::new([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);

    #[test]
    fn tags_are_those_of_the_reference() {
        // `vectors_sip128` of github.com/veorq/SipHash, the first and the last.
        let first =
            [0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02, 0x93];
        let last =
            [0x51, 0x50, 0xd1, 0x77, 0x2f, 0x50, 0x83, 0x4a, 0x50, 0x3e, 0x06, 0x9a, 0x97, 0x3f, 0xbd, 0x7c];
        let input: [u8; 63] = core::array::from_fn(|i| i as u8);
        assert_eq!(KEY.tag(&[], &mut ()).0, first);
        assert_eq!(KEY.tag(&input, &mut ()).0, last);
    }

    #[test]
    fn only_the_whole_tag_verifies() {
        let Tag(tag) = KEY.tag(b"frame", &mut ());
        assert!(KEY.verify(b"frame", &tag, &mut ()));
        assert!(!KEY.verify(b"frame", &tag[..15], &mut ()) && !KEY.verify(b"frame", &[], &mut ()));
        for bit in 0..128 {
            let mut other = tag;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!KEY.verify(b"frame", &other, &mut ()));
        }
    }

    #[test]
    fn nothing_is_taken_twice_and_old_boots_not_at_all() {
        let mut memory = std::vec![0; 100];
        let mut replays = Replays::carve(&mut Arena::new(&mut memory), 2).unwrap();
        let mut take = |peer, boot, counter| replays.take(peer, boot, counter, &mut ());
        assert_eq!(take(7, 3, 1), Ok(()));
        assert_eq!(take(7, 3, 1), Err(Refused::Replayed));
        assert_eq!(take(7, 3, 9), Ok(()));
        assert_eq!(take(7, 3, 2), Ok(()));
        assert_eq!(take(7, 4, 1), Ok(()));
        assert_eq!(take(7, 3, 10), Err(Refused::Replayed));
        assert_eq!(take(8, 1, 1), Ok(()));
        assert_eq!(take(9, 1, 1), Err(Refused::NoPlace { capacity: 2 }));
        assert_eq!(replays.heard().collect::<std::vec::Vec<_>>(), [(7, 4, 1), (8, 1, 1)]);
        replays.restore(8, 2, 5).unwrap();
        assert_eq!(replays.take(8, 2, 5, &mut ()), Err(Refused::Replayed));
        assert_eq!(replays.take(8, 2, 6, &mut ()), Ok(()));
    }
}
