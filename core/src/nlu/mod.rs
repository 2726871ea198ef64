//! Commands in plain words: which tool a sentence means, which of its words fill which slot, and how sure that is.
//!
//! A model is one container of bytes in flash ([`container`]): INT4 embeddings, INT8 matrices, the names of its intents
//! and slots. Words become rows of the embeddings ([`feature`]), a small encoder with attention reads them
//! ([`encoder`]), and its scores become the best tags that are consistent with one another ([`decode`]).
//!
//! What always holds: integers only, the same bits on a host and on every chip; weights are borrowed, activations lie
//! in the arena, nothing is allocated; any bytes as a container and any text as a sentence give a result or an error.
//! `train/` makes the containers. `docs/language.md` has the figures.

pub mod container;
pub mod decode;
pub mod encoder;
pub mod feature;
pub mod fixed;
pub mod matrix;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod sample;

/// Words of a sentence that are read; the rest is left out, and [`encoder::Encoded::is_cut`] says so.
pub const MAX_WORDS: usize = 32;
