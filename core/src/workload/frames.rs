//! Frames written and read: with a tag, and encrypted.

use super::{Checksum, Probe};
use crate::arena::Arena;
use crate::wire::FRAME_LIMIT;
use crate::wire::authentication::Key;
use crate::wire::frame::{self, Header, Seal};
use crate::wire::verify;

/// The longest payload, in bytes.
const LONGEST: usize = 1024;

const KEY: Key = Key::new(*b"the key of epoch");

pub(super) fn run<P: Probe>(memory: &mut [u8], probe: &mut P) {
    let mut arena = Arena::new(memory);
    let (Ok(frame), Ok(plain), Ok(payload)) = (
        arena.slice::<u8>("frame", FRAME_LIMIT as u32),
        arena.slice::<u8>("plain", LONGEST as u32),
        arena.slice::<u8>("payload", LONGEST as u32),
    ) else {
        return;
    };
    payload.iter_mut().zip(0u32..).for_each(|(byte, index)| *byte = (index * 7) as u8);
    let seal = Seal { key: KEY, epoch: 1, counter: 9, encrypts: false };
    for size in [16, 64, 128, 200, LONGEST] {
        let payload = payload.get(..size).unwrap_or_default();
        let names =
            [("frame-tag", "frame-verify", seal), ("frame-encrypt", "frame-decrypt", seal.encrypting())];
        for (written, read, seal) in names {
            probe.measure(written, size as u32, &mut |meter| {
                let length = frame::encode(&Header::default(), &[payload], Some(seal), frame, meter);
                sum(frame.get(..length.unwrap_or(0)).unwrap_or_default())
            });
            let length = size + frame::overhead(true);
            probe.measure(read, size as u32, &mut |meter| {
                let whole = frame.get(..length).unwrap_or_default();
                let Ok(encoded) = frame::decode(whole, meter) else { return 0 };
                verify::open(&encoded, &KEY, plain, meter).map_or(0, |opened| sum(opened.payload))
            });
        }
    }
}

/// Cheap beside what is measured: of the last bytes alone, which depend on all before them.
fn sum(bytes: &[u8]) -> u32 {
    Checksum::default().bytes(bytes.iter().rev().take(8).copied()).get()
}
