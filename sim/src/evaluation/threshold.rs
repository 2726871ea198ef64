//! Which similarity means that something was found.
//!
//! A store always has a nearest item; the question is whether it has anything to do with the query. Two rules are
//! compared: the similarity of the nearest item alone, and [`relevance`], which adds its lead over the runner-up. For
//! each threshold the curve says how often a query that belongs to nothing in a store is answered all the same, and how
//! often a query that does belong there is not answered with its own sentence. Stores hold sentences of the query's
//! language, which is harder than a mixture: they share the small words.

use ruvllm_esp_core::embed::{NORM, relevance};
use ruvllm_esp_core::kernel::distance::dot;
use serde::Serialize;

use super::embed::Corpus;
use super::sentences::{Kind, middle_words};

/// Sizes of the stores in which false accepts are counted.
pub const STORES: [usize; 3] = [1, 10, 100];

/// The lengths of query whose similarities are reported, in words.
const QUERY_WORDS: [usize; 5] = [1, 2, 3, 5, 8];

/// Similarities of queries, as dot products of vectors of length [`NORM`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Similarities {
    /// Queries of three words to every other sentence of their language.
    pub unrelated: Vec<i32>,
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
    /// From this score on the nearest item counts as found.
    pub threshold: i32,
    /// The same in units of the squared [`NORM`].
    pub cosine: f64,
    /// Share of three-word queries answered although their sentence is not there, by size of store ([`STORES`]).
    pub false_accept: [f64; STORES.len()],
    /// Share of three-word queries not answered with their sentence, which is among 100 others.
    pub missed_partial: f64,
    /// The same for misspelt words.
    pub missed_misspelt: f64,
    /// The same for paraphrases.
    pub missed_paraphrased: f64,
}

/// One way to score the nearest item, and what its thresholds do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rule {
    /// One point every hundredth, from 0.20 to 1.20.
    pub curve: Vec<Point>,
    /// Where false accepts from 100 items and misses of three-word queries, spelt right and wrong, add up to the least,
    /// a false accept counting twice.
    pub balanced: Point,
    /// The lowest threshold with at most one false accept in twenty from 100 items.
    pub strict: Point,
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

/// Both rules, and how similarities depend on the length of the query.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// The similarity of the nearest item alone.
    pub similarity: Rule,
    /// [`relevance`]: the rule to use.
    pub relevance: Rule,
    /// One entry a length of query.
    pub lengths: Vec<QueryLength>,
}

/// How one query fares in a store that holds its sentence and one that does not.
struct Trial {
    /// Its similarity to its own sentence.
    own: i32,
    /// Its similarities to the largest store of unrelated sentences.
    unrelated: Vec<i32>,
}

/// The calibration over `corpus`.
pub(super) fn calibrate(corpus: &Corpus) -> Calibration {
    let trials = [Kind::Partial, Kind::Misspelt, Kind::Paraphrased].map(|kind| trials(corpus, kind));
    Calibration {
        similarity: Rule::new(&trials, |nearest, _| nearest),
        relevance: Rule::new(&trials, relevance),
        lengths: QUERY_WORDS.map(|words| by_length(corpus, words)).into(),
    }
}

/// The similarities that a threshold is calibrated on.
pub(super) fn similarities(corpus: &Corpus) -> Similarities {
    let own = |kind| trials(corpus, kind).iter().map(|trial| trial.own).collect();
    let queries = corpus.queries(Kind::Partial).into_iter();
    Similarities {
        unrelated: queries.flat_map(|(row, query)| unrelated_to(corpus, row, &query)).collect(),
        partial: own(Kind::Partial),
        misspelt: own(Kind::Misspelt),
        paraphrased: own(Kind::Paraphrased),
    }
}

fn trials(corpus: &Corpus, kind: Kind) -> Vec<Trial> {
    let queries = corpus.queries(kind).into_iter();
    let trial = |(row, query): (usize, Vec<i8>)| {
        let mut unrelated = unrelated_to(corpus, row, &query);
        unrelated.truncate(STORES[STORES.len() - 1]);
        Trial { own: dot(&query, &corpus.stored[row], &mut ()), unrelated }
    };
    queries.map(trial).collect()
}

/// The similarities of `query` to the other sentences of the language of `row`, those after it first.
fn unrelated_to(corpus: &Corpus, row: usize, query: &[i8]) -> Vec<i32> {
    let count = corpus.sentences.len();
    let others = (1..count).map(|step| (row + step) % count);
    let same = others.filter(|other| corpus.sentences[*other].language == corpus.sentences[row].language);
    same.map(|other| dot(query, &corpus.stored[other], &mut ())).collect()
}

/// How the nearest of two similarities is scored.
type Score = fn(i32, Option<i32>) -> i32;

impl Rule {
    fn new(trials: &[Vec<Trial>; 3], score: Score) -> Self {
        let accepts = STORES.map(|size| trials[0].iter().map(|trial| trial.accepted(size, score)).collect());
        let answers =
            trials.each_ref().map(|trials| trials.iter().map(|trial| trial.answered(score)).collect());
        let curve: Vec<Point> =
            (20..=120).map(|hundredths| Point::new(&accepts, &answers, hundredths)).collect();
        let loss = |point: &Point| 2.0 * point.false_accept[2] + point.missed_partial + point.missed_misspelt;
        let last = curve[curve.len() - 1];
        let balanced = curve.iter().min_by(|a, b| loss(a).total_cmp(&loss(b))).copied().unwrap_or(last);
        let strict = curve.iter().find(|point| point.false_accept[2] <= 0.05).copied().unwrap_or(last);
        Self { curve, balanced, strict }
    }
}

impl Trial {
    /// The score of the nearest of `size` unrelated items.
    fn accepted(&self, size: usize, score: Score) -> i32 {
        let (nearest, runner_up) = nearest_two(self.unrelated.iter().take(size).copied());
        nearest.map_or(i32::MIN, |nearest| score(nearest, runner_up))
    }

    /// The score of the own sentence among all unrelated ones, the least possible where it is not the nearest.
    fn answered(&self, score: Score) -> i32 {
        match nearest_two(self.unrelated.iter().copied()) {
            (Some(other), _) if other >= self.own => i32::MIN,
            (other, _) => score(self.own, other),
        }
    }
}

/// The largest of `values`, and the next.
fn nearest_two(values: impl Iterator<Item = i32>) -> (Option<i32>, Option<i32>) {
    values.fold((None, None), |(first, second), value| {
        if Some(value) > first { (Some(value), first) } else { (first, second.max(Some(value))) }
    })
}

impl Point {
    fn new(accepts: &[Vec<i32>; 3], answers: &[Vec<i32>; 3], hundredths: i32) -> Self {
        let threshold = NORM * NORM * hundredths / 100;
        let reached = |scores: &Vec<i32>| {
            scores.iter().filter(|score| **score >= threshold).count() as f64 / scores.len().max(1) as f64
        };
        let [missed_partial, missed_misspelt, missed_paraphrased] =
            answers.each_ref().map(|scores| 1.0 - reached(scores));
        Self {
            threshold,
            cosine: f64::from(hundredths) / 100.0,
            false_accept: accepts.each_ref().map(reached),
            missed_partial,
            missed_misspelt,
            missed_paraphrased,
        }
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
    use super::super::embed::{DIMENSIONS, run};
    use super::*;
    use ruvllm_esp_core::embed::relevance_threshold;

    #[test]
    fn a_higher_threshold_accepts_less() {
        let calibration = run(64, 1).unwrap().threshold;
        for pair in calibration.similarity.curve.windows(2).chain(calibration.relevance.curve.windows(2)) {
            assert!(pair[0].threshold < pair[1].threshold);
            assert!(
                (0..STORES.len()).all(|store| pair[0].false_accept[store] >= pair[1].false_accept[store])
            );
            assert!(pair[0].missed_partial <= pair[1].missed_partial);
        }
        for rule in [&calibration.similarity, &calibration.relevance] {
            assert!(rule.strict.false_accept[2] <= 0.05);
            assert!(rule.balanced.false_accept[0] <= rule.balanced.false_accept[2]);
        }
    }

    #[test]
    fn the_lead_over_the_runner_up_tells_found_from_not_found_better() {
        for dimensions in DIMENSIONS {
            let Calibration { similarity, relevance, .. } = run(dimensions, 1).unwrap().threshold;
            assert!(
                relevance.strict.missed_misspelt + 0.05 < similarity.strict.missed_misspelt,
                "{dimensions}"
            );
            assert!(
                relevance.strict.missed_partial <= similarity.strict.missed_partial + 0.01,
                "{dimensions}"
            );
        }
    }

    #[test]
    fn the_threshold_in_the_core_is_the_calibrated_one() {
        for (dimensions, accepted, missed) in [(64, 0.09, 0.14), (128, 0.11, 0.06), (256, 0.10, 0.03)] {
            let point = run(dimensions, 1).unwrap().threshold.relevance.balanced;
            assert_eq!(relevance_threshold(dimensions), point.threshold, "{dimensions}");
            assert!(point.false_accept[2] <= accepted && point.missed_partial <= missed, "{point:?}");
        }
    }

    #[test]
    fn longer_queries_stand_out_further() {
        let lengths = run(64, 1).unwrap().threshold.lengths;
        assert!(lengths.windows(2).all(|pair| pair[0].related_10 < pair[1].related_10), "{lengths:?}");
        assert!(lengths[0].related_50 < lengths[0].unrelated_999, "one word is not enough: {lengths:?}");
    }
}
