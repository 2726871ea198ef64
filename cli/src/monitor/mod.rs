//! What a board says, on the screen and in a log, and what is typed back.
//!
//! - [`transcript`]: bytes to stamped lines, plain in the log
//! - [`decode`]: addresses to functions and lines
//! - [`keys`]: what is typed
//! - [`session`]: all of it together, with the port that comes and goes

pub mod decode;
pub mod keys;
pub mod session;
pub mod transcript;
