//! A sensor log: rows of readings in a text file, as loggers, spreadsheets and scripts write them.
//!
//! One reader for a session, for a scenario and for an analysis. How the file is written is found from its first rows:
//! encoding, separator, decimal sign, header, units, the columns with times and labels. [`Layout::notes`] says what was
//! found. What could be read in two ways is refused with the option that decides it. No reading is altered: a cell is
//! passed on digit by digit, is a missing reading, or is an error with its line and column.

mod cell;
mod decode;
mod dialect;
mod fault;
mod layout;
mod layout_notes;
mod options;
mod row;
mod scoring;
mod survey;
#[cfg(test)]
mod tests;
mod time;

pub use fault::{LogError, Refusal};
pub use layout::{Channel, Layout, TimeKind, decoded};
pub use options::{Decimal, LogOptions, TimeColumn};
pub use row::{Row, SensorLog, Sniff, beginning, looks_like_log};
pub use scoring::{Score, Scoring};
pub use survey::{Survey, survey};
