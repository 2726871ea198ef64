//! Frames and messages as text: one line with the name of every field.
//!
//! ```text
//! source=1 destination=2 boot=3 nonce=9 sequence=7 embedder=1 flags=none search request=9 count=4 ...
//! ```
//!
//! What is shown here is read back by [`parse`](super::parse), whatever the message.

use super::field::Hex;
use super::fragment::Fragment;
use super::frame::{BROADCAST, Flags, Frame, Header};
use super::message::Message;
use super::parse::TAG_FOLLOWS;
use core::fmt;

/// The message on one line: its name, then every field.
impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Message::name_of(self.number()).unwrap_or_default())?;
        let mut outcome = Ok(());
        self.each_field(|name, value| outcome = outcome.and_then(|()| write!(f, " {name}={value}")));
        outcome
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "source={} destination=", self.source)?;
        match self.destination {
            BROADCAST => f.write_str("all")?,
            chip => write!(f, "{chip}")?,
        }
        write!(f, " boot={} nonce={} sequence={}", self.boot, self.nonce, self.sequence)?;
        write!(f, " embedder={}", self.embedder)?;
        write!(f, " flags={:?}", self.flags)
    }
}

/// The frame on one line: its header, its message with all fields, and what seals it.
impl fmt::Display for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.header)?;
        let number = self.header.number;
        let name = Message::name_of(number).unwrap_or("unknown");
        if self.is_encrypted {
            write!(f, "{name} ciphertext=0x{}", Hex(self.payload))?;
        } else if self.header.flags.has(Flags::FRAGMENT) {
            match Fragment::read(self.payload) {
                Some(Fragment { index, cut, bytes }) => {
                    let total = cut.total();
                    write!(
                        f,
                        "{name} fragment={index} of={} total={total} bytes=0x{}",
                        cut.count(),
                        Hex(bytes)
                    )?;
                }
                None => write!(f, "{name} malformed-fragment=0x{}", Hex(self.payload))?,
            }
        } else {
            match Message::decode(number, self.payload) {
                Ok(message) => write!(f, "{message}")?,
                Err(error) => {
                    write!(f, "type=0x{number:02x} payload=0x{} error={error:?}", Hex(self.payload))?
                }
            }
        }
        if let Some(tag) = self.tag {
            write!(f, " {TAG_FOLLOWS} epoch={} counter={} tag=0x{}", tag.epoch, tag.counter, Hex(tag.tag))?;
        }
        Ok(())
    }
}
