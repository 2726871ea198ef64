//! A tool file, read and checked.

use super::template::Template;
use ruvllm_esp_core::nlu::kind::Kind;
use ruvllm_esp_core::nlu::value::Value;

/// What can be called in plain words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ToolFile {
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// The language of its sentences, such as `en`.
    pub language: String,
    /// Parts of sentences that have a name.
    pub synonyms: Vec<Synonym>,
    /// The tools.
    pub tools: Vec<Tool>,
}

/// A part of sentences that has a name, `<name>` in a template.
#[derive(Clone, Debug, PartialEq)]
pub struct Synonym {
    /// The name.
    pub name: String,
    /// What is said.
    pub template: Template,
}

/// A tool.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tool {
    /// The name.
    pub name: String,
    /// What it does.
    pub about: String,
    /// Its arguments, at most eight.
    pub arguments: Vec<Argument>,
    /// The ways to mean it, each with its sentences: the classes of an encoder. At least one.
    pub intents: Vec<Intent>,
}

/// One way to mean a tool: arguments that the sentences imply, and the sentences.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Intent {
    /// What the sentences imply without a slot.
    pub implied: Vec<Implied>,
    /// The sentences.
    pub examples: Vec<Example>,
}

/// An argument whose value no word says.
#[derive(Clone, Debug, PartialEq)]
pub struct Implied {
    /// Index among the tool's arguments.
    pub argument: usize,
    /// The value.
    pub value: Value,
    /// The words, where these are the value; empty elsewhere.
    pub text: String,
}

/// An example sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// The line of the file, from 1.
    pub line: u32,
    /// The sentence.
    pub template: Template,
}

/// An argument of a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// The name; a slot in sentences.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Is it asked for where a sentence lacks it?
    pub required: bool,
    /// May it be relative to the present value?
    pub relative: bool,
    /// The least value, in the unit of the kind (`nlu::value`).
    pub min: i32,
    /// The greatest value.
    pub max: i32,
    /// Words of a number's unit; the first one is printed.
    pub units: Vec<String>,
    /// Values that have names. For a choice all that there are; for an area or a name too, if there are any.
    pub values: Vec<Listed>,
    /// What a trainer puts into the slot where any words may stand.
    pub samples: Vec<String>,
}

/// A value that has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// What a call says.
    pub name: String,
    /// The number it stands for, where the kind is a number.
    pub number: i32,
    /// What people say; the name itself where it is not a number.
    pub phrases: Vec<String>,
}

impl ToolFile {
    /// Every intent with the index of its tool, in the order of the encoder's classes.
    pub fn intents(&self) -> impl Iterator<Item = (usize, &Intent)> {
        self.tools
            .iter()
            .enumerate()
            .flat_map(|(index, tool)| tool.intents.iter().map(move |intent| (index, intent)))
    }

    /// The names of arguments, each once, in the order of the encoder's tags: outside, then begin and inside of each.
    pub fn slots(&self) -> Vec<&str> {
        let mut slots: Vec<&str> = Vec::new();
        for argument in self.tools.iter().flat_map(|tool| &tool.arguments) {
            if !slots.contains(&argument.name.as_str()) {
                slots.push(&argument.name);
            }
        }
        slots
    }

    /// How many different sentences its examples stand for, slots unfilled; saturating.
    pub fn sentences(&self) -> u64 {
        let examples = self.intents().flat_map(|(_, intent)| &intent.examples);
        examples.fold(0, |sum, example| sum.saturating_add(example.template.count()))
    }
}
