//! A word as rows of two embedding tables: one row for the word, one for each of its letter patterns.
//!
//! A word is folded like the text of the embedder: case, accents and the punctuation around it go. Its own hash picks a
//! row of the word table. Each letter pattern picks a row of the pattern table: three letters in a row, and three
//! of four in a row that leave out one of the inner two. A word that was never seen, or is misspelt, still shares most
//! patterns with its relatives. In patterns all digits are one symbol, so that a number looks like a number.
//!
//! What always holds: any word gives one row of words and at most [`MAX_PATTERNS`] rows of patterns; folded words that
//! are equal give equal rows. The trainer uses this same code, so that a model sees on a chip what it was trained on.

use crate::embed::fold::{Folded, fold};
use crate::meter::{Meter, Op};

/// Patterns of a word; those of its further letters are left out.
pub const MAX_PATTERNS: u32 = 64;

const START: u32 = 1;
const END: u32 = 2;
/// A mark inside a word, or a word of marks alone.
const PUNCTUATION: u32 = 3;

/// How many rows the two tables have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buckets {
    /// Rows of the word table.
    pub words: u32,
    /// Rows of the pattern table.
    pub patterns: u32,
}

/// A row of one of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// Of the word table.
    Word(u32),
    /// Of the pattern table.
    Pattern(u32),
}

/// Calls `each` with the rows of `word`: its patterns, then the word itself. Returns the number of patterns.
///
/// # Examples
/// ```
/// use ruvllm_esp_core::nlu::feature::{Buckets, features};
///
/// let buckets = Buckets { words: 2048, patterns: 2048 };
/// let rows = |word| {
///     let mut rows = Vec::new();
///     features(word, buckets, &mut (), |row| rows.push(row));
///     rows
/// };
/// assert_eq!(rows("Kitchen,"), rows("kitchen"));
/// assert_ne!(rows("kitchen"), rows("chicken"));
/// ```
pub fn features<M: Meter>(word: &str, buckets: Buckets, meter: &mut M, mut each: impl FnMut(Feature)) -> u32 {
    meter.record(Op::Call, 1);
    let mut reader = Reader { buckets, window: [START; 4], symbols: 1, word: 0x811C_9DC5, patterns: 0 };
    let mut pending = false;
    for character in word.chars() {
        meter.record(Op::Byte, character.len_utf8() as u32);
        let letters = match fold(character) {
            Folded::Break => {
                pending = reader.symbols > 1;
                continue;
            }
            Folded::Mark => continue,
            Folded::Letter(letter) => [letter, 0, 0],
            Folded::Pair(first, second) => [first, second, 0],
            Folded::Triple(first, second, third) => [first, second, third],
        };
        if core::mem::take(&mut pending) {
            reader.push(PUNCTUATION, meter, &mut each);
        }
        for letter in letters.into_iter().filter(|letter| *letter != 0) {
            reader.push(letter, meter, &mut each);
        }
    }
    if reader.symbols == 1 {
        reader.push(PUNCTUATION, meter, &mut each);
    }
    reader.pattern_symbol(END, meter, &mut each);
    each(Feature::Word(bucket(scramble(reader.word), buckets.words)));
    reader.patterns
}

/// The symbols of a word as they come.
struct Reader {
    buckets: Buckets,
    /// The latest symbols, newest first.
    window: [u32; 4],
    /// Symbols read, the start included.
    symbols: u32,
    word: u32,
    patterns: u32,
}

impl Reader {
    fn push<M: Meter>(&mut self, symbol: u32, meter: &mut M, each: &mut impl FnMut(Feature)) {
        meter.record(Op::Hash, 1);
        self.word = step(self.word, symbol);
        let is_digit = (u32::from(b'0')..=u32::from(b'9')).contains(&symbol);
        self.pattern_symbol(if is_digit { u32::from(b'0') } else { symbol }, meter, each);
    }

    /// Takes `symbol` into the window, and reports the patterns that end with it.
    fn pattern_symbol<M: Meter>(&mut self, symbol: u32, meter: &mut M, each: &mut impl FnMut(Feature)) {
        meter.record(Op::Symbol, 1);
        let [a, b, c, _] = self.window;
        self.window = [symbol, a, b, c];
        self.symbols = self.symbols.saturating_add(1);
        if self.symbols >= 3 {
            self.report(1, [b, a, symbol], meter, each);
        }
        if self.symbols >= 4 {
            self.report(2, [c, b, symbol], meter, each);
            self.report(3, [c, a, symbol], meter, each);
        }
    }

    fn report<M: Meter>(
        &mut self,
        kind: u32,
        pattern: [u32; 3],
        meter: &mut M,
        each: &mut impl FnMut(Feature),
    ) {
        if self.patterns < MAX_PATTERNS {
            self.patterns += 1;
            meter.record(Op::Hash, 3);
            meter.record(Op::Mul, 2);
            let hash = pattern.into_iter().fold(0x9E37_79B9 ^ kind, step);
            each(Feature::Pattern(bucket(scramble(hash), self.buckets.patterns)));
        }
    }
}

/// One symbol into a running hash (FNV-1a over symbols).
fn step(hash: u32, symbol: u32) -> u32 {
    (hash ^ symbol).wrapping_mul(0x0100_0193)
}

/// Spreads every bit of `key` over all bits (C. Wellons, "Prospecting for hash functions", 2018).
fn scramble(key: u32) -> u32 {
    let key = (key ^ (key >> 16)).wrapping_mul(0x7FEB_352D);
    let key = (key ^ (key >> 15)).wrapping_mul(0x846C_A68B);
    key ^ (key >> 16)
}

/// A number below `count`, each about equally often.
fn bucket(hash: u32, count: u32) -> u32 {
    ((u64::from(hash) * u64::from(count)) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::string::ToString;
    use std::vec::Vec;

    const BUCKETS: Buckets = Buckets { words: 2048, patterns: 2048 };

    fn rows(word: &str) -> (u32, Vec<Feature>) {
        let mut rows = Vec::new();
        let patterns = features(word, BUCKETS, &mut (), |row| rows.push(row));
        (patterns, rows)
    }

    #[test]
    fn a_word_has_its_row_last_and_a_pattern_for_every_three_of_four_symbols() {
        // ^a$; then ^ab, ^a$ and ^b$ and ab$; and so on by three.
        for (word, patterns) in [("a", 1), ("ab", 4), ("abc", 7), ("abcdefgh", 22), ("?!", 1)] {
            let (count, rows) = rows(word);
            assert_eq!((count, rows.len() as u32), (patterns, patterns + 1), "{word}");
            assert!(matches!(rows.last(), Some(Feature::Word(row)) if *row < 2048));
        }
        let (count, rows) = rows(&"x".repeat(1000));
        assert_eq!((count, rows.len() as u32), (MAX_PATTERNS, MAX_PATTERNS + 1));
    }

    #[test]
    fn case_accents_and_outer_punctuation_do_not_count_but_inner_does() {
        assert_eq!(rows("\"CAFÉ!\""), rows("cafe"));
        assert_ne!(rows("o'clock"), rows("oclock"));
        assert_eq!(rows("o'clock"), rows("o-clock"));
    }

    #[test]
    fn numbers_of_one_length_share_their_patterns_and_not_their_word() {
        let ((_, twenty), (_, thirty)) = (rows("21"), rows("37"));
        assert_eq!(twenty.split_last().unwrap().1, thirty.split_last().unwrap().1);
        assert_ne!(twenty.last(), thirty.last());
    }

    #[test]
    fn a_misspelt_word_shares_a_third_of_its_patterns_and_another_word_few() {
        let set =
            |word: &str| rows(word).1.into_iter().map(|row| std::format!("{row:?}")).collect::<BTreeSet<_>>();
        let shared = |a: &str, b: &str| set(a).intersection(&set(b)).count() * 100 / set(a).len();
        assert!(shared("thermostat", "thermastat") >= 33, "{}", shared("thermostat", "thermastat"));
        assert!(shared("thermostat", "playlist") <= 10);
    }

    #[test]
    fn buckets_are_used_evenly() {
        let used: BTreeSet<u32> = (0..2048u32)
            .filter_map(|n| match rows(&n.to_string()).1.last() {
                Some(Feature::Word(row)) => Some(*row),
                _ => None,
            })
            .collect();
        // 2048 balls into 2048 bins fill 63% of them.
        assert!((1200..1400).contains(&used.len()), "{}", used.len());
    }
}
