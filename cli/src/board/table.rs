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
/// The unit in which flash is erased.
const SECTOR: usize = 0x1000;

/// An entry.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its label.
    pub name: String,
    /// Is it for a program?
    pub is_application: bool,
    /// Its place in flash.
    pub range: Range<usize>,
}

/// The entries of the table that `bytes` begin with.
///
/// # Errors
/// What is wrong with it.
pub fn entries(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    let bytes = bytes.get(..BYTES).unwrap_or(bytes);
    let rows: Vec<&[u8]> = bytes.chunks_exact(ENTRY_BYTES).collect();
    let count = rows.iter().take_while(|row| row.starts_with(&MAGIC)).count();
    let (rows, rest) = rows.split_at(count);
    let rest = match rest.split_first() {
        Some((sum, rest)) if sum.starts_with(&SUM_MAGIC) => {
            is_sum_of(bytes.get(..count * ENTRY_BYTES).unwrap_or_default(), sum)?;
            rest
        }
        _ => rest,
    };
    if rest.first().is_some_and(|row| row.iter().any(|byte| *byte != 0xff)) {
        return Err(format!("entry {count} of the partition table is not valid"));
    }
    let entries: Vec<Entry> = rows.iter().map(|row| entry(row)).collect();
    match entries.iter().find(|entry| entry.range.is_empty() || entry.range.start % SECTOR != 0) {
        Some(Entry { name, .. }) => Err(format!("the partition `{name}` begins or ends where none can")),
        None => Ok(entries),
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
    let word = |at: usize| {
        let bytes = row.get(at..at + 4).and_then(|word| word.try_into().ok()).unwrap_or([0; 4]);
        u32::from_le_bytes(bytes) as usize
    };
    let label: Vec<u8> = row.iter().skip(12).take(16).copied().take_while(|byte| *byte != 0).collect();
    let (offset, size) = (word(4), word(8));
    Entry {
        name: String::from_utf8_lossy(&label).into_owned(),
        is_application: row.get(2) == Some(&0),
        range: offset..offset.saturating_add(size),
    }
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
        assert!(why(&[&row(0x9001)[..], &erased].concat()).contains("`app`"));
        let mut sum = [0xff; ENTRY_BYTES];
        sum[..2].copy_from_slice(&SUM_MAGIC);
        assert!(why(&[&row(0x9000)[..], &sum].concat()).contains("MD5"));
    }
}
