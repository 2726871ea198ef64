//! Frames and messages as text: one line with the name of every field.
//!
//! ```text
//! source=1 destination=2 boot=3 nonce=9 sequence=7 embedder=1 flags=ack-wanted search request=9 count=4 ...
//! ```
//!
//! What is shown here is read back by [`parse`](super::parse), whatever the message.

use super::fragment::Fragment;
use super::frame::{BROADCAST, Flags, Frame, Header};
use super::list::List;
use super::message::*;
use super::parse::TAG_FOLLOWS;
use crate::item::ItemId;
use core::fmt;

/// Bytes as hexadecimal digits.
#[derive(Clone, Copy, Debug)]
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The value of a field, for those who want it in a form of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'m> {
    /// There is none.
    None,
    /// Yes or no.
    Flag(bool),
    /// A number that is never negative.
    Number(u64),
    /// A number that may be.
    Signed(i32),
    /// A text.
    Text(&'m str),
    /// An embedding, `[D] i8`.
    Vector(&'m [u8]),
    /// Any bytes.
    Bytes(&'m [u8]),
    /// A role.
    Role(RoleCode),
    /// The name of an item.
    Item(ItemId),
    /// Results.
    Hits(&'m [Hit<'m>]),
    /// Addresses.
    Chips(&'m [u16]),
    /// Challenges, echoed.
    Answers(&'m [Answer]),
}

/// A value of a field as text.
pub(super) trait Show {
    /// Writes the value: without white space outside of quotes and brackets.
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;

    /// The value by itself.
    fn value(&self) -> Value<'_>;
}

macro_rules! show_as_displayed {
    ($($kind:ty => $value:ident),*) => {
        $(impl Show for $kind {
            fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }

            fn value(&self) -> Value<'_> {
                Value::$value((*self).into())
            }
        })*
    };
}
show_as_displayed!(bool => Flag, u8 => Number, u16 => Number, u32 => Number, u64 => Number, i32 => Signed);

impl Show for &str {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for c in self.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                c if c.is_control() => write!(f, "\\u{{{:x}}}", c as u32)?,
                c => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }

    fn value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl Show for Option<u8> {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Some(value) => value.show(f),
            None => f.write_str("none"),
        }
    }

    fn value(&self) -> Value<'_> {
        self.map_or(Value::None, |value| Value::Number(value.into()))
    }
}

impl Show for RoleCode {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.role() {
            Some(role) => f.write_str(role.alias()),
            None => self.0.show(f),
        }
    }

    fn value(&self) -> Value<'_> {
        Value::Role(*self)
    }
}

impl Show for SealedKey {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", Hex(&self.0))
    }

    fn value(&self) -> Value<'_> {
        Value::Bytes(&self.0)
    }
}

impl Show for ItemId {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ItemId { origin, nonce, boot, count } = *self;
        write!(f, "{origin}:{boot}:{count}")?;
        if nonce == 0 { Ok(()) } else { write!(f, ":{nonce}") }
    }

    fn value(&self) -> Value<'_> {
        Value::Item(*self)
    }
}

impl Show for Query<'_> {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Query::Text(text) => text.show(f),
            Query::Vector(bytes) => write!(f, "0x{}", Hex(bytes)),
        }
    }

    fn value(&self) -> Value<'_> {
        match self {
            Query::Text(text) => Value::Text(text),
            Query::Vector(bytes) => Value::Vector(bytes),
        }
    }
}

impl Show for Answer {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.chip, self.challenge)
    }

    fn value(&self) -> Value<'_> {
        Value::Answers(core::slice::from_ref(self))
    }
}

fn show_list<T: Show>(list: &[T], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("[")?;
    for (position, item) in list.iter().enumerate() {
        f.write_str(if position == 0 { "" } else { ", " })?;
        item.show(f)?;
    }
    f.write_str("]")
}

impl<const N: usize> Show for List<u16, N> {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show_list(self, f)
    }

    fn value(&self) -> Value<'_> {
        Value::Chips(self)
    }
}

impl<const N: usize> Show for List<Answer, N> {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show_list(self, f)
    }

    fn value(&self) -> Value<'_> {
        Value::Answers(self)
    }
}

impl Hit<'_> {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.item.show(f)?;
        write!(f, " {} ", self.score)?;
        self.text.show(f)
    }
}

impl<const N: usize> Show for List<Hit<'_>, N> {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (position, hit) in self.iter().enumerate() {
            f.write_str(if position == 0 { "" } else { ", " })?;
            hit.show(f)?;
        }
        f.write_str("]")
    }

    fn value(&self) -> Value<'_> {
        Value::Hits(self)
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
        if self.header.flags.has(Flags::FRAGMENT) {
            let name = Message::name_of(number).unwrap_or("unknown");
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
