//! How well the core's parts do what they are for, measured on the host.
//!
//! Every measurement is deterministic: the same seed gives the same report, byte for byte. Results that depend only on
//! the core's arithmetic hold on a chip as they stand, because a chip computes the same bytes.

pub mod embed;
pub mod sentences;
pub mod threshold;
