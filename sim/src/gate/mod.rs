//! Gates: what must hold before anything is released, one file a gate.
//!
//! A gate passes, fails, or is skipped for a reason that comes with the command that lifts it. What it looked at is its
//! evidence, kept beside the verdict.

mod builds;
mod firmware;
pub mod latency;
pub mod limits;
mod transcripts;

use crate::kernels::image::ImageError;
use ruvllm_esp_core::chip::Chip;
use serde::Serialize;
use std::fmt;

/// What a gate came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// Everything held.
    Pass,
    /// Something did not.
    Fail,
    /// It could not be looked at here.
    Skipped,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Verdict::Pass => "PASS",
            Verdict::Fail => "FAIL",
            Verdict::Skipped => "SKIPPED",
        })
    }
}

/// One gate on one chip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The gate.
    pub gate: &'static str,
    /// The chip.
    pub chip: &'static str,
    /// What it came to.
    pub verdict: Verdict,
    /// What held, what did not, or why it was skipped.
    pub reason: String,
    /// The command that lifts a skip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lift: Option<String>,
    /// What was looked at, line by line.
    pub evidence: Vec<String>,
}

/// A gate: its name, what it holds, and how it is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Gate {
    /// `G1` and so on.
    pub name: &'static str,
    /// What must hold.
    pub title: &'static str,
    check: fn(&'static Chip) -> Outcome,
}

/// What a check finds, before it is put beside the names.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// What was looked at.
    pub evidence: Vec<String>,
    /// What did not hold.
    pub failures: Vec<String>,
    /// Why something could not be looked at, and what lifts that.
    pub skipped: Option<(String, Option<String>)>,
    /// What held, in a few words.
    pub summary: String,
}

/// Every gate, in order.
pub const ALL: [Gate; 6] = [
    Gate { name: "G1", title: "the core builds without std", check: builds::check },
    Gate {
        name: "G2",
        title: "every role boots in its budget, every kernel in its time",
        check: latency::check,
    },
    Gate { name: "G3", title: "the golden transcripts match", check: transcripts::check },
    Gate { name: "G4", title: "the firmware fits flash and RAM", check: firmware::check },
    Gate { name: "G5", title: "the image boots and answers", check: firmware::check },
    Gate { name: "G6", title: "the release images exist", check: firmware::check },
];

impl Gate {
    /// Looks at `chip`.
    pub fn check(&self, chip: &'static Chip) -> Finding {
        let Outcome { evidence, failures, skipped, summary } = (self.check)(chip);
        let (verdict, reason, lift) = match (failures.first(), skipped) {
            (Some(first), _) => {
                let more = failures.len() - 1;
                let rest = if more > 0 { format!(", and {more} more") } else { String::new() };
                (Verdict::Fail, format!("{first}{rest}"), None)
            }
            (None, Some((reason, lift))) => (Verdict::Skipped, reason, lift),
            (None, None) => (Verdict::Pass, summary, None),
        };
        let evidence =
            evidence.into_iter().chain(failures.into_iter().map(|one| format!("FAIL {one}"))).collect();
        Finding { gate: self.name, chip: chip.name, verdict, reason, lift, evidence }
    }
}

impl Outcome {
    /// Takes in that the image was not to be had: lacking something is a skip, all else a failure.
    pub(crate) fn refused(&mut self, error: &ImageError) {
        match error.remedy() {
            Some(lift) => self.skipped = Some((error.to_string(), Some(lift))),
            None => self.failures.push(error.to_string()),
        }
    }
}

/// Reads `G1-G3`, `G2,G5` or `all`.
///
/// # Errors
/// The word that names no gate.
pub fn select(text: &str) -> Result<Vec<Gate>, String> {
    if text.eq_ignore_ascii_case("all") {
        return Ok(ALL.to_vec());
    }
    let place = |word: &str| {
        let found = ALL.iter().position(|gate| gate.name.eq_ignore_ascii_case(word.trim()));
        found.ok_or_else(|| word.trim().to_string())
    };
    let mut chosen = [false; ALL.len()];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (place(first)?, place(last)?);
        chosen.iter_mut().take(last + 1).skip(first).for_each(|one| *one = true);
    }
    Ok(ALL.into_iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(gate, _)| gate).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruvllm_esp_core::chip;

    fn names(text: &str) -> Vec<&'static str> {
        select(text).unwrap().iter().map(|gate| gate.name).collect()
    }

    #[test]
    fn ranges_and_lists_name_gates() {
        assert_eq!(names("G1-G3"), ["G1", "G2", "G3"]);
        assert_eq!(names("g5, G2"), ["G2", "G5"]);
        assert_eq!(names("all").len(), 6);
        assert_eq!(select("G1-G9").unwrap_err(), "G9");
    }

    #[test]
    fn one_failure_fails_a_gate_and_a_lack_skips_it() {
        let failing = Gate {
            name: "G0",
            title: "",
            check: |_| Outcome { failures: vec!["a".into(), "b".into()], ..Outcome::default() },
        };
        let finding = failing.check(&chip::esp32::CHIP);
        assert_eq!((finding.verdict, finding.reason.as_str()), (Verdict::Fail, "a, and 1 more"));
        assert_eq!(finding.evidence, ["FAIL a", "FAIL b"]);
        let firmware = ALL[3].check(&chip::esp32::CHIP);
        assert_eq!(firmware.verdict, Verdict::Skipped);
        assert!(firmware.lift.is_some());
    }
}
