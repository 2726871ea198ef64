//! What is wrong with a scenario: every mistake with its location and what to do about it.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::ops::Range;

/// The most mistakes that are listed at once.
const MAX: usize = 50;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
pub struct Problem {
    /// The line, from 1; 0 where it is about the file as a whole.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What to do, where that is not plain.
    pub help: Option<String>,
}

/// All that is wrong with a file: at least one mistake, by their indices.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problems {
    /// The file.
    pub file: String,
    /// The mistakes.
    pub list: Vec<Problem>,
    /// How many more there are that are not listed.
    pub more: usize,
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Problem { line, column, message, help }) in self.list.iter().enumerate() {
            let separator = if index > 0 { "\n" } else { "" };
            write!(f, "{separator}{}", self.file)?;
            if *line > 0 {
                write!(f, ":{line}:{column}")?;
            }
            write!(f, ": {message}")?;
            if let Some(help) = help {
                write!(f, "\n  {help}")?;
            }
        }
        if self.more > 0 {
            write!(f, "\nand {} more", self.more)?;
        }
        Ok(())
    }
}

/// Collects mistakes while a file is read.
///
/// A mistake is kept with its offset, and gets its line and column at the end: a file may have a thousand tables, and
/// to count the lines before each would take the square of its size.
#[derive(Debug)]
pub(crate) struct Notes<'t> {
    text: &'t str,
    /// Where each line begins.
    lines: Vec<usize>,
    list: RefCell<Vec<(Option<usize>, Wrong)>>,
    /// How many were dropped.
    more: Cell<usize>,
    /// What is no mistake, and hardly what was meant.
    doubts: RefCell<Vec<(Option<usize>, Wrong)>>,
}

/// Something wrong, before it has a location: what, and what to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub message: String,
    pub help: Option<String>,
}

impl Wrong {
    /// A mistake that explains itself.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    /// A mistake and what to do about it.
    pub fn with(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: Some(help.into()) }
    }

    /// There is no such name; what comes nearest, or all there are.
    pub fn unknown<'n>(what: &str, name: &str, names: impl Iterator<Item = &'n str> + Clone) -> Self {
        let help = match nearest(name, names.clone()) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => one_of(names),
        };
        Self::with(format!("there is no {what} `{}`", short(name)), help)
    }
}

impl<'t> Notes<'t> {
    /// No mistakes yet in `text`.
    pub fn new(text: &'t str) -> Self {
        let lines = text.match_indices('\n').map(|(newline, _)| newline + 1);
        Self {
            text,
            lines: std::iter::once(0).chain(lines).collect(),
            list: RefCell::default(),
            more: Cell::new(0),
            doubts: RefCell::default(),
        }
    }

    /// Notes a mistake. Mistakes beyond that limit are only counted.
    pub fn add(&self, span: Option<Range<usize>>, wrong: Wrong) {
        let noted = (span.map(|span| span.start), wrong);
        let mut list = self.list.borrow_mut();
        if list.contains(&noted) {
            return;
        }
        if list.len() < MAX {
            list.push(noted);
        } else {
            self.more.set(self.more.get() + 1);
        }
    }

    /// Notes what is no mistake, and hardly what was meant.
    pub fn doubt(&self, span: Option<Range<usize>>, wrong: Wrong) {
        let mut doubts = self.doubts.borrow_mut();
        if doubts.len() < MAX {
            doubts.push((span.map(|span| span.start), wrong));
        }
    }

    /// The line of an offset, from 1.
    pub fn line(&self, offset: usize) -> u32 {
        self.lines.partition_point(|start| *start <= offset) as u32
    }

    /// The column of an offset, from 1.
    fn column(&self, offset: usize) -> u32 {
        let start = self.lines.get(self.line(offset) as usize - 1).copied().unwrap_or(0);
        self.text.get(start..offset).map_or(0, |line| line.chars().count()) as u32 + 1
    }

    fn problem(&self, (offset, wrong): (Option<usize>, Wrong)) -> Problem {
        let (line, column) = offset.map_or((0, 0), |offset| (self.line(offset), self.column(offset)));
        Problem { line, column, message: wrong.message, help: wrong.help }
    }

    /// What is hardly what was meant, by location.
    pub fn doubts(&self) -> Vec<Problem> {
        let mut list: Vec<Problem> =
            self.doubts.borrow().iter().cloned().map(|doubt| self.problem(doubt)).collect();
        list.sort();
        list
    }

    /// Is there a mistake yet?
    pub fn any(&self) -> bool {
        !self.list.borrow().is_empty()
    }

    /// All mistakes, by their indices.
    pub fn finish(self, file: &str) -> Problems {
        let mut list: Vec<Problem> = self.list.take().into_iter().map(|noted| self.problem(noted)).collect();
        list.sort();
        Problems { file: file.to_string(), list, more: self.more.get() }
    }
}

/// A name short enough for a message.
pub(crate) fn short(text: &str) -> String {
    const MAX: usize = 40;
    let mut short: String = text.chars().take(MAX).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    short
}

/// Lists names, if they are few enough to be read.
fn one_of<'n>(names: impl Iterator<Item = &'n str>) -> String {
    const MAX: usize = 24;
    let mut list: Vec<&str> = names.take(MAX + 1).collect();
    if list.is_empty() {
        return "there is none".into();
    }
    let more = list.len() > MAX;
    list.truncate(MAX);
    format!("there is {}{}", list.join(", "), if more { " and more" } else { "" })
}

/// The name most like `text`, if one is.
fn nearest<'n>(text: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    if text.len() > 64 {
        return None;
    }
    let text = text.to_ascii_lowercase();
    let likeness = |name: &str| {
        let name = name.to_ascii_lowercase();
        // Two letters exchanged at the beginning weigh much in the one measure and little in the other.
        let is_slip = name.len() > 2 && strsim::osa_distance(&text, &name) == 1;
        strsim::jaro_winkler(&text, &name).max(if is_slip { 0.9 } else { 0.0 })
    };
    let all = names.map(|name| (likeness(name), name)).filter(|(likeness, _)| *likeness > 0.8);
    all.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_line_and_a_column_of_characters() {
        let notes = Notes::new("one\n\u{fc}ber = 3\n");
        let location = |offset| (notes.line(offset), notes.column(offset));
        assert_eq!([0, 3, 4, 6, 14].map(location), [(1, 1), (1, 4), (2, 1), (2, 2), (3, 1)]);
        notes.add(Some(12..13), Wrong::new("last"));
        notes.add(Some(0..1), Wrong::with("first", "do so"));
        notes.add(None, Wrong::new("whole"));
        let reported = notes.finish("it.toml").to_string();
        assert_eq!(reported, "it.toml: whole\nit.toml:1:1: first\n  do so\nit.toml:2:8: last");
    }

    #[test]
    fn a_wrong_name_brings_the_nearest_or_all() {
        let names = ["memory", "rag"];
        let help = |name| Wrong::unknown("role", name, names.into_iter()).help.unwrap();
        assert_eq!(help("memroy"), "did you mean `memory`?");
        assert_eq!(help("zzz"), "there is memory, rag");
    }

    #[test]
    fn a_flood_of_mistakes_is_cut_off() {
        let notes = Notes::new("");
        (0..1000).for_each(|number| notes.add(None, Wrong::new(number.to_string())));
        let problems = notes.finish("it");
        assert_eq!((problems.list.len(), problems.more), (MAX, 950));
        assert!(problems.to_string().ends_with("\nand 950 more"));
    }
}
