//! Scenario files: a fleet, what is typed at it, what fails, and what must hold.
//!
//! - [`plan`]: a scenario with every name resolved, as the engine reads it
//! - [`judge`]: what was expected against what was seen

pub mod judge;
mod measure;
pub mod plan;

pub use plan::*;
