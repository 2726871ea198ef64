//! Words compared as a reader would: case, accents and punctuation aside, one wrong letter forgiven.
//!
//! Folding is the embedder's (`embed::fold`). A wrong letter is one that is missing, added, replaced or exchanged with
//! its neighbour (optimal string alignment distance 1), and only in phrases of at least [`MIN_FORGIVEN`] letters, since
//! `on` and `off`, `red` and `bed` are one or two letters apart.

use crate::embed::fold::{Folded, fold};
use crate::meter::{Meter, Op};

/// How many letters a phrase has to have for a wrong one to be forgiven.
const MIN_FORGIVEN: usize = 5;

/// How many letters of a phrase are compared with a wrong one among them; longer phrases have to be equal.
const MAX_LETTERS: usize = 40;

/// How two phrases compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    Equal,
    /// One letter apart.
    Near,
    Different,
}

/// Words of a sentence, folded once to be compared with many phrases.
#[derive(Debug)]
pub(super) struct Said<'w> {
    words: &'w [&'w str],
    letters: [u32; MAX_LETTERS],
    length: usize,
}

impl<'w> Said<'w> {
    pub fn new<M: Meter>(words: &'w [&'w str], meter: &mut M) -> Self {
        let mut said = Self { words, letters: [0; MAX_LETTERS], length: 0 };
        said.length = collect(letters(words.iter().copied()), &mut said.letters);
        meter.record(Op::Byte, said.length as u32);
        said
    }

    /// Compares them with a phrase.
    pub fn compare<M: Meter>(&self, phrase: &str, meter: &mut M) -> Likeness {
        meter.record(Op::Compare, 3);
        let of_phrase = || letters(core::iter::once(phrase));
        if self.length > MAX_LETTERS || phrase.len() > MAX_LETTERS {
            meter.record(Op::Byte, phrase.len() as u32);
            let is_equal = letters(self.words.iter().copied()).eq(of_phrase());
            return if is_equal { Likeness::Equal } else { Likeness::Different };
        }
        let said = self.letters.get(..self.length).unwrap_or_default();
        if !may_be_alike(said, of_phrase()) {
            return Likeness::Different;
        }
        meter.record(Op::Byte, phrase.len() as u32);
        let mut wanted = [0; MAX_LETTERS];
        let length = collect(of_phrase(), &mut wanted);
        let wanted = wanted.get(..length).unwrap_or_default();
        if said == wanted && !said.is_empty() {
            Likeness::Equal
        } else if length >= MIN_FORGIVEN && is_one_apart(said, wanted) {
            Likeness::Near
        } else {
            Likeness::Different
        }
    }
}

/// Compares words with one phrase.
pub(super) fn compare<M: Meter>(words: &[&str], phrase: &str, meter: &mut M) -> Likeness {
    Said::new(words, meter).compare(phrase, meter)
}

/// Do the first two letters allow one difference at most? Most phrases of a list are told apart here.
fn may_be_alike(said: &[u32], mut phrase: impl Iterator<Item = u32>) -> bool {
    let (first, second) = (phrase.next(), phrase.next());
    let (said_first, said_second) = (said.first().copied(), said.get(1).copied());
    first == said_first || second == said_second || first == said_second || second == said_first
}

/// Are there exactly one insertion, deletion, replacement or exchange between the two?
fn is_one_apart(a: &[u32], b: &[u32]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if long.len() - short.len() > 1 || a == b {
        return false;
    }
    let same = short.iter().zip(long).take_while(|(x, y)| x == y).count();
    if long.len() > short.len() {
        return short.get(same..) == long.get(same + 1..);
    }
    let is_replaced = short.get(same + 1..) == long.get(same + 1..);
    let is_exchanged = short.get(same) == long.get(same + 1)
        && short.get(same + 1) == long.get(same)
        && short.get(same + 2..) == long.get(same + 2..);
    is_replaced || is_exchanged
}

/// Folded letters of words, one blank between two words.
fn letters<'t>(texts: impl Iterator<Item = &'t str>) -> impl Iterator<Item = u32> {
    let mut is_between = false;
    let mut is_begun = false;
    let folded = texts.flat_map(|text| text.chars().map(fold).chain([Folded::Break]));
    folded.flat_map(move |folded| {
        let (letters, count) = match folded {
            Folded::Break => {
                is_between = is_begun;
                ([0; 4], 0)
            }
            Folded::Mark => ([0; 4], 0),
            Folded::Letter(a) => ([u32::from(b' '), a, 0, 0], 2),
            Folded::Pair(a, b) => ([u32::from(b' '), a, b, 0], 3),
            Folded::Triple(a, b, c) => ([u32::from(b' '), a, b, c], 4),
        };
        let skip = usize::from(count > 0 && !is_between);
        if count > 0 {
            (is_between, is_begun) = (false, true);
        }
        letters.into_iter().take(count).skip(skip)
    })
}

/// Fills `buffer`, and gives how many letters there are, those that did not fit included.
fn collect(letters: impl Iterator<Item = u32>, buffer: &mut [u32; MAX_LETTERS]) -> usize {
    let mut length = 0;
    for letter in letters {
        if let Some(slot) = buffer.get_mut(length) {
            *slot = letter;
        }
        length += 1;
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare_with(said: &str, phrase: &str) -> Likeness {
        let words: std::vec::Vec<&str> = said.split(' ').collect();
        compare(&words, phrase, &mut ())
    }

    #[test]
    fn case_accents_and_punctuation_make_no_difference() {
        for (said, phrase) in [("Living-Room", "living room"), ("café", "CAFE"), ("Küche,", "kuche")] {
            assert_eq!(compare_with(said, phrase), Likeness::Equal, "{said}");
        }
        assert_eq!(compare_with("livingroom", "living room"), Likeness::Near);
        assert_eq!(compare_with("", ""), Likeness::Different);
    }

    #[test]
    fn one_wrong_letter_is_forgiven_in_long_phrases_alone() {
        for said in ["kitchn", "kitcehn", "kitchenn", "kotchen"] {
            assert_eq!(compare_with(said, "kitchen"), Likeness::Near, "{said}");
        }
        for (said, phrase) in [("kichn", "kitchen"), ("of", "off"), ("bed", "red"), ("hall", "halls of a")] {
            assert_eq!(compare_with(said, phrase), Likeness::Different, "{said}");
        }
    }

    #[test]
    fn phrases_beyond_the_buffer_are_compared_whole() {
        let long = "a very long name of a very long thing in a house";
        assert_eq!(compare_with(long, long), Likeness::Equal);
        assert_eq!(compare_with(&std::format!("{long}s"), long), Likeness::Different);
    }
}
