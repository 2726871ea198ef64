//! A line in, a reply out: what a person or a script types at a chip.
//!
//! [`LineAssembler`] turns bytes into lines and refuses, whole, any line it cannot take as it is. [`Failure`] is every
//! way a command can fail; it prints as `err: CODE message`, and the code never changes once published.

use crate::arena::NoRoom;
use crate::event::Observer;
use crate::limits::{LINE_LIMIT, MAX_RESULTS};
use crate::meter::Meter;
use crate::role_kind::RoleKind;
use crate::units::Micros;
use core::fmt;

/// One command, as `help` shows it.
#[derive(Clone, Copy, Debug)]
pub struct CommandInfo {
    /// The word that calls it.
    pub name: &'static str,
    /// The whole call, arguments in capitals, optional ones in brackets.
    pub usage: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
}

/// What a command needs beside its arguments.
pub struct Session<'s, M: Meter> {
    /// The time since boot.
    pub now: Micros,
    /// Receives the work done.
    pub meter: &'s mut M,
    /// Receives the reply.
    pub out: &'s mut dyn fmt::Write,
    /// Receives what happens.
    pub observer: &'s mut dyn Observer,
}

impl<M: Meter> fmt::Debug for Session<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("now", &self.now).finish_non_exhaustive()
    }
}

/// Why a command did nothing. Whatever failed, nothing of the chip's state has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The line is longer than [`LINE_LIMIT`].
    LineTooLong,
    /// The line is not UTF-8.
    NotUtf8,
    /// The line holds a control character other than a tab.
    ControlByte(u8),
    /// No role has this command.
    UnknownCommand,
    /// Another role has this command.
    WrongRole {
        /// A role that has it.
        wants: RoleKind,
    },
    /// An argument is missing; how the command is called.
    Missing {
        /// The whole call.
        usage: &'static str,
    },
    /// An argument is not a whole number in range.
    BadNumber {
        /// The argument.
        what: &'static str,
        /// The least it may be.
        least: u32,
        /// The most it may be.
        most: u32,
    },
    /// A sample is not a decimal number.
    BadSample {
        /// The value's position in the line, from 1.
        position: u16,
    },
    /// A sample has another number of channels than those before it.
    ChannelMismatch {
        /// How many values the line has.
        have: u16,
        /// How many there were before.
        want: u16,
    },
    /// A sample has more values than a stream can have channels.
    TooManyChannels {
        /// How many values the line has.
        have: u16,
        /// The most there may be.
        most: u16,
    },
    /// The text has no letter or digit, so nothing could ever find it.
    NothingToEmbed,
    /// Not a kind of memory.
    UnknownType,
    /// Not a role.
    UnknownRole,
    /// No item has this id.
    NotFound {
        /// The id asked for.
        id: u32,
    },
    /// Every slot is taken.
    Full {
        /// How many items there are.
        capacity: u32,
    },
    /// The slots would suffice, the space for text does not.
    TextFull {
        /// Bytes the text needs.
        needs: u32,
        /// Bytes that are free.
        free: u32,
    },
    /// The command discards items and was not confirmed with `!`.
    NeedsConfirmation {
        /// How many items there are.
        items: u32,
    },
    /// As many of these are under way as this chip has slots for.
    Busy {
        /// How many there are.
        limit: u32,
    },
    /// It is no sealed key, or not one for this chip and epoch.
    BadKey,
    /// Every frame counter of this boot was used.
    CountersUsedUp,
    /// The arena is too small for this.
    NoRoom(NoRoom),
    /// The reply could not be written; there is no one to tell.
    Output,
}

impl Failure {
    /// The stable code, for scripts.
    pub const fn code(&self) -> &'static str {
        match self {
            Failure::LineTooLong => "line-too-long",
            Failure::NotUtf8 => "not-utf8",
            Failure::ControlByte(_) => "control-byte",
            Failure::UnknownCommand => "unknown-command",
            Failure::WrongRole { .. } => "wrong-role",
            Failure::Missing { .. } => "missing-argument",
            Failure::BadNumber { .. } => "bad-number",
            Failure::BadSample { .. } => "bad-sample",
            Failure::ChannelMismatch { .. } => "channel-mismatch",
            Failure::TooManyChannels { .. } => "too-many-channels",
            Failure::NothingToEmbed => "nothing-to-embed",
            Failure::UnknownType => "unknown-type",
            Failure::UnknownRole => "unknown-role",
            Failure::NotFound { .. } => "not-found",
            Failure::Full { .. } => "full",
            Failure::TextFull { .. } => "text-full",
            Failure::NeedsConfirmation { .. } => "needs-confirmation",
            Failure::Busy { .. } => "busy",
            Failure::BadKey => "bad-key",
            Failure::CountersUsedUp => "counters-used-up",
            Failure::NoRoom(_) => "no-room",
            Failure::Output => "output",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "err: {} ", self.code())?;
        match *self {
            Failure::LineTooLong => write!(f, "a line is at most {LINE_LIMIT} bytes"),
            Failure::NotUtf8 => f.write_str("the line is not UTF-8"),
            Failure::ControlByte(byte) => write!(f, "the line holds the control byte 0x{byte:02x}"),
            Failure::UnknownCommand => f.write_str("type 'help' for the commands of this role"),
            Failure::WrongRole { wants } => {
                let alias = wants.alias();
                write!(f, "this command needs role {alias}; `set-role {alias}` changes to it")
            }
            Failure::Missing { usage } => write!(f, "usage: {usage}"),
            Failure::BadNumber { what, least, most } => {
                write!(f, "{what} is a whole number from {least} to {most}")
            }
            Failure::BadSample { position } => {
                write!(f, "value {position} is not a decimal number such as -12.5")
            }
            Failure::ChannelMismatch { have, want } => {
                write!(f, "{have} values, but this stream has {want} channels; `clear !` starts another")
            }
            Failure::TooManyChannels { have, most } => {
                write!(f, "{have} values, but a stream has at most {most} channels")
            }
            Failure::NothingToEmbed => f.write_str("the text has no letter or digit to find it by"),
            Failure::UnknownType => {
                f.write_str("a type is fact, event, context, preference, procedure, entity, emotion or state")
            }
            Failure::UnknownRole => {
                f.write_str("a role is")?;
                for (position, kind) in RoleKind::ALL.into_iter().enumerate() {
                    write!(f, "{} {}", if position == 0 { "" } else { "," }, kind.alias())?;
                }
                Ok(())
            }
            Failure::NotFound { id } => write!(f, "no item has id {id}; `list` shows what there is"),
            Failure::Full { capacity } => {
                write!(f, "all {capacity} items this arena fits are taken; `delete ID` makes room")
            }
            Failure::TextFull { needs, free } => {
                write!(f, "the text needs {needs} B and {free} B are free; `delete ID` makes room")
            }
            Failure::NeedsConfirmation { items } => {
                write!(f, "this discards {items} items; add ` !` to the line to do so")
            }
            Failure::Busy { limit } => {
                write!(f, "{limit} of these are under way already; one of them has to end first")
            }
            Failure::BadKey => {
                f.write_str("a sealed key has 64 hexadecimal digits and fits one chip and one epoch")
            }
            Failure::CountersUsedUp => {
                f.write_str("this chip has used all frame counters of this boot; restart it")
            }
            Failure::NoRoom(no_room) => no_room.fmt(f),
            Failure::Output => f.write_str("the reply could not be written"),
        }
    }
}

impl From<fmt::Error> for Failure {
    fn from(_: fmt::Error) -> Self {
        Failure::Output
    }
}

impl From<NoRoom> for Failure {
    fn from(no_room: NoRoom) -> Self {
        Failure::NoRoom(no_room)
    }
}

/// Splits the first word off a line: the word, and the rest without its leading white space.
pub fn split_word(line: &str) -> (&str, &str) {
    match line.split_once(|c: char| c.is_ascii_whitespace()) {
        Some((word, rest)) => (word, rest.trim_ascii_start()),
        None => (line, ""),
    }
}

/// Reads a whole number, for the argument `what`.
///
/// # Errors
/// [`Failure::BadNumber`] where `word` is not one from `least` to `most`.
pub fn number(word: &str, what: &'static str, least: u32, most: u32) -> Result<u32, Failure> {
    let bad = Failure::BadNumber { what, least, most };
    let value = word.parse().map_err(|_| bad)?;
    if (least..=most).contains(&value) { Ok(value) } else { Err(bad) }
}

/// Reads `[K] TEXT`: a first word that is a number counts results, unless it is all there is.
///
/// # Errors
/// [`Failure::Missing`] without text, [`Failure::BadNumber`] for a K outside 1 to [`MAX_RESULTS`].
pub fn count_and_text<'l>(
    rest: &'l str,
    default: usize,
    usage: &'static str,
) -> Result<(usize, &'l str), Failure> {
    let (first, text) = split_word(rest);
    if first.is_empty() {
        return Err(Failure::Missing { usage });
    }
    if text.is_empty() || !first.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok((default, rest));
    }
    Ok((number(first, "K", 1, MAX_RESULTS as u32)? as usize, text))
}

/// Collects bytes into lines.
///
/// A line ends with `\n`, `\r` or `\r\n`. A line with an error is read to its end and reported once, whole.
#[derive(Clone, Debug)]
pub struct LineAssembler {
    bytes: [u8; LINE_LIMIT],
    length: u16,
    failure: Option<Failure>,
    after_return: bool,
}

impl Default for LineAssembler {
    fn default() -> Self {
        Self { bytes: [0; LINE_LIMIT], length: 0, failure: None, after_return: false }
    }
}

impl LineAssembler {
    /// Takes one byte; at the end of a line, gives the line without white space around it, or why it is refused.
    pub fn push(&mut self, byte: u8) -> Option<Result<&str, Failure>> {
        let after_return = core::mem::replace(&mut self.after_return, byte == b'\r');
        match byte {
            b'\n' if after_return => None,
            b'\n' | b'\r' => Some(self.finish()),
            0x09 | 0x20..=0x7e | 0x80..=0xff => {
                self.append(byte);
                None
            }
            control => {
                self.failure.get_or_insert(Failure::ControlByte(control));
                None
            }
        }
    }

    /// Ends the input: the line begun but not ended, if there is one.
    pub fn end(&mut self) -> Option<Result<&str, Failure>> {
        (self.length > 0 || self.failure.is_some()).then(|| self.finish())
    }

    fn append(&mut self, byte: u8) {
        match self.bytes.get_mut(usize::from(self.length)) {
            Some(slot) => {
                *slot = byte;
                self.length += 1;
            }
            None => {
                self.failure.get_or_insert(Failure::LineTooLong);
            }
        }
    }

    fn finish(&mut self) -> Result<&str, Failure> {
        let length = usize::from(core::mem::take(&mut self.length));
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let bytes = self.bytes.get(..length).unwrap_or_default();
        core::str::from_utf8(bytes).map(str::trim).map_err(|_| Failure::NotUtf8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::{String, ToString};
    use std::vec::Vec;

    fn lines(bytes: &[u8]) -> Vec<Result<String, Failure>> {
        let mut assembler = LineAssembler::default();
        let mut lines = Vec::new();
        for byte in bytes {
            lines.extend(assembler.push(*byte).map(|line| line.map(str::to_string)));
        }
        lines.extend(assembler.end().map(|line| line.map(str::to_string)));
        lines
    }

    #[test]
    fn every_line_ending_ends_one_line() {
        let ok = |text: &str| Ok(text.to_string());
        assert_eq!(lines(b"a\nb\r\nc\rd"), [ok("a"), ok("b"), ok("c"), ok("d")]);
        assert_eq!(lines(b"\n\r\n\r"), [ok(""), ok(""), ok("")]);
    }

    #[test]
    fn a_bad_line_is_refused_whole_and_the_next_is_not() {
        let mut long = std::vec![b'x'; LINE_LIMIT];
        assert_eq!(lines(&long)[0].as_ref().unwrap().len(), LINE_LIMIT);
        long.push(b'x');
        long.extend(b"\nrole\n");
        assert_eq!(lines(&long), [Err(Failure::LineTooLong), Ok("role".to_string())]);
        assert_eq!(lines(b"\xff\nrole")[0], Err(Failure::NotUtf8));
        assert_eq!(lines(b"a\x07b\nrole\n"), [Err(Failure::ControlByte(7)), Ok("role".to_string())]);
    }

    #[test]
    fn a_leading_number_counts_results() {
        assert_eq!(count_and_text("3 pump", 4, ""), Ok((3, "pump")));
        assert_eq!(count_and_text("pump 3", 4, ""), Ok((4, "pump 3")));
        assert_eq!(count_and_text("42", 4, ""), Ok((4, "42")));
        assert!(count_and_text("0 pump", 4, "").is_err());
        assert!(count_and_text("99999999999 pump", 4, "").is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_give_as_many_answers_as_lines(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            for line in lines(&bytes).into_iter().flatten() {
                prop_assert!(line.len() <= LINE_LIMIT);
                prop_assert!(!line.bytes().any(|byte| byte < 0x20 && byte != 9));
            }
        }
    }
}
