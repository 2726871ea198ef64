//! Frames forwarded for others: on a ring and in a star.
//!
//! A frame goes on as it came, tag included. Nothing goes round forever: a frame to everyone goes on only where it was
//! new, a frame to one chip only while its sender is known and not lost, and neither if it is one of the last that were
//! forwarded. Slots are few: after each received frame the caller polls for frames to send.

use crate::arena::{Arena, NoRoom};
use crate::meter::{Meter, Op};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Frames that can wait.
pub const WAITING: u32 = 8;
/// How many of the last frames are known again.
const REMEMBERED: u32 = 32;

#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
struct Waiting {
    /// Which came first.
    number: u32,
    /// 0 is a free slot.
    length: u16,
    port: u16,
}
const _: () = assert!(size_of::<Waiting>() == 8);

/// What was forwarded. All zeros: nothing to send.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
struct Count {
    taken: u32,
    /// Frames for which there was no slot.
    lost: u32,
    /// Where the next frame is remembered.
    next: u32,
}
const _: () = assert!(size_of::<Count>() == 12);

/// Frames that wait to be forwarded, `[WAITING][limit] u8`.
#[derive(Debug)]
pub struct Relay<'a> {
    count: &'a mut Count,
    waiting: &'a mut [Waiting],
    /// CRCs of the last frames.
    recent: &'a mut [u32],
    bytes: &'a mut [u8],
    limit: usize,
}

impl<'a> Relay<'a> {
    /// Slots for frames of at most `limit` bytes, or none where nothing is forwarded.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small.
    pub fn carve(arena: &mut Arena<'a>, limit: u16, is_needed: bool) -> Result<Self, NoRoom> {
        let slots = if is_needed { WAITING } else { 0 };
        Ok(Self {
            count: arena.one("relay state")?,
            waiting: arena.slice("relay", slots)?,
            recent: arena.slice("relay memory", if is_needed { REMEMBERED } else { 0 })?,
            bytes: arena.slice("relay bytes", slots.saturating_mul(u32::from(limit)))?,
            limit: usize::from(limit).max(1),
        })
    }

    /// How many frames were taken to be forwarded, and for how many there was no slot.
    pub fn counts(&self) -> (u32, u32) {
        (self.count.taken, self.count.lost)
    }

    /// Was this frame forwarded lately? It is remembered from now on.
    pub fn is_known<M: Meter>(&mut self, frame: &[u8], meter: &mut M) -> bool {
        let Some((_, crc)) = frame.split_last_chunk::<4>() else { return true };
        // A CRC of 0 would be found in a memory of zeros.
        let crc = u32::from_le_bytes(*crc) | 1;
        meter.record(Op::Scan, self.recent.len() as u32);
        if self.recent.contains(&crc) {
            return true;
        }
        let slot = self.count.next as usize % self.recent.len().max(1);
        self.count.next = self.count.next.wrapping_add(1);
        if let Some(slot) = self.recent.get_mut(slot) {
            *slot = crc;
        }
        false
    }

    /// Takes a frame for `port`.
    pub fn push<M: Meter>(&mut self, frame: &[u8], port: u8, meter: &mut M) {
        let free = self.waiting.iter().position(|waiting| waiting.length == 0);
        let slot = free.and_then(|free| {
            let bytes = self.bytes.chunks_exact_mut(self.limit).nth(free)?.get_mut(..frame.len())?;
            Some((self.waiting.get_mut(free)?, bytes))
        });
        match slot {
            Some((waiting, bytes)) => {
                meter.record(Op::Copy, frame.len() as u32);
                bytes.copy_from_slice(frame);
                self.count.taken = self.count.taken.wrapping_add(1);
                let (number, length) = (self.count.taken, frame.len() as u16);
                *waiting = Waiting { number, length, port: u16::from(port) };
            }
            None => self.count.lost = self.count.lost.saturating_add(1),
        }
    }

    /// Does none wait?
    pub fn is_empty(&self) -> bool {
        self.waiting.iter().all(|waiting| waiting.length == 0)
    }

    /// Writes the frame that waits longest to `out`; its length and port.
    pub fn pop<M: Meter>(&mut self, out: &mut [u8], meter: &mut M) -> Option<(usize, u8)> {
        let used = self.waiting.iter_mut().enumerate().filter(|(_, waiting)| waiting.length != 0);
        let newest = self.count.taken;
        let (slot, waiting) = used.max_by_key(|(_, waiting)| newest.wrapping_sub(waiting.number))?;
        let length = usize::from(core::mem::take(&mut waiting.length));
        let bytes = self.bytes.chunks_exact(self.limit).nth(slot)?.get(..length)?;
        meter.record(Op::Copy, length as u32);
        out.get_mut(..length)?.copy_from_slice(bytes);
        Some((length, waiting.port as u8))
    }
}
