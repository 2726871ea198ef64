//! A tool file as the bytes that a chip reads.

use super::file::{Argument, Implied, ToolFile};
use ruvllm_esp_core::nlu::record::{
    ArgumentRecord, Header, IntentRecord, MAGIC, RELATIVE, REQUIRED, SetRecord, TextRef, ToolRecord, VERSION,
    ValueRecord,
};
use ruvllm_esp_core::nlu::schema::Schema;
use ruvllm_esp_core::nlu::value::Value;
use std::collections::BTreeMap;
use zerocopy::IntoBytes;
use zerocopy::little_endian::{I32, U16};

impl ToolFile {
    /// The schema, checked as a chip checks it. Texts that are equal are stored once.
    ///
    /// # Errors
    /// What there is too much of.
    pub fn schema(&self) -> Result<Vec<u8>, String> {
        let mut writer = Writer::default();
        writer.file(self)?;
        let bytes = writer.bytes()?;
        match Schema::new(&bytes, &mut ()) {
            Ok(_) => Ok(bytes),
            Err(error) => Err(format!("the tools do not fit a schema: {error:?}")),
        }
    }
}

#[derive(Default)]
struct Writer {
    intents: Vec<IntentRecord>,
    tools: Vec<ToolRecord>,
    arguments: Vec<ArgumentRecord>,
    slots: Vec<TextRef>,
    values: Vec<ValueRecord>,
    phrases: Vec<TextRef>,
    sets: Vec<SetRecord>,
    text: String,
    /// Where each text lies.
    texts: BTreeMap<String, usize>,
    /// Where each list of values lies, so that arguments with the same list share it.
    lists: BTreeMap<Vec<u8>, usize>,
}

impl Writer {
    fn file(&mut self, file: &ToolFile) -> Result<(), String> {
        let slots = file.slots();
        for slot in &slots {
            let text = self.text(slot)?;
            self.slots.push(text);
        }
        for (index, tool) in file.tools.iter().enumerate() {
            let record = ToolRecord {
                name: self.text(&tool.name)?,
                first_argument: small(self.arguments.len(), "arguments")?,
                arguments: byte(tool.arguments.len(), "arguments of a tool")?,
            };
            self.tools.push(record);
            for argument in &tool.arguments {
                let slot = slots.iter().position(|slot| *slot == argument.name).unwrap_or_default();
                self.argument(argument, byte(slot, "names of arguments")?)?;
            }
            for intent in &tool.intents {
                let first_set = small(self.sets.len(), "implied values")?;
                intent.implied.iter().try_for_each(|implied| self.set(implied))?;
                let sets = byte(intent.implied.len(), "implied values of an intent")?;
                self.intents.push(IntentRecord { tool: small(index, "tools")?, first_set, sets });
            }
        }
        Ok(())
    }

    fn argument(&mut self, argument: &Argument, slot: u8) -> Result<(), String> {
        let first_unit = small(self.phrases.len(), "phrases")?;
        self.phrases_of(&argument.units)?;
        let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
        let record = ArgumentRecord {
            slot,
            kind: argument.kind as u8,
            flags: flag(argument.required, REQUIRED) | flag(argument.relative, RELATIVE),
            units: byte(argument.units.len(), "words of a unit")?,
            first_unit,
            first_value: self.values_of(argument)?,
            values: small(argument.values.len(), "values of an argument")?,
            min: I32::new(argument.min),
            max: I32::new(argument.max),
        };
        self.arguments.push(record);
        Ok(())
    }

    /// Adds the values of an argument, and gives the index of the first.
    fn values_of(&mut self, argument: &Argument) -> Result<U16, String> {
        let key = format!("{:?}", argument.values).into_bytes();
        if let Some(first) = self.lists.get(&key) {
            return small(*first, "values");
        }
        let first = self.values.len();
        for listed in &argument.values {
            let others: Vec<String> =
                listed.phrases.iter().filter(|phrase| **phrase != listed.name).cloned().collect();
            let record = ValueRecord {
                name: self.text(&listed.name)?,
                number: I32::new(listed.number),
                first_phrase: small(self.phrases.len(), "phrases")?,
                phrases: byte(others.len(), "phrases of a value")?,
            };
            self.phrases_of(&others)?;
            self.values.push(record);
        }
        self.lists.insert(key, first);
        small(first, "values")
    }

    fn phrases_of(&mut self, phrases: &[String]) -> Result<(), String> {
        for phrase in phrases {
            let text = self.text(phrase)?;
            self.phrases.push(text);
        }
        Ok(())
    }

    fn set(&mut self, implied: &Implied) -> Result<(), String> {
        let (value, number) = match implied.value {
            Value::Choice(index) => (0, index.into()),
            Value::Scalar(number) => (1, number),
            Value::Change(number) => (2, number),
            Value::Steps(steps) => (3, steps.into()),
            Value::Color(color) => (4, color as i32),
            Value::Words => (5, 0),
        };
        let text = if implied.text.is_empty() { TextRef::default() } else { self.text(&implied.text)? };
        let argument = byte(implied.argument, "arguments of a tool")?;
        self.sets.push(SetRecord { argument, value, number: I32::new(number), text });
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<TextRef, String> {
        let offset = match self.texts.get(text) {
            Some(offset) => *offset,
            None => {
                let offset = self.text.len();
                self.text.push_str(text);
                self.texts.insert(text.to_string(), offset);
                offset
            }
        };
        Ok(TextRef {
            offset: small(offset, "bytes of names and phrases")?,
            length: byte(text.len(), "bytes of a text")?,
        })
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        let header = Header {
            magic: MAGIC,
            version: VERSION,
            reserved: 0,
            intents: small(self.intents.len(), "intents")?,
            tools: small(self.tools.len(), "tools")?,
            arguments: small(self.arguments.len(), "arguments")?,
            slots: small(self.slots.len(), "names of arguments")?,
            values: small(self.values.len(), "values")?,
            phrases: small(self.phrases.len(), "phrases")?,
            sets: small(self.sets.len(), "implied values")?,
            text: small(self.text.len(), "bytes of names and phrases")?,
        };
        let parts = [
            header.as_bytes(),
            self.intents.as_bytes(),
            self.tools.as_bytes(),
            self.arguments.as_bytes(),
            self.slots.as_bytes(),
            self.values.as_bytes(),
            self.phrases.as_bytes(),
            self.sets.as_bytes(),
            self.text.as_bytes(),
        ];
        Ok(parts.concat())
    }
}

fn small(number: usize, what: &str) -> Result<U16, String> {
    let small = u16::try_from(number).map(U16::new);
    small.map_err(|_| format!("there are {number} {what}, at most {}", u16::MAX))
}

fn byte(number: usize, what: &str) -> Result<u8, String> {
    u8::try_from(number).map_err(|_| format!("there are {number} {what}, at most {}", u8::MAX))
}
