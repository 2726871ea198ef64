//! ESP32 chips under virtual time, running the ruvllm-esp core.
#![warn(missing_docs)]

pub mod evaluation;
