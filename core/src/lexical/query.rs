//! A question: its words, how often each occurs in the stored texts, and what each weighs.

use super::function_words::{PART_COMPARISONS, Part, part_of};
use super::score::Match;
use super::similarity::{EQUAL, strength};
use super::word::{Cutter, Word};
use crate::embed::fold::{Folded, fold};
use crate::meter::{Meter, Op};

/// How many different words of a question count; what follows is left out of account.
pub const MAX_WORDS: usize = 24;

/// Added to the number of stored texts: how often a word occurs says little in a small store.
const PRIOR_TEXTS: u32 = 16;

/// By what a word that is not about the subject is divided.
const FUNCTION_DIVISOR: u32 = 10;

/// Fraction bits of a logarithm.
const LOG_PLACES: u32 = 5;

#[derive(Clone, Copy, Debug, Default)]
struct QueryWord {
    word: Word,
    part: Part,
    /// How many stored texts have it, each counted by how alike its nearest word is, times [`EQUAL`].
    frequency: u32,
    /// Inverse document frequency, in 1 / 32 bit.
    weight: u32,
}

/// A question in words.
///
/// Use: [`Query::read`], [`Query::count`] with every stored text, [`Query::weigh`], [`Query::score`] with each.
#[derive(Clone, Debug)]
pub struct Query {
    words: [QueryWord; MAX_WORDS],
    length: usize,
}

/// What [`Query::find`] is called for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Want {
    Frequency,
    Score,
    Overlap,
}

/// What a text has of a query: strengths from 0 to [`EQUAL`].
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    /// By word of the query: the word of the text that is most like it.
    best: [u16; MAX_WORDS],
    /// By word of the query but the last: it and the next one as neighbours in the text.
    pairs: [u16; MAX_WORDS],
    /// Letters of the text, and those that some word of the query has, in 1 / [`EQUAL`].
    letters: u32,
    matched_letters: u32,
    /// Words of the text that say what it is about.
    subjects: u32,
}

impl Default for Query {
    /// Out of line: it is written word by word, and many callers begin with one.
    #[inline(never)]
    fn default() -> Self {
        Self { words: [QueryWord::default(); MAX_WORDS], length: 0 }
    }
}

impl Query {
    /// The words of `text`, each once, unweighted.
    ///
    /// It is 2 KiB: where the stack is short, [`Query::read`] fills one in place.
    pub fn new<M: Meter>(text: &str, meter: &mut M) -> Self {
        let mut query = Self::default();
        query.read(text, meter);
        query
    }

    /// Adds the words of `text`, each once, unweighted, to a query that is empty.
    #[inline(never)]
    pub fn read<M: Meter>(&mut self, text: &str, meter: &mut M) {
        meter.record(Op::Fill, (size_of::<Self>() / 4) as u32);
        let mut cutter = Cutter::default();
        let mut take = |word: &Word, meter: &mut M| self.take(word, meter);
        cutter.cut(text, meter, &mut take);
        cutter.end(meter, &mut take);
    }

    fn take<M: Meter>(&mut self, word: &Word, meter: &mut M) {
        meter.record(Op::Compare, self.length as u32 + PART_COMPARISONS);
        if self.words().iter().any(|known| known.word.letters() == word.letters()) {
            return;
        }
        if let Some(slot) = self.words.get_mut(self.length) {
            *slot = QueryWord { word: *word, part: part_of(word), ..QueryWord::default() };
            self.length += 1;
        }
    }

    /// Has it no word?
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    fn words(&self) -> &[QueryWord] {
        self.words.get(..self.length).unwrap_or_default()
    }

    /// How many of its words say what it is about.
    fn subjects(&self) -> usize {
        self.words().iter().filter(|word| word.part == Part::Subject).count()
    }

    /// Counts the words of the query that a stored text has, given in pieces of whole characters. Says whether it has
    /// anything of one about the subject, or of any word where none is about a subject: only then is it worth scoring.
    pub fn count<'t, M: Meter>(&mut self, text: impl Iterator<Item = &'t str>, meter: &mut M) -> bool {
        let found = self.find(text, Want::Frequency, meter);
        meter.record(Op::Store, self.length as u32);
        let (mut has_subject, mut has_any) = (false, false);
        for (word, best) in self.words.iter_mut().zip(found.best).take(self.length) {
            word.frequency = word.frequency.saturating_add(best.into());
            has_any |= best > 0;
            has_subject |= best > 0 && word.part == Part::Subject;
        }
        has_subject || has_any && self.subjects() == 0
    }

    /// Weighs each word, after all of the `texts` stored ones were counted.
    pub fn weigh<M: Meter>(&mut self, texts: u32, meter: &mut M) {
        meter.record(Op::Alu, 20 * self.length as u32);
        let all = logarithm(texts.saturating_add(PRIOR_TEXTS).saturating_mul(EQUAL));
        for word in self.words.iter_mut().take(self.length) {
            let frequency = word.frequency.max(EQUAL).saturating_add(EQUAL / 2);
            let rarity = all.saturating_sub(logarithm(frequency));
            word.weight = match word.part {
                Part::Subject => rarity.max(1),
                Part::Generic | Part::Function => (rarity / FUNCTION_DIVISOR).max(1),
            };
        }
    }

    /// The words about the subject that no counted text has, in the spelling of `text`, which the query was made from.
    pub fn unknown<'q>(&'q self, text: &'q str) -> impl Iterator<Item = &'q str> {
        text.split(|character: char| fold(character) == Folded::Break).filter(|spelling| {
            let mut is_unknown = false;
            let mut take = |word: &Word, _: &mut ()| {
                let own = self.words().iter().find(|own| own.word.letters() == word.letters());
                is_unknown |= own.is_some_and(|own| own.part == Part::Subject && own.frequency == 0);
            };
            let mut cutter = Cutter::default();
            cutter.cut(spelling, &mut (), &mut take);
            cutter.end(&mut (), &mut take);
            is_unknown
        })
    }

    /// Scores a stored text, given in pieces of whole characters.
    pub fn score<'t, M: Meter>(&self, text: impl Iterator<Item = &'t str>, meter: &mut M) -> Match {
        let found = self.find(text, Want::Score, meter);
        meter.record(Op::Mul, 4 * self.length as u32);
        meter.record(Op::Div, 5);
        let (mut weights, mut matched, mut pair_weights, mut matched_pairs, mut pairs) = (0, 0, 0, 0, 0);
        for (position, (word, best)) in self.words().iter().zip(found.best).enumerate() {
            weights += word.weight;
            matched += word.weight * u32::from(best);
            if let Some(next) = self.words().get(position + 1) {
                let (pair, weight) = (found.pairs.get(position), word.weight.min(next.weight));
                let pair = pair.copied().map_or(0, u32::from);
                pair_weights += weight;
                matched_pairs += weight * pair;
                pairs += pair;
            }
        }
        let neighbours = self.length.saturating_sub(1) as u32;
        Match::new(super::score::Shares {
            coverage: share(matched, weights * EQUAL),
            ranked: share(10 * matched + 3 * matched_pairs, (10 * weights + 3 * pair_weights) * EQUAL),
            phrase: if neighbours == 0 {
                share(matched, weights * EQUAL)
            } else {
                share(pairs, neighbours * EQUAL)
            },
            text: share(found.matched_letters, found.letters * EQUAL),
            words: self.length,
            subjects: self.subjects(),
            contents: self.words().iter().filter(|word| word.part != Part::Function).count(),
        })
    }

    /// How much of what this text says a stored one says too, in thousandths of what the one that says less says: only
    /// words about the subject count, each alike.
    pub fn overlap<'t, M: Meter>(&self, text: impl Iterator<Item = &'t str>, meter: &mut M) -> u32 {
        let found = self.find(text, Want::Overlap, meter);
        let shared: u32 = self
            .words()
            .iter()
            .zip(found.best)
            .filter(|(word, _)| word.part == Part::Subject)
            .map(|(_, best)| u32::from(best))
            .sum();
        meter.record(Op::Div, 1);
        share(shared, found.subjects.min(self.subjects() as u32) * EQUAL)
    }

    /// Compares every word of a text with every word of the query.
    #[inline(never)]
    fn find<'t, M: Meter>(&self, text: impl Iterator<Item = &'t str>, want: Want, meter: &mut M) -> Found {
        let mut found = Found::default();
        let mut last = [0u16; MAX_WORDS];
        let mut take = |word: &Word, meter: &mut M| {
            let mut now = [0u16; MAX_WORDS];
            // Zeroed here and copied into `last` below, 12 words of memory each time.
            meter.record(Op::Fill, MAX_WORDS as u32);
            meter.record(Op::Store, self.length as u32);
            let mut most = 0;
            for (asked, now) in self.words().iter().zip(&mut now) {
                *now = strength(&asked.word, word, meter) as u16;
                most = most.max(*now);
            }
            if most > 0 {
                found.add(&now, &last, self.length);
                meter.record(Op::Alu, 8 * self.length as u32);
            }
            match want {
                Want::Frequency => {}
                Want::Score => {
                    found.letters += u32::from(word.length);
                    found.matched_letters += u32::from(word.length) * u32::from(most);
                }
                Want::Overlap => {
                    meter.record(Op::Compare, PART_COMPARISONS);
                    found.subjects += u32::from(part_of(word) == Part::Subject);
                }
            }
            last = now;
        };
        let mut cutter = Cutter::default();
        for piece in text {
            meter.record(Op::Block, 1);
            cutter.cut(piece, meter, &mut take);
        }
        cutter.end(meter, &mut take);
        found
    }
}

impl Found {
    /// Takes a word of the text that is `now` alike to the words of the query, after one that was `last` alike.
    fn add(&mut self, now: &[u16; MAX_WORDS], last: &[u16; MAX_WORDS], length: usize) {
        for (best, now) in self.best.iter_mut().zip(now).take(length) {
            *best = (*best).max(*now);
        }
        let neighbours = last.iter().zip(now.iter().skip(1)).take(length.saturating_sub(1));
        for (pair, (last, now)) in self.pairs.iter_mut().zip(neighbours) {
            *pair = (*pair).max(*last.min(now));
        }
    }
}

/// `part` of `whole` in thousandths, rounded; 0 of nothing.
fn share(part: u32, whole: u32) -> u32 {
    let rounded = 1000 * u64::from(part) + u64::from(whole / 2);
    rounded.checked_div(u64::from(whole)).map_or(0, |share| share.min(1000) as u32)
}

/// The binary logarithm of `value` in 1 / 32, the mantissa taken linearly: at most 0.09 too little.
fn logarithm(value: u32) -> u32 {
    let exponent = value.max(1).ilog2();
    let mantissa = (u64::from(value) << LOG_PLACES >> exponent) as u32 & ((1 << LOG_PLACES) - 1);
    (exponent << LOG_PLACES) | mantissa
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    fn scores(question: &str, texts: &[&str]) -> Vec<Match> {
        let mut query = Query::new(question, &mut ());
        texts.iter().for_each(|text| _ = query.count([*text].into_iter(), &mut ()));
        query.weigh(texts.len() as u32, &mut ());
        texts.iter().map(|text| query.score([*text].into_iter(), &mut ())).collect()
    }

    const HALL: [&str; 4] = [
        "the pump in hall three whistles",
        "the fan in hall one rattles",
        "valve V12 is mounted the wrong way round",
        "the compressor in hall two needs oil",
    ];

    #[test]
    fn a_word_that_one_text_has_decides() {
        for (question, row) in [("pump", 0), ("V12", 2), ("compressor", 3), ("what about the compresor", 3)] {
            let scores = scores(question, &HALL);
            let relevant: Vec<usize> = (0..4).filter(|at| scores[*at].is_relevant()).collect();
            assert_eq!(relevant, [row], "{question} {scores:?}");
        }
    }

    #[test]
    fn a_rare_word_weighs_more_than_a_common_one() {
        let scores = scores("fan hall", &["hall hall", "fan", "the hall", "hall four", "old hall"]);
        assert!(scores[1].coverage() > scores[0].coverage(), "{scores:?}");
    }

    #[test]
    fn the_text_itself_has_a_thousand_and_nothing_has_more() {
        for (row, text) in HALL.iter().enumerate() {
            let scores = scores(text, &HALL);
            assert_eq!(scores[row].score(), 1000);
            assert!(scores.iter().enumerate().all(|(at, found)| at == row || found.score() < 1000));
        }
    }

    #[test]
    fn unknown_words_are_those_about_the_subject_that_no_text_has() {
        let mut query = Query::new("where is the helicopter of the pump", &mut ());
        HALL.iter().for_each(|text| _ = query.count([*text].into_iter(), &mut ()));
        let unknown: Vec<&str> = query.unknown("where is the helicopter of the pump").collect();
        assert_eq!(unknown, ["helicopter"]);
    }

    #[test]
    fn two_texts_overlap_by_what_they_are_about() {
        let query = Query::new("the torch is in the top drawer in the kitchen", &mut ());
        assert_eq!(query.overlap(["the torch is in the car"].into_iter(), &mut ()), 500);
        assert_eq!(query.overlap(["the car is in the street"].into_iter(), &mut ()), 0);
    }

    #[test]
    fn the_logarithm_is_close() {
        for value in 1..100_000u32 {
            let error = f64::from(value).log2() - f64::from(logarithm(value)) / 32.0;
            assert!((-0.001..0.12).contains(&error), "{value} {error}");
        }
    }

    proptest! {
        #[test]
        fn scores_stay_between_nothing_and_a_thousand(
            question in "\\PC{0,80}", texts in proptest::collection::vec("\\PC{0,60}", 1..5)
        ) {
            let texts: Vec<&str> = texts.iter().map(std::string::String::as_str).collect();
            for found in scores(&question, &texts) {
                prop_assert!(found.score() <= 1000 && found.coverage() <= 1000);
            }
        }

        #[test]
        fn where_a_text_is_cut_into_pieces_changes_nothing(text in "[a-c東京 ]{0,40}", at in 0usize..40) {
            let query = Query::new("ab ca 東京 bcab", &mut ());
            let (head, tail) = text.split_at(text.floor_char_boundary(at.min(text.len())));
            let whole = query.score([text.as_str()].into_iter(), &mut ());
            prop_assert_eq!(whole, query.score([head, tail].into_iter(), &mut ()));
        }
    }
}
