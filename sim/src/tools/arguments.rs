//! Arguments of a tool: kind, range, unit, values with names.

use super::file::{Argument, Listed};
use super::grammar;
use super::read::Reader;
use super::template::Template;
use crate::scenario::problem::{Wrong, short};
use crate::scenario::table::{Found, Table};
use ruvllm_esp_core::nlu::kind::Kind;
use ruvllm_esp_core::nlu::limits::MAX_ARGUMENTS;
use ruvllm_esp_core::nlu::schema::MAX_SCALAR;
use ruvllm_esp_core::nlu::value::{self, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The most ways to say one value.
const MAX_PHRASES: u64 = 200;
/// The longest name or phrase of a value, in bytes.
const MAX_PHRASE: usize = 120;
/// A day, in minutes.
const DAY: i32 = 24 * 60;
/// A year, in seconds.
const YEAR: i32 = 365 * 86_400;

/// A value as a file lists it: the name, and what people say.
#[derive(Clone, Debug)]
struct Entry<'d> {
    found: Found<&'d str>,
    name: String,
    phrases: Vec<String>,
}

/// The lists of a file, by name.
#[derive(Debug)]
pub(super) struct Lists<'d>(BTreeMap<String, Vec<Entry<'d>>>);

impl<'d> Lists<'d> {
    /// Reads every `[[list]]`.
    pub fn read(reader: &Reader<'_, '_>, top: &Table<'d>, synonyms: &BTreeMap<String, Template>) -> Self {
        let mut lists = BTreeMap::new();
        for table in top.parts().of(&grammar::LIST) {
            let name = reader.name(&table, "name");
            let entries = entries(reader, &table, synonyms);
            if let Some(name) = name
                && lists.insert(name.value.to_string(), entries).is_some()
            {
                reader.wrong(&name, Wrong::new(format!("there are two lists `{}`", name.value)));
            }
        }
        Self(lists)
    }
}

/// The entries of `values`.
fn entries<'d>(
    reader: &Reader<'_, '_>,
    table: &Table<'d>,
    synonyms: &BTreeMap<String, Template>,
) -> Vec<Entry<'d>> {
    let texts = table.texts("values").unwrap_or_default();
    texts.into_iter().filter_map(|found| entry(reader, found, synonyms)).collect()
}

/// `value`, or `value = what people say`.
fn entry<'d>(
    reader: &Reader<'_, '_>,
    found: Found<&'d str>,
    synonyms: &BTreeMap<String, Template>,
) -> Option<Entry<'d>> {
    let (name, said) =
        found.value.split_once('=').map_or((found.value, None), |(name, said)| (name, Some(said)));
    let name = name.trim();
    let is_fit = !name.is_empty()
        && name.len() <= MAX_PHRASE
        && !name.contains(|letter: char| letter.is_control() || "\"()[]{}<>|;".contains(letter));
    if !is_fit {
        let message = format!("`{}` is not a value", short(name));
        let help = "write \"value\" or \"value = what people say|another way\"";
        reader.wrong(&found, Wrong::with(message, help));
        return None;
    }
    let mut phrases = Vec::new();
    if let Some(said) = said {
        let at = found.value.len() - said.len();
        let said_found = Found { value: said, span: found.span.start + at..found.span.end };
        let template = reader.template(&said_found, synonyms)?;
        if template.count() > MAX_PHRASES || !template.slots().is_empty() {
            let help = format!("at most {MAX_PHRASES} ways, without slots");
            let message = format!("`{name}` is said in {} ways", template.count());
            reader.wrong(&found, Wrong::with(message, help));
            return None;
        }
        for phrase in template.sentences(MAX_PHRASES as usize) {
            if phrase.is_empty() || phrase.len() > MAX_PHRASE || phrase.contains('"') {
                let help = format!("each has 1 to {MAX_PHRASE} bytes and no quotes");
                reader.wrong(&found, Wrong::with(format!("`{}` is not a phrase", short(&phrase)), help));
            } else if !phrases.contains(&phrase) {
                phrases.push(phrase);
            }
        }
    }
    Some(Entry { found, name: name.to_string(), phrases })
}

/// Reads the arguments of a tool.
pub(super) fn read(
    reader: &Reader<'_, '_>,
    tool: &Table<'_>,
    lists: &Lists<'_>,
    synonyms: &BTreeMap<String, Template>,
) -> Vec<Argument> {
    let mut arguments: Vec<Argument> = Vec::new();
    for table in tool.parts().of(&grammar::ARGUMENT) {
        let name = reader.name(&table, "name");
        if let Some(name) = &name
            && arguments.iter().any(|argument| argument.name == name.value)
        {
            reader.wrong(name, Wrong::new(format!("there are two arguments `{}`", name.value)));
        }
        let kind = table.word("kind").and_then(|word| Kind::by_name(word.value));
        if let (Some(name), Some(kind)) = (name, kind) {
            let argument = Reading { reader, table, kind, synonyms };
            arguments.push(argument.argument(name.value, lists));
        }
    }
    if arguments.len() > MAX_ARGUMENTS {
        let message = format!("the tool has {} arguments", arguments.len());
        tool.wrong(Wrong::with(message, format!("at most {MAX_ARGUMENTS}; part it into several tools")));
    }
    arguments
}

/// An argument being read.
struct Reading<'r, 'd> {
    reader: &'r Reader<'r, 'r>,
    table: Table<'d>,
    kind: Kind,
    synonyms: &'r BTreeMap<String, Template>,
}

impl Reading<'_, '_> {
    fn argument(&self, name: &str, lists: &Lists<'_>) -> Argument {
        self.check_keys();
        let (least, greatest) = bounds(self.kind);
        let min = self.bound("min").unwrap_or(least);
        let max = self.bound("max").unwrap_or(greatest);
        if min > max {
            self.table.wrong(Wrong::new("`min` is above `max`"));
        }
        let relative = self.table.truth("relative").unwrap_or(false);
        Argument {
            name: name.to_string(),
            kind: self.kind,
            required: self.table.truth("required").unwrap_or(false),
            relative: relative && self.kind.can_be_relative(),
            min,
            max: max.max(min),
            units: self.units(),
            values: self.values(lists, min..=max.max(min)),
            samples: self.texts("samples"),
        }
    }

    /// Keys that have no meaning for the kind.
    fn check_keys(&self) {
        let kind = self.kind;
        let has_values = kind.is_listed() || kind.is_scalar();
        let is_open = matches!(kind, Kind::Text | Kind::Area | Kind::Name);
        for (key, is_fit) in [
            ("min", kind.is_scalar()),
            ("max", kind.is_scalar()),
            ("relative", kind.can_be_relative()),
            ("unit", kind == Kind::Number),
            ("values", has_values),
            ("list", has_values),
            ("samples", is_open),
        ] {
            if let Some(span) = self.table.span_of(key).filter(|_| !is_fit) {
                let message = format!("`{key}` has no meaning for kind `{}`", kind.name());
                self.table.wrong_at(span, Wrong::with(message, "leave it out, or choose another kind"));
            }
        }
    }

    /// A bound, in the words of its kind.
    fn bound(&self, key: &str) -> Option<i32> {
        let text = self.table.text(key).filter(|_| self.kind.is_scalar())?;
        match self.scalar(text.value) {
            Some(number) => Some(number),
            None => {
                let message = format!("`{key}` is `{}`", short(text.value));
                self.reader.wrong(&text, Wrong::with(message, format!("wanted: {}", wanted(self.kind))));
                None
            }
        }
    }

    fn scalar(&self, text: &str) -> Option<i32> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match value::parse(self.kind, false, &words, &mut ()) {
            Some(Value::Scalar(number)) => Some(number),
            _ => None,
        }
    }

    fn units(&self) -> Vec<String> {
        let units = self.texts("unit");
        if let Some(first) = units.first().filter(|first| first.contains([' ', '=']))
            && let Some(span) = self.table.span_of("unit")
        {
            let message = format!("the unit `{}` has a blank", short(first));
            self.table.wrong_at(
                span,
                Wrong::with(message, "the first word of `unit` is printed: make it one word"),
            );
        }
        units
    }

    /// Texts that are not empty.
    fn texts(&self, key: &str) -> Vec<String> {
        let texts = if self.table.has(key) { self.table.texts(key).unwrap_or_default() } else { Vec::new() };
        let mut kept = Vec::new();
        for text in texts {
            if text.value.trim().is_empty()
                || text.value.len() > MAX_PHRASE
                || text.value.contains(['"', '\n'])
            {
                let help = format!("each has 1 to {MAX_PHRASE} bytes and no quotes");
                self.reader.wrong(&text, Wrong::with(format!("`{}` in `{key}`", short(text.value)), help));
            } else {
                kept.push(text.value.trim().to_string());
            }
        }
        kept
    }

    fn values(&self, lists: &Lists<'_>, range: std::ops::RangeInclusive<i32>) -> Vec<Listed> {
        let own = if self.table.has("values") {
            entries(self.reader, &self.table, self.synonyms)
        } else {
            Vec::new()
        };
        let named = self.table.text("list").and_then(|list| {
            let found = lists.0.get(list.value);
            if found.is_none() {
                let names = lists.0.keys().map(String::as_str);
                self.reader.wrong(&list, Wrong::unknown("list", list.value, names));
            }
            found
        });
        let entries: Vec<&Entry<'_>> = named.into_iter().flatten().chain(&own).collect();
        if entries.is_empty()
            && self.kind == Kind::Choice
            && !self.table.has("values")
            && !self.table.has("list")
        {
            let help = "add values = [\"...\"], or list = \"...\"";
            self.table.wrong(Wrong::with("a choice has no values", help));
        }
        let mut seen = BTreeSet::new();
        entries.into_iter().filter_map(|entry| self.listed(entry, &range, &mut seen)).collect()
    }

    fn listed(
        &self,
        entry: &Entry<'_>,
        range: &std::ops::RangeInclusive<i32>,
        seen: &mut BTreeSet<String>,
    ) -> Option<Listed> {
        let mut phrases = entry.phrases.clone();
        let mut number = 0;
        if self.kind.is_scalar() {
            number = self.number(entry, range)?;
        } else if !phrases.contains(&entry.name) {
            phrases.insert(0, entry.name.clone());
        }
        for phrase in &phrases {
            if !seen.insert(phrase.to_lowercase()) {
                let message = format!("`{}` is said for two values", short(phrase));
                self.reader.wrong(&entry.found, Wrong::new(message));
            }
        }
        Some(Listed { name: entry.name.clone(), number, phrases })
    }

    fn number(&self, entry: &Entry<'_>, range: &std::ops::RangeInclusive<i32>) -> Option<i32> {
        let number = self.scalar(&entry.name);
        let help = match number {
            None => format!("wanted: {}, then `=` and what people say", wanted(self.kind)),
            Some(number) if !range.contains(&number) => "it is outside `min` and `max`".into(),
            Some(_) if entry.phrases.is_empty() => "add `=` and what people say".into(),
            Some(number) => return Some(number),
        };
        self.reader.wrong(&entry.found, Wrong::with(format!("the value `{}`", short(&entry.name)), help));
        None
    }
}

/// The least and the greatest value of a kind.
fn bounds(kind: Kind) -> (i32, i32) {
    match kind {
        Kind::Percent => (0, 100_000),
        Kind::Temperature => (-100_000, 1_000_000),
        Kind::Duration => (1, YEAR),
        Kind::Time => (0, DAY - 1),
        _ => (-MAX_SCALAR, MAX_SCALAR),
    }
}

fn wanted(kind: Kind) -> &'static str {
    match kind {
        Kind::Percent => "a share such as \"20%\"",
        Kind::Temperature => "a temperature such as \"21 C\"",
        Kind::Duration => "a span of time such as \"90 s\"",
        Kind::Time => "a time of day such as \"18:30\"",
        _ => "a number such as \"5\"",
    }
}
