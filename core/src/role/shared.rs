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

/// What is to be kept of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping<'t> {
    /// A text.
    Text(&'t str),
    /// A memory.
    Memory {
        /// Its type, by its number on the wire.
        kind: u8,
        /// Seconds until it expires; 0 leaves that to its type.
        lives_s: u32,
        /// What is remembered.
        text: &'t str,
    },
}

impl<'t> Keeping<'t> {
    /// Its text.
    pub const fn text(&self) -> &'t str {
        match self {
            Keeping::Text(text) | Keeping::Memory { text, .. } => text,
        }
    }

    /// What a role has to keep for this to be kept.
    pub const fn kind(&self) -> Keeps {
        match self {
            Keeping::Text(_) => Keeps::Texts,
            Keeping::Memory { .. } => Keeps::Memories,
        }
    }

    /// Its [`content_check`].
    pub fn check<M: Meter>(&self, meter: &mut M) -> u32 {
        match *self {
            Keeping::Text(text) => content_check(TEXT_KIND, text, meter),
            Keeping::Memory { kind, text, .. } => content_check(kind, text, meter),
        }
    }

    /// Do both say the same? The time that a memory has left does not count.
    pub(super) fn says(&self, other: &Keeping<'_>) -> bool {
        match (*self, *other) {
            (Keeping::Text(one), Keeping::Text(two)) => one == two,
            (Keeping::Memory { kind, text, .. }, Keeping::Memory { kind: other, text: two, .. }) => {
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

/// What a role did with an item that it was told to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It holds it now.
    New,
    /// It held it already.
    Already,
    /// It holds something else under that name, and keeps it.
    Conflict,
}
