//! One file a subcommand.

pub mod emulate;
