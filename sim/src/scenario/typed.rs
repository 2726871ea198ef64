//! What is typed at the chips: `[[data]]`, `[[type]]` and `[[load]]`.

use super::data::{self, Files, Library, TextCommand};
use super::grammar;
use super::members::Members;
use super::plan::{LoadLines, LoadPlan, Scenario, Scripted};
use super::problem::{Notes, Wrong, short};
use super::quantity;
use super::sections::Sections;
use super::table::Table;
use crate::sensor_log::{LogOptions, TimeColumn};
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::units::Micros;
use std::sync::Arc;

/// The most lines that all loads together may type.
const MAX_TYPED: u64 = 20_000_000;

/// Reads them into `scenario`.
pub(super) fn read(
    sections: Sections<'_>,
    scenario: &mut Scenario,
    members: &Members,
    notes: &Notes<'_>,
    library: &mut Library,
    files: &(impl Files + ?Sized),
) {
    for table in sections.of(&grammar::DATA) {
        let mut reading = Reading { table, scenario, members, notes, library, files };
        let plans = reading.data();
        scenario.scripted.extend(plans);
    }
    for table in sections.of(&grammar::TYPE) {
        scenario.scripted.extend(script(&table, members, notes));
    }
    let mut typed = 0u64;
    for table in sections.of(&grammar::LOAD) {
        let mut reading = Reading { table, scenario, members, notes, library, files };
        for plan in reading.load() {
            typed = typed.saturating_add(plan.expected());
            scenario.load.push(plan);
        }
        if typed > MAX_TYPED {
            return table.wrong(Wrong::new(format!("all loads together type more than {MAX_TYPED} lines")));
        }
    }
}

fn script(table: &Table<'_>, members: &Members, notes: &Notes<'_>) -> Option<Scripted> {
    let at = table.parsed("at", quantity::time);
    let every = table.parsed("every", quantity::time).map_or(Micros(0), |time| time.value);
    let chips = table.texts("chip").and_then(|names| members.chips.find(&names, notes));
    let mut lines = Vec::new();
    for text in table.texts("line")? {
        match data::line("", text.value) {
            Ok(line) => lines.push(line),
            Err(wrong) => table.wrong_at(text.span, wrong),
        }
    }
    Some(Scripted { at: at?.value, chips: chips?, spread: false, lines: lines.into(), every })
}

/// One table being read.
struct Reading<'r, 'd, F: ?Sized> {
    table: Table<'d>,
    scenario: &'r Scenario,
    members: &'r Members,
    notes: &'r Notes<'d>,
    library: &'r mut Library,
    files: &'r F,
}

/// Where the texts of a table come from.
enum Texts {
    Listed(Vec<String>),
    File { text: Arc<str>, is_log: bool },
}

impl<F: Files + ?Sized> Reading<'_, '_, F> {
    fn data(&mut self) -> Vec<Scripted> {
        let table = self.table;
        let at = table.parsed("at", quantity::time).map_or(Micros(0), |time| time.value);
        let every = table.parsed("every", quantity::time).map_or(Micros(0), |time| time.value);
        let spread = table.truth("spread").unwrap_or(false);
        let texts = self.texts();
        let (Some(texts), Some(chips)) = (texts, self.chips()) else { return Vec::new() };
        let parts = self.by_command(chips, TextCommand::Store, &texts);
        if spread && parts.len() > 1 {
            table.wrong(Wrong::with(
                "texts are dealt out among chips of one role",
                "use a [[data]] for each role",
            ));
        }
        let script = |(chips, lines)| Scripted { at, chips, spread, lines, every };
        parts.into_iter().map(script).collect()
    }

    fn load(&mut self) -> Vec<LoadPlan> {
        let table = self.table;
        let gap = table.parsed("rate", quantity::gap);
        let from = table.parsed("from", quantity::time).map_or(Micros(0), |time| time.value);
        let until = table.parsed("until", quantity::time).map_or(self.scenario.until, |time| time.value);
        if from >= until {
            table.wrong(Wrong::new("the load ends before it begins"));
        }
        let chips = self.chips();
        let is_samples = table.kind() == Some("samples");
        let regular = table.truth("regular").unwrap_or(is_samples);
        let (Some(gap), Some(chips)) = (gap, chips) else { return Vec::new() };
        let plan = |(chips, lines)| LoadPlan { chips, gap: gap.value, regular, from, until, lines };
        if is_samples && table.has("signal") {
            self.check_sentinels(&chips);
            return self.signal().map(|lines| plan((chips, lines))).into_iter().collect();
        }
        let Some(texts) = self.texts() else { return Vec::new() };
        if is_samples != matches!(texts, Texts::File { is_log: true, .. }) {
            table.wrong(Wrong::new("samples come from a `.csv` or a `signal`, and nothing else does"));
            return Vec::new();
        }
        let (command_kind, otherwise) = match table.kind() {
            Some("adds") => (TextCommand::Store, "once"),
            Some("samples") => (TextCommand::Store, "turn"),
            _ => (TextCommand::Find, "any"),
        };
        let order = table.word("order").map_or(otherwise, |word| word.value);
        let ordered = |(chips, lines): (Vec<usize>, Arc<[String]>)| (chips, in_order(order, lines));
        self.by_command(chips, command_kind, &texts).into_iter().map(ordered).map(plan).collect()
    }

    fn chips(&self) -> Option<Vec<usize>> {
        self.members.chips.find(&self.table.texts("chip")?, self.notes)
    }

    /// The chips that take the texts by the same command, with their lines.
    fn by_command(
        &self,
        chips: Vec<usize>,
        command_kind: TextCommand,
        texts: &Texts,
    ) -> Vec<(Vec<usize>, Arc<[String]>)> {
        let fleet = self.table.truth("fleet").unwrap_or(false);
        let limit = self.table.whole("limit").map_or(usize::MAX, |limit| limit.value as usize);
        let is_log = matches!(texts, Texts::File { is_log: true, .. });
        if is_log {
            self.check_sentinels(&chips);
        }
        let mut parts: Vec<(&'static str, Vec<usize>)> = Vec::new();
        for chip in chips {
            let Some(plan) = self.scenario.chips.get(chip) else { continue };
            let command = if is_log { "sample " } else { data::command(command_kind, plan.role, fleet) };
            match parts.iter_mut().find(|(have, _)| *have == command) {
                Some((_, chips)) => chips.push(chip),
                None => parts.push((command, vec![chip])),
            }
        }
        let options = if is_log { self.log_options() } else { LogOptions::default() };
        let lines = |command| match texts {
            Texts::File { text, is_log: true } => data::samples_of(text, limit, &options),
            Texts::File { text, .. } => data::lines(data::texts_of(text), command, limit),
            Texts::Listed(list) => data::lines(list.iter().map(String::as_str), command, limit),
        };
        let mut done = Vec::new();
        for (command, chips) in parts {
            match lines(command) {
                Ok(lines) => done.push((chips, lines)),
                Err(wrong) => self.table.wrong_at(self.place_of_texts(), wrong),
            }
        }
        done
    }

    /// How a sensor log is read.
    fn log_options(&self) -> LogOptions {
        let table = self.table;
        let names = |key| {
            let names = table.has(key).then(|| table.texts(key)).flatten().unwrap_or_default();
            names.into_iter().map(|name| name.value.to_string()).collect()
        };
        let text = |key: &str| table.has(key).then(|| table.text(key)).flatten().map(|found| found.value);
        LogOptions {
            separator: table.parsed("separator", LogOptions::parse_separator).map(|found| found.value),
            decimal: table.parsed("decimal", LogOptions::parse_decimal).map(|found| found.value),
            columns: names("columns"),
            ignore: names("ignore"),
            time: text("time").map_or(TimeColumn::Found, LogOptions::parse_time),
            ..LogOptions::default()
        }
    }

    /// Keys of a sensor log, where there is none.
    fn check_log_keys(&self, is_log: bool) {
        for key in grammar::OF_LOGS.iter().filter(|key| !is_log && self.table.has(key)) {
            let span = self.table.span_of(key).unwrap_or(self.table.span());
            self.table.wrong_at(span, Wrong::new(format!("`{key}` is about a `.csv`, and there is none")));
        }
    }

    fn place_of_texts(&self) -> std::ops::Range<usize> {
        self.table.span_of("file").or_else(|| self.table.span_of("texts")).unwrap_or(self.table.span())
    }

    fn check_sentinels(&self, chips: &[usize]) {
        let role = |chip: &usize| self.scenario.chips.get(*chip).map(|plan| plan.role);
        let takes_samples = |chip: &usize| role(chip).is_some_and(RoleKind::takes_samples);
        if let Some(other) = chips.iter().find(|chip| !takes_samples(chip)) {
            let name = self.scenario.chips.get(*other).map_or("", |plan| plan.name.as_str());
            let roles = RoleKind::ALL.into_iter().filter(|role| role.takes_samples());
            let roles = roles.map(RoleKind::alias).collect::<Vec<_>>().join(" or ");
            let help = format!("samples are for role {roles}");
            self.table.wrong(Wrong::with(format!("`{name}` takes no samples"), help));
        }
    }

    fn texts(&mut self) -> Option<Texts> {
        let table = self.table;
        if table.has("file") == table.has("texts") {
            table.wrong(Wrong::new("it takes either `file` or `texts`"));
            return None;
        }
        let file = table.text("file").map_or("", |name| name.value);
        let is_log = file.to_ascii_lowercase().ends_with(".csv");
        self.check_log_keys(is_log);
        if table.has("texts") {
            let texts = table.texts("texts")?;
            return Some(Texts::Listed(texts.into_iter().map(|text| text.value.to_string()).collect()));
        }
        let name = table.text("file")?;
        match self.library.text(name.value, self.files) {
            Ok(text) => Some(Texts::File { text, is_log }),
            Err(wrong) => {
                table.wrong_at(name.span, wrong);
                None
            }
        }
    }

    fn signal(&self) -> Option<LoadLines> {
        let table = self.table;
        if table.has("file") || table.has("limit") {
            table.wrong(Wrong::new("it takes either `signal` or `file`"));
        }
        self.check_log_keys(false);
        let normal = table.word("signal")?;
        let normal_kind = grammar::signal(normal.value)?;
        let fault =
            table.word("fault").and_then(|word| Some((grammar::signal_fault(word.value)?, word.span)));
        if let Some((_, span)) = fault.clone().filter(|(fault, _)| !fault.applies_to(normal_kind)) {
            let name = short(table.text("fault").map_or("", |text| text.value));
            table.wrong_at(span, Wrong::new(format!("signal `{}` has no cycles for `{name}`", normal.value)));
        }
        Some(LoadLines::Signal { normal: normal_kind, fault: fault.map(|(fault, _)| fault) })
    }
}

impl LoadPlan {
    /// How many lines it will type, about.
    fn expected(&self) -> u64 {
        let span = self.until.saturating_sub(self.from).get();
        (span / self.gap.get().max(1)).saturating_mul(self.chips.len() as u64)
    }
}

fn in_order(order: &str, lines: Arc<[String]>) -> LoadLines {
    match order {
        "turn" => LoadLines::Turn(lines),
        "once" => LoadLines::Once(lines),
        _ => LoadLines::Any(lines),
    }
}
