//! ESP32 chips under virtual time, running the ruvllm-esp core.
//!
//! - [`evaluation`]: how good the parts of the core are
//! - [`signal`]: sensor signals with known faults
//! - [`figure`]: a number that says what it is and how far off it may be
//! - [`cost`]: what counted work costs on each chip, in cycles, time and energy

pub mod cost;
pub mod evaluation;
pub mod figure;
pub mod signal;
