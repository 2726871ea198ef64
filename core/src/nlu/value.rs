//! Words to values: "half past six", "an hour and a half", "a bit warmer", "21.5 degrees".
//!
//! English words; digits and units are the same in every language. All words given have to be used: `parse` takes a
//! whole span, not the beginning of a sentence. Scalars are integers: thousandths for numbers, percent and degrees
//! Celsius, seconds for durations, minutes of the day for times.
//!
//! What always holds: any text gives a value or none, never a panic; the work is linear in the text.

mod color;
mod duration;
mod number;
mod relative;
mod show;
mod temperature;
mod time;
mod token;

use super::kind::Kind;
use crate::meter::{Meter, Op};
use token::Cursor;

pub use color::{color_names, name_of as color_name};
pub use show::Shown;
pub use token::MAX_TOKENS;

/// The largest number: a million, without.
pub const MAX_NUMBER: i32 = 999_999;

/// A value that words stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// One of the argument's listed values, by its index.
    Choice(u16),
    /// A number in the unit of its kind.
    Scalar(i32),
    /// So much more or less than the present value, in the unit of its kind.
    Change(i32),
    /// More or less by one step ("a bit"), two or four ("much").
    Steps(i8),
    /// `0xRRGGBB`.
    Color(u32),
    /// The words themselves.
    Words,
}

/// Reads a span of words as a scalar, a colour or, where `relative` allows, a change. Lists and free words are the
/// schema's.
pub fn parse<M: Meter>(kind: Kind, relative: bool, words: &[&str], meter: &mut M) -> Option<Value> {
    meter.record(Op::Byte, words.iter().map(|word| word.len() as u32).sum());
    if kind == Kind::Color {
        return color::parse(words).map(Value::Color);
    }
    let mut tokens = token::Tokens::default();
    tokens.read(words)?;
    meter.record(Op::Compare, 8 * tokens.list().len() as u32);
    let cursor = Cursor::new(tokens.list()).after_filler();
    if relative
        && kind.can_be_relative()
        && let Some(value) = relative::parse(kind, cursor)
    {
        return Some(value);
    }
    match kind {
        Kind::Number => number::whole(cursor).map(Value::Scalar),
        Kind::Percent => number::percent(cursor).map(Value::Scalar),
        Kind::Temperature => temperature::parse(cursor).map(Value::Scalar),
        Kind::Duration => duration::parse(cursor).map(Value::Scalar),
        Kind::Time => time::parse(cursor).map(Value::Scalar),
        Kind::Choice | Kind::Color | Kind::Area | Kind::Name | Kind::Text => None,
    }
}

#[cfg(test)]
mod tests;
