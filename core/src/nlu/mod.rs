//! Plain words to calls: which tool a sentence means, which of its words fill which argument, and the best valid call.
//!
//! A model is one container of bytes in flash ([`container`]): INT4 embeddings, INT8 matrices, the names of its intents
//! and slots. Words become rows of the embeddings ([`feature`]), a small encoder with attention reads them
//! ([`encoder`]), and its scores become the best tags that are consistent with one another ([`decode`]). `train/` makes
//! the containers; `docs/language.md` has the figures.
//!
//! A tool file (host, `sim::tools`) becomes a [`schema`]: which tools there are, their arguments, types, ranges and the
//! words for each value. The [`automaton`] turns scores into the best call that the schema allows, or asks for what is
//! missing. [`value`] turns words into typed values.
//!
//! What always holds: integers only, the same bits on a host and on every chip; weights are borrowed, activations lie
//! in the arena, nothing is allocated; any bytes as a container and any text as a sentence give a result or an error. A
//! call that the automaton makes passes [`call::Call::check`], whatever the scores are.

pub mod automaton;
pub mod call;
pub mod container;
pub mod decode;
pub mod encoder;
pub mod feature;
pub mod fixed;
pub mod kind;
mod letters;
pub mod limits;
pub mod matrix;
#[cfg(test)]
mod properties;
pub mod record;
#[cfg(test)]
mod sample;
pub mod schema;
mod segment;
pub mod sentence;
pub mod value;
