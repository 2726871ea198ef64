//! Messages longer than a link's frames: cut here, put together there.
//!
//! All fragments of a message but the last have the same length, and each says how many there are and how long the
//! whole is, so any of them alone says where it belongs, and the order of arrival does not matter. Messages are put
//! together in slots of fixed size: an unfinished one that grew too old, or else the oldest, gives way to a new one.

use super::MESSAGE_LIMIT;
use super::frame::Header;
use crate::arena::{Arena, NoRoom};
use crate::meter::{Meter, Op};
use crate::units::Micros;
use core::ops::Range;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Bytes of the header of a fragment.
pub const FRAGMENT_HEADER: usize = 4;
/// The most fragments of one message: one bit each in the record of those that came.
pub const MAX_FRAGMENTS: u8 = 64;
/// An unfinished message to which nothing came for so long is given up.
pub const REASSEMBLY_TIMEOUT: Micros = Micros::seconds(10);

/// How a message is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragmentation {
    /// Bytes of the message.
    total: u16,
    /// How many fragments.
    count: u8,
}

impl Fragmentation {
    /// The fewest fragments for `total` bytes in frames with `room` for a payload; one, without a header, if that
    /// suffices. `None` where it takes more than [`MAX_FRAGMENTS`].
    pub fn plan(total: u16, room: u16) -> Option<Self> {
        if total <= room {
            return Some(Self { total, count: 1 });
        }
        let room = room.checked_sub(FRAGMENT_HEADER as u16).filter(|room| *room > 0)?;
        let count = u8::try_from(total.div_ceil(room)).ok()?;
        Self::of(total, count)
    }

    /// The cut of `total` bytes into `count` fragments, if there is one without an empty fragment.
    pub fn of(total: u16, count: u8) -> Option<Self> {
        let cut = Self { total, count };
        let whole = count == 1 && usize::from(total) <= MESSAGE_LIMIT;
        let pieces = (2..=MAX_FRAGMENTS).contains(&count)
            && usize::from(total) <= MESSAGE_LIMIT
            && usize::from(count - 1) * cut.piece() < usize::from(total);
        (whole || pieces).then_some(cut)
    }

    /// Bytes of every fragment but the last.
    fn piece(self) -> usize {
        usize::from(self.total).div_ceil(usize::from(self.count.max(1)))
    }

    /// How many fragments.
    pub fn count(self) -> u8 {
        self.count
    }

    /// Bytes of the message.
    pub fn total(self) -> u16 {
        self.total
    }

    /// One bit for each fragment.
    pub fn mask(self) -> u64 {
        u64::MAX.checked_shr(64 - u32::from(self.count)).unwrap_or(0)
    }

    /// Where fragment `index` lies in the message; empty where there is none.
    pub fn range(self, index: u8) -> Range<usize> {
        let start = (usize::from(index) * self.piece()).min(usize::from(self.total));
        let end = (start + self.piece()).min(usize::from(self.total));
        if index < self.count { start..end } else { 0..0 }
    }

    /// The header of fragment `index`.
    pub fn header(self, index: u8) -> [u8; FRAGMENT_HEADER] {
        let [low, high] = self.total.to_le_bytes();
        [index, self.count, low, high]
    }
}

/// A fragment, as its payload says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment<'a> {
    /// Which one, from 0.
    pub index: u8,
    /// How the message was cut.
    pub cut: Fragmentation,
    /// Its bytes of the message.
    pub bytes: &'a [u8],
}

impl<'a> Fragment<'a> {
    /// Reads the payload of a frame that holds a fragment; `None` where its header and its length do not agree.
    pub fn read(payload: &'a [u8]) -> Option<Self> {
        let (header, bytes) = payload.split_first_chunk::<FRAGMENT_HEADER>()?;
        let [index, count, low, high] = *header;
        let cut = Fragmentation::of(u16::from_le_bytes([low, high]), count).filter(|cut| cut.count > 1)?;
        (index < count && bytes.len() == cut.range(index).len()).then_some(Self { index, cut, bytes })
    }
}

/// An unfinished message. All zeros: unused.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Partial {
    /// Bit `n`: fragment `n` is here.
    received: u64,
    /// When the latest fragment came, in microseconds.
    touched: u64,
    boot: u32,
    sequence: u32,
    source: u16,
    total: u16,
    count: u8,
    number: u8,
    embedder: u8,
    /// 0 is a free slot; otherwise 1 and the flags of the frames, shifted left by one.
    state: u8,
}
const _: () = assert!(size_of::<Partial>() == 32);

/// What a fragment did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The message is not whole yet; these fragments are here.
    Part(u64),
    /// The message is whole, and is read with [`Reassembly::message`].
    Complete(Slot),
}

/// Where a whole message lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot(usize);

/// The unfinished messages, `[slots][MESSAGE_LIMIT] u8`.
#[derive(Debug)]
pub struct Reassembly<'a> {
    partials: &'a mut [Partial],
    bytes: &'a mut [u8],
}

impl<'a> Reassembly<'a> {
    /// Slots for `slots` unfinished messages at a time.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small.
    pub fn carve(arena: &mut Arena<'a>, slots: u32) -> Result<Self, NoRoom> {
        let partials = arena.slice("reassembly", slots)?;
        let bytes = slots.saturating_mul(MESSAGE_LIMIT as u32);
        Ok(Self { partials, bytes: arena.slice("reassembly bytes", bytes)? })
    }

    /// Takes a fragment from a frame with `header`; `None` where it contradicts the fragments before it or there are
    /// no slots at all.
    pub fn accept<M: Meter>(
        &mut self,
        header: &Header,
        fragment: &Fragment<'_>,
        now: Micros,
        meter: &mut M,
    ) -> Option<Progress> {
        meter.record(Op::Compare, self.partials.len() as u32);
        let fresh = Partial::begin(header, fragment.cut);
        let known = self.partials.iter().position(|partial| partial.is_of(&fresh));
        let slot = known.unwrap_or_else(|| self.slot_for_another(now));
        let partial = self.partials.get_mut(slot)?;
        if known.is_none() {
            *partial = fresh;
        } else if !partial.agrees_with(&fresh) {
            return None;
        }
        let index = self.bytes.chunks_exact_mut(MESSAGE_LIMIT).nth(slot)?;
        // The lengths agree: both are the fragment's range.
        index.get_mut(fragment.cut.range(fragment.index))?.copy_from_slice(fragment.bytes);
        meter.record(Op::Copy, fragment.bytes.len() as u32);
        partial.received |= 1u64.checked_shl(u32::from(fragment.index)).unwrap_or(0);
        partial.touched = now.get();
        let whole = partial.received == fragment.cut.mask();
        Some(if whole { Progress::Complete(Slot(slot)) } else { Progress::Part(partial.received) })
    }

    /// The bytes of a whole message. Its slot is free from now on.
    pub fn message(&mut self, slot: Slot) -> &[u8] {
        let length = self.partials.get_mut(slot.0).map_or(0, |partial| {
            partial.state = 0;
            usize::from(partial.total)
        });
        let bytes = self.bytes.chunks_exact(MESSAGE_LIMIT).nth(slot.0);
        bytes.and_then(|bytes| bytes.get(..length)).unwrap_or_default()
    }

    /// How many messages are unfinished.
    pub fn unfinished(&self) -> usize {
        self.partials.iter().filter(|partial| partial.state != 0).count()
    }

    /// A free slot, one that timed out, or else the one that waited longest.
    fn slot_for_another(&self, now: Micros) -> usize {
        let rank = |partial: &Partial| match partial.state {
            0 => 0,
            _ if now.get().saturating_sub(partial.touched) > REASSEMBLY_TIMEOUT.get() => 1,
            _ => 2,
        };
        let slots = self.partials.iter().enumerate();
        slots.min_by_key(|(_, partial)| (rank(partial), partial.touched)).map_or(0, |(slot, _)| slot)
    }
}

impl Partial {
    fn begin(header: &Header, cut: Fragmentation) -> Self {
        Self {
            received: 0,
            touched: 0,
            boot: header.boot,
            sequence: header.sequence,
            source: header.source,
            total: cut.total,
            count: cut.count,
            number: header.number,
            embedder: header.embedder,
            state: 1 | header.flags.0 << 1,
        }
    }

    /// Is it the same message of the same sender?
    fn is_of(&self, other: &Self) -> bool {
        (self.source, self.boot, self.sequence, self.state)
            == (other.source, other.boot, other.sequence, other.state)
    }

    fn agrees_with(&self, other: &Self) -> bool {
        (self.total, self.count, self.number, self.embedder)
            == (other.total, other.count, other.number, other.embedder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    const SMALLEST_ROOM: u16 = 20;

    fn header(sequence: u32) -> Header {
        Header { source: 1, destination: 2, sequence, ..Header::default() }
    }

    fn payload(message: &[u8], cut: Fragmentation, index: u8) -> Vec<u8> {
        let mut payload = cut.header(index).to_vec();
        payload.extend(&message[cut.range(index)]);
        payload
    }

    fn memory(slots: usize) -> Vec<u8> {
        vec![0; slots * (MESSAGE_LIMIT + size_of::<Partial>()) + 16]
    }

    #[test]
    fn when_slots_run_out_the_one_that_waited_longest_gives_way() {
        let mut memory = memory(2);
        let mut reassembly = Reassembly::carve(&mut Arena::new(&mut memory), 2).unwrap();
        let message = vec![7; 40];
        let cut = Fragmentation::of(40, 2).unwrap();
        let mut take = |sequence, index, second| {
            let payload = payload(&message, cut, index);
            let fragment = Fragment::read(&payload).unwrap();
            reassembly.accept(&header(sequence), &fragment, Micros::seconds(second), &mut ()).unwrap()
        };
        assert_eq!(take(1, 0, 1), Progress::Part(1));
        assert_eq!(take(2, 0, 2), Progress::Part(1));
        assert_eq!(take(3, 0, 3), Progress::Part(1));
        assert!(matches!(take(2, 1, 4), Progress::Complete(_)));
        // The first message lost its slot, so its second fragment begins it again.
        assert_eq!(take(1, 1, 5), Progress::Part(2));
        assert_eq!(take(4, 0, 30), Progress::Part(1));
    }

    #[test]
    fn contradicting_fragments_are_refused() {
        let good = [0, 2, 5, 0, 1, 2, 3];
        assert!(Fragment::read(&good).is_some());
        for bad in [
            &good[..3],
            &good[..6],
            &[2, 2, 5, 0, 1, 2, 3][..],
            &[0, 1, 3, 0, 1, 2, 3][..],
            &[0, 0, 0, 0][..],
            &[3, 4, 5, 0][..],
            &[0, 65, 65, 0, 1][..],
            &[1, 2, 5, 0, 1, 2, 3][..],
        ] {
            assert_eq!(Fragment::read(bad), None, "{bad:?}");
        }
        let mut memory = memory(1);
        let mut reassembly = Reassembly::carve(&mut Arena::new(&mut memory), 1).unwrap();
        let mut take = |payload: &[u8]| {
            reassembly.accept(&header(1), &Fragment::read(payload).unwrap(), Micros(1), &mut ())
        };
        assert!(take(&good).is_some());
        assert_eq!(take(&[0, 2, 6, 0, 1, 2, 3]), None);
    }

    proptest! {
        #[test]
        fn any_order_with_duplicates_gives_the_message(
            message in proptest::collection::vec(any::<u8>(), 1..=MESSAGE_LIMIT),
            room in SMALLEST_ROOM..300,
            order in proptest::collection::vec(any::<prop::sample::Index>(), 0..200),
        ) {
            let cut = Fragmentation::plan(message.len() as u16, room).unwrap();
            prop_assume!(cut.count() > 1);
            let mut memory = memory(1);
            let mut reassembly = Reassembly::carve(&mut Arena::new(&mut memory), 1).unwrap();
            let shuffled = order.iter().map(|index| index.index(usize::from(cut.count())) as u8);
            let mut whole = None;
            for index in shuffled.chain(0..cut.count()) {
                let payload = payload(&message, cut, index);
                prop_assert!(payload.len() <= usize::from(room));
                let fragment = Fragment::read(&payload).unwrap();
                prop_assert!(!fragment.bytes.is_empty());
                match reassembly.accept(&header(9), &fragment, Micros(1), &mut ()).unwrap() {
                    Progress::Complete(slot) => { whole = Some(slot); break }
                    Progress::Part(received) => prop_assert!(received != cut.mask()),
                }
            }
            prop_assert_eq!(reassembly.message(whole.unwrap()), message.as_slice());
            prop_assert_eq!(reassembly.unfinished(), 0);
        }

        #[test]
        fn any_payload_is_refused_or_lies_within_a_message(payload in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Some(fragment) = Fragment::read(&payload) {
                prop_assert!(fragment.cut.range(fragment.index).end <= MESSAGE_LIMIT);
                prop_assert_eq!(fragment.bytes.len() + FRAGMENT_HEADER, payload.len());
            }
        }
    }
}
