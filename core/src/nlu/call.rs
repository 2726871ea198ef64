//! A call of a tool: which tool, which values; checked, printed and read.
//!
//! A call owns the words of its values, so it outlives the line it came from. Printed, it is the tool's name and
//! `name=value` for each argument: `light.set area=kitchen level=20%`; a value with blanks stands in double quotes.

use super::limits::{MAX_ARGUMENTS, MAX_CALL_TEXT};
use super::schema::{Argument, Schema, Tool};
use super::value::{Shown, Value};
use crate::meter::Meter;
use core::fmt;

/// Why a call is not valid. `slot` is the index of the argument's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// There is no such tool.
    Tool,
    /// The tool has no such argument.
    Argument {
        /// Its index.
        index: usize,
    },
    /// An argument is there twice.
    Duplicate {
        /// The argument's name.
        slot: usize,
    },
    /// A value is of another kind.
    WrongKind {
        /// The argument's name.
        slot: usize,
    },
    /// A value is outside the range or the list.
    OutOfRange {
        /// The argument's name.
        slot: usize,
    },
    /// A required argument is not there.
    Missing {
        /// The argument's name.
        slot: usize,
    },
    /// The words take more than [`MAX_CALL_TEXT`] bytes.
    TooLong,
    /// The text is not written like a call.
    Syntax {
        /// The byte at which it is not.
        at: usize,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct FilledSlot {
    argument: u8,
    value: Option<Value>,
    start: u16,
    length: u16,
}

/// A call, complete or with arguments missing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Call {
    tool: u16,
    count: u8,
    used: u16,
    given: [FilledSlot; MAX_ARGUMENTS],
    text: [u8; MAX_CALL_TEXT],
}

impl Call {
    /// A call of a tool, without arguments.
    pub fn new(tool: usize) -> Self {
        Self {
            tool: tool as u16,
            count: 0,
            used: 0,
            given: [FilledSlot::default(); MAX_ARGUMENTS],
            text: [0; MAX_CALL_TEXT],
        }
    }

    /// The index of its tool.
    pub fn tool(&self) -> usize {
        self.tool.into()
    }

    /// How many arguments it has.
    pub fn len(&self) -> usize {
        self.count.into()
    }

    /// Has it no arguments?
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds an argument, with its words where these are the value, joined by blanks.
    ///
    /// # Errors
    /// [`Invalid::TooLong`], [`Invalid::Argument`] beyond the last one; the call is then as it was.
    pub fn add(&mut self, argument: usize, value: Value, words: &[&str]) -> Result<(), Invalid> {
        let count = usize::from(self.count);
        if argument >= MAX_ARGUMENTS || count >= MAX_ARGUMENTS {
            return Err(Invalid::Argument { index: argument });
        }
        let start = self.used;
        if value == Value::Words {
            self.add_words(words)?;
        }
        let given =
            FilledSlot { argument: argument as u8, value: Some(value), start, length: self.used - start };
        if let Some(slot) = self.given.get_mut(count) {
            *slot = given;
            self.count += 1;
        }
        Ok(())
    }

    fn add_words(&mut self, words: &[&str]) -> Result<(), Invalid> {
        let blanks = words.len().saturating_sub(1);
        let needed = words.iter().map(|word| word.len()).sum::<usize>() + blanks;
        let mut free = self.text.get_mut(usize::from(self.used)..).unwrap_or_default();
        if needed > free.len() {
            return Err(Invalid::TooLong);
        }
        for (index, word) in words.iter().enumerate() {
            let blank = if index > 0 { " " } else { "" };
            for part in [blank, word] {
                let (head, rest) = free.split_at_mut_checked(part.len()).ok_or(Invalid::TooLong)?;
                head.copy_from_slice(part.as_bytes());
                free = rest;
            }
        }
        self.used += needed as u16;
        Ok(())
    }

    /// The arguments: index, value, words.
    pub fn arguments(&self) -> impl Iterator<Item = (usize, Value, &str)> {
        let given = self.given.get(..usize::from(self.count)).unwrap_or_default();
        given.iter().filter_map(|given| {
            let (start, length) = (usize::from(given.start), usize::from(given.length));
            let text = core::str::from_utf8(self.text.get(start..start + length)?).ok()?;
            Some((usize::from(given.argument), given.value?, text))
        })
    }

    /// The value of an argument, and its words.
    pub fn argument(&self, index: usize) -> Option<(Value, &str)> {
        self.arguments().find(|(argument, _, _)| *argument == index).map(|(_, value, text)| (value, text))
    }

    /// The first required argument that it lacks.
    pub fn missing(&self, schema: &Schema<'_>) -> Option<usize> {
        let tool = schema.tool(self.tool())?;
        let mut required = tool.arguments().enumerate().filter(|(_, argument)| argument.is_required());
        required.find(|(index, _)| self.argument(*index).is_none()).map(|(index, _)| index)
    }

    /// Is it a call that the schema allows, with all that it needs?
    ///
    /// # Errors
    /// [`Invalid`], the first that is found.
    pub fn check(&self, schema: &Schema<'_>) -> Result<(), Invalid> {
        let tool = schema.tool(self.tool()).ok_or(Invalid::Tool)?;
        let mut seen = 0_u32;
        for (index, value, text) in self.arguments() {
            let argument = tool.argument(index).ok_or(Invalid::Argument { index })?;
            let bit = 1_u32.checked_shl(index as u32).unwrap_or(0);
            if seen & bit != 0 {
                return Err(Invalid::Duplicate { slot: argument.slot() });
            }
            seen |= bit;
            argument.accepts(value, text)?;
        }
        match self.missing(schema).and_then(|index| tool.argument(index)) {
            Some(argument) => Err(Invalid::Missing { slot: argument.slot() }),
            None => Ok(()),
        }
    }

    /// Reads a call as it is printed.
    ///
    /// # Errors
    /// [`Invalid`].
    pub fn read<M: Meter>(schema: &Schema<'_>, text: &str, meter: &mut M) -> Result<Self, Invalid> {
        let (name, mut rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        let index = schema.tool_named(name).ok_or(Invalid::Tool)?;
        let tool = schema.tool(index).ok_or(Invalid::Tool)?;
        let mut call = Self::new(index);
        rest = rest.trim_start();
        while !rest.is_empty() {
            rest = call
                .read_argument(tool, rest, meter)
                .ok_or(Invalid::Syntax { at: text.len() - rest.len() })??;
        }
        call.check(schema)?;
        Ok(call)
    }

    fn read_argument<'t, M: Meter>(
        &mut self,
        tool: Tool<'_>,
        text: &'t str,
        meter: &mut M,
    ) -> Option<Result<&'t str, Invalid>> {
        let (name, rest) = text.split_once('=')?;
        let (value, rest) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => rest.split_at_checked(rest.find(' ').unwrap_or(rest.len()))?,
        };
        let (index, argument) = tool.arguments().enumerate().find(|(_, argument)| argument.name() == name)?;
        Some(self.add_written(index, argument, value, meter).map(|()| rest.trim_start()))
    }

    fn add_written<M: Meter>(
        &mut self,
        index: usize,
        argument: Argument<'_>,
        text: &str,
        meter: &mut M,
    ) -> Result<(), Invalid> {
        let listed = argument.values().position(|value| value.name == text);
        if argument.kind().is_listed()
            && let Some(position) = listed
        {
            return self.add(index, Value::Choice(position as u16), &[]);
        }
        if argument.accepts(Value::Words, text).is_ok() {
            return self.add(index, Value::Words, &[text]);
        }
        let sentence = super::sentence::Sentence::split(text, meter)
            .map_err(|_| Invalid::OutOfRange { slot: argument.slot() })?;
        let value = argument.parse(sentence.words(), meter);
        let value = value.ok_or(Invalid::OutOfRange { slot: argument.slot() })?;
        self.add(index, value, sentence.words())
    }

    /// Prints it.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, schema: &Schema<'_>, out: &mut impl fmt::Write) -> fmt::Result {
        let Some(tool) = schema.tool(self.tool()) else { return out.write_str("?") };
        out.write_str(tool.name())?;
        for (index, value, text) in self.arguments() {
            let Some(argument) = tool.argument(index) else { continue };
            write!(out, " {}=", argument.name())?;
            write_value(argument, value, text, out)?;
        }
        Ok(())
    }
}

fn write_value(argument: Argument<'_>, value: Value, text: &str, out: &mut impl fmt::Write) -> fmt::Result {
    match value {
        Value::Words => write_text(text, out),
        Value::Choice(index) => {
            write_text(argument.values().nth(index.into()).map_or("?", |listed| listed.name), out)
        }
        _ => {
            write!(out, "{}", Shown { kind: argument.kind(), value })?;
            let has_unit = matches!(value, Value::Scalar(_) | Value::Change(_));
            out.write_str(if has_unit { argument.unit() } else { "" })
        }
    }
}

fn write_text(text: &str, out: &mut impl fmt::Write) -> fmt::Result {
    if text.contains([' ', '=']) { write!(out, "\"{text}\"") } else { out.write_str(text) }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("tool", &self.tool).finish_non_exhaustive()?;
        f.debug_list().entries(self.arguments()).finish()
    }
}
