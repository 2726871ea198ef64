//! One file a subcommand.

pub mod chips;
