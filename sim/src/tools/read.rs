//! Reads a tool file: every mistake with its location, all at once.

use super::arguments::{self, Lists};
use super::examples;
use super::file::{Synonym, Tool, ToolFile};
use super::grammar;
use super::template::{self, Template};
use crate::scenario::data::read_text;
use crate::scenario::problem::{Notes, Problems, Wrong, short};
use crate::scenario::read::{malformed, whole};
use crate::scenario::table::{Found, Table};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use toml::de::DeTable;

/// The largest file, in bytes.
const MAX_TEXT: usize = 1 << 20;
/// The most tools of a file.
const MAX_TOOLS: usize = 256;
/// The longest name of a tool or an argument.
const MAX_NAME: usize = 40;

impl ToolFile {
    /// Reads a tool file.
    ///
    /// # Errors
    /// [`Problems`].
    pub fn read(path: &Path) -> Result<Self, Problems> {
        let name = path.display().to_string();
        let text = read_text(path).map_err(|why| whole(&name, why))?;
        Self::parse(&text, &name)
    }

    /// Reads the text of a tool file called `name`.
    ///
    /// # Errors
    /// [`Problems`].
    pub fn parse(text: &str, name: &str) -> Result<Self, Problems> {
        if text.len() > MAX_TEXT {
            return Err(whole(name, format!("a tool file is at most {} MiB", MAX_TEXT >> 20)));
        }
        let notes = Notes::new(text);
        let (document, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let key = error.span().and_then(|span| text.get(span)).unwrap_or_default();
            notes.add(error.span(), malformed(error.message(), key, &grammar::SECTIONS));
        }
        if notes.any() {
            return Err(notes.finish(name));
        }
        let top = Table::open(document.get_ref(), 0..0, &grammar::TOP, &notes);
        let file = Reader { text, notes: &notes }.file(&top, name);
        if !notes.any()
            && let Err(message) = file.schema()
        {
            notes.add(None, Wrong::with(message, "use fewer or shorter names and values"));
        }
        if notes.any() { Err(notes.finish(name)) } else { Ok(file) }
    }
}

/// What the parts of the reader share.
#[derive(Clone, Copy)]
pub(super) struct Reader<'n, 't> {
    text: &'t str,
    notes: &'n Notes<'t>,
}

impl Reader<'_, '_> {
    fn file(&self, top: &Table<'_>, path: &str) -> ToolFile {
        // The grammar allows no version but the first; a wrong one is noted here.
        let _ = top.whole("schema");
        let text = |name| top.text(name).map(|text| text.value.to_string());
        let stem = || Path::new(path).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let (synonyms, by_name) = self.synonyms(top);
        let lists = Lists::read(self, top, &by_name);
        let mut file = ToolFile {
            name: text("name").or_else(stem).unwrap_or_default(),
            about: text("about").unwrap_or_default(),
            language: text("language").unwrap_or_else(|| "en".into()),
            synonyms,
            tools: Vec::new(),
        };
        let mut names = BTreeSet::new();
        for table in top.parts().of(&grammar::TOOL) {
            if let Some(tool) = self.tool(&table, &lists, &by_name, &mut names) {
                file.tools.push(tool);
            }
        }
        if names.is_empty() {
            top.wrong(Wrong::with("there is no tool", "`ruvllm-esp tools new FILE` writes an example"));
        }
        if file.tools.len() > MAX_TOOLS {
            top.wrong(Wrong::new(format!("there are {} tools, at most {MAX_TOOLS}", file.tools.len())));
        }
        file
    }

    fn tool(
        &self,
        table: &Table<'_>,
        lists: &Lists,
        synonyms: &BTreeMap<String, Template>,
        names: &mut BTreeSet<String>,
    ) -> Option<Tool> {
        let name = self.name(table, "name");
        if let Some(name) = &name
            && !names.insert(name.value.to_string())
        {
            table.wrong_at(name.span.clone(), Wrong::new(format!("there are two tools `{}`", name.value)));
        }
        let arguments = arguments::read(self, table, lists, synonyms);
        let intents = examples::read(self, table, &arguments, synonyms);
        if intents.is_empty() && !table.has("examples") && !table.parts().has("intent") {
            let help = "add examples = [\"...\"]: sentences that mean it";
            table.wrong(Wrong::with("the tool has no example", help));
        }
        Some(Tool {
            name: name?.value.to_string(),
            about: table.text("about").map(|text| text.value.to_string()).unwrap_or_default(),
            arguments,
            intents,
        })
    }

    /// Synonyms may use those above them.
    fn synonyms(&self, top: &Table<'_>) -> (Vec<Synonym>, BTreeMap<String, Template>) {
        let (mut list, mut by_name) = (Vec::new(), BTreeMap::new());
        for table in top.parts().of(&grammar::SYNONYM) {
            let name = self.name(&table, "name");
            let Some(say) = table.text("say") else { continue };
            let (Some(name), Some(template)) = (name, self.template(&say, &by_name)) else { continue };
            if by_name.insert(name.value.to_string(), template.clone()).is_some() {
                table.wrong_at(name.span, Wrong::new(format!("there are two synonyms `{}`", name.value)));
            }
            list.push(Synonym { name: name.value.to_string(), template });
        }
        (list, by_name)
    }

    /// A name of letters, digits, `.`, `-` and `_`.
    pub fn name<'d>(&self, table: &Table<'d>, key: &str) -> Option<Found<&'d str>> {
        let name = table.text(key)?;
        let is_fit = |letter: char| letter.is_alphanumeric() || "-_.".contains(letter);
        if name.value.is_empty() || name.value.len() > MAX_NAME || !name.value.chars().all(is_fit) {
            let help = format!("a name is up to {MAX_NAME} letters, digits, `-`, `_` and `.`");
            let message = format!("`{}` is not a name", short(name.value));
            table.wrong_at(name.span, Wrong::with(message, help));
            return None;
        }
        Some(name)
    }

    /// A template; its mistakes have their column.
    pub fn template(&self, text: &Found<&str>, synonyms: &BTreeMap<String, Template>) -> Option<Template> {
        template::parse(text.value, synonyms)
            .map_err(|mistake| self.wrong_in(text, mistake.at, Wrong::with(mistake.message, mistake.help)))
            .ok()
    }

    /// Notes a mistake at byte `at` of a text, where the file has the text as it is; at its beginning elsewhere.
    pub fn wrong_in(&self, text: &Found<&str>, at: usize, wrong: Wrong) {
        let start = text.span.start + 1;
        let is_plain = self.text.get(start..start + text.value.len()) == Some(text.value);
        let start = if is_plain { start + at } else { text.span.start };
        self.notes.add(Some(start..start), wrong);
    }

    /// Notes a mistake at a text.
    pub fn wrong(&self, text: &Found<&str>, wrong: Wrong) {
        self.notes.add(Some(text.span.clone()), wrong);
    }

    /// The line of a text.
    pub fn line(&self, text: &Found<&str>) -> u32 {
        self.notes.line(text.span.start)
    }
}
