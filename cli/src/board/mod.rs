//! A board on a serial port: finding, checking, writing, listening.
//!
//! - [`chips`]: the chips as the flasher names them
//! - [`image`], [`table`], [`program`]: an image, its partition table and its programs, checked before anything is opened
//! - [`usb`], [`port`]: which ports there are, and which is meant
//! - [`install`]: from an image and a port to a chip that answers
//! - [`settings`]: role, number and key in the configuration partition
//! - [`rom`]: what the emulator starts from
//! - [`greeting`]: banner and role, after the reset
//! - [`fault`]: what went wrong, in our words
//! - [`fleet`]: many boards in one file

pub mod chips;
pub mod fault;
pub mod fleet;
pub mod greeting;
pub mod image;
pub mod install;
pub mod port;
pub mod program;
pub mod rom;
pub mod settings;
pub mod table;
pub mod usb;
