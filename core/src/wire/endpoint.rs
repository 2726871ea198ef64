//! One chip's end of the wire: messages in, frames out; frames in, each message once.
//!
//! A state machine without a clock or a radio. The caller hands it messages and received frames, and asks for frames
//! to put on the link, and when to ask again. A message is sent once; each that arrives is handed to the application once
//! per boot of the receiver.

use super::authentication::Key;
use super::codec::CodecError;
use super::dropped::{DropCounts, Dropped};
use super::fragment::{Fragmentation, Reassembly};
use super::frame::{self, BROADCAST, Flags, Header};
use super::message::{MAX_PROOFS, Message, PROVE, Prove};
use super::outbox::{Address, Due, Outbox};
use super::peer::Peers;
use super::rx::Rx;
use super::sessions::{Admission, Sessions};
use super::{FRAME_LIMIT, MIN_FRAME_LIMIT};
use crate::arena::{Arena, NoRoom};
use crate::meter::Meter;
use crate::units::Micros;
use core::fmt;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Bytes that hold any proof: a challenge, a flag, the chips that are asked, the echoes.
const PROOF_PAYLOAD: usize = 9 + 1 + (1 + 3 * MAX_PROOFS) + (1 + 12 * MAX_PROOFS);
const _: () = assert!(PROOF_PAYLOAD + frame::overhead(true) <= 250, "it fits a packet of ESP-NOW");

/// What one chip's end of the wire is like.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// This chip's address; not [`BROADCAST`].
    pub address: u16,
    /// How often this chip has booted, counted in flash.
    pub boot: u32,
    /// Random bits of this boot, which every frame bears.
    pub nonce: u16,
    /// Random bits of this boot, from which its challenges are drawn. Nobody else is to know them.
    pub entropy: u64,
    /// The version of this chip's embedder.
    pub embedder: u8,
    /// The longest frame of the link; held between [`MIN_FRAME_LIMIT`] and [`FRAME_LIMIT`].
    pub frame_limit: u16,
    /// The fleet's key, if it has one. With it, only authentic frames are taken.
    pub key: Option<Key>,
}

/// What an endpoint has slots for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Chips it exchanges messages with.
    pub peers: u32,
    /// Messages on their way out.
    pub outgoing: u32,
    /// Messages of which not all fragments have come.
    pub unfinished: u32,
}

/// What crossed. All zeros: nothing to send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Traffic {
    /// Frames sent.
    pub sent: u32,
    /// Frames received and not dropped.
    pub received: u32,
    /// Why frames were dropped.
    pub drops: DropCounts,
}
const _: () = assert!(size_of::<Traffic>() == 84);

#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
struct State {
    /// The counter of the last authenticated frame.
    counter: u64,
    traffic: Traffic,
    /// The sequence of the next message.
    next_sequence: u32,
}
const _: () = assert!(size_of::<State>() == 96);

/// A message was not taken for sending. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendError {
    /// Every slot for a message is taken.
    Full {
        /// How many there are.
        capacity: u32,
    },
    /// The message is for this chip itself.
    ToSelf,
    /// The message cannot be written.
    Codec(CodecError),
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SendError::Full { capacity } => write!(f, "all {capacity} message slots are in use"),
            SendError::ToSelf => f.write_str("the message is for this chip itself"),
            SendError::Codec(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for SendError {}

/// What a received frame brought.
#[expect(clippy::large_enum_variant, reason = "nothing is allocated, and an event lives for one call")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'e> {
    /// Nothing for the application yet.
    Nothing,
    /// A message, for the first and only time.
    Message {
        /// Who sent it, and with what embedder.
        header: Header,
        /// What it says.
        message: Message<'e>,
    },
    /// The sender of the frame is believed to be alive from now on.
    Proven {
        /// Who it is.
        header: Header,
        /// Is another board alive under the same number?
        is_duplicate: bool,
    },
}

/// One chip's end of the wire.
#[derive(Debug)]
pub struct Endpoint<'a> {
    settings: Settings,
    state: &'a mut State,
    peers: Peers<'a>,
    sessions: Sessions<'a>,
    outbox: Outbox<'a>,
    reassembly: Reassembly<'a>,
}

impl<'a> Endpoint<'a> {
    /// An endpoint with its state in `arena`; all zeros is before the first frame.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small.
    pub fn carve(arena: &mut Arena<'a>, settings: Settings, capacity: Capacity) -> Result<Self, NoRoom> {
        Ok(Self {
            settings,
            state: arena.one("wire state")?,
            peers: Peers::carve(arena, capacity.peers)?,
            sessions: Sessions::carve(arena, capacity.peers, settings.address, settings.entropy)?,
            outbox: Outbox::carve(arena, capacity.outgoing)?,
            reassembly: Reassembly::carve(arena, capacity.unfinished)?,
        })
    }

    /// What crossed since the state was zeros.
    pub fn traffic(&self) -> &Traffic {
        &self.state.traffic
    }

    /// Who is believed to be alive.
    pub fn sessions(&mut self) -> &mut Sessions<'a> {
        &mut self.sessions
    }

    /// Takes `message` for sending to chip `destination` or to [`BROADCAST`].
    ///
    /// # Errors
    /// [`SendError`]; nothing has changed then.
    pub fn send(&mut self, destination: u16, message: &Message<'_>) -> Result<(), SendError> {
        if destination == self.settings.address {
            return Err(SendError::ToSelf);
        }
        let room = self.settings.payload_limit();
        let capacity = self.outbox.capacity();
        let (slot, bytes) = self.outbox.vacancy().ok_or(SendError::Full { capacity })?;
        let length = message.encode(bytes).map_err(SendError::Codec)? as u16;
        let too_long = SendError::Codec(CodecError::TooLong { limit: room });
        let cut = Fragmentation::plan(length, room).ok_or(too_long)?;
        let sequence = self.state.next_sequence;
        self.state.next_sequence = sequence.wrapping_add(1);
        self.outbox.push(slot, cut, Address { destination, sequence, number: message.number() });
        Ok(())
    }

    /// As [`Endpoint::send`], for who can do nothing about a failure; says whether it was taken.
    pub fn post(&mut self, destination: u16, message: &Message<'_>) -> bool {
        self.send(destination, message).is_ok()
    }

    /// Writes the next frame for the link to `out`, which holds the longest, and says how long it is; `None` when
    /// there is nothing to send now.
    pub fn transmit<M: Meter>(&mut self, out: &mut [u8], now: Micros, meter: &mut M) -> Option<usize> {
        let counter = self.state.counter.saturating_add(1);
        if counter >= frame::COUNTER_END {
            return None;
        }
        let tag = self.settings.key.as_ref().map(|key| (key, counter));
        let length = match self.sessions.next_proof(now) {
            Some(prove) => self.settings.encode_proof(&prove, tag, out, meter)?,
            None => {
                let newest = self.state.next_sequence.wrapping_sub(1);
                let (slot, due) = self.outbox.next(newest, meter)?;
                let length = self.settings.encode_fragment(&due, tag, out, meter)?;
                self.outbox.sent(slot);
                length
            }
        };
        self.state.counter = tag.map_or(0, |(_, counter)| counter);
        increment(&mut self.state.traffic.sent);
        Some(length)
    }

    /// When to call [`Endpoint::transmit`] next, if nothing comes in before.
    pub fn wake_at(&self, now: Micros) -> Option<Micros> {
        if self.outbox.is_empty() { self.sessions.wake_at().map(|due| due.max(now)) } else { Some(now) }
    }

    /// What stands before the payload of a frame that is meant for others, if it is whole and, where there is a key, authentic:
    /// what a chip may forward. Nothing is remembered of it.
    ///
    /// # Errors
    /// Why it is not to be forwarded; not counted.
    pub fn verify_for_relay<M: Meter>(&self, bytes: &[u8], meter: &mut M) -> Result<Header, Dropped> {
        self.settings.authentic(bytes, meter).map(|frame| frame.header)
    }

    /// Takes a frame from the link, its framing removed.
    ///
    /// # Errors
    /// Why the frame was dropped, which is counted already.
    pub fn receive<'e, M: Meter>(
        &'e mut self,
        bytes: &'e [u8],
        now: Micros,
        meter: &mut M,
    ) -> Result<Event<'e>, Dropped> {
        let Self { settings, state, peers, sessions, reassembly, .. } = self;
        let outcome = settings.admit(bytes, now, sessions, meter).and_then(|(frame, admission)| {
            match (frame.header.number, admission) {
                (PROVE, _) => settings.take_proof(&frame, admission, now, sessions),
                _ if frame.header.source == settings.address => Err(Dropped::OwnSource),
                (_, Admission::Unproven) => Err(Dropped::Unproven),
                _ => Rx { peers, reassembly, now, meter }.handle(frame),
            }
        });
        match outcome {
            Ok(_) => increment(&mut state.traffic.received),
            Err(reason) => state.traffic.drops.count(reason),
        }
        outcome
    }
}

fn increment(counter: &mut u32) {
    *counter = counter.saturating_add(1);
}

impl Settings {
    /// The longest payload of a frame.
    fn payload_limit(&self) -> u16 {
        let limit = usize::from(self.frame_limit).clamp(MIN_FRAME_LIMIT, FRAME_LIMIT);
        (limit - frame::overhead(self.key.is_some())) as u16
    }

    /// What stands before the payload of a message of this chip.
    fn header(&self, address: &Address) -> Header {
        Header {
            number: address.number,
            flags: Flags::default(),
            embedder: self.embedder,
            source: self.address,
            destination: address.destination,
            boot: self.boot,
            nonce: self.nonce,
            sequence: address.sequence,
        }
    }

    /// Writes the frame of a proof to `out` and says how long it is.
    fn encode_proof<M: Meter>(
        &self,
        prove: &Prove,
        tag: Option<(&Key, u64)>,
        out: &mut [u8],
        meter: &mut M,
    ) -> Option<usize> {
        let mut payload = [0; PROOF_PAYLOAD];
        let length = Message::Prove(*prove).encode(&mut payload).ok()?;
        let address = Address { destination: BROADCAST, sequence: 0, number: PROVE };
        frame::encode(&self.header(&address), &[payload.get(..length)?], tag, out, meter).ok()
    }

    fn encode_fragment<M: Meter>(
        &self,
        due: &Due<'_>,
        tag: Option<(&Key, u64)>,
        out: &mut [u8],
        meter: &mut M,
    ) -> Option<usize> {
        let mut header = self.header(&due.address);
        if due.cut.count() == 1 {
            return frame::encode(&header, &[due.bytes], tag, out, meter).ok();
        }
        header.flags = header.flags.with(Flags::FRAGMENT, true);
        frame::encode(&header, &[&due.cut.header(due.index), due.bytes], tag, out, meter).ok()
    }
}
