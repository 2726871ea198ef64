//! Recordings of real sensors with labels: the NAB and the SKAB layouts.
//!
//! NAB: `category/name.csv` with the columns `timestamp,value`, and one JSON file with the labelled windows of each.
//! SKAB: `name.csv`, separated by `;`, the first column a time, the last two `anomaly` and `changepoint`. The layout of
//! each file is found from its header. Values stay text: each detector parses them as it would from a sensor.

use super::nab::probation;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The labels file of NAB, relative to the folder of the data.
const NAB_LABELS: &str = "windows.json";

/// One file of a data set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// Its path below the folder, with `/` between.
    pub name: String,
    /// The folder it lies in, or `.`.
    pub category: String,
    /// `[rows]` seconds since 1970.
    pub times: Vec<i64>,
    /// `[rows][channels]` readings as they stand in the file.
    pub rows: Vec<Vec<String>>,
    /// The rows of each labelled window, in order, not overlapping.
    pub windows: Vec<Range<usize>>,
    /// Do its first rows count for nothing, as in NAB?
    pub has_probation: bool,
}

impl Recording {
    /// Channels of a row; zero for an empty recording.
    pub fn channels(&self) -> usize {
        self.rows.first().map_or(0, Vec::len)
    }

    /// Is this row in a labelled window?
    pub fn is_labelled(&self, row: usize) -> bool {
        self.windows.iter().any(|window| window.contains(&row))
    }

    /// Rows at the beginning that count for nothing.
    pub fn probation(&self) -> usize {
        if self.has_probation { probation(self.rows.len()) } else { 0 }
    }

    /// Seconds from the first row to the last.
    pub fn seconds(&self) -> i64 {
        self.times.last().unwrap_or(&0) - self.times.first().unwrap_or(&0)
    }
}

/// Why a data set could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A file or folder could not be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The labels file is not a JSON object of lists of `[begin, end]`.
    #[error("{}: {source}", path.display())]
    Labels {
        /// The labels file.
        path: PathBuf,
        /// What was wrong with it.
        source: serde_json::Error,
    },
    /// The folder holds no file of either layout.
    #[error("{}: no .csv file in it or below", .0.display())]
    Empty(PathBuf),
    /// A file has neither layout.
    #[error(
        "{}: line 1 is neither `timestamp,value` (NAB) nor ends in `anomaly;changepoint` (SKAB)",
        .0.display()
    )]
    Layout(PathBuf),
    /// A line could not be read.
    #[error("{}: line {line}: {problem}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What was wrong with it.
        problem: String,
    },
}

/// Windows by file name, each `[begin, end]` as times.
#[derive(Debug, Default, Deserialize)]
struct Labels(BTreeMap<String, Vec<[String; 2]>>);

/// Reads every `.csv` in `folder` and below, in order of name. `labels` defaults to `windows.json` in the folder, which
/// only recordings of the NAB layout need.
///
/// # Errors
/// [`DataError`] with the file and line.
pub fn read(folder: &Path, labels: Option<&Path>) -> Result<Vec<Recording>, DataError> {
    let mut files = Vec::new();
    find(folder, &mut files)?;
    files.sort();
    let labels = match labels {
        Some(path) => read_labels(path)?,
        None if folder.join(NAB_LABELS).exists() => read_labels(&folder.join(NAB_LABELS))?,
        None => Labels::default(),
    };
    let recordings: Vec<Recording> =
        files.iter().map(|file| read_file(folder, file, &labels)).collect::<Result<_, _>>()?;
    if recordings.is_empty() { Err(DataError::Empty(folder.into())) } else { Ok(recordings) }
}

fn unreadable(path: &Path) -> impl Fn(std::io::Error) -> DataError {
    move |source| DataError::Unreadable { path: path.into(), source }
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), DataError> {
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let path = entry.map_err(unreadable(folder))?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "csv") {
            files.push(path);
        }
    }
    Ok(())
}

fn read_labels(path: &Path) -> Result<Labels, DataError> {
    let text = fs::read_to_string(path).map_err(unreadable(path))?;
    serde_json::from_str(&text).map_err(|source| DataError::Labels { path: path.into(), source })
}

fn read_file(folder: &Path, path: &Path, labels: &Labels) -> Result<Recording, DataError> {
    let text = fs::read_to_string(path).map_err(unreadable(path))?;
    let below = path.strip_prefix(folder).unwrap_or(path);
    let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
    let (name, category) = (parts.join("/"), parts[..parts.len() - 1].join("/"));
    let category = if category.is_empty() { ".".into() } else { category };
    let header = text.lines().next().unwrap_or_default();
    let skab = header.ends_with(";anomaly;changepoint");
    if !skab && header != "timestamp,value" {
        return Err(DataError::Layout(path.into()));
    }
    let mut recording = Recording { name, category, has_probation: !skab, ..Recording::default() };
    let separator = if skab { ';' } else { ',' };
    let columns = header.split(separator).count();
    let mut labelled = Vec::new();
    for (line, words) in (2..).zip(text.lines().skip(1)) {
        let problem = |problem: String| DataError::Line { path: path.into(), line, problem };
        let mut words: Vec<String> = words.split(separator).map(str::to_owned).collect();
        if words.len() != columns {
            return Err(problem(format!("{} columns, not {columns}", words.len())));
        }
        let time = seconds(&words[0]).ok_or_else(|| problem(format!("`{}` is not a time", words[0])))?;
        recording.times.push(time);
        if skab {
            labelled.push(words[columns - 2].starts_with('1'));
            words.truncate(columns - 2);
        }
        words.remove(0);
        recording.rows.push(words);
    }
    recording.windows = if skab {
        runs(&labelled)
    } else {
        windows(&recording, labels).map_err(|problem| DataError::Line {
            path: path.into(),
            line: 1,
            problem,
        })?
    };
    Ok(recording)
}

/// The rows of each window that the labels give this recording.
fn windows(recording: &Recording, labels: &Labels) -> Result<Vec<Range<usize>>, String> {
    let Some(pairs) = labels.0.get(&recording.name) else {
        return Err(format!("the labels do not have `{}`", recording.name));
    };
    let row = |text: &str, after: bool| -> Result<usize, String> {
        let time = seconds(text).ok_or_else(|| format!("`{text}` is not a time"))?;
        Ok(recording.times.partition_point(|at| if after { *at <= time } else { *at < time }))
    };
    pairs.iter().map(|[begin, end]| Ok(row(begin, false)?..row(end, true)?)).collect()
}

/// The runs of `true`.
fn runs(labelled: &[bool]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (row, _) in labelled.iter().enumerate().filter(|(_, labelled)| **labelled) {
        match runs.last_mut() {
            Some(run) if run.end == row => run.end = row + 1,
            _ => runs.push(row..row + 1),
        }
    }
    runs
}

/// Seconds since 1970 of `YYYY-MM-DD HH:MM:SS[.fraction]`.
fn seconds(text: &str) -> Option<i64> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    // Years that begin in March: a leap day is the last day of its year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("ruvllm-esp-recording-{name}-{}", std::process::id()));
        for (file, text) in files {
            let path = folder.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn times_are_seconds_since_1970() {
        assert_eq!(seconds("1970-01-01 00:00:00"), Some(0));
        assert_eq!(seconds("2000-02-29 12:00:01"), Some(951_825_601));
        assert_eq!(seconds("2014-04-10 07:15:00.000000"), Some(1_397_114_100));
        assert_eq!(seconds("soon"), None);
    }

    #[test]
    fn both_layouts_are_read() {
        let nab =
            "timestamp,value\n2024-01-01 00:00:00,1.5\n2024-01-01 00:05:00,2\n2024-01-01 00:10:00,9e3\n";
        let windows = r#"{"air/a.csv": [["2024-01-01 00:05:00", "2024-01-01 00:07:00"]]}"#;
        let held = folder("nab", &[("air/a.csv", nab), ("windows.json", windows)]);
        let read_back = read(&held, None).unwrap();
        assert_eq!((read_back[0].name.as_str(), read_back[0].category.as_str()), ("air/a.csv", "air"));
        assert_eq!(read_back[0].rows[2], ["9e3"]);
        assert_eq!((read_back[0].windows.clone(), read_back[0].seconds()), (Vec::from([1..2; 1]), 600));
        let skab = "datetime;a;b;anomaly;changepoint\n2024-01-01 00:00:00;1;2;0.0;0.0\n\
                    2024-01-01 00:00:01;3;4;1.0;1.0\n2024-01-01 00:00:02;5;6;1.0;0.0\n";
        let held = folder("skab", &[("v.csv", skab)]);
        let read_back = read(&held, None).unwrap();
        assert_eq!((read_back[0].channels(), read_back[0].category.as_str()), (2, "."));
        assert_eq!(read_back[0].windows, Vec::from([1..3; 1]));
        assert_eq!(read_back[0].rows[1], ["3", "4"]);
    }

    #[test]
    fn what_is_wrong_is_named_with_file_and_line() {
        let error =
            |name: &str, files: &[(&str, &str)]| read(&folder(name, files), None).unwrap_err().to_string();
        assert!(error("none", &[("a.txt", "")]).contains("no .csv file"));
        assert!(error("layout", &[("a.csv", "x,y\n")]).contains("a.csv: line 1 is neither"));
        let short = "a;b;anomaly;changepoint\n2024-01-01 00:00:00;1;0\n";
        assert!(error("short", &[("a.csv", short)]).contains("a.csv: line 2: 3 columns, not 4"));
        assert!(
            error("time", &[("a.csv", "timestamp,value\nnoon,1\n")]).contains("line 2: `noon` is not a time")
        );
        assert!(error("label", &[("a.csv", "timestamp,value\n")]).contains("labels do not have `a.csv`"));
    }
}
