//! Scenario files: a fleet, what is typed at it, what fails, and what must hold.
//!
//! - [`plan`]: a scenario with every name resolved, as the engine reads it
//! - [`grammar`]: which keys there are
//! - [`problem`]: what is wrong with a file, each mistake with its place
//! - [`data`]: the texts and samples that a file names
//! - [`inputs`]: what is typed, in the order of time
//! - [`faults`]: what fails, in the order of time
//! - [`judge`]: what was expected against what was seen

mod chance;
pub mod data;
mod expected;
mod failing;
pub mod faults;
pub mod grammar;
pub mod inputs;
pub mod judge;
mod measure;
mod members;
mod names;
pub mod plan;
pub mod problem;
mod quantity;
mod read;
mod table;
#[cfg(test)]
mod tests;
mod typed;

pub use plan::*;
pub use problem::Problems;
