//! How much of one word is in another: equal, misspelt, of one stem, part of a compound.
//!
//! The measure is the share of letters that agree in the best alignment (optimal string alignment: one wrong, missing,
//! additional or exchanged letter is one edit), squared, so that half a word is worth a quarter. Most pairs of words
//! are distinguished by the sets of their letters before any alignment.

use super::word::{MAX_LETTERS, Script, Word};
use crate::meter::{Meter, Op};

/// Two equal words.
pub(super) const EQUAL: u32 = 256;

/// A word that is part of a longer one, before squaring.
const CONTAINED: u32 = 218;

/// Letters that agree at the start from which two words are held to have one stem.
const MIN_STEM: usize = 4;

/// How alike `asked` and `stored` are, from 0 to [`EQUAL`].
pub(super) fn strength<M: Meter>(asked: &Word, stored: &Word, meter: &mut M) -> u32 {
    meter.record(Op::Compare, 2);
    if asked.hash == stored.hash && asked.length == stored.length {
        return EQUAL;
    }
    meter.record(Op::Alu, 4);
    let most = u32::from(asked.length.max(stored.length));
    let missing = asked.mask & !stored.mask;
    if missing != 0 && differs_by_more(asked, stored, missing, most / 2, meter) {
        return 0;
    }
    match (asked.script, stored.script) {
        (Script::Alphabet, Script::Alphabet) => spelt_alike(asked, stored, meter),
        (Script::Syllables, Script::Syllables) => contained(asked, stored, 2, meter),
        (Script::Unspaced, Script::Unspaced) => contained(asked, stored, 1, meter),
        _ => 0,
    }
}

/// Takes it more than `most` edits to make one word of the other, as far as lengths and sets of letters tell?
fn differs_by_more<M: Meter>(asked: &Word, stored: &Word, missing: u32, most: u32, meter: &mut M) -> bool {
    if u32::from(asked.length.abs_diff(stored.length)) > most {
        return true;
    }
    meter.record(Op::Popcount, 1);
    if missing.count_ones() > most {
        return true;
    }
    meter.record(Op::Popcount, 1);
    (stored.mask & !asked.mask).count_ones() > most
}

fn spelt_alike<M: Meter>(asked: &Word, stored: &Word, meter: &mut M) -> u32 {
    let most = asked.length.max(stored.length).into();
    let (a, b) = (asked.letters(), stored.letters());
    let prefix = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let suffix = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    meter.record(Op::Compare, (prefix + suffix + 2) as u32);
    let suffix = suffix.min(a.len().min(b.len()) - prefix);
    let middle = |word: &[u16]| prefix..word.len() - suffix;
    let (inner, other) = (a.get(middle(a)).unwrap_or_default(), b.get(middle(b)).unwrap_or_default());
    let edits = distance(inner, other, meter);
    meter.record(Op::Div, 1);
    let aligned = if 2 * edits > most { 0 } else { EQUAL - EQUAL * edits / most };
    let mut share = aligned;
    if prefix >= MIN_STEM {
        let rest = (a.len() + b.len() - 2 * prefix) as u32;
        meter.record(Op::Div, 1);
        share = share.max(EQUAL.saturating_sub(EQUAL / 2 * rest / most));
    }
    let share = if 2 * share < EQUAL { 0 } else { share };
    (share * share / EQUAL).max(contained(asked, stored, MIN_STEM, meter))
}

/// The strength of `asked` as a part of `stored`, where it is one of at least `least` letters.
fn contained<M: Meter>(asked: &Word, stored: &Word, least: usize, meter: &mut M) -> u32 {
    let (part, whole) = (asked.letters(), stored.letters());
    if part.len() < least || part.len() >= whole.len() || asked.mask & !stored.mask != 0 {
        return 0;
    }
    meter.record(Op::Compare, (whole.len() - part.len() + part.len()) as u32);
    if whole.windows(part.len()).any(|window| window == part) { CONTAINED * CONTAINED / EQUAL } else { 0 }
}

/// The optimal string alignment distance of two words: edits of one letter, and exchanges of two that are neighbours.
///
/// A column of the table is two bit vectors of differences (H. Hyyrö, "A bit-vector algorithm for computing Levenshtein
/// and Damerau edit distances", 2003), so a column costs a dozen operations and not as many cells.
fn distance<M: Meter>(a: &[u16], b: &[u16], meter: &mut M) -> u32 {
    const { assert!(MAX_LETTERS <= 32) };
    let Some(bottom) = a.len().checked_sub(1) else { return b.len() as u32 };
    meter.record(Op::Alu, (2 * a.len() * b.len() + 8 * b.len()) as u32);
    let (mut up, mut down, mut diagonal, mut last) = (u32::MAX, 0u32, 0u32, 0u32);
    let mut edits = a.len() as u32;
    for letter in b {
        let same = a.iter().rev().fold(0u32, |bits, other| (bits << 1) | u32::from(other == letter));
        let exchanged = ((!diagonal & same) << 1) & last;
        diagonal = (((same & up).wrapping_add(up)) ^ up) | same | down | exchanged;
        let right = down | !(diagonal | up);
        let left = diagonal & up;
        edits += (right >> bottom) & 1;
        edits -= (left >> bottom) & 1;
        let right = (right << 1) | 1;
        up = (left << 1) | !(diagonal | right);
        down = right & diagonal;
        last = same;
    }
    edits
}

#[cfg(test)]
mod tests {
    use super::super::word::Cutter;
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    fn word(text: &str) -> Word {
        let mut found = Word::default();
        let mut cutter = Cutter::default();
        cutter.cut(text, &mut (), &mut |word, _| found = *word);
        cutter.end(&mut (), &mut |word, _| found = *word);
        found
    }

    fn alike(asked: &str, stored: &str) -> u32 {
        strength(&word(asked), &word(stored), &mut ())
    }

    #[test]
    fn a_wrong_letter_leaves_most_of_a_word() {
        assert_eq!(alike("Pump", "pump"), EQUAL);
        for wrong in ["pmup", "pum", "pumpx", "pimp"] {
            assert!((128..EQUAL).contains(&alike(wrong, "pump")), "{wrong} {}", alike(wrong, "pump"));
        }
        assert!(alike("rehearse", "rehearses") > 190);
        assert!(alike("serviced", "service") > 180);
        assert_eq!(alike("pump", "lamp"), 64, "two letters of four");
        assert_eq!(alike("pump", "dog"), 0);
    }

    #[test]
    fn a_compound_has_its_parts() {
        assert!(alike("Dampfschiff", "Donaudampfschifffahrt") > 180);
        assert!(alike("서울", "서울에서") > 180);
        assert_eq!(alike("see", "seemingly"), 0, "three letters are no part");
    }

    #[test]
    fn another_number_is_another_thing() {
        assert_eq!(alike("V12", "V12"), EQUAL);
        assert_eq!(alike("V12", "V13"), 0);
        assert_eq!(alike("4410", "44100"), 0);
        assert_eq!(alike("東京", "京都"), 0);
    }

    /// The textbook form: all prefixes against all prefixes.
    fn plain(a: &[u16], b: &[u16]) -> u32 {
        let mut table: Vec<Vec<u32>> = (0..=a.len()).map(|row| std::vec![row as u32; b.len() + 1]).collect();
        (0..=b.len()).for_each(|column| table[0][column] = column as u32);
        for row in 1..=a.len() {
            for column in 1..=b.len() {
                let other = u32::from(a[row - 1] != b[column - 1]);
                let mut best = (table[row - 1][column] + 1).min(table[row][column - 1] + 1);
                best = best.min(table[row - 1][column - 1] + other);
                if row > 1 && column > 1 && a[row - 1] == b[column - 2] && a[row - 2] == b[column - 1] {
                    best = best.min(table[row - 2][column - 2] + 1);
                }
                table[row][column] = best;
            }
        }
        table[a.len()][b.len()]
    }

    proptest! {
        #[test]
        fn the_distance_is_the_textbook_one(
            a in proptest::collection::vec(0u16..4, 0..=MAX_LETTERS),
            b in proptest::collection::vec(0u16..4, 0..=MAX_LETTERS)
        ) {
            prop_assert_eq!(distance(&a, &b, &mut ()), plain(&a, &b));
        }

        #[test]
        fn no_word_is_more_like_another_than_itself(a in "[a-e]{1,24}", b in "[a-e]{1,24}") {
            prop_assert!(alike(&a, &b) <= EQUAL);
            prop_assert_eq!(alike(&a, &a), EQUAL);
        }

        #[test]
        fn the_filter_drops_only_what_shares_less_than_half(a in "[a-p]{1,12}", b in "[a-p]{1,12}") {
            let (one, other) = (word(&a), word(&b));
            let edits = plain(one.letters(), other.letters());
            if 2 * edits <= u32::from(one.length.max(other.length)) {
                prop_assert!(alike(&a, &b) > 0, "{} {} {}", a, b, edits);
            }
        }
    }
}
