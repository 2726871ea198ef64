//! Many simulated chips on links, under one virtual clock and one seed.
//!
//! - [`view`]: a fleet as it is looked at

pub mod view;
