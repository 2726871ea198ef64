//! Experiments that put a number on what the core does.

pub mod anomaly;
