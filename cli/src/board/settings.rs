//! Role, number and key in the configuration partition.
//!
//! The form is the firmware's own crate. What is there is read first: a fleet key that the chip made for itself stays,
//! and the copy that is in force is not the one that is written.

use crate::error::CliError;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_firmware_logic::config::{COPIES, KEY_BYTES, Newest, RECORD_BYTES, Settings, newest};
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
    /// The key of the fleet.
    pub key: Option<[u8; KEY_BYTES]>,
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
    /// `flash::settings` for a role whose name does not fit.
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
        settings.chip_id = self.chip_id.or(settings.chip_id);
        settings.key = self.key.or(settings.key);
        if before == Some(settings) {
            return Ok(None);
        }
        let address = partition.offset + next_copy as u32 * SECTOR;
        Ok(Some(Record { address, bytes: settings.encode(next_sequence) }))
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
    const ERASED: [u8; RECORD_BYTES] = [0xff; RECORD_BYTES];

    #[test]
    fn a_new_chip_gets_its_role_in_the_first_copy() {
        let change = Change { role: Some(RoleKind::MemoryArchivist), chip_id: Some(7), key: None };
        let record = change.record(PARTITION, &[ERASED, ERASED]).unwrap().unwrap();
        let (_, settings) = decode(&record.bytes).unwrap();
        assert_eq!((settings.role(), settings.chip_id, settings.key), (Some("memory"), Some(7), None));
        assert!(addresses(PARTITION).contains(&record.address));
    }

    #[test]
    fn what_is_not_changed_stays_and_the_copy_in_force_is_not_touched() {
        let mut before = Settings::default();
        (before.chip_id, before.key) = (Some(3), Some([9; KEY_BYTES]));
        assert!(before.set_role("rag"));
        let copies = [before.encode(4), ERASED];
        let change = Change { chip_id: Some(8), ..Change::default() };
        let record = change.record(PARTITION, &copies).unwrap().unwrap();
        assert_eq!(record.address, 0xa000);
        let (sequence, settings) = decode(&record.bytes).unwrap();
        assert_eq!((sequence, settings.role(), settings.key), (5, Some("rag"), Some([9; KEY_BYTES])));
        let same = Change { chip_id: Some(3), ..Change::default() };
        assert_eq!(same.record(PARTITION, &copies).unwrap(), None, "nothing to write");
    }
}
