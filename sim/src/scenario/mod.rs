//! Scenario files: a fleet, what is typed at it, what fails, and what must hold.
//!
//! - [`quantity`]: times, shares, rates and sizes as files write them
//! - [`plan`]: a scenario with every name resolved, as the engine reads it
//! - [`grammar`]: which keys there are
//! - [`problem`]: what is wrong with a file, each mistake with its location
//! - `doubts`: what is hardly what was meant
//! - [`key`]: the fleet's key, and how it stays out of traces
//! - [`data`]: the texts and samples that a file names
//! - [`inputs`]: what is typed, in the order of time
//! - [`faults`]: what fails, in the order of time

pub mod data;
mod doubts;
mod expected;
mod failing;
pub mod faults;
pub mod grammar;
pub mod inputs;
pub mod key;
mod members;
mod names;
pub mod plan;
pub mod problem;
pub mod quantity;
pub(crate) mod read;
mod rng;
pub(crate) mod sections;
pub(crate) mod table;
#[cfg(test)]
mod tests;
mod typed;

pub use plan::*;
pub use problem::Problems;
