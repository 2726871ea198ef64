//! Alarms against labels: which labelled stretches were found, and which alarms lie outside of all.

use schemars::JsonSchema;
use serde::Serialize;

/// Counts as rows come in.
#[derive(Clone, Debug, Default)]
pub struct Scoring {
    score: Score,
    in_stretch: bool,
    found: bool,
}

/// How alarms and labels agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Score {
    /// Stretches of rows that are labelled anomalous.
    pub labelled: u64,
    /// Those in which an alarm began.
    pub found: u64,
    /// Alarms.
    pub alarms: u64,
    /// Alarms that began outside of all labelled stretches.
    pub false_alarms: u64,
}

impl Scoring {
    /// A row: was it labelled, and did an alarm begin with it?
    pub fn row(&mut self, label: bool, alarm: bool) {
        let score = &mut self.score;
        if label && !self.in_stretch {
            score.labelled += 1;
            self.found = false;
        }
        self.in_stretch = label;
        if !alarm {
            return;
        }
        score.alarms += 1;
        score.false_alarms += u64::from(!label);
        if label && !std::mem::replace(&mut self.found, true) {
            score.found += 1;
        }
    }

    /// What came of it.
    pub fn score(&self) -> Score {
        self.score
    }
}

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { labelled, found, alarms, false_alarms } = self;
        write!(
            f,
            "{found} of {labelled} labelled stretches found, {false_alarms} of {alarms} alarms outside of them"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_found_once() {
        let mut scoring = Scoring::default();
        let rows = [(0, 1), (1, 0), (1, 1), (1, 1), (0, 0), (1, 0), (0, 0)];
        rows.iter().for_each(|(label, alarm)| scoring.row(*label == 1, *alarm == 1));
        assert_eq!(scoring.score(), Score { labelled: 2, found: 1, alarms: 3, false_alarms: 1 });
    }
}
