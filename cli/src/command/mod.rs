//! One file a command: its options, and what it does.

pub mod bench;
pub mod chips;
pub mod completions;
pub mod emulate;
pub mod fit;
pub mod man;
pub mod roles;
pub mod sim;
