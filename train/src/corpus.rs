//! Labelled sentences: a folder with `seq.in`, `seq.out` and `label`, as Snips and ATIS are published.
//!
//! Line `n` of each file belongs to one sentence: its words, a tag for each word (`O`, `B-slot`, `I-slot`), its intent.
//! Nothing is repaired: a line that does not fit is an error with its file and number.

use ruvllm_esp_core::nlu::container::{MAX_INTENTS, MAX_NAME, MAX_SLOTS, Model, NONE};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A sentence whose meaning is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// Its words.
    pub words: Vec<String>,
    /// The tag of each word: `Labels::tag`.
    pub tags: Vec<u16>,
    /// The number of its intent.
    pub intent: u16,
}

/// The names of intents and slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// By number.
    pub intents: Vec<String>,
    /// By number.
    pub slots: Vec<String>,
}

/// The number of an intent, and the slot of a tag, that the labels do not have.
pub const UNKNOWN: u16 = 0x3FFF;

impl Labels {
    /// Those of a model.
    pub fn of(model: &Model<'_>) -> Self {
        let shape = model.shape();
        Self {
            intents: (0..shape.intents).map(|intent| model.intent_name(intent).to_owned()).collect(),
            slots: (0..shape.slots).map(|slot| model.slot_name(slot).to_owned()).collect(),
        }
    }

    fn intent(&self, name: &str) -> u16 {
        self.intents.iter().position(|known| known == name).map_or(UNKNOWN, |index| index as u16)
    }

    /// The number of a tag: 0 outside, `1 + 2 s` where slot `s` begins, `2 + 2 s` inside of it.
    fn tag(&self, text: &str) -> Option<u16> {
        if text == "O" {
            return Some(0);
        }
        let (kind, name) = text.split_once('-')?;
        let slot = self.slots.iter().position(|known| known == name);
        let slot = slot.map_or(UNKNOWN, |index| index as u16);
        match kind {
            "B" => Some(1 + 2 * slot),
            "I" => Some(2 + 2 * slot),
            _ => None,
        }
    }
}

/// Why a folder is not labelled sentences.
#[derive(Debug, Error)]
pub enum CorpusError {
    /// A file cannot be read.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A line that does not fit.
    #[error("{}:{line}: {problem}", path.display())]
    Line {
        /// In which file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// More names than a model has room for.
    #[error("{}: {count} {what}; a model has at most {max}", path.display())]
    TooMany {
        /// Of which folder.
        path: PathBuf,
        /// Of what there are too many.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        max: usize,
    },
}

/// A line of each of the three files.
#[derive(Debug)]
struct Raw {
    words: Vec<String>,
    tags: Vec<String>,
    intent: String,
}

/// A folder as it was read, before its names have numbers.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    rows: Vec<Raw>,
}

impl Folder {
    /// Reads `path/seq.in`, `path/seq.out` and `path/label`.
    ///
    /// # Errors
    /// [`CorpusError`] at the first line that does not fit.
    pub fn read(path: &Path) -> Result<Self, CorpusError> {
        let lines = |name: &str| {
            let path = path.join(name);
            match std::fs::read_to_string(&path) {
                Ok(text) => Ok(text.lines().map(str::to_owned).collect::<Vec<String>>()),
                Err(error) => Err(CorpusError::File { path, error }),
            }
        };
        let (words, tags, labels) = (lines("seq.in")?, lines("seq.out")?, lines("label")?);
        for (name, count) in [("seq.out", tags.len()), ("label", labels.len())] {
            if count != words.len() {
                let problem = format!("the file ends here; seq.in has {} lines", words.len());
                return Err(CorpusError::Line { path: path.join(name), line: count, problem });
            }
        }
        let mut rows = Vec::with_capacity(words.len());
        for (index, ((words, tags), intent)) in words.iter().zip(&tags).zip(&labels).enumerate() {
            let row = row(words, tags, intent);
            rows.push(row.map_err(|(name, problem)| CorpusError::Line {
                path: path.join(name),
                line: index + 1,
                problem,
            })?);
        }
        if rows.is_empty() {
            let problem = "there are no sentences".to_owned();
            return Err(CorpusError::Line { path: path.join("seq.in"), line: 1, problem });
        }
        Ok(Self { path: path.to_owned(), rows })
    }

    /// The names that occur.
    ///
    /// # Errors
    /// [`CorpusError::TooMany`] where a model has no room for them.
    pub fn labels(&self) -> Result<Labels, CorpusError> {
        let intents: BTreeSet<&String> = self.rows.iter().map(|row| &row.intent).collect();
        let tags = self.rows.iter().flat_map(|row| &row.tags);
        let slots: BTreeSet<&str> =
            tags.filter_map(|tag| tag.split_once('-')).map(|(_, slot)| slot).collect();
        for (what, count, max) in [("intents", intents.len(), MAX_INTENTS), ("slots", slots.len(), MAX_SLOTS)]
        {
            if count > max {
                return Err(CorpusError::TooMany { path: self.path.clone(), what, count, max });
            }
        }
        Ok(Labels {
            intents: intents.into_iter().cloned().collect(),
            slots: slots.into_iter().map(str::to_owned).collect(),
        })
    }

    /// The sentences, with the numbers of `labels`; names that it lacks are [`UNKNOWN`].
    pub fn sentences(&self, labels: &Labels) -> Vec<Sentence> {
        let sentence = |row: &Raw| Sentence {
            words: row.words.clone(),
            // `row` has checked the form of each tag.
            tags: row.tags.iter().map(|tag| labels.tag(tag).unwrap_or(0)).collect(),
            intent: labels.intent(&row.intent),
        };
        self.rows.iter().map(sentence).collect()
    }
}

/// One line of each file, or the name of the file in which it does not fit and why.
fn row(words: &str, tags: &str, intent: &str) -> Result<Raw, (&'static str, String)> {
    let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
    let tags: Vec<String> = tags.split_whitespace().map(str::to_owned).collect();
    let intent = intent.trim().to_owned();
    if words.is_empty() {
        return Err(("seq.in", "a sentence without words".into()));
    }
    if tags.len() != words.len() {
        return Err(("seq.out", format!("{} tags for {} words", tags.len(), words.len())));
    }
    let named = |name: &str| !name.is_empty() && name.len() <= MAX_NAME;
    let fits = |tag: &str| tag == "O" || tag.strip_prefix("B-").or(tag.strip_prefix("I-")).is_some_and(named);
    if let Some(tag) = tags.iter().find(|tag| !fits(tag)) {
        return Err((
            "seq.out",
            format!("`{tag}` is none of O, B-name and I-name (at most {MAX_NAME} bytes)"),
        ));
    }
    if !named(&intent) {
        return Err(("label", format!("an intent has 1 to {MAX_NAME} bytes, here are {}", intent.len())));
    }
    Ok(Raw { words, tags, intent })
}

/// Sentences of a file that are no commands, one a line.
///
/// # Errors
/// [`CorpusError::File`] where it cannot be read.
pub fn out_of_scope(path: &Path, labels: &Labels) -> Result<Vec<Sentence>, CorpusError> {
    let text =
        std::fs::read_to_string(path).map_err(|error| CorpusError::File { path: path.to_owned(), error })?;
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let sentences = text.lines().map(words).filter(|words| !words.is_empty());
    let intent = labels.intent(NONE);
    Ok(sentences.map(|words| Sentence { tags: vec![0; words.len()], words, intent }).collect())
}

/// Sentences to learn from, and others to measure on.
#[derive(Clone, Debug)]
pub struct Corpus {
    /// The names that occur in the training sentences, and that of no command ([`NONE`]).
    pub labels: Labels,
    /// To learn from.
    pub training: Vec<Sentence>,
    /// To measure on and to fit the temperatures on.
    pub held_out: Vec<Sentence>,
}

impl Corpus {
    /// Reads `path/train` and `path/valid` where there are such folders; otherwise `path` itself, of which every tenth
    /// sentence is held out.
    ///
    /// # Errors
    /// [`CorpusError`] at the first line that does not fit.
    pub fn read(path: &Path) -> Result<Self, CorpusError> {
        let nested = path.join("train").is_dir();
        let folder = Folder::read(&if nested { path.join("train") } else { path.to_owned() })?;
        let mut labels = folder.labels()?;
        if !labels.intents.iter().any(|intent| intent == NONE) && labels.intents.len() < MAX_INTENTS {
            labels.intents.push(NONE.to_owned());
        }
        let labels = labels;
        let mut training = folder.sentences(&labels);
        let valid = path.join("valid");
        let held_out = if nested && valid.is_dir() {
            Folder::read(&valid)?.sentences(&labels)
        } else {
            let mut number = 0;
            training
                .extract_if(.., |_| {
                    number += 1;
                    number % 10 == 0
                })
                .collect()
        };
        Ok(Self { labels, training, held_out })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn folder(files: [&str; 3]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in ["seq.in", "seq.out", "label"].into_iter().zip(files) {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    #[test]
    fn words_tags_and_intents_get_numbers_by_their_names() {
        let folder =
            folder(["dim the red lamp\nplay jazz\n", "O O B-thing I-thing\nO B-genre\n", "Light\nMusic\n"]);
        let read = Folder::read(folder.path()).unwrap();
        let labels = read.labels().unwrap();
        assert_eq!(labels.slots, ["genre", "thing"]);
        let sentences = read.sentences(&labels);
        assert_eq!((sentences[0].tags.as_slice(), sentences[0].intent), ([0, 0, 3, 4].as_slice(), 0));
        assert_eq!((sentences[1].tags.as_slice(), sentences[1].intent), ([0, 1].as_slice(), 1));
        let other = Labels { intents: vec!["Light".into()], slots: vec!["thing".into()] };
        assert_eq!(read.sentences(&other)[1].intent, UNKNOWN);
    }

    #[test]
    fn a_line_that_does_not_fit_is_named() {
        for (files, message) in [
            (["a b\n", "O\n", "x\n"], "seq.out:1: 1 tags for 2 words"),
            (["a\n", "Q-x\n", "x\n"], "seq.out:1: `Q-x` is none of O, B-name and I-name"),
            (["a\n\n", "O\n\n", "x\ny\n"], "seq.in:2: a sentence without words"),
            (["a\nb\n", "O\nO\n", "x\n"], "label:1: the file ends here; seq.in has 2 lines"),
            (["a\n", "O\n", " \n"], "label:1: an intent has 1 to 64 bytes, here are 0"),
            (["", "", ""], "seq.in:1: there are no sentences"),
        ] {
            let error = Folder::read(folder(files).path()).err().unwrap().to_string();
            assert!(error.contains(message), "{error}");
        }
        assert!(Folder::read(Path::new("/nowhere")).err().unwrap().to_string().contains("/nowhere/seq.in"));
    }

    #[test]
    fn every_tenth_sentence_is_held_out_where_nothing_else_says() {
        let files = ["a\n".repeat(25), "O\n".repeat(25), "x\n".repeat(25)];
        let folder = folder(std::array::from_fn(|file| files[file].as_str()));
        let corpus = Corpus::read(folder.path()).unwrap();
        assert_eq!((corpus.training.len(), corpus.held_out.len()), (23, 2));
    }
}
