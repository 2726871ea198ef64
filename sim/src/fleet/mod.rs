//! Many simulated chips on links, under one virtual clock and one seed.
//!
//! - [`engine`]: the fleet; [`build`]: from a scenario
//! - [`island`]: chips that can reach each other, run in windows of time
//! - [`chip`], [`program`], [`clock`], [`price`], [`usage`]: one chip and what it takes
//! - [`inbox`], [`ports`]: its ends of links
//! - [`link`]: what each kind of link is like
//! - [`medium`], [`bus`], [`radio`], [`channel`]: frames on their way
//! - [`fault`], [`intruder`]: what fails, and what means harm
//! - [`record`], [`ledger`]: what happened, and what was promised
//! - [`shape`]: the index that a chip has
//! - [`facts`], [`snapshot`]: what it is like at a moment
//! - [`names`]: chips, links and events in words
//! - [`chance`], [`recent`]: what is drawn, and how busy something was
//! - [`view`]: a fleet as it is looked at; [`look`]: a running one; [`told`]: what its consoles told

pub mod build;
pub mod bus;
pub mod chance;
pub mod channel;
pub mod chip;
pub mod clock;
pub mod engine;
pub mod facts;
pub mod fault;
pub mod inbox;
pub mod intruder;
pub mod island;
pub mod ledger;
pub mod link;
pub mod look;
pub mod medium;
pub mod names;
pub mod ports;
pub mod price;
pub mod program;
pub mod radio;
pub mod recent;
pub mod record;
pub mod shape;
pub mod snapshot;
pub mod told;
pub mod usage;
pub mod view;

pub use build::FleetError;
pub use engine::{Fleet, Happened, WorkDone};
pub use fault::Fault;

#[cfg(test)]
mod tests;
