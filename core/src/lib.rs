//! The core of ruvllm-esp: everything a chip does, and nothing about where it runs.
//!
//! The same code runs in the host simulator, in firmware and in the benchmarks. It does no I/O, allocates nothing and
//! contains no `unsafe`: bytes go in, bytes come out, time is an argument, memory is one slice lent by the caller.
//!
//! - [`units`]: bytes, cycles, hertz and spans of time as types
//! - [`chip`]: what each ESP32 variant is, every fact with its source
//! - [`arena`]: one byte slice carved into typed slices
//! - [`meter`]: what a kernel did, counted
//! - [`kernel`]: dot products, distances
//! - [`embed`]: text to vector
//! - [`anomaly`]: what is unlike the past, in sensor streams and texts
//! - [`index`]: nearest-neighbour search
//! - [`text`]: texts of any length in blocks
#![no_std]
#![warn(missing_docs)]

#[cfg(test)]
extern crate std;

pub mod anomaly;
pub mod arena;
pub mod chip;
pub mod embed;
pub mod index;
pub mod kernel;
pub mod meter;
pub mod text;
pub mod units;
