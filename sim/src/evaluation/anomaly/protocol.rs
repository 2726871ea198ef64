//! What counts as found, and what as a false alarm: the same for every detector.
//!
//! Alarms at most [`MERGE`] samples apart are one episode, and an episode is judged by its first sample. Begun within
//! the label or up to [`TOLERANCE`] samples after it, it finds the fault, with the delay from the fault's start. Begun
//! in the [`RECOVERY`] after a fault, while its readings are still in everyone's window, it counts for nothing. Begun
//! anywhere else it is a false alarm, also when it runs on into the label: an alarm that is always on finds nothing. An
//! episode that lasts beyond the recovery is a false alarm, too, whatever it began as.

use crate::signal::Series;
use schemars::JsonSchema;
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
pub struct DetectionOutcome {
    /// Samples from the fault's start to the first alarm, if it was found.
    pub delay: Option<usize>,
    /// Episodes that belong to no fault.
    pub false_alarms: usize,
}

/// Compares alarms, one a sample, with the label of `series`.
pub fn judge(series: &Series, alarms: &[bool]) -> DetectionOutcome {
    let mut outcome = DetectionOutcome::default();
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, JsonSchema)]
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
    pub fn of<'a>(outcomes: impl Iterator<Item = &'a DetectionOutcome>) -> Self {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::{Fault, Normal};

    fn outcome(alarms: &[(usize, usize)]) -> (Option<usize>, usize) {
        let series =
            Series { normal: Normal::Flat, fault: Fault::Drift, values: Vec::new(), start: 500, end: 540 };
        let raised: Vec<bool> =
            (0..800).map(|at| alarms.iter().any(|(first, end)| (*first..*end).contains(&at))).collect();
        let DetectionOutcome { delay, false_alarms } = judge(&series, &raised);
        (delay, false_alarms)
    }

    #[test]
    fn an_episode_is_judged_by_its_first_sample() {
        assert_eq!(outcome(&[]), (None, 0));
        assert_eq!(outcome(&[(510, 520), (530, 560)]), (Some(10), 0));
        assert_eq!(outcome(&[(547, 548)]), (Some(47), 0), "within the tolerance");
        assert_eq!(outcome(&[(560, 561)]), (None, 0), "aftermath");
        assert_eq!(
            outcome(&[(300, 301), (310, 311), (400, 401), (700, 701)]),
            (None, 3),
            "nearby alarms are one"
        );
        assert_eq!(outcome(&[(100, 200)]), (None, 0), "nothing counts during the warm-up");
    }

    #[test]
    fn an_alarm_that_is_always_on_finds_nothing() {
        assert_eq!(outcome(&[(0, 800)]), (None, 1));
        assert_eq!(outcome(&[(490, 550)]), (None, 1), "it began before the fault");
        assert_eq!(outcome(&[(500, 700)]), (Some(0), 1), "it does not end");
    }
}
