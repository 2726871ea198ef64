//! Aligned tables for people; scripts take `--json`.

use crate::style::strong;
use std::io::{self, Write};

/// To which side a column leans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Rows under headings. Every row has as many cells as there are headings.
#[derive(Clone, Debug)]
pub struct Table<const COLUMNS: usize> {
    headings: [(&'static str, Align); COLUMNS],
    rows: Vec<[String; COLUMNS]>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    /// An empty table.
    pub fn new(headings: [(&'static str, Align); COLUMNS]) -> Self {
        Self { headings, rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: [String; COLUMNS]) {
        self.rows.push(cells);
    }

    /// Writes it, two spaces between columns and none at the end of a line.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
        let mut widths = self.headings.map(|(heading, _)| heading.chars().count());
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let headings = self.headings.map(|(heading, _)| heading.to_string());
        writeln!(out, "{}", strong(&self.line(&headings, &widths)))?;
        self.rows.iter().try_for_each(|row| writeln!(out, "{}", self.line(row, &widths)))
    }

    fn line(&self, cells: &[String; COLUMNS], widths: &[usize; COLUMNS]) -> String {
        let cells = cells.iter().zip(widths).zip(&self.headings).map(|((cell, width), (_, align))| {
            let width = *width;
            match align {
                Align::Left => format!("{cell:<width$}"),
                Align::Right => format!("{cell:>width$}"),
            }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new([("chip", Align::Left), ("bytes", Align::Right)]);
        table.row(["esp32c3".into(), "7".into()]);
        table.row(["esp32".into(), "299680".into()]);
        let mut out = Vec::new();
        table.write(&mut out).unwrap();
        let text = anstream::adapter::strip_str(std::str::from_utf8(&out).unwrap()).to_string();
        assert_eq!(text, "chip      bytes\nesp32c3       7\nesp32    299680\n");
    }
}
