//! The machine code of the chips beside the host. These tests build images, so they are ignored by default:
//! `cargo test -p ruvllm-esp kernels:: -- --ignored` runs them.

mod calibration;
mod xtensa;
