//! What one exact index over everything would have answered.
//!
//! The consoles tell all that is needed: which text became which item, which items were acknowledged by the time of a
//! question, and what the fleet answered. A result counts if it is as near to the question as the k-th best of a plain
//! scan over all acknowledged texts, so that equally near texts are not held against the fleet.

use ruvllm_esp_core::embed::{self, DIMENSIONS};
use ruvllm_esp_core::kernel::distance::dot;
use std::collections::{BTreeMap, VecDeque};

/// Results of `fleet search` unless told.
const RESULTS: usize = 4;
/// The most results that are ever asked for.
const MAX_RESULTS: usize = 16;

type Vector = [i8; DIMENSIONS];

/// The texts of a fleet, and what was asked of it.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    consoles: BTreeMap<usize, Console>,
    /// The vector of each text that was given to the fleet, by the item's name.
    given: BTreeMap<String, Vector>,
    acknowledged: Vec<Vector>,
    answered: Vec<Question>,
}

/// What is under way at one console.
#[derive(Clone, Debug, Default)]
struct Console {
    /// The last line that was typed, where it matters.
    typed: Option<Typed>,
    open: BTreeMap<u32, Question>,
    /// Questions whose results are being listed, and how many are still to come.
    listing: VecDeque<(Question, usize)>,
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
}

impl Truth {
    /// A line was typed.
    pub fn typed(&mut self, chip: usize, line: &str) {
        let typed = match line.strip_prefix("fleet ").map(|rest| rest.split_once(' ').unwrap_or((rest, ""))) {
            Some(("add", text)) => {
                let text = text.strip_prefix("to=hnsw ").or(text.strip_prefix("to=rag ")).unwrap_or(text);
                Some(Typed::Add(vector(text)))
            }
            Some(("search", text)) => {
                let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
                let count =
                    word.parse().ok().filter(|count| (1..=MAX_RESULTS).contains(count) && !rest.is_empty());
                Some(Typed::Search(
                    count.unwrap_or(RESULTS),
                    vector(if count.is_some() { rest } else { text }),
                ))
            }
            _ => None,
        };
        self.consoles.entry(chip).or_default().typed = typed;
    }

    /// A chip wrote a line.
    pub fn said(&mut self, chip: usize, line: &str) {
        let console = self.consoles.entry(chip).or_default();
        if let Some(item) = line.strip_prefix("fleet: adding item=") {
            if let Some(Typed::Add(vector)) = console.typed.take() {
                self.given.insert(item.trim().to_string(), vector);
            }
        } else if line.starts_with("fleet: asked ") {
            if let (Some(Typed::Search(count, vector)), Some(request)) =
                (console.typed.take(), field(line, "request="))
            {
                let exact = nearest(&vector, &self.acknowledged);
                console.open.insert(request, Question { vector, count, exact, found: Vec::new() });
            }
        } else if line.starts_with("fleet: answer ") {
            let question = field(line, "request=").and_then(|request| console.open.remove(&request));
            if let (Some(question), Some(hits)) = (question, field(line, "hits=")) {
                console.listing.push_back((question, hits as usize));
            }
        } else if let Some(result) = line.strip_prefix("  item=") {
            console.found(result);
        }
        while let Some((question, _)) = console.listing.pop_front_if(|(_, left)| *left == 0) {
            self.answered.push(question);
        }
    }

    /// An item was acknowledged.
    pub fn acknowledged(&mut self, item: &str) {
        self.acknowledged.extend(self.given.get(item));
    }

    /// For each answered question, what share of the best `k` its answer holds, in thousandths.
    pub fn recall(&self, k: u8) -> Vec<u16> {
        let listing =
            self.consoles.values().flat_map(|console| console.listing.iter().map(|(question, _)| question));
        self.answered.iter().chain(listing).filter_map(|question| question.recall(usize::from(k))).collect()
    }
}

impl Console {
    /// A result: `ITEM distance=D at=CHIP TEXT`.
    fn found(&mut self, result: &str) {
        let Some((question, left)) = self.listing.front_mut() else { return };
        let text = result.splitn(4, ' ').nth(3).unwrap_or_default();
        question.found.push(nearness(&question.vector, &vector(text)));
        *left = left.saturating_sub(1);
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

fn field(line: &str, name: &str) -> Option<u32> {
    line.split(' ').find_map(|word| word.strip_prefix(name))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recall_is_measured_against_a_plain_scan_of_what_was_acknowledged() {
        let texts = ["the pump is in hall three", "the valve is red", "the pump is loud", "lunch at noon"];
        let mut truth = Truth::default();
        for (number, text) in texts.iter().enumerate() {
            truth.typed(0, &format!("fleet add {text}"));
            truth.said(0, &format!("fleet: adding item=9.{number}"));
        }
        (0..3).for_each(|number| truth.acknowledged(&format!("9.{number}")));
        let mut ask = |results: &[&str]| {
            truth.typed(0, "fleet search 2 where is the pump");
            truth.said(0, "fleet: asked request=5 of=3");
            truth.said(
                0,
                &format!("fleet: answer request=5 hits={} chips=3/3 searched=9 ms=4", results.len()),
            );
            for text in results {
                truth.said(0, &format!("  item=9.0 distance=0.1 at=3 {text}"));
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
        truth.said(0, "fleet: asked request=1 of=3");
        assert!(truth.recall(4).is_empty());
        truth.said(0, "fleet: answer request=1 hits=0 chips=3/3");
        assert!(truth.recall(4).is_empty());
        truth.said(7, "  item=1.1 distance=0 at=3 x");
        truth.said(7, "fleet: asked request=x");
    }
}
