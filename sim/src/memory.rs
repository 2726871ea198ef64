//! The RAM of a simulated chip: exactly as many bytes as it has, aligned as on the chip.

use ruvllm_esp_core::units::Bytes;
use zerocopy::IntoBytes;

/// Zeroed bytes at a 16-byte boundary, so that structures lie at the same offsets on every host.
#[derive(Clone, Debug)]
pub struct Memory {
    words: Vec<u128>,
    length: usize,
}

impl Memory {
    /// `length` zeroed bytes.
    pub fn new(length: Bytes) -> Self {
        let length = length.get() as usize;
        Self { words: vec![0; length.div_ceil(size_of::<u128>())], length }
    }
}

impl AsMut<[u8]> for Memory {
    fn as_mut(&mut self) -> &mut [u8] {
        let bytes = self.words.as_mut_bytes();
        let length = self.length.min(bytes.len());
        &mut bytes[..length]
    }
}
