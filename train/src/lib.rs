//! The trainer: labelled sentences in, a model that a chip understands commands with out.
//!
//! [`corpus`] reads sentences, [`learn`] trains an encoder in 32-bit floating point with hand-written backward passes,
//! [`quantise`] turns it into the container of `ruvllm_esp_core::nlu`, [`score`] says how good either is.
//!
//! What always holds: the same sentences, options and seed give the same bytes, on any number of threads. Work is cut into
//! pieces of a fixed size and summed in a fixed order; nothing calls the mathematics library of the system while it trains.

pub mod attention;
pub mod augment;
pub mod backward;
pub mod corpus;
pub mod forward;
pub mod layout;
pub mod learn;
pub mod math;
pub mod matrix;
pub mod optimiser;
pub mod quantise;
pub mod random;
pub mod score;
