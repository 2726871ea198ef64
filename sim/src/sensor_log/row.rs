//! The rows of a log, one at a time: memory does not grow with the file.

use super::cell::{Cell, classify, is_number, push_number, value};
use super::decode::{self, Text};
use super::dialect::{self, Dialect, joins};
use super::fault::{LogError, short};
use super::layout::{Layout, decode_head, label, ragged};
use super::options::{Decimal, LogOptions};
use super::time::after_midnight;
use ruvllm_esp_core::limits::LINE_LIMIT;
use std::io::{self, Chain, Cursor, Read};
use std::path::Path;

/// How much of an input is looked at before the first row is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sniff {
    /// A good piece, for it is a file.
    Ahead,
    /// The first two rows: more may be a long time in coming.
    Live,
}

/// The most bytes that are looked at.
const HEAD: usize = 1 << 16;

/// One row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Its line in the file.
    pub line: u64,
    /// Its readings as the console takes them: `19.85 - 1e3`.
    pub readings: String,
    /// The same as numbers; NaN where one is missing.
    pub values: Vec<f64>,
    /// Its time as the file writes it; empty without one.
    pub stamp: String,
    /// The same in microseconds: since 1970, since midnight, or from where the numbers count.
    pub time: Option<i64>,
    /// Does the file say that it is anomalous?
    pub label: bool,
}

/// A log that is being read.
#[derive(Debug)]
pub struct SensorLog<Input> {
    layout: Layout,
    reader: csv::Reader<Text<Chain<Cursor<Vec<u8>>, Input>>>,
    record: csv::StringRecord,
    skip_bad_rows: bool,
    skip_lines: u64,
    skipped: u64,
    first_skipped: Option<LogError>,
    latest: Option<i64>,
    backwards: u64,
}

impl<Input: Read> SensorLog<Input> {
    /// Opens a log and finds its layout.
    ///
    /// # Errors
    /// When it cannot be read, or nothing in it can be used, or it can be understood in two ways.
    pub fn open(mut input: Input, sniff: Sniff, options: &LogOptions) -> Result<Self, LogError> {
        let bytes = head(&mut input, sniff, options.skip_lines).map_err(|error| LogError::io(&error))?;
        let (encoding, text) = decode_head(&bytes);
        let is_cut = bytes.len() >= HEAD;
        let (skip, text) = skip_lines(&text, options.skip_lines);
        // The last line of a head may be half of one.
        let text = if is_cut { text.rsplit_once('\n').map_or(text, |(whole, _)| whole) } else { text };
        let layout = Layout::find(text, skip + 1, encoding, options)?;
        let mut body = decode::text(Cursor::new(bytes).chain(input), encoding);
        for _ in 0..skip {
            let mut line = Vec::new();
            io::BufRead::read_until(&mut body, b'\n', &mut line).map_err(|error| LogError::io(&error))?;
        }
        let reader = dialect::reader(body, layout.dialect.separator);
        Ok(Self {
            layout,
            reader,
            record: csv::StringRecord::new(),
            skip_bad_rows: options.skip_bad_rows,
            skip_lines: skip,
            skipped: 0,
            first_skipped: None,
            latest: None,
            backwards: 0,
        })
    }

    /// How the file is laid out.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Rows that were left out so far, and why the first was.
    pub fn skipped(&self) -> (u64, Option<&LogError>) {
        (self.skipped, self.first_skipped.as_ref())
    }

    /// Rows whose time is before that of the row above.
    pub fn backwards(&self) -> u64 {
        self.backwards
    }

    /// Bytes of the text read so far.
    pub fn position(&self) -> u64 {
        self.reader.position().byte()
    }

    /// Reads the next row into `row`; false at the end.
    ///
    /// # Errors
    /// A row that cannot be read, with its line and column.
    pub fn read(&mut self, row: &mut Row) -> Result<bool, LogError> {
        loop {
            let line = self.reader.position().line();
            match self.reader.read_record(&mut self.record) {
                Ok(false) => return Ok(false),
                Ok(true) => {}
                Err(error) => {
                    self.bad(broken(error, line + self.skip_lines))?;
                    continue;
                }
            }
            let line = self.record.position().map_or(line, csv::Position::line) + self.skip_lines;
            if line <= self.layout.last_head_line
                || self.record.iter().all(|cell| cell.trim().is_empty()) && self.layout.width == 1
            {
                continue;
            }
            match self.fill(line, row) {
                Ok(()) => return Ok(true),
                Err(error) => self.bad(error.at(line))?,
            }
        }
    }

    /// Counts a bad row, or gives the error back.
    fn bad(&mut self, error: LogError) -> Result<(), LogError> {
        if !self.skip_bad_rows {
            return Err(error);
        }
        self.skipped += 1;
        self.first_skipped.get_or_insert(error);
        Ok(())
    }

    fn fill(&mut self, line: u64, row: &mut Row) -> Result<(), LogError> {
        row.line = line;
        row.readings.clear();
        row.values.clear();
        row.stamp.clear();
        let Dialect { separator, decimal } = self.layout.dialect;
        let cells = || self.record.iter().map(str::trim).filter(|cell| !joins(separator, cell));
        let have = cells().count();
        let has_rest = cells().skip(self.layout.width).any(|cell| !cell.is_empty());
        if have < self.layout.width || has_rest {
            let cells: Vec<String> = cells().map(String::from).collect();
            return Err(ragged(have, self.layout.width, &cells));
        }
        let cell = |column: usize| {
            if separator == b' ' { cells().nth(column) } else { self.record.get(column).map(str::trim) }
        };
        for (position, channel) in self.layout.channels.iter().enumerate() {
            let cell = cell(channel.column).unwrap_or_default();
            if position > 0 {
                row.readings.push(' ');
            }
            match classify(cell, decimal) {
                Cell::Number => push_number(cell, decimal, &mut row.readings),
                Cell::Missing => row.readings.push('-'),
                Cell::Text => {
                    return Err(not_a_number(&channel.name, cell, decimal).in_column(channel.column));
                }
            }
            let value = value(cell, decimal).unwrap_or(f64::NAN);
            if value.is_infinite() {
                return Err(too_large(&channel.name, cell).in_column(channel.column));
            }
            row.values.push(value);
        }
        let most = LINE_LIMIT - "sample @4294967295 ".len();
        if row.readings.len() > most {
            let message =
                format!("the readings take {} bytes, and the console takes {most}", row.readings.len());
            return Err(LogError::malformed(message, "--columns chooses fewer, or write fewer digits"));
        }
        row.label = match self.layout.label {
            Some(column) => {
                let cell = cell(column).unwrap_or_default();
                label(cell).ok_or_else(|| not_a_label(cell).in_column(column))?
            }
            None => false,
        };
        for (position, column) in self.layout.time.iter().enumerate() {
            row.stamp.push_str(if position > 0 { " " } else { "" });
            row.stamp.push_str(cell(*column).unwrap_or_default());
        }
        row.time = self.time_of(&row.stamp)?;
        if let Some(time) = row.time {
            self.backwards += u64::from(self.latest.is_some_and(|latest| time < latest));
            self.latest = Some(time);
        }
        Ok(())
    }

    fn time_of(&self, stamp: &str) -> Result<Option<i64>, LogError> {
        let Some(form) = &self.layout.form else { return Ok(None) };
        let Some(micros) = form.micros(stamp, self.layout.dialect.decimal) else {
            let column = self.layout.time.first().copied().unwrap_or(0);
            let message =
                format!("`{}` is not a time in the form of the rows above, {}", short(stamp), form.name());
            let help = "--skip-bad-rows leaves such rows out, --time none does without times, --time-format says the form";
            return Err(LogError::malformed(message, help).in_column(column));
        };
        Ok(Some(if form.wraps() { after_midnight(self.latest, micros) } else { micros }))
    }
}

fn not_a_number(name: &str, cell: &str, decimal: Decimal) -> LogError {
    let other = if decimal == Decimal::Point { Decimal::Comma } else { Decimal::Point };
    let help = if is_number(cell, other) {
        format!("--decimal {} reads it, if all numbers of the file are written so", other.sign())
    } else {
        format!(
            "an empty cell, `-`, `nan` or `n/a` is a missing reading; --ignore '{name}' leaves the column out, \
             --skip-bad-rows leaves out such rows"
        )
    };
    LogError::malformed(format!("`{}` of column `{name}` is not a number", short(cell)), help)
}

fn too_large(name: &str, cell: &str) -> LogError {
    LogError::malformed(
        format!("`{}` of column `{name}` is beyond 1.8e308, the largest number there is", short(cell)),
        format!("--ignore '{name}' leaves the column out, --skip-bad-rows leaves out such rows"),
    )
}

fn not_a_label(cell: &str) -> LogError {
    LogError::malformed(
        format!("`{}` is not a label", short(cell)),
        "a label is 0 or 1, false or true, normal or anomaly",
    )
}

fn broken(error: csv::Error, line: u64) -> LogError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => LogError::io(&error),
        csv::ErrorKind::Utf8 { .. } => {
            LogError::malformed("the line is not UTF-8", "--skip-bad-rows leaves out such rows").at(line)
        }
        _ => LogError::malformed("the line cannot be read", "--skip-bad-rows leaves out such rows").at(line),
    }
}

/// The text after so many lines, and how many there were to leave out. A line `sep=;` of a spreadsheet is one.
fn skip_lines(text: &str, count: usize) -> (u64, &str) {
    let (mut skipped, mut rest) = (0, text);
    while skipped < count as u64 || (skipped == count as u64 && rest.starts_with("sep=")) {
        let Some((_, after)) = rest.split_once('\n') else { return (skipped, rest) };
        (skipped, rest) = (skipped + 1, after);
    }
    (skipped, rest)
}

/// The beginning of an input.
fn head(input: &mut impl Read, sniff: Sniff, skip: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match sniff {
        Sniff::Ahead => {
            input.take(HEAD as u64).read_to_end(&mut bytes)?;
        }
        Sniff::Live => read_lines(input, &mut bytes, |bytes| live_lines(bytes, skip) >= 2)?,
    }
    Ok(bytes)
}

/// Whole lines that are neither blank nor comments, up to the first that holds a number and is not the first.
fn live_lines(bytes: &[u8], skip: usize) -> usize {
    let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else { return 0 };
    let text = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default());
    let lines = text.lines().skip(skip).filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let lines: Vec<&str> = lines.collect();
    let last_has_number = lines.last().is_some_and(|line| line.bytes().any(|byte| byte.is_ascii_digit()));
    if lines.len() > 1 && !last_has_number && lines.len() < 4 { 1 } else { lines.len() }
}

/// Reads byte by byte, not to wait for more than is needed, until `is_enough` at the end of a line.
fn read_lines(
    input: &mut impl Read,
    bytes: &mut Vec<u8>,
    is_enough: impl Fn(&[u8]) -> bool,
) -> io::Result<()> {
    let mut byte = [0];
    while bytes.len() < HEAD {
        match input.read(&mut byte) {
            Ok(0) => break,
            Ok(_) => bytes.extend(byte),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        if byte == *b"\n" && is_enough(bytes) {
            break;
        }
    }
    Ok(())
}

/// Is this the beginning of a sensor log, and not of a script? `beginning` holds two lines, where there are two and the
/// first has a separator.
pub fn looks_like_log(path: Option<&Path>, beginning: &[u8]) -> bool {
    let is_named = |path: &Path| {
        let extension = path.extension().unwrap_or_default();
        ["csv", "tsv"].iter().any(|name| extension.eq_ignore_ascii_case(name))
    };
    if path.is_some_and(is_named) {
        return true;
    }
    let (_, text) = decode_head(beginning);
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let lines: Vec<&str> = lines.collect();
    let is_value = |cell: &str| {
        let cell = cell.trim().trim_matches('"');
        classify(cell, Decimal::Point) != Cell::Text || is_number(cell, Decimal::Comma)
    };
    match lines.as_slice() {
        [] => false,
        [first] => is_number(first.trim(), Decimal::Point) || is_number(first.trim(), Decimal::Comma),
        [first, second, ..] => {
            [',', ';', '\t', '|'].into_iter().any(|separator| {
                let [header, row] = [first, second].map(|line| line.split(separator).collect::<Vec<_>>());
                header.len() > 1
                    && header.len() <= row.len()
                    && !header.iter().any(|name| name.trim().is_empty())
                    && row.iter().skip(1).all(|cell| is_value(cell))
                    && row.iter().any(|cell| cell.bytes().any(|byte| byte.is_ascii_digit()))
            }) || is_number(second.trim(), Decimal::Point)
        }
    }
}

/// How much of an input is needed by [`looks_like_log`].
///
/// # Errors
/// Those of the input.
pub fn beginning(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let is_enough = |bytes: &[u8]| {
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
        lines >= 2 || !bytes.iter().any(|byte| b",;\t|\0".contains(byte))
    };
    read_lines(input, &mut bytes, is_enough)?;
    Ok(bytes)
}
