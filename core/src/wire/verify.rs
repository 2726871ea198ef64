//! A frame's tag checked, and its payload decrypted where it is encrypted.
//!
//! The payload is decrypted beside the frame, since a chip that forwards a frame hands on what came. Nothing of it is to
//! be seen unless the tag was right.

use super::authentication::Key;
use super::cipher::Cipher;
use super::dropped::Dropped;
use super::frame::{self, Frame};
use crate::meter::{Meter, Op};

/// Checks the tag of a frame with the `key` of its epoch. An encrypted payload is decrypted into `plain`.
///
/// # Errors
/// [`Dropped::Unauthenticated`] without a tag, [`Dropped::BadTag`], and [`Dropped::Oversized`] for an encrypted payload
/// that is longer than `plain`.
pub fn open<'f, M: Meter>(
    sealed: &Frame<'f>,
    key: &Key,
    plain: &'f mut [u8],
    meter: &mut M,
) -> Result<Frame<'f>, Dropped> {
    let Frame { header, payload, is_encrypted, tag, .. } = *sealed;
    let tag = tag.ok_or(Dropped::Unauthenticated)?;
    if !is_encrypted {
        let is_right = frame::sender_key(key, header.source, meter).verify(tag.signed, tag.tag, meter);
        return if is_right { Ok(*sealed) } else { Err(Dropped::BadTag) };
    }
    let plain = plain.get_mut(..payload.len()).ok_or(Dropped::Oversized)?;
    plain.copy_from_slice(payload);
    meter.record(Op::Copy, payload.len() as u32);
    let head = tag.signed.get(..frame::HEADER).unwrap_or_default();
    let nonce = frame::cipher_nonce(&header, tag.epoch, tag.counter);
    if !Cipher::of(key, header.source, meter).decrypt(&nonce, head, plain, tag.tag, meter) {
        return Err(Dropped::BadTag);
    }
    Ok(Frame { payload: plain, is_encrypted: false, ..*sealed })
}
