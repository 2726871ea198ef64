//! How well the roles find a text again: asked on their own consoles, answered by the whole path.
//!
//! The indexer holds many sentences, and `search` must put the right one first. The retriever holds some: asked for one
//! of them it must answer with it, asked for one it does not hold it must say that it knows nothing. Both on the
//! project's own sentences and, where a folder is named, on those of other people, which nothing was tuned on.

use super::bench_chip::BenchChip;
use super::embed::Accuracy;
use super::household::{self, Household};
use super::others::Others;
use super::sentences::{Kind, Sentence, sentences};
use super::tfidf::Tfidf;
use super::threshold::{self, Calibration};
use oorandom::Rand32;
use ruvllm_esp_core::limits::MAX_RESULTS;
use ruvllm_esp_core::meter::Counts;
use ruvllm_esp_core::role::shared::{Asks, Keeps};
use schemars::JsonSchema;
use serde::Serialize;

/// How many sentences of others the indexer holds.
const OTHERS_STORED: usize = 1000;
/// For how many of them it is asked.
const OTHERS_ASKED: usize = 300;
/// How many sentences of others a retriever holds.
const RETRIEVER_STORED: usize = 100;

/// The result of [`run`].
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RecallReport {
    /// Seed of the queries.
    pub seed: u64,
    /// The project's own sentences, then those of others.
    pub sets: Vec<SetReport>,
    /// Ordinary questions about a household.
    pub household: Household,
    /// Where the threshold for an answer comes from.
    pub threshold: Calibration,
    /// The work of one search with every own sentence stored, summed over three-word queries.
    #[serde(skip)]
    pub work: Counts,
    /// How many searches [`RecallReport::work`] sums up.
    pub searches: u32,
}

/// What was measured on one set of sentences.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SetReport {
    /// Whose sentences.
    pub name: &'static str,
    /// How many the indexer held.
    pub sentences: usize,
    /// `search` of the indexer, by kind of query.
    pub search: Vec<Found>,
    /// `recall` of the retriever, by kind of query.
    pub recall: Vec<(Kind, Verdicts)>,
}

/// How queries of one kind found their sentence.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Found {
    /// How the queries were made.
    pub kind: Kind,
    /// By `search`.
    pub search: Accuracy,
    /// By trigram TF-IDF over the same texts.
    pub tfidf: Accuracy,
}

/// What the retriever said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Verdicts {
    /// Questions whose sentence was stored.
    pub questions: u32,
    /// Questions whose sentence was not.
    pub strange: u32,
    /// Share of the first that were not answered, or not with their sentence at the top.
    pub false_reject: f64,
    /// Share of the first that were not answered at all.
    pub unanswered: f64,
    /// Share of the first that were answered with another sentence which has the very same words in a row: nothing in
    /// the question tells the two apart.
    pub ambiguous: f64,
    /// Share of the second that were answered.
    pub false_accept: f64,
}

/// Asks the roles for every sentence in every way; for those of `others` too, where there are any.
pub fn run(seed: u64, others: Option<&Others>) -> RecallReport {
    let own = sentences();
    let mut indexer = indexer(&own);
    let searched = search(&mut indexer, &own, own.len(), seed);
    indexer.counts.clear();
    let searches = ranks(&mut indexer, &own, own.len(), Kind::Partial, seed).len() as u32;
    let own =
        SetReport { name: "own", sentences: own.len(), search: searched, recall: own_verdicts(&own, seed) };
    let sets = std::iter::once(own).chain(others.map(|others| others_report(others, seed))).collect();
    let threshold = threshold::calibrate(&sentences(), seed);
    RecallReport { seed, sets, household: household::run(), threshold, work: indexer.counts, searches }
}

fn others_report(others: &Others, seed: u64) -> SetReport {
    let stored = others.sample(OTHERS_STORED, seed);
    let mut indexer = indexer(&stored);
    SetReport {
        name: "others",
        sentences: stored.len(),
        search: search(&mut indexer, &stored, OTHERS_ASKED, seed),
        recall: [Kind::Full, Kind::Partial, Kind::Misspelt, Kind::Keywords]
            .map(|kind| (kind, others_verdicts(others, kind, seed)))
            .into(),
    }
}

fn indexer(sentences: &[Sentence<'_>]) -> BenchChip {
    let mut indexer = BenchChip::new(Keeps::Texts, Asks::Search);
    sentences.iter().for_each(|sentence| indexer.store(sentence.text));
    indexer
}

fn search(indexer: &mut BenchChip, stored: &[Sentence<'_>], asked: usize, seed: u64) -> Vec<Found> {
    let baseline = Tfidf::new(stored.iter().map(|sentence| sentence.text));
    let kinds = Kind::ALL.into_iter().map(|kind| {
        let search = Accuracy::of(ranks(indexer, stored, asked, kind, seed).iter());
        let tfidf: Vec<(usize, u32)> = queries(stored, asked, kind, seed)
            .map(|(row, query)| (row, baseline.rank(row, &query)))
            .collect();
        Found { kind, search, tfidf: Accuracy::of(tfidf.iter()) }
    });
    kinds.filter(|found| found.search.queries > 0).collect()
}

/// The queries of `kind` for the first `asked` sentences, each with its row.
fn queries<'s>(
    sentences: &'s [Sentence<'s>],
    asked: usize,
    kind: Kind,
    seed: u64,
) -> impl Iterator<Item = (usize, String)> + 's {
    let mut random = Rand32::new_inc(seed, kind as u64);
    let rows = sentences.iter().take(asked).enumerate();
    rows.filter_map(move |(row, sentence)| Some((row, kind.query(sentence, &mut random)?)))
}

/// At which rank `search` puts the sentence of each query; sentence `row` has id `row`.
fn ranks(
    indexer: &mut BenchChip,
    stored: &[Sentence<'_>],
    asked: usize,
    kind: Kind,
    seed: u64,
) -> Vec<(usize, u32)> {
    let index = |(row, query): (usize, String)| {
        let right = stored.get(row).map(|sentence| sentence.text);
        let rank = indexer.find(MAX_RESULTS, &query).iter().position(|text| Some(*text) == right);
        (row, rank.map_or(u32::MAX, |rank| rank as u32 + 1))
    };
    queries(stored, asked, kind, seed).map(index).collect()
}

/// The retriever's answers about own sentences: half of a language's are stored, both halves are asked for.
fn own_verdicts(sentences: &[Sentence<'_>], seed: u64) -> Vec<(Kind, Verdicts)> {
    let mut languages: Vec<&str> = sentences.iter().map(|sentence| sentence.language).collect();
    languages.sort_unstable();
    languages.dedup();
    let kinds = [Kind::Full, Kind::Partial, Kind::Misspelt, Kind::Keywords, Kind::Paraphrased];
    let of_kind = |kind| {
        let mut tally = Tally::default();
        for language in &languages {
            let own: Vec<Sentence<'_>> =
                sentences.iter().filter(|sentence| sentence.language == *language).copied().collect();
            let halves = [0, 1].map(|half| own.iter().skip(half).step_by(2).copied().collect::<Vec<_>>());
            tally.add(&halves[0], &halves[1], kind, seed);
            tally.add(&halves[1], &halves[0], kind, seed);
        }
        (kind, tally.verdicts())
    };
    kinds.map(of_kind).into()
}

/// The retriever's answers about sentences of others: some of half of the groups are stored; asked for are these, as many
/// of the other groups, and those that belong to none.
fn others_verdicts(others: &Others, kind: Kind, seed: u64) -> Verdicts {
    let mut tally = Tally::default();
    for half in [0, 1] {
        for draw in 0..3 {
            let seed = 10 * seed + draw;
            let stored = others.sample_half(half, RETRIEVER_STORED, seed);
            let mut strange = others.sample_half(1 - half, RETRIEVER_STORED, seed);
            strange.extend(others.outside());
            tally.add(&stored, &strange, kind, seed);
        }
    }
    tally.verdicts()
}

/// Has `text` all words of `query` one after the other?
fn has_in_a_row(text: &str, query: &str) -> bool {
    let words = |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_lowercase).collect() };
    let (text, query) = (words(text), words(query));
    !query.is_empty() && text.windows(query.len()).any(|window| window == query)
}

#[derive(Default)]
struct Tally {
    questions: u32,
    right: u32,
    unanswered: u32,
    ambiguous: u32,
    strange: u32,
    accepted: u32,
}

impl Tally {
    fn add(&mut self, stored: &[Sentence<'_>], strange: &[Sentence<'_>], kind: Kind, seed: u64) {
        let mut retriever = BenchChip::new(Keeps::Texts, Asks::Recall);
        stored.iter().for_each(|sentence| retriever.store(sentence.text));
        let mut top = |query: &str| retriever.find(1, query).first().map(|text| (*text).to_owned());
        for (row, query) in queries(stored, usize::MAX, kind, seed) {
            let answer = top(&query);
            self.questions += 1;
            self.unanswered += u32::from(answer.is_none());
            let is_right = answer.as_deref() == Some(stored[row].text);
            self.right += u32::from(is_right);
            self.ambiguous += u32::from(!is_right && answer.is_some_and(|text| has_in_a_row(&text, &query)));
        }
        for (_, query) in queries(strange, usize::MAX, kind, seed) {
            self.strange += 1;
            self.accepted += u32::from(top(&query).is_some());
        }
    }

    fn verdicts(&self) -> Verdicts {
        let share = |part: u32, whole: u32| f64::from(part) / f64::from(whole.max(1));
        Verdicts {
            questions: self.questions,
            strange: self.strange,
            false_reject: share(self.questions - self.right, self.questions),
            unanswered: share(self.unanswered, self.questions),
            ambiguous: share(self.ambiguous, self.questions),
            false_accept: share(self.accepted, self.strange),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of the fixture that the tests ask for, of all that are stored: `bench recall` asks for every one.
    const ASKED: usize = 60;

    #[test]
    fn three_words_find_their_sentence_even_misspelt() {
        let own = sentences();
        let found = search(&mut indexer(&own), &own, ASKED, 1);
        let p_at_1 = |kind| found.iter().find(|found| found.kind == kind).unwrap().search.p_at_1;
        for kind in [Kind::Full, Kind::Reordered, Kind::Recased] {
            assert_eq!(p_at_1(kind), 1.0, "{kind:?}");
        }
        assert!(p_at_1(Kind::Partial) >= 0.97, "{}", p_at_1(Kind::Partial));
        assert!(p_at_1(Kind::Misspelt) >= 0.95, "{}", p_at_1(Kind::Misspelt));
        assert!(p_at_1(Kind::Keywords) >= 0.97, "{}", p_at_1(Kind::Keywords));
        assert!(found.iter().all(|found| found.search.p_at_1 >= found.tfidf.p_at_1 - 0.05), "{found:?}");
    }

    #[test]
    fn two_sentences_with_the_same_words_in_a_row_are_not_distinguished() {
        assert!(has_in_a_row("what do I need to pack", "i need to"));
        assert!(!has_in_a_row("what do I need to pack", "i to need") && !has_in_a_row("one", "one two"));
        let row = |text| Sentence { language: "en", text, paraphrase: None };
        let stored = [row("one will i need to wait"), row("two will i need to wait")];
        let mut tally = Tally::default();
        tally.add(&stored, &[], Kind::Partial, 1);
        let Verdicts { false_reject, ambiguous, .. } = tally.verdicts();
        assert_eq!((false_reject, ambiguous), (0.5, 0.5));
    }

    #[test]
    fn the_retriever_tells_what_it_holds_from_what_it_does_not() {
        let rows: Vec<Sentence<'_>> = sentences().into_iter().filter(|row| row.language == "en").collect();
        let (stored, strange) = (&rows[..ASKED], &rows[ASKED..2 * ASKED]);
        let verdicts = |kind| {
            let mut tally = Tally::default();
            tally.add(stored, strange, kind, 1);
            tally.verdicts()
        };
        assert_eq!(verdicts(Kind::Full).false_reject, 0.0);
        let Verdicts { false_reject, false_accept, .. } = verdicts(Kind::Partial);
        assert!(false_reject <= 0.05 && false_accept <= 0.06, "{false_reject} {false_accept}");
    }
}
