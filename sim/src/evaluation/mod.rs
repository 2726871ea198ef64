//! Evaluations that a command prints and a test can hold to account.

pub mod emulator;
