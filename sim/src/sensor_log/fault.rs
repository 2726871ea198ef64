//! Why a sensor log, or a row of it, cannot be read.

use std::fmt;
use thiserror::Error;

/// What kind of a refusal it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing in the file can be used: it has no rows, or no readings.
    Unusable,
    /// Something in the file, or in the options for it, is wrong.
    Malformed,
    /// The file cannot be read.
    Io,
}

/// An error, where it is, and the option that helps.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}{message}", Location(*.line, *.column))]
pub struct LogError {
    /// What kind.
    pub refusal: Refusal,
    /// The line in the file, from 1.
    pub line: Option<u64>,
    /// The column, from 1.
    pub column: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// `line:column: `, as far as it is known.
struct Location(Option<u64>, Option<usize>);

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0, self.1) {
            (Some(line), Some(column)) => write!(f, "{line}:{column}: "),
            (Some(line), None) => write!(f, "{line}: "),
            _ => Ok(()),
        }
    }
}

impl LogError {
    /// Something is wrong.
    pub(super) fn malformed(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            refusal: Refusal::Malformed,
            line: None,
            column: None,
            message: message.into(),
            help: help.into(),
        }
    }

    /// There is nothing to read.
    pub(super) fn unusable(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { refusal: Refusal::Unusable, ..Self::malformed(message, help) }
    }

    /// The input failed.
    pub(super) fn io(error: &std::io::Error) -> Self {
        Self { refusal: Refusal::Io, ..Self::malformed(error.to_string(), "name a file that can be read") }
    }

    /// It is in this line.
    pub(super) fn at(self, line: u64) -> Self {
        Self { line: Some(line), ..self }
    }

    /// It is in this column, from 0.
    pub(super) fn in_column(self, column: usize) -> Self {
        Self { column: Some(column + 1), ..self }
    }
}

/// At most 40 characters of a text of the file.
pub(super) fn short(text: &str) -> String {
    const MAX: usize = 40;
    let text: String = text.escape_debug().collect();
    match text.char_indices().nth(MAX) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
