//! Text to messages: what [`show`](super::show) writes, read back.
//!
//! For tools on a host: `NAME FIELD=VALUE...`, with the fields of the frame's header before the name. A field that is
//! not given is zero, false or empty; one that the message does not have is an error. Texts stand in double quotes.

use super::frame::{BROADCAST, Flags, Header};
use super::keyring::SEALED;
use super::list::List;
use super::message::*;
use super::show::{Show, Value};
use crate::item::ItemId;
use crate::role_kind::RoleKind;
use core::cell::Cell;
use core::fmt;

/// What stands between a message and the counter and tag of its frame, which are not read back.
pub(super) const TAG_FOLLOWS: &str = "|";

/// Text is not a message. The parts of the text that are meant are quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseError<'l> {
    /// There is no name of a message.
    NoMessage,
    /// No message has this name.
    UnknownMessage(&'l str),
    /// The message has no such field.
    UnknownField(&'l str),
    /// The value is not one that the field can have.
    BadValue {
        /// The field.
        field: &'l str,
        /// The value.
        value: &'l str,
    },
    /// The bytes and escaped texts together do not fit the memory lent for them.
    NoSpace,
}

impl fmt::Display for ParseError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseError::NoMessage => f.write_str("there is no name of a message, such as `search`"),
            ParseError::UnknownMessage(name) => write!(f, "no message is called `{name}`"),
            ParseError::UnknownField(name) => write!(f, "there is no field `{name}` here"),
            ParseError::BadValue { field, value } => write!(f, "`{value}` is no value of `{field}`"),
            ParseError::NoSpace => f.write_str("the bytes and escaped texts are too long"),
        }
    }
}

impl core::error::Error for ParseError<'_> {}

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

/// Reads a frame's header and message from one line. Bytes and texts with escapes are written to `scratch`; those
/// without are borrowed from the line.
///
/// # Errors
/// [`ParseError`] with the part of the line that is wrong.
pub fn frame<'l>(line: &'l str, scratch: &'l mut [u8]) -> Result<(Header, Message<'l>), ParseError<'l>> {
    let mut rest = line.trim_start();
    let mut header = Header::default();
    let scratch = Scratch(Cell::new(scratch));
    loop {
        let (word, value, after) = next_field(rest).ok_or(ParseError::NoMessage)?;
        rest = after;
        match value {
            Some(value) => header_field(&mut header, word, value, &scratch)?,
            None => {
                let message = message(word, rest, &scratch)?;
                header.number = message.number();
                return Ok((header, message));
            }
        }
    }
}

fn header_field<'l>(
    header: &mut Header,
    field: &'l str,
    value: &'l str,
    scratch: &Scratch<'l>,
) -> Result<(), ParseError<'l>> {
    let bad = ParseError::BadValue { field, value };
    match field {
        "source" => header.source = Read::read(value, scratch).ok_or(bad)?,
        "destination" if value == "all" => header.destination = BROADCAST,
        "destination" => header.destination = Read::read(value, scratch).ok_or(bad)?,
        "boot" => header.boot = Read::read(value, scratch).ok_or(bad)?,
        "nonce" => header.nonce = Read::read(value, scratch).ok_or(bad)?,
        "sequence" => header.sequence = Read::read(value, scratch).ok_or(bad)?,
        "embedder" => header.embedder = Read::read(value, scratch).ok_or(bad)?,
        "flags" => header.flags = flags(value).ok_or(bad)?,
        _ => return Err(ParseError::UnknownField(field)),
    }
    Ok(())
}

/// A fragment is no message, so it has no flag here.
fn flags(value: &str) -> Option<Flags> {
    value.split('+').try_fold(Flags::default(), |flags, name| match name {
        "none" => Some(flags),
        "ack-wanted" => Some(flags.with(Flags::ACK_WANTED, true)),
        "authenticated" => Some(flags.with(Flags::AUTHENTICATED, true)),
        _ => None,
    })
}

macro_rules! text_form {
    ($($word:literal $name:ident { $($field:ident),* })*) => {
        /// The message on one line: its name, then every field.
        impl fmt::Display for Message<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Message::$name(fields) => {
                        f.write_str($word)?;
                        $(
                            f.write_str(concat!(" ", stringify!($field), "="))?;
                            fields.$field.show(f)?;
                        )*
                        Ok(())
                    })*
                }
            }
        }

        /// The name and the fields of every message, as they follow each other in the payload.
        pub const FIELDS: [(&str, &[&str]); [$($word),*].len()] = [$(($word, &[$(stringify!($field)),*])),*];

        impl Message<'_> {
            /// Shows each field to `take`, with its name.
            pub fn each_field<'m>(&'m self, mut take: impl FnMut(&'static str, Value<'m>)) {
                match self {
                    $(Message::$name(fields) => {
                        $(take(stringify!($field), fields.$field.value());)*
                    })*
                }
            }
        }

        fn message<'l>(
            name: &'l str,
            mut rest: &'l str,
            scratch: &Scratch<'l>,
        ) -> Result<Message<'l>, ParseError<'l>> {
            match name {
                $($word => {
                    let mut message = $name::default();
                    while let Some((field, value, after)) = next_field(rest) {
                        if field == TAG_FOLLOWS {
                            break;
                        }
                        rest = after;
                        let value = value.ok_or(ParseError::UnknownField(field))?;
                        match field {
                            $(stringify!($field) => {
                                let bad = ParseError::BadValue { field, value };
                                message.$field = Read::read(value, scratch).ok_or(bad)?;
                            })*
                            _ => return Err(ParseError::UnknownField(field)),
                        }
                    }
                    Ok(Message::$name(message))
                })*
                _ => Err(ParseError::UnknownMessage(name)),
            }
        }
    };
}

text_form! {
    "heartbeat" Heartbeat { role, load, free_arena, items, uptime_s, sent, received, dropped }
    "hello" Hello { role, wants_reply, message_limit, capacity, variant, version }
    "ack" Ack { boot, sequence, received }
    "prove" Prove { challenge, all, asked, answers }
    "rekey" Rekey { epoch, sealed }
    "add" Add { item, text }
    "stored" Stored { item, check }
    "search" Search { request, count, deadline_ms, with_text, query }
    "search-reply" SearchReply { request, partial, searched, hits }
    "recall" Recall { request, count, deadline_ms, kind, text }
    "recall-reply" RecallReply { request, partial, hits }
    "remember" Remember { item, kind, ttl_s, text }
    "anomaly" Anomaly { number, at_s, score, threshold, text }
    "stats-request" StatsRequest { request }
    "stats" Stats {
        request, role, operations, items, capacity, arena, arena_used, delivered, given_up, resent
    }
    "role-change" RoleChange { request, role, discard }
    "get" Get { request, item }
    "text" Text { request, item, text }
    "refused" Refused { item, code }
    "error" Error { request, code }
}

/// The first `NAME` or `NAME=VALUE` of `rest`, and what follows it.
fn next_field(rest: &str) -> Option<(&str, Option<&str>, &str)> {
    let rest = rest.trim_start();
    if rest.is_empty() {
        return None;
    }
    let name = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
    let (name, after) = rest.split_at_checked(name)?;
    match after.strip_prefix('=') {
        None => Some((name, None, after)),
        Some(after) => {
            let (value, after) = after.split_at_checked(end_of_value(after, char::is_whitespace))?;
            Some((name, Some(value), after))
        }
    }
}

/// Where a value ends: at the first `end` outside of quotes and brackets.
fn end_of_value(text: &str, end: impl Fn(char) -> bool) -> usize {
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

/// Memory lent for what cannot be borrowed from the line.
struct Scratch<'l>(Cell<&'l mut [u8]>);

impl<'l> Scratch<'l> {
    /// Keeps the bytes that `fill` writes, whose number it gives.
    fn keep(&self, fill: impl FnOnce(&mut [u8]) -> Option<usize>) -> Option<&'l [u8]> {
        let free = self.0.take();
        let length = fill(free);
        let (kept, free) = free.split_at_mut_checked(length.unwrap_or(0))?;
        self.0.set(free);
        length.map(|_| &*kept)
    }
}

/// A value of a field, read from text.
trait Read<'l>: Sized {
    fn read(text: &'l str, scratch: &Scratch<'l>) -> Option<Self>;
}

macro_rules! read_as_parsed {
    ($($kind:ty),*) => {
        $(impl Read<'_> for $kind {
            fn read(text: &str, _: &Scratch<'_>) -> Option<Self> {
                text.parse().ok()
            }
        })*
    };
}
read_as_parsed!(bool, u8, u16, u32, u64, i32);

impl<'l> Read<'l> for &'l str {
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

impl<'l> Read<'l> for Option<u8> {
    fn read(text: &'l str, scratch: &Scratch<'l>) -> Option<Self> {
        if text == "none" { Some(None) } else { u8::read(text, scratch).map(Some) }
    }
}

impl<'l> Read<'l> for RoleCode {
    fn read(text: &'l str, scratch: &Scratch<'l>) -> Option<Self> {
        let known = RoleKind::by_name(text).map(RoleCode::from);
        known.or_else(|| u8::read(text, scratch).map(RoleCode))
    }
}

impl<'l> Read<'l> for ItemId {
    fn read(text: &'l str, scratch: &Scratch<'l>) -> Option<Self> {
        let mut parts = text.split(':');
        let [origin, boot, count] = [parts.next()?, parts.next()?, parts.next()?];
        let nonce = parts.next().unwrap_or("0");
        if parts.next().is_some() {
            return None;
        }
        Some(Self {
            origin: Read::read(origin, scratch)?,
            nonce: Read::read(nonce, scratch)?,
            boot: Read::read(boot, scratch)?,
            count: Read::read(count, scratch)?,
        })
    }
}

impl<'l> Read<'l> for Query<'l> {
    fn read(text: &'l str, scratch: &Scratch<'l>) -> Option<Self> {
        match text.strip_prefix("0x") {
            None => Read::read(text, scratch).map(Query::Text),
            Some(digits) => scratch.keep(|out| hex(digits, out).map(<[u8]>::len)).map(Query::Vector),
        }
    }
}

impl<'l> Read<'l> for SealedKey {
    fn read(text: &'l str, _: &Scratch<'l>) -> Option<Self> {
        let mut bytes = [0; SEALED];
        let length = hex(text.strip_prefix("0x")?, &mut bytes)?.len();
        (length == SEALED).then_some(Self(bytes))
    }
}

impl<'l> Read<'l> for Hit<'l> {
    fn read(text: &'l str, scratch: &Scratch<'l>) -> Option<Self> {
        let (item, rest) = text.split_once(' ')?;
        let (score, text) = rest.split_once(' ').unwrap_or((rest, "\"\""));
        Some(Self {
            item: Read::read(item, scratch)?,
            score: Read::read(score, scratch)?,
            text: Read::read(text, scratch)?,
        })
    }
}

impl<'l> Read<'l> for Answer {
    fn read(text: &'l str, scratch: &Scratch<'l>) -> Option<Self> {
        let (chip, challenge) = text.split_once(':')?;
        Some(Self { chip: Read::read(chip, scratch)?, challenge: Read::read(challenge, scratch)? })
    }
}

impl<'l, T: Read<'l> + Copy + Default, const N: usize> Read<'l> for List<T, N> {
    fn read(text: &'l str, scratch: &Scratch<'l>) -> Option<Self> {
        let mut rest = text.strip_prefix('[')?.strip_suffix(']')?.trim();
        let mut list = Self::default();
        while !rest.is_empty() {
            let (item, after) = rest.split_at_checked(end_of_value(rest, |c| c == ','))?;
            list.push(T::read(item.trim(), scratch)?).then_some(())?;
            rest = after.strip_prefix(',').unwrap_or(after).trim_start();
        }
        Some(list)
    }
}
