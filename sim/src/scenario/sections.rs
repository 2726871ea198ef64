//! The sections of a scenario file by kind, each entry opened as a table.

use super::grammar::Section;
use super::problem::{Notes, Wrong};
use super::table::Table;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The sections of a kind.
#[derive(Clone, Copy)]
pub(crate) struct Sections<'d> {
    document: &'d DeTable<'d>,
    notes: &'d Notes<'d>,
}

impl<'d> Sections<'d> {
    pub fn new(document: &'d DeTable<'d>, notes: &'d Notes<'d>) -> Self {
        Self { document, notes }
    }

    /// Does the file have such a section?
    pub fn has(self, name: &str) -> bool {
        self.document.contains_key(name)
    }

    /// The tables of one section, opened.
    pub fn of(self, section: &'static Section) -> Vec<Table<'d>> {
        let Some(value) = self.document.get(section.own_key()) else { return Vec::new() };
        let DeValue::Array(list) = value.get_ref() else {
            let heading = section.heading();
            self.notes.add(
                Some(value.span()),
                Wrong::with(
                    format!("`{}` is a list of tables", section.own_key()),
                    format!("write {heading}"),
                ),
            );
            return Vec::new();
        };
        list.iter().filter_map(|entry| self.table(entry, section)).collect()
    }

    fn table(self, entry: &'d Spanned<DeValue<'d>>, section: &'static Section) -> Option<Table<'d>> {
        if let DeValue::Table(entries) = entry.get_ref() {
            return Some(Table::open(entries, entry.span(), section, self.notes));
        }
        let heading = section.heading();
        self.notes.add(Some(entry.span()), Wrong::new(format!("{heading} is a list of tables")));
        None
    }
}
