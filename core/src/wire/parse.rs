//! Text to messages: what [`show`](super::show) writes, read back.
//!
//! For tools on a host: `NAME FIELD=VALUE...`, with the fields of the frame's header before the name. A field that is
//! not given is zero, false or empty; one that the message does not have is an error. Texts stand in double quotes.

use super::field::{Field, Scratch, end_of_value};
use super::frame::{BROADCAST, Flags, Header};
use super::message::Message;
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

/// Reads a frame's header and message from one line. Bytes and texts with escapes are written to `scratch`; those
/// without are borrowed from the line.
///
/// # Errors
/// [`ParseError`] with the part of the line that is wrong.
pub fn frame<'l>(line: &'l str, scratch: &'l mut [u8]) -> Result<(Header, Message<'l>), ParseError<'l>> {
    let mut rest = line.trim_start();
    let mut header = Header::default();
    let scratch = Scratch::new(scratch);
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
        "source" => header.source = Field::read(value, scratch).ok_or(bad)?,
        "destination" if value == "all" => header.destination = BROADCAST,
        "destination" => header.destination = Field::read(value, scratch).ok_or(bad)?,
        "boot" => header.boot = Field::read(value, scratch).ok_or(bad)?,
        "nonce" => header.nonce = Field::read(value, scratch).ok_or(bad)?,
        "sequence" => header.sequence = Field::read(value, scratch).ok_or(bad)?,
        "embedder" => header.embedder = Field::read(value, scratch).ok_or(bad)?,
        "flags" => header.flags = flags(value).ok_or(bad)?,
        _ => return Err(ParseError::UnknownField(field)),
    }
    Ok(())
}

/// A fragment is no message, so it has no flag here.
fn flags(value: &str) -> Option<Flags> {
    value.split('+').try_fold(Flags::default(), |flags, name| match name {
        "none" => Some(flags),
        "authenticated" => Some(flags.with(Flags::AUTHENTICATED, true)),
        "encrypted" => Some(flags.with(Flags::ENCRYPTED, true)),
        _ => None,
    })
}

fn message<'l>(
    name: &'l str,
    mut rest: &'l str,
    scratch: &Scratch<'l>,
) -> Result<Message<'l>, ParseError<'l>> {
    let mut message = Message::blank(name).ok_or(ParseError::UnknownMessage(name))?;
    while let Some((field, value, after)) = next_field(rest) {
        if field == TAG_FOLLOWS {
            break;
        }
        rest = after;
        message.set(field, value.ok_or(ParseError::UnknownField(field))?, scratch)?;
    }
    Ok(message)
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
