//! A small image that is sound in every respect, for tests of the program and of its parts.

use md5::Md5;
use sha2::{Digest, Sha256};

pub const HEADER_BYTES: usize = 24;
const ENTRY_BYTES: usize = 32;
const TABLE_OFFSET: usize = 0x8000;
/// Where a program begins: code in flash, at its offset within a page.
const ENTRY: u32 = 0x4200_0020;

/// A header for `count` segments.
pub fn header(chip_id: u16, count: usize, entry: u32) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..4].copy_from_slice(&[0xe9, u8::try_from(count).unwrap(), 2, 0x20]);
    header[4..8].copy_from_slice(&entry.to_le_bytes());
    header[12..14].copy_from_slice(&chip_id.to_le_bytes());
    header[23] = 1;
    header
}

/// Header and segments with their checksum and hash.
pub fn seal(header: [u8; HEADER_BYTES], segments: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = header.to_vec();
    for (address, content) in segments {
        bytes.extend(address.to_le_bytes());
        bytes.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
        bytes.extend(content);
    }
    let end = (bytes.len() + 16) / 16 * 16;
    bytes.resize(end - 1, 0);
    bytes.push(segments.iter().flat_map(|(_, content)| content).fold(0xef, |sum, byte| sum ^ byte));
    if header[23] == 1 {
        let hash = Sha256::digest(&bytes);
        bytes.extend(&hash[..]);
    }
    bytes
}

/// `length` bytes that are not all alike.
pub fn content(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 7 % 251) as u8).collect()
}

/// A program with one segment of `length` bytes, rounded up to words.
pub fn program(chip_id: u16, length: usize) -> Vec<u8> {
    seal(header(chip_id, 1, ENTRY), &[(ENTRY, content(length.next_multiple_of(4)))])
}

/// A row of a partition table.
pub fn entry(kind: u8, subtype: u8, offset: u32, size: u32, name: &str) -> Vec<u8> {
    let mut entry = vec![0xaa, 0x50, kind, subtype];
    entry.extend(offset.to_le_bytes());
    entry.extend(size.to_le_bytes());
    entry.extend(name.as_bytes());
    entry.resize(ENTRY_BYTES, 0);
    entry
}

/// The rows of a table and their sum.
pub fn table(rows: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = rows.concat();
    let digest = Md5::digest(&bytes);
    bytes.extend([0xeb, 0xeb]);
    bytes.extend([0xff; 14]);
    bytes.extend(&digest[..]);
    bytes
}

/// Bootloader, table and application, each at its offset.
pub fn merge(boot: &[u8], table: &[u8], application: (usize, &[u8])) -> Vec<u8> {
    let mut bytes = boot.to_vec();
    bytes.resize(TABLE_OFFSET, 0xff);
    bytes.extend(table);
    bytes.resize(application.0, 0xff);
    bytes.extend(application.1);
    bytes
}

/// A merged image for a chip that boots from address zero, with a partition table as the firmware's.
pub fn merged(chip_id: u16, application_bytes: usize) -> Vec<u8> {
    let rows = [entry(0x40, 0, 0x9000, 0x2000, "config"), entry(0, 0, 0x10000, 0x3f0000, "factory")];
    merge(&program(chip_id, 3000), &table(&rows), (0x10000, &program(chip_id, application_bytes)))
}
