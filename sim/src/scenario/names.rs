//! Names of chips, groups and links, and the indices they stand for.

use super::problem::{Notes, Wrong};
use super::table::Found;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;

/// The name that stands for every member of the fleet, or every link.
pub(super) const ALL: &str = "all";

/// Most indices that all lists of a file may name together: 32 MiB of them.
const MAX_PLACES: usize = 4 << 20;

/// Names and the indices that each stands for.
#[derive(Debug)]
pub(super) struct Names {
    /// What they name, for messages.
    what: &'static str,
    indices: BTreeMap<String, Range<usize>>,
    all: Vec<usize>,
    /// How many indices may still be named.
    left: Cell<usize>,
}

impl Names {
    /// No names yet, of `what`.
    pub fn new(what: &'static str) -> Self {
        Self { what, indices: BTreeMap::new(), all: Vec::new(), left: Cell::new(MAX_PLACES) }
    }

    /// Names some indices.
    ///
    /// # Errors
    /// A name that is taken, or cannot be one.
    pub fn insert(&mut self, name: &str, indices: Range<usize>) -> Result<(), Wrong> {
        let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.is_empty() || name.len() > 40 || !name.bytes().all(is_fit) {
            let help = "a name is up to 40 letters, digits, `-`, `_` and `.`";
            return Err(Wrong::with(format!("`{}` is not a name", super::problem::short(name)), help));
        }
        if name == ALL || self.indices.contains_key(name) {
            return Err(Wrong::with(
                format!("the name `{name}` is taken"),
                "each chip, group and link has its own",
            ));
        }
        self.indices.insert(name.to_string(), indices);
        Ok(())
    }

    /// Is nothing named?
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// Says what `all` stands for.
    pub fn set_all(&mut self, all: Vec<usize>) {
        self.all = all;
    }

    /// What `all` stands for.
    pub fn all(&self, notes: &Notes<'_>, at: Range<usize>) -> Option<Vec<usize>> {
        self.spend(self.all.len(), notes, at)?;
        Some(self.all.clone())
    }

    /// The indices of some names, ascending, each once; none where a name is wrong.
    pub fn find(&self, names: &[Found<&str>], notes: &Notes<'_>) -> Option<Vec<usize>> {
        let (mut found, mut whole) = (Vec::new(), true);
        for name in names {
            if name.value == ALL {
                found.extend(self.all(notes, name.span.clone())?);
            } else if let Some(indices) = self.indices.get(name.value) {
                self.spend(indices.len(), notes, name.span.clone())?;
                found.extend(indices.clone());
            } else {
                let known = self.indices.keys().map(String::as_str).chain([ALL]);
                notes.add(Some(name.span.clone()), Wrong::unknown(self.what, name.value, known));
                whole = false;
            }
        }
        found.sort_unstable();
        found.dedup();
        whole.then_some(found)
    }

    fn spend(&self, count: usize, notes: &Notes<'_>, at: Range<usize>) -> Option<()> {
        let left = self.left.get().checked_sub(count + 1);
        self.left.set(left.unwrap_or(0));
        if left.is_none() {
            let message =
                format!("the lists of this file name more than {MAX_PLACES} {}s together", self.what);
            notes.add(Some(at), Wrong::new(message));
        }
        left.map(|_| ())
    }
}
