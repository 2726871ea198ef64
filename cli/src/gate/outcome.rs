//! What a gate came to: it passes, fails, or is skipped for a reason that comes with the command that lifts it.
//!
//! What it looked at is its evidence, kept beside the verdict.

use crate::kernels::BuildError;
use ruvllm_esp_core::chip::Chip;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// What a gate came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum GateStatus {
    /// Everything held.
    Pass,
    /// Something did not.
    Fail,
    /// It could not be looked at here.
    Skipped,
}

impl fmt::Display for GateStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            GateStatus::Pass => "PASS",
            GateStatus::Fail => "FAIL",
            GateStatus::Skipped => "SKIPPED",
        })
    }
}

/// One gate on one chip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// The gate.
    pub gate: &'static str,
    /// The chip.
    pub chip: &'static str,
    /// What it came to.
    pub verdict: GateStatus,
    /// What held, what did not, or why it was skipped.
    pub reason: String,
    /// The command that lifts a skip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lift: Option<String>,
    /// What was looked at, line by line.
    pub evidence: Vec<String>,
}

/// What a check finds, before it is put beside the names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GateOutcome {
    /// What was looked at.
    pub evidence: Vec<String>,
    /// What did not hold.
    pub failures: Vec<String>,
    /// Why something could not be looked at, and what lifts that.
    pub skipped: Option<(String, Option<String>)>,
    /// What held, in a few words.
    pub summary: String,
}

impl GateOutcome {
    /// Nothing could be looked at, for `reason`; `lift` is the command that changes that.
    pub fn skip(reason: impl Into<String>, lift: impl Into<String>) -> Self {
        Self { skipped: Some((reason.into(), Some(lift.into()))), ..Self::default() }
    }

    /// It failed before there was anything to look at.
    #[cfg(feature = "board")]
    pub fn fail(failure: impl Into<String>) -> Self {
        Self { failures: vec![failure.into()], ..Self::default() }
    }

    /// Notes `line`: as evidence where it holds, as a failure where it does not.
    #[cfg(feature = "board")]
    pub fn hold(&mut self, holds: bool, line: String) {
        let list = if holds { &mut self.evidence } else { &mut self.failures };
        list.push(line);
    }

    /// Takes in that the image was not to be had: lacking something is a skip, all else a failure.
    pub fn refused(&mut self, error: &BuildError) {
        match error.remedy() {
            Some(lift) => self.skipped = Some((error.to_string(), Some(lift))),
            None => self.failures.push(error.to_string()),
        }
    }

    /// The verdict of `gate` on `chip`: one failure fails it, a lack skips it.
    pub fn finding(self, gate: &'static str, chip: &'static Chip) -> Finding {
        let GateOutcome { evidence, failures, skipped, summary } = self;
        let (verdict, reason, lift) = match (failures.first(), skipped) {
            (Some(first), _) => {
                let more = failures.len() - 1;
                let rest = if more > 0 { format!(", and {more} more") } else { String::new() };
                (GateStatus::Fail, format!("{first}{rest}"), None)
            }
            (None, Some((reason, lift))) => (GateStatus::Skipped, reason, lift),
            (None, None) => (GateStatus::Pass, summary, None),
        };
        let evidence =
            evidence.into_iter().chain(failures.into_iter().map(|one| format!("FAIL {one}"))).collect();
        Finding { gate, chip: chip.name, verdict, reason, lift, evidence }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruvllm_esp_core::chip;

    #[test]
    fn one_failure_fails_a_gate_and_a_lack_skips_it() {
        let failing =
            GateOutcome { failures: vec!["a".into(), "b".into()], ..GateOutcome::skip("lack", "cure") };
        let finding = failing.finding("G0", &chip::esp32::CHIP);
        assert_eq!((finding.verdict, finding.reason.as_str()), (GateStatus::Fail, "a, and 1 more"));
        assert_eq!(finding.evidence, ["FAIL a", "FAIL b"]);
        let skipped = GateOutcome::skip("lack", "cure").finding("G0", &chip::esp32::CHIP);
        assert_eq!((skipped.verdict, skipped.lift.as_deref()), (GateStatus::Skipped, Some("cure")));
        assert_eq!(GateOutcome::default().finding("G0", &chip::esp32::CHIP).verdict, GateStatus::Pass);
    }
}
