//! What crosses a link between chips, kept whole, single and authentic.
//!
//! ```text
//! Message --codec--> payload --fragment--> parts --frame--> bytes --authentication, crc--> frame --link--> line
//! ```
//!
//! - [`message`]: what chips say to each other; one table, append only
//! - `codec`: messages to bytes and back
//! - [`frame`], [`crc`]: type, addresses, boot, sequence, length, CRC-32; [`verify`]: its tag checked, its payload decrypted
//! - [`authentication`]: keys, and a tag on each frame; [`keyring`]: a chip's keys and how they change; `cipher`: payloads
//!   that members alone can read
//! - [`sessions`]: each boot of each sender proves that it is alive now; nothing old is taken, and nothing twice
//! - [`fragment`]: messages longer than a frame
//! - [`outbox`], [`peer`], [`window`]: messages on their way out; which came already
//! - [`link`], [`cobs`]: frames on byte streams, packet radios and buses
//! - [`endpoint`]: all of this as one state machine: bytes and the time in, messages and frames out; `rx` is its way in
//! - [`dropped`]: why a frame was not taken
//! - [`field`], [`show`], [`parse`]: frames and messages as text, for people
//!
//! Whatever comes in is hostile until proven otherwise: lengths are checked before they are used, work is bounded
//! by the length of the input and by slots set aside beforehand, nothing is allocated, and what is refused is counted.
//! `docs/wire.md` describes every byte without reference to this code.

pub mod authentication;
mod cipher;
pub mod cobs;
mod codec;
pub mod crc;
pub mod dropped;
pub mod endpoint;
pub mod field;
pub mod fragment;
pub mod frame;
pub mod keyring;
pub mod link;
pub mod list;
pub mod message;
pub mod outbox;
pub mod parse;
pub mod peer;
mod rx;
pub mod sessions;
pub mod show;
pub mod verify;
pub mod window;

#[cfg(test)]
mod tests;

pub use codec::CodecError;
pub use dropped::Dropped;
pub use endpoint::{Capacity, Endpoint, Event, SendError, Settings};
pub use frame::BROADCAST;
pub use message::Message;

/// The longest message, in bytes: three of the longest lines of a console, or sixteen results with short texts.
pub const MESSAGE_LIMIT: usize = 1024;

/// The longest frame: a message that is not cut, with a tag.
pub const FRAME_LIMIT: usize = MESSAGE_LIMIT + frame::overhead(true);

/// The shortest limit for frames with which the longest message still crosses, in 47 fragments.
pub const MIN_FRAME_LIMIT: usize = 72;

const _: () = {
    let room = MIN_FRAME_LIMIT - frame::overhead(true) - fragment::FRAGMENT_HEADER;
    assert!(MESSAGE_LIMIT.div_ceil(room) == 47 && 47 <= fragment::MAX_FRAGMENTS as usize);
};
