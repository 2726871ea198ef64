//! CRC-32 of a frame: what tells a damaged frame from a whole one.
//!
//! The CRC of Ethernet, zip and PNG ("CRC-32/ISO-HDLC"), computed four bits at a time from a table of 16 words: 64
//! bytes of flash instead of 1 KiB. It detects every error that is confined to 32 bits in a row, so every changed
//! byte, and misses one in 2^32 of the others.

use crate::meter::{Meter, Op};

/// The generator polynomial, bits reversed: 0x04C11DB7.
const POLYNOMIAL: u32 = 0xEDB8_8320;

const TABLE: [u32; 16] = {
    let mut table = [0; 16];
    let mut nibble = 0;
    while nibble < 16 {
        let mut value = nibble as u32;
        let mut bit = 0;
        while bit < 4 {
            value = if value & 1 == 1 { value >> 1 ^ POLYNOMIAL } else { value >> 1 };
            bit += 1;
        }
        table[nibble] = value;
        nibble += 1;
    }
    table
};

/// The CRC-32 of `bytes`.
pub fn crc32<M: Meter>(bytes: &[u8], meter: &mut M) -> u32 {
    meter.record(Op::Call, 1);
    // Two table steps a byte.
    meter.record(Op::Load, (bytes.len() as u32).saturating_mul(2));
    !bytes.iter().fold(!0, |crc, byte| step(step(crc ^ u32::from(*byte))))
}

fn step(crc: u32) -> u32 {
    // The index is below 16 whatever the CRC.
    crc >> 4 ^ TABLE.get((crc & 15) as usize).copied().unwrap_or(0)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Bit by bit, as the definition says.
    pub fn plain(bytes: &[u8]) -> u32 {
        let mut crc = !0u32;
        for byte in bytes {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = if crc & 1 == 1 { crc >> 1 ^ POLYNOMIAL } else { crc >> 1 };
            }
        }
        !crc
    }

    #[test]
    fn the_check_value_of_the_catalogue() {
        // CRC RevEng catalogue, CRC-32/ISO-HDLC: check=0xcbf43926.
        assert_eq!(crc32(b"123456789", &mut ()), 0xCBF4_3926);
        assert_eq!(crc32(b"", &mut ()), 0);
    }

    proptest! {
        #[test]
        fn the_table_equals_the_definition(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(crc32(&bytes, &mut ()), plain(&bytes));
        }

        #[test]
        fn any_changed_byte_changes_the_crc(
            mut bytes in proptest::collection::vec(any::<u8>(), 1..300),
            index in any::<prop::sample::Index>(),
            change in 1u8..,
        ) {
            let before = crc32(&bytes, &mut ());
            let index = index.index(bytes.len());
            bytes[index] ^= change;
            prop_assert_ne!(crc32(&bytes, &mut ()), before);
        }
    }
}
