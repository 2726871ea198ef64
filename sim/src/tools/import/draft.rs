//! A tool file under way, as lines that can be left out one by one.

use super::LeftOut;
use ruvllm_esp_core::nlu::kind::Kind;

/// What a line stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Rule(usize),
    Tool(usize),
    Argument { tool: usize, argument: usize },
    Value { tool: usize, argument: usize, value: usize },
    Sentence { tool: usize, group: usize, sentence: usize },
}

#[derive(Debug, Default)]
pub(super) struct Draft {
    pub name: String,
    pub about: String,
    pub language: String,
    /// Names and templates, those that are used before those that use them.
    pub rules: Vec<(String, String)>,
    pub tools: Vec<DraftTool>,
}

#[derive(Debug, Default)]
pub(super) struct DraftTool {
    pub name: String,
    pub arguments: Vec<DraftArgument>,
    pub groups: Vec<Group>,
}

#[derive(Debug)]
pub(super) struct DraftArgument {
    pub name: String,
    pub kind: Kind,
    /// From and to, as the file writes them.
    pub range: Option<(String, String)>,
    /// `value = what people say`.
    pub values: Vec<String>,
}

/// Sentences that imply the same.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub implies: Vec<String>,
    pub sentences: Vec<String>,
}

/// Lines, and what each stands for.
#[derive(Default)]
struct Lines {
    text: String,
    items: Vec<Option<Item>>,
}

impl Lines {
    fn add(&mut self, line: &str, item: Option<Item>) {
        self.text.push_str(line);
        self.text.push('\n');
        self.items.push(item);
    }

    fn list(&mut self, key: &str, texts: impl Iterator<Item = (String, Item)>, own: Option<Item>) {
        self.add(&format!("{key} = ["), own);
        for (text, item) in texts {
            self.add(&format!("    {},", quoted(&text)), Some(item));
        }
        self.add("]", own);
    }
}

impl Draft {
    /// The text, and what each line stands for.
    pub fn write(&self) -> (String, Vec<Option<Item>>) {
        let mut lines = Lines::default();
        lines.add("schema = 1", None);
        for (key, text) in [("name", &self.name), ("about", &self.about), ("language", &self.language)] {
            lines.add(&format!("{key} = {}", quoted(text)), None);
        }
        for (index, (name, say)) in self.rules.iter().enumerate() {
            let item = Some(Item::Rule(index));
            lines.add("", None);
            lines.add("[[synonym]]", item);
            lines.add(&format!("name = {}", quoted(name)), item);
            lines.add(&format!("say = {}", quoted(say)), item);
        }
        for index in 0..self.tools.len() {
            self.write_tool(index, &mut lines);
        }
        (lines.text, lines.items)
    }

    fn write_tool(&self, index: usize, lines: &mut Lines) {
        let Some(tool) = self.tools.get(index) else { return };
        let own = Some(Item::Tool(index));
        let sentences = |group: usize| {
            let texts = tool.groups.get(group).map(|group| group.sentences.iter()).into_iter().flatten();
            let item = move |sentence| Item::Sentence { tool: index, group, sentence };
            texts.enumerate().map(move |(sentence, text)| (text.clone(), item(sentence)))
        };
        lines.add("", None);
        lines.add("[[tool]]", own);
        lines.add(&format!("name = {}", quoted(&tool.name)), own);
        let is_plain = |group: &Group| group.implies.is_empty() && !group.sentences.is_empty();
        if let Some(plain) = tool.groups.iter().position(is_plain) {
            lines.list("examples", sentences(plain), own);
        }
        for (argument, draft) in tool.arguments.iter().enumerate() {
            write_argument(draft, index, argument, lines);
        }
        for (group, draft) in tool.groups.iter().enumerate() {
            if !draft.implies.is_empty() && !draft.sentences.is_empty() {
                lines.add("", None);
                lines.add("[[tool.intent]]", own);
                let implies: Vec<String> = draft.implies.iter().map(|implied| quoted(implied)).collect();
                lines.add(&format!("implies = [{}]", implies.join(", ")), own);
                lines.list("examples", sentences(group), own);
            }
        }
    }

    /// Takes an item out, and says what it was; none where it is gone already.
    pub fn leave_out(&mut self, item: Item, why: &str) -> Option<LeftOut> {
        let gone = |intent: &str, what, text: String| {
            Some(LeftOut { intent: intent.to_string(), what, text, why: why.to_string() })
        };
        match item {
            Item::Rule(rule) => {
                let (name, say) = self.rules.get_mut(rule).map(std::mem::take)?;
                self.rules.retain(|(name, _)| !name.is_empty());
                gone("", "rule", format!("<{name}> {say}"))
            }
            Item::Tool(tool) => {
                let removed = (tool < self.tools.len()).then(|| self.tools.remove(tool))?;
                gone(&removed.name, "tool", removed.name.clone())
            }
            Item::Argument { tool, argument } => {
                let tool = self.tools.get_mut(tool)?;
                let removed = (argument < tool.arguments.len()).then(|| tool.arguments.remove(argument))?;
                gone(&tool.name, "argument", removed.name)
            }
            Item::Value { tool, argument, value } => {
                let tool = self.tools.get_mut(tool)?;
                let values = &mut tool.arguments.get_mut(argument)?.values;
                let removed = (value < values.len()).then(|| values.remove(value))?;
                gone(&tool.name, "value", removed)
            }
            Item::Sentence { tool, group, sentence } => {
                let tool = self.tools.get_mut(tool)?;
                let sentences = &mut tool.groups.get_mut(group)?.sentences;
                let removed = (sentence < sentences.len()).then(|| sentences.remove(sentence))?;
                gone(&tool.name, "sentence", removed)
            }
        }
    }
}

fn write_argument(draft: &DraftArgument, tool: usize, argument: usize, lines: &mut Lines) {
    let own = Some(Item::Argument { tool, argument });
    lines.add("", None);
    lines.add("[[tool.argument]]", own);
    lines.add(&format!("name = {}", quoted(&draft.name)), own);
    lines.add(&format!("kind = {}", quoted(draft.kind.name())), own);
    if let Some((min, max)) = &draft.range {
        lines.add(&format!("min = {}", quoted(min)), own);
        lines.add(&format!("max = {}", quoted(max)), own);
    }
    if !draft.values.is_empty() {
        let item = |value| Item::Value { tool, argument, value };
        let values = draft.values.iter().enumerate().map(|(value, text)| (text.clone(), item(value)));
        lines.list("values", values, own);
    }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_string()).to_string()
}
