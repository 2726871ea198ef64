//! Words to sums: the gapped trigrams of each word, hashed into the dimensions.
//!
//! Of a padded word `^pump$` the patterns are all triples of its symbols, in order, that begin and end at most four
//! symbols apart: `^pu`, `^pm` and `^um` without and with gaps, and so on. A contiguous trigram is lost to a typo in any
//! of its three letters and to every letter put in or left out between them; a gapped one survives the latter, so
//! about half more of a misspelt word stays recognisable (`docs/embedder.md` has the comparison).
//!
//! Long words yield more patterns than short ones, as they say more; [`WEIGHT_OF_LENGTH`] tempers that.

use super::fold::{Folded, fold};
use crate::meter::{Meter, Op};

/// The symbols before and after a word. Both are control characters, which never occur inside one.
const START: u32 = 1;
const END: u32 = 2;

/// The longest pattern: its first and last symbol are this many symbols apart, at most.
const REACH: usize = 4;

/// What a pattern weighs whose ends are 2, 3 and 4 symbols apart. The ratio matters, the unit does not.
const WEIGHT_OF_SPAN: [i32; REACH - 1] = [2, 2, 1];

/// What each pattern of a word of 1, 2, 3... letters weighs; the last entry is for all longer words.
const WEIGHT_OF_LENGTH: [i32; 14] = [24, 20, 20, 21, 18, 17, 18, 16, 16, 15, 13, 11, 10, 10];

/// How many dimensions each pattern touches, two to a hash. Fewer cost accuracy at 64 dimensions, more do not pay.
const SLOTS: u32 = 4;

/// The last symbols of the word that is being read, newest first.
struct Window {
    symbols: [u32; REACH + 1],
    length: usize,
}

impl Window {
    fn new() -> Self {
        Self { symbols: [START; REACH + 1], length: 1 }
    }

    /// Adds `symbol`, and to `sums` every pattern that ends with it.
    fn push<const D: usize, M: Meter>(
        &mut self,
        symbol: u32,
        weight: i32,
        sums: &mut [i32; D],
        meter: &mut M,
    ) {
        self.symbols.copy_within(..REACH, 1);
        meter.record(Op::Symbol, 1);
        let [newest, older @ ..] = &mut self.symbols;
        *newest = symbol;
        for span in 2..=self.length.min(REACH) {
            let of_span = WEIGHT_OF_SPAN.get(span - 2).copied().unwrap_or(0);
            let Some((first, between)) = older.get(..span).and_then(<[u32]>::split_last) else { continue };
            for middle in between {
                add_pattern([*first, *middle, symbol], weight * of_span, sums, meter);
            }
        }
        self.length = (self.length + 1).min(REACH);
    }
}

/// Adds the patterns of every word of `text` to `sums`: `[D] i32`, saturating.
pub(super) fn add_words<const D: usize, M: Meter>(text: &str, sums: &mut [i32; D], meter: &mut M) {
    let mut rest = text;
    while let Some((length, end)) = measure_word(rest, meter) {
        let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        add_word(word, length, sums, meter);
        rest = after;
    }
}

/// The next word of `text`: how many letters it has and at which byte it ends. `None` where no word is left.
fn measure_word<M: Meter>(text: &str, meter: &mut M) -> Option<(usize, usize)> {
    let mut length = 0usize;
    for (at, character) in text.char_indices() {
        meter.record(Op::Byte, character.len_utf8() as u32);
        match fold(character) {
            Folded::Break if length > 0 => return Some((length, at)),
            Folded::Break | Folded::Mark => {}
            Folded::Letter(_) => length += 1,
            Folded::Pair(..) => length += 2,
            Folded::Triple(..) => length += 3,
        }
    }
    (length > 0).then_some((length, text.len()))
}

/// Adds the patterns of the one word in `text`, which has `length` letters.
fn add_word<const D: usize, M: Meter>(text: &str, length: usize, sums: &mut [i32; D], meter: &mut M) {
    let longest = WEIGHT_OF_LENGTH.len();
    let weight = WEIGHT_OF_LENGTH.get(length.min(longest).saturating_sub(1)).copied().unwrap_or(1);
    let mut window = Window::new();
    for character in text.chars() {
        meter.record(Op::Byte, character.len_utf8() as u32);
        match fold(character) {
            Folded::Break | Folded::Mark => {}
            Folded::Letter(letter) => window.push(letter, weight, sums, meter),
            Folded::Pair(first, second) => {
                window.push(first, weight, sums, meter);
                window.push(second, weight, sums, meter);
            }
            Folded::Triple(first, second, third) => {
                for letter in [first, second, third] {
                    window.push(letter, weight, sums, meter);
                }
            }
        }
    }
    window.push(END, weight, sums, meter);
}

/// Adds `weight` to four dimensions of `sums`, or takes it away: the hash of `pattern` says which and what.
fn add_pattern<const D: usize, M: Meter>(pattern: [u32; 3], weight: i32, sums: &mut [i32; D], meter: &mut M) {
    let mut key = pattern.into_iter().fold(0x9E37_79B9u32, |hash, symbol| {
        let hash = (hash ^ symbol).wrapping_mul(0x0100_0193);
        hash ^ (hash >> 15)
    });
    meter.record(Op::Pattern, 1);
    for _ in 0..SLOTS / 2 {
        key = key.wrapping_add(0x9E37_79B9);
        let bits = scramble(key);
        for half in [bits & 0xFFFF, bits >> 16] {
            let signed = if half & 0x8000 == 0 { -weight } else { weight };
            if let Some(sum) = sums.get_mut(half as usize & (D - 1)) {
                *sum = sum.saturating_add(signed);
            }
        }
    }
}

/// Spreads every bit of `key` over all bits: the 32-bit finaliser with the constants found by C. Wellons' search
/// ("Prospecting for hash functions", 2018).
fn scramble(key: u32) -> u32 {
    let key = (key ^ (key >> 16)).wrapping_mul(0x7FEB_352D);
    let key = (key ^ (key >> 15)).wrapping_mul(0x846C_A68B);
    key ^ (key >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::Counts;

    fn patterns(text: &str) -> u64 {
        let mut counts = Counts::default();
        add_words(text, &mut [0; 64], &mut counts);
        counts.of(Op::Pattern)
    }

    #[test]
    fn a_word_yields_every_triple_within_reach() {
        assert_eq!(patterns("a"), 1, "^a$");
        assert_eq!(patterns("ab"), 1 + 3, "^ab, ^a$, ^b$, ab$");
        assert_eq!(patterns("pump"), 1 + 3 + 6 + 6);
        assert_eq!(patterns("pump, pump"), 2 * patterns("pump"));
        assert_eq!(patterns(" ,.- \u{301}"), 0);
    }

    #[test]
    fn the_dimensions_are_used_evenly() {
        let mut sums = [0i32; 64];
        for letter in 'a'..='z' {
            for next in 'a'..='z' {
                add_pattern([letter as u32, next as u32, END], 1, &mut sums, &mut ());
            }
        }
        let energy: i32 = sums.iter().map(|sum| sum * sum).sum();
        assert!((1400..4200).contains(&energy), "676 patterns of 4 signs should give about 2704: {energy}");
        assert!(sums.iter().all(|sum| sum.abs() < 30), "{sums:?}");
    }
}
