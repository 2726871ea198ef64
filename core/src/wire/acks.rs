//! Acknowledgements that wait for the link.
//!
//! There are slots for few, since after each received frame the caller polls for frames to send. One that finds none is
//! left out, and the sender asks for it again.

use super::endpoint::Settings;
use super::frame::{self, Header, Seal};
use super::message::{Ack, Message};
use super::reliable::Address;
use crate::arena::{Arena, NoRoom};
use crate::meter::Meter;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The type of an acknowledgement.
pub(super) const ACK: u8 = Message::Ack(Ack { boot: 0, sequence: 0, received: 0 }).number();
/// Bytes that hold any acknowledgement.
const ACK_PAYLOAD: usize = 5 + 5 + 9;
/// How many can wait.
const PENDING: u32 = 8;

/// An acknowledgement that waits for the link.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub(super) struct PendingAck {
    received: u64,
    boot: u32,
    sequence: u32,
    peer: u16,
    in_use: u16,
    padding: u32,
}
const _: () = assert!(size_of::<PendingAck>() == 24);

impl PendingAck {
    /// It was sent.
    pub(super) fn done(&mut self) {
        self.in_use = 0;
    }
}

/// The acknowledgements that wait for the link.
#[derive(Debug)]
pub(super) struct Acks<'a>(&'a mut [PendingAck]);

impl<'a> Acks<'a> {
    /// Slots for a few.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small.
    pub(super) fn carve(arena: &mut Arena<'a>) -> Result<Self, NoRoom> {
        Ok(Self(arena.slice("acknowledgements", PENDING)?))
    }

    /// Does none wait?
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|ack| ack.in_use == 0)
    }

    /// The next to be sent.
    pub(super) fn first(&mut self) -> Option<&mut PendingAck> {
        self.0.iter_mut().find(|ack| ack.in_use != 0)
    }

    /// Tells the sender of a frame with `header` what arrived; the latest word on a message replaces the one before.
    pub(super) fn push(&mut self, header: &Header, received: u64) {
        let Header { source: peer, boot, sequence, .. } = *header;
        let ack = PendingAck { received, boot, sequence, peer, in_use: 1, padding: 0 };
        let same = |waiting: &PendingAck| {
            waiting.in_use != 0 && (waiting.peer, waiting.boot, waiting.sequence) == (peer, boot, sequence)
        };
        let index = self.0.iter().position(same).or_else(|| self.0.iter().position(|ack| ack.in_use == 0));
        if let Some(index) = index.and_then(|index| self.0.get_mut(index)) {
            *index = ack;
        }
    }
}

impl Settings {
    /// Writes the frame of an acknowledgement to `out` and says how long it is.
    pub(super) fn encode_ack<M: Meter>(
        &self,
        ack: &PendingAck,
        seal: Option<Seal>,
        out: &mut [u8],
        meter: &mut M,
    ) -> Option<usize> {
        let mut payload = [0; ACK_PAYLOAD];
        let message = Message::Ack(Ack { boot: ack.boot, sequence: ack.sequence, received: ack.received });
        let length = message.encode(&mut payload).ok()?;
        let address = Address { destination: ack.peer, sequence: 0, number: ACK, ack_wanted: false };
        frame::encode(&self.header(&address), &[payload.get(..length)?], seal, out, meter).ok()
    }
}
