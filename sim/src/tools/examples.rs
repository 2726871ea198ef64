//! Example sentences of a tool, and what they imply.

use super::file::{Argument, Example, Implied, Intent};
use super::grammar;
use super::read::Reader;
use super::template::Template;
use crate::scenario::problem::{Wrong, short};
use crate::scenario::table::{Found, Table};
use ruvllm_esp_core::nlu::kind::{Kind, MAX_NAME_WORDS};
use ruvllm_esp_core::nlu::value::{self, Value};
use std::collections::BTreeMap;

/// Reads the intents of a tool: its plain examples first, then each `[[tool.intent]]`.
pub(super) fn read(
    reader: &Reader<'_, '_>,
    tool: &Table<'_>,
    arguments: &[Argument],
    synonyms: &BTreeMap<String, Template>,
) -> Vec<Intent> {
    let mut intents = Vec::new();
    if tool.has("examples") {
        let examples = examples(reader, tool, arguments, &[], synonyms);
        intents.push(Intent { implied: Vec::new(), examples });
    }
    for table in tool.parts().of(&grammar::INTENT) {
        let texts = table.texts("implies").unwrap_or_default();
        let implied: Vec<Implied> =
            texts.iter().filter_map(|text| implied(reader, text, arguments)).collect();
        for (index, one) in implied.iter().enumerate() {
            if implied.iter().take(index).any(|other| other.argument == one.argument) {
                table.wrong(Wrong::new("an argument is implied twice"));
            }
        }
        let examples = examples(reader, &table, arguments, &implied, synonyms);
        intents.push(Intent { implied, examples });
    }
    intents.retain(|intent| !intent.examples.is_empty());
    intents
}

fn examples(
    reader: &Reader<'_, '_>,
    table: &Table<'_>,
    arguments: &[Argument],
    implied: &[Implied],
    synonyms: &BTreeMap<String, Template>,
) -> Vec<Example> {
    let texts = table.texts("examples").unwrap_or_default();
    let mut examples = Vec::new();
    for text in &texts {
        let Some(template) = reader.template(text, synonyms) else { continue };
        check_slots(reader, text, &template, arguments, implied);
        examples.push(Example { line: reader.line(text), template });
    }
    examples
}

fn check_slots(
    reader: &Reader<'_, '_>,
    text: &Found<&str>,
    template: &Template,
    arguments: &[Argument],
    implied: &[Implied],
) {
    for (slot, count) in template.slots() {
        let at = text.value.find(&format!("{{{slot}}}")).unwrap_or(0);
        let Some(index) = arguments.iter().position(|argument| argument.name == slot) else {
            let names = arguments.iter().map(|argument| argument.name.as_str());
            reader.wrong_in(text, at, Wrong::unknown("argument", slot, names));
            continue;
        };
        if count > 1 {
            let help = "part the sentence into two";
            reader.wrong_in(
                text,
                at,
                Wrong::with(format!("`{{{slot}}}` can stand {count} times in one sentence"), help),
            );
        }
        if implied.iter().any(|implied| implied.argument == index) {
            let message = format!("`{{{slot}}}` is implied, and stands in the sentence");
            reader.wrong_in(text, at, Wrong::with(message, "move the sentence to `examples` of the tool"));
        }
    }
    if template.may_be_silent() {
        let help = "something has to be said: make a part of it not optional";
        reader.wrong(text, Wrong::with("the sentence can be empty", help));
    }
}

/// `argument=value`.
fn implied(reader: &Reader<'_, '_>, text: &Found<&str>, arguments: &[Argument]) -> Option<Implied> {
    let Some((name, said)) = text.value.split_once('=') else {
        let message = format!("`{}` implies nothing", short(text.value));
        reader.wrong(text, Wrong::with(message, "write \"argument=value\""));
        return None;
    };
    let (name, said) = (name.trim(), said.trim());
    let Some(index) = arguments.iter().position(|argument| argument.name == name) else {
        let names = arguments.iter().map(|argument| argument.name.as_str());
        reader.wrong(text, Wrong::unknown("argument", name, names));
        return None;
    };
    let argument = arguments.get(index)?;
    let Some(value) = value_of(argument, said) else {
        let message = format!("`{}` is no value of `{name}`", short(said));
        let names = argument.values.iter().map(|listed| listed.name.as_str());
        let wrong = if argument.values.is_empty() {
            Wrong::with(message, format!("wanted: a {} within its range", argument.kind.name()))
        } else {
            Wrong { message, ..Wrong::unknown("value", said, names) }
        };
        reader.wrong(text, wrong);
        return None;
    };
    let text = if value == Value::Words { said.to_string() } else { String::new() };
    Some(Implied { argument: index, value, text })
}

fn value_of(argument: &Argument, said: &str) -> Option<Value> {
    let listed = argument.values.iter().position(|listed| listed.name == said);
    if argument.kind.is_listed() && !argument.values.is_empty() {
        return listed.map(|index| Value::Choice(index as u16));
    }
    let words: Vec<&str> = said.split_whitespace().collect();
    match argument.kind {
        Kind::Area | Kind::Name if words.len() > MAX_NAME_WORDS => None,
        Kind::Area | Kind::Name | Kind::Text => (!words.is_empty()).then_some(Value::Words),
        kind => match value::parse(kind, argument.relative, &words, &mut ())? {
            Value::Scalar(number) if !(argument.min..=argument.max).contains(&number) => None,
            value => Some(value),
        },
    }
}
