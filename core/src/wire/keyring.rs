//! A chip's keys: its own, and those of the fleet's epochs.
//!
//! The fleet has a master key, which stays on the host that sets up the chips. From it are derived a key for each chip, which
//! that chip alone has, and a key for each epoch, which all members have. A member tags its frames with a key made from that
//! of the epoch and its own number. To strike a chip from the fleet a new epoch begins: its key is sealed for each of the
//! others under that chip's own key, and a chip that does not get it is refused from then on.
//!
//! Chips learn the new key one after the other. So a chip takes frames of both epochs for [`OVERLAP`] before it sends in
//! the new one, and for as long after that.

use super::authentication::{Key, Purpose, Tag};
use crate::arena::{Arena, NoRoom};
use crate::meter::Meter;
use crate::units::Micros;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// How long a chip has the key of the next epoch before it uses it, and that of the last one after.
pub const OVERLAP: Micros = Micros::seconds(60);

/// Bytes of a sealed key: the key, unreadable, and a tag over it.
pub const SEALED: usize = 32;

/// How far ahead of a chip's epoch a new one may be: frames bear its lowest 8 bits.
const MAX_LEAP: u32 = 255;

/// What a chip keeps in flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keyring {
    /// The chip's own key: what is sealed for it alone is opened with it.
    pub chip: Key,
    /// The epoch in whose key it sends, from 1.
    pub epoch: u32,
    /// The key of that epoch.
    pub current: Key,
    /// A later epoch and its key, once it has them.
    pub next: Option<(u32, Key)>,
    /// Are payloads encrypted? Frames of the other kind are refused.
    pub encrypts: bool,
}

impl Keyring {
    /// What chip number `chip` is given at the start of an epoch. Where this runs the master key is known.
    pub fn provision(master: &Key, chip: u16, epoch: u32) -> Self {
        let (own, current) = (chip_key(master, chip), epoch_key(master, epoch));
        Self { chip: own, epoch, current, next: None, encrypts: false }
    }

    /// The same keys, with payloads encrypted or not.
    #[must_use]
    pub fn with_encryption(self, encrypts: bool) -> Self {
        Self { encrypts, ..self }
    }
}

/// The key that chip number `chip` alone has.
fn chip_key(master: &Key, chip: u16) -> Key {
    master.derive(Purpose::Chip, chip.into(), &mut ())
}

/// The key that all members have in `epoch`.
pub fn epoch_key(master: &Key, epoch: u32) -> Key {
    master.derive(Purpose::Epoch, epoch, &mut ())
}

/// The key of `epoch`, sealed for chip number `chip`: nobody else can open it, and nobody without the master key make it.
pub fn seal(master: &Key, chip: u16, epoch: u32) -> [u8; SEALED] {
    let (own, mut sealed) = (chip_key(master, chip), [0; SEALED]);
    let pad = own.derive(Purpose::Pad, epoch, &mut ());
    let Key(key) = combine(&epoch_key(master, epoch), &pad);
    let Tag(tag) = own.derive(Purpose::Seal, epoch, &mut ()).tag(&key, &mut ());
    sealed.iter_mut().zip(key.into_iter().chain(tag)).for_each(|(slot, byte)| *slot = byte);
    sealed
}

/// Opens a sealed key with the chip's own.
fn open<M: Meter>(own: &Key, epoch: u32, sealed: &[u8], meter: &mut M) -> Option<Key> {
    let (key, tag) = sealed.split_first_chunk::<16>()?;
    let is_right = own.derive(Purpose::Seal, epoch, meter).verify(key, tag, meter);
    is_right.then(|| combine(&Key(*key), &own.derive(Purpose::Pad, epoch, meter)))
}

fn combine(Key(one): &Key, Key(other): &Key) -> Key {
    let mut both = *one;
    both.iter_mut().zip(other).for_each(|(byte, pad)| *byte ^= pad);
    Key(both)
}

/// The keys that a chip works with. All zeros is before the first frame.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
struct State {
    /// When the next change is due, in microseconds; 0 is never.
    due: u64,
    chip: [u8; 16],
    current: [u8; 16],
    /// That of the next epoch, and once that is the current one, that of the last.
    other: [u8; 16],
    /// 0 before the first frame.
    epoch: u32,
    /// The epoch of `other`; 0 where there is none.
    other_epoch: u32,
}
const _: () = assert!(size_of::<State>() == 64);

/// What became of a sealed key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// The key of this epoch was not known here.
    New(u32),
    /// It was known, or is older than the one that is used.
    Known,
    /// It was not sealed for this chip, or it was changed.
    NotForUs,
}

/// The keys of a chip changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyChange {
    /// It sends in this epoch from now on.
    InUse(u32),
    /// It takes frames of this epoch alone from now on.
    Alone(u32),
}

/// The keys of a chip, in its arena.
#[derive(Debug)]
pub struct Keys<'a> {
    state: &'a mut State,
    encrypts: bool,
}

impl<'a> Keys<'a> {
    /// The keys, at first as flash has them.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small.
    pub fn carve(arena: &mut Arena<'a>, kept: &Keyring) -> Result<Self, NoRoom> {
        let state: &mut State = arena.one("keys")?;
        if state.epoch == 0 {
            let (other_epoch, Key(other)) = kept.next.unwrap_or((0, Key([0; 16])));
            // A chip that booted meanwhile waits the whole time again: it does not know how much of it is over.
            let due = if kept.next.is_some() { OVERLAP.get() } else { 0 };
            let (chip, current) = (kept.chip.0, kept.current.0);
            *state = State { due, chip, current, other, epoch: kept.epoch.max(1), other_epoch };
        }
        Ok(Self { state, encrypts: kept.encrypts })
    }

    /// The epoch and the key to send with.
    pub fn sending(&self) -> (u32, Key) {
        (self.state.epoch, Key(self.state.current))
    }

    /// Are payloads encrypted?
    pub fn encrypts(&self) -> bool {
        self.encrypts
    }

    /// The epoch with these lowest 8 bits, and its key, if frames of it are taken.
    pub fn of(&self, low: u8) -> Option<(u32, Key)> {
        let State { epoch, current, other_epoch, other, .. } = *self.state;
        if epoch as u8 == low {
            return Some((epoch, Key(current)));
        }
        (other_epoch != 0 && other_epoch as u8 == low).then_some((other_epoch, Key(other)))
    }

    /// What is to be kept in flash.
    pub fn kept(&self) -> Keyring {
        let State { chip, epoch, current, other_epoch, other, .. } = *self.state;
        let next = (other_epoch > epoch).then_some((other_epoch, Key(other)));
        Keyring { chip: Key(chip), epoch, current: Key(current), next, encrypts: self.encrypts }
    }

    /// Takes a key that may be sealed for this chip.
    pub fn take<M: Meter>(&mut self, epoch: u32, sealed: &[u8], now: Micros, meter: &mut M) -> Opened {
        let Some(Key(key)) = open(&Key(self.state.chip), epoch, sealed, meter) else {
            return Opened::NotForUs;
        };
        let state = &mut *self.state;
        let newest = state.epoch.max(state.other_epoch);
        if epoch <= newest || epoch - state.epoch > MAX_LEAP {
            return Opened::Known;
        }
        (state.other, state.other_epoch) = (key, epoch);
        state.due = now.get().saturating_add(OVERLAP.get());
        Opened::New(epoch)
    }

    /// A frame of `epoch` came with a right tag: if that is the next one, others use it already.
    pub fn on_frame(&mut self, epoch: u32, now: Micros) {
        if epoch > self.state.epoch && epoch == self.state.other_epoch {
            self.state.due = self.state.due.min(now.get().max(1));
        }
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Micros) -> Option<KeyChange> {
        if self.state.due == 0 || now.get() < self.state.due {
            return None;
        }
        if self.state.other_epoch > self.state.epoch {
            return Some(self.switch(now));
        }
        (self.state.due, self.state.other_epoch, self.state.other) = (0, 0, [0; 16]);
        Some(KeyChange::Alone(self.state.epoch))
    }

    /// When [`Keys::tick`] has something to do.
    pub fn wake_at(&self) -> Option<Micros> {
        (self.state.due != 0).then_some(Micros(self.state.due))
    }

    fn switch(&mut self, now: Micros) -> KeyChange {
        let state = &mut *self.state;
        core::mem::swap(&mut state.current, &mut state.other);
        core::mem::swap(&mut state.epoch, &mut state.other_epoch);
        state.due = now.get().saturating_add(OVERLAP.get());
        KeyChange::InUse(state.epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASTER: Key = Key::new(*b"the master key!!");

    fn keys(memory: &mut [u8], chip: u16) -> Keys<'_> {
        Keys::carve(&mut Arena::new(memory), &Keyring::provision(&MASTER, chip, 1)).unwrap()
    }

    #[test]
    fn no_two_keys_are_the_same() {
        let all: std::vec::Vec<Key> = (0..50u16)
            .flat_map(|n| {
                [
                    chip_key(&MASTER, n),
                    epoch_key(&MASTER, n.into()),
                    chip_key(&MASTER, n).derive(Purpose::Pad, 1, &mut ()),
                    chip_key(&MASTER, n).derive(Purpose::Seal, 1, &mut ()),
                ]
            })
            .collect();
        for (index, key) in all.iter().enumerate() {
            assert!(!all[..index].contains(key) && *key != MASTER, "{index}");
        }
    }

    #[test]
    fn a_sealed_key_is_opened_by_its_chip_alone_and_not_where_it_was_changed() {
        let mut memory = [0; 80];
        let sealed = seal(&MASTER, 3, 2);
        assert!(!sealed.windows(16).any(|bytes| bytes == epoch_key(&MASTER, 2).0));
        assert_eq!(keys(&mut memory, 4).take(2, &sealed, Micros(0), &mut ()), Opened::NotForUs);
        let mut memory = [0; 80];
        let mut three = keys(&mut memory, 3);
        assert_eq!(three.take(3, &sealed, Micros(0), &mut ()), Opened::NotForUs);
        assert_eq!(three.take(2, &sealed[..31], Micros(0), &mut ()), Opened::NotForUs);
        for bit in 0..8 * SEALED {
            let mut changed = sealed;
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(three.take(2, &changed, Micros(0), &mut ()), Opened::NotForUs);
        }
        assert_eq!(three.of(2), None);
        assert_eq!(three.take(2, &sealed, Micros(0), &mut ()), Opened::New(2));
        assert_eq!(three.of(2), Some((2, epoch_key(&MASTER, 2))));
        assert_eq!(three.take(2, &sealed, Micros(0), &mut ()), Opened::Known);
        assert_eq!(three.take(1, &seal(&MASTER, 3, 1), Micros(0), &mut ()), Opened::Known);
    }

    #[test]
    fn both_epochs_are_taken_while_they_overlap_and_then_the_new_one_alone() {
        let mut memory = [0; 80];
        let mut keys = keys(&mut memory, 3);
        let second = Micros::seconds;
        let taken = |keys: &Keys<'_>| [1, 2].map(|low| keys.of(low).is_some());
        assert_eq!((taken(&keys), keys.wake_at()), ([true, false], None));
        keys.take(2, &seal(&MASTER, 3, 2), second(10), &mut ());
        assert_eq!((keys.sending().0, taken(&keys)), (1, [true, true]));
        assert_eq!(keys.kept().next, Some((2, epoch_key(&MASTER, 2))));
        assert_eq!(keys.tick(second(69)), None);
        assert_eq!(keys.tick(second(70)), Some(KeyChange::InUse(2)));
        assert_eq!((keys.sending(), taken(&keys)), ((2, epoch_key(&MASTER, 2)), [true, true]));
        assert_eq!((keys.kept().epoch, keys.kept().next), (2, None));
        assert_eq!(keys.tick(second(129)), None);
        assert_eq!(keys.tick(second(130)), Some(KeyChange::Alone(2)));
        assert_eq!((taken(&keys), keys.wake_at()), ([false, true], None));
    }

    #[test]
    fn a_frame_of_the_next_epoch_shows_that_others_use_it() {
        let mut memory = [0; 80];
        let mut keys = keys(&mut memory, 3);
        let mut tick_after = |epoch, now| {
            keys.on_frame(epoch, Micros(now));
            keys.tick(Micros(now))
        };
        assert_eq!(tick_after(2, 1), None);
        assert_eq!(keys.take(2, &seal(&MASTER, 3, 2), Micros(2), &mut ()), Opened::New(2));
        let mut tick_after = |epoch, now| {
            keys.on_frame(epoch, Micros(now));
            keys.tick(Micros(now))
        };
        assert_eq!(tick_after(1, 3), None);
        assert_eq!(tick_after(2, 4), Some(KeyChange::InUse(2)));
        assert_eq!((tick_after(1, 5), tick_after(2, 6)), (None, None), "the last epoch turns nothing back");
        assert_eq!(keys.sending().0, 2);
    }

    #[test]
    fn an_epoch_may_be_skipped_and_a_boot_within_the_overlap_loses_nothing() {
        let mut memory = [0; 80];
        let mut before = keys(&mut memory, 3);
        assert_eq!(
            before.take(300, &seal(&MASTER, 3, 300), Micros(0), &mut ()),
            Opened::Known,
            "too far ahead"
        );
        before.take(5, &seal(&MASTER, 3, 5), Micros(0), &mut ());
        let kept = before.kept();
        let mut memory = [0; 80];
        let mut after = Keys::carve(&mut Arena::new(&mut memory), &kept).unwrap();
        assert_eq!([1, 5].map(|low| after.of(low).is_some()), [true, true]);
        assert_eq!(after.tick(OVERLAP), Some(KeyChange::InUse(5)));
        // Carved again over the same memory, it is where it was.
        let again = Keys::carve(&mut Arena::new(&mut memory), &kept).unwrap();
        assert_eq!(again.sending().0, 5);
    }
}
