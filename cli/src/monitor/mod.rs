//! What a board says, on the screen and in a log, and what is typed back.
//!
//! - [`transcript`]: bytes to stamped lines, plain in the log
//! - [`decode`]: addresses to functions and lines
//! - [`keys`]: what is typed
//! - [`echo`]: whether the board echoes it
//! - [`piped`]: what became of what came through a pipe
//! - [`log`]: the file that keeps it
//! - [`session`]: all of it together, with the port that comes and goes

pub mod decode;
pub mod echo;
pub mod keys;
pub mod log;
pub mod piped;
pub mod session;
pub mod transcript;
