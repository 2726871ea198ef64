//! The bytes of a schema: records of fixed size, little-endian, without padding.
//!
//! ```text
//! Header | IntentRecord.. | ToolRecord.. | ArgumentRecord.. | slot names: TextRef.. | ValueRecord.. |
//! phrases: TextRef.. | SetRecord.. | texts: UTF-8
//! ```
//! The host writes them (`sim::tools`), [`super::schema`] checks and reads them in place.

use zerocopy::little_endian::{I32, U16};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The first bytes.
pub const MAGIC: [u8; 4] = *b"RVTS";
/// The version of this layout.
pub const VERSION: u8 = 1;

/// A call of this argument cannot do without it.
pub const REQUIRED: u8 = 1;
/// The argument may be relative to the present value.
pub const RELATIVE: u8 = 2;

/// How many of each record follow.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Header {
    /// [`MAGIC`].
    pub magic: [u8; 4],
    /// [`VERSION`].
    pub version: u8,
    /// 0.
    pub reserved: u8,
    /// Records of each kind, in the order of the file.
    pub intents: U16,
    /// See `intents`.
    pub tools: U16,
    /// See `intents`.
    pub arguments: U16,
    /// See `intents`.
    pub slots: U16,
    /// See `intents`.
    pub values: U16,
    /// See `intents`.
    pub phrases: U16,
    /// See `intents`.
    pub sets: U16,
    /// Bytes of text.
    pub text: U16,
}

/// A part of the texts.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct TextRef {
    /// The first byte.
    pub offset: U16,
    /// In bytes.
    pub length: u8,
}

/// A class of the encoder: a tool, and arguments that its sentences imply.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct IntentRecord {
    /// Index of the tool.
    pub tool: U16,
    /// Index of the first [`SetRecord`].
    pub first_set: U16,
    /// How many there are.
    pub sets: u8,
}

/// A tool.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ToolRecord {
    /// Its name.
    pub name: TextRef,
    /// Index of the first [`ArgumentRecord`].
    pub first_argument: U16,
    /// How many there are.
    pub arguments: u8,
}

/// An argument of a tool.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ArgumentRecord {
    /// Index of its name among the slots; arguments of the same name share the tags of the encoder.
    pub slot: u8,
    /// Its `Kind`.
    pub kind: u8,
    /// [`REQUIRED`], [`RELATIVE`].
    pub flags: u8,
    /// How many words there are for its unit.
    pub units: u8,
    /// Index of the first phrase of its unit; the first one is printed.
    pub first_unit: U16,
    /// Index of the first [`ValueRecord`].
    pub first_value: U16,
    /// How many there are.
    pub values: U16,
    /// The least value, in the unit of the kind.
    pub min: I32,
    /// The greatest value.
    pub max: I32,
}

/// A value that has a name.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ValueRecord {
    /// What a call says.
    pub name: TextRef,
    /// The number that it stands for, where the kind is a number; 0 elsewhere.
    pub number: I32,
    /// Index of the first phrase.
    pub first_phrase: U16,
    /// How many there are, the name not among them.
    pub phrases: u8,
}

/// An argument that an intent implies.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct SetRecord {
    /// Index among the tool's arguments.
    pub argument: u8,
    /// Which kind of value: 0 choice, 1 scalar, 2 change, 3 steps, 4 colour, 5 words.
    pub value: u8,
    /// The value; 0 for words.
    pub number: I32,
    /// The words.
    pub text: TextRef,
}

const _: () = assert!(size_of::<Header>() == 22 && size_of::<ArgumentRecord>() == 18);
