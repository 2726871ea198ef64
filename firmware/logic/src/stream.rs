//! Wire frames on a serial line: taken apart as bytes come, sent as room is made.
//!
//! Both halves work on a few bytes at a time and never wait, so the loop around them goes on. Bytes that are lost or
//! garbled cost the frame they belong to, which is counted here and sent again by the wire.

use ruvllm_esp_core::arena::{ALIGNMENT, Arena};
use ruvllm_esp_core::wire::FRAME_LIMIT;
use ruvllm_esp_core::wire::cobs::{Decoder, DecoderState, stuffed_length};
use ruvllm_esp_core::wire::frame::FrameError;
use ruvllm_esp_core::wire::link::LinkKind;

/// The longest frame on the line, its delimiters included.
const LINE_BYTES: usize = stuffed_length(FRAME_LIMIT);

/// The decoder's memory.
const DECODER_BYTES: usize =
    (FRAME_LIMIT + size_of::<DecoderState>()).next_multiple_of(ALIGNMENT) + ALIGNMENT;

/// What arrives. All zeros is before the first byte.
#[derive(Clone, Debug)]
#[repr(align(16))]
pub struct Rx {
    memory: [u8; DECODER_BYTES],
    broken: u32,
}
const _: () = assert!(align_of::<Rx>() >= ALIGNMENT);

impl Rx {
    /// Before the first byte.
    pub const fn new() -> Self {
        Self { memory: [0; DECODER_BYTES], broken: 0 }
    }

    /// Takes `bytes`, and hands each frame that ends in them to `take`.
    pub fn push(&mut self, bytes: impl IntoIterator<Item = u8>, take: &mut dyn FnMut(&[u8])) {
        // Its memory is made for it, so it always fits.
        let Ok(mut decoder) = Decoder::carve(&mut Arena::new(&mut self.memory), FRAME_LIMIT as u16) else {
            return;
        };
        for byte in bytes {
            match decoder.push(byte) {
                Ok(Some(frame)) => take(frame),
                Ok(None) => {}
                Err(_) => self.broken = self.broken.saturating_add(1),
            }
        }
    }

    /// How often there were bytes that are no frame.
    pub fn broken(&self) -> u32 {
        self.broken
    }
}

impl Default for Rx {
    fn default() -> Self {
        Self::new()
    }
}

/// What is on its way out: one frame at most. All zeros: nothing to send.
#[derive(Clone, Debug)]
pub struct Tx {
    line: [u8; LINE_BYTES],
    length: usize,
    sent: usize,
}

impl Tx {
    /// Nothing to send.
    pub const fn new() -> Self {
        Self { line: [0; LINE_BYTES], length: 0, sent: 0 }
    }

    /// Is there room for a frame?
    pub fn is_idle(&self) -> bool {
        self.sent == self.length
    }

    /// Takes a frame, instead of what was not sent yet.
    ///
    /// # Errors
    /// [`FrameError::NoSpace`] where it is longer than any frame of a serial line.
    pub fn load(&mut self, frame: &[u8]) -> Result<(), FrameError> {
        self.length = LinkKind::Uart.wrap(frame, &mut self.line, &mut ())?;
        self.sent = 0;
        Ok(())
    }

    /// Sends as much as there is room for: `put` takes bytes from the front of what it is given and says how many.
    pub fn send(&mut self, mut put: impl FnMut(&[u8]) -> usize) {
        while let Some(rest) = self.line.get(self.sent..self.length).filter(|rest| !rest.is_empty()) {
            match put(rest).min(rest.len()) {
                0 => return,
                count => self.sent += count,
            }
        }
    }
}

impl Default for Tx {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    /// Sends `frames` over a transmitter with room for `room` bytes at a time, and gives what was on the line.
    fn line(frames: &[Vec<u8>], room: usize) -> Vec<u8> {
        let (mut tx, mut line) = (Tx::new(), Vec::new());
        for frame in frames {
            assert!(tx.is_idle());
            tx.load(frame).unwrap();
            while !tx.is_idle() {
                let mut left = room;
                tx.send(|bytes| {
                    let count = bytes.len().min(left);
                    left -= count;
                    line.extend(&bytes[..count]);
                    count
                });
            }
        }
        line
    }

    fn frames() -> impl Strategy<Value = Vec<Vec<u8>>> {
        proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..FRAME_LIMIT), 1..5)
    }

    proptest! {
        #[test]
        fn frames_arrive_in_whatever_pieces(frames in frames(), room in 1usize..200, piece in 1usize..200) {
            let (mut rx, mut got) = (Rx::new(), Vec::new());
            for bytes in line(&frames, room).chunks(piece) {
                rx.push(bytes.iter().copied(), &mut |frame| got.push(frame.to_vec()));
            }
            prop_assert_eq!((got, rx.broken()), (frames, 0));
        }

        #[test]
        fn bytes_lost_on_the_line_cost_the_frames_they_belong_to(frames in frames(), at: proptest::sample::Index, count in 1usize..300) {
            let whole = line(&frames, 128);
            let from = at.index(whole.len());
            let (mut rx, mut got) = (Rx::new(), Vec::new());
            let kept = whole.iter().enumerate().filter(|(index, _)| !(from..from + count).contains(index));
            rx.push(kept.map(|(_, byte)| *byte).chain([0]), &mut |frame| got.push(frame.to_vec()));
            // A hole may join two frames' ends into one that is none of them; the checksum of the wire is for that.
            let whole_ones = frames.iter().filter(|frame| got.contains(frame)).count();
            prop_assert!(whole_ones + 1 + count.div_ceil(4) >= frames.len());
            let touched = line(&frames[..1], 128).len();
            prop_assert!(from < touched || got.first() == frames.first());
        }
    }

    #[test]
    fn a_frame_too_long_is_refused_and_nothing_is_sent() {
        let mut tx = Tx::new();
        assert!(tx.load(&[1; FRAME_LIMIT + 1]).is_err());
        assert!(tx.is_idle());
        tx.send(|_| panic!("there is nothing to send"));
    }
}
