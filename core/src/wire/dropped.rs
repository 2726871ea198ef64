//! Why a frame was not taken, and how often.
//!
//! Nothing that comes over a link is an error of the chip: it is dropped, and counted under its reason.

use super::codec::CodecError;
use super::frame::FrameError;
use core::fmt;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident $word:literal,)*) => {
        /// Why a frame was not taken.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Dropped {
            $($(#[$doc])* $name,)*
        }

        impl Dropped {
            /// Every reason, in the order of its discriminant.
            pub const ALL: [Dropped; [$($word),*].len()] = [$(Dropped::$name),*];

            /// The name used in reports.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Dropped::$name => $word,)*
                }
            }
        }
    };
}

reasons! {
    /// Bytes between delimiters that were no frame.
    Stream "stream",
    /// Shorter than any frame, or than its length field says.
    Truncated "truncated",
    /// Longer than its length field says, or than any frame.
    Oversized "oversized",
    /// Another version of the format.
    Version "version",
    /// Damaged: the CRC is wrong.
    Checksum "checksum",
    /// Flags or addresses that no frame has.
    Header "header",
    /// Meant for another chip.
    NotForUs "not-for-us",
    /// Sent under this chip's own address.
    OwnSource "own-source",
    /// No tag, but this fleet has a key.
    Unauthenticated "unauthenticated",
    /// A tag, but this chip has no key to check it with.
    NoKey "no-key",
    /// Not encrypted, but this chip encrypts.
    Unencrypted "unencrypted",
    /// Encrypted, but this chip does not encrypt.
    Encrypted "encrypted",
    /// Of an epoch whose key this chip has not, or has no more.
    Epoch "epoch",
    /// The tag is wrong.
    BadTag "bad-tag",
    /// Authentic, but taken before, or overtaken too long ago.
    Replayed "replayed",
    /// Of a boot of its sender that has not proved that it is the present one.
    Unproven "unproven",
    /// Part of a message that was delivered.
    Duplicate "duplicate",
    /// So late that it is not known whether it was delivered.
    Stale "stale",
    /// Every slot for a peer is taken by one seen recently.
    NoPeerSlot "no-peer-slot",
    /// A fragment that contradicts itself or its message.
    Fragment "fragment",
    /// No message has this type.
    UnknownType "unknown-type",
    /// The payload is not a message of its type.
    Malformed "malformed",
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl core::error::Error for Dropped {}

impl From<FrameError> for Dropped {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::TooShort { .. } => Dropped::Truncated,
            FrameError::Length { have, declared } if have < declared => Dropped::Truncated,
            FrameError::Length { .. } | FrameError::NoSpace { .. } => Dropped::Oversized,
            FrameError::Version(_) => Dropped::Version,
            FrameError::Checksum { .. } => Dropped::Checksum,
            FrameError::Flags(_) | FrameError::Source => Dropped::Header,
        }
    }
}

impl From<CodecError> for Dropped {
    fn from(error: CodecError) -> Self {
        match error {
            CodecError::UnknownType(_) => Dropped::UnknownType,
            _ => Dropped::Malformed,
        }
    }
}

/// How often each reason applied. All zeros is never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct DropCounts([u32; Dropped::ALL.len()]);
const _: () = assert!(size_of::<DropCounts>() == 88);

impl DropCounts {
    /// Counts one more, saturating.
    pub fn count(&mut self, reason: Dropped) {
        if let Some(slot) = self.0.get_mut(reason as usize) {
            *slot = slot.saturating_add(1);
        }
    }

    /// How often `reason` applied.
    pub fn of(&self, reason: Dropped) -> u32 {
        self.0.get(reason as usize).copied().unwrap_or(0)
    }

    /// All of them together.
    pub fn total(&self) -> u32 {
        self.0.iter().fold(0, |total, count| total.saturating_add(*count))
    }

    /// Each reason that applied, and how often.
    pub fn iter(&self) -> impl Iterator<Item = (Dropped, u32)> + '_ {
        Dropped::ALL.into_iter().zip(self.0).filter(|(_, count)| *count > 0)
    }
}
