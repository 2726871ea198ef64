//! A small image that is sound in every respect, for tests of the program and of its parts.

use md5::Md5;
use sha2::{Digest, Sha256};

const HEADER_BYTES: usize = 24;
const ENTRY_BYTES: usize = 32;
const TABLE_OFFSET: usize = 0x8000;

/// A program with one segment of `length` bytes.
pub fn program(chip_id: u16, length: usize) -> Vec<u8> {
    let mut bytes = vec![0xe9, 1, 2, 0x20];
    bytes.resize(HEADER_BYTES, 0);
    bytes[12..14].copy_from_slice(&chip_id.to_le_bytes());
    bytes[23] = 1;
    let content: Vec<u8> = (0..length).map(|at| (at * 7 % 251) as u8).collect();
    bytes.extend(0x4200_0000_u32.to_le_bytes());
    bytes.extend(u32::try_from(length).unwrap().to_le_bytes());
    bytes.extend(&content);
    let end = (bytes.len() + 16) / 16 * 16;
    bytes.resize(end - 1, 0);
    bytes.push(content.iter().fold(0xef, |sum, byte| sum ^ byte));
    let hash = Sha256::digest(&bytes);
    bytes.extend(&hash[..]);
    bytes
}

fn entry(kind: u8, subtype: u8, offset: u32, size: u32, name: &str) -> Vec<u8> {
    let mut entry = vec![0xaa, 0x50, kind, subtype];
    entry.extend(offset.to_le_bytes());
    entry.extend(size.to_le_bytes());
    entry.extend(name.as_bytes());
    entry.resize(ENTRY_BYTES, 0);
    entry
}

/// A merged image for a chip that boots from address zero, with a partition table as the firmware's.
pub fn merged(chip_id: u16, application_bytes: usize) -> Vec<u8> {
    let mut bytes = program(chip_id, 3000);
    bytes.resize(TABLE_OFFSET, 0xff);
    bytes.extend(entry(0x40, 0, 0x9000, 0x2000, "config"));
    bytes.extend(entry(0, 0, 0x10000, 0x3f0000, "factory"));
    let digest = Md5::digest(&bytes[TABLE_OFFSET..]);
    bytes.extend([0xeb, 0xeb]);
    bytes.extend([0xff; 14]);
    bytes.extend(&digest[..]);
    bytes.resize(0x10000, 0xff);
    bytes.extend(program(chip_id, application_bytes));
    bytes
}
