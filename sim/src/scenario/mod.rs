//! Scenario files: a fleet, what is typed at it, what fails, and what must hold.
//!
//! - [`plan`]: a scenario with every name resolved, as the engine reads it
//! - [`inputs`]: what is typed, in the order of time
//! - [`faults`]: what fails, in the order of time
//! - [`judge`]: what was expected against what was seen

mod chance;
pub mod faults;
pub mod inputs;
pub mod judge;
mod measure;
pub mod plan;

pub use plan::*;
