//! Role, number and keys in the configuration partition.
//!
//! The form is the firmware's own crate. What is there is read first: keys that the chip has stay where none are given,
//! and the copy that is in force is not the one that is written.

use crate::error::CliError;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::wire::authentication::Key;
use ruvllm_esp_core::wire::keyring::Keyring;
use ruvllm_esp_firmware_logic::config::{COPIES, Newest, RECORD_BYTES, Settings, newest};
use ruvllm_esp_firmware_logic::partition::Partition;

/// The bytes of a flash sector: each copy has one.
const SECTOR: u32 = 0x1000;

/// What to change; what is absent stays as it is on the chip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The role to start with.
    pub role: Option<RoleKind>,
    /// The number in the fleet.
    pub chip_id: Option<u16>,
    /// The key of the fleet, which stays here, and the epoch: the chip is given what follows from them for its number.
    pub key: Option<(Key, u32)>,
    /// Whether payloads are encrypted.
    pub encrypts: Option<bool>,
}

/// A record to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where in flash.
    pub address: u32,
    /// Its bytes.
    pub bytes: [u8; RECORD_BYTES],
}

impl Change {
    /// Is there nothing to change?
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The record that makes this change over what is in flash; nothing where it says so already.
    ///
    /// # Errors
    /// `flash::settings` for a role whose name does not fit, `flash::no-number` for keys of no number, `flash::other-number`
    /// for keys that are there and would be those of another number, `flash::no-key` for encryption without keys.
    pub fn record(
        &self,
        partition: Partition,
        copies: &[[u8; RECORD_BYTES]; COPIES],
    ) -> Result<Option<Record>, CliError> {
        let Newest { settings: before, next_copy, next_sequence } = newest(copies);
        let mut settings: Settings = before.unwrap_or_default();
        if let Some(role) = self.role
            && !settings.set_role(role.alias())
        {
            return Err(CliError::runtime("flash::settings", "the name of the role does not fit"));
        }
        settings.keys = self.encryption(self.keys(&settings)?, &settings)?;
        settings.chip_id = self.chip_id.or(settings.chip_id);
        if before == Some(settings) {
            return Ok(None);
        }
        let address = partition.offset + next_copy as u32 * SECTOR;
        Ok(Some(Record { address, bytes: settings.encode(next_sequence) }))
    }
}

impl Change {
    /// The keys with encryption as it was asked for, or as it was before.
    fn encryption(&self, keys: Option<Keyring>, before: &Settings) -> Result<Option<Keyring>, CliError> {
        if self.encrypts.is_some() && keys.is_none() {
            let text = "payloads are encrypted with the keys of a fleet, and this chip has none";
            return Err(CliError::usage("flash::no-key", text)
                .help("give the fleet's key as well, with --key-file FILE"));
        }
        let encrypts = self.encrypts.or(before.keys.map(|keys| keys.encrypts)).unwrap_or(false);
        Ok(keys.map(|keys| keys.with_encryption(encrypts)))
    }

    fn keys(&self, before: &Settings) -> Result<Option<Keyring>, CliError> {
        let chip_id = self.chip_id.or(before.chip_id);
        match (self.key, chip_id) {
            (Some((master, epoch)), Some(chip_id)) => Ok(Some(Keyring::provision(&master, chip_id, epoch))),
            (Some(_), None) => {
                let text = "the keys of a chip follow from its number, and this one has none";
                Err(CliError::usage("flash::no-number", text)
                    .help("give it one with --chip-id, or `id` in the file"))
            }
            (None, _) if before.keys.is_some() && chip_id != before.chip_id => {
                let text = "the keys on the board are those of the number that it has now";
                Err(CliError::usage("flash::other-number", text)
                    .help("give the fleet's key as well, with --key-file FILE"))
            }
            (None, _) => Ok(before.keys),
        }
    }
}

/// Where the copies lie.
pub fn addresses(partition: Partition) -> [u32; COPIES] {
    std::array::from_fn(|copy| partition.offset + copy as u32 * SECTOR)
}

/// Has the partition room for every copy?
pub fn fits(partition: Partition) -> bool {
    partition.size >= COPIES as u32 * SECTOR
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruvllm_esp_firmware_logic::config::decode;

    const PARTITION: Partition = Partition { offset: 0x9000, size: 0x2000 };
    const MASTER: Key = Key::new(*b"the master key!!");
    const ERASED: [u8; RECORD_BYTES] = [0xff; RECORD_BYTES];

    #[test]
    fn a_new_chip_gets_its_role_in_the_first_copy() {
        let change = Change { role: Some(RoleKind::MemoryArchivist), chip_id: Some(7), ..Change::default() };
        let record = change.record(PARTITION, &[ERASED, ERASED]).unwrap().unwrap();
        let (_, settings) = decode(&record.bytes).unwrap();
        assert_eq!((settings.role(), settings.chip_id, settings.keys), (Some("memory"), Some(7), None));
        assert!(addresses(PARTITION).contains(&record.address));
    }

    #[test]
    fn what_is_not_changed_stays_and_the_copy_in_force_is_not_touched() {
        let mut before = Settings::default();
        let keys = Some(Keyring::provision(&MASTER, 3, 1));
        (before.chip_id, before.keys) = (Some(3), keys);
        assert!(before.set_role("rag"));
        let copies = [before.encode(4), ERASED];
        let change = Change { role: Some(RoleKind::MemoryArchivist), ..Change::default() };
        let record = change.record(PARTITION, &copies).unwrap().unwrap();
        assert_eq!(record.address, 0xa000);
        let (sequence, settings) = decode(&record.bytes).unwrap();
        assert_eq!((sequence, settings.role(), settings.keys), (5, Some("memory"), keys));
        let same = Change { chip_id: Some(3), ..Change::default() };
        assert_eq!(same.record(PARTITION, &copies).unwrap(), None, "nothing to write");
    }

    #[test]
    fn keys_are_those_of_the_number_and_the_fleet_s_key_is_not_among_them() {
        let refused = |change: &Change, copies| change.record(PARTITION, copies).unwrap_err().code();
        let key = Some((MASTER, 2));
        assert_eq!(refused(&Change { key, ..Change::default() }, &[ERASED; 2]), "flash::no-number");
        let change = Change { key, chip_id: Some(7), ..Change::default() };
        let record = change.record(PARTITION, &[ERASED; 2]).unwrap().unwrap();
        let (_, settings) = decode(&record.bytes).unwrap();
        assert_eq!(settings.keys, Some(Keyring::provision(&MASTER, 7, 2)));
        assert!(!record.bytes.windows(16).any(|bytes| bytes == MASTER.to_bytes()));
        let encrypting = Change { encrypts: Some(true), ..Change::default() };
        assert_eq!(refused(&encrypting, &[ERASED; 2]), "flash::no-key");
        let encrypted = encrypting.record(PARTITION, &[record.bytes, ERASED]).unwrap().unwrap();
        let (_, settings) = decode(&encrypted.bytes).unwrap();
        assert_eq!(settings.keys, Some(Keyring::provision(&MASTER, 7, 2).with_encryption(true)));
        let rekeyed =
            Change { key: Some((MASTER, 3)), ..change }.record(PARTITION, &[encrypted.bytes, ERASED]);
        let (_, settings) = decode(&rekeyed.unwrap().unwrap().bytes).unwrap();
        assert!(settings.keys.unwrap().encrypts, "a new key does not turn encryption off");
        let other = Change { chip_id: Some(8), ..Change::default() };
        assert_eq!(refused(&other, &[record.bytes, ERASED]), "flash::other-number");
        let again = Change { key, ..other };
        let (_, settings) =
            decode(&again.record(PARTITION, &[record.bytes, ERASED]).unwrap().unwrap().bytes).unwrap();
        assert_eq!(settings.keys, Some(Keyring::provision(&MASTER, 8, 2)));
    }
}
