//! How well the embedder finds a sentence, and what that costs.
//!
//! Every sentence of the fixture, or a thousand of other people, is stored; every query must bring its own sentence back
//! before all others, in all languages at once, beside trigram TF-IDF over the same texts. Ties count against the embedder. The search over weights scored even rows only; the report
//! shows both halves (`docs/embedder.md` says how far the odd ones were kept apart).

use oorandom::Rand32;
use ruvllm_esp_core::embed::{NORM, VERSION, embed_into};
use ruvllm_esp_core::kernel::distance::dot;
use ruvllm_esp_core::meter::Counts;
use schemars::JsonSchema;
use serde::Serialize;

use super::others::Others;
use super::sentences::{Kind, Sentence, sentences};
use super::tfidf::Tfidf;

/// The numbers of dimensions that can be evaluated.
pub const DIMENSIONS: [usize; 4] = [64, 128, 256, 512];

/// There is no embedder of that many dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no embedder has {dimensions} dimensions: 64, 128, 256 or 512")]
pub struct UnknownDimensions {
    /// What was asked for.
    pub dimensions: usize,
}

/// With more groups than this the sentences are not distinguished by group.
const MAX_LANGUAGES: usize = 12;

/// How many sentences of others are stored.
const OTHERS: usize = 1000;

/// The result of [`run`].
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct EmbedReport {
    /// [`VERSION`] of the embedder.
    pub version: u8,
    /// Components of a vector, a byte each.
    pub dimensions: usize,
    /// Euclidean length of a vector.
    pub norm: i32,
    /// Seed of the queries.
    pub seed: u64,
    /// How many sentences were stored.
    pub sentences: usize,
    /// One entry a kind of query.
    pub kinds: Vec<KindReport>,
    /// Metered work.
    pub cost: Cost,
}

/// How often queries of one kind found their sentence.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct KindReport {
    /// How the queries were made.
    pub kind: Kind,
    /// Over all sentences.
    pub all: Accuracy,
    /// The same by trigram TF-IDF.
    pub tfidf: Accuracy,
    /// Over the even rows, on which weights were searched.
    pub even_rows: Accuracy,
    /// Over the odd rows, kept out of that search.
    pub odd_rows: Accuracy,
    /// By language, in fixture order.
    pub languages: Vec<Group>,
    /// By the number of words of the sentence.
    pub lengths: Vec<Group>,
}

/// Accuracy over part of the queries.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Group {
    /// Which part.
    pub name: String,
    /// How the queries of that part fared.
    #[serde(flatten)]
    pub accuracy: Accuracy,
}

/// How a set of queries fared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Accuracy {
    /// How many there were.
    pub queries: u32,
    /// Share whose own sentence was alone in first place.
    pub p_at_1: f64,
    /// Mean of 1 / rank of the own sentence.
    pub mrr: f64,
}

/// Work metered while the fixture was embedded.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Cost {
    /// UTF-8 bytes embedded.
    pub bytes: usize,
    /// One entry an operation that occurred.
    pub operations: Vec<OperationRate>,
}

/// How often one operation occurred.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct OperationRate {
    /// Its name in cost tables.
    pub operation: &'static str,
    /// Total over the fixture.
    pub count: u64,
    /// Per byte of text, fixed work per text included.
    pub per_byte: f64,
}

/// Embeds the fixture, or the sentences of `others`, in `dimensions` and asks for every sentence in every way.
///
/// # Errors
/// [`UnknownDimensions`] unless `dimensions` is one of [`DIMENSIONS`].
pub fn run(dimensions: usize, seed: u64, others: Option<&Others>) -> Result<EmbedReport, UnknownDimensions> {
    let rows: Vec<Sentence<'_>> = match others {
        Some(others) => others.sample(OTHERS, seed),
        None => sentences(),
    };
    let (corpus, counts) = Corpus::new(rows, dimensions, seed)?;
    let bytes = corpus.sentences.iter().map(|sentence| sentence.text.len()).sum();
    Ok(EmbedReport {
        version: VERSION,
        dimensions,
        norm: NORM,
        seed,
        sentences: corpus.sentences.len(),
        kinds: Kind::ALL
            .into_iter()
            .map(|kind| corpus.evaluate(kind))
            .filter(|report| report.all.queries > 0)
            .collect(),
        cost: Cost::new(bytes, &counts),
    })
}

/// How often queries of one `kind` find their sentence: a part of [`run`].
///
/// # Errors
/// [`UnknownDimensions`] unless `dimensions` is one of [`DIMENSIONS`].
pub fn accuracy(dimensions: usize, kind: Kind, seed: u64) -> Result<KindReport, UnknownDimensions> {
    Ok(Corpus::new(sentences(), dimensions, seed)?.0.evaluate(kind))
}

/// The fixture, embedded.
struct Corpus<'s> {
    sentences: Vec<Sentence<'s>>,
    stored: Vec<Vec<i8>>,
    baseline: Tfidf,
    embed: Embedder,
    seed: u64,
}

/// Embeds a text and counts the work.
type Embedder = fn(&str, &mut Counts) -> Vec<i8>;

fn embedder(dimensions: usize) -> Result<Embedder, UnknownDimensions> {
    match dimensions {
        64 => Ok(|text, counts| embed_into::<64, Counts>(text, counts).to_vec()),
        128 => Ok(|text, counts| embed_into::<128, Counts>(text, counts).to_vec()),
        256 => Ok(|text, counts| embed_into::<256, Counts>(text, counts).to_vec()),
        512 => Ok(|text, counts| embed_into::<512, Counts>(text, counts).to_vec()),
        _ => Err(UnknownDimensions { dimensions }),
    }
}

impl<'s> Corpus<'s> {
    /// `sentences` in `dimensions`, and the work that embedding them was.
    fn new(
        sentences: Vec<Sentence<'s>>,
        dimensions: usize,
        seed: u64,
    ) -> Result<(Self, Counts), UnknownDimensions> {
        let embed = embedder(dimensions)?;
        let mut counts = Counts::default();
        let stored = sentences.iter().map(|sentence| embed(sentence.text, &mut counts)).collect();
        let baseline = Tfidf::new(sentences.iter().map(|sentence| sentence.text));
        Ok((Self { sentences, stored, baseline, embed, seed }, counts))
    }

    /// The queries of `kind`, each with the row of its sentence.
    fn queries(&self, kind: Kind) -> Vec<(usize, String)> {
        let mut random = Rand32::new_inc(self.seed, kind as u64);
        let rows = self.sentences.iter().enumerate();
        rows.filter_map(|(row, sentence)| Some((row, kind.query(sentence, &mut random)?))).collect()
    }

    /// The embedding of `text`.
    fn embed(&self, text: &str) -> Vec<i8> {
        (self.embed)(text, &mut Counts::default())
    }

    fn evaluate(&self, kind: Kind) -> KindReport {
        let queries = self.queries(kind);
        let by = |rank: &dyn Fn(usize, &str) -> u32| -> Vec<(usize, u32)> {
            queries.iter().map(|(row, query)| (*row, rank(*row, query))).collect()
        };
        let ranks = by(&|row, query| self.rank(row, &self.embed(query)));
        let tfidf = Accuracy::of(by(&|row, query| self.baseline.rank(row, query)).iter());
        let over = |part: &dyn Fn(usize) -> bool| Accuracy::of(ranks.iter().filter(|(row, _)| part(*row)));
        let mut languages: Vec<&str> = self.sentences.iter().map(|sentence| sentence.language).collect();
        languages.dedup();
        if languages.len() > MAX_LANGUAGES {
            languages.clear();
        }
        let group =
            |name: &str, part: &dyn Fn(usize) -> bool| Group { name: name.to_owned(), accuracy: over(part) };
        let by_length =
            [("5-6 words", 5..7), ("7-8 words", 7..9), ("9-10 words", 9..11), ("11-17 words", 11..18)];
        KindReport {
            kind,
            all: over(&|_| true),
            tfidf,
            even_rows: over(&|row| row % 2 == 0),
            odd_rows: over(&|row| row % 2 == 1),
            languages: languages
                .iter()
                .map(|language| group(language, &|row| self.sentences[row].language == *language))
                .collect(),
            lengths: by_length
                .iter()
                .map(|(name, range)| group(name, &|row| range.contains(&self.words(row))))
                .collect(),
        }
    }

    /// How many words the sentence at `row` has.
    fn words(&self, row: usize) -> usize {
        self.sentences[row].text.split_whitespace().count()
    }

    /// The rank of `row` among all rows by similarity to `query`, from 1; whatever ties with it comes first.
    fn rank(&self, row: usize, query: &[i8]) -> u32 {
        let own = dot(query, &self.stored[row], &mut ());
        self.stored.iter().filter(|other| dot(query, other, &mut ()) >= own).count() as u32
    }
}

impl Accuracy {
    pub(super) fn of<'a>(ranks: impl Iterator<Item = &'a (usize, u32)>) -> Self {
        let (mut queries, mut first, mut reciprocal) = (0u32, 0u32, 0.0);
        for (_, rank) in ranks {
            queries += 1;
            first += u32::from(*rank == 1);
            reciprocal += 1.0 / f64::from(*rank);
        }
        let share = |sum: f64| if queries == 0 { 0.0 } else { sum / f64::from(queries) };
        Self { queries, p_at_1: share(f64::from(first)), mrr: share(reciprocal) }
    }
}

impl Cost {
    fn new(bytes: usize, counts: &Counts) -> Self {
        let rate = |(operation, count): (ruvllm_esp_core::meter::Op, u64)| OperationRate {
            operation: operation.name(),
            count,
            per_byte: count as f64 / bytes.max(1) as f64,
        };
        Self { bytes, operations: counts.iter().map(rate).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean share found over three seeds, and over the held-out rows alone.
    fn found(dimensions: usize, kind: Kind) -> (f64, f64) {
        let reports = [1, 2, 3].map(|seed| accuracy(dimensions, kind, seed).unwrap());
        let mean = |of: fn(&KindReport) -> f64| reports.iter().map(of).sum::<f64>() / 3.0;
        (mean(|report| report.all.p_at_1), mean(|report| report.odd_rows.p_at_1))
    }

    #[test]
    fn every_sentence_finds_itself_in_any_order_and_case() {
        for dimensions in DIMENSIONS {
            for kind in [Kind::Full, Kind::Reordered, Kind::Recased] {
                assert_eq!(found(dimensions, kind), (1.0, 1.0), "{dimensions} {kind:?}");
            }
        }
    }

    #[test]
    fn with_256_dimensions_three_words_find_their_sentence_even_misspelt() {
        let (partial, held_out) = found(256, Kind::Partial);
        assert!(partial >= 0.95 && held_out >= 0.95, "{partial} {held_out}");
        let (misspelt, held_out) = found(256, Kind::Misspelt);
        assert!(misspelt >= 0.85 && held_out >= 0.85, "{misspelt} {held_out}");
    }

    /// 64 dimensions reach neither 0.95 nor 0.85 on this fixture, 128 the first only: `docs/embedder.md` says why.
    #[test]
    fn fewer_dimensions_keep_what_they_have_reached() {
        for (dimensions, kind, floor) in [
            (64, Kind::Partial, 0.89),
            (64, Kind::Misspelt, 0.50),
            (128, Kind::Partial, 0.95),
            (128, Kind::Misspelt, 0.72),
        ] {
            let (all, held_out) = found(dimensions, kind);
            assert!(all >= floor && held_out >= floor, "{dimensions} {kind:?} {all} {held_out}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_report() {
        let report = |seed| serde_json::to_string(&run(64, seed, None).unwrap()).unwrap();
        assert_eq!(report(5), report(5));
        assert_ne!(report(5), report(6));
        assert_eq!(run(65, 1, None).unwrap_err(), UnknownDimensions { dimensions: 65 });
    }
}
