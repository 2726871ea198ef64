//! Keys and tags: only who has the key is accepted.
//!
//! A tag is SipHash-2-4 with 128 bits of output over header, payload and counter. It is a keyed function made for
//! short messages, needs no nonce, and costs some 15 operations of 32 bits a byte; HMAC-SHA256
//! would hash at least four 64-byte blocks a frame for no gain at this tag length. A forger who does not have the
//! key succeeds once in 2^128 tries. Keys are derived from keys by the same function: it is a pseudorandom function,
//! and each key either tags or is derived from, never both. Which keys there are says [`keyring`](super::keyring).
//!
//! A right tag says who made a frame, not when: that is for [`sessions`](super::sessions) to find out.

use crate::meter::{Meter, Op};
use core::fmt;
use siphasher::sip128::SipHasher24;

/// Bytes of a tag.
pub const TAG: usize = 16;

/// A secret of 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key(pub(super) [u8; 16]);

/// What a derived key is for; none serves two purposes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Purpose {
    /// From the master key, by a chip's number: what that chip alone has.
    Chip = 1,
    /// From the master key, by the number of an epoch: what all members have in it.
    Epoch = 2,
    /// From the key of an epoch, by a chip's number: what that chip tags its frames with.
    Sender = 3,
    /// From a chip's key, by the number of an epoch: hides the key of that epoch.
    Pad = 4,
    /// From a chip's key, by the number of an epoch: tags the hidden key.
    Seal = 5,
    /// From the key of an epoch, by a chip's number, and 65,536 more: the halves of what that chip encrypts its frames with.
    Cipher = 6,
}

/// What names a key without giving it away: the first bytes of a tag under the key itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyId(pub [u8; 8]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What proves that the sender has the key.
#[derive(Clone, Copy, Debug)]
pub struct Tag(pub [u8; TAG]);

impl Key {
    /// The key with these bytes, which should be random.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes, for what stores it.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// Its name in reports and traces.
    pub fn id(&self) -> KeyId {
        let Tag([a, b, c, d, e, f, g, h, ..]) = self.tag(b"ruvllm-esp key id", &mut ());
        KeyId([a, b, c, d, e, f, g, h])
    }

    /// The key for `purpose` with this `number`.
    pub fn derive<M: Meter>(&self, purpose: Purpose, number: u32, meter: &mut M) -> Key {
        let [a, b, c, d] = number.to_le_bytes();
        let Tag(bytes) = self.tag(&[b'k', b'e', b'y', purpose as u8, a, b, c, d], meter);
        Key(bytes)
    }

    /// The tag of `bytes`.
    pub fn tag<M: Meter>(&self, bytes: &[u8], meter: &mut M) -> Tag {
        // Four rounds follow the last block, twice.
        let blocks = (bytes.len() / 8) as u32 + 1 + 4;
        meter.record(Op::Call, 1);
        meter.record(Op::SipBlock, blocks);
        Tag(SipHasher24::new_with_key(&self.0).hash(bytes).as_bytes())
    }

    /// Is `tag` the tag of `bytes`? Takes the same time wherever they differ.
    pub fn verify<M: Meter>(&self, bytes: &[u8], tag: &[u8], meter: &mut M) -> bool {
        let Tag(right) = self.tag(bytes, meter);
        let difference = right.iter().zip(tag).fold(0, |difference, (a, b)| difference | (a ^ b));
        // The optimiser must not see that one set bit decides.
        tag.len() == TAG && core::hint::black_box(difference) == 0
    }
}

/// A key is not for printing.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = Key::new([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);

    #[test]
    fn tags_are_those_of_the_reference() {
        // `vectors_sip128` of github.com/veorq/SipHash, the first and the last.
        let first =
            [0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02, 0x93];
        let last =
            [0x51, 0x50, 0xd1, 0x77, 0x2f, 0x50, 0x83, 0x4a, 0x50, 0x3e, 0x06, 0x9a, 0x97, 0x3f, 0xbd, 0x7c];
        let input: [u8; 63] = core::array::from_fn(|i| i as u8);
        assert_eq!(KEY.tag(&[], &mut ()).0, first);
        assert_eq!(KEY.tag(&input, &mut ()).0, last);
    }

    #[test]
    fn an_id_names_its_key_and_has_none_of_its_bytes() {
        assert_eq!(KEY.id(), KEY.id());
        let mut bytes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
        for index in 0..16 {
            bytes[index] ^= 1;
            assert_ne!(Key::new(bytes).id(), KEY.id());
            bytes[index] ^= 1;
        }
        assert_ne!(KEY.id().0, [0, 1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn only_the_whole_tag_verifies() {
        let Tag(tag) = KEY.tag(b"frame", &mut ());
        assert!(KEY.verify(b"frame", &tag, &mut ()));
        assert!(!KEY.verify(b"frame", &tag[..15], &mut ()) && !KEY.verify(b"frame", &[], &mut ()));
        for bit in 0..128 {
            let mut other = tag;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!KEY.verify(b"frame", &other, &mut ()));
        }
    }
}
