//! One chip's end of the wire: messages in, frames out; frames in, each message once.
//!
//! A state machine without a clock or a radio. The caller hands it messages and received frames, and asks for frames
//! to put on the link, and when to ask again. A message is sent once; each that arrives is handed to the application once
//! per boot of the receiver.

use super::codec::CodecError;
use super::dropped::{DropCounts, Dropped};
use super::fragment::{Fragmentation, Reassembly};
use super::frame::{self, BROADCAST, Flags, Header, Seal};
use super::keyring::{KeyChange, Keyring, Keys, Opened};
use super::message::{MAX_PROOFS, Message, PROVE, Prove, REKEY, Rekey};
use super::outbox::{Address, Due, Outbox};
use super::peer::Peers;
use super::rx::{self, Rx};
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
const _: () = assert!(size_of::<Traffic>() == 96);

#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
struct State {
    /// The counter of the last authenticated frame.
    counter: u64,
    traffic: Traffic,
    /// The sequence of the next message.
    next_sequence: u32,
    padding: u32,
}
const _: () = assert!(size_of::<State>() == 112);

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
    /// Every counter of this boot was used; the chip has to restart. A counter that came twice would undo the tags.
    CountersUsedUp,
    /// The message cannot be written.
    Codec(CodecError),
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SendError::Full { capacity } => write!(f, "all {capacity} message slots are in use"),
            SendError::ToSelf => f.write_str("the message is for this chip itself"),
            SendError::CountersUsedUp => {
                write!(
                    f,
                    "all {} frame counters of this boot are used; restart the chip",
                    frame::COUNTER_END - 1
                )
            }
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
    /// The sender of the frame is considered alive from now on.
    Proven {
        /// Who it is.
        header: Header,
        /// Is another board alive under the same number?
        is_duplicate: bool,
    },
    /// The key of this epoch was not known here: it is used after [`OVERLAP`](super::keyring::OVERLAP).
    NewKey(u32),
}

/// One chip's end of the wire.
#[derive(Debug)]
pub struct Endpoint<'a> {
    settings: Settings,
    state: &'a mut State,
    keys: Option<Keys<'a>>,
    peers: Peers<'a>,
    sessions: Sessions<'a>,
    outbox: Outbox<'a>,
    reassembly: Reassembly<'a>,
    /// The payload of the current frame, decrypted, `[payload limit] u8`; empty where nothing is encrypted.
    plain: &'a mut [u8],
}

impl<'a> Endpoint<'a> {
    /// An endpoint with its state in `arena`; all zeros is before the first frame. Where the chip has `keys`, only
    /// authentic frames are taken, and where those say so, only encrypted ones.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small.
    pub fn carve(
        arena: &mut Arena<'a>,
        settings: Settings,
        keys: Option<&Keyring>,
        capacity: Capacity,
    ) -> Result<Self, NoRoom> {
        let is_encrypted = keys.is_some_and(|keys| keys.encrypts);
        let plain = if is_encrypted { settings.payload_limit(true) } else { 0 };
        Ok(Self {
            settings,
            state: arena.one("wire state")?,
            keys: keys.map(|keys| Keys::carve(arena, keys)).transpose()?,
            peers: Peers::carve(arena, capacity.peers)?,
            sessions: Sessions::carve(arena, capacity.peers, settings.address, settings.entropy)?,
            outbox: Outbox::carve(arena, capacity.outgoing)?,
            reassembly: Reassembly::carve(arena, capacity.unfinished)?,
            plain: arena.slice("decrypted payload", plain.into())?,
        })
    }

    /// What crossed since the state was zeros.
    pub fn traffic(&self) -> &Traffic {
        &self.state.traffic
    }

    /// Who is considered alive.
    pub fn sessions(&mut self) -> &mut Sessions<'a> {
        &mut self.sessions
    }

    /// The chip's keys, to be kept in flash; they change with [`Event::NewKey`] and [`Endpoint::tick_keys`].
    pub fn keyring(&self) -> Option<Keyring> {
        self.keys.as_ref().map(Keys::kept)
    }

    /// Changes the keys where that is due.
    pub fn tick_keys(&mut self, now: Micros) -> Option<KeyChange> {
        self.keys.as_mut()?.tick(now)
    }

    /// Takes a key that was typed at this chip.
    pub fn take_key<M: Meter>(&mut self, rekey: &Rekey, now: Micros, meter: &mut M) -> Opened {
        take_key(self.keys.as_mut(), rekey, now, meter)
    }

    /// Takes `message` for sending to chip `destination` or to [`BROADCAST`].
    ///
    /// # Errors
    /// [`SendError`]; nothing has changed then.
    pub fn send(&mut self, destination: u16, message: &Message<'_>) -> Result<(), SendError> {
        self.send_again(destination, message, 0)
    }

    /// As [`Endpoint::send`], and then `again` more times: for what nothing answers. It is delivered once all the same.
    ///
    /// # Errors
    /// As those of [`Endpoint::send`].
    pub fn send_again(
        &mut self,
        destination: u16,
        message: &Message<'_>,
        again: u8,
    ) -> Result<(), SendError> {
        if destination == self.settings.address {
            return Err(SendError::ToSelf);
        }
        if self.next_counter().is_none() {
            return Err(SendError::CountersUsedUp);
        }
        let room = self.settings.payload_limit(self.keys.is_some());
        let capacity = self.outbox.capacity();
        let (slot, bytes) = self.outbox.vacancy().ok_or(SendError::Full { capacity })?;
        let length = message.encode(bytes).map_err(SendError::Codec)? as u16;
        let too_long = SendError::Codec(CodecError::TooLong { limit: room });
        let cut = Fragmentation::plan(length, room).ok_or(too_long)?;
        let sequence = self.state.next_sequence;
        self.state.next_sequence = sequence.wrapping_add(1);
        self.outbox.push(slot, cut, Address { destination, sequence, number: message.number() }, again);
        Ok(())
    }

    /// As [`Endpoint::send`], for who can do nothing about a failure; says whether it was taken.
    pub fn post(&mut self, destination: u16, message: &Message<'_>) -> bool {
        self.send(destination, message).is_ok()
    }

    /// Writes the next frame for the link to `out`, which holds the longest, and says how long it is; `None` when
    /// there is nothing to send now, or every counter was used.
    pub fn transmit<M: Meter>(&mut self, out: &mut [u8], now: Micros, meter: &mut M) -> Option<usize> {
        let counter = self.next_counter()?;
        let seal = self.keys.as_ref().map(|keys| {
            let (epoch, key) = keys.sending();
            Seal { key, epoch, counter, encrypts: keys.encrypts() }
        });
        let length = match self.sessions.next_proof(now) {
            Some(prove) => self.settings.encode_proof(&prove, seal, out, meter)?,
            None => {
                let newest = self.state.next_sequence.wrapping_sub(1);
                let (slot, due) = self.outbox.next(newest, meter)?;
                let length = self.settings.encode_fragment(&due, seal, out, meter)?;
                self.outbox.sent(slot);
                length
            }
        };
        self.state.counter = seal.map_or(0, |seal| seal.counter);
        increment(&mut self.state.traffic.sent);
        Some(length)
    }

    /// Were all counters of this boot used? Then nothing is sent until the chip restarts.
    pub fn has_used_up_counters(&self) -> bool {
        self.next_counter().is_none()
    }

    /// The counter of the next frame; `None` once all of this boot were used.
    fn next_counter(&self) -> Option<u64> {
        self.state.counter.checked_add(1).filter(|counter| *counter < frame::COUNTER_END)
    }

    /// When to call [`Endpoint::transmit`] next, if nothing comes in before.
    pub fn wake_at(&self, now: Micros) -> Option<Micros> {
        let can_send = self.next_counter().is_some();
        if can_send && !self.outbox.is_empty() {
            return Some(now);
        }
        let keys = self.keys.as_ref().and_then(Keys::wake_at);
        let proofs = self.sessions.wake_at().filter(|_| can_send);
        [proofs, keys].into_iter().flatten().map(|due| due.max(now)).min()
    }

    /// What stands before the payload of a frame that is meant for others, if it is whole and, where there is a key, authentic:
    /// what a chip may forward. Nothing is remembered of it.
    ///
    /// # Errors
    /// Why it is not to be forwarded; not counted.
    pub fn verify_for_relay<M: Meter>(&mut self, bytes: &[u8], meter: &mut M) -> Result<Header, Dropped> {
        rx::authentic(bytes, self.keys.as_ref(), self.plain, meter)
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
        let Self { settings, state, keys, peers, sessions, reassembly, plain, .. } = self;
        let admitted = settings.admit(bytes, now, (keys.as_mut(), &mut **plain), sessions, meter);
        let outcome = admitted.and_then(|(frame, admission)| match (frame.header.number, admission) {
            (PROVE, _) => settings.take_proof(&frame, admission, now, sessions),
            _ if frame.header.source == settings.address => Err(Dropped::OwnSource),
            (_, Admission::Unproven) => Err(Dropped::Unproven),
            _ => Rx { peers, reassembly, now, meter: &mut *meter }.handle(frame),
        });
        let outcome = match outcome {
            // A chip that missed a change of keys still takes the key from such a frame.
            Err(Dropped::Epoch) => settings.take_foreign_key(bytes, keys.as_mut(), now, meter),
            Ok(Event::Message { message: Message::Rekey(rekey), .. }) => {
                Ok(event_of(take_key(keys.as_mut(), &rekey, now, meter)))
            }
            other => other,
        };
        match outcome {
            Ok(_) => increment(&mut state.traffic.received),
            Err(reason) => state.traffic.drops.count(reason),
        }
        outcome
    }
}

/// Takes a key that may be sealed for this chip.
pub(super) fn take_key<M: Meter>(
    keys: Option<&mut Keys<'_>>,
    rekey: &Rekey,
    now: Micros,
    meter: &mut M,
) -> Opened {
    keys.map_or(Opened::NotForUs, |keys| keys.take(rekey.epoch, &rekey.sealed.0, now, meter))
}

fn event_of<'e>(opened: Opened) -> Event<'e> {
    match opened {
        Opened::New(epoch) => Event::NewKey(epoch),
        Opened::Known | Opened::NotForUs => Event::Nothing,
    }
}

fn increment(counter: &mut u32) {
    *counter = counter.saturating_add(1);
}

impl Settings {
    /// The longest payload of a frame.
    fn payload_limit(&self, is_authenticated: bool) -> u16 {
        let limit = usize::from(self.frame_limit).clamp(MIN_FRAME_LIMIT, FRAME_LIMIT);
        (limit - frame::overhead(is_authenticated)) as u16
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
        seal: Option<Seal>,
        out: &mut [u8],
        meter: &mut M,
    ) -> Option<usize> {
        let mut payload = [0; PROOF_PAYLOAD];
        let length = Message::Prove(*prove).encode(&mut payload).ok()?;
        let address = Address { destination: BROADCAST, sequence: 0, number: PROVE };
        frame::encode(&self.header(&address), &[payload.get(..length)?], seal, out, meter).ok()
    }

    fn encode_fragment<M: Meter>(
        &self,
        due: &Due<'_>,
        seal: Option<Seal>,
        out: &mut [u8],
        meter: &mut M,
    ) -> Option<usize> {
        let mut header = self.header(&due.address);
        // Who missed an epoch has to read the key of the next one, which is sealed by itself.
        let is_sealed = due.address.number == REKEY;
        let seal = seal.map(|seal| Seal { encrypts: seal.encrypts && !is_sealed, ..seal });
        if due.cut.count() == 1 {
            return frame::encode(&header, &[due.bytes], seal, out, meter).ok();
        }
        header.flags = header.flags.with(Flags::FRAGMENT, true);
        frame::encode(&header, &[&due.cut.header(due.index), due.bytes], seal, out, meter).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::authentication::Key;
    use crate::wire::message::Get;

    #[test]
    fn once_all_counters_are_used_nothing_is_sent_and_that_is_an_error() {
        let mut memory = [0; 16 * 1024];
        let keys = Keyring::provision(&Key::new([7; 16]), 1, 1).with_encryption(true);
        let capacity = Capacity { peers: 2, outgoing: 2, unfinished: 1 };
        let settings = Settings { address: 1, boot: 1, nonce: 0, entropy: 1, embedder: 1, frame_limit: 250 };
        let mut endpoint =
            Endpoint::carve(&mut Arena::new(&mut memory), settings, Some(&keys), capacity).unwrap();
        let message = Message::Get(Get::default());
        endpoint.state.counter = frame::COUNTER_END - 2;
        endpoint.send(2, &message).unwrap();
        endpoint.send(2, &message).unwrap();
        let mut out = [0; 250];
        let length = endpoint.transmit(&mut out, Micros(0), &mut ()).unwrap();
        let last = frame::decode(&out[..length], &mut ()).unwrap();
        assert_eq!(last.tag.unwrap().counter, frame::COUNTER_END - 1);
        assert!(endpoint.has_used_up_counters());
        assert_eq!(endpoint.transmit(&mut out, Micros(0), &mut ()), None);
        assert_eq!(endpoint.wake_at(Micros(0)), None, "nothing wakes the chip for what it cannot send");
        assert_eq!(endpoint.send(2, &message), Err(SendError::CountersUsedUp));
    }
}
