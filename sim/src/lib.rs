//! ESP32 chips under virtual time, running the ruvllm-esp core.
//!
//! - [`figure`]: a number that says what it is and how far off it may be
//! - [`cost`]: what counted work costs on each chip, in cycles, time and energy

pub mod cost;
pub mod figure;
