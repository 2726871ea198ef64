//! Payloads that members alone can read: ChaCha20-Poly1305 (RFC 8439), with the header as associated data.
//!
//! The tag takes the place of that of [`authentication`](super::authentication), so an encrypted frame is as long as an
//! authenticated one. The nonce is never sent: the frame's boot, random bits, epoch and counter are it, and the key is that
//! of the sender in its epoch. So no nonce comes twice under one key as long as the flash of a chip counts its boots.

use super::authentication::{Key, Purpose, TAG, Tag};
use crate::meter::{Meter, Op};
use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Tag as CipherTag};

/// What is different for every frame under one key.
pub type Nonce = [u8; 12];

/// Bytes of a block of the cipher.
const BLOCK: usize = 64;
/// Bytes of a block of the authenticator.
const TAG_BLOCK: usize = 16;

/// The cipher of one sender in one epoch.
pub struct Cipher(ChaCha20Poly1305);

impl Cipher {
    /// The cipher of chip `source` in the epoch of `key`. Its own key has 32 bytes; its strength is that of `key`, 128 bits.
    pub fn of<M: Meter>(key: &Key, source: u16, meter: &mut M) -> Self {
        let half = |half: u32, meter: &mut M| {
            key.derive(Purpose::Cipher, half << u16::BITS | u32::from(source), meter).to_bytes()
        };
        let (first, second) = (half(0, meter), half(1, meter));
        let mut whole = [0; 32];
        whole.iter_mut().zip(first.into_iter().chain(second)).for_each(|(slot, byte)| *slot = byte);
        Self(ChaCha20Poly1305::new(&whole.into()))
    }

    /// Encrypts `payload` in place, and makes the tag of it and `header`.
    pub fn encrypt<M: Meter>(&self, nonce: &Nonce, header: &[u8], payload: &mut [u8], meter: &mut M) -> Tag {
        record(header, payload, meter);
        let tag = self.0.encrypt_inout_detached(nonce.into(), header, InOutBuf::from(payload));
        // It fails for payloads of 256 GiB alone, and a tag of zeros is refused.
        Tag(tag.map_or([0; TAG], Into::into))
    }

    /// Decrypts `payload` in place, if `tag` is that of it and `header`. Else nothing can be said of what is left there.
    pub fn decrypt<M: Meter>(
        &self,
        nonce: &Nonce,
        header: &[u8],
        payload: &mut [u8],
        tag: &[u8],
        meter: &mut M,
    ) -> bool {
        record(header, payload, meter);
        let Ok(tag) = <&CipherTag>::try_from(tag) else { return false };
        self.0.decrypt_inout_detached(nonce.into(), header, InOutBuf::from(payload), tag).is_ok()
    }
}

fn record<M: Meter>(header: &[u8], payload: &[u8], meter: &mut M) {
    // One block more makes the authenticator's key; one of the authenticator holds the lengths.
    let blocks = 1 + payload.len().div_ceil(BLOCK) as u32;
    let tag_blocks = (header.len().div_ceil(TAG_BLOCK) + payload.len().div_ceil(TAG_BLOCK)) as u32 + 1;
    meter.record(Op::Call, 1);
    meter.record(Op::CipherBlock, blocks);
    meter.record(Op::PolyBlock, tag_blocks);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    const KEY: Key = Key::new(*b"the key of epoch");
    const NONCE: Nonce = [7; 12];

    #[test]
    fn it_is_the_cipher_of_the_standard() {
        // RFC 8439, 2.8.2.
        let key: [u8; 32] = core::array::from_fn(|index| 0x80 + index as u8);
        let nonce = [7, 0, 0, 0, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47];
        let header = [0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7];
        let mut text =
            *b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
            sunscreen would be it.";
        let cipher = Cipher(ChaCha20Poly1305::new(&key.into()));
        let Tag(tag) = cipher.encrypt(&nonce, &header, &mut text, &mut ());
        assert_eq!(text[..8], [0xd3, 0x1a, 0x8d, 0x34, 0x64, 0x8e, 0x60, 0xdb]);
        let right =
            [0x1a, 0xe1, 0x0b, 0x59, 0x4f, 0x09, 0xe2, 0x6a, 0x7e, 0x90, 0x2e, 0xcb, 0xd0, 0x60, 0x06, 0x91];
        assert_eq!(tag, right);
    }

    #[test]
    fn any_changed_bit_is_refused_and_any_other_sender_or_nonce() {
        let cipher = Cipher::of(&KEY, 3, &mut ());
        let header = [9; 20];
        let mut sealed = b"the key is under the mat".to_vec();
        let Tag(tag) = cipher.encrypt(&NONCE, &header, &mut sealed, &mut ());
        let opens = |cipher: &Cipher, nonce: &Nonce, whole: &[u8]| {
            let mut payload = whole[20..44].to_vec();
            let is_right = cipher.decrypt(nonce, &whole[..20], &mut payload, &whole[44..], &mut ());
            is_right.then_some(payload)
        };
        let whole: Vec<u8> = header.into_iter().chain(sealed.iter().copied()).chain(tag).collect();
        assert_eq!(opens(&cipher, &NONCE, &whole).unwrap(), b"the key is under the mat");
        for bit in 0..8 * whole.len() {
            let mut changed = whole.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(opens(&cipher, &NONCE, &changed), None, "bit {bit}");
        }
        for bit in 0..8 * NONCE.len() {
            let mut other = NONCE;
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(opens(&cipher, &other, &whole), None);
        }
        assert_eq!(opens(&cipher, &NONCE, &whole[..59]), None, "a tag that is cut");
        for other in [Cipher::of(&KEY, 4, &mut ()), Cipher::of(&Key::new([1; 16]), 3, &mut ())] {
            assert_eq!(opens(&other, &NONCE, &whole), None);
        }
    }
}
