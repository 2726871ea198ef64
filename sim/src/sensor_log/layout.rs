//! What each column is: time, channel, label, or left out.

use super::cell::{Cell, classify, value};
use super::decode;
use super::dialect::{self, Dialect, HeadRow, usual_width};
use super::fault::{LogError, short};
use super::options::{LogOptions, TimeColumn};
use super::time::{self, TimeForm, looks_like_time};
use encoding_rs::{Encoding, UTF_8};
use ruvllm_esp_core::anomaly::stream::MAX_CHANNELS;

/// Columns with such a name hold the time, if what they hold can be one.
const TIME_NAMES: [&str; 22] = [
    "time",
    "timestamp",
    "ts",
    "t",
    "date",
    "datetime",
    "date_time",
    "date time",
    "date/time",
    "utc",
    "epoch",
    "unixtime",
    "unix",
    "seconds",
    "secs",
    "sec",
    "minute",
    "minutes",
    "hour",
    "millis",
    "ms",
    "elapsed",
];
/// Columns with such a name say whether a row is anomalous, if they hold 0 and 1.
const LABEL_NAMES: [&str; 9] = [
    "label",
    "labels",
    "anomaly",
    "is_anomaly",
    "isanomaly",
    "outlier",
    "ground_truth",
    "class",
    "changepoint",
];
/// Columns with such a name, or none, that count up by one, number the rows.
const INDEX_NAMES: [&str; 9] = ["", "index", "id", "row", "no", "nr", "#", "n", "unnamed: 0"];

/// A column with readings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Its name in the header, or `column N`.
    pub name: String,
    /// Its unit, where the file states it.
    pub unit: Option<String>,
    /// Where it is, from 0.
    pub(super) column: usize,
    /// Does it only count up by one, in the first rows?
    pub(super) counts: bool,
}

/// What times count from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeKind {
    /// 1970.
    Date,
    /// Midnight.
    TimeOfDay,
    /// Whatever the numbers of the file count from.
    Number,
}

/// A column that is neither a channel nor the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LeftOut {
    pub name: String,
    pub why: &'static str,
}

/// How a file is laid out.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The channels, in the order in which they are sampled.
    pub channels: Vec<Channel>,
    pub(super) encoding: &'static Encoding,
    pub(super) dialect: Dialect,
    pub(super) width: usize,
    pub(super) names: Vec<String>,
    pub(super) left_out: Vec<LeftOut>,
    /// The columns that make up the time: one, or date and time of day.
    pub(super) time: Vec<usize>,
    pub(super) form: Option<TimeForm>,
    pub(super) label: Option<usize>,
    /// The line after which rows begin.
    pub(super) last_head_line: u64,
    pub(super) has_units: bool,
    /// Do stamps rise by at least a second from row to row, as far as the head goes?
    pub(super) whole_seconds: bool,
}

impl Layout {
    /// Does the first row name the columns?
    pub fn has_header(&self) -> bool {
        self.names.iter().any(|name| !name.is_empty())
    }

    /// The layout of a file that begins with the text `head`, whose first line is line `first`.
    pub(super) fn find(
        head: &str,
        first: u64,
        encoding: &'static Encoding,
        options: &LogOptions,
    ) -> Result<Self, LogError> {
        let (dialect, rows) = dialect::find(head, options, first)?;
        let width = usual_width(&rows);
        let top = Top::find(&rows, width, dialect, options)?;
        let mut layout = Self {
            channels: Vec::new(),
            encoding,
            dialect,
            width,
            names: top.names,
            left_out: Vec::new(),
            time: Vec::new(),
            form: None,
            label: None,
            last_head_line: top.last_line,
            has_units: top.units.is_some(),
            whole_seconds: false,
        };
        let body = Body { rows: rows.get(top.rows..).unwrap_or_default(), width, dialect };
        if body.rows.is_empty() {
            return Err(LogError::unusable(
                "the file has a header and no rows",
                "a sensor log is a table of readings, one row a sample",
            ));
        }
        layout.assign(&body, top.units.as_deref(), options)?;
        Ok(layout)
    }

    /// What the times of the file count from, if it has times.
    pub fn time_kind(&self) -> Option<TimeKind> {
        self.form.as_ref().map(|form| match form {
            TimeForm::Number(_) => TimeKind::Number,
            TimeForm::Stamp { has_date: true, .. } => TimeKind::Date,
            TimeForm::Stamp { .. } => TimeKind::TimeOfDay,
        })
    }

    /// Has the file a column that says which rows are anomalous?
    pub fn has_label(&self) -> bool {
        self.label.is_some()
    }

    pub(super) fn is_utf8(&self) -> bool {
        self.encoding == UTF_8
    }

    fn assign(
        &mut self,
        body: &Body<'_>,
        units: Option<&[String]>,
        options: &LogOptions,
    ) -> Result<(), LogError> {
        let named = |names: &[String]| -> Result<Vec<usize>, LogError> {
            names.iter().map(|name| self.column(name)).collect()
        };
        let (wanted, ignored) = (named(&options.columns)?, named(&options.ignore)?);
        self.label = match &options.label {
            Some(name) => Some(self.column(name)?),
            None => (0..self.width).find(|column| !wanted.contains(column) && self.is_label(*column, body)),
        };
        self.find_time(body, &wanted, options)?;
        let mut channels = Vec::new();
        for column in 0..self.width {
            let why = self.why_not(column, body, &wanted, &ignored);
            match why {
                None => channels.push(self.channel(column, body, units)),
                Some("") => {}
                Some(why) => self.left_out.push(LeftOut { name: self.name(column), why }),
            }
        }
        if !wanted.is_empty() {
            channels.sort_by_key(|channel| wanted.iter().position(|column| *column == channel.column));
        }
        self.channels = channels;
        self.check_count(body)
    }

    /// Why a column is no channel; an empty reason needs no note.
    fn why_not(
        &self,
        column: usize,
        body: &Body<'_>,
        wanted: &[usize],
        ignored: &[usize],
    ) -> Option<&'static str> {
        if wanted.contains(&column) {
            return None;
        }
        if ignored.contains(&column) || self.time.contains(&column) || self.label == Some(column) {
            return Some("");
        }
        if !wanted.is_empty() {
            return Some("");
        }
        if body.cells(column).all(|cell| cell.is_empty())
            && self.names.get(column).is_none_or(String::is_empty)
        {
            return Some("empty");
        }
        if self.is_label(column, body) {
            return Some("a label");
        }
        let is_index = |name: &String| INDEX_NAMES.iter().any(|index| name.eq_ignore_ascii_case(index));
        if self.has_header()
            && self.width > 1
            && self.names.get(column).is_some_and(is_index)
            && body.counts_up(column)
        {
            return Some("it numbers the rows");
        }
        let is_text = |cell: &str| classify(cell, body.dialect.decimal) == Cell::Text;
        let given =
            || body.cells(column).filter(|cell| classify(cell, body.dialect.decimal) != Cell::Missing);
        if given().next().is_some() && given().all(is_text) {
            return Some("text");
        }
        None
    }

    fn channel(&self, column: usize, body: &Body<'_>, units: Option<&[String]>) -> Channel {
        let unit = units.and_then(|units| units.get(column)).filter(|unit| !unit.is_empty()).cloned();
        Channel { name: self.name(column), unit, column, counts: body.counts_up(column) }
    }

    fn check_count(&self, body: &Body<'_>) -> Result<(), LogError> {
        let line = body.rows.first().map_or(1, |row| row.line);
        if self.channels.is_empty() {
            return Err(LogError::unusable(
                "no column is left to be a channel",
                "a channel is a column of numbers; --columns A,B names them, --time none keeps a time column",
            )
            .at(line));
        }
        if self.channels.len() > MAX_CHANNELS as usize {
            let names: Vec<&str> = self
                .channels
                .iter()
                .take(MAX_CHANNELS as usize)
                .map(|channel| channel.name.as_str())
                .collect();
            return Err(LogError::unusable(
                format!("{} columns of readings, and a chip takes {MAX_CHANNELS}", self.channels.len()),
                format!("choose with --columns, such as --columns '{}'", names.join(",")),
            )
            .at(line));
        }
        Ok(())
    }

    /// The name of a column.
    pub(super) fn name(&self, column: usize) -> String {
        match self.names.get(column) {
            Some(name) if !name.is_empty() => name.clone(),
            _ => format!("column {}", column + 1),
        }
    }

    /// The column of this name, or number from 1.
    fn column(&self, name: &str) -> Result<usize, LogError> {
        let exact = self.names.iter().position(|have| have == name);
        let found = exact.or_else(|| self.names.iter().position(|have| have.eq_ignore_ascii_case(name)));
        let number = || {
            let number: usize = name.trim_start_matches("column ").parse().ok()?;
            number.checked_sub(1).filter(|column| *column < self.width)
        };
        found.or_else(number).ok_or_else(|| {
            let have: Vec<String> = (0..self.width).map(|column| self.name(column)).collect();
            LogError::malformed(
                format!("there is no column `{}`", short(name)),
                format!("the columns are {}; a number from 1 names one too", have.join(", ")),
            )
        })
    }

    fn is_label(&self, column: usize, body: &Body<'_>) -> bool {
        let is_name = |name: &String| LABEL_NAMES.iter().any(|label| name.eq_ignore_ascii_case(label));
        self.names.get(column).is_some_and(is_name)
            && self.width > 1
            && body.cells(column).all(|cell| label(cell).is_some())
    }

    fn find_time(&mut self, body: &Body<'_>, wanted: &[usize], options: &LogOptions) -> Result<(), LogError> {
        self.time = match &options.time {
            TimeColumn::None => return Ok(()),
            TimeColumn::Named(name) => vec![self.column(name)?],
            TimeColumn::Found => self.time_columns(body, wanted),
        };
        if self.time.is_empty() {
            return Ok(());
        }
        let stamps: Vec<String> = body.rows.iter().map(|row| stamp(&self.time, &row.cells)).collect();
        let given: Vec<&str> = stamps.iter().map(String::as_str).filter(|stamp| !stamp.is_empty()).collect();
        let name = self.time.first().map(|column| self.name(*column)).unwrap_or_default();
        let line = body.rows.first().map_or(1, |row| row.line);
        let decimal = self.dialect.decimal;
        let column = self.time.first().copied().unwrap_or(0);
        let form = time::form(&given, &name, decimal, options.time_format.as_deref())
            .map_err(|error| error.at(line).in_column(column))?;
        let times: Vec<i64> = given.iter().filter_map(|text| form.micros(text, decimal)).collect();
        let rises = |pair: &[i64]| matches!(pair, [early, late] if late - early >= 1_000_000);
        self.whole_seconds = times.len() > 1 && times.windows(2).all(rises);
        self.form = Some(form);
        Ok(())
    }

    /// The column whose values are times, or that is named so; two if the date stands apart.
    fn time_columns(&self, body: &Body<'_>, wanted: &[usize]) -> Vec<usize> {
        let is_free = |column: &usize| !wanted.contains(column) && self.label != Some(*column);
        let is_named = |column: &usize| {
            let name = self.names.get(*column).map(|name| bare(name)).unwrap_or_default();
            TIME_NAMES.contains(&name.as_str())
        };
        let columns = || (0..self.width).filter(is_free);
        let stamps: Vec<usize> = columns().filter(|column| body.holds_stamps(*column)).collect();
        match stamps.as_slice() {
            [] => {}
            [first, second, ..] if body.is_date(*first) && body.is_time_of_day(*second) => {
                return vec![*first, *second];
            }
            [first, second, ..] if body.is_time_of_day(*first) && body.is_date(*second) => {
                return vec![*second, *first];
            }
            [first, rest @ ..] => {
                let named = rest.iter().chain([first]).copied().find(|column| is_named(column));
                return vec![named.filter(|_| !is_named(first)).unwrap_or(*first)];
            }
        }
        if self.width == 1 {
            return Vec::new();
        }
        columns().filter(is_named).find(|column| body.rises(*column)).into_iter().collect()
    }
}

/// A column's name without its unit: `Time (s)`, `time_s`, `time [ms]` are `time`.
fn bare(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    let name = name.split(['(', '[']).next().unwrap_or_default().trim();
    let units = ["_s", "_ms", "_us", "_ns", "_sec", "_seconds", "_min", "_minutes", "_utc", "_h"];
    units.iter().find_map(|unit| name.strip_suffix(unit)).unwrap_or(name).to_string()
}

/// The stamp of a row: its time columns, joined.
pub(super) fn stamp<Text: AsRef<str>>(columns: &[usize], cells: &[Text]) -> String {
    let cells = columns.iter().filter_map(|column| cells.get(*column)).map(|cell| cell.as_ref().trim());
    cells.collect::<Vec<_>>().join(" ").trim().to_string()
}

/// What a label says: is the row anomalous?
pub(super) fn label(cell: &str) -> Option<bool> {
    match cell.to_ascii_lowercase().as_str() {
        "" | "0" | "0.0" | "0,0" | "false" | "no" | "normal" => Some(false),
        "1" | "1.0" | "1,0" | "true" | "yes" | "anomaly" | "abnormal" => Some(true),
        _ => None,
    }
}

/// What stands before the rows.
struct Top {
    names: Vec<String>,
    units: Option<Vec<String>>,
    /// How many rows it is.
    rows: usize,
    last_line: u64,
}

impl Top {
    fn find(
        rows: &[HeadRow],
        width: usize,
        dialect: Dialect,
        options: &LogOptions,
    ) -> Result<Self, LogError> {
        let mut top = Self { names: vec![String::new(); width], units: None, rows: 0, last_line: 0 };
        let Some(first) = rows.first() else { return Ok(top) };
        let rest = rows.get(1..).unwrap_or_default();
        if !options.header.unwrap_or_else(|| is_header(first, rest, dialect)) {
            return Ok(top);
        }
        if first.cells.len() != width {
            let (have, line) = (first.cells.len(), first.line);
            return Err(ragged(have, width, &first.cells).at(line));
        }
        top.names =
            first.cells.iter().map(|cell| cell.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        (top.rows, top.last_line) = (1, first.line);
        let second = rest.first().filter(|row| row.cells.len() == width && rest.len() > 1);
        if let Some(units) = second.filter(|row| is_units(row, rest.get(1..).unwrap_or_default(), dialect)) {
            top.units = Some(units.cells.clone());
            (top.rows, top.last_line) = (2, units.line);
        }
        Ok(top)
    }
}

/// The error of a row of another length.
pub(super) fn ragged(have: usize, width: usize, cells: &[String]) -> LogError {
    let row = short(&cells.join(" | "));
    LogError::malformed(
        format!("{have} cells, but most rows have {width}: `{row}`"),
        "--separator says what separates cells, --skip-lines N leaves out lines at the top, --skip-bad-rows \
         leaves out rows of another length",
    )
}

fn means_number(cell: &str, dialect: Dialect) -> bool {
    classify(cell, dialect.decimal) == Cell::Number || looks_like_time(cell)
}

fn is_text(cell: &str, dialect: Dialect) -> bool {
    classify(cell, dialect.decimal) == Cell::Text && !looks_like_time(cell)
}

/// A header has names where the rows have numbers, or names alone.
fn is_header(first: &HeadRow, rest: &[HeadRow], dialect: Dialect) -> bool {
    let names_numbers = first.cells.iter().enumerate().any(|(column, cell)| {
        let below = || rest.iter().filter_map(|row| row.cells.get(column)).filter(|cell| !cell.is_empty());
        let numbers = below().filter(|cell| means_number(cell, dialect)).count();
        is_text(cell, dialect) && 2 * numbers > below().count()
    });
    let has_names = first.cells.iter().any(|cell| is_text(cell, dialect));
    let has_numbers = first.cells.iter().any(|cell| means_number(cell, dialect));
    names_numbers || (has_names && !has_numbers)
}

/// A row of units has texts where the rows below have numbers, and no number.
fn is_units(row: &HeadRow, rest: &[HeadRow], dialect: Dialect) -> bool {
    !row.cells.iter().any(|cell| means_number(cell, dialect))
        && is_header(row, rest, dialect)
        && !rest.is_empty()
}

/// The rows of the head.
struct Body<'r> {
    rows: &'r [HeadRow],
    width: usize,
    dialect: Dialect,
}

impl Body<'_> {
    /// The cells of a column, in rows of the usual length.
    fn cells(&self, column: usize) -> impl Iterator<Item = &str> {
        let rows = self.rows.iter().filter(|row| row.cells.len() == self.width);
        rows.filter_map(move |row| row.cells.get(column).map(String::as_str))
    }

    fn numbers(&self, column: usize) -> Option<Vec<f64>> {
        self.cells(column).map(|cell| value(cell, self.dialect.decimal)).collect()
    }

    /// Are all values times, and not mere numbers?
    fn holds_stamps(&self, column: usize) -> bool {
        let given = || self.cells(column).filter(|cell| !cell.is_empty());
        let is_stamp =
            |cell: &str| looks_like_time(cell) && classify(cell, self.dialect.decimal) != Cell::Number;
        given().next().is_some() && given().all(is_stamp)
    }

    fn is_date(&self, column: usize) -> bool {
        self.cells(column).all(|cell| !cell.contains(':'))
    }

    fn is_time_of_day(&self, column: usize) -> bool {
        self.cells(column).all(|cell| cell.contains(':') && cell.len() <= 15 && !cell.contains(['-', '/']))
    }

    /// Do the numbers never fall?
    fn rises(&self, column: usize) -> bool {
        self.numbers(column).is_some_and(|numbers| numbers.is_sorted())
    }

    /// Does each number exceed the one before by one?
    fn counts_up(&self, column: usize) -> bool {
        let is_next = |pair: &[f64]| matches!(pair, [early, late] if late - early == 1.0);
        self.numbers(column).is_some_and(|numbers| numbers.len() > 2 && numbers.windows(2).all(is_next))
    }
}

/// A whole file as text.
pub fn decoded(bytes: &[u8]) -> String {
    decode_head(bytes).1
}

/// The encoding of a head, and its text.
pub(super) fn decode_head(head: &[u8]) -> (&'static Encoding, String) {
    let encoding = decode::encoding(head);
    let mut bytes = Vec::new();
    // A slice does not fail; what is cut off at its end is left for the rows.
    let _ = std::io::Read::read_to_end(&mut decode::text(head, encoding), &mut bytes);
    (encoding, String::from_utf8_lossy(&bytes).into_owned())
}
