//! Which share of a question a text has to have to count as an answer.
//!
//! Some text always has something of a question. The curve says, for each threshold, how often a three-word question
//! that belongs to none of a hundred sentences is answered all the same, and how often one that does is not. It is
//! drawn on the even rows of the fixture, each language by itself; the odd rows show what it is worth elsewhere.

use super::sentences::{Kind, Sentence};
use oorandom::Rand32;
use ruvllm_esp_core::lexical::{MIN_COVERAGE, Match, Query};
use schemars::JsonSchema;
use serde::Serialize;

/// How often a question that belongs nowhere may be answered.
pub const FALSE_ACCEPT: f64 = 0.055;

/// How many sentences of its language a question is asked of.
const STORE: usize = 100;

/// What a threshold lets through and what it holds back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Point {
    /// From this coverage on a text counts as an answer, in thousandths.
    pub threshold: u32,
    /// Share of three-word questions answered although their sentence is not there.
    pub false_accept: f64,
    /// Share of three-word questions not answered with their sentence, which is among the others.
    pub missed: f64,
}

/// The thresholds, on the rows they are chosen by and on those they are not.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Calibration {
    /// The threshold in use, in thousandths.
    pub in_use: u32,
    /// Even rows: the lowest threshold with at most [`FALSE_ACCEPT`] is chosen.
    pub even_rows: Vec<Point>,
    /// Odd rows.
    pub odd_rows: Vec<Point>,
}

/// How one question fares: its own sentence among the others, and the best of the others.
struct Trial {
    own: Match,
    is_first: bool,
    others: Vec<Match>,
}

/// The curves over `sentences`, one point every fiftieth from 0.40 to 0.90.
pub fn calibrate(sentences: &[Sentence<'_>], seed: u64) -> Calibration {
    let half = |half: usize| {
        let rows: Vec<Sentence<'_>> = sentences.iter().skip(half).step_by(2).copied().collect();
        let trials = trials(&rows, seed);
        (20..=45).map(|fiftieths| Point::new(&trials, 20 * fiftieths)).collect()
    };
    Calibration { in_use: MIN_COVERAGE, even_rows: half(0), odd_rows: half(1) }
}

fn trials(rows: &[Sentence<'_>], seed: u64) -> Vec<Trial> {
    let mut random = Rand32::new_inc(seed, Kind::Partial as u64);
    let trial = |(row, sentence): (usize, &Sentence<'_>)| {
        let query = Kind::Partial.query(sentence, &mut random)?;
        let count = rows.len();
        let others = (1..count).map(|step| &rows[(row + step) % count]);
        let others: Vec<&str> = others
            .filter(|other| other.language == sentence.language)
            .map(|other| other.text)
            .take(STORE)
            .collect();
        let without = scores(&query, &others);
        let with = scores(&query, &[&[sentence.text], others.as_slice()].concat());
        let (own, rest) = with.split_first()?;
        Some(Trial {
            own: *own,
            is_first: rest.iter().all(|other| other.score() < own.score()),
            others: without,
        })
    };
    rows.iter().enumerate().filter_map(trial).collect()
}

fn scores(query: &str, texts: &[&str]) -> Vec<Match> {
    let mut query = Query::new(query, &mut ());
    texts.iter().for_each(|text| _ = query.count(std::iter::once(*text), &mut ()));
    query.weigh(texts.len() as u32, &mut ());
    texts.iter().map(|text| query.score(std::iter::once(*text), &mut ())).collect()
}

impl Point {
    fn new(trials: &[Trial], threshold: u32) -> Self {
        let share = |is: &dyn Fn(&Trial) -> bool| {
            trials.iter().filter(|trial| is(trial)).count() as f64 / trials.len().max(1) as f64
        };
        let is_answer = |found: &Match| found.is_relevant_from(threshold);
        Self {
            threshold,
            false_accept: share(&|trial| trial.others.iter().any(is_answer)),
            missed: share(&|trial| !(trial.is_first && is_answer(&trial.own))),
        }
    }
}

impl Calibration {
    /// The lowest threshold that answers seldom enough what belongs nowhere, on the even rows.
    pub fn chosen(&self) -> Option<Point> {
        self.even_rows.iter().find(|point| point.false_accept <= FALSE_ACCEPT).copied()
    }

    /// The points at the threshold in use, on the even and on the odd rows.
    pub fn at_use(&self) -> [Option<Point>; 2] {
        [&self.even_rows, &self.odd_rows]
            .map(|rows| rows.iter().find(|point| point.threshold == self.in_use).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::super::sentences::sentences;
    use super::*;

    #[test]
    fn the_threshold_in_the_core_is_the_calibrated_one_and_holds_on_the_other_rows() {
        let calibration = calibrate(&sentences(), 1);
        assert_eq!(calibration.chosen().map(|point| point.threshold), Some(MIN_COVERAGE), "{calibration:?}");
        for pair in calibration.even_rows.windows(2) {
            assert!(pair[0].false_accept >= pair[1].false_accept && pair[0].missed <= pair[1].missed);
        }
        let [_, odd] = calibration.at_use();
        let odd = odd.unwrap();
        assert!(odd.false_accept <= 0.06 && odd.missed <= 0.05, "{odd:?}");
    }
}
