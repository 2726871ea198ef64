//! One file a command: its options, and what it does.

pub mod analyse;
pub mod bench;
#[cfg(feature = "board")]
pub mod build;
pub mod chips;
pub mod completions;
pub mod config;
pub mod doctor;
pub mod emulate;
pub mod fit;
#[cfg(feature = "board")]
pub mod flash;
pub mod fleet;
pub mod init;
pub mod man;
pub mod model;
#[cfg(feature = "board")]
pub mod monitor;
#[cfg(feature = "board")]
pub mod ports;
pub mod roles;
pub mod sim;
pub mod trace;
#[cfg(feature = "tui")]
pub mod tui;
pub mod wire;
