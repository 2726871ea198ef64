//! Many simulated chips on links, under one virtual clock and one seed.
//!
//! - [`engine`]: the fleet; [`build`]: from a scenario
//! - [`component`]: chips that can reach each other, run in windows of time; a chip by itself is [`crate::chip`]
//! - [`medium`], [`bus`], [`radio`], [`channel`]: frames on their way
//! - [`fault`]: what fails; [`ack_log`]: what was promised
//! - [`facts`], [`snapshot`]: what it is like at a moment
//! - [`names`]: chips, links and events in words
//! - [`view`]: a fleet as it is looked at; [`inspect`]: a running one; [`telemetry`]: what its consoles reported

pub mod ack_log;
pub mod build;
pub mod bus;
pub mod channel;
pub mod component;
pub mod engine;
pub mod facts;
pub mod fault;
pub mod inspect;
pub mod medium;
pub mod names;
pub mod radio;
pub mod snapshot;
pub mod telemetry;
pub mod view;

pub use build::FleetError;
pub use engine::{Fleet, TimelineEvent, WorkDone};
pub use fault::Fault;

#[cfg(test)]
mod tests;
