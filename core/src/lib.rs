//! The core of ruvllm-esp: everything a chip does, and nothing about where it runs.
//!
//! The same code runs in the host simulator, in firmware and in the benchmarks. It does no I/O, allocates nothing and
//! contains no `unsafe`: bytes go in, bytes come out, time is an argument, memory is one slice lent by the caller.
//!
//! - [`units`]: bytes, cycles, hertz and spans of time as types
//! - [`chip`]: what each ESP32 variant is, every fact with its source
//! - [`arena`]: one byte slice carved into typed slices
//! - [`meter`]: what a kernel did, counted
//! - [`limits`], [`item`], [`event`]: limits of every layer, names of items, what happened at a chip
//! - [`kernel`]: dot products, distances
//! - [`embed`]: text to vector
//! - [`index`]: nearest-neighbour search
//! - [`anomaly`]: what is unlike the past, in sensor streams and texts
//! - [`nlu`]: a command in plain words to an intent and its slots
//! - [`text`]: texts of any length in blocks
//! - [`role`]: what a chip can be
//! - [`console`]: a line in, a reply out
//! - [`agent`]: one chip: a role, its memory, its console
//! - [`write_counter`]: an output that counts its calls
//! - [`wire`]: what crosses a link between chips
//! - [`federation`]: many chips as one fleet
//! - [`workload`]: fixed work for benchmarks and calibration
#![no_std]
#![warn(missing_docs)]

#[cfg(test)]
extern crate std;

pub mod agent;
pub mod anomaly;
pub mod arena;
pub mod chip;
pub mod console;
pub mod embed;
pub mod event;
pub mod federation;
pub mod index;
pub mod item;
pub mod kernel;
pub mod lexical;
pub mod limits;
pub mod meter;
mod mix;
pub mod nlu;
pub mod role;
mod role_kind;
pub mod text;
pub mod units;
pub mod wire;
pub mod workload;
pub mod write_counter;
