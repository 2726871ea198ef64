//! Many simulated chips on links, under one virtual clock and one seed.
//!
//! - [`link`]: what each kind of link is like
//! - [`medium`], [`bus`], [`radio`], [`channel`]: frames on their way
//! - [`chance`], [`recent`]: what is drawn, and how busy something was
//! - [`view`]: a fleet as it is looked at

pub mod bus;
pub mod chance;
pub mod channel;
pub mod link;
pub mod medium;
pub mod radio;
pub mod recent;
pub mod view;
