//! ESP32 chips under virtual time, running the ruvllm-esp core.

pub mod emulator;
pub mod evaluation;
