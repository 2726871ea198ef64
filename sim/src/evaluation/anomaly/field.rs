//! How well detectors find what others have labelled in recordings of theirs.
//!
//! Every detector sees every recording from its first row and learns nothing from another one. Four questions are asked
//! of each: NAB's score, which labelled windows its episodes hit, which rows it marks, and how often it is wrong a day.
//! Where the labels leave a probation (NAB), nothing in it counts; a recording without one (SKAB) is judged whole.

use super::contestant::{Contestant, Judged};
use super::nab::{self, PROFILES};
use super::recording::{self, DataError, Recording};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The figures of all detectors over one data set.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FieldReport {
    /// Where the figures come from: the detectors ran, on recordings of others.
    pub provenance: &'static str,
    /// How many files.
    pub recordings: usize,
    /// Rows in all of them.
    pub rows: usize,
    /// Labelled windows in all of them.
    pub windows: usize,
    /// Ours first, then the baselines.
    pub detectors: Vec<FieldScore>,
}

/// The figures of one detector.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FieldScore {
    /// What it is called.
    pub name: &'static str,
    /// Over all recordings.
    pub overall: Figures,
    /// For each folder of the data set.
    pub by_category: BTreeMap<String, Figures>,
}

/// What is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Figures {
    /// NAB's score of the beginnings of the detector's own episodes, for each of [`PROFILES`].
    pub nab: [f64; 3],
    /// NAB's score with the threshold that is best for it, for each of [`PROFILES`].
    pub nab_optimised: [f64; 3],
    /// Labelled windows.
    pub windows: usize,
    /// Labelled windows in which an episode begins.
    pub found: usize,
    /// Episodes.
    pub episodes: usize,
    /// Episodes that begin outside all windows.
    pub false_episodes: usize,
    /// Episodes that begin in a window, over episodes.
    pub precision: f64,
    /// Windows found, over windows.
    pub recall: f64,
    /// The harmonic mean of both.
    pub f1: f64,
    /// The F1 of rows marked against rows labelled.
    pub f1_by_point: f64,
    /// False episodes in 24 hours of the recordings' own time.
    pub false_a_day: f64,
    /// Mean rows from a window's start to its first alarm.
    pub delay: f64,
    /// Mean of the same as a share of the window.
    pub delay_share: f64,
}

/// Runs every detector over the recordings in `folder`.
///
/// # Errors
/// [`DataError`] where the folder cannot be read.
pub fn run(folder: &Path, labels: Option<&Path>) -> Result<FieldReport, DataError> {
    let recordings = recording::read(folder, labels)?;
    Ok(FieldReport {
        provenance: "measured",
        recordings: recordings.len(),
        rows: recordings.iter().map(|one| one.rows.len()).sum(),
        windows: recordings.iter().map(|one| one.windows.len()).sum(),
        detectors: Contestant::ALL.into_iter().map(|detector| score(detector, &recordings)).collect(),
    })
}

fn score(detector: Contestant, recordings: &[Recording]) -> FieldScore {
    let judged: Vec<Vec<Judged>> = recordings.par_iter().map(|one| detector.judge(one)).collect();
    let mut categories: BTreeMap<String, (Vec<Recording>, Vec<Vec<Judged>>)> = BTreeMap::new();
    for (recording, judged) in recordings.iter().zip(&judged) {
        let (held, rows) = categories.entry(recording.category.clone()).or_default();
        held.push(recording.clone());
        rows.push(judged.clone());
    }
    let by_category =
        categories.into_iter().map(|(name, (held, rows))| (name, figures(&held, &rows))).collect();
    FieldScore { name: detector.name(), overall: figures(recordings, &judged), by_category }
}

/// Counts, before anything is divided.
#[derive(Default)]
struct Counts {
    days: f64,
    delay: f64,
    delay_share: f64,
    hits: usize,
    misses: usize,
    false_rows: usize,
}

fn figures(recordings: &[Recording], judged: &[Vec<Judged>]) -> Figures {
    let mut figures = Figures::default();
    let mut counts = Counts::default();
    for (recording, judged) in recordings.iter().zip(judged) {
        count_rows(recording, judged, &mut counts);
        count_windows(recording, judged, &mut figures, &mut counts);
    }
    let begins = |judged: &Vec<Judged>| {
        judged.iter().enumerate().filter(|(_, row)| row.begins).map(|(row, _)| row).collect()
    };
    let beginnings: Vec<Vec<usize>> = judged.iter().map(begins).collect();
    let scores: Vec<Vec<f64>> =
        judged.iter().map(|rows| rows.iter().map(|row| row.score).collect()).collect();
    figures.nab = PROFILES.map(|profile| nab::score(recordings, &beginnings, profile));
    figures.nab_optimised = PROFILES.map(|profile| nab::optimised(recordings, &scores, profile).0);
    let ratio = |part: f64, whole: f64| if whole == 0.0 { 0.0 } else { part / whole };
    let true_episodes = figures.episodes - figures.false_episodes;
    figures.precision = ratio(true_episodes as f64, figures.episodes as f64);
    figures.recall = ratio(figures.found as f64, figures.windows as f64);
    figures.f1 = ratio(2.0 * figures.precision * figures.recall, figures.precision + figures.recall);
    let marked = 2 * counts.hits + counts.misses + counts.false_rows;
    figures.f1_by_point = ratio(2.0 * counts.hits as f64, marked as f64);
    figures.false_a_day = ratio(figures.false_episodes as f64, counts.days);
    figures.delay = ratio(counts.delay, figures.found as f64);
    figures.delay_share = ratio(counts.delay_share, figures.found as f64);
    figures
}

fn count_rows(recording: &Recording, judged: &[Judged], counts: &mut Counts) {
    let first = recording.probation();
    counts.days += recording.seconds() as f64 / 86_400.0 * (1.0 - first as f64 / judged.len().max(1) as f64);
    for (row, judged) in judged.iter().enumerate().skip(first) {
        match (judged.alarm, recording.is_labelled(row)) {
            (true, true) => counts.hits += 1,
            (true, false) => counts.false_rows += 1,
            (false, true) => counts.misses += 1,
            (false, false) => {}
        }
    }
}

fn count_windows(recording: &Recording, judged: &[Judged], figures: &mut Figures, counts: &mut Counts) {
    let first = recording.probation();
    let begins = |row: &usize| judged[*row].begins;
    let episodes: Vec<usize> = (first..judged.len()).filter(begins).collect();
    figures.episodes += episodes.len();
    figures.false_episodes += episodes.iter().filter(|row| !recording.is_labelled(**row)).count();
    figures.windows += recording.windows.len();
    for window in &recording.windows {
        let Some(row) = episodes.iter().find(|row| window.contains(row)) else { continue };
        figures.found += 1;
        counts.delay += (row - window.start) as f64;
        counts.delay_share += (row - window.start) as f64 / window.len() as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn episodes_rows_and_delays_are_counted() {
        let recording = Recording {
            times: (0..1000).map(|row| row * 86).collect(),
            rows: vec![vec!["0".into()]; 1000],
            windows: vec![300..400, 600..700],
            has_probation: true,
            ..Recording::default()
        };
        let mut judged = vec![Judged::default(); 1000];
        for (from, to) in [(20, 30), (200, 210), (320, 370)] {
            judged[from].begins = true;
            judged[from..to].iter_mut().for_each(|row| row.alarm = true);
        }
        let figures = figures(&[recording], &[judged]);
        assert_eq!((figures.windows, figures.found, figures.episodes, figures.false_episodes), (2, 1, 2, 1));
        assert_eq!((figures.precision, figures.recall, figures.f1), (0.5, 0.5, 0.5));
        assert!((figures.f1_by_point - 100.0 / 260.0).abs() < 1e-9);
        assert_eq!((figures.delay, figures.delay_share), (20.0, 0.2));
        assert!((figures.false_a_day - 1.0 / 0.85).abs() < 0.02, "{}", figures.false_a_day);
    }
}
