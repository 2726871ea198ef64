//! What one exact index over everything would have answered.
//!
//! The events of the core say all that is needed: which text became which item, which items were acknowledged by the time
//! of a question, and what the fleet answered. A result counts if it is as near to the question as the k-th best of a plain
//! scan over all acknowledged texts, so that equally near texts are not held against the fleet.

use ruvllm_esp_core::console::split_word;
use ruvllm_esp_core::embed::{self, DIMENSIONS};
use ruvllm_esp_core::event::ChipEvent;
use ruvllm_esp_core::federation::FleetCommand;
use ruvllm_esp_core::item::ItemId;
use ruvllm_esp_core::kernel::distance::dot;
use ruvllm_esp_core::limits::MAX_RESULTS;
use ruvllm_esp_core::role::shared::Asks;
use std::collections::BTreeMap;

type Vector = [i8; DIMENSIONS];

/// The texts of a fleet, and what was asked of it.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    /// The last line typed at each chip, where it matters.
    typed: BTreeMap<usize, Typed>,
    /// The vector of each text that was given to the fleet, by the item's name.
    given: BTreeMap<ItemId, Vector>,
    acknowledged: Vec<Vector>,
    /// Questions that are not answered in full yet, by chip and number.
    open: BTreeMap<(usize, u32), Question>,
    answered: Vec<Question>,
}

#[derive(Clone, Debug)]
enum Typed {
    Add(Vector),
    Search(usize, Vector),
}

#[derive(Clone, Debug)]
struct Question {
    vector: Vector,
    count: usize,
    /// How near the best are, by a plain scan, the best first.
    exact: Vec<i32>,
    /// How near the fleet's results are.
    found: Vec<i32>,
    /// How many results the answer has, once there is one.
    hits: Option<usize>,
}

impl Truth {
    /// A line was typed.
    pub fn typed(&mut self, chip: usize, line: &str) {
        let (word, rest) = split_word(line);
        let command = (word == "fleet").then(|| FleetCommand::parse(rest).ok()).flatten();
        let typed = match command {
            Some(FleetCommand::Add { text, .. }) => Typed::Add(vector(text)),
            Some(FleetCommand::Ask { asks: Asks::Search, count, text }) => Typed::Search(count, vector(text)),
            _ => {
                self.typed.remove(&chip);
                return;
            }
        };
        self.typed.insert(chip, typed);
    }

    /// Something happened at a chip; `text` is that of a result.
    pub fn record(&mut self, chip: usize, event: &ChipEvent, text: Option<&str>) {
        match *event {
            ChipEvent::ItemNamed { item } => {
                if let Some(Typed::Add(vector)) = self.typed.remove(&chip) {
                    self.given.insert(item, vector);
                }
            }
            ChipEvent::ItemAcknowledged { item, .. } => self.acknowledged.extend(self.given.get(&item)),
            ChipEvent::Asked { request, .. } => {
                if let Some(Typed::Search(count, vector)) = self.typed.remove(&chip) {
                    let exact = nearest(&vector, &self.acknowledged);
                    let question = Question { vector, count, exact, found: Vec::new(), hits: None };
                    // A chip that booted counts again.
                    let old = self.open.insert((chip, request), question);
                    self.answered.extend(old.filter(|old| old.hits.is_some()));
                }
            }
            ChipEvent::Answered { request, hits, .. } => {
                self.update(chip, request, |question| question.hits = Some(hits.into()));
            }
            ChipEvent::Found { request, .. } => self.update(chip, request, |question| {
                // A result without its text is as good as none.
                let near = text.map_or(i32::MIN, |text| nearness(&question.vector, &vector(text)));
                question.found.push(near);
            }),
            _ => {}
        }
    }

    /// Changes an open question, which is over when every result is there.
    fn update(&mut self, chip: usize, request: u32, change: impl FnOnce(&mut Question)) {
        let Some(question) = self.open.get_mut(&(chip, request)) else { return };
        change(question);
        if question.hits.is_some_and(|hits| question.found.len() >= hits) {
            self.answered.extend(self.open.remove(&(chip, request)));
        }
    }

    /// For each answered question, what share of the best `k` its answer holds, in thousandths.
    pub fn recall(&self, k: u8) -> Vec<u16> {
        let open = self.open.values().filter(|question| question.hits.is_some());
        self.answered.iter().chain(open).filter_map(|question| question.recall(usize::from(k))).collect()
    }
}

impl Question {
    fn recall(&self, k: usize) -> Option<u16> {
        let wanted = k.min(self.count).min(self.exact.len());
        let least = self.exact.get(wanted.checked_sub(1)?)?;
        let found = self.found.iter().filter(|near| *near >= least).count().min(wanted);
        Some((found * 1000 / wanted) as u16)
    }
}

fn vector(text: &str) -> Vector {
    embed::embed(text, &mut ())
}

fn nearness(a: &Vector, b: &Vector) -> i32 {
    dot(a, b, &mut ())
}

/// How near the nearest are, the best first.
fn nearest(to: &Vector, all: &[Vector]) -> Vec<i32> {
    let mut near: Vec<i32> = all.iter().map(|vector| nearness(to, vector)).collect();
    near.sort_unstable_by(|a, b| b.cmp(a));
    near.truncate(MAX_RESULTS);
    near
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruvllm_esp_core::units::Micros;

    fn answered(request: u32, hits: usize) -> ChipEvent {
        let (hits, elapsed) = (hits as u8, Micros(4_000));
        ChipEvent::Answered { request, chips: 3, of: 3, partial: false, hits, elapsed }
    }

    #[test]
    fn recall_is_measured_against_a_plain_scan_of_what_was_acknowledged() {
        let texts = ["the pump is in hall three", "the valve is red", "the pump is loud", "lunch at noon"];
        let mut truth = Truth::default();
        let item = |count| ItemId { origin: 9, nonce: 0, boot: 1, count };
        for (count, text) in (1..).zip(texts) {
            truth.typed(0, &format!("fleet add {text}"));
            truth.record(0, &ChipEvent::ItemNamed { item: item(count) }, None);
        }
        for count in 1..=3 {
            truth.record(0, &ChipEvent::ItemAcknowledged { item: item(count), check: 0, copies: 3 }, None);
        }
        let mut ask = |results: &[&str]| {
            truth.typed(0, "fleet search 2 where is the pump");
            truth.record(0, &ChipEvent::Asked { request: 5, of: 3 }, None);
            truth.record(0, &answered(5, results.len()), None);
            for text in results {
                // What counts is the text that came, whatever name it came under.
                let found = ChipEvent::Found { request: 5, item: item(1), score: 900, holder: 3 };
                truth.record(0, &found, Some(text));
            }
            truth.recall(4).pop().unwrap()
        };
        assert_eq!(ask(&[texts[0], texts[2]]), 1000);
        assert_eq!(ask(&[texts[1], texts[2]]), 500);
        assert_eq!(ask(&[texts[1]]), 0);
        assert_eq!(ask(&[]), 0);
        assert_eq!(truth.recall(1).len(), 4);
    }

    #[test]
    fn a_question_nobody_answered_and_one_over_nothing_have_no_recall() {
        let mut truth = Truth::default();
        truth.typed(0, "fleet search pump");
        truth.record(0, &ChipEvent::Asked { request: 1, of: 3 }, None);
        assert!(truth.recall(4).is_empty());
        truth.record(0, &answered(1, 0), None);
        assert!(truth.recall(4).is_empty());
        truth.record(7, &answered(1, 3), None);
    }
}
