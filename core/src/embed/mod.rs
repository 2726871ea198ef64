//! Text to vector: hashed letter patterns, integer arithmetic, the same bits everywhere.
//!
//! A word is folded (`fold`: case and accents go), padded with a start and an end mark, and cut into trigrams with
//! and without gaps (`pattern`): of any five letters in a row, the first with the last in reach and one between.
//! Each trigram adds its weight, with a sign of its own, to four dimensions that its hash picks. The sum over all words
//! is scaled to the length [`NORM`] (`normalise`). One wrong letter in a word leaves part of its gapped trigrams
//! standing, which is what finds a misspelt word; words are summed, so their order does not matter.
//!
//! What always holds: any text gives a vector, however long, in fixed memory (`4 D` bytes of stack and no heap); a
//! text without letters gives zeros; equal folded words in any order give equal vectors; a host and a chip give equal
//! bytes. `fixtures/embed/v2.tsv` holds test vectors, `docs/embedder.md` the figures.

use crate::meter::{Meter, Op};
use crate::units::Thousandths;

pub(crate) mod fold;
mod normalise;
mod pattern;
#[cfg(test)]
mod properties;

/// The version of the mapping. Vectors of different versions must never be compared: every store and every message
/// that holds one carries this number, and any change that alters one byte of one vector increases it.
pub const VERSION: u8 = 2;

/// How many components a vector has unless its owner chooses another number.
pub const DIMENSIONS: usize = 64;

/// The Euclidean length of every vector that is not all zeros, within [`norm_tolerance`]. No component exceeds it.
pub const NORM: i32 = 127;

/// By how much rounding each of `dimensions` components can change the length: at most half of its square root.
pub const fn norm_tolerance(dimensions: usize) -> i32 {
    (dimensions as u32).isqrt().div_ceil(2) as i32
}

/// Two embeddings with the dot product `dot`, as a score: 0 for nothing in common, 1 for the same.
pub fn score(dot: i32) -> Thousandths {
    let square = NORM * NORM;
    Thousandths(dot.clamp(0, square) * 1000 / square)
}

/// The embedding of `text`: `[DIMENSIONS] i8` of length [`NORM`], or all zeros where it has no letter or digit.
///
/// # Examples
/// ```
/// use ruvllm_esp_core::embed::embed;
/// use ruvllm_esp_core::kernel::distance::dot;
///
/// let stored = embed("The pump in hall three whistles", &mut ());
/// let misspelt = embed("pmup hall WHISTLS", &mut ());
/// let other = embed("Lavender wants poor soil", &mut ());
/// assert!(dot(&stored, &misspelt, &mut ()) > dot(&stored, &other, &mut ()));
/// ```
pub fn embed<M: Meter>(text: &str, meter: &mut M) -> [i8; DIMENSIONS] {
    embed_into::<DIMENSIONS, M>(text, meter)
}

/// The embedding of `text` in `D` dimensions, a power of two from 16 to 1024: more dimensions, fewer mistaken matches.
/// A vector of `D / 2` dimensions is the folded sum of one of `D`, before scaling.
pub fn embed_into<const D: usize, M: Meter>(text: &str, meter: &mut M) -> [i8; D] {
    const { assert!(D.is_power_of_two() && D >= 16 && D <= 1024) };
    meter.record(Op::Call, 1);
    let mut sums = [0i32; D];
    meter.record(Op::Fill, D as u32);
    pattern::add_words(text, &mut sums, meter);
    normalise::scale(&sums, meter)
}
