//! The way in: from the bytes of a frame to a message that is delivered once.
//!
//! What is cheap to check comes first, and nothing is remembered of a frame before its CRC, its addresses and, where
//! the fleet has a key, its tag were right.

use super::dropped::Dropped;
use super::endpoint::{Event, Settings, take_key};
use super::fragment::{Fragment, Progress, Reassembly};
use super::frame::{self, BROADCAST, Flags, Frame, Header};
use super::keyring::{Keys, Opened};
use super::message::{Message, PROVE, REKEY};
use super::peer::{Peer, Peers};
use super::sessions::{Admission, Proof, Sender, Sessions};
use super::verify;
use super::window::WindowVerdict;
use crate::meter::Meter;
use crate::units::Micros;

fn sender_of(header: &Header) -> Sender {
    Sender { address: header.source, boot: header.boot, nonce: header.nonce }
}

impl Settings {
    /// Lets in what is a frame, for this chip, not its own, and authentic where there is a key.
    pub(super) fn admit<'b, M: Meter>(
        &self,
        bytes: &'b [u8],
        now: Micros,
        (mut keys, plain): (Option<&mut Keys<'_>>, &'b mut [u8]),
        sessions: &mut Sessions<'_>,
        meter: &mut M,
    ) -> Result<(Frame<'b>, Admission), Dropped> {
        let frame = frame::decode(bytes, meter)?;
        let Header { source, destination, boot, nonce, .. } = frame.header;
        if (source, boot, nonce) == (self.address, self.boot, self.nonce) {
            return Err(Dropped::OwnSource);
        }
        if destination != self.address && destination != BROADCAST {
            return Err(Dropped::NotForUs);
        }
        let (frame, epoch) = authenticate(frame, keys.as_deref(), plain, meter)?;
        let counter = frame.tag.map(|tag| tag.counter);
        let admission = sessions.admit(sender_of(&frame.header), counter, now, meter)?;
        if let (Some(keys), Some(epoch)) = (keys.as_mut(), epoch) {
            keys.on_frame(epoch, now);
        }
        Ok((frame, admission))
    }

    /// Takes what the sender of a frame asks and echoes.
    pub(super) fn take_proof<'e>(
        &self,
        frame: &Frame<'_>,
        admission: Admission,
        now: Micros,
        sessions: &mut Sessions<'_>,
    ) -> Result<Event<'e>, Dropped> {
        let header = frame.header;
        if header.flags.has(Flags::FRAGMENT) {
            return Err(Dropped::Header);
        }
        let Message::Prove(prove) = Message::decode(PROVE, frame.payload)? else {
            return Err(Dropped::Malformed);
        };
        let counter = frame.tag.map(|tag| tag.counter);
        match sessions.take_proof(sender_of(&header), &prove, counter, now) {
            Proof::Nothing if admission == Admission::Unproven => Err(Dropped::Unproven),
            Proof::Nothing => Ok(Event::Nothing),
            Proof::Proven => Ok(Event::Proven { header, is_duplicate: false }),
            Proof::Duplicate => Ok(Event::Proven { header, is_duplicate: true }),
        }
    }

    /// Takes a key out of a frame for this chip whose tag it cannot check: what is sealed is checked by itself.
    ///
    /// # Errors
    /// [`Dropped::Epoch`] where it holds none.
    pub(super) fn take_foreign_key<'e, M: Meter>(
        &self,
        bytes: &[u8],
        keys: Option<&mut Keys<'_>>,
        now: Micros,
        meter: &mut M,
    ) -> Result<Event<'e>, Dropped> {
        let Header { number, flags, destination, .. } = frame::decode(bytes, meter)?.header;
        let is_whole = number == REKEY && destination == self.address && !flags.has(Flags::FRAGMENT);
        match Message::decode(number, frame::decode(bytes, meter)?.payload) {
            Ok(Message::Rekey(rekey)) if is_whole => match take_key(keys, &rekey, now, meter) {
                Opened::New(epoch) => Ok(Event::NewKey(epoch)),
                Opened::Known | Opened::NotForUs => Err(Dropped::Epoch),
            },
            _ => Err(Dropped::Epoch),
        }
    }
}

/// The header of a frame that is whole and, where there is a key, authentic, whomever it is for.
pub(super) fn authentic<M: Meter>(
    bytes: &[u8],
    keys: Option<&Keys<'_>>,
    plain: &mut [u8],
    meter: &mut M,
) -> Result<Header, Dropped> {
    let frame = frame::decode(bytes, meter)?;
    authenticate(frame, keys, plain, meter).map(|(frame, _)| frame.header)
}

/// The frame with its payload decrypted, and its epoch, if the chip has keys and the tag is right.
fn authenticate<'f, M: Meter>(
    frame: Frame<'f>,
    keys: Option<&Keys<'_>>,
    plain: &'f mut [u8],
    meter: &mut M,
) -> Result<(Frame<'f>, Option<u32>), Dropped> {
    let (keys, tag) = match (keys, frame.tag) {
        (None, None) => return Ok((frame, None)),
        (None, Some(_)) => return Err(Dropped::NoKey),
        (Some(_), None) => return Err(Dropped::Unauthenticated),
        (Some(keys), Some(tag)) => (keys, tag),
    };
    match (keys.encrypts(), frame.is_encrypted) {
        (false, true) => return Err(Dropped::Encrypted),
        // A sealed key is secret by itself, and has to be read by who missed an epoch.
        (true, false) if frame.header.number != REKEY => return Err(Dropped::Unencrypted),
        _ => {}
    }
    let (epoch, key) = keys.of(tag.epoch).ok_or(Dropped::Epoch)?;
    verify::open(&frame, &key, plain, meter).map(|frame| (frame, Some(epoch)))
}

/// What takes part when a message comes in.
pub(super) struct Rx<'i, 'a, 'm, M> {
    pub(super) peers: &'i mut Peers<'a>,
    pub(super) reassembly: &'i mut Reassembly<'a>,
    pub(super) now: Micros,
    pub(super) meter: &'m mut M,
}

impl<'i, M: Meter> Rx<'i, '_, '_, M> {
    /// Takes a frame of a message: delivers the message when it is whole, once.
    pub(super) fn handle(self, frame: Frame<'i>) -> Result<Event<'i>, Dropped> {
        let Self { peers, reassembly, now, meter } = self;
        let header = frame.header;
        let fragment = fragment_of(&frame)?;
        let peer = peers.at(header.source, now, meter).map_err(|_| Dropped::NoPeerSlot)?;
        is_new(peer, &header, now)?;
        let bytes = match fragment {
            None => frame.payload,
            Some(fragment) => {
                match reassembly.accept(&header, &fragment, now, meter).ok_or(Dropped::Fragment)? {
                    Progress::Complete(slot) => reassembly.message(slot),
                    Progress::Part(_) => return Ok(Event::Nothing),
                }
            }
        };
        let message = Message::decode(header.number, bytes)?;
        peer.mark(header.sequence);
        Ok(Event::Message { header, message })
    }
}

/// The fragment that the frame holds, unless it holds a whole message.
fn fragment_of<'f>(frame: &Frame<'f>) -> Result<Option<Fragment<'f>>, Dropped> {
    if !frame.header.flags.has(Flags::FRAGMENT) {
        return Ok(None);
    }
    Fragment::read(frame.payload).map(Some).ok_or(Dropped::Fragment)
}

fn is_new(peer: &mut Peer, header: &Header, now: Micros) -> Result<(), Dropped> {
    peer.on_frame(header.boot, header.nonce, now);
    match peer.verdict(header.sequence) {
        WindowVerdict::New => Ok(()),
        WindowVerdict::Seen => Err(Dropped::Duplicate),
        WindowVerdict::Stale => Err(Dropped::Stale),
    }
}
