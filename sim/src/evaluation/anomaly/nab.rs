//! The score of the Numenta Anomaly Benchmark.
//!
//! Lavin and Ahmad, *Evaluating Real-Time Anomaly Detection Algorithms: the Numenta Anomaly Benchmark*, ICMLA 2015. In
//! each labelled window the earliest detection earns up to 1, the more the earlier it comes; a window without one costs
//! its weight; each detection outside costs up to its weight, the less the closer it follows a window. The first 15% of
//! a recording (of at most 5,000 rows) count for nothing. A detector that never alarms scores 0, one that detects every
//! window at its first row, and nothing else, scores 100.

use super::recording::Recording;
use schemars::JsonSchema;
use serde::Serialize;
use std::ops::Range;

/// What a missed window and a false detection cost; a window found at once earns 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Profile {
    /// What NAB calls it.
    pub name: &'static str,
    /// Cost of a detection outside all windows.
    pub false_positive: f64,
    /// Cost of a window without a detection.
    pub false_negative: f64,
}

/// The three profiles that NAB publishes.
pub const PROFILES: [Profile; 3] = [
    Profile { name: "standard", false_positive: 0.11, false_negative: 1.0 },
    Profile { name: "reward low FP", false_positive: 0.22, false_negative: 1.0 },
    Profile { name: "reward low FN", false_positive: 0.11, false_negative: 2.0 },
];

/// Rows at the beginning of a recording of `rows` rows that count for nothing.
pub fn probation(rows: usize) -> usize {
    rows.min(5_000) * 15 / 100
}

/// NAB's `2 * sigmoid(-5 x) - 1`, which falls from 1 (long before zero) to -1.
fn sigmoid(x: f64) -> f64 {
    if x > 3.0 { -1.0 } else { 2.0 / (1.0 + (5.0 * x).exp()) - 1.0 }
}

/// What one detection is worth: the window it lies in, if any, and its raw value.
fn worth(recording: &Recording, row: usize, profile: &Profile) -> (Option<usize>, f64) {
    let inside = recording.windows.iter().position(|window| window.contains(&row));
    if let Some(at) = inside {
        let Range { start, end } = recording.windows[at];
        let position = -((end - row) as f64) / (end - start) as f64;
        return (inside, sigmoid(position) / sigmoid(-1.0));
    }
    let before = recording.windows.iter().rev().find(|window| window.end <= row);
    let penalty = before.map_or(-1.0, |window| {
        let width = (window.end - window.start).saturating_sub(1).max(1);
        sigmoid((row + 1 - window.end) as f64 / width as f64)
    });
    (None, penalty * profile.false_positive)
}

/// Adds detections up, in any order.
struct Tally<'a> {
    recordings: &'a [Recording],
    profile: Profile,
    /// `[recordings][windows]` what the earliest detection so far earns.
    best: Vec<Vec<Option<f64>>>,
    raw: f64,
}

impl<'a> Tally<'a> {
    fn new(recordings: &'a [Recording], profile: Profile) -> Self {
        let best: Vec<Vec<_>> = recordings.iter().map(|one| vec![None; one.windows.len()]).collect();
        let windows: usize = best.iter().map(Vec::len).sum();
        Self { recordings, profile, best, raw: -profile.false_negative * windows as f64 }
    }

    fn detect(&mut self, recording: usize, row: usize) {
        let held = &self.recordings[recording];
        if row < held.probation() {
            return;
        }
        match worth(held, row, &self.profile) {
            (None, cost) => self.raw += cost,
            (Some(window), gain) => {
                let best = &mut self.best[recording][window];
                let before = best.unwrap_or(-self.profile.false_negative);
                if gain > before || best.is_none() {
                    self.raw += gain - before;
                    *best = Some(gain);
                }
            }
        }
    }

    fn normalised(&self) -> f64 {
        let windows: usize = self.best.iter().map(Vec::len).sum();
        let null = -self.profile.false_negative * windows as f64;
        if windows == 0 { 0.0 } else { 100.0 * (self.raw - null) / (windows as f64 - null) }
    }
}

/// The score of the rows at which a detector says that it detects something: `[recordings]` lists of rows.
pub fn score(recordings: &[Recording], detections: &[Vec<usize>], profile: Profile) -> f64 {
    let mut tally = Tally::new(recordings, profile);
    for (recording, rows) in detections.iter().enumerate() {
        rows.iter().for_each(|row| tally.detect(recording, *row));
    }
    tally.normalised()
}

/// The best score that one threshold over all recordings reaches, and that threshold. `scores`: `[recordings][rows]`.
pub fn optimised(recordings: &[Recording], scores: &[Vec<f64>], profile: Profile) -> (f64, f64) {
    let mut rows: Vec<(f64, usize, usize)> = Vec::new();
    for (recording, scores) in scores.iter().enumerate() {
        let judged = scores.iter().enumerate().skip(recordings[recording].probation());
        rows.extend(judged.filter(|(_, score)| **score > 0.0).map(|(row, score)| (*score, recording, row)));
    }
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut tally = Tally::new(recordings, profile);
    let mut best = (0.0, f64::INFINITY);
    for (at, (score, recording, row)) in rows.iter().enumerate() {
        tally.detect(*recording, *row);
        let last_of_equals = rows.get(at + 1).is_none_or(|next| next.0 < *score);
        if last_of_equals && tally.normalised() > best.0 {
            best = (tally.normalised(), *score);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording() -> Recording {
        Recording {
            rows: vec![vec![String::new()]; 1000],
            windows: vec![300..400, 600..700],
            has_probation: true,
            ..Recording::default()
        }
    }

    fn standard(rows: &[usize]) -> f64 {
        score(&[recording()], &[rows.to_vec()], PROFILES[0])
    }

    #[test]
    fn nothing_scores_0_and_the_first_row_of_each_window_scores_100() {
        assert_eq!(standard(&[]), 0.0);
        assert!((standard(&[300, 600]) - 100.0).abs() < 1e-9);
        assert!((standard(&[300, 350, 399, 600]) - 100.0).abs() < 1e-9, "later ones in a window add nothing");
        assert!((standard(&[399, 300, 600]) - 100.0).abs() < 1e-9, "in any order");
        assert!((standard(&[300]) - 50.0).abs() < 1e-9);
        assert_eq!(standard(&[10, 149]), 0.0, "the probation counts for nothing");
    }

    #[test]
    fn values_are_those_of_the_published_formula() {
        // Half way into a window: 2 / (1 + e^-2.5) - 1 = 0.8483, over 0.9866 for the first row.
        assert!((standard(&[350, 650]) - 50.0 * (1.0 + 0.848_284 / 0.986_614)).abs() < 1e-3);
        // Before the first window a false detection costs 0.11 of the two points that each window has.
        assert!((standard(&[300, 600, 200]) - (100.0 - 100.0 * 0.11 / 4.0)).abs() < 1e-9);
        // A fifth of a window's width after it: 2 / (1 + e^1.01) - 1 = -0.466.
        assert!((standard(&[300, 600, 419]) - (100.0 - 100.0 * 0.11 * 0.466_0 / 4.0)).abs() < 1e-2);
        let low_fp = score(&[recording()], &[vec![300, 600, 200]], PROFILES[1]);
        assert!((low_fp - (100.0 - 100.0 * 0.22 / 4.0)).abs() < 1e-9);
        let low_fn = score(&[recording()], &[vec![300]], PROFILES[2]);
        assert!((low_fn - 50.0).abs() < 1e-9);
    }

    #[test]
    fn the_best_threshold_is_found() {
        let mut scores = vec![0.0; 1000];
        for (row, score) in [(300, 0.9), (200, 0.5), (600, 0.8), (210, 0.7), (10, 1.0)] {
            scores[row] = score;
        }
        let (best, threshold) = optimised(&[recording()], &[scores], PROFILES[0]);
        assert!((best - 100.0).abs() < 1e-9);
        assert_eq!(threshold, 0.8);
        assert_eq!(
            optimised(&[recording()], &[vec![0.0; 1000]], PROFILES[0]).0,
            0.0,
            "nothing is better than harm"
        );
    }
}
