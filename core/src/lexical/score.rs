//! What a text is worth as an answer, and whether it is one.

/// From this share of the question on, weighted, a text bears on it, in thousandths. The least fiftieth at which at most 55 in
/// 1,000 three-word questions are answered from texts that have nothing to do with them (`sim::evaluation::threshold`).
pub const MIN_COVERAGE: u32 = 580;

/// A question without a word about a subject has to be found as a phrase.
const PHRASE: u32 = 800;

/// A question of three words, at most one of them about a subject, is found as a phrase, or...
const SHORT_PHRASE: u32 = 700;

/// ...whole, if two of its words are more than the sentence's frame.
const WHOLE: u32 = 970;

/// What of the score depends on how much of the text was asked for, in thousandths.
const TEXT_SHARE: u32 = 200;

/// What a question and a text have in common, in thousandths.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shares {
    /// Of the question's words, by weight.
    pub(super) coverage: u32,
    /// The same with its pairs of neighbours.
    pub(super) ranked: u32,
    /// Of its pairs of neighbours, each alike.
    pub(super) phrase: u32,
    /// Of the text's letters.
    pub(super) text: u32,
    /// How many words the question has, how many about a subject, and how many that are no function words.
    pub(super) words: usize,
    pub(super) subjects: usize,
    pub(super) contents: usize,
}

/// How well a text answers a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Match {
    score: u16,
    coverage: u16,
    phrase: u16,
    /// Is the question one that so few words can answer, or the text more than that?
    stands: bool,
}

impl Match {
    pub(super) fn new(shares: Shares) -> Self {
        let Shares { coverage, ranked, phrase, text, words, subjects, contents } = shares;
        let is_phrase = |least: u32| phrase >= least;
        let stands = match (words, subjects) {
            (_, 0) => is_phrase(PHRASE),
            (3, 1) => is_phrase(SHORT_PHRASE) || contents >= 2 && coverage >= WHOLE,
            _ => true,
        };
        Self {
            score: (ranked * (1000 - TEXT_SHARE + TEXT_SHARE * text / 1000) / 1000) as u16,
            coverage: coverage as u16,
            phrase: phrase as u16,
            stands,
        }
    }

    /// From 0 to 1,000: how much of the question is in the text, its words weighted by their rarity, words that are
    /// neighbours in both counted again, and a fifth of it by how much of the text was asked for.
    pub fn score(self) -> u32 {
        self.score.into()
    }

    /// The share of the question's words that the text has, by weight, in thousandths.
    pub fn coverage(self) -> u32 {
        self.coverage.into()
    }

    /// Does the text have the question word for word, in its order?
    pub fn is_word_for_word(self) -> bool {
        self.phrase == 1000
    }

    /// Does the text bear on the question?
    pub fn is_relevant(self) -> bool {
        self.is_relevant_from(MIN_COVERAGE)
    }

    /// Would it with another threshold, in thousandths? For calibration.
    pub fn is_relevant_from(self, min_coverage: u32) -> bool {
        self.stands && self.coverage() >= min_coverage
    }
}
