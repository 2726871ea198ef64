//! Role, number and keys, in two copies that outlive a power cut.
//!
//! One image serves every chip of a kind; what tells two of them apart lies in a partition of two flash sectors. A
//! record is written to the sector that does not hold the newest one, so that whatever a power cut leaves of a write,
//! the copy before it is whole. Erased flash reads as ones, which is no record.

use crate::crc::crc32;
use ruvllm_esp_core::wire::authentication::Key;
use ruvllm_esp_core::wire::keyring::Keyring;

/// The bytes of a record; a multiple of the flash's word.
pub const RECORD_BYTES: usize = 88;

/// The copies there are, each in a sector of its own.
pub const COPIES: usize = 2;

/// The longest name of a role.
pub const ROLE_LIMIT: usize = 16;

/// The bytes of a key.
pub const KEY_BYTES: usize = 16;

const MAGIC: [u8; 4] = *b"RVC2";
const CHIP_KEY_AT: usize = 28;
const EPOCH_AT: usize = 44;
const KEY_AT: usize = 48;
const NEXT_EPOCH_AT: usize = 64;
const NEXT_KEY_AT: usize = 68;
const CRC_AT: usize = 84;

/// A chip's settings. All absent is what a new chip has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    role: [u8; ROLE_LIMIT],
    /// Its number in the fleet.
    pub chip_id: Option<u16>,
    /// Its keys, which are those of its number.
    pub keys: Option<Keyring>,
}

impl Settings {
    /// The role's name, where one is set.
    pub fn role(&self) -> Option<&str> {
        let length = self.role.iter().position(|byte| *byte == 0).unwrap_or(ROLE_LIMIT);
        self.role
            .get(..length)
            .and_then(|name| core::str::from_utf8(name).ok())
            .filter(|name| !name.is_empty())
    }

    /// Sets the role's name. False, and nothing set, where it is longer than [`ROLE_LIMIT`].
    pub fn set_role(&mut self, name: &str) -> bool {
        let mut role = [0; ROLE_LIMIT];
        let Some(slot) = role.get_mut(..name.len()) else { return false };
        slot.copy_from_slice(name.as_bytes());
        self.role = role;
        true
    }

    /// The record of these settings, newer than one with `sequence - 1`.
    ///
    /// `magic [4] | sequence u32 | flags u8 | 0 | chip_id u16 | role [16] | chip's key [16] | epoch u32 | its key [16] |
    /// next epoch u32 | its key [16] | crc u32`, little-endian; bit 0 of the flags says that there is a number, bit 1
    /// keys, bit 2 those of a next epoch, bit 3 that payloads are encrypted.
    pub fn encode(&self, sequence: u32) -> [u8; RECORD_BYTES] {
        let mut record = [0; RECORD_BYTES];
        let next = self.keys.and_then(|keys| keys.next);
        let encrypts = self.keys.is_some_and(|keys| keys.encrypts);
        let flags = [self.chip_id.is_some(), self.keys.is_some(), next.is_some(), encrypts];
        let flags = flags.into_iter().rev().fold(0, |flags, is_there| flags << 1 | u8::from(is_there));
        let [low, high] = self.chip_id.unwrap_or(0).to_le_bytes();
        put(&mut record, 0, &MAGIC);
        put(&mut record, 4, &sequence.to_le_bytes());
        put(&mut record, 8, &[flags, 0, low, high]);
        put(&mut record, 12, &self.role);
        if let Some(keys) = &self.keys {
            put(&mut record, CHIP_KEY_AT, &keys.chip.to_bytes());
            put(&mut record, EPOCH_AT, &keys.epoch.to_le_bytes());
            put(&mut record, KEY_AT, &keys.current.to_bytes());
        }
        if let Some((epoch, key)) = next {
            put(&mut record, NEXT_EPOCH_AT, &epoch.to_le_bytes());
            put(&mut record, NEXT_KEY_AT, &key.to_bytes());
        }
        let crc = crc32(record.get(..CRC_AT).unwrap_or_default());
        put(&mut record, CRC_AT, &crc.to_le_bytes());
        record
    }
}

/// Reads a record: its sequence number and its settings, or nothing where it is not one, or not whole.
pub fn decode(record: &[u8; RECORD_BYTES]) -> Option<(u32, Settings)> {
    let body = record.get(..CRC_AT)?;
    if !body.starts_with(&MAGIC) || crc32(body) != u32::from_le_bytes(take(record, CRC_AT)?) {
        return None;
    }
    let [flags, _, low, high] = take(record, 8)?;
    let settings = Settings {
        role: take(record, 12)?,
        chip_id: (flags & 1 != 0).then_some(u16::from_le_bytes([low, high])),
        keys: if flags & 2 != 0 { Some(keyring(record, flags)?) } else { None },
    };
    Some((u32::from_le_bytes(take(record, 4)?), settings))
}

fn keyring(record: &[u8; RECORD_BYTES], flags: u8) -> Option<Keyring> {
    let number = |at| take(record, at).map(u32::from_le_bytes);
    let key = |at| take(record, at).map(Key::new);
    let next = if flags & 4 != 0 { Some((number(NEXT_EPOCH_AT)?, key(NEXT_KEY_AT)?)) } else { None };
    let (chip, epoch, current) = (key(CHIP_KEY_AT)?, number(EPOCH_AT)?, key(KEY_AT)?);
    Some(Keyring { chip, epoch, current, next, encrypts: flags & 8 != 0 })
}

/// What both copies say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newest {
    /// The settings in force, where any copy is whole.
    pub settings: Option<Settings>,
    /// The copy to write next, 0 or 1: the one whose loss costs nothing.
    pub next_copy: usize,
    /// The sequence number to write next.
    pub next_sequence: u32,
}

/// Picks the newer of the copies that are whole.
pub fn newest(copies: &[[u8; RECORD_BYTES]; COPIES]) -> Newest {
    let [first, second] = copies.each_ref().map(decode);
    // Sequence numbers go round; the newer one is ahead by less than half of the circle.
    let second_is_newer = match (first, second) {
        (Some((first, _)), Some((second, _))) => second.wrapping_sub(first) < u32::MAX / 2,
        (first, _) => first.is_none(),
    };
    let found = if second_is_newer { second } else { first };
    Newest {
        settings: found.map(|(_, settings)| settings),
        next_copy: usize::from(!second_is_newer),
        next_sequence: found.map_or(0, |(sequence, _)| sequence.wrapping_add(1)),
    }
}

fn put(record: &mut [u8; RECORD_BYTES], at: usize, bytes: &[u8]) {
    if let Some(slot) = record.get_mut(at..at + bytes.len()) {
        slot.copy_from_slice(bytes);
    }
}

fn take<const N: usize>(record: &[u8; RECORD_BYTES], at: usize) -> Option<[u8; N]> {
    record.get(at..at + N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ERASED: [u8; RECORD_BYTES] = [0xff; RECORD_BYTES];

    /// Those of an even number have a next epoch, those of every third are for encryption.
    fn keys(chip_id: u16) -> Keyring {
        let master = Key::new([7; KEY_BYTES]);
        let next = chip_id.is_multiple_of(2).then(|| (9, Keyring::provision(&master, chip_id, 9).current));
        Keyring { next, encrypts: chip_id.is_multiple_of(3), ..Keyring::provision(&master, chip_id, 8) }
    }

    fn settings(chip_id: u16) -> Settings {
        let mut settings =
            Settings { chip_id: Some(chip_id), keys: Some(keys(chip_id)), ..Default::default() };
        assert!(settings.set_role("memory"));
        settings
    }

    /// A write as flash does it, cut off after `bytes` of the programming, or within the erasure.
    fn write(copies: &mut [[u8; RECORD_BYTES]; COPIES], settings: &Settings, bytes: usize) {
        let next = newest(copies);
        let record = settings.encode(next.next_sequence);
        let copy = &mut copies[next.next_copy];
        *copy = ERASED;
        copy[..bytes].copy_from_slice(&record[..bytes]);
    }

    #[test]
    fn what_was_written_last_is_read() {
        let mut copies = [ERASED; COPIES];
        assert_eq!(newest(&copies).settings, None);
        for chip_id in 0..9 {
            write(&mut copies, &settings(chip_id), RECORD_BYTES);
            assert_eq!(newest(&copies).settings, Some(settings(chip_id)));
        }
        let found = newest(&copies).settings.unwrap();
        assert_eq!((found.role(), found.chip_id, found.keys), (Some("memory"), Some(8), Some(keys(8))));
    }

    #[test]
    fn a_power_cut_at_any_byte_leaves_the_settings_before_it() {
        for bytes in 0..RECORD_BYTES {
            let mut copies = [ERASED; COPIES];
            write(&mut copies, &settings(1), RECORD_BYTES);
            write(&mut copies, &settings(2), RECORD_BYTES);
            write(&mut copies, &settings(3), bytes);
            assert_eq!(newest(&copies).settings, Some(settings(2)), "after {bytes} bytes");
            write(&mut copies, &settings(4), RECORD_BYTES);
            assert_eq!(newest(&copies).settings, Some(settings(4)), "after {bytes} bytes");
        }
    }

    #[test]
    fn sequence_numbers_go_round() {
        let copies = [settings(1).encode(u32::MAX), settings(2).encode(0)];
        assert_eq!(newest(&copies).settings, Some(settings(2)));
        assert_eq!((newest(&copies).next_copy, newest(&copies).next_sequence), (0, 1));
    }

    #[test]
    fn a_name_too_long_is_refused_and_changes_nothing() {
        let mut changed = settings(1);
        assert!(!changed.set_role("a-name-that-is-too-long"));
        assert_eq!(changed, settings(1));
    }

    proptest! {
        #[test]
        fn any_damage_to_a_record_is_noticed(at in 0..RECORD_BYTES, bits in 1u8..) {
            let mut record = settings(5).encode(9);
            record[at] ^= bits;
            prop_assert_eq!(decode(&record), None);
        }

        #[test]
        fn any_bytes_decode_without_panic(record: [u8; 32], other: [u8; 32]) {
            let mut bytes = [0; RECORD_BYTES];
            bytes.iter_mut().zip(record.iter().chain(&other).cycle()).for_each(|(slot, byte)| *slot = *byte);
            prop_assert!(newest(&[bytes, bytes]).next_copy < COPIES);
        }
    }
}
