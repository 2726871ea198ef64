//! The messages between chips: one table, each line a number, a name and the fields.
//!
//! The number of a message is the type byte of its frame, and its fields in their order are the payload; the bytes are
//! described in `docs/wire.md` and fixed by `fixtures/wire`. To add a message: its entry in the table, its sample in
//! `tests/golden.rs` and its row in the document. Append only: a number is never given a second meaning, and a changed
//! field is a new number. Numbers below 0x50 and 0xFF are those of ruvllm-esp32 0.2.0.

use super::codec::{self, BorrowDecode, CodecError, Encode};
use super::crc::crc32;
use super::field::{Field, Scratch, Value};
use super::keyring::SEALED;
use super::list::List;
use super::parse::ParseError;
use crate::item::ItemId;
use crate::limits::MAX_RESULTS;
use crate::meter::Meter;
use crate::role_kind::RoleKind;
use core::fmt;
use zerocopy::{FromBytes, IntoBytes};

macro_rules! messages {
    ($(
        $(#[$doc:meta])*
        $number:literal $word:literal $name:ident $(<$life:tt>)? {
            $($(#[$about:meta])* pub $field:ident: $kind:ty,)*
        }
    )*) => {
        /// Any message. Texts borrow from the bytes that the message was read from.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Message<'a> {
            $($(#[$doc])* $name($name $(<$life>)?),)*
        }

        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, BorrowDecode)]
            pub struct $name $(<$life>)? {
                $($(#[$about])* pub $field: $kind,)*
            }
        )*

        /// Every message, by ascending number.
        pub const MESSAGES: [MessageInfo; [$($number),*].len()] = [
            $(MessageInfo { number: $number, name: $word, fields: &[$(stringify!($field)),*] }),*
        ];

        impl<'a> Message<'a> {
            /// The type byte of its frame.
            pub const fn number(&self) -> u8 {
                match self {
                    $(Message::$name(_) => $number,)*
                }
            }

            /// Writes the payload to `out` and says how many bytes it took.
            ///
            /// # Errors
            /// [`CodecError::TooLong`] when `out`, or [`MESSAGE_LIMIT`](super::MESSAGE_LIMIT), is shorter.
            pub fn encode(&self, out: &mut [u8]) -> Result<usize, CodecError> {
                match self {
                    $(Message::$name(fields) => codec::write(fields, out),)*
                }
            }

            /// Reads the message of type `number` from all of `payload`.
            ///
            /// # Errors
            /// [`CodecError`] when the type is unknown or the payload is not exactly one message of it.
            pub fn decode(number: u8, payload: &'a [u8]) -> Result<Self, CodecError> {
                match number {
                    $($number => codec::read(payload).map(Message::$name),)*
                    unknown => Err(CodecError::UnknownType(unknown)),
                }
            }

            /// Shows each field to `take`, with its name.
            pub fn each_field<'m>(&'m self, mut take: impl FnMut(&'static str, Value<'m>)) {
                match self {
                    $(Message::$name(fields) => {
                        $(take(stringify!($field), fields.$field.value());)*
                    })*
                }
            }

            /// The message of this name, its fields zero, false or empty.
            pub(super) fn blank(name: &str) -> Option<Self> {
                match name {
                    $($word => Some(Message::$name($name::default())),)*
                    _ => None,
                }
            }

            /// Sets a field to the value that `text` is.
            pub(super) fn set(
                &mut self,
                field: &'a str,
                text: &'a str,
                scratch: &Scratch<'a>,
            ) -> Result<(), ParseError<'a>> {
                let bad = ParseError::BadValue { field, value: text };
                match self {
                    $(Message::$name(fields) => match field {
                        $(stringify!($field) => fields.$field = Field::read(text, scratch).ok_or(bad)?,)*
                        _ => return Err(ParseError::UnknownField(field)),
                    },)*
                }
                Ok(())
            }
        }
    };
}

messages! {
    /// The state of a chip, at intervals.
    0x00 "heartbeat" Heartbeat {
        /// The sender's role.
        pub role: RoleCode,
        /// How busy it was since the last heartbeat, in hundredths.
        pub load: u8,
        /// Bytes of its arena that no structure took.
        pub free_arena: u32,
        /// How many items it holds.
        pub items: u32,
        /// Seconds since it booted.
        pub uptime_s: u32,
        /// Frames sent since then.
        pub sent: u32,
        /// Frames received and not dropped.
        pub received: u32,
        /// Frames dropped.
        pub dropped: u32,
    }

    /// A chip announces itself and asks for the others; the discovery of ruvllm-esp32 0.2.0.
    0x01 "hello" Hello<'a> {
        /// The sender's role.
        pub role: RoleCode,
        /// Should the receiver answer with a hello of its own?
        pub wants_reply: bool,
        /// The longest message it takes, in bytes.
        pub message_limit: u16,
        /// How many items its role can hold.
        pub capacity: u32,
        /// The kind of chip, e.g. `esp32c3`.
        pub variant: &'a str,
        /// The version of its program.
        pub version: &'a str,
    }

    /// Asks chips to prove that they are alive, and answers those that ask.
    0x42 "prove" Prove {
        /// Random bits of the sender, drawn lately: a challenged chip echoes them. 0 where no chip is challenged.
        pub challenge: u64,
        /// Is every chip asked?
        pub all: bool,
        /// The chips that are asked.
        pub asked: List<u16, MAX_PROOFS>,
        /// The challenges of others, echoed.
        pub answers: List<Answer, MAX_PROOFS>,
    }

    /// The key of another epoch, sealed for the receiver: it verifies itself, so any chip may forward it.
    0x43 "rekey" Rekey {
        /// The epoch.
        pub epoch: u32,
        /// Its key, as [`keyring::seal`](super::keyring::seal) makes it.
        pub sealed: SealedKey,
    }

    /// Store this text.
    0x50 "add" Add<'a> {
        /// The name of the item. A chip that holds it already says so where the content is the same.
        pub item: ItemId,
        /// The text.
        pub text: &'a str,
    }

    /// An item is stored here now.
    0x51 "stored" Stored {
        /// The name of the item.
        pub item: ItemId,
        /// [`content_check`] of what is held under that name.
        pub check: u32,
    }

    /// Which items are nearest to this query?
    0x52 "search" Search<'a> {
        /// The asker's number of the question, repeated in the reply.
        pub request: u32,
        /// How many results, at most [`MAX_RESULTS`].
        pub count: u8,
        /// Milliseconds after which the asker no longer waits.
        pub deadline_ms: u16,
        /// Shall the reply hold texts?
        pub with_text: bool,
        /// What to look for.
        pub query: Query<'a>,
    }

    /// The nearest items of one chip.
    0x53 "search-reply" SearchReply<'a> {
        /// The number of the question.
        pub request: u32,
        /// Is something missing: items not looked at before the deadline, or results and texts that did not fit?
        pub partial: bool,
        /// Among how many items.
        pub searched: u32,
        /// The results, best first.
        pub hits: List<Hit<'a>, MAX_RESULTS>,
    }

    /// Which passages or memories match this question?
    0x54 "recall" Recall<'a> {
        /// The asker's number of the question, repeated in the reply.
        pub request: u32,
        /// How many results, at most [`MAX_RESULTS`].
        pub count: u8,
        /// Milliseconds after which the asker no longer waits.
        pub deadline_ms: u16,
        /// Only memories of this type, by the numbers in [`Remember::kind`].
        pub kind: Option<u8>,
        /// The question.
        pub text: &'a str,
    }

    /// The passages or memories of one chip.
    0x55 "recall-reply" RecallReply<'a> {
        /// The number of the question.
        pub request: u32,
        /// Is something missing: items not looked at before the deadline, or results and texts that did not fit?
        pub partial: bool,
        /// The results, best first.
        pub hits: List<Hit<'a>, MAX_RESULTS>,
    }

    /// Store this memory.
    0x56 "remember" Remember<'a> {
        /// The name of the memory. A chip that holds it already says so where the content is the same.
        pub item: ItemId,
        /// Its type: 0 fact, 1 event, 2 context, 3 preference, 4 procedure, 5 entity, 6 emotion, 7 state.
        pub kind: u8,
        /// Seconds until it expires; 0 leaves that to its type.
        pub ttl_s: u32,
        /// The text.
        pub text: &'a str,
    }

    /// A sample or text is anomalous.
    0x57 "anomaly" Anomaly<'a> {
        /// The sender's count of its alarms since boot.
        pub number: u32,
        /// Seconds between the sender's boot and the sample.
        pub at_s: u32,
        /// How far the sample lies from the habit, in thousandths.
        pub score: i32,
        /// The score from which it is an alarm, in thousandths.
        pub threshold: i32,
        /// The sample, as it was written.
        pub text: &'a str,
    }

    /// What is the text of this item?
    0x5B "get" Get {
        /// The asker's number of the question, repeated in the reply.
        pub request: u32,
        /// The item.
        pub item: ItemId,
    }

    /// The text of an item.
    0x5C "text" Text<'a> {
        /// The number of the question.
        pub request: u32,
        /// The item.
        pub item: ItemId,
        /// Its text.
        pub text: &'a str,
    }

    /// An item is not stored here.
    0x5D "refused" Refused<'a> {
        /// The name of the item.
        pub item: ItemId,
        /// The code of the failure as the console has it, e.g. `full`, or [`NAME_TAKEN`].
        pub code: &'a str,
    }

    /// A request failed.
    0xFF "error" Error<'a> {
        /// The number of the request.
        pub request: u32,
        /// The code of the failure as the console has it, e.g. `full`.
        pub code: &'a str,
    }
}

/// What there is to know about a message without having one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageInfo {
    /// The type byte of its frame.
    pub number: u8,
    /// Its name in text.
    pub name: &'static str,
    /// Its fields, as they follow each other in the payload.
    pub fields: &'static [&'static str],
}

impl Message<'_> {
    /// The name of the message of type `number`.
    pub fn name_of(number: u8) -> Option<&'static str> {
        MESSAGES.iter().find(|known| known.number == number).map(|known| known.name)
    }
}

/// A role on the wire. The receiver may not know it.
#[derive(Clone, Copy, Default, PartialEq, Eq, Encode, BorrowDecode)]
pub struct RoleCode(pub u8);

impl RoleCode {
    /// The role, where it is known here.
    pub fn role(self) -> Option<RoleKind> {
        RoleKind::by_code(self.0)
    }
}

impl From<RoleKind> for RoleCode {
    fn from(kind: RoleKind) -> Self {
        Self(kind.code())
    }
}

impl fmt::Debug for RoleCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        self.role().map_or(Ok(()), |role| write!(f, " ({})", role.alias()))
    }
}

/// The type of [`Message::Prove`], which an endpoint takes itself.
pub const PROVE: u8 = 0x42;

/// The most chips that one [`Message::Prove`] asks, and the most that it answers: it fits the frame of any link.
pub const MAX_PROOFS: usize = 12;

/// An echo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Answer {
    /// The chip that asked.
    pub chip: u16,
    /// Its challenge.
    pub challenge: u64,
}

/// The type of [`Message::Rekey`], which an endpoint takes itself.
pub const REKEY: u8 = 0x43;

/// A key that one chip alone can open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, BorrowDecode)]
pub struct SealedKey(pub [u8; SEALED]);

/// The code of a refusal: other content is held under this name.
pub const NAME_TAKEN: &str = "name-taken";

/// Instead of a memory's type in [`content_check`]: a text.
pub const TEXT_KIND: u8 = u8::MAX;

/// What tells the content of one item from that of another: the CRC-32 of its text, with its type in the highest byte.
pub fn content_check<M: Meter>(kind: u8, text: &str, meter: &mut M) -> u32 {
    crc32(text.as_bytes(), meter) ^ u32::from(kind) << 24
}

/// What to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, BorrowDecode)]
pub enum Query<'a> {
    /// A text, which the receiver embeds.
    Text(&'a str),
    /// An embedding, one two's complement byte a component, of the embedder version in the frame.
    Vector(&'a [u8]),
}

impl<'a> Query<'a> {
    /// The query for `vector`, `[D] i8`.
    pub fn vector(vector: &'a [i8]) -> Self {
        Query::Vector(vector.as_bytes())
    }

    /// The embedding, `[D] i8`, where the query is one.
    pub fn components(&self) -> Option<&'a [i8]> {
        match self {
            Query::Text(_) => None,
            Query::Vector(bytes) => <[i8]>::ref_from_bytes(bytes).ok(),
        }
    }
}

impl Default for Query<'_> {
    fn default() -> Self {
        Query::Text("")
    }
}

/// One result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, BorrowDecode)]
pub struct Hit<'a> {
    /// The item.
    pub item: ItemId,
    /// How well it matches, more is better: the dot product of the embeddings for a search, the role's own score in
    /// thousandths for a recall.
    pub score: i32,
    /// Its text; empty where none was asked for.
    pub text: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::role::memory::MemoryType;

    #[test]
    fn numbers_ascend_and_those_of_ruvllm_esp32_stand() {
        assert!(MESSAGES.is_sorted_by(|a, b| a.number < b.number));
        let known = [(0x00, "heartbeat"), (0x01, "hello"), (PROVE, "prove"), (0xFF, "error")];
        for (number, name) in known {
            assert_eq!(Message::name_of(number), Some(name));
        }
        let reserved =
            [0x02, 0x10, 0x11, 0x12, 0x20, 0x21, 0x22, 0x23, 0x30, 0x31, 0x40, 0x41, 0x58, 0x59, 0x5A];
        for number in reserved {
            assert_eq!(Message::decode(number, &[]), Err(CodecError::UnknownType(number)));
        }
    }

    #[test]
    fn codes_of_roles_and_memories_are_as_documented() {
        assert_eq!(RoleCode(2).role(), Some(RoleKind::AnomalySentinel));
        assert_eq!(RoleCode(200).role(), None);
        assert_eq!((MemoryType::Fact as u8, MemoryType::State as u8), (0, 7));
    }

    #[test]
    fn a_vector_crosses_as_it_is() {
        let query = Query::vector(&[-128, 0, 127]);
        assert_eq!(query, Query::Vector(&[0x80, 0, 0x7F]));
        assert_eq!(query.components(), Some([-128, 0, 127].as_slice()));
    }
}
