//! Limits that every layer keeps: the console, the roles, the wire.

/// The longest line of a console, in bytes, without its end.
pub const LINE_LIMIT: usize = 256;

/// The most results that one command lists and one reply holds.
pub const MAX_RESULTS: usize = 16;
