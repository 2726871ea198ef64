//! Consistent overhead byte stuffing: frames on a byte stream, distinguished by zeros.
//!
//! Encoding removes every zero from a frame, at the cost of a byte in 254, so a zero on the line can only be a
//! delimiter. A receiver that starts in the middle, or meets noise, is in step again at the next zero.
//! After Cheshire and Baker, "Consistent Overhead Byte Stuffing", IEEE/ACM Transactions on Networking 7(2), 1999.

use crate::arena::{Arena, NoRoom};
use crate::meter::{Meter, Op};
use core::fmt;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Stands before and after every frame on a byte stream.
pub const DELIMITER: u8 = 0;

/// The most bytes that one code byte leads.
const LONGEST_BLOCK: usize = 254;

/// The most bytes that `length` bytes take on the line, both delimiters included.
pub const fn stuffed_length(length: usize) -> usize {
    length + length / LONGEST_BLOCK + 3
}

/// Bytes between two delimiters that were no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamError {
    /// The last block is shorter than its code byte says.
    Truncated {
        /// Bytes missing.
        missing: u8,
    },
    /// More bytes than the buffer holds.
    TooLong {
        /// What the buffer holds.
        limit: u16,
    },
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StreamError::Truncated { missing } => {
                write!(f, "a delimiter came {missing} bytes before the end of a block")
            }
            StreamError::TooLong { limit } => write!(f, "no delimiter within {limit} bytes"),
        }
    }
}

impl core::error::Error for StreamError {}

/// Writes `bytes` between delimiters to `out`, and says how many bytes that took; `None` where `out` is shorter.
pub fn encode<M: Meter>(bytes: &[u8], out: &mut [u8], meter: &mut M) -> Option<usize> {
    meter.record(Op::Copy, bytes.len() as u32);
    let mut at = put(out, 0, &[DELIMITER])?;
    let mut rest = bytes;
    loop {
        let block = rest.get(..LONGEST_BLOCK).unwrap_or(rest);
        let length = block.iter().position(|byte| *byte == DELIMITER).unwrap_or(block.len());
        let (block, after) = rest.split_at_checked(length)?;
        // At most 254, so the sum fits a byte.
        at = put(out, at, &[length as u8 + 1])?;
        at = put(out, at, block)?;
        rest = match after.split_first() {
            None => return put(out, at, &[DELIMITER]),
            Some(_) if length == LONGEST_BLOCK => after,
            Some((_, after)) => after,
        };
    }
}

fn put(out: &mut [u8], at: usize, bytes: &[u8]) -> Option<usize> {
    let end = at.checked_add(bytes.len())?;
    out.get_mut(at..end)?.copy_from_slice(bytes);
    Some(end)
}

/// Where a [`Decoder`] is. All zeros is before the first byte.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct DecoderState {
    /// Bytes of the frame so far.
    length: u16,
    /// The code byte of the current block; 0 before the first.
    code: u8,
    /// Bytes of that block still to come.
    remaining: u8,
    /// 1 after an overflow, until the next delimiter.
    overflowed: u8,
    padding: u8,
}
const _: () = assert!(size_of::<DecoderState>() == 6);

/// Takes a byte stream apart into frames, in memory of fixed size.
#[derive(Debug)]
pub struct Decoder<'a> {
    state: &'a mut DecoderState,
    buffer: &'a mut [u8],
}

impl<'a> Decoder<'a> {
    /// A decoder for frames of at most `limit` bytes.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small.
    pub fn carve(arena: &mut Arena<'a>, limit: u16) -> Result<Self, NoRoom> {
        let buffer = arena.slice("stream", u32::from(limit))?;
        Ok(Self { state: arena.one("stream state")?, buffer })
    }

    /// Takes one byte; at a delimiter, gives the frame before it, or why there is none. Delimiters in a row are one.
    ///
    /// # Errors
    /// [`StreamError`] at the delimiter after bytes that were no frame.
    pub fn push(&mut self, byte: u8) -> Result<Option<&[u8]>, StreamError> {
        if byte != DELIMITER {
            self.on_byte(byte);
            return Ok(None);
        }
        let state = core::mem::take(self.state);
        if state.overflowed != 0 {
            return Err(StreamError::TooLong { limit: self.buffer.len() as u16 });
        }
        if state.remaining > 0 {
            return Err(StreamError::Truncated { missing: state.remaining });
        }
        if state.code == 0 {
            return Ok(None);
        }
        Ok(self.buffer.get(..usize::from(state.length)))
    }

    fn on_byte(&mut self, byte: u8) {
        if self.state.remaining > 0 {
            self.state.remaining -= 1;
            return self.append(byte);
        }
        // A block shorter than the longest stands for its bytes and a zero, unless it is the last.
        let ends_with_zero = (1..=LONGEST_BLOCK).contains(&usize::from(self.state.code));
        self.state.code = byte;
        self.state.remaining = byte - 1;
        if ends_with_zero {
            self.append(0);
        }
    }

    fn append(&mut self, byte: u8) {
        match self.buffer.get_mut(usize::from(self.state.length)) {
            Some(index) => {
                *index = byte;
                self.state.length += 1;
            }
            None => self.state.overflowed = 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    fn decode(stream: &[u8], limit: u16) -> Vec<Result<Vec<u8>, StreamError>> {
        let mut memory = vec![0; usize::from(limit) + 16];
        let mut decoder = Decoder::carve(&mut Arena::new(&mut memory), limit).unwrap();
        let mut frames = Vec::new();
        for byte in stream {
            frames.extend(decoder.push(*byte).map(|frame| frame.map(<[u8]>::to_vec)).transpose());
        }
        frames
    }

    fn encoded(bytes: &[u8]) -> Vec<u8> {
        let mut out = vec![0; stuffed_length(bytes.len())];
        let length = encode(bytes, &mut out, &mut ()).unwrap();
        out.truncate(length);
        out
    }

    #[test]
    fn the_examples_of_the_paper_and_the_edges() {
        assert_eq!(encoded(b""), [0, 1, 0]);
        assert_eq!(encoded(&[0]), [0, 1, 1, 0]);
        assert_eq!(encoded(&[0x11, 0x22, 0, 0x33]), [0, 3, 0x11, 0x22, 2, 0x33, 0]);
        let long: Vec<u8> = (1..=254).collect();
        assert_eq!(encoded(&long).len(), 257);
        assert_eq!(encoded(&long)[1], 0xFF);
    }

    #[test]
    fn noise_costs_at_most_the_frame_it_hits() {
        let mut stream = vec![9, 9, 9];
        stream.extend(encoded(b"first"));
        stream.extend([200, 1, 2]);
        stream.extend(encoded(b"second"));
        stream.extend(vec![1; 50]);
        stream.extend(encoded(b"third"));
        let frames = decode(&stream, 10);
        let whole: Vec<&[u8]> = frames.iter().flatten().map(Vec::as_slice).collect();
        assert_eq!(whole, [b"first".as_slice(), b"second", b"third"]);
        assert_eq!(frames.iter().filter(|frame| frame.is_err()).count(), 3);
    }

    proptest! {
        #[test]
        fn round_trip_without_zeros(frames in proptest::collection::vec(
            proptest::collection::vec(prop_oneof![Just(0u8), any::<u8>()], 0..600), 1..4,
        )) {
            let mut stream = Vec::new();
            for frame in &frames {
                let line = encoded(frame);
                prop_assert!(line.len() <= stuffed_length(frame.len()));
                prop_assert!(!line[1..line.len() - 1].contains(&0));
                stream.extend(line);
            }
            let got: Vec<Vec<u8>> = decode(&stream, 600).into_iter().map(Result::unwrap).collect();
            prop_assert_eq!(got, frames);
        }

        #[test]
        fn any_bytes_stay_within_the_buffer(stream in proptest::collection::vec(any::<u8>(), 0..2000)) {
            for frame in decode(&stream, 40).into_iter().flatten() {
                prop_assert!(frame.len() <= 40);
            }
        }

        #[test]
        fn a_short_buffer_is_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 1usize..300) {
            let whole = encoded(&bytes);
            let mut out = vec![0; whole.len().saturating_sub(cut)];
            prop_assert_eq!(encode(&bytes, &mut out, &mut ()), None);
        }
    }
}
