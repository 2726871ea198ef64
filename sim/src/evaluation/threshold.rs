//! Which similarity means that something was found.
//!
//! A store always has a nearest item; the question is whether it has anything to do with the query. Similarities of
//! queries to their own sentence, and to unrelated sentences of the same language, say how often each threshold would
//! be wrong in either way. A store holds many items, so that one of them is near by chance is likelier than that a given
//! one is: the rate over a store of [`STORE`] items is the one to choose by.

use ruvllm_esp_core::embed::NORM;
use ruvllm_esp_core::kernel::distance::dot;
use serde::Serialize;

use super::embed::Corpus;
use super::sentences::{Kind, middle_words};

/// How many unrelated items the store of the false-accept rate holds.
pub const STORE: usize = 100;

/// The lengths of query whose similarities are reported, in words.
const QUERY_WORDS: [usize; 5] = [1, 2, 3, 5, 8];

/// Similarities of queries, as dot products of vectors of length [`NORM`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Similarities {
    /// Queries of three words to every other sentence of their language.
    pub unrelated: Vec<i32>,
    /// The same queries, each to the nearest of up to [`STORE`] other sentences of its language.
    pub nearest_unrelated: Vec<i32>,
    /// Queries of three words to their sentence.
    pub partial: Vec<i32>,
    /// Queries of three misspelt words to their sentence.
    pub misspelt: Vec<i32>,
    /// Paraphrases to their sentence.
    pub paraphrased: Vec<i32>,
}

/// What a threshold lets through and what it holds back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Dot product from which an item counts as found.
    pub threshold: i32,
    /// The same as a cosine.
    pub cosine: f64,
    /// Share of unrelated pairs that it accepts.
    pub false_accept_pair: f64,
    /// Share of unrelated queries for which it accepts something from a store of [`STORE`].
    pub false_accept_store: f64,
    /// Share of three-word queries whose sentence it rejects.
    pub false_reject_partial: f64,
    /// Share of misspelt three-word queries whose sentence it rejects.
    pub false_reject_misspelt: f64,
    /// Share of paraphrases whose sentence it rejects.
    pub false_reject_paraphrased: f64,
}

/// Similarities by the length of the query: short queries say less.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct QueryLength {
    /// Words in the query.
    pub words: usize,
    /// Cosine that one unrelated pair in a hundred exceeds.
    pub unrelated_99: f64,
    /// Cosine that one unrelated pair in a thousand exceeds.
    pub unrelated_999: f64,
    /// Cosine to the own sentence that nine queries in ten exceed.
    pub related_10: f64,
    /// Median cosine to the own sentence.
    pub related_50: f64,
}

/// The curve of [`Point`]s and the one to use.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// One point every hundredth of a cosine, from 0.10 to 0.80.
    pub curve: Vec<Point>,
    /// Where false accepts from a store and false rejects of three-word queries add up to the least.
    pub balanced: Point,
    /// The lowest threshold with at most one false accept from a store in twenty.
    pub strict: Point,
    /// How the similarities depend on the length of the query.
    pub lengths: Vec<QueryLength>,
}

/// The curve over the similarities of `corpus`.
pub(super) fn calibrate(corpus: &Corpus) -> Calibration {
    let similarities = similarities(corpus);
    let curve: Vec<Point> = (10..=80).map(|hundredths| point(&similarities, hundredths)).collect();
    let loss = |point: &Point| point.false_accept_store + point.false_reject_partial;
    let fallback = point(&similarities, 80);
    let balanced = curve.iter().min_by(|a, b| loss(a).total_cmp(&loss(b))).copied().unwrap_or(fallback);
    let strict = curve.iter().find(|point| point.false_accept_store <= 0.05).copied().unwrap_or(fallback);
    Calibration { balanced, strict, lengths: QUERY_WORDS.map(|words| by_length(corpus, words)).into(), curve }
}

/// The similarities that a threshold is calibrated on.
pub(super) fn similarities(corpus: &Corpus) -> Similarities {
    let own = |kind| {
        let queries = corpus.queries(kind).into_iter();
        queries.map(|(row, query)| dot(&query, &corpus.stored[row], &mut ())).collect()
    };
    let (mut unrelated, mut nearest_unrelated) = (Vec::new(), Vec::new());
    for (row, query) in corpus.queries(Kind::Partial) {
        let others = unrelated_to(corpus, row, &query);
        nearest_unrelated.extend(others.iter().take(STORE).max());
        unrelated.extend(others);
    }
    Similarities {
        unrelated,
        nearest_unrelated,
        partial: own(Kind::Partial),
        misspelt: own(Kind::Misspelt),
        paraphrased: own(Kind::Paraphrased),
    }
}

/// The similarities of `query` to the other sentences of the language of `row`, those after it first.
fn unrelated_to(corpus: &Corpus, row: usize, query: &[i8]) -> Vec<i32> {
    let count = corpus.sentences.len();
    let others = (1..count).map(|step| (row + step) % count);
    let same = others.filter(|other| corpus.sentences[*other].language == corpus.sentences[row].language);
    same.map(|other| dot(query, &corpus.stored[other], &mut ())).collect()
}

fn point(similarities: &Similarities, hundredths: i32) -> Point {
    let threshold = NORM * NORM * hundredths / 100;
    let accepted = |values: &[i32]| {
        values.iter().filter(|value| **value >= threshold).count() as f64 / values.len().max(1) as f64
    };
    Point {
        threshold,
        cosine: f64::from(hundredths) / 100.0,
        false_accept_pair: accepted(&similarities.unrelated),
        false_accept_store: accepted(&similarities.nearest_unrelated),
        false_reject_partial: 1.0 - accepted(&similarities.partial),
        false_reject_misspelt: 1.0 - accepted(&similarities.misspelt),
        false_reject_paraphrased: 1.0 - accepted(&similarities.paraphrased),
    }
}

fn by_length(corpus: &Corpus, words: usize) -> QueryLength {
    let (mut related, mut unrelated) = (Vec::new(), Vec::new());
    for (row, sentence) in corpus.sentences.iter().enumerate() {
        let query = corpus.embed(&middle_words(sentence.text, words).join(" "));
        related.push(dot(&query, &corpus.stored[row], &mut ()));
        unrelated.extend(unrelated_to(corpus, row, &query));
    }
    related.sort_unstable();
    unrelated.sort_unstable();
    QueryLength {
        words,
        unrelated_99: quantile(&unrelated, 990),
        unrelated_999: quantile(&unrelated, 999),
        related_10: quantile(&related, 100),
        related_50: quantile(&related, 500),
    }
}

/// The cosine below which `thousandths` of the `sorted` dot products lie.
fn quantile(sorted: &[i32], thousandths: usize) -> f64 {
    let at = sorted.len().saturating_sub(1) * thousandths / 1000;
    f64::from(sorted.get(at).copied().unwrap_or(0)) / f64::from(NORM * NORM)
}

#[cfg(test)]
mod tests {
    use super::super::embed::run;

    #[test]
    fn a_higher_threshold_accepts_less() {
        let calibration = run(64, 1).unwrap().threshold;
        for pair in calibration.curve.windows(2) {
            assert!(pair[0].threshold < pair[1].threshold);
            assert!(pair[0].false_accept_pair >= pair[1].false_accept_pair);
            assert!(pair[0].false_accept_store >= pair[1].false_accept_store);
            assert!(pair[0].false_reject_partial <= pair[1].false_reject_partial);
        }
        assert!(calibration.strict.false_accept_store <= 0.05);
        assert!(calibration.strict.threshold >= calibration.balanced.threshold);
    }

    #[test]
    fn the_balanced_threshold_separates_found_from_not_found() {
        for (dimensions, accepted, rejected) in [(64, 0.12, 0.16), (128, 0.09, 0.10), (256, 0.06, 0.07)] {
            let point = run(dimensions, 1).unwrap().threshold.balanced;
            assert!(
                point.false_accept_store <= accepted && point.false_reject_partial <= rejected,
                "{point:?}"
            );
        }
    }

    #[test]
    fn longer_queries_stand_out_further() {
        let lengths = run(64, 1).unwrap().threshold.lengths;
        assert!(lengths.windows(2).all(|pair| pair[0].related_10 < pair[1].related_10), "{lengths:?}");
        assert!(lengths[0].related_50 < lengths[0].unrelated_999, "one word is not enough: {lengths:?}");
    }
}
