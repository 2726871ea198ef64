//! The types of message fields: their values by themselves, and read from text.
//!
//! A value is written as [`Value`] is displayed and read back by `Field::read`: numbers in decimal, texts in double
//! quotes, bytes as `0x...`, an item as `CHIP:BOOT:COUNT:NONCE`, lists in brackets.

use super::keyring::SEALED;
use super::list::List;
use super::message::{Answer, Hit, Query, RoleCode, SealedKey};
use crate::item::ItemId;
use crate::role_kind::RoleKind;
use core::cell::Cell;
use core::fmt;

/// Bytes as hexadecimal digits.
#[derive(Clone, Copy, Debug)]
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The value of a field.
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

/// Without white space outside of quotes and brackets.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Value::None => f.write_str("none"),
            Value::Flag(flag) => flag.fmt(f),
            Value::Number(number) => number.fmt(f),
            Value::Signed(number) => number.fmt(f),
            Value::Text(text) => quoted(text, f),
            Value::Vector(bytes) | Value::Bytes(bytes) => write!(f, "0x{}", Hex(bytes)),
            Value::Role(code) => match code.role() {
                Some(role) => f.write_str(role.alias()),
                None => code.0.fmt(f),
            },
            Value::Item(ItemId { origin, nonce, boot, count }) => {
                write!(f, "{origin}:{boot}:{count}")?;
                if nonce == 0 { Ok(()) } else { write!(f, ":{nonce}") }
            }
            Value::Hits(hits) => list(hits, f, |hit, f| {
                write!(f, "{} {} {}", Value::Item(hit.item), hit.score, Value::Text(hit.text))
            }),
            Value::Chips(chips) => list(chips, f, fmt::Display::fmt),
            Value::Answers(answers) => {
                list(answers, f, |answer, f| write!(f, "{}:{}", answer.chip, answer.challenge))
            }
        }
    }
}

fn quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            c if c.is_control() => write!(f, "\\u{{{:x}}}", c as u32)?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}

fn list<T>(
    items: &[T],
    f: &mut fmt::Formatter<'_>,
    show: impl Fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    f.write_str("[")?;
    for (position, item) in items.iter().enumerate() {
        f.write_str(if position == 0 { "" } else { ", " })?;
        show(item, f)?;
    }
    f.write_str("]")
}

/// Memory lent for what cannot be borrowed from the line.
pub(super) struct Scratch<'l>(Cell<&'l mut [u8]>);

impl<'l> Scratch<'l> {
    pub(super) fn new(memory: &'l mut [u8]) -> Self {
        Self(Cell::new(memory))
    }

    /// Keeps the bytes that `fill` writes, whose number it gives.
    fn keep(&self, fill: impl FnOnce(&mut [u8]) -> Option<usize>) -> Option<&'l [u8]> {
        let free = self.0.take();
        let length = fill(free);
        let (kept, free) = free.split_at_mut_checked(length.unwrap_or(0))?;
        self.0.set(free);
        length.map(|_| &*kept)
    }
}

/// The type of a field.
pub(super) trait Field<'l>: Sized {
    /// The value by itself.
    fn value(&self) -> Value<'_>;

    /// The value that `text` is.
    fn read(text: &'l str, scratch: &Scratch<'l>) -> Option<Self>;
}

macro_rules! plain_fields {
    ($($kind:ty => $value:ident),*) => {
        $(impl Field<'_> for $kind {
            fn value(&self) -> Value<'_> {
                Value::$value((*self).into())
            }

            fn read(text: &str, _: &Scratch<'_>) -> Option<Self> {
                text.parse().ok()
            }
        })*
    };
}
plain_fields!(bool => Flag, u8 => Number, u16 => Number, u32 => Number, u64 => Number, i32 => Signed);

impl<'l> Field<'l> for &'l str {
    fn value(&self) -> Value<'_> {
        Value::Text(self)
    }

    fn read(text: &'l str, scratch: &Scratch<'l>) -> Option<Self> {
        let inner = text.strip_prefix('"')?.strip_suffix('"')?;
        if !inner.contains(['\\', '"']) {
            return Some(inner);
        }
        let unescaped = scratch.keep(|out| {
            let mut length = 0;
            let mut rest = inner;
            while !rest.is_empty() {
                let (c, after) = unescape(rest)?;
                length += c.encode_utf8(out.get_mut(length..length + c.len_utf8())?).len();
                rest = after;
            }
            Some(length)
        })?;
        core::str::from_utf8(unescaped).ok()
    }
}

impl<'l> Field<'l> for Option<u8> {
    fn value(&self) -> Value<'_> {
        self.map_or(Value::None, |value| Value::Number(value.into()))
    }

    fn read(text: &'l str, scratch: &Scratch<'l>) -> Option<Self> {
        if text == "none" { Some(None) } else { u8::read(text, scratch).map(Some) }
    }
}

impl<'l> Field<'l> for RoleCode {
    fn value(&self) -> Value<'_> {
        Value::Role(*self)
    }

    fn read(text: &'l str, scratch: &Scratch<'l>) -> Option<Self> {
        let known = RoleKind::by_name(text).map(RoleCode::from);
        known.or_else(|| u8::read(text, scratch).map(RoleCode))
    }
}

impl<'l> Field<'l> for ItemId {
    fn value(&self) -> Value<'_> {
        Value::Item(*self)
    }

    fn read(text: &'l str, scratch: &Scratch<'l>) -> Option<Self> {
        let mut parts = text.split(':');
        let [origin, boot, count] = [parts.next()?, parts.next()?, parts.next()?];
        let nonce = parts.next().unwrap_or("0");
        if parts.next().is_some() {
            return None;
        }
        Some(Self {
            origin: Field::read(origin, scratch)?,
            nonce: Field::read(nonce, scratch)?,
            boot: Field::read(boot, scratch)?,
            count: Field::read(count, scratch)?,
        })
    }
}

impl<'l> Field<'l> for Query<'l> {
    fn value(&self) -> Value<'_> {
        match self {
            Query::Text(text) => Value::Text(text),
            Query::Vector(bytes) => Value::Vector(bytes),
        }
    }

    fn read(text: &'l str, scratch: &Scratch<'l>) -> Option<Self> {
        match text.strip_prefix("0x") {
            None => Field::read(text, scratch).map(Query::Text),
            Some(digits) => scratch.keep(|out| hex(digits, out).map(<[u8]>::len)).map(Query::Vector),
        }
    }
}

impl<'l> Field<'l> for SealedKey {
    fn value(&self) -> Value<'_> {
        Value::Bytes(&self.0)
    }

    fn read(text: &'l str, _: &Scratch<'l>) -> Option<Self> {
        let mut bytes = [0; SEALED];
        let length = hex(text.strip_prefix("0x")?, &mut bytes)?.len();
        (length == SEALED).then_some(Self(bytes))
    }
}

/// What a list in a message is of.
trait Element<'l>: Copy + Default + Sized {
    fn all(items: &[Self]) -> Value<'_>;

    fn read_one(text: &'l str, scratch: &Scratch<'l>) -> Option<Self>;
}

impl<'l> Element<'l> for u16 {
    fn all(items: &[Self]) -> Value<'_> {
        Value::Chips(items)
    }

    fn read_one(text: &'l str, scratch: &Scratch<'l>) -> Option<Self> {
        Field::read(text, scratch)
    }
}

impl<'l> Element<'l> for Hit<'l> {
    fn all(items: &[Self]) -> Value<'_> {
        Value::Hits(items)
    }

    fn read_one(text: &'l str, scratch: &Scratch<'l>) -> Option<Self> {
        let (item, rest) = text.split_once(' ')?;
        let (score, text) = rest.split_once(' ').unwrap_or((rest, "\"\""));
        Some(Self {
            item: Field::read(item, scratch)?,
            score: Field::read(score, scratch)?,
            text: Field::read(text, scratch)?,
        })
    }
}

impl<'l> Element<'l> for Answer {
    fn all(items: &[Self]) -> Value<'_> {
        Value::Answers(items)
    }

    fn read_one(text: &'l str, scratch: &Scratch<'l>) -> Option<Self> {
        let (chip, challenge) = text.split_once(':')?;
        Some(Self { chip: Field::read(chip, scratch)?, challenge: Field::read(challenge, scratch)? })
    }
}

impl<'l, T: Element<'l>, const N: usize> Field<'l> for List<T, N> {
    fn value(&self) -> Value<'_> {
        T::all(self)
    }

    fn read(text: &'l str, scratch: &Scratch<'l>) -> Option<Self> {
        let mut rest = text.strip_prefix('[')?.strip_suffix(']')?.trim();
        let mut list = Self::default();
        while !rest.is_empty() {
            let (item, after) = rest.split_at_checked(end_of_value(rest, |c| c == ','))?;
            list.push(T::read_one(item.trim(), scratch)?).then_some(())?;
            rest = after.strip_prefix(',').unwrap_or(after).trim_start();
        }
        Some(list)
    }
}

/// The first character of `text`, and what follows it.
fn unescape(text: &str) -> Option<(char, &str)> {
    let mut chars = text.chars();
    match chars.next()? {
        '"' => None,
        '\\' => match chars.next()? {
            c @ ('"' | '\\') => Some((c, chars.as_str())),
            'u' => {
                let (digits, after) = chars.as_str().strip_prefix('{')?.split_once('}')?;
                Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, after))
            }
            _ => None,
        },
        c => Some((c, chars.as_str())),
    }
}

/// Reads hexadecimal digits, two a byte, into `out`; white space between bytes is skipped.
pub fn hex<'o>(digits: &str, out: &'o mut [u8]) -> Option<&'o [u8]> {
    let mut digits = digits.bytes().filter(|byte| !byte.is_ascii_whitespace());
    let mut length = 0;
    while let Some(high) = digits.next() {
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let byte = digit(high)? << 4 | digit(digits.next()?)?;
        *out.get_mut(length)? = byte as u8;
        length += 1;
    }
    out.get(..length)
}

/// Where a value ends: at the first `end` outside of quotes and brackets.
pub(super) fn end_of_value(text: &str, end: impl Fn(char) -> bool) -> usize {
    let (mut quoted, mut escaped, mut brackets) = (false, false, 0u32);
    for (index, c) in text.char_indices() {
        if escaped {
            escaped = false;
            continue;
        }
        match c {
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '[' if !quoted => brackets = brackets.saturating_add(1),
            ']' if !quoted => brackets = brackets.saturating_sub(1),
            c if !quoted && brackets == 0 && end(c) => return index,
            _ => {}
        }
    }
    text.len()
}
