//! Tool files from the intents of Home Assistant.
//!
//! The intents are those of the package `home-assistant-intents` (Apache-2.0): one JSON file a language with sentence
//! templates, lists and expansion rules. Each intent becomes a tool, each slot an argument, each expansion rule a
//! synonym; sentences stay as they are written. What a tool file cannot say is left out and listed with the reason.
//!
//! What always holds: the file that comes out passes the check of `tools check`.

mod draft;
mod intents;

use super::file::ToolFile;
use crate::scenario::data::read_text;
use draft::Draft;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Files that are tried below the folder that was named.
const BELOW: [&str; 3] = ["", "data", "home_assistant_intents/data"];

/// Why nothing was imported.
#[derive(Debug, Error)]
pub enum ImportError {
    /// There is no such language in the folder.
    #[error("{folder}: there is no {language}.json")]
    NoLanguage {
        /// The folder.
        folder: String,
        /// The language.
        language: String,
        /// Those that there are.
        there: Vec<String>,
    },
    /// The file cannot be read.
    #[error("{path}: {why}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
    /// The file is not written like the package's.
    #[error("{path}: {why}")]
    Malformed {
        /// The file.
        path: String,
        /// What is wrong.
        why: String,
    },
}

/// A tool file that was made, and what it lacks.
#[derive(Debug)]
pub struct Imported {
    /// The text of the file.
    pub text: String,
    /// The file, read.
    pub file: ToolFile,
    /// What could not be converted.
    pub left_out: Vec<LeftOut>,
    /// Sentences that are only meant in a context (`requires_context`), which a tool file cannot say; they are kept.
    pub contexts: usize,
}

/// Something that could not be converted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
pub struct LeftOut {
    /// The intent; empty for what belongs to none.
    pub intent: String,
    /// What it is: `sentence`, `value`, `rule`, `argument`, `tool`.
    pub what: &'static str,
    /// The text.
    pub text: String,
    /// Why not.
    pub why: String,
}

/// Reads the intents of a language below `folder` and makes a tool file of them.
///
/// # Errors
/// [`ImportError`].
pub fn home_assistant(folder: &Path, language: &str) -> Result<Imported, ImportError> {
    let name = format!("{language}.json");
    let is_name = language.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
    let found =
        BELOW.iter().map(|below| folder.join(below).join(&name)).find(|path| is_name && path.is_file());
    let Some(path) = found else {
        let there = languages(folder);
        let folder = folder.display().to_string();
        return Err(ImportError::NoLanguage { folder, language: language.into(), there });
    };
    let shown = path.display().to_string();
    let text = read_text(&path).map_err(|why| ImportError::Unreadable { path: shown.clone(), why })?;
    convert(&text, language).map_err(|why| ImportError::Malformed { path: shown, why })
}

/// Makes a tool file of the text of a language's file.
///
/// # Errors
/// Why it is none.
pub fn convert(json: &str, language: &str) -> Result<Imported, String> {
    let read: intents::Intents = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let mut left_out = Vec::new();
    let (mut draft, contexts) = intents::draft(&read, language, &mut left_out);
    let (text, file) = settle(&mut draft, &mut left_out)?;
    left_out.sort();
    Ok(Imported { text, file, left_out, contexts })
}

/// Leaves out what the check refuses, until it refuses nothing.
fn settle(draft: &mut Draft, left_out: &mut Vec<LeftOut>) -> Result<(String, ToolFile), String> {
    loop {
        let (text, items) = draft.write();
        let problems = match ToolFile::parse(&text, "import") {
            Ok(file) => return Ok((text, file)),
            Err(problems) => problems,
        };
        let before = left_out.len();
        for problem in &problems.list {
            let item = items.get((problem.line as usize).wrapping_sub(1)).copied().flatten();
            if let Some(item) = item
                && let Some(gone) = draft.leave_out(item, &problem.message)
            {
                left_out.push(gone);
            }
        }
        if left_out.len() == before {
            return Err(problems.to_string());
        }
    }
}

fn languages(folder: &Path) -> Vec<String> {
    let folders: Vec<PathBuf> = BELOW.iter().map(|below| folder.join(below)).collect();
    let entries = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let names =
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "json"));
    let mut languages: Vec<String> =
        names.filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned())).collect();
    languages.sort();
    languages.dedup();
    languages
}

#[cfg(test)]
mod tests;
