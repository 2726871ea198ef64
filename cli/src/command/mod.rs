//! One file a command: its options, and what it does.

#[allow(dead_code, reason = "the evaluations come to it one by one")]
pub mod bench;
pub mod chips;
pub mod completions;
pub mod fit;
pub mod man;
pub mod roles;
pub mod sim;
