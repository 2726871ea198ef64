//! What a fleet gives a role to keep, and asks of it.

use crate::meter::Meter;
use crate::wire::message::{TEXT_KIND, content_check};

/// What a role can keep for its fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// Texts: `fleet add`.
    Texts,
    /// Typed memories: `fleet remember`.
    Memories,
}

/// The questions that a fleet is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// The nearest items to a vector: `fleet search`.
    Search,
    /// What bears on a text: `fleet recall`.
    Recall,
}

/// The contents of an item to store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemPayload<'t> {
    /// A text.
    Text(&'t str),
    /// A memory.
    Memory {
        /// Its type, by its number on the wire.
        kind: u8,
        /// Seconds until it expires; 0 leaves that to its type.
        ttl_s: u32,
        /// What is remembered.
        text: &'t str,
    },
}

impl<'t> ItemPayload<'t> {
    /// Its text.
    pub const fn text(&self) -> &'t str {
        match self {
            ItemPayload::Text(text) | ItemPayload::Memory { text, .. } => text,
        }
    }

    /// What a role has to keep for this to be kept.
    pub const fn kind(&self) -> Keeps {
        match self {
            ItemPayload::Text(_) => Keeps::Texts,
            ItemPayload::Memory { .. } => Keeps::Memories,
        }
    }

    /// Its [`content_check`].
    pub fn check<M: Meter>(&self, meter: &mut M) -> u32 {
        match *self {
            ItemPayload::Text(text) => content_check(TEXT_KIND, text, meter),
            ItemPayload::Memory { kind, text, .. } => content_check(kind, text, meter),
        }
    }

    /// Do both say the same? The time that a memory has left does not count.
    pub(super) fn says(&self, other: &ItemPayload<'_>) -> bool {
        match (*self, *other) {
            (ItemPayload::Text(one), ItemPayload::Text(two)) => one == two,
            (ItemPayload::Memory { kind, text, .. }, ItemPayload::Memory { kind: other, text: two, .. }) => {
                kind == other && text == two
            }
            _ => false,
        }
    }
}

/// What a recall asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked<'t> {
    /// The question.
    pub text: &'t str,
    /// Only memories of this type, by its number on the wire.
    pub only: Option<u8>,
    /// How many results are wanted.
    pub count: usize,
}

/// What became of an item that a role was given to store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreOutcome {
    /// It holds it now.
    New,
    /// It held it already.
    Already,
    /// It holds something else under that name, and keeps it.
    Conflict,
}
