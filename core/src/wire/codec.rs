//! Messages to bytes and back: the one file that names bincode.
//!
//! The crate is pinned to 2.0.1, the last of its line, and no longer maintained (RUSTSEC-2025-0141), so it is sealed in
//! here: the configuration is spelled out rather than left to a default, the bytes are fixed by the files in
//! `fixtures/wire`, and `docs/wire.md` describes them without the crate. Nothing is allocated; what is decoded borrows
//! from the input; lengths are checked against a limit before they are used, and every byte must be used.

use super::MESSAGE_LIMIT;
use super::list::List;
use crate::item::ItemId;
use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use bincode::de::{BorrowDecoder, Decode};
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
pub(super) use bincode::{BorrowDecode, Encode};
use core::fmt;

/// The decoder's limit counts what integers take in memory, up to eight times what they take on the wire.
const DECODED_LIMIT: usize = 8 * MESSAGE_LIMIT;

/// Little-endian, variable-length integers, limited.
const CONFIGURATION: Configuration<LittleEndian, Varint, Limit<DECODED_LIMIT>> = bincode::config::standard()
    .with_little_endian()
    .with_variable_int_encoding()
    .with_limit::<DECODED_LIMIT>();

/// A message could not be written or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodecError {
    /// The message does not fit.
    TooLong {
        /// What would fit.
        limit: u16,
    },
    /// The bytes end within a field.
    Truncated {
        /// How many there are.
        have: u16,
    },
    /// Bytes are left after the last field.
    Trailing {
        /// How many.
        left: u16,
    },
    /// A field holds what it cannot: a flag other than 0 and 1, a text that is not UTF-8, a list or number too large.
    Malformed,
    /// No message has this type.
    UnknownType(u8),
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CodecError::TooLong { limit } => write!(f, "the message is longer than {limit} bytes"),
            CodecError::Truncated { have } => {
                write!(f, "the message ends within a field, after {have} bytes")
            }
            CodecError::Trailing { left } => write!(f, "{left} bytes are left after the last field"),
            CodecError::Malformed => f.write_str("a field holds a value that its type does not have"),
            CodecError::UnknownType(number) => write!(f, "no message has type 0x{number:02x}"),
        }
    }
}

impl core::error::Error for CodecError {}

/// Writes the fields of a message to `out` and says how many bytes they took.
pub(super) fn write<T: Encode>(fields: &T, out: &mut [u8]) -> Result<usize, CodecError> {
    let limit = out.len().min(MESSAGE_LIMIT);
    let out = out.get_mut(..limit).unwrap_or_default();
    bincode::encode_into_slice(fields, out, CONFIGURATION).map_err(|error| match error {
        EncodeError::UnexpectedEnd => CodecError::TooLong { limit: limit as u16 },
        _ => CodecError::Malformed,
    })
}

/// Reads the fields of a message from all of `bytes`.
pub(super) fn read<'b, T: BorrowDecode<'b, ()>>(bytes: &'b [u8]) -> Result<T, CodecError> {
    if bytes.len() > MESSAGE_LIMIT {
        return Err(CodecError::TooLong { limit: MESSAGE_LIMIT as u16 });
    }
    let (fields, used) =
        bincode::borrow_decode_from_slice(bytes, CONFIGURATION).map_err(|error| match error {
            DecodeError::UnexpectedEnd { .. } => CodecError::Truncated { have: bytes.len() as u16 },
            _ => CodecError::Malformed,
        })?;
    match bytes.len().saturating_sub(used) {
        0 => Ok(fields),
        left => Err(CodecError::Trailing { left: left as u16 }),
    }
}

/// The name of an item lies below the wire, so its bytes are written here: origin, nonce, boot, count.
impl Encode for ItemId {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        (self.origin, self.nonce, self.boot, self.count).encode(encoder)
    }
}

impl<'de, C> BorrowDecode<'de, C> for ItemId {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let (origin, nonce, boot, count) = BorrowDecode::borrow_decode(decoder)?;
        Ok(Self { origin, nonce, boot, count })
    }
}

/// A list is its length in one byte, then its items.
impl<T: Encode, const N: usize> Encode for List<T, N> {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        (self.len() as u8).encode(encoder)?;
        self.iter().try_for_each(|item| item.encode(encoder))
    }
}

impl<'de, C, T: BorrowDecode<'de, C> + Copy + Default, const N: usize> BorrowDecode<'de, C> for List<T, N> {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let length = u8::decode(decoder)?;
        if usize::from(length) > N {
            return Err(DecodeError::ArrayLengthMismatch { required: N, found: usize::from(length) });
        }
        let mut list = Self::default();
        for _ in 0..length {
            list.push(T::borrow_decode(decoder)?);
        }
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::{Path, PathBuf};
    use std::vec::Vec;
    use std::{fs, vec};

    #[test]
    fn varints_are_as_documented() {
        let bytes = |number: u64| {
            let mut out = [0; 10];
            let length = write(&number, &mut out).unwrap();
            out[..length].to_vec()
        };
        assert_eq!(bytes(250), [250]);
        assert_eq!(bytes(251), [251, 251, 0]);
        assert_eq!(bytes(0xFFFF), [251, 0xFF, 0xFF]);
        assert_eq!(bytes(0x1_0000), [252, 0, 0, 1, 0]);
        assert_eq!(bytes(1 << 32), [253, 0, 0, 0, 0, 1, 0, 0, 0]);
        let mut out = [0; 8];
        assert_eq!(write(&-3i32, &mut out), Ok(1));
        assert_eq!(out[0], 5);
    }

    #[test]
    fn all_bytes_and_no_more() {
        assert_eq!(read::<u32>(&[7]), Ok(7));
        assert_eq!(read::<u32>(&[7, 0]), Err(CodecError::Trailing { left: 1 }));
        assert_eq!(read::<u32>(&[252, 0]), Err(CodecError::Truncated { have: 2 }));
        assert_eq!(read::<u32>(&[253, 0, 0, 0, 0, 1, 0, 0, 0]), Err(CodecError::Malformed));
        assert_eq!(read::<bool>(&[2]), Err(CodecError::Malformed));
        assert_eq!(read::<&str>(&[1, 0xFF]), Err(CodecError::Malformed));
        assert_eq!(read::<List<u8, 2>>(&[3, 1, 1, 1]), Err(CodecError::Malformed));
        let long = vec![0; MESSAGE_LIMIT + 1];
        assert_eq!(read::<&[u8]>(&long), Err(CodecError::TooLong { limit: MESSAGE_LIMIT as u16 }));
        // A length of 2^63 is refused before anything is read of it.
        assert_eq!(read::<&[u8]>(&[253, 0, 0, 0, 0, 0, 0, 0, 128, 1]), Err(CodecError::Malformed));
    }

    fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name() != Some("target".as_ref()) {
                rust_files(&path, found);
            } else if path.extension() == Some("rs".as_ref()) {
                found.push(path);
            }
        }
    }

    #[test]
    fn no_other_file_names_the_crate() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut files = vec![];
        for part in ["core", "sim", "cli", "benches", "firmware"] {
            if root.join(part).is_dir() {
                rust_files(&root.join(part), &mut files);
            }
        }
        let naming = |path: &&PathBuf| fs::read_to_string(path).unwrap().contains("bincode");
        let naming: Vec<_> = files.iter().filter(naming).collect();
        assert_eq!(naming.len(), 1, "{naming:?}");
        assert!(naming[0].ends_with("core/src/wire/codec.rs"));
    }
}
