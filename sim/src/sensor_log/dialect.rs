//! Separator and decimal sign: the pair with which most cells of the first rows are numbers, times or missing.

use super::cell::{self, Cell, classify};
use super::fault::{LogError, short};
use super::options::{Decimal, LogOptions, SEPARATORS, separator_name};
use super::time::looks_like_time;

/// How cells are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    pub separator: u8,
    pub decimal: Decimal,
}

/// A row of the head of a file.
#[derive(Clone, Debug)]
pub(super) struct HeadRow {
    pub line: u64,
    pub cells: Vec<String>,
}

/// The sign before a comment line.
pub(super) const COMMENT: u8 = b'#';

/// How many rows are looked at.
const ROWS: usize = 200;

/// A reader of cells, whatever each row's length.
pub(super) fn reader<Input: std::io::Read>(input: Input, separator: u8) -> csv::Reader<Input> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .comment(Some(COMMENT))
        .from_reader(input)
}

/// Where spaces separate cells, several of them count as one.
pub(super) fn joins(separator: u8, cell: &str) -> bool {
    separator == b' ' && cell.is_empty()
}

/// The rows of the head, cut at the separator; `first` is the number of its first line.
pub(super) fn rows(head: &str, separator: u8, first: u64) -> Vec<HeadRow> {
    let records = reader(head.as_bytes(), separator).into_records().take(ROWS);
    let row = |record: csv::StringRecord| HeadRow {
        line: record.position().map_or(1, csv::Position::line) + first - 1,
        cells: record
            .iter()
            .map(str::trim)
            .filter(|cell| !joins(separator, cell))
            .map(String::from)
            .collect(),
    };
    let rows = records.map_while(Result::ok).map(row);
    rows.filter(|row| row.cells.iter().any(|cell| !cell.is_empty()) || row.cells.len() > 1).collect()
}

/// The dialect of a head, among those that the options leave.
pub(super) fn find(
    head: &str,
    options: &LogOptions,
    first: u64,
) -> Result<(Dialect, Vec<HeadRow>), LogError> {
    let separators = options.separator.map_or(SEPARATORS.to_vec(), |separator| vec![separator]);
    let decimals = options.decimal.map_or(vec![Decimal::Point, Decimal::Comma], |decimal| vec![decimal]);
    let mut best: Option<(Merit, Dialect, Vec<HeadRow>)> = None;
    for separator in separators {
        let rows = rows(head, separator, first);
        for decimal in decimals.iter().copied() {
            let merit = Merit::of(&rows, decimal);
            if best.as_ref().is_none_or(|(have, ..)| merit > *have) {
                best = Some((merit, Dialect { separator, decimal }, rows.clone()));
            }
        }
    }
    let Some((merit, dialect, rows)) = best.filter(|(_, _, rows)| !rows.is_empty()) else {
        return Err(LogError::unusable(
            "the file has no rows",
            "a sensor log is a table of readings, one row a sample",
        ));
    };
    if merit.useful == 0 {
        return Err(no_readings(&rows));
    }
    if options.decimal.is_none() {
        dialect.refuse_thousands(&rows)?;
    }
    Ok((dialect, rows))
}

fn no_readings(rows: &[HeadRow]) -> LogError {
    let line = rows.first().map_or(1, |row| row.line);
    let cells = rows.first().map(|row| row.cells.join(" ")).unwrap_or_default();
    LogError::unusable(
        format!("no column holds readings; it begins with `{}`", short(&cells)),
        "a sensor log is a table of numbers; --separator, --decimal and --skip-lines say how it is written",
    )
    .at(line)
}

impl Dialect {
    /// A quoted `1,234` between commas is 1.234 in one country and 1234 in another.
    fn refuse_thousands(self, rows: &[HeadRow]) -> Result<(), LogError> {
        if self.separator != b',' || self.decimal != Decimal::Comma {
            return Ok(());
        }
        let cells = || {
            let numbered = |row: &HeadRow| {
                row.cells
                    .clone()
                    .into_iter()
                    .enumerate()
                    .map({
                        let line = row.line;
                        move |(column, cell)| (line, column, cell)
                    })
                    .collect::<Vec<_>>()
            };
            rows.iter()
                .flat_map(numbered)
                .filter(|(_, _, cell)| cell.contains(',') && cell::is_number(cell, Decimal::Comma))
        };
        match cells().next() {
            Some((line, column, first)) if cells().all(|(_, _, cell)| cell::may_be_thousands(&cell)) => {
                let message =
                    format!("`{first}` may be {} or {}", first.replace(',', "."), first.replace(',', ""));
                let help = "--decimal , reads a decimal comma; commas between thousands have to be removed";
                Err(LogError::malformed(message, help).at(line).in_column(column))
            }
            _ => Ok(()),
        }
    }

    /// As it is said.
    pub fn name(self) -> String {
        format!("separator {}, decimal sign `{}`", separator_name(self.separator), self.decimal.sign())
    }
}

/// How well a dialect explains the rows; more is better, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Merit {
    /// The share of rows with the usual width times the share of cells that mean something, in millionths.
    useful: u64,
    /// Columns.
    width: usize,
}

impl Merit {
    fn of(rows: &[HeadRow], decimal: Decimal) -> Self {
        let width = usual_width(rows);
        let body = rows.get(usize::from(rows.len() > 1)..).unwrap_or_default();
        let cells = || body.iter().flat_map(|row| &row.cells);
        let means_something = |cell: &&String| match classify(cell, decimal) {
            Cell::Number => true,
            Cell::Missing => false,
            Cell::Text => looks_like_time(cell),
        };
        let is_given = |cell: &&String| classify(cell, decimal) != Cell::Missing;
        let good = cells().filter(means_something).count() as u64;
        let given = cells().filter(is_given).count() as u64;
        // One column with commas in its name is two columns that commas separate, not one with a decimal comma.
        let is_cut = width == 1
            && decimal == Decimal::Comma
            && rows
                .first()
                .and_then(|row| row.cells.first())
                .is_some_and(|name| name.contains(',') && classify(name, decimal) == Cell::Text);
        if is_cut {
            return Self { useful: 0, width };
        }
        let regular = rows.iter().filter(|row| row.cells.len() == width).count() as u64;
        let all = rows.len() as u64;
        let useful = 1_000_000 * good * regular / (given * all).max(1);
        Self { useful, width }
    }
}

/// The number of cells that most rows have; of several the first.
pub(super) fn usual_width(rows: &[HeadRow]) -> usize {
    let count = |width: usize| rows.iter().filter(|row| row.cells.len() == width).count();
    let mut best = (0, 0);
    for row in rows {
        let width = row.cells.len();
        let have = if width == best.0 { best.1 } else { count(width) };
        if have > best.1 {
            best = (width, have);
        }
    }
    best.0
}
