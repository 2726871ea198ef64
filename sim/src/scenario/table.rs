//! One table of a scenario or tool file, read by its grammar.
//!
//! Every key that the grammar lacks is a mistake, and so is every value of the wrong type; each is noted where it
//! stands, and reading goes on, so that one look at a file tells all of them.

use super::grammar::{Key, KindInfo, Section, Value};
use super::problem::{Notes, Wrong, short};
use super::sections::Sections;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Found<T> {
    pub value: T,
    pub span: Range<usize>,
}

/// A table under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table<'d> {
    entries: &'d DeTable<'d>,
    start: usize,
    section: &'static Section,
    kind: Option<&'static KindInfo>,
    notes: &'d Notes<'d>,
}

impl<'d> Table<'d> {
    /// Opens a table: notes every key that does not belong, and every one that is missing.
    pub fn open(
        entries: &'d DeTable<'d>,
        span: Range<usize>,
        section: &'static Section,
        notes: &'d Notes<'d>,
    ) -> Self {
        let mut table = Self { entries, start: span.start, section, kind: None, notes };
        table.check_keys();
        if !section.kinds.is_empty() {
            table.kind = table.word("kind").and_then(|kind| section.kind(kind.value));
            table.check_kind();
        }
        table
    }

    /// The sections that it holds.
    pub fn parts(&self) -> Sections<'d> {
        Sections::new(self.entries, self.notes)
    }

    /// The word of its kind; none where it is wrong.
    pub fn kind(&self) -> Option<&'static str> {
        self.kind.map(|kind| kind.name)
    }

    /// Where it begins.
    pub fn span(&self) -> Range<usize> {
        self.start..self.start
    }

    /// Notes a mistake at this table.
    pub fn wrong(&self, wrong: Wrong) {
        self.notes.add(Some(self.span()), wrong);
    }

    /// Notes a mistake at `span`.
    pub fn wrong_at(&self, span: Range<usize>, wrong: Wrong) {
        self.notes.add(Some(span), wrong);
    }

    /// The line that it begins on.
    pub fn line(&self) -> u32 {
        self.notes.line(self.start)
    }

    /// A text.
    pub fn text(&self, name: &str) -> Option<Found<&'d str>> {
        let (key, value) = self.value(name)?;
        match value.get_ref() {
            DeValue::String(text) => Some(Found { value: text.as_ref(), span: value.span() }),
            other => self.mistyped(key, other, value.span()),
        }
    }

    /// A word of those that the grammar lists.
    pub fn word(&self, name: &str) -> Option<Found<&'static str>> {
        let Value::Word(words) = self.section.key(name)?.value else { return None };
        let text = self.text(name)?;
        let found = words.iter().find(|word| **word == text.value);
        if found.is_none() {
            self.wrong_at(text.span.clone(), Wrong::unknown(name, text.value, words.iter().copied()));
        }
        found.map(|word| Found { value: *word, span: text.span })
    }

    /// A text that `parse` understands.
    pub fn parsed<T>(&self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<Found<T>> {
        let text = self.text(name)?;
        match parse(text.value) {
            Ok(value) => Some(Found { value, span: text.span }),
            Err(wanted) => {
                // A key that is mistyped by one digit is not to be shown.
                let is_secret = self.section.key(name).is_some_and(|key| key.value == Value::Key);
                let shown = if is_secret { "not a key".into() } else { format!("`{}`", short(text.value)) };
                let message = format!("`{name}` is {shown}");
                self.wrong_at(text.span, Wrong::with(message, wanted));
                None
            }
        }
    }

    /// A whole number within the bounds that the grammar has for it.
    pub fn whole(&self, name: &str) -> Option<Found<u64>> {
        let (key, value) = self.value(name)?;
        let (least, most) = match key.value {
            Value::Integer(least, most) => (least, most),
            _ => (0, u64::from(u32::MAX)),
        };
        let DeValue::Integer(number) = value.get_ref() else {
            return self.mistyped(key, value.get_ref(), value.span());
        };
        let digits = number.as_str().replace('_', "");
        match u64::from_str_radix(&digits, number.radix()) {
            Ok(number) if (least..=most).contains(&number) => {
                Some(Found { value: number, span: value.span() })
            }
            _ => {
                let message = format!("`{name}` is {}", short(&digits));
                self.wrong_at(
                    value.span(),
                    Wrong::with(message, format!("it is a whole number from {least} to {most}")),
                );
                None
            }
        }
    }

    /// `true` or `false`.
    pub fn truth(&self, name: &str) -> Option<bool> {
        let (key, value) = self.value(name)?;
        match value.get_ref() {
            DeValue::Boolean(truth) => Some(*truth),
            other => self.mistyped(key, other, value.span()),
        }
    }

    /// A text, or a list of texts, not empty.
    pub fn texts(&self, name: &str) -> Option<Vec<Found<&'d str>>> {
        let (key, value) = self.value(name)?;
        self.list(key, value)
    }

    /// Lists of texts.
    pub fn groups(&self, name: &str) -> Option<Vec<Vec<Found<&'d str>>>> {
        let (key, value) = self.value(name)?;
        match value.get_ref() {
            DeValue::Array(groups) => groups.iter().map(|group| self.list(key, group)).collect(),
            other => self.mistyped(key, other, value.span()),
        }
    }

    /// Where the value of a key stands.
    pub fn span_of(&self, name: &str) -> Option<Range<usize>> {
        self.entries.get(name).map(Spanned::span)
    }

    /// Does the table have this key?
    pub fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    fn list(&self, key: &Key, value: &'d Spanned<DeValue<'d>>) -> Option<Vec<Found<&'d str>>> {
        let found = |value: &'d Spanned<DeValue<'d>>| match value.get_ref() {
            DeValue::String(text) => Some(Found { value: text.as_ref(), span: value.span() }),
            other => self.mistyped(key, other, value.span()),
        };
        match value.get_ref() {
            DeValue::Array(list) if list.is_empty() => {
                self.wrong_at(value.span(), Wrong::new(format!("`{}` is an empty list", key.name)));
                None
            }
            DeValue::Array(list) => list.iter().map(found).collect(),
            _ => found(value).map(|one| vec![one]),
        }
    }

    fn value(&self, name: &str) -> Option<(&'static Key, &'d Spanned<DeValue<'d>>)> {
        let key = self.section.key(name)?;
        Some((key, self.entries.get(name)?))
    }

    fn mistyped<T>(&self, key: &Key, have: &DeValue<'_>, span: Range<usize>) -> Option<T> {
        let have = match have {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a point",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let message = format!("`{}` is {have}", key.name);
        self.wrong_at(span, Wrong::with(message, format!("wanted: {}", key.wanted(self.kind()))));
        None
    }

    fn check_keys(&self) {
        for name in self.entries.keys().filter(|name| !self.is_known(name.get_ref())) {
            let sections = self.section.parts.iter().map(|section| section.own_key());
            let names = self.section.keys.iter().map(|key| key.name).chain(sections);
            let mut wrong = Wrong::unknown("key", name.get_ref(), names);
            wrong.message.push_str(&format!(" in {}", self.section.heading()));
            self.wrong_at(name.span(), wrong);
        }
        for key in self.section.keys.iter().filter(|key| key.default.is_none() && !self.has(key.name)) {
            let message = format!("{} lacks `{}`", self.section.heading(), key.name);
            self.wrong(Wrong::with(message, format!("{}: {}", key.about, key.value.describe())));
        }
    }

    fn is_known(&self, name: &str) -> bool {
        self.section.parts.iter().any(|section| section.own_key() == name) || self.section.key(name).is_some()
    }

    fn check_kind(&self) {
        let Some(kind) = self.kind else { return };
        for name in self.entries.keys() {
            let key: &str = name.get_ref();
            if self.section.is_of_some_kind(key) && !kind.has(key) {
                let all: Vec<&str> = kind.needs.iter().chain(kind.takes).copied().collect();
                let help = match all.as_slice() {
                    [] => format!("kind `{}` takes nothing more", kind.name),
                    _ => format!("kind `{}` takes {}", kind.name, all.join(", ")),
                };
                self.wrong_at(
                    name.span(),
                    Wrong::with(format!("`{key}` has no meaning for kind `{}`", kind.name), help),
                );
            }
        }
        for name in kind.needs.iter().filter(|name| !self.has(name)) {
            let about = self.section.key(name).map_or(String::new(), |key| match key.value {
                Value::Bound => format!("wanted: {}", key.wanted(Some(kind.name))),
                _ => key.about.into(),
            });
            self.wrong(Wrong::with(format!("kind `{}` lacks `{name}`", kind.name), about));
        }
    }
}
