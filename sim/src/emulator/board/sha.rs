//! The SHA accelerator, for SHA-256: the bootloader checks its images with it.
//!
//! Typical mode only: a block in, the intermediate hash out. Register layout: esp-idf
//! `components/soc/<chip>/register/soc/hwcrypto_reg.h`. The algorithm: FIPS 180-4.

const MODE: u32 = 0x00;
const START: u32 = 0x10;
const CONTINUE: u32 = 0x14;
const BUSY: u32 = 0x18;
const HASH: u32 = 0x40;
const MESSAGE: u32 = 0x80;

const SHA256: u32 = 2;

/// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
const ROUND: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

/// The same of the square roots of the first eight.
const INITIAL: [u32; 8] =
    [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

/// The accelerator.
#[derive(Clone, Debug, Default)]
pub struct Sha {
    mode: u32,
    hash: [u32; 8],
    message: [u32; 16],
    /// Modes that were asked for and are not modelled.
    pub refused: u32,
}

impl Sha {
    /// The register at `offset`; `None` where it has none.
    pub fn read(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            MODE => self.mode,
            BUSY => 0,
            0x40..0x60 => self.hash.get((offset - HASH) as usize / 4)?.swap_bytes(),
            0x80..0xc0 => *self.message.get((offset - MESSAGE) as usize / 4)?,
            _ => return None,
        })
    }

    /// Writes the register at `offset`; false where it has none.
    pub fn write(&mut self, offset: u32, value: u32) -> bool {
        match offset {
            MODE => self.mode = value,
            START | CONTINUE if value & 1 != 0 => {
                if offset == START {
                    self.hash = INITIAL;
                }
                if self.mode == SHA256 {
                    compress(&mut self.hash, self.message.map(u32::swap_bytes));
                } else {
                    self.refused |= 1 << (self.mode & 31);
                }
            }
            START | CONTINUE => {}
            0x40..0x60 => self
                .hash
                .get_mut((offset - HASH) as usize / 4)
                .into_iter()
                .for_each(|word| *word = value.swap_bytes()),
            0x80..0xc0 => self
                .message
                .get_mut((offset - MESSAGE) as usize / 4)
                .into_iter()
                .for_each(|word| *word = value),
            _ => return false,
        }
        true
    }
}

/// One block of SHA-256.
fn compress(hash: &mut [u32; 8], block: [u32; 16]) {
    let mut window = block;
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *hash;
    for round in ROUND {
        let [word, second, .., last, _] = window;
        let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let choice = e & f ^ !e & g;
        let first = h.wrapping_add(s1).wrapping_add(choice).wrapping_add(round).wrapping_add(word);
        let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let majority = a & b ^ a & c ^ b & c;
        (h, g, f, e, d, c, b, a) =
            (g, f, e, d.wrapping_add(first), c, b, a, first.wrapping_add(s0).wrapping_add(majority));
        let low = second.rotate_right(7) ^ second.rotate_right(18) ^ second >> 3;
        let high = last.rotate_right(17) ^ last.rotate_right(19) ^ last >> 10;
        let next = word.wrapping_add(low).wrapping_add(window[9]).wrapping_add(high);
        window.rotate_left(1);
        window[15] = next;
    }
    for (target, value) in hash.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *target = target.wrapping_add(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_hashes_abc() {
        let mut sha = Sha::default();
        sha.write(MODE, SHA256);
        // "abc", a one, zeros, the length of 24 bits.
        sha.write(MESSAGE, u32::from_le_bytes(*b"abc\x80"));
        sha.write(MESSAGE + 60, 24u32.swap_bytes());
        sha.write(START, 1);
        let words = (0..8).map(|index| sha.read(HASH + 4 * index).unwrap().to_le_bytes());
        let hex: String = words.flatten().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
