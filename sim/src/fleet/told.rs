//! What a chip's console told of its role: the scores of samples, the answers to questions.

use super::view::{QuestionView, RoleView};
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::units::Micros;
use std::collections::VecDeque;

/// Samples that are kept, and questions.
const SAMPLES: usize = 240;
const QUESTIONS: usize = 24;

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Score, threshold, and whether it was an alarm; scores in thousandths.
    samples: VecDeque<(i32, i32, bool)>,
    questions: VecDeque<QuestionView>,
    typed: u64,
}

impl Told {
    /// A line was typed.
    pub fn typed(&mut self, at: Micros, line: &str) {
        self.typed += 1;
        let words = line.strip_prefix("fleet ").unwrap_or(line);
        if ["search ", "recall ", "recall-type "].iter().any(|verb| words.starts_with(verb)) {
            keep(
                &mut self.questions,
                QuestionView { at, text: line.into(), answer: String::new() },
                QUESTIONS,
            );
        }
    }

    /// The chip wrote a line: a verdict on a sample, or the answer to the last question.
    pub fn said(&mut self, line: &str) {
        let field =
            |name: &str| line.split(' ').find_map(|word| word.strip_prefix(name)).and_then(thousandths);
        let alarm = line.starts_with("ANOMALY ") || line.starts_with("ONGOING ");
        if alarm || line.starts_with("NORMAL ") {
            if let (Some(score), Some(threshold)) = (field("score="), field("threshold=")) {
                keep(&mut self.samples, (score, threshold, alarm), SAMPLES);
            }
            return;
        }
        let Some(question) = self.questions.back_mut() else { return };
        // A question to the fleet is acknowledged at once; its answer comes later, and what was found in the line after.
        let of_fleet = question.text.starts_with("fleet ");
        if question.answer.is_empty() && (!of_fleet || line.starts_with("fleet: answer")) {
            question.answer = line.into();
        } else if of_fleet && line.starts_with("  ") && question.answer.starts_with("fleet: ") {
            question.answer = line.trim().into();
        }
    }

    /// How many lines were typed.
    pub fn lines_typed(&self) -> u64 {
        self.typed
    }

    /// It as a role's own view.
    pub fn view(&self, role: RoleKind) -> RoleView {
        if role != RoleKind::AnomalySentinel {
            return RoleView::Questions(self.questions.iter().cloned().collect());
        }
        let alarms = self.samples.iter().enumerate().filter(|(_, (.., alarm))| *alarm);
        RoleView::Signal {
            scores: self.samples.iter().map(|(score, ..)| *score).collect(),
            threshold: self.samples.back().map_or(0, |(_, threshold, _)| *threshold),
            alarms: alarms.map(|(place, _)| place).collect(),
        }
    }

    /// The last questions.
    pub fn questions(&self) -> Vec<QuestionView> {
        self.questions.iter().cloned().collect()
    }
}

fn keep<T>(all: &mut VecDeque<T>, one: T, most: usize) {
    if all.len() >= most {
        all.pop_front();
    }
    all.push_back(one);
}

/// `0.307` and `12` in thousandths, without a detour over floats.
fn thousandths(text: &str) -> Option<i32> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = part.chars().chain("000".chars()).take(3).collect();
    let sign = if whole.starts_with('-') { -1 } else { 1 };
    let whole: i32 = whole.parse().ok()?;
    whole.checked_mul(1000)?.checked_add(sign * digits.parse::<i32>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_become_scores_and_first_lines_answers() {
        let mut told = Told::default();
        ["WARMUP remaining=3", "NORMAL channel=1 kind=high score=0.12 threshold=0.295 nearest=0.1"]
            .into_iter()
            .chain(["ONGOING episode=1 samples=2 channel=2 kind=shape score=1.307 threshold=0.295 severity=0.595900"])
            .for_each(|line| told.said(line));
        let signal = RoleView::Signal { scores: vec![120, 1_307], threshold: 295, alarms: vec![1] };
        assert_eq!(told.view(RoleKind::AnomalySentinel), signal);
        told.typed(Micros(7), "fleet recall where is the key");
        ["fleet: asked request=0 of=2", "fleet: stored item=3.1 copies=2"]
            .into_iter()
            .for_each(|line| told.said(line));
        assert_eq!(told.questions()[0].answer, "");
        told.said("fleet: answer request=0 hits=1 chips=2/2 searched=9 ms=8");
        told.said("  item=3.17 score=0.5 behind the clock");
        told.typed(Micros(8), "recall where is the key");
        ["top: on the hook", "  id=0 score=0.5 on the hook"].into_iter().for_each(|line| told.said(line));
        let answers = told.questions().into_iter().map(|question| question.answer);
        assert_eq!(answers.collect::<Vec<_>>(), ["item=3.17 score=0.5 behind the clock", "top: on the hook"]);
        assert_eq!(told.lines_typed(), 2);
        assert_eq!(
            [thousandths("-0.5"), thousandths("x"), thousandths("99999999")],
            [Some(-500), None, None]
        );
    }
}
