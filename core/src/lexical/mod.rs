//! Questions to stored texts, answered by their words.
//!
//! A question is cut into words (`word`). Each is compared with each word of each stored text (`similarity`): equal, one
//! letter wrong, the same stem, part of a compound. A word that few of the stored texts have weighs more than one that
//! many have (inverse document frequency, K. Sparck Jones 1972); articles, pronouns and the words that make a question
//! a question weigh a tenth (`function_words`). The frequencies are counted in a first pass over the stored texts, for
//! the words of the question alone, so no statistics are kept and none go stale. A second pass scores (`score`).
//!
//! What always holds: integers only; fixed memory, about 1.5 KiB for a [`Query`]; every text is looked at, so a word
//! that one text in a thousand has is found; scores lie between 0 and 1,000, and a text asked for by itself has 1,000,
//! as long as it has at most [`MAX_WORDS`] different words. `docs/embedder.md` has the figures.

mod function_words;
mod query;
mod score;
mod similarity;
mod word;

pub use query::{MAX_WORDS, Query};
pub use score::{MIN_COVERAGE, Match};
