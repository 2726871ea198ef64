//! Reads a scenario file: every mistake with its location, all at once.
//!
//! Text of any kind gives a scenario within bounds or a list of mistakes, and the memory that reading takes is bounded by
//! the size of the file, the number of chips it may have, and the data files it may name.

use super::data::{Files, Folder, Library, MAX_BYTES, read_text};
use super::grammar::{self, SECTIONS, Section};
use super::key::FleetKey;
use super::members::Members;
use super::plan::{Bundle, Scenario, Topology};
use super::problem::{Notes, Problem, Problems, Wrong, short};
use super::quantity;
use super::sections::Sections;
use super::table::Table;
use ruvllm_esp_core::units::Micros;
use std::path::Path;
use toml::Spanned;
use toml::de::DeTable;

/// The largest scenario, in bytes.
const MAX_TEXT: usize = 1 << 20;

impl Scenario {
    /// Reads a scenario and the data that it names.
    ///
    /// # Errors
    /// [`Problems`].
    pub fn read(path: &Path) -> Result<Self, Problems> {
        Self::read_until(path, None)
    }

    /// Reads a scenario that ends at another time than it says. Where that is later, all that lasts to the end lasts to
    /// that end; where it is earlier, what was due later is not judged.
    ///
    /// # Errors
    /// [`Problems`].
    pub fn read_until(path: &Path, until: Option<Micros>) -> Result<Self, Problems> {
        let name = path.display().to_string();
        let text = read_text(path).map_err(|why| whole(&name, why))?;
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        Self::parse_until(&text, &name, &Folder(folder.to_path_buf()), until)
    }

    /// Reads the text of a scenario called `name`, its data from `files`.
    ///
    /// # Errors
    /// [`Problems`].
    pub fn parse(text: &str, name: &str, files: &(impl Files + ?Sized)) -> Result<Self, Problems> {
        Self::parse_until(text, name, files, None)
    }

    fn parse_until(
        text: &str,
        name: &str,
        files: &(impl Files + ?Sized),
        until: Option<Micros>,
    ) -> Result<Self, Problems> {
        if text.len() > MAX_TEXT {
            let limit = MAX_TEXT.min(MAX_BYTES as usize) >> 20;
            return Err(whole(name, format!("a scenario is at most {limit} MiB")));
        }
        let notes = Notes::new(text);
        let (document, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            for error in errors {
                let key = error.span().and_then(|span| text.get(span)).unwrap_or_default();
                notes.add(error.span(), malformed(error.message(), key, &SECTIONS));
            }
            return Err(notes.finish(name));
        }
        let mut library = Library::default();
        let scenario = document_of(&document, &notes, &mut library, files, until);
        if notes.any() {
            return Err(notes.finish(name));
        }
        let bundle = Bundle { name: name.to_string(), text: text.to_string(), files: library.files };
        let mut scenario = Scenario { bundle, planned: scenario.until, ..scenario };
        scenario.until = until.unwrap_or(scenario.until);
        if scenario.name.is_empty() {
            let stem = Path::new(name).file_stem().map(|stem| stem.to_string_lossy().into_owned());
            scenario.name = stem.unwrap_or_default();
        }
        Ok(scenario)
    }

    /// The scenario that a bundle holds.
    ///
    /// # Errors
    /// [`Problems`].
    pub fn unpack(bundle: &Bundle) -> Result<Self, Problems> {
        Self::unpack_until(bundle, None)
    }

    /// The scenario that a bundle holds, ending at another time than it says, as in [`Scenario::read_until`].
    ///
    /// # Errors
    /// [`Problems`].
    pub fn unpack_until(bundle: &Bundle, until: Option<Micros>) -> Result<Self, Problems> {
        Self::parse_until(&bundle.text, &bundle.name, bundle.files.as_slice(), until)
    }
}

fn document_of(
    document: &Spanned<DeTable<'_>>,
    notes: &Notes<'_>,
    library: &mut Library,
    files: &(impl Files + ?Sized),
    until: Option<Micros>,
) -> Scenario {
    let top = Table::open(document.get_ref(), 0..0, &grammar::TOP, notes);
    let mut scenario = top_of(&top);
    scenario.until = scenario.until.max(until.unwrap_or_default());
    let sections = Sections::new(document.get_ref(), notes);
    let members = Members::read(sections, &mut scenario, notes);
    super::typed::read(sections, &mut scenario, &members, notes, library, files);
    scenario.faults = super::failing::read(sections, &scenario, &members, notes);
    scenario.expectations = super::expected::read(sections, &scenario, &members, notes);
    debug_assert_eq!(SECTIONS.len(), 7, "every section is read above");
    if !notes.any() {
        super::doubts::note(&top, sections, &scenario, &members, notes);
        scenario.doubts = notes.doubts();
    }
    scenario
}

/// What the file says before its first section.
fn top_of(top: &Table<'_>) -> Scenario {
    // The grammar allows no version but the first; a wrong one is noted here.
    let _ = top.whole("schema");
    let text = |name| top.text(name).map(|text| text.value.to_string()).unwrap_or_default();
    let topology = top.word("topology").and_then(|word| Topology::by_name(word.value));
    let until = top.parsed("until", quantity::time).map_or(Micros::seconds(60), |time| time.value);
    if until == Micros(0) {
        top.wrong(Wrong::new("a scenario cannot end at 0s"));
    }
    let key = top.parsed("key", FleetKey::parse).map_or(FleetKey::None, |key| key.value);
    let encrypts = top.truth("encrypt").unwrap_or(false);
    if encrypts && key == FleetKey::None {
        let help = "add `key = \"from-seed\"`, which is enough for a simulation";
        top.wrong_at(
            top.span_of("encrypt").unwrap_or(top.span()),
            Wrong::with("`encrypt` needs a `key`", help),
        );
    }
    Scenario {
        name: text("name"),
        about: text("about"),
        seed: top.whole("seed").map_or(0, |seed| seed.value),
        until,
        topology: topology.unwrap_or_default(),
        replicas: top.whole("replicas").map_or(2, |replicas| replicas.value as u8),
        key,
        encrypts,
        ..Scenario::default()
    }
}

pub(crate) fn whole(file: &str, message: String) -> Problems {
    let problem = Problem { line: 0, column: 0, message, help: None };
    Problems { file: file.to_string(), list: vec![problem], more: 0 }
}

/// What is no TOML; `at` is the text that the parser points at.
pub(crate) fn malformed(message: &str, at: &str, sections: &[&Section]) -> Wrong {
    let message = message.trim().replace('\n', "; ");
    if message != "duplicate key" {
        return Wrong::new(message);
    }
    let wrong = format!("duplicate key `{}`", short(at));
    match sections.iter().find(|section| section.name == at.trim_matches(['[', ']', ' '])) {
        Some(section) => Wrong::with(wrong, format!("write {} each time", section.heading())),
        None => Wrong::new(wrong),
    }
}
