//! Ordinary questions about a household, asked of a retriever and of an archivist.
//!
//! `fixtures/text/household.tsv` has 60 facts, twelve of which a later one changes, and 52 questions as a person asks
//! them, twelve about what changed. Some share no word with their fact: letters alone cannot find those. Facts and
//! questions were written before the search that answers them.

use super::bench_chip::BenchChip;
use super::tfidf::Tfidf;
use ruvllm_esp_core::role::shared::{Asks, Keeps};
use schemars::JsonSchema;
use serde::Serialize;

/// `kind`, `id`, `other`, `text`, tab-separated, after one header line.
const TABLE: &str = include_str!("../../../fixtures/text/household.tsv");

/// How the questions were answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Answered {
    /// Questions asked.
    pub questions: u32,
    /// Answered with the right fact first.
    pub right: u32,
    /// Answered with what a later fact changed.
    pub stale: u32,
    /// Answered with another fact.
    pub wrong: u32,
    /// Not answered.
    pub none: u32,
    /// Questions about what was changed later.
    pub updated: u32,
    /// Of those, answered with the newer fact.
    pub updated_right: u32,
}

/// The result of [`run`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Household {
    /// `recall 1` of the retriever.
    pub retriever: Answered,
    /// `recall 1` of the archivist.
    pub archivist: Answered,
    /// The nearest by trigram TF-IDF, which always answers.
    pub tfidf: Answered,
}

struct Question<'t> {
    right: usize,
    stale: Option<usize>,
    text: &'t str,
}

/// Asks everything of everyone.
pub fn run() -> Household {
    let (facts, questions) = read();
    let ask = |keeps| {
        let mut chip = BenchChip::new(keeps, Asks::Recall);
        facts.iter().for_each(|fact| chip.store(fact));
        tally(&questions, |question| {
            let top = chip.find(1, question).first().map(|top| (*top).to_owned())?;
            facts.iter().position(|fact| *fact == top)
        })
    };
    let index = Tfidf::new(facts.iter().copied());
    Household {
        retriever: ask(Keeps::Texts),
        archivist: ask(Keeps::Memories),
        tfidf: tally(&questions, |question| index.nearest(question)),
    }
}

fn read() -> (Vec<&'static str>, Vec<Question<'static>>) {
    let (mut facts, mut questions) = (Vec::new(), Vec::new());
    for line in TABLE.lines().skip(1) {
        let columns: Vec<&str> = line.trim_end_matches('\r').split('\t').collect();
        match columns[..] {
            ["fact", _, _, text] => facts.push(text),
            [_, right, stale, text] => {
                questions.push(Question {
                    right: right.parse().unwrap_or(usize::MAX),
                    stale: stale.parse().ok(),
                    text,
                });
            }
            _ => {}
        }
    }
    (facts, questions)
}

fn tally(questions: &[Question<'_>], mut answer: impl FnMut(&str) -> Option<usize>) -> Answered {
    let mut answered = Answered::default();
    for question in questions {
        let (found, is_updated) = (answer(question.text), question.stale.is_some());
        answered.questions += 1;
        answered.updated += u32::from(is_updated);
        match found {
            None => answered.none += 1,
            Some(fact) if fact == question.right => {
                answered.right += 1;
                answered.updated_right += u32::from(is_updated);
            }
            Some(fact) if Some(fact) == question.stale => answered.stale += 1,
            Some(_) => answered.wrong += 1,
        }
    }
    answered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_questions_get_the_answer_a_person_expects() {
        let (facts, questions) = read();
        assert_eq!((facts.len(), questions.len()), (60, 52));
        let Household { retriever, archivist, tfidf } = run();
        for answered in [retriever, archivist] {
            assert!(answered.right >= 36 && answered.wrong <= 2, "{answered:?}");
            assert!(answered.updated == 12 && answered.updated_right >= 10, "{answered:?}");
            assert!(answered.right > tfidf.right, "{answered:?} {tfidf:?}");
        }
    }
}
