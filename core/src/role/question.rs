//! A question to stored texts: found by their vectors, ordered by their own words.
//!
//! A stored vector of 64 bytes is small, and so it confuses texts that a larger one tells apart. The texts themselves
//! are in the arena too. So a search takes the [`CANDIDATES`] nearest vectors, reads those texts again, and embeds them
//! in [`WIDE`] dimensions, which are kept nowhere. `bench embed` shows what that is worth, and what it costs.

use super::rank::Best;
use crate::console::Failure;
use crate::embed::{DIMENSIONS, NORM, embed_into, relevance};
use crate::index::Hit;
use crate::kernel::distance::dot;
use crate::limits::{LINE_LIMIT, MAX_RESULTS};
use crate::meter::Meter;
use crate::units::Thousandths;

/// How many of the nearest vectors have their texts read again.
pub const CANDIDATES: usize = 48;

/// Dimensions of the second reading.
pub const WIDE: usize = 512;

/// The longest text that is read again: all that a line can hold.
pub type TextBuffer = [u8; LINE_LIMIT];

/// A question, embedded once for the search and once for the second reading.
#[derive(Clone, Debug)]
pub struct Question {
    /// For the search in stored vectors.
    pub vector: [i8; DIMENSIONS],
    wide: [i8; WIDE],
}

/// The answers to a question, nearest first.
#[derive(Clone, Debug)]
pub struct Answers {
    best: Best,
}

impl Question {
    /// Embeds `text`.
    ///
    /// # Errors
    /// As [`super::contract::embed_text`].
    pub fn new<M: Meter>(text: &str, usage: &'static str, meter: &mut M) -> Result<Self, Failure> {
        let vector = super::contract::embed_text(text, usage, meter)?;
        Ok(Self { vector, wide: embed_into::<WIDE, M>(text, meter) })
    }

    /// Reads the texts at the slots `candidates` again and ranks them. `read` gives the text at a slot, which may lie in the
    /// buffer that it is handed.
    pub fn rank<M: Meter>(
        &self,
        candidates: impl Iterator<Item = u32>,
        mut read: impl for<'b> FnMut(u32, &'b mut TextBuffer, &mut M) -> &'b str,
        meter: &mut M,
    ) -> Answers {
        let mut best: Best = Best::new(MAX_RESULTS);
        let mut buffer = [0; LINE_LIMIT];
        for slot in candidates {
            let text = read(slot, &mut buffer, meter);
            let wide = embed_into::<WIDE, M>(text, meter);
            best.offer(i64::from(dot(&self.wide, &wide, meter)), slot, meter);
        }
        Answers { best }
    }
}

impl Answers {
    /// Every answer, whether it bears on the question or not.
    pub fn all(&self) -> impl Iterator<Item = Hit> + Clone + '_ {
        self.best.entries().iter().map(|(score, slot)| Hit { slot: *slot, similarity: *score as i32 })
    }

    /// The answers that bear on the question: the nearest where it stands out or is near in itself, and others that are
    /// near in themselves. `same` says whether two slots belong to one text, which does not compete with itself.
    pub fn relevant(&self, same: impl Fn(u32, u32) -> bool) -> impl Iterator<Item = Hit> + '_ {
        let nearest = self.all().next();
        let rival = nearest.and_then(|nearest| self.all().find(|hit| !same(nearest.slot, hit.slot)));
        let stands_out = nearest.is_some_and(|nearest| {
            relevance::score(nearest.similarity, rival.map(|rival| rival.similarity)) >= relevance::THRESHOLD
        });
        let first = nearest.filter(|_| stands_out).map(|hit| hit.slot);
        self.all().filter(move |hit| Some(hit.slot) == first || hit.similarity >= relevance::NEAR)
    }
}

/// The cosine of two embeddings whose dot product is `similarity`.
pub fn cosine(similarity: i32) -> Thousandths {
    Thousandths(similarity * 1000 / (NORM * NORM))
}
