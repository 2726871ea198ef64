//! What the firmware decides, without the hardware: everything here runs and is tested on the host.
//!
//! A port of the firmware reads registers and asks one of these modules what they mean. Nothing here does input or
//! output, allocates or panics.
//!
//! - [`boots`]: how often the chip has booted, a number never given twice
//! - [`command`]: the `chip` commands, which exist on silicon alone
//! - [`config`]: role, number and fleet key in two copies that outlive a power cut
//! - [`crash`]: what a panic leaves for the next boot, and when to give up
//! - [`editor`]: echo and backspace when a person types, nothing when a program does
//! - [`load`]: how busy the chip was lately
//! - [`magic`]: which chip the image runs on, told by its ROM
//! - [`outlet`]: output that never waits forever
//! - [`partition`]: where the settings lie in flash
//! - [`ring`]: bytes that arrived before anyone asked
//! - [`stream`]: wire frames on a serial line
#![no_std]
#![warn(missing_docs)]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod boots;
pub mod command;
pub mod config;
pub mod crash;
pub mod crc;
pub mod editor;
pub mod feeding;
pub mod load;
pub mod magic;
pub mod outlet;
pub mod partition;
pub mod ring;
pub mod stream;
