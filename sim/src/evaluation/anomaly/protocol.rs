//! What counts as found, and what as a false alarm: the same for every detector.

use crate::signal::Series;
use serde::Serialize;

/// Alarms before this sample are not counted: every detector is warming up.
pub const JUDGED_FROM: usize = 256;
/// Alarms no further apart than this are one episode.
pub const MERGE: usize = 16;
/// A fault is found up to this many samples after its end.
pub const TOLERANCE: usize = 8;
/// Episodes that begin within this many samples after a fault's end are its aftermath, neither right nor wrong.
pub const RECOVERY: usize = 64;

/// What a detector made of one series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Samples from the fault's start to the first alarm, if it was found.
    pub delay: Option<usize>,
    /// Episodes that belong to no fault.
    pub false_alarms: usize,
}

/// Compares alarms, one a sample, with the label of `series`.
pub fn judge(series: &Series, alarms: &[bool]) -> Outcome {
    let mut outcome = Outcome::default();
    for (first, last) in episodes(alarms) {
        if (series.start..series.end + TOLERANCE).contains(&first) {
            let delay = first - series.start;
            outcome.delay = Some(outcome.delay.map_or(delay, |held| held.min(delay)));
        } else if !(series.end + TOLERANCE..series.end + RECOVERY).contains(&first) {
            outcome.false_alarms += 1;
            continue;
        }
        outcome.false_alarms += usize::from(last >= series.end + RECOVERY);
    }
    outcome
}

/// The first and last alarm of each episode.
fn episodes(alarms: &[bool]) -> Vec<(usize, usize)> {
    let mut episodes: Vec<(usize, usize)> = Vec::new();
    let raised = alarms.iter().enumerate().skip(JUDGED_FROM).filter(|(_, alarm)| **alarm);
    for (at, _) in raised {
        match episodes.last_mut() {
            Some((_, last)) if at - *last <= MERGE => *last = at,
            _ => episodes.push((at, at)),
        }
    }
    episodes
}

/// Precision, recall, F1 and delay over several series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Score {
    /// Faults that were there.
    pub faults: usize,
    /// Faults that were found.
    pub found: usize,
    /// Episodes that belong to no fault.
    pub false_alarms: usize,
    /// Found over found and false alarms.
    pub precision: f64,
    /// Found over faults.
    pub recall: f64,
    /// The harmonic mean of precision and recall.
    pub f1: f64,
    /// Mean samples from a fault's start to its alarm, over those found.
    pub mean_delay: f64,
}

impl Score {
    /// Adds up outcomes.
    pub fn of<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Self {
        let (mut score, mut delays) = (Self::default(), 0);
        for outcome in outcomes {
            score.faults += 1;
            score.found += usize::from(outcome.delay.is_some());
            score.false_alarms += outcome.false_alarms;
            delays += outcome.delay.unwrap_or(0);
        }
        let ratio = |part: usize, whole: usize| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        score.precision = ratio(score.found, score.found + score.false_alarms);
        score.recall = ratio(score.found, score.faults);
        score.f1 = ratio(2 * score.found, score.found + score.false_alarms + score.faults);
        score.mean_delay = ratio(delays, score.found);
        score
    }
}
