//! A look through a whole file before its first row is used.

use super::fault::LogError;
use super::options::LogOptions;
use super::row::{Row, SensorLog, Sniff};
use std::io::Read;

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Survey {
    /// Rows that can be used.
    pub rows: u64,
    /// Rows that were left out, and why the first was.
    pub skipped: u64,
    /// Why the first was.
    pub first_skipped: Option<String>,
    /// Rows whose time is before that of the row above.
    pub backwards: u64,
    /// The first and the last time, as written.
    pub stamps: Option<(String, String)>,
    /// The first and the last time in microseconds.
    pub times: Option<(i64, i64)>,
    /// Rows that follow the one above by less than a second.
    pub below_a_second: u64,
    /// Readings that are missing.
    pub missing: u64,
}

/// Reads a whole file, so that what is wrong in it is known before its first row is used.
///
/// # Errors
/// The first row that cannot be read, with its line and column.
pub fn survey(input: impl Read, options: &LogOptions) -> Result<Survey, LogError> {
    let mut log = SensorLog::open(input, Sniff::Ahead, options)?;
    let mut survey = Survey::default();
    let mut row = Row::default();
    while log.read(&mut row)? {
        survey.take(&row);
    }
    let (skipped, why) = log.skipped();
    survey.first_skipped = why.map(ToString::to_string);
    (survey.skipped, survey.backwards) = (skipped, log.backwards());
    if survey.rows == 0 {
        return Err(LogError::unusable(
            match &survey.first_skipped {
                Some(why) => format!("all {skipped} rows are left out; the first because of line {why}"),
                None => "the file has no rows of readings".into(),
            },
            "a sensor log is a table of readings, one row a sample",
        ));
    }
    if survey.missing == survey.rows * log.layout().channels.len() as u64 {
        return Err(LogError::unusable(
            "every reading is missing",
            "--columns names columns with readings; --decimal and --separator say how they are written",
        ));
    }
    Ok(survey)
}

impl Survey {
    fn take(&mut self, row: &Row) {
        self.rows += 1;
        self.missing += row.values.iter().filter(|value| value.is_nan()).count() as u64;
        let Some(time) = row.time else { return };
        let first = self.times.map_or(time, |(first, _)| first);
        if let Some((_, last)) = self.times {
            self.below_a_second += u64::from(time - last < 1_000_000 && time >= last);
        }
        self.times = Some((first, time));
        match &mut self.stamps {
            Some((_, last)) => last.clone_from(&row.stamp),
            None => self.stamps = Some((row.stamp.clone(), row.stamp.clone())),
        }
    }

    /// Can rows carry their time in whole seconds? A few may have the time of the row above.
    pub fn has_whole_seconds(&self) -> bool {
        self.times.is_some_and(|(first, last)| last > first) && self.below_a_second < self.rows.div_ceil(100)
    }

    /// What deserves a look.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(why) = self.first_skipped.as_ref().filter(|_| self.skipped > 0) {
            notes.push(format!("{} rows are left out; the first because of line {why}", self.skipped));
        }
        if self.backwards > 0 {
            notes.push(format!(
                "time goes backwards in {} rows: the clock stands still there",
                self.backwards
            ));
        }
        if self.missing > 0 {
            notes.push(format!("{} readings are missing", self.missing));
        }
        notes
    }
}
