//! Limits that the parts of this layer share.

/// The most words of a sentence.
pub const MAX_WORDS: usize = 32;
/// The most bytes that the words of a sentence have together.
pub const MAX_BYTES: usize = 256;
/// The most arguments of a tool.
pub const MAX_ARGUMENTS: usize = 8;
/// The most different names of arguments in a schema.
pub const MAX_SLOTS: usize = 64;
/// The most bytes of words that an intent implies.
pub const MAX_SET_TEXT: usize = 64;
/// The most bytes of words in a call: those of a sentence and those that its intent implies.
pub const MAX_CALL_TEXT: usize = MAX_BYTES + MAX_SET_TEXT;
