//! Which keys there are in a tool file, what they hold, and what they mean.

use crate::scenario::grammar::{Section, Value, may, must};

/// The words of the kinds, as `core::nlu::kind` has them.
const KINDS: &[&str] =
    &["choice", "number", "percent", "temperature", "duration", "time", "color", "area", "name", "text"];

/// The top of the file.
pub const TOP: Section = Section {
    name: "",
    about: "The tools as a whole.",
    keys: &[
        must("schema", Value::Integer(1, 1), "the version of this format"),
        may("name", Value::Text, "the file's name", "what the file is called"),
        may("about", Value::Text, "nothing", "what it is for, for the reader"),
        may("language", Value::Text, "en", "the language of the sentences"),
    ],
    kinds: &[],
    parts: &SECTIONS,
};

/// The sections.
pub const SECTIONS: [&Section; 3] = [&SYNONYM, &LIST, &TOOL];

/// Parts of sentences.
pub const SYNONYM: Section = Section {
    name: "synonym",
    about: "A part of sentences, written `<name>` in any sentence.",
    keys: &[
        must("name", Value::Text, "what it is called"),
        must("say", Value::Text, "what people say, such as \"(light|lights|lamp[s])\""),
    ],
    kinds: &[],
    parts: &[],
};

/// Lists of values.
pub const LIST: Section = Section {
    name: "list",
    about: "Values that several arguments have; an argument takes them with `list`.",
    keys: &[
        must("name", Value::Text, "what it is called"),
        must("values", Value::Texts, "the values, each \"value\" or \"value = what people say\""),
    ],
    kinds: &[],
    parts: &[],
};

/// Tools.
pub const TOOL: Section = Section {
    name: "tool",
    about: "Something that can be called.",
    keys: &[
        must("name", Value::Text, "what it is called, such as \"light.set\""),
        may("about", Value::Text, "nothing", "what it does, for the reader"),
        may(
            "examples",
            Value::Texts,
            "none",
            "how people say it, such as \"turn the {area} <light> {state}\"",
        ),
    ],
    kinds: &[],
    parts: &[&ARGUMENT, &INTENT],
};

/// Arguments of a tool.
pub const ARGUMENT: Section = Section {
    name: "tool.argument",
    about: "An argument of the tool above it, and a slot of its sentences.",
    keys: &[
        must("name", Value::Text, "what it is called; arguments of one name mean the same in every tool"),
        must("kind", Value::Word(KINDS), "what it holds"),
        may("required", Value::Truth, "false", "whether it is asked for where a sentence lacks it"),
        may("relative", Value::Truth, "false", "whether \"a bit warmer\" is a value"),
        may("min", Value::Text, "the least of its kind", "the least value, such as \"5 degrees\""),
        may("max", Value::Text, "the greatest of its kind", "the greatest value"),
        may("unit", Value::Texts, "none", "words of a number's unit; the first one is printed"),
        may(
            "values",
            Value::Texts,
            "none",
            "values with names, each \"value\" or \"value = what people say\"",
        ),
        may("list", Value::Text, "none", "a `[[list]]` of such values"),
        may("samples", Value::Texts, "none", "what may stand in the slot where any words may"),
    ],
    kinds: &[],
    parts: &[],
};

/// Ways to mean a tool.
pub const INTENT: Section = Section {
    name: "tool.intent",
    about: "Sentences that imply an argument of the tool above without saying it: \"lights out\" implies `state=off`.",
    keys: &[
        must("implies", Value::Texts, "what they imply, such as \"state=off\""),
        must("examples", Value::Texts, "the sentences"),
    ],
    kinds: &[],
    parts: &[],
};

#[cfg(test)]
mod tests {
    use super::*;
    use ruvllm_esp_core::nlu::kind::Kind;

    #[test]
    fn the_kinds_are_those_of_the_core() {
        assert!(Kind::ALL.into_iter().map(Kind::name).eq(KINDS.iter().copied()));
    }
}
