//! Scenario files: a fleet, what is typed at it, what fails, and what must hold.
//!
//! - [`quantity`]: times, shares, rates and sizes as files write them
//! - [`plan`]: a scenario with every name resolved, as the engine reads it
//! - [`grammar`]: which keys there are
//! - [`problem`]: what is wrong with a file, each mistake with its place
//! - [`data`]: the texts and samples that a file names
//! - [`inputs`]: what is typed, in the order of time
//! - [`faults`]: what fails, in the order of time
//! - [`run`]: a scenario, run, with its judge and its trace
//! - [`truth`]: what one exact index would have answered
//! - [`verdict`]: how a run ended
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
pub mod quantity;
mod read;
pub mod run;
mod table;
#[cfg(test)]
mod tests;
pub mod truth;
mod typed;
pub mod verdict;

pub use plan::*;
pub use problem::Problems;
