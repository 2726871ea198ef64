//! A container with random weights, for tests.

use super::container::{DISTANCES, HEAD, MAGIC, VERSION};
use crate::mix::mix;
use crate::wire::crc::crc32;
use std::vec::Vec;

pub const WIDTH: usize = 16;
pub const HIDDEN: usize = 24;
pub const INTENTS: usize = 3;
pub const SLOTS: usize = 9;

/// Random bytes.
struct Source(u64);

impl Source {
    fn byte(&mut self) -> u8 {
        self.0 += 1;
        mix(self.0) as u8
    }
}

fn matrix(bytes: &mut Vec<u8>, rows: usize, columns: usize, source: &mut Source) {
    bytes.extend([20, 10, 0, 0]);
    (0..rows).for_each(|_| bytes.extend((4_000 + i32::from(source.byte())).to_le_bytes()));
    (0..rows).for_each(|_| bytes.extend(i32::from(source.byte()).to_le_bytes()));
    bytes.extend((0..rows * columns).map(|_| source.byte()));
}

/// A whole model of two layers.
pub fn container(seed: u64) -> Vec<u8> {
    let source = &mut Source(seed << 32);
    let mut bytes = Vec::new();
    bytes.extend(MAGIC);
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend([0; 10]);
    [WIDTH, HIDDEN, INTENTS, SLOTS].iter().for_each(|value| bytes.extend((*value as u16).to_le_bytes()));
    [20u32, 30].iter().for_each(|rows| bytes.extend(rows.to_le_bytes()));
    bytes.extend([2, 2, 9, 0, 0, 16, 0, 16]);
    assert_eq!(bytes.len(), HEAD);
    for _ in 0..50 {
        bytes.extend([source.byte(), 8]);
        bytes.extend((0..WIDTH / 2).map(|_| source.byte()));
    }
    matrix(&mut bytes, WIDTH, 3 * WIDTH, source);
    for _ in 0..2 {
        (0..3).for_each(|_| matrix(&mut bytes, WIDTH, WIDTH, source));
        (0..2 * DISTANCES).for_each(|_| bytes.extend(i32::from(source.byte()).to_le_bytes()));
        matrix(&mut bytes, WIDTH, WIDTH, source);
        matrix(&mut bytes, HIDDEN, WIDTH, source);
        matrix(&mut bytes, WIDTH, HIDDEN, source);
    }
    matrix(&mut bytes, 1, WIDTH, source);
    matrix(&mut bytes, INTENTS, WIDTH, source);
    matrix(&mut bytes, 1 + 2 * SLOTS, WIDTH, source);
    bytes.extend((0..INTENTS * SLOTS.div_ceil(8)).map(|_| source.byte()));
    for name in 0..INTENTS + SLOTS {
        bytes.extend([2, b'n', b'a' + name as u8]);
    }
    seal(&mut bytes);
    bytes
}

/// Writes the length and the checksum.
pub fn seal(bytes: &mut [u8]) {
    let length = bytes.len() as u32;
    bytes[8..12].copy_from_slice(&length.to_le_bytes());
    let sum = crc32(&bytes[16..], &mut ());
    bytes[12..16].copy_from_slice(&sum.to_le_bytes());
}
