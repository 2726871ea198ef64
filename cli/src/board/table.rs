//! The partition table of an image, checked as a bootloader checks it.
//!
//! Entries of 32 bytes, an entry with the MD5 of those before it, and erased bytes to the end (ESP-IDF programming
//! guide, "Partition tables"). A bootloader that finds anything else starts nothing.

use md5::{Digest, Md5};
use ruvllm_esp_firmware_logic::partition::ENTRY_BYTES;
use std::ops::Range;

/// How an entry begins.
pub const MAGIC: [u8; 2] = [0xaa, 0x50];
/// How the entry with the sum begins.
const SUM_MAGIC: [u8; 2] = [0xeb, 0xeb];
/// Where in its entry the sum is; what lies before it is erased.
const SUM: usize = 16;
/// The bytes that a table has room for.
pub const BYTES: usize = 0xc00;
/// The end mark: no magic, no type, no subtype.
const END_BYTES: usize = 4;

/// The type of partitions for programs, and those of the bootloader and the table themselves.
const APPLICATION: u8 = 0;
const BOOTLOADER: u8 = 2;
const TABLE: u8 = 3;

/// An entry.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its label, without control characters.
    pub name: String,
    kind: u8,
    subtype: u8,
    /// Its range of flash.
    pub range: Range<usize>,
}

impl Entry {
    /// Is it for a program?
    pub fn is_application(&self) -> bool {
        self.kind == APPLICATION
    }

    /// When the bootloader tries this application: the factory's first, then the numbered ones, then that for tests.
    pub fn boot_order(&self) -> u8 {
        self.subtype
    }

    /// Does the entry stand for the bootloader or the table, which lie where it says?
    fn is_system(&self) -> bool {
        matches!(self.kind, BOOTLOADER | TABLE)
    }
}

/// The entries of the table that `bytes` begin with.
///
/// # Errors
/// What is wrong with it.
pub fn entries(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    let bytes = bytes.get(..BYTES).unwrap_or(bytes);
    let rows: Vec<&[u8]> = bytes.chunks(ENTRY_BYTES).collect();
    let count = rows.iter().take_while(|row| row.starts_with(&MAGIC)).count();
    let (entries, mut rest) = rows.split_at(count);
    if let Some((sum, after)) = rest.split_first().filter(|(sum, _)| sum.starts_with(&SUM_MAGIC)) {
        is_sum_of(bytes.get(..count * ENTRY_BYTES).unwrap_or_default(), sum)?;
        rest = after;
    }
    match rest.first() {
        // What follows the end mark does not count; a file may end before it, for flash is erased there.
        Some(row) if row.iter().take(END_BYTES).all(|byte| *byte == 0xff) => {}
        None if bytes.len() < BYTES => {}
        None => {
            let most = BYTES / ENTRY_BYTES;
            return Err(format!(
                "the partition table has no end mark: {count} entries fill all its {most} rows"
            ));
        }
        Some(_) => return Err(format!("entry {count} of the partition table is not valid")),
    }
    Ok(entries.iter().map(|row| entry(row)).collect())
}

/// Looks for two parts of the flash that lie on each other: bootloader, table and partitions.
///
/// # Errors
/// Which two, and where.
pub fn check_overlaps(
    entries: &[Entry],
    bootloader: Range<usize>,
    table: Range<usize>,
) -> Result<(), String> {
    let fixed = [("the bootloader", bootloader), ("the partition table", table)];
    let mut parts: Vec<(String, Range<usize>)> =
        fixed.into_iter().map(|(name, range)| (name.to_string(), range)).collect();
    for entry in entries.iter().filter(|entry| !entry.is_system()) {
        let (name, range) = (format!("the partition `{}`", entry.name), entry.range.clone());
        let is_on = |other: &Range<usize>| range.start < other.end && other.start < range.end;
        if let Some((other, at)) = parts.iter().find(|(_, other)| is_on(other)) {
            let [own, at] = [&range, at].map(|range| format!("{:#x}..{:#x}", range.start, range.end));
            return Err(format!("{name} at {own} lies on {other} at {at}"));
        }
        if !range.is_empty() {
            parts.push((name, range));
        }
    }
    Ok(())
}

/// Looks for a partition that ends past the flash that the bootloader's header tells of.
///
/// # Errors
/// Which, and the numbers.
pub fn check_flash(entries: &[Entry], flash: usize, said: &str) -> Result<(), String> {
    match entries.iter().find(|entry| entry.range.end > flash) {
        None => Ok(()),
        Some(entry) => {
            let (name, end) = (&entry.name, entry.range.end);
            Err(format!("the partition `{name}` ends at {end:#x}, and the flash at {flash:#x}: {said}"))
        }
    }
}

/// Is `sum` the entry with the sum of `content`?
fn is_sum_of(content: &[u8], sum: &[u8]) -> Result<(), String> {
    let (head, digest) = sum.split_at(SUM);
    let erased = head.iter().skip(SUM_MAGIC.len()).all(|byte| *byte == 0xff);
    if erased && Md5::digest(content)[..] == *digest {
        return Ok(());
    }
    Err("the MD5 of the partition table does not match".into())
}

fn entry(row: &[u8]) -> Entry {
    let byte = |at: usize| row.get(at).copied().unwrap_or(0);
    let word = |at: usize| u32::from_le_bytes([byte(at), byte(at + 1), byte(at + 2), byte(at + 3)]) as usize;
    let label: Vec<u8> = row.iter().skip(12).take(16).copied().take_while(|byte| *byte != 0).collect();
    let label = String::from_utf8_lossy(&label).replace(|character: char| character.is_control(), "?");
    let (offset, size) = (word(4), word(8));
    Entry { name: label, kind: byte(2), subtype: byte(3), range: offset..offset.saturating_add(size) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(offset: u32) -> Vec<u8> {
        let mut row =
            [&MAGIC[..], &[0, 0], &offset.to_le_bytes(), &0x1000_u32.to_le_bytes(), b"app"].concat();
        row.resize(ENTRY_BYTES, 0);
        row
    }

    #[test]
    fn a_table_without_sum_is_one_and_a_wrong_one_says_why() {
        let erased = [0xff; ENTRY_BYTES];
        assert_eq!(entries(&[&row(0x9000)[..], &erased].concat()).unwrap()[0].range, 0x9000..0xa000);
        let why = |bytes: &[u8]| entries(bytes).unwrap_err();
        assert_eq!(
            why(&[&row(0x9000)[..], &[0; 32]].concat()),
            "entry 1 of the partition table is not valid"
        );
        let mut sum = [0xff; ENTRY_BYTES];
        sum[..2].copy_from_slice(&SUM_MAGIC);
        assert!(why(&[&row(0x9000)[..], &sum].concat()).contains("MD5"));
    }

    fn rows(offsets: &[u32]) -> Vec<Entry> {
        offsets.iter().map(|offset| entry(&row(*offset))).collect()
    }

    #[test]
    fn a_table_that_fills_its_room_has_no_end_mark() {
        let rows: Vec<u8> = (0..96).flat_map(|at| row(0x10000 + at * 0x1000)).collect();
        assert!(entries(&rows).unwrap_err().contains("96 entries fill all its 96 rows"));
        let mut short = rows[..95 * ENTRY_BYTES].to_vec();
        short.extend([0xff; ENTRY_BYTES]);
        assert_eq!(entries(&short).unwrap().len(), 95);
    }

    #[test]
    fn no_two_parts_share_flash() {
        let check = |offsets: &[u32]| check_overlaps(&rows(offsets), 0..0x5000, 0x8000..0x9000);
        assert_eq!(check(&[0x9000, 0xa000, 0x5000]), Ok(()));
        assert_eq!(
            check(&[0x4000]).unwrap_err(),
            "the partition `app` at 0x4000..0x5000 lies on the bootloader at 0x0..0x5000"
        );
        assert!(check(&[0x8000]).unwrap_err().contains("the partition table at 0x8000..0x9000"));
        assert!(check(&[0x9000, 0x9800]).unwrap_err().contains("0x9800..0xa800"));
    }

    #[test]
    fn no_partition_ends_past_the_flash() {
        assert_eq!(check_flash(&rows(&[0x9000]), 0xa000, "its size"), Ok(()));
        let why = check_flash(&rows(&[0x9000]), 0x9800, "the header says").unwrap_err();
        assert_eq!(why, "the partition `app` ends at 0xa000, and the flash at 0x9800: the header says");
    }

    #[test]
    fn a_label_cannot_write_to_the_terminal() {
        let mut row = row(0x9000);
        row[12..16].copy_from_slice(b"\x1b[3m");
        assert_eq!(entry(&row).name, "?[3m");
    }
}
