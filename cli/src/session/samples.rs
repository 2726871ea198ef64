//! A sensor log as console input: each row of a CSV file becomes one `sample` line.
//!
//! A first column that names a time is left out, for the chip has a clock of its own. A header is shown and not sent. A
//! cell that is no number stops the session at once, with its location: a log with holes is the user's to mend.

use super::lines::unreadable;
use super::{Event, LineSource};
use crate::error::{CliError, Stop};
use csv::{Position, StringRecord, Trim};
use ruvllm_esp_core::role::RoleKind;
use std::collections::VecDeque;
use std::io::Read;
use std::path::Path;

/// How a first column that is left out may be called.
const TIME_NAMES: [&str; 6] = ["time", "timestamp", "date", "datetime", "seconds", "t"];

/// Rows of a CSV file.
pub struct Samples<Input> {
    name: String,
    reader: csv::Reader<Input>,
    header: Vec<String>,
    skip: usize,
    /// What is due before the next row is read.
    due: VecDeque<Event>,
}

impl<Input: Read> Samples<Input> {
    /// Opens the log, and reads its header.
    ///
    /// # Errors
    /// When it cannot be read or has no column of values.
    pub fn open(input: Input, name: impl Into<String>) -> Result<Self, Stop> {
        let name = name.into();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).trim(Trim::All).from_reader(input);
        let mut first = StringRecord::new();
        if !reader.read_record(&mut first).map_err(|error| malformed(&name, &error))? {
            return Err(CliError::usage("cli::empty-log", format!("{name} has no rows"))
                .help("a sensor log is comma-separated values, one row a sample")
                .into());
        }
        let cells: Vec<String> =
            first.iter().map(|cell| cell.trim_start_matches('\u{feff}').to_string()).collect();
        let mut samples = Self { name, reader, header: Vec::new(), skip: 0, due: VecDeque::new() };
        if cells.iter().all(|cell| is_number(cell)) {
            let event = samples.row(&cells.into_iter().collect())?;
            samples.due.push_back(event);
            return Ok(samples);
        }
        let is_time =
            |name: &String| TIME_NAMES.iter().any(|time| name.to_ascii_lowercase().starts_with(time));
        samples.skip = usize::from(cells.len() > 1 && cells.first().is_some_and(is_time));
        samples.header = cells;
        let channels = samples.header.get(samples.skip..).unwrap_or_default().join(", ");
        samples.due.push_back(Event::Remark(format!("channels: {channels}")));
        Ok(samples)
    }

    /// Says something before the first row.
    pub fn with_remark(mut self, text: &str) -> Self {
        self.due.push_front(Event::Remark(text.to_string()));
        self
    }

    fn row(&self, record: &StringRecord) -> Result<Event, Stop> {
        let mut line = "sample".to_string();
        for (column, cell) in record.iter().enumerate().skip(self.skip) {
            if !is_number(cell) {
                return Err(self.not_a_number(record.position(), column, cell).into());
            }
            line.push(' ');
            line.push_str(cell);
        }
        Ok(Event::Line(Ok(line)))
    }

    fn not_a_number(&self, position: Option<&Position>, column: usize, cell: &str) -> CliError {
        let line = position.map_or(1, Position::line);
        let of = self.header.get(column).map_or(String::new(), |name| format!(" of column `{name}`"));
        let location = format!("{}:{line}:{}", self.name, column + 1);
        CliError::usage("cli::not-a-number", format!("{location}: `{cell}`{of} is not a number"))
            .help("each cell is a decimal number such as -12.5; remove or fill the rows that have none")
    }
}

impl<Input: Read> LineSource for Samples<Input> {
    fn next(&mut self) -> Result<Option<Event>, Stop> {
        if let Some(event) = self.due.pop_front() {
            return Ok(Some(event));
        }
        let mut record = StringRecord::new();
        match self.reader.read_record(&mut record) {
            Ok(true) => self.row(&record).map(Some),
            Ok(false) => Ok(None),
            Err(error) => Err(malformed(&self.name, &error).into()),
        }
    }
}

/// Is this the beginning of a sensor log, for this role? `beginning` holds at least two lines, where there are two.
pub fn looks_like_log(path: Option<&Path>, beginning: &str, role: RoleKind) -> bool {
    let is_csv =
        |path: &Path| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    if path.is_some_and(is_csv) {
        return true;
    }
    let mut lines = beginning.lines().map(|line| line.trim().split(',').map(str::trim).collect::<Vec<_>>());
    let (Some(header), Some(row)) = (lines.next(), lines.next()) else { return false };
    let values = row.get(1..).unwrap_or_default();
    role.takes_samples()
        && header.len() > 1
        && header.len() == row.len()
        && !header.iter().any(|name| name.is_empty())
        && values.iter().all(|cell| is_number(cell.trim_matches('"')))
}

fn is_number(cell: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    cell.bytes().all(is_part) && cell.parse::<f64>().is_ok_and(f64::is_finite)
}

fn malformed(name: &str, error: &csv::Error) -> CliError {
    let line = error.position().map_or(String::new(), |position| format!(":{}", position.line()));
    let message = match error.kind() {
        csv::ErrorKind::Io(error) => return unreadable(name, error),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} cells, but the rows before have {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "not UTF-8".to_string(),
        _ => error.to_string(),
    };
    CliError::usage("cli::bad-csv", format!("{name}{line}: {message}"))
        .help("a sensor log is comma-separated values, one row a sample, every row with as many cells")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Result<Vec<String>, String> {
        let mut samples = Samples::open(text.as_bytes(), "log.csv").map_err(reported)?;
        let mut lines = Vec::new();
        while let Some(event) = samples.next().map_err(reported)? {
            lines.push(match event {
                Event::Line(line) => line.unwrap(),
                Event::Remark(text) => format!("# {text}"),
                Event::Wait(_) | Event::Refused(..) => unreachable!(),
            });
        }
        Ok(lines)
    }

    fn reported(stop: Stop) -> String {
        match stop {
            Stop::Error(error) => anstream::adapter::strip_str(&error.to_string()).to_string(),
            Stop::PipeClosed => unreachable!(),
        }
    }

    #[test]
    fn rows_become_samples_without_their_time() {
        let log = "\u{feff}Timestamp,\"flow, l/s\",bar\r\n2026-01-01 00:00,1.5, 2\r\n2026-01-01 00:01,-3e2,\"4\"\r\n";
        assert_eq!(lines(log).unwrap(), ["# channels: flow, l/s, bar", "sample 1.5 2", "sample -3e2 4"]);
        assert_eq!(lines("1,2\n3,4\n").unwrap(), ["sample 1 2", "sample 3 4"]);
        assert_eq!(lines("time\n3\n").unwrap(), ["# channels: time", "sample 3"]);
    }

    #[test]
    fn what_is_no_number_is_refused_with_its_place() {
        let error = lines("t,flow,bar\n0,1,2\n1,2,n/a\n").unwrap_err();
        assert!(error.contains("log.csv:3:3: `n/a` of column `bar` is not a number"), "{error}");
        for cell in ["nan", "inf", "", "1,5x"] {
            assert!(lines(&format!("flow\n{cell}\n\n1\n")).is_err() || cell.is_empty(), "{cell}");
        }
        assert!(lines("").unwrap_err().contains("log.csv has no rows"));
        let error = lines("a,b\n1,2\n3\n").unwrap_err();
        assert!(error.contains("log.csv:3: 1 cells, but the rows before have 2"), "{error}");
    }

    #[test]
    fn a_log_is_told_from_a_script() {
        let anomaly = RoleKind::AnomalySentinel;
        assert!(looks_like_log(None, "time,flow\n0,1.5\n", anomaly));
        assert!(!looks_like_log(None, "time,flow\n0,1.5\n", RoleKind::RagRetriever));
        assert!(!looks_like_log(None, "sample 1\nsample 2\n", anomaly));
        assert!(!looks_like_log(None, "learn pump, valve\nlearn tap, valve\n", anomaly));
        assert!(looks_like_log(Some(Path::new("a.CSV")), "", anomaly));
    }
}
