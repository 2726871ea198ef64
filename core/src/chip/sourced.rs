//! A fact with its origin: value, confidence and source travel together.
//!
//! A table of hardware facts is worth as much as its sources, so no fact of a [`super::Chip`] exists without one.

use core::fmt;

/// How far a fact may be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Computed from other facts, carried over from a sister chip, or not read again at its source.
    Derived,
    /// Measured once, by one party.
    MeasuredOnce,
    /// Read in the vendor's own documents or code, or measured by a method that was read.
    Primary,
}

impl Confidence {
    /// The word used in tables and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Confidence::Derived => "derived",
            Confidence::MeasuredOnce => "measured once",
            Confidence::Primary => "primary",
        }
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A value, how far to trust it, and where it is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The fact.
    pub value: T,
    /// How far to trust it.
    pub confidence: Confidence,
    /// Where it is from: a document, a file of a public repository, or the arithmetic that gave it.
    pub source: &'static str,
}

/// A fact read in the vendor's own documents or code.
pub const fn primary<T: Copy>(value: T, source: &'static str) -> Sourced<T> {
    Sourced { value, confidence: Confidence::Primary, source }
}

/// A fact that one party measured, once.
pub const fn measured_once<T: Copy>(value: T, source: &'static str) -> Sourced<T> {
    Sourced { value, confidence: Confidence::MeasuredOnce, source }
}

/// A fact that was computed, carried over from a sister chip, or not read again.
pub const fn derived<T: Copy>(value: T, source: &'static str) -> Sourced<T> {
    Sourced { value, confidence: Confidence::Derived, source }
}
