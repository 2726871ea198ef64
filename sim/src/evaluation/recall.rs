//! How well the roles find a text again: asked on their own consoles, answered by the whole path.
//!
//! The indexer holds every sentence of the fixture in stored vectors of 64 bytes, and `search` must put the right one first.
//! The retriever holds half of a language's sentences: asked for one of them it must answer with it, asked for one of the
//! other half it must say that it knows nothing. The thresholds come from [`super::threshold`]; nothing here sets them.

use super::embed::Accuracy;
use super::sentences::{Kind, Sentence, sentences};
use crate::memory::Memory;
use oorandom::Rand32;
use ruvllm_esp_core::agent::{Agent, Identity};
use ruvllm_esp_core::chip;
use ruvllm_esp_core::limits::MAX_RESULTS;
use ruvllm_esp_core::meter::Counts;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::units::{Bytes, Micros};
use serde::Serialize;

/// More than any chip has: what is evaluated is the search, not the fit.
const ARENA: Bytes = Bytes::kib(1024);

/// The result of [`run`].
#[derive(Clone, Debug, Serialize)]
pub struct RecallReport {
    /// Seed of the queries.
    pub seed: u64,
    /// How many sentences the indexer held.
    pub sentences: usize,
    /// `search` of the indexer, by kind of query.
    pub search: Vec<(Kind, Accuracy)>,
    /// `recall` of the retriever, by kind of query.
    pub recall: Vec<(Kind, Verdicts)>,
    /// The work of one search with every sentence stored, in the mean over three-word queries.
    #[serde(skip)]
    pub work: Counts,
    /// How many searches [`RecallReport::work`] sums up.
    pub searches: u32,
}

/// What the retriever said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Verdicts {
    /// Questions whose sentence was stored, and as many whose sentence was not.
    pub questions: u32,
    /// Share of the first that were not answered, or not with their sentence at the top.
    pub false_reject: f64,
    /// Share of the second that were answered.
    pub false_accept: f64,
}

/// Asks the roles for every sentence in every way.
pub fn run(seed: u64) -> RecallReport {
    let sentences = sentences();
    let mut indexer = Chip::new(RoleKind::HnswIndexer);
    sentences.iter().for_each(|sentence| _ = indexer.say(&format!("add {}", sentence.text)));
    let search = Kind::ALL.map(|kind| (kind, indexer.accuracy(&sentences, kind, seed))).into();
    indexer.counts.clear();
    let searches = indexer.accuracy(&sentences, Kind::Partial, seed).queries;
    let kinds = [Kind::Full, Kind::Partial, Kind::Misspelt, Kind::Paraphrased];
    let recall = kinds.map(|kind| (kind, verdicts(&sentences, kind, seed))).into();
    RecallReport { seed, sentences: sentences.len(), search, recall, work: indexer.counts, searches }
}

/// A chip on the bench.
struct Chip {
    agent: Agent<Memory>,
    counts: Counts,
}

impl Chip {
    fn new(role: RoleKind) -> Self {
        let identity = Identity { chip: &chip::esp32c3::CHIP, chip_id: 0, role, seed: 1 };
        match Agent::boot(Memory::new(ARENA), identity) {
            Ok(agent) => Self { agent, counts: Counts::default() },
            Err(no_room) => unreachable!("a mebibyte fits every role: {no_room}"),
        }
    }

    fn say(&mut self, line: &str) -> String {
        let mut reply = String::new();
        // A failed command says so in its reply, which is what is looked at.
        let _ = self.agent.line(Ok(line), Micros(0), &mut self.counts, &mut reply);
        reply
    }

    /// How the queries of `kind` fare; sentence `row` has id `row`.
    fn accuracy(&mut self, sentences: &[Sentence], kind: Kind, seed: u64) -> Accuracy {
        let mut random = Rand32::new_inc(seed, kind as u64);
        let mut ranks = Vec::new();
        for (row, sentence) in sentences.iter().enumerate() {
            let Some(query) = kind.query(sentence, &mut random) else { continue };
            let reply = self.say(&format!("search {MAX_RESULTS} {query}"));
            let ids = reply.lines().next().and_then(|line| line.strip_prefix("hits: ")).unwrap_or_default();
            let place = ids.split(',').position(|id| id.parse() == Ok(row));
            ranks.push((row, place.map_or(u32::MAX, |place| place as u32 + 1)));
        }
        Accuracy::of(ranks.iter())
    }
}

/// The retriever's answers to questions of one kind, over both halves of every language.
fn verdicts(sentences: &[Sentence], kind: Kind, seed: u64) -> Verdicts {
    let mut random = Rand32::new_inc(seed, kind as u64);
    let queries: Vec<Option<String>> =
        sentences.iter().map(|sentence| kind.query(sentence, &mut random)).collect();
    let mut languages: Vec<&str> = sentences.iter().map(|sentence| sentence.language).collect();
    languages.sort_unstable();
    languages.dedup();
    let (mut questions, mut accepted, mut answered) = (0u32, 0u32, 0u32);
    for (language, half) in languages.iter().flat_map(|language| [(language, 0), (language, 1)]) {
        let mut retriever = Chip::new(RoleKind::RagRetriever);
        let own = |row: &usize| sentences[*row].language == *language;
        let rows: Vec<usize> = (0..sentences.len()).filter(own).collect();
        for row in rows.iter().skip(half).step_by(2) {
            retriever.say(&format!("add {}", sentences[*row].text));
        }
        for (place, row) in rows.iter().enumerate() {
            let Some(query) = &queries[*row] else { continue };
            let reply = retriever.say(&format!("recall 1 {query}"));
            let found = !reply.starts_with("top: (no match)");
            if place % 2 == half {
                let text = sentences[*row].text;
                let top =
                    reply.lines().next().and_then(|line| line.strip_prefix("top: ")).unwrap_or_default();
                questions += 1;
                answered += u32::from(found && !top.is_empty() && text.contains(top));
            } else {
                accepted += u32::from(found);
            }
        }
    }
    let share = |count: u32| f64::from(count) / f64::from(questions.max(1));
    Verdicts { questions, false_reject: share(questions - answered), false_accept: share(accepted) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_words_find_their_sentence_even_misspelt() {
        let report = run(1);
        let p_at_1 = |kind| report.search.iter().find(|(other, _)| *other == kind).unwrap().1.p_at_1;
        for kind in [Kind::Full, Kind::Reordered, Kind::Recased] {
            assert_eq!(p_at_1(kind), 1.0, "{kind:?}");
        }
        assert!(p_at_1(Kind::Partial) >= 0.95, "{}", p_at_1(Kind::Partial));
        assert!(p_at_1(Kind::Misspelt) >= 0.85, "{}", p_at_1(Kind::Misspelt));
        let verdicts = |kind| report.recall.iter().find(|(other, _)| *other == kind).unwrap().1;
        assert_eq!(verdicts(Kind::Full).false_reject, 0.0);
        let Verdicts { false_reject, false_accept, .. } = verdicts(Kind::Partial);
        assert!(false_reject <= 0.05 && false_accept <= 0.07, "{false_reject} {false_accept}");
        println!("{:?}", report.recall);
    }
}
