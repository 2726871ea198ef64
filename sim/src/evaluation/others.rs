//! Sentences of other people, from a folder that the user names.
//!
//! The layout is that of the CLINC set: `sentences.tsv` with `group<TAB>sentence` on each line, and optionally
//! `out-of-scope.tsv` with a sentence that belongs to no group on each. Nothing of it is kept in this project.

use super::sentences::Sentence;
use oorandom::Rand32;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The words of a sentence that is used.
const WORDS: std::ops::RangeInclusive<usize> = 5..=17;

/// A folder could not be read as sentences.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A file is missing or not readable.
    #[error("{}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line has no tab.
    #[error("{} line {line}: no tab between group and sentence", path.display())]
    NoTab {
        /// In which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
    /// There are too few sentences to measure anything.
    #[error("{}: {have} different sentences of 5 to 17 words in {groups} groups, at least {MIN_SENTENCES} in 2 are needed", path.display())]
    TooFew {
        /// In which file.
        path: PathBuf,
        /// How many there are.
        have: usize,
        /// In how many groups.
        groups: usize,
    },
}

/// The fewest sentences that are measured.
pub const MIN_SENTENCES: usize = 200;

/// The sentences of a folder.
#[derive(Clone, Debug)]
pub struct Others {
    rows: Vec<(String, String)>,
    outside: Vec<String>,
}

impl Others {
    /// Reads `folder`; repeated sentences count once.
    ///
    /// # Errors
    /// Any [`DataError`].
    pub fn read(folder: &Path) -> Result<Self, DataError> {
        let file = |name: &str| {
            let path = folder.join(name);
            std::fs::read_to_string(&path).map_err(|source| DataError::Read { path, source })
        };
        let outside = file("out-of-scope.tsv").unwrap_or_default();
        let path = folder.join("sentences.tsv");
        let (mut rows, mut known) = (Vec::new(), BTreeSet::new());
        for (number, line) in file("sentences.tsv")?.lines().enumerate() {
            let Some((group, text)) = line.split_once('\t') else {
                return Err(DataError::NoTab { path, line: number + 1 });
            };
            let is_measured = WORDS.contains(&text.split_whitespace().count()) && text.len() < 200;
            if is_measured && known.insert(text.to_owned()) {
                rows.push((group.to_owned(), text.to_owned()));
            }
        }
        let groups = rows.iter().map(|(group, _)| group).collect::<BTreeSet<_>>().len();
        if rows.len() < MIN_SENTENCES || groups < 2 {
            return Err(DataError::TooFew { path, have: rows.len(), groups });
        }
        let outside = outside.lines().filter(|line| line.split_whitespace().count() >= 3);
        Ok(Self { rows, outside: outside.map(str::to_owned).collect() })
    }

    /// At most `count` sentences in an order that `seed` decides.
    pub fn sample(&self, count: usize, seed: u64) -> Vec<Sentence<'_>> {
        self.sample_of(count, seed, |_| true)
    }

    /// As [`Others::sample`], of every second group by name: the first, third... or the others.
    pub fn sample_half(&self, half: usize, count: usize, seed: u64) -> Vec<Sentence<'_>> {
        let groups: Vec<&String> =
            self.rows.iter().map(|(group, _)| group).collect::<BTreeSet<_>>().into_iter().collect();
        self.sample_of(count, seed, |group| {
            groups.binary_search_by(|other| other.as_str().cmp(group)).unwrap_or(0) % 2 == half
        })
    }

    /// The sentences that belong to no group.
    pub fn outside(&self) -> impl Iterator<Item = Sentence<'_>> {
        self.outside.iter().map(|text| Sentence { language: "", text, paraphrase: None })
    }

    fn sample_of(&self, count: usize, seed: u64, is_meant: impl Fn(&str) -> bool) -> Vec<Sentence<'_>> {
        let mut random = Rand32::new(seed);
        let rows = self.rows.iter().filter(|(group, _)| is_meant(group));
        let mut all: Vec<Sentence<'_>> =
            rows.map(|(group, text)| Sentence { language: group, text, paraphrase: None }).collect();
        for last in (1..all.len()).rev() {
            all.swap(last, random.rand_range(0..last as u32 + 1) as usize);
        }
        all.truncate(count);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str, sentences: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("ruvllm-esp-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("sentences.tsv"), sentences).unwrap();
        folder
    }

    #[test]
    fn a_folder_is_read_and_what_is_wrong_with_it_is_reported() {
        let line = |number: usize| format!("group{}\tsentence number {number} of this test\n", number % 4);
        let good = folder("good", &(0..400).map(line).collect::<String>());
        let others = Others::read(&good).unwrap();
        assert_eq!(others.sample(300, 1).len(), 300);
        assert_ne!(others.sample(300, 1), others.sample(300, 2));
        let half: BTreeSet<&str> = others.sample_half(1, 400, 1).iter().map(|row| row.language).collect();
        assert_eq!(half.into_iter().collect::<Vec<_>>(), ["group1", "group3"]);
        assert_eq!(others.outside().count(), 0);
        let error = |name, text| Others::read(&folder(name, text)).unwrap_err().to_string();
        assert!(error("tab", "a\tb\nno tab here\n").ends_with("line 2: no tab between group and sentence"));
        assert!(error("few", "a\tone two three four five\n").contains("1 different sentences"));
        assert!(Others::read(Path::new("/nonexistent")).is_err());
    }
}
