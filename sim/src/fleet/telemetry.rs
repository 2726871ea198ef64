//! What a chip's role did lately, for a display: the scores of samples, the answers to questions.
//!
//! It comes from the core's events, live or from a trace, or from the text of a real board; never from a simulated console.

use super::view::{QuestionView, RoleView};
use ruvllm_esp_core::anomaly::State;
use ruvllm_esp_core::event::{ChipEvent, Detection};
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::role::contract::View;
use ruvllm_esp_core::units::{Micros, Thousandths};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Samples that are kept, and questions.
const SAMPLES: usize = 240;
const QUESTIONS: usize = 24;
/// How a line with a sample begins.
const SAMPLE: &str = "sample ";

/// What of a chip's events its role's view is made of. Scores are in thousandths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RoleEvent {
    /// A sample or a text was judged: score, threshold, and whether it raised an alarm. Of an episode only the first
    /// sample does.
    Judged(i32, i32, bool),
    /// The chip looked among its own items; this many hits follow.
    Results(u8),
    /// A question went to the fleet: its number.
    Asked(u32),
    /// A question to the fleet was answered: its number, and how many results there are.
    Answered(u32, u8),
    /// A result: the question's number where it went to the fleet, what is called so, its score, its text.
    Result(Option<u32>, String, i32, Option<String>),
}

impl RoleEvent {
    /// What there is in an event for the view of a role.
    pub fn of(event: &ChipEvent, text: Option<&str>) -> Option<Self> {
        let text = text.map(str::to_string);
        Some(match *event {
            ChipEvent::Detection(Detection { state: State::WarmingUp { .. }, .. }) => return None,
            ChipEvent::Detection(detection) => {
                RoleEvent::Judged(detection.score, detection.threshold, detection.is_alarm())
            }
            ChipEvent::Results { hits } => RoleEvent::Results(hits),
            ChipEvent::Asked { request, .. } => RoleEvent::Asked(request),
            ChipEvent::Answered { request, hits, .. } => RoleEvent::Answered(request, hits),
            ChipEvent::Hit { id, score } => RoleEvent::Result(None, format!("id={id}"), score, text),
            ChipEvent::Found { request, item, score, .. } => {
                RoleEvent::Result(Some(request), format!("item={item}"), score, text)
            }
            _ => return None,
        })
    }
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct RoleTelemetry {
    /// Scores and thresholds in thousandths.
    samples: VecDeque<Judged>,
    questions: VecDeque<Asked>,
    typed: u64,
    /// The last line that was typed: the question, where one is asked.
    line: String,
}

/// A judged sample.
#[derive(Clone, Debug)]
struct Judged {
    score: i32,
    threshold: i32,
    alarm: bool,
    /// What each channel read.
    readings: Vec<Option<f64>>,
}

#[derive(Clone, Debug)]
struct Asked {
    /// Its number, where it went to the fleet.
    request: Option<u32>,
    view: QuestionView,
}

impl RoleTelemetry {
    /// A line was typed.
    pub fn typed(&mut self, line: &str) {
        self.typed += 1;
        self.line = line.into();
    }

    /// Something happened at the chip.
    pub fn record(&mut self, at: Micros, event: &RoleEvent) {
        match event {
            RoleEvent::Judged(score, threshold, alarm) => {
                let (score, threshold, alarm) = (*score, *threshold, *alarm);
                keep(
                    &mut self.samples,
                    Judged { score, threshold, alarm, readings: readings(&self.line) },
                    SAMPLES,
                );
            }
            RoleEvent::Results(hits) => self.ask(at, None, if *hits == 0 { "no match" } else { "" }),
            RoleEvent::Asked(request) => self.ask(at, Some(*request), ""),
            RoleEvent::Answered(request, 0) => self.answer(Some(*request), "no match"),
            RoleEvent::Answered(..) => {}
            RoleEvent::Result(request, name, score, text) => {
                let text = text.as_deref().unwrap_or("(no text)");
                self.answer(*request, &format!("{name} score={} {text}", Thousandths(*score)));
            }
        }
    }

    fn ask(&mut self, at: Micros, request: Option<u32>, answer: &str) {
        let view = QuestionView { at, text: self.line.clone(), answer: answer.into() };
        keep(&mut self.questions, Asked { request, view }, QUESTIONS);
    }

    /// The first answer to the latest question of this number is the best.
    fn answer(&mut self, request: Option<u32>, answer: &str) {
        let asked = self.questions.iter_mut().rev().find(|asked| asked.request == request);
        if let Some(asked) = asked.filter(|asked| asked.view.answer.is_empty()) {
            asked.view.answer = answer.into();
        }
    }

    /// How many lines were typed.
    pub fn lines_typed(&self) -> u64 {
        self.typed
    }

    /// It as a role's own view; samples are shown where there are some, even where the role is not known.
    pub fn view(&self, role: Option<RoleKind>) -> RoleView {
        let takes_samples = role.map_or(!self.samples.is_empty(), |role| role.info().view == View::Signal);
        if !takes_samples {
            return RoleView::Questions(self.questions());
        }
        let alarms = self.samples.iter().enumerate().filter(|(_, sample)| sample.alarm);
        RoleView::Signal {
            scores: self.samples.iter().map(|sample| sample.score).collect(),
            threshold: self.samples.back().map_or(0, |sample| sample.threshold),
            alarms: alarms.map(|(position, _)| position).collect(),
            readings: self.channels(),
        }
    }

    /// The readings of each channel; as many channels as the last sample has.
    fn channels(&self) -> Vec<Vec<Option<f64>>> {
        let channels = self.samples.back().map_or(0, |sample| sample.readings.len());
        let of = |channel: usize| {
            self.samples.iter().map(move |sample| sample.readings.get(channel).copied().flatten()).collect()
        };
        (0..channels).map(of).collect()
    }

    /// The last questions.
    pub fn questions(&self) -> Vec<QuestionView> {
        self.questions.iter().map(|asked| asked.view.clone()).collect()
    }
}

/// The readings of a `sample` line, as it was typed; none in another line.
fn readings(line: &str) -> Vec<Option<f64>> {
    let Some(rest) = line.trim().strip_prefix(SAMPLE) else { return Vec::new() };
    let words = rest.split_whitespace().filter(|word| !word.starts_with('@'));
    words.map(|word| word.parse().ok().filter(|reading: &f64| reading.is_finite())).collect()
}

fn keep<T>(all: &mut VecDeque<T>, one: T, most: usize) {
    if all.len() >= most {
        all.pop_front();
    }
    all.push_back(one);
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruvllm_esp_core::anomaly::stream::{Kind, Phase};
    use ruvllm_esp_core::item::ItemId;

    fn timeline(telemetry: &mut RoleTelemetry, events: &[(ChipEvent, Option<&str>)]) {
        for (event, text) in events {
            if let Some(event) = RoleEvent::of(event, *text) {
                telemetry.record(Micros(7), &event);
            }
        }
    }

    #[test]
    fn verdicts_become_a_signal() {
        let judged = |state, score| {
            ChipEvent::Detection(Detection { state, score, threshold: 295, finding: None, phase: None })
        };
        let mut telemetry = RoleTelemetry::default();
        let events = [
            ("sample 1 2", judged(State::WarmingUp { remaining: 3 }, 0)),
            ("sample @3 1.5 2", judged(State::Normal, 120)),
            ("sample -9e1 -", judged(State::Anomaly, 1_307)),
        ];
        for (line, event) in events {
            telemetry.typed(line);
            timeline(&mut telemetry, &[(event, None)]);
        }
        let readings = vec![vec![Some(1.5), Some(-90.0)], vec![Some(2.0), None]];
        let (scores, alarms) = (vec![120, 1_307], vec![1]);
        let signal = RoleView::Signal { scores, threshold: 295, alarms, readings };
        let sentinel = RoleKind::ALL.into_iter().find(|role| role.info().view == View::Signal);
        assert_eq!((telemetry.view(sentinel), telemetry.view(None)), (signal.clone(), signal));
        // Alarms are counted, not the samples of an episode.
        for phase in [Phase::Begins, Phase::Continues, Phase::Continues] {
            let finding = Some((0, Kind::High));
            let detection =
                Detection { state: State::Anomaly, score: 900, threshold: 295, finding, phase: Some(phase) };
            timeline(&mut telemetry, &[(ChipEvent::Detection(detection), None)]);
        }
        let RoleView::Signal { scores, alarms, .. } = telemetry.view(sentinel) else { panic!("no signal") };
        assert_eq!((scores.len(), alarms), (5, vec![1, 2]));
    }

    #[test]
    fn a_question_gets_its_own_best_answer() {
        let mut telemetry = RoleTelemetry::default();
        let item = ItemId { origin: 3, nonce: 0, boot: 1, count: 17 };
        let found = |request, score| ChipEvent::Found { request, item, score, holder: 3 };
        let answered = |request, hits| ChipEvent::Answered {
            request,
            hits,
            chips: 2,
            of: 2,
            partial: false,
            elapsed: Micros(8),
        };
        telemetry.typed("fleet recall where is the key");
        timeline(&mut telemetry, &[(ChipEvent::Asked { request: 4, of: 2 }, None)]);
        telemetry.typed("recall where is the key");
        let hit = |id, score| ChipEvent::Hit { id, score };
        timeline(
            &mut telemetry,
            &[
                (ChipEvent::Results { hits: 2 }, None),
                (hit(0, 500), Some("on the hook")),
                (hit(9, 400), None),
            ],
        );
        assert_eq!(telemetry.questions()[0].answer, "");
        timeline(
            &mut telemetry,
            &[(answered(4, 2), None), (found(4, 500), Some("behind the clock")), (found(4, 100), None)],
        );
        telemetry.typed("recall nothing");
        timeline(&mut telemetry, &[(ChipEvent::Results { hits: 0 }, None)]);
        let answers = telemetry.questions().into_iter().map(|question| question.answer);
        let name = format!("item={item}");
        let expected = [
            format!("{name} score=0.500 behind the clock"),
            "id=0 score=0.500 on the hook".into(),
            "no match".into(),
        ];
        assert_eq!(answers.collect::<Vec<_>>(), expected);
        assert_eq!(telemetry.lines_typed(), 3);
    }
}
