//! The tools that can be called, read in place from bytes that may be hostile.
//!
//! [`Schema::new`] checks every record once: afterwards every index leads somewhere, every kind is one, every implied
//! value is valid. Bytes that are wrong give a [`SchemaError`] with the record's index.

use super::call::Invalid;
use super::kind::{Kind, MAX_NAME_WORDS};
use super::letters::{Likeness, Said, compare};
use super::limits::{MAX_ARGUMENTS, MAX_SET_TEXT, MAX_SLOTS};
use super::record::{
    ArgumentRecord, Header, IntentRecord, MAGIC, RELATIVE, REQUIRED, SetRecord, TextRef, ToolRecord, VERSION,
    ValueRecord,
};
use super::value::{self, Value};
use crate::meter::{Meter, Op};
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

/// The greatest size of a change, and the bounds of numbers without a range.
pub const MAX_SCALAR: i32 = value::MAX_NUMBER * 1000 + 999;

/// Why bytes are no schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaError {
    /// The first bytes are not [`MAGIC`].
    NotASchema,
    /// Another version of the layout.
    Version {
        /// The one that it has.
        have: u8,
    },
    /// The bytes end in this table.
    Truncated {
        /// The table.
        table: &'static str,
    },
    /// There are bytes behind the last table.
    Trailing {
        /// How many.
        bytes: usize,
    },
    /// A record is wrong.
    Record {
        /// Its table.
        table: &'static str,
        /// Its index.
        index: usize,
        /// What is wrong with it.
        what: &'static str,
    },
}

/// A checked schema. Copying one copies the references alone.
#[derive(Clone, Copy, Debug)]
pub struct Schema<'s> {
    intents: &'s [IntentRecord],
    tools: &'s [ToolRecord],
    arguments: &'s [ArgumentRecord],
    slots: &'s [TextRef],
    values: &'s [ValueRecord],
    phrases: &'s [TextRef],
    sets: &'s [SetRecord],
    text: &'s [u8],
}

/// A tool.
#[derive(Clone, Copy, Debug)]
pub struct Tool<'s> {
    schema: Schema<'s>,
    record: &'s ToolRecord,
}

/// An argument of a tool.
#[derive(Clone, Copy, Debug)]
pub struct Argument<'s> {
    schema: Schema<'s>,
    record: &'s ArgumentRecord,
}

/// An argument that an intent implies.
#[derive(Clone, Copy, Debug)]
pub struct Implied<'s> {
    /// Its index among the tool's arguments.
    pub argument: usize,
    /// Its value.
    pub value: Value,
    /// Its words, where these are the value.
    pub text: &'s str,
}

fn table<'s, T: FromBytes + KnownLayout + Immutable + Unaligned>(
    bytes: &mut &'s [u8],
    count: u16,
    table: &'static str,
) -> Result<&'s [T], SchemaError> {
    let (records, rest) = <[T]>::ref_from_prefix_with_elems(bytes, usize::from(count))
        .map_err(|_| SchemaError::Truncated { table })?;
    *bytes = rest;
    Ok(records)
}

impl<'s> Schema<'s> {
    /// Reads and checks `bytes`; time is linear in their length.
    ///
    /// # Errors
    /// [`SchemaError`].
    pub fn new<M: Meter>(bytes: &'s [u8], meter: &mut M) -> Result<Self, SchemaError> {
        meter.record(Op::Byte, bytes.len() as u32);
        let (header, mut rest) =
            Header::ref_from_prefix(bytes).map_err(|_| SchemaError::Truncated { table: "header" })?;
        if header.magic != MAGIC {
            return Err(SchemaError::NotASchema);
        }
        if header.version != VERSION {
            return Err(SchemaError::Version { have: header.version });
        }
        let rest = &mut rest;
        let schema = Self {
            intents: table(rest, header.intents.get(), "intents")?,
            tools: table(rest, header.tools.get(), "tools")?,
            arguments: table(rest, header.arguments.get(), "arguments")?,
            slots: table(rest, header.slots.get(), "slots")?,
            values: table(rest, header.values.get(), "values")?,
            phrases: table(rest, header.phrases.get(), "phrases")?,
            sets: table(rest, header.sets.get(), "sets")?,
            text: table(rest, header.text.get(), "text")?,
        };
        if !rest.is_empty() {
            return Err(SchemaError::Trailing { bytes: rest.len() });
        }
        schema.check()?;
        Ok(schema)
    }

    fn check(&self) -> Result<(), SchemaError> {
        let text = |table, list: &mut dyn Iterator<Item = TextRef>| {
            check_all(table, list, |text| self.check_text(&text))
        };
        text("slots", &mut self.slots.iter().copied())?;
        text("phrases", &mut self.phrases.iter().copied())?;
        if self.slots.len() > MAX_SLOTS {
            return Err(SchemaError::Record { table: "slots", index: MAX_SLOTS, what: "is one too many" });
        }
        check_all("values", self.values, |value| {
            self.check_text(&value.name)?;
            in_bounds(value.first_phrase.get(), value.phrases.into(), self.phrases.len())
        })?;
        check_all("arguments", self.arguments, |argument| self.check_argument(argument))?;
        check_all("tools", self.tools, |tool| self.check_tool(tool))?;
        check_all("intents", self.intents, |intent| self.check_intent(intent))
    }

    fn check_text(&self, text: &TextRef) -> Result<(), &'static str> {
        let start = usize::from(text.offset.get());
        let bytes = self.text.get(start..start + usize::from(text.length)).ok_or("leads beyond the texts")?;
        match core::str::from_utf8(bytes) {
            Ok("") => Err("has no text"),
            Ok(text) if text.contains(|letter: char| letter.is_control() || letter == '"') => {
                Err("has a sign that no text may have")
            }
            Ok(_) => Ok(()),
            Err(_) => Err("is no UTF-8"),
        }
    }

    fn check_argument(&self, argument: &ArgumentRecord) -> Result<(), &'static str> {
        if usize::from(argument.slot) >= self.slots.len() {
            return Err("has no name");
        }
        let kind = Kind::from_byte(argument.kind).ok_or("has no kind")?;
        in_bounds(argument.first_value.get(), argument.values.get(), self.values.len())?;
        in_bounds(argument.first_unit.get(), argument.units.into(), self.phrases.len())?;
        let unit = slice(self.phrases, argument.first_unit.get(), argument.units.into()).first();
        if unit.is_some_and(|unit| self.text(unit).contains([' ', '=']) || kind != Kind::Number) {
            return Err("has a unit that cannot be printed");
        }
        if kind == Kind::Choice && argument.values.get() == 0 {
            return Err("is a choice of nothing");
        }
        if argument.flags & RELATIVE != 0 && !kind.can_be_relative() {
            return Err("cannot be relative");
        }
        let (min, max) = (argument.min.get(), argument.max.get());
        if min > max || min < -MAX_SCALAR || max > MAX_SCALAR {
            return Err("has a range that is none");
        }
        if kind == Kind::Time && (min < 0 || max >= 24 * 60) || kind == Kind::Duration && min < 0 {
            return Err("has a range that is none");
        }
        let argument = Argument { schema: *self, record: argument };
        let is_inside = |value: ListedValue<'_>| (min..=max).contains(&value.number);
        if kind.is_scalar() && !argument.values().all(is_inside) {
            return Err("names a value out of its range");
        }
        Ok(())
    }

    fn check_tool(&self, tool: &ToolRecord) -> Result<(), &'static str> {
        self.check_text(&tool.name)?;
        in_bounds(tool.first_argument.get(), tool.arguments.into(), self.arguments.len())?;
        if usize::from(tool.arguments) > MAX_ARGUMENTS {
            return Err("has too many arguments");
        }
        let tool = Tool { schema: *self, record: tool };
        let mut seen = 0_u64;
        for argument in tool.arguments() {
            let bit = 1_u64.checked_shl(argument.slot() as u32).ok_or("has too many slots")?;
            if seen & bit != 0 {
                return Err("has two arguments of one name");
            }
            seen |= bit;
        }
        Ok(())
    }

    fn check_intent(&self, intent: &IntentRecord) -> Result<(), &'static str> {
        let tool = self.tool(intent.tool.get().into()).ok_or("has no tool")?;
        in_bounds(intent.first_set.get(), intent.sets.into(), self.sets.len())?;
        let (mut seen, mut bytes) = (0_u32, 0);
        for set in self.sets_of(intent) {
            let argument = tool.argument(set.argument.into()).ok_or("implies an argument that is none")?;
            let bit = 1_u32.checked_shl(set.argument.into()).unwrap_or(0);
            if seen & bit != 0 {
                return Err("implies an argument twice");
            }
            seen |= bit;
            let value = value_of(set).ok_or("implies a value that is none")?;
            if value == Value::Words {
                self.check_text(&set.text)?;
                bytes += usize::from(set.text.length);
            }
            if argument.accepts(value, self.text(&set.text)).is_err() || bytes > MAX_SET_TEXT {
                return Err("implies a value that is not valid");
            }
        }
        Ok(())
    }

    /// How many classes the encoder has to tell apart.
    pub fn intents(&self) -> usize {
        self.intents.len()
    }

    /// How many tools there are.
    pub fn tools(&self) -> usize {
        self.tools.len()
    }

    /// How many names of arguments there are.
    pub fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Columns of a row of tag scores: outside, then begin and inside of each slot.
    pub fn tags(&self) -> usize {
        1 + 2 * self.slots.len()
    }

    /// The name of a slot.
    pub fn slot_name(&self, slot: usize) -> Option<&'s str> {
        self.slots.get(slot).map(|text| self.text(text))
    }

    /// A tool by its index.
    pub fn tool(&self, index: usize) -> Option<Tool<'s>> {
        self.tools.get(index).map(|record| Tool { schema: *self, record })
    }

    /// The index of a tool.
    pub fn tool_named(&self, name: &str) -> Option<usize> {
        self.tools.iter().position(|tool| self.text(&tool.name) == name)
    }

    /// The index of an intent's tool.
    pub fn tool_of(&self, intent: usize) -> Option<usize> {
        self.intents.get(intent).map(|intent| intent.tool.get().into())
    }

    /// What an intent implies.
    pub fn implied(self, intent: usize) -> impl Iterator<Item = Implied<'s>> {
        let sets = self.intents.get(intent).map_or::<&[SetRecord], _>(&[], |intent| self.sets_of(intent));
        sets.iter().filter_map(move |set| {
            let value = value_of(set)?;
            let text = if value == Value::Words { self.text(&set.text) } else { "" };
            Some(Implied { argument: set.argument.into(), value, text })
        })
    }

    fn sets_of(&self, intent: &IntentRecord) -> &'s [SetRecord] {
        slice(self.sets, intent.first_set.get(), intent.sets.into())
    }

    fn text(&self, text: &TextRef) -> &'s str {
        let bytes = slice(self.text, text.offset.get(), text.length.into());
        core::str::from_utf8(bytes).unwrap_or_default()
    }
}

fn check_all<T>(
    table: &'static str,
    records: impl IntoIterator<Item = T>,
    check: impl Fn(T) -> Result<(), &'static str>,
) -> Result<(), SchemaError> {
    let mut records = records.into_iter().enumerate();
    records.try_for_each(|(index, record)| {
        check(record).map_err(|what| SchemaError::Record { table, index, what })
    })
}

fn in_bounds(first: u16, count: u16, length: usize) -> Result<(), &'static str> {
    if usize::from(first) + usize::from(count) <= length { Ok(()) } else { Err("leads beyond its table") }
}

fn slice<T>(list: &[T], first: u16, count: u16) -> &[T] {
    let first = usize::from(first);
    list.get(first..first + usize::from(count)).unwrap_or_default()
}

fn value_of(set: &SetRecord) -> Option<Value> {
    let number = set.number.get();
    Some(match set.value {
        0 => Value::Choice(u16::try_from(number).ok()?),
        1 => Value::Scalar(number),
        2 => Value::Change(number),
        3 => Value::Steps(i8::try_from(number).ok()?),
        4 => Value::Color(u32::try_from(number).ok()?),
        5 => Value::Words,
        _ => return None,
    })
}

/// A value with a name.
#[derive(Clone, Copy, Debug)]
pub struct ListedValue<'s> {
    /// What a call says.
    pub name: &'s str,
    /// The number that it stands for, where the kind is a number.
    pub number: i32,
    phrases: &'s [TextRef],
}

impl<'s> Tool<'s> {
    /// Its name.
    pub fn name(&self) -> &'s str {
        self.schema.text(&self.record.name)
    }

    /// Its arguments.
    pub fn arguments(self) -> impl Iterator<Item = Argument<'s>> {
        let records =
            slice(self.schema.arguments, self.record.first_argument.get(), self.record.arguments.into());
        records.iter().map(move |record| Argument { schema: self.schema, record })
    }

    /// An argument by its index.
    pub fn argument(self, index: usize) -> Option<Argument<'s>> {
        self.arguments().nth(index)
    }
}

impl<'s> Argument<'s> {
    /// Its name.
    pub fn name(&self) -> &'s str {
        self.schema.slot_name(self.slot()).unwrap_or_default()
    }

    /// The index of its name among the slots.
    pub fn slot(&self) -> usize {
        self.record.slot.into()
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        Kind::from_byte(self.record.kind).unwrap_or(Kind::Text)
    }

    /// Must a call have it?
    pub fn is_required(&self) -> bool {
        self.record.flags & REQUIRED != 0
    }

    /// May it be relative to the present value?
    pub fn is_relative(&self) -> bool {
        self.record.flags & RELATIVE != 0
    }

    /// The unit of a number, as a call prints it; empty where there is none.
    pub fn unit(&self) -> &'s str {
        self.unit_phrases().first().map_or("", |text| self.schema.text(text))
    }

    /// The values that have names.
    pub fn values(self) -> impl Iterator<Item = ListedValue<'s>> {
        let schema = self.schema;
        let records = slice(schema.values, self.record.first_value.get(), self.record.values.get());
        records.iter().map(move |record| ListedValue {
            name: schema.text(&record.name),
            number: record.number.get(),
            phrases: slice(schema.phrases, record.first_phrase.get(), record.phrases.into()),
        })
    }

    /// Words to a value of this argument, within its range; none where they are none.
    pub fn parse<M: Meter>(&self, words: &[&str], meter: &mut M) -> Option<Value> {
        let kind = self.kind();
        if words.is_empty() || words.len() > kind.max_words() {
            return None;
        }
        let found = self.listed(words, meter).or_else(|| {
            let words = without_articles(words);
            self.listed(words, meter)
                .or_else(|| value::parse(kind, self.is_relative(), words, meter))
                .or_else(|| self.with_unit(words, meter))
                .or_else(|| self.is_open().then_some(Value::Words))
        })?;
        self.accepts_words(found, words).ok()?;
        Some(found)
    }

    /// Is this value valid, with these words where the words are the value?
    ///
    /// # Errors
    /// [`Invalid`].
    pub fn accepts(&self, value: Value, text: &str) -> Result<(), Invalid> {
        let slot = self.slot();
        let kind = self.kind();
        let is_of_kind = match value {
            Value::Choice(_) => kind.is_listed() && self.record.values.get() > 0,
            Value::Scalar(_) => kind.is_scalar(),
            Value::Change(_) | Value::Steps(_) => self.is_relative(),
            Value::Color(_) => kind == Kind::Color,
            Value::Words => self.is_open(),
        };
        if !is_of_kind {
            return Err(Invalid::WrongKind { slot });
        }
        let is_inside = match value {
            Value::Choice(index) => index < self.record.values.get(),
            Value::Scalar(number) => (self.record.min.get()..=self.record.max.get()).contains(&number),
            Value::Change(number) => number != 0 && (-MAX_SCALAR..=MAX_SCALAR).contains(&number),
            Value::Steps(steps) => matches!(steps.unsigned_abs(), 1..=4),
            Value::Color(color) => color <= 0xFF_FFFF,
            Value::Words => is_text_valid(kind, text),
        };
        if is_inside { Ok(()) } else { Err(Invalid::OutOfRange { slot }) }
    }

    fn accepts_words(&self, value: Value, words: &[&str]) -> Result<(), Invalid> {
        if value != Value::Words {
            return self.accepts(value, "");
        }
        let words = self.kept(words);
        let parts: usize = words.iter().map(|word| word.split(' ').count()).sum();
        let is_valid = !words.is_empty()
            && (self.kind() == Kind::Text || parts <= MAX_NAME_WORDS)
            && words.iter().all(|word| is_text_valid(Kind::Text, word));
        if is_valid { Ok(()) } else { Err(Invalid::OutOfRange { slot: self.slot() }) }
    }

    /// The words that are kept as the value: a name loses its article.
    pub fn kept<'w, 'l>(&self, words: &'w [&'l str]) -> &'w [&'l str] {
        if self.kind() == Kind::Text { words } else { without_articles(words) }
    }

    /// Are the words the value?
    fn is_open(&self) -> bool {
        self.kind() == Kind::Text || (self.kind().is_listed() && self.record.values.get() == 0)
    }

    /// A listed value by its name or a phrase: an equal one, or the only one that is a letter away.
    fn listed<M: Meter>(&self, words: &[&str], meter: &mut M) -> Option<Value> {
        if self.record.values.get() == 0 {
            return None;
        }
        let said = Said::new(words, meter);
        let mut near = None;
        let mut near_count = 0;
        for (index, listed) in self.values().enumerate() {
            let value = match self.kind().is_scalar() {
                true => Value::Scalar(listed.number),
                false if self.kind() == Kind::Color => continue,
                false => Value::Choice(index as u16),
            };
            let phrases = listed.phrases.iter().map(|text| self.schema.text(text));
            let mut is_near = false;
            for phrase in core::iter::once(listed.name).chain(phrases) {
                match said.compare(phrase, meter) {
                    Likeness::Equal => return Some(value),
                    Likeness::Near => is_near = true,
                    Likeness::Different => {}
                }
            }
            if is_near {
                (near, near_count) = (Some(value), near_count + 1);
            }
        }
        near.filter(|_| near_count == 1)
    }

    fn unit_phrases(&self) -> &'s [TextRef] {
        slice(self.schema.phrases, self.record.first_unit.get(), self.record.units.into())
    }

    /// A number with its unit, apart or attached: "5 kilowatt hours", "5kWh".
    fn with_unit<M: Meter>(&self, words: &[&str], meter: &mut M) -> Option<Value> {
        let units = self.unit_phrases();
        let is_unit = |words: &[&str], meter: &mut M| {
            units.iter().any(|unit| compare(words, self.schema.text(unit), meter) == Likeness::Equal)
        };
        if units.is_empty() || self.kind() != Kind::Number {
            return None;
        }
        for split in 1..words.len() {
            let (number, unit) = words.split_at(split);
            if is_unit(unit, meter) {
                return value::parse(Kind::Number, self.is_relative(), number, meter);
            }
        }
        let [word] = words else { return None };
        let digits = word.find(|letter: char| letter.is_ascii_digit())?;
        let is_number = |letter: char| letter.is_ascii_digit() || letter == '.' || letter == ',';
        let length = word.get(digits..)?.find(|letter| !is_number(letter))?;
        let (number, unit) = word.split_at_checked(digits + length)?;
        if unit.is_empty() || !is_unit(&[unit], meter) {
            return None;
        }
        value::parse(Kind::Number, self.is_relative(), &[number], meter)
    }
}

impl<'s> ListedValue<'s> {
    /// How many phrases it has beside its name.
    pub fn phrases(&self) -> usize {
        self.phrases.len()
    }
}

fn is_text_valid(kind: Kind, text: &str) -> bool {
    let is_clean = !text.contains(|letter: char| letter.is_control() || letter == '"');
    let words = text.split(' ').count();
    !text.trim().is_empty() && is_clean && (kind == Kind::Text || words <= MAX_NAME_WORDS)
}

fn without_articles<'w, 'l>(words: &'w [&'l str]) -> &'w [&'l str] {
    const ARTICLES: [&str; 6] = ["the", "a", "an", "my", "our", "your"];
    match words {
        [first, rest @ ..]
            if !rest.is_empty() && ARTICLES.iter().any(|article| article.eq_ignore_ascii_case(first)) =>
        {
            rest
        }
        _ => words,
    }
}
