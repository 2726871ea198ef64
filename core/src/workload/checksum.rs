//! One word that says whether two outputs are equal.

/// A running FNV-1a hash of 32 bits.
#[derive(Clone, Copy, Debug)]
pub struct Checksum(u32);

impl Default for Checksum {
    fn default() -> Self {
        Self(0x811c_9dc5)
    }
}

impl Checksum {
    /// With one more word.
    #[must_use]
    pub fn word(self, word: u32) -> Self {
        self.bytes(word.to_le_bytes())
    }

    /// With some more bytes.
    #[must_use]
    pub fn bytes(self, bytes: impl IntoIterator<Item = u8>) -> Self {
        let fold = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        Self(bytes.into_iter().fold(self.0, fold))
    }

    /// The hash.
    pub fn get(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_fnv1a() {
        assert_eq!(Checksum::default().bytes(*b"foobar").get(), 0xbf9c_f968);
        assert_ne!(Checksum::default().word(1).get(), Checksum::default().word(2).get());
    }
}
