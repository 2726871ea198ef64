//! A board on a serial port: found, checked, written to, heard.
//!
//! - [`chips`]: the chips as the flasher names them
//! - [`image`]: an image, checked before anything is opened
//! - [`usb`], [`port`]: which ports there are, and which is meant
//! - [`install`]: from an image and a port to a chip that answers
//! - [`settings`]: role, number and key in the configuration partition
//! - [`greeting`]: banner and role, after the reset
//! - [`fault`]: what went wrong, in our words
//! - [`interrupt`]: Ctrl-C, and what it ends
//! - [`fleet`]: many boards in one file

pub mod chips;
pub mod fault;
pub mod fleet;
pub mod greeting;
pub mod image;
pub mod install;
pub mod interrupt;
pub mod port;
pub mod settings;
pub mod usb;
