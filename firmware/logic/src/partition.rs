//! Where the settings lie in flash: one entry of the partition table.
//!
//! The table is the bootloader's: entries of 32 bytes, `0xAA 0x50 | type | subtype | offset u32 | size u32 | label [16] |
//! flags u32`, little-endian (ESP-IDF programming guide, "Partition Tables"). An image flashed with another table has no
//! such partition; the firmware then runs on its defaults and says so.

/// Where the table lies in flash.
pub const TABLE_OFFSET: u32 = 0x8000;

/// The bytes of an entry.
pub const ENTRY_BYTES: usize = 32;

/// The most entries that the firmware looks through.
pub const MAX_ENTRIES: usize = 16;

/// The type and subtype of the settings: the first type that is left to applications. A subtype of one's own under type
/// `data` would do as well, but makes espflash's reader of the table panic (esp-idf-part 0.6.0).
const CONFIG: [u8; 2] = [0x40, 0x00];

/// A stretch of flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Its first address.
    pub offset: u32,
    /// Its bytes.
    pub size: u32,
}

/// The partition of the settings in `table`, where there is one.
pub fn find_config(table: &[u8]) -> Option<Partition> {
    table
        .chunks_exact(ENTRY_BYTES)
        .take_while(|entry| entry.starts_with(&[0xaa, 0x50]))
        .find(|entry| entry.get(2..4) == Some(&CONFIG))
        .and_then(|entry| Some(Partition { offset: word(entry, 4)?, size: word(entry, 8)? }))
}

fn word(entry: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(entry.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn entry(kind: u8, subtype: u8, offset: u32, size: u32) -> Vec<u8> {
        let mut entry = std::vec![0xaa, 0x50, kind, subtype];
        entry.extend(offset.to_le_bytes());
        entry.extend(size.to_le_bytes());
        entry.resize(ENTRY_BYTES, 0);
        entry
    }

    #[test]
    fn the_settings_are_found_by_type_and_subtype() {
        let mut table = entry(1, 1, 0xf000, 0x1000);
        table.extend(entry(0x40, 0, 0x9000, 0x2000));
        table.extend(entry(0, 0, 0x10000, 0x3f0000));
        table.resize(512, 0xff);
        assert_eq!(find_config(&table), Some(Partition { offset: 0x9000, size: 0x2000 }));
    }

    #[test]
    fn a_table_without_them_and_erased_flash_have_none() {
        assert_eq!(find_config(&entry(1, 2, 0x9000, 0x6000)), None);
        let mut after_the_end = std::vec![0xff; ENTRY_BYTES];
        after_the_end.extend(entry(0x40, 0, 0x9000, 0x2000));
        assert_eq!(find_config(&after_the_end), None);
        assert_eq!(find_config(&[0xaa, 0x50]), None);
    }
}
