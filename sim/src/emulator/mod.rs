//! An emulator of the RISC-V chips: runs their own machine code, counts cycles.
//!
//! [`Machine`] is a chip; `load_elf` gives it a program, `run` executes it. There are two interpreters: the plain one
//! ([`execute`]) takes one instruction at a time and is the reference; the block interpreter ([`block`], [`chain`])
//! is an order of magnitude faster and reaches the same state at the same cycle. What is modelled and what is not
//! stands in `docs/emulator.md`.

mod alu;
pub mod assemble;
pub mod block;
pub mod board;
pub mod bus;
pub mod cache;
pub mod chain;
pub mod chip;
pub mod compressed;
pub mod csr;
pub mod decode;
pub mod device;
pub mod elf;
pub mod elf_file;
pub mod execute;
pub mod fault;
pub mod hart;
pub mod machine;
pub mod memory;
pub mod operation;
pub mod peripherals;
pub mod pipeline;
pub mod profile;
pub mod stack;
pub mod timing;
pub mod trace;
pub mod trap;
pub mod uart;

pub use chip::EmulatedChip;
pub use elf::LoadError;
pub use fault::{Cause, Fault};
pub use machine::{Machine, Observer, Pace, Stats, Stop};
