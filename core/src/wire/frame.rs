//! The frame: who says it to whom, in which order, and whether it arrived whole.
//!
//! ```text
//! version type flags embedder source destination boot nonce sequence length payload [epoch counter tag] crc
//!    1     1     1      1       2        2        4     2      4       2      n       1      5    16     4
//! ```
//!
//! Numbers are little-endian. A decoded frame borrows its payload; its length and its CRC were right. [`verify`](super::verify)
//! checks its tag, and decrypts its payload where that is encrypted.

use super::authentication::{Key, Purpose, TAG, Tag};
use super::cipher::{Cipher, Nonce};
use super::crc::crc32;
use super::keyring::epoch_key;
use crate::meter::{Meter, Op};
use core::fmt;

/// The version of this format.
pub const VERSION: u8 = 5;
/// Bytes before the payload.
pub const HEADER: usize = 20;
/// Bytes of the CRC.
pub const CRC: usize = 4;
/// Bytes that authentication adds: the epoch's lowest bits, a counter and a tag.
pub const TAG_BYTES: usize = 1 + COUNTER + TAG;
/// Bytes of the counter: at a thousand frames a second they last 34 years.
const COUNTER: usize = 5;
/// Counters are below this.
pub const COUNTER_END: u64 = 1 << (8 * COUNTER);
/// The destination that is every chip; never a source.
pub const BROADCAST: u16 = 0xFFFF;

/// What a frame is beside its type, as bits.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags(pub u8);

impl Flags {
    /// The payload is a fragment, with a header of its own.
    pub const FRAGMENT: Flags = Flags(1);
    /// A counter and a tag follow the payload.
    pub const AUTHENTICATED: Flags = Flags(4);
    /// The payload is encrypted; only together with [`Flags::AUTHENTICATED`].
    pub const ENCRYPTED: Flags = Flags(8);
    /// The bits that have a meaning.
    const KNOWN: u8 = Self::FRAGMENT.0 | Self::AUTHENTICATED.0 | Self::ENCRYPTED.0;

    /// Are all bits of `other` set?
    pub const fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// With the bits of `other` where `on`.
    #[must_use]
    pub const fn with(self, other: Flags, on: bool) -> Flags {
        if on { Flags(self.0 | other.0) } else { Flags(self.0 & !other.0) }
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (Flags::FRAGMENT, "fragment"),
            (Flags::AUTHENTICATED, "authenticated"),
            (Flags::ENCRYPTED, "encrypted"),
        ];
        let mut separator = "";
        for (flag, name) in names {
            if self.has(flag) {
                write!(f, "{separator}{name}")?;
                separator = "+";
            }
        }
        if separator.is_empty() { f.write_str("none") } else { Ok(()) }
    }
}

/// What stands before the payload, without version and length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The type of the message.
    pub number: u8,
    /// What the frame is beside its type.
    pub flags: Flags,
    /// The version of the sender's embedder: vectors and scores of different versions do not compare.
    pub embedder: u8,
    /// The chip that sends; not [`BROADCAST`].
    pub source: u16,
    /// The chip that is meant, or [`BROADCAST`].
    pub destination: u16,
    /// How often the sender has booted.
    pub boot: u32,
    /// Random bits of that boot.
    pub nonce: u16,
    /// The sender's count of its messages, one for all fragments of a message.
    pub sequence: u32,
}

/// What a frame is authenticated with when it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal {
    /// The key of the epoch.
    pub key: Key,
    /// The epoch.
    pub epoch: u32,
    /// The sender's count of its frames since boot, from 1 and below [`COUNTER_END`].
    pub counter: u64,
    /// Is the payload encrypted?
    pub encrypts: bool,
}

impl Seal {
    /// The seal of a member in `epoch` of the fleet with this master key, without encryption: for who has that.
    pub fn of(master: &Key, epoch: u32, counter: u64) -> Self {
        Self { key: epoch_key(master, epoch), epoch, counter, encrypts: false }
    }

    /// The same with the payload encrypted.
    #[must_use]
    pub fn encrypting(self) -> Self {
        Self { encrypts: true, ..self }
    }
}

/// The key with which chip `source` tags its frames in the epoch of `key`.
pub fn sender_key<M: Meter>(key: &Key, source: u16, meter: &mut M) -> Key {
    key.derive(Purpose::Sender, source.into(), meter)
}

/// What is different for every frame under one key: `boot u32 | nonce u16 | epoch u8 | counter 5`, little-endian.
///
/// The key is that of a sender in an epoch. Its flash never counts the same boot twice, and within a boot the counter
/// only rises, up to [`COUNTER_END`].
pub(super) fn cipher_nonce(header: &Header, epoch: u8, counter: u64) -> Nonce {
    let [b0, b1, b2, b3] = header.boot.to_le_bytes();
    let [n0, n1] = header.nonce.to_le_bytes();
    let [c0, c1, c2, c3, c4, ..] = counter.to_le_bytes();
    [b0, b1, b2, b3, n0, n1, epoch, c0, c1, c2, c3, c4]
}

/// What authenticates a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthTag<'a> {
    /// The lowest 8 bits of the epoch.
    pub epoch: u8,
    /// The sender's count of its frames since boot, from 1 and below [`COUNTER_END`].
    pub counter: u64,
    /// The tag over everything before it.
    pub tag: &'a [u8],
    /// What the tag is over: header, payload, epoch and counter.
    pub signed: &'a [u8],
}

/// A frame whose length and CRC were right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What stands before the payload.
    pub header: Header,
    /// The message or a fragment of it, `[n] u8`.
    pub payload: &'a [u8],
    /// Is `payload` encrypted still?
    pub is_encrypted: bool,
    /// Counter and tag, where the flag says so.
    pub tag: Option<AuthTag<'a>>,
    /// The CRC at its end.
    pub crc: u32,
}

/// Bytes are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// Shorter than a frame without payload.
    TooShort {
        /// How many bytes there are.
        have: u32,
        /// How many there are at least.
        least: u32,
    },
    /// Another version of the format.
    Version(u8),
    /// Not as long as its length field says.
    Length {
        /// How many bytes there are.
        have: u32,
        /// How many the length field makes.
        declared: u32,
    },
    /// Damaged.
    Checksum {
        /// The CRC at its end.
        have: u32,
        /// The CRC of the rest.
        computed: u32,
    },
    /// Flags that have no meaning.
    Flags(u8),
    /// Sent by [`BROADCAST`].
    Source,
    /// More bytes than the slot for them holds.
    NoSpace {
        /// How many bytes it takes.
        needs: u32,
        /// How many there are.
        have: u32,
    },
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrameError::TooShort { have, least } => {
                write!(f, "{have} bytes are no frame, which has at least {least}")
            }
            FrameError::Version(version) => write!(f, "version {version} of the frame, not {VERSION}"),
            FrameError::Length { have, declared } => {
                write!(f, "{have} bytes, but the length field makes it {declared}")
            }
            FrameError::Checksum { have, computed } => {
                write!(f, "CRC 0x{have:08x}, but the bytes before it have 0x{computed:08x}")
            }
            FrameError::Flags(flags) => write!(f, "unknown flags 0x{flags:02x}"),
            FrameError::Source => f.write_str("the source is the broadcast address"),
            FrameError::NoSpace { needs, have } => write!(f, "the frame takes {needs} bytes of {have}"),
        }
    }
}

impl core::error::Error for FrameError {}

/// The bytes that a frame takes beside its payload.
pub const fn overhead(authenticated: bool) -> usize {
    HEADER + CRC + if authenticated { TAG_BYTES } else { 0 }
}

/// Writes a frame to `out` and says how long it is. Its payload is all of `parts`; it is authenticated where there is a
/// `seal`, and encrypted where that says so.
///
/// # Errors
/// [`FrameError::NoSpace`] when `out` is shorter, [`FrameError::Source`] where the header says [`BROADCAST`].
pub fn encode<M: Meter>(
    header: &Header,
    parts: &[&[u8]],
    seal: Option<Seal>,
    out: &mut [u8],
    meter: &mut M,
) -> Result<usize, FrameError> {
    if header.source == BROADCAST {
        return Err(FrameError::Source);
    }
    let payload = parts.iter().fold(0usize, |length, part| length.saturating_add(part.len()));
    let needs = overhead(seal.is_some()).saturating_add(payload);
    let no_space = FrameError::NoSpace { needs: count(needs), have: count(out.len()) };
    let length = u16::try_from(payload).map_err(|_| no_space)?;
    let mut writer = Writer { out: out.get_mut(..needs).ok_or(no_space)?, at: 0 };
    meter.record(Op::Copy, HEADER as u32 + u32::from(length));
    let encrypts = seal.is_some_and(|seal| seal.encrypts);
    let flags = header.flags.with(Flags::AUTHENTICATED, seal.is_some()).with(Flags::ENCRYPTED, encrypts);
    writer.put(&[VERSION, header.number, flags.0, header.embedder]);
    writer.put(&header.source.to_le_bytes());
    writer.put(&header.destination.to_le_bytes());
    writer.put(&header.boot.to_le_bytes());
    writer.put(&header.nonce.to_le_bytes());
    writer.put(&header.sequence.to_le_bytes());
    writer.put(&length.to_le_bytes());
    parts.iter().for_each(|part| writer.put(part));
    if let Some(seal) = seal {
        writer.seal(header, &seal, meter);
    }
    let crc = crc32(writer.written(), meter);
    writer.put(&crc.to_le_bytes());
    Ok(writer.at)
}

/// Reads the frame that `bytes` are.
///
/// # Errors
/// [`FrameError`] when they are not exactly one whole frame of this version.
pub fn decode<'b, M: Meter>(bytes: &'b [u8], meter: &mut M) -> Result<Frame<'b>, FrameError> {
    let declared = declared_length(bytes)?;
    if declared != bytes.len() {
        return Err(FrameError::Length { have: count(bytes.len()), declared: count(declared) });
    }
    let too_short = FrameError::TooShort { have: count(bytes.len()), least: count(HEADER + CRC) };
    let (body, have) = bytes.split_last_chunk::<CRC>().ok_or(too_short)?;
    let have = u32::from_le_bytes(*have);
    let computed = crc32(body, meter);
    if have != computed {
        return Err(FrameError::Checksum { have, computed });
    }
    let (header, rest) = body.split_first_chunk::<HEADER>().ok_or(too_short)?;
    let header = read_header(header)?;
    if !header.flags.has(Flags::AUTHENTICATED) {
        return Ok(Frame { header, payload: rest, is_encrypted: false, tag: None, crc: have });
    }
    let (signed, tag) = body.split_last_chunk::<TAG>().ok_or(too_short)?;
    let (rest, _) = rest.split_last_chunk::<TAG>().ok_or(too_short)?;
    let (payload, counted) = rest.split_last_chunk::<{ 1 + COUNTER }>().ok_or(too_short)?;
    let [epoch, c0, c1, c2, c3, c4] = *counted;
    let counter = u64::from_le_bytes([c0, c1, c2, c3, c4, 0, 0, 0]);
    let tag = AuthTag { epoch, counter, tag, signed };
    let is_encrypted = header.flags.has(Flags::ENCRYPTED);
    Ok(Frame { header, payload, is_encrypted, tag: Some(tag), crc: have })
}

/// How long the frame at the start of `bytes` is, by its own account.
///
/// # Errors
/// [`FrameError::TooShort`] or [`FrameError::Version`] where no frame starts there.
pub fn declared_length(bytes: &[u8]) -> Result<usize, FrameError> {
    let too_short = FrameError::TooShort { have: count(bytes.len()), least: count(HEADER + CRC) };
    let header = bytes.first_chunk::<HEADER>().ok_or(too_short)?;
    let [version, _, flags, .., low, high] = *header;
    if version != VERSION {
        return Err(FrameError::Version(version));
    }
    let authenticated = Flags(flags).has(Flags::AUTHENTICATED);
    Ok(overhead(authenticated) + usize::from(u16::from_le_bytes([low, high])))
}

fn read_header(bytes: &[u8; HEADER]) -> Result<Header, FrameError> {
    let [_, number, flags, embedder, s0, s1, d0, d1, b0, b1, b2, b3, n0, n1, q0, q1, q2, q3, _, _] = *bytes;
    let lacks_tag = Flags(flags).has(Flags::ENCRYPTED) && !Flags(flags).has(Flags::AUTHENTICATED);
    if flags & !Flags::KNOWN != 0 || lacks_tag {
        return Err(FrameError::Flags(flags));
    }
    let source = u16::from_le_bytes([s0, s1]);
    if source == BROADCAST {
        return Err(FrameError::Source);
    }
    Ok(Header {
        number,
        flags: Flags(flags),
        embedder,
        source,
        destination: u16::from_le_bytes([d0, d1]),
        boot: u32::from_le_bytes([b0, b1, b2, b3]),
        nonce: u16::from_le_bytes([n0, n1]),
        sequence: u32::from_le_bytes([q0, q1, q2, q3]),
    })
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Appends to a slice whose length was checked.
struct Writer<'o> {
    out: &'o mut [u8],
    at: usize,
}

impl Writer<'_> {
    fn put(&mut self, bytes: &[u8]) {
        let end = self.at.saturating_add(bytes.len());
        if let Some(index) = self.out.get_mut(self.at..end) {
            index.copy_from_slice(bytes);
            self.at = end;
        }
    }

    fn written(&self) -> &[u8] {
        self.out.get(..self.at).unwrap_or_default()
    }

    /// Encrypts the payload, if it is to be, and appends epoch, counter and tag.
    fn seal<M: Meter>(&mut self, header: &Header, seal: &Seal, meter: &mut M) {
        let Seal { key, epoch, counter, encrypts } = seal;
        let encrypted = encrypts.then(|| self.encrypt(header, seal, meter));
        let [low @ .., _, _, _] = counter.to_le_bytes();
        self.put(&[*epoch as u8]);
        self.put(&low);
        let Tag(tag) = match encrypted {
            Some(tag) => tag,
            None => sender_key(key, header.source, meter).tag(self.written(), meter),
        };
        self.put(&tag);
    }

    /// Encrypts all that follows the header, and makes the tag of both.
    fn encrypt<M: Meter>(&mut self, header: &Header, seal: &Seal, meter: &mut M) -> Tag {
        let cipher = Cipher::of(&seal.key, header.source, meter);
        let nonce = cipher_nonce(header, seal.epoch as u8, seal.counter);
        let written = self.out.get_mut(..self.at).unwrap_or_default();
        let (head, payload) = written.split_at_mut(HEADER.min(written.len()));
        cipher.encrypt(&nonce, head, payload, meter)
    }
}
