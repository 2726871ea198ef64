//! The sentence fixture, and the ways a person asks for a sentence again.
//!
//! A query is made from one sentence and should find it. Which words and letters change is drawn from the caller's
//! generator, so a seed fixes every query.

use oorandom::Rand32;
use schemars::JsonSchema;
use serde::Serialize;

/// `language`, `sentence`, `paraphrase`, tab-separated, after one header line.
const TABLE: &str = include_str!("../../../fixtures/text/sentences.tsv");

/// One row of the fixture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sentence<'t> {
    /// ISO 639-1 code; the group of a sentence of others.
    pub language: &'t str,
    /// Five to seventeen words.
    pub text: &'t str,
    /// The same in other words, for a third of the sentences.
    pub paraphrase: Option<&'t str>,
}

/// The fixture, in file order.
pub fn sentences() -> Vec<Sentence<'static>> {
    let rows = TABLE.lines().skip(1).filter_map(|line| {
        let mut columns = line.trim_end_matches('\r').split('\t');
        let (language, text) = (columns.next()?, columns.next()?);
        Some(Sentence { language, text, paraphrase: columns.next().filter(|text| !text.is_empty()) })
    });
    rows.collect()
}

/// How a query differs from the sentence it is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Not at all.
    Full,
    /// Only its three middle words.
    Partial,
    /// Its words in another order.
    Reordered,
    /// Some of its words in capitals.
    Recased,
    /// Its three middle words with one wrong character in each.
    Misspelt,
    /// Its three longest words with one wrong character in each.
    Keywords,
    /// Other words, same meaning.
    Paraphrased,
}

impl Kind {
    /// Every kind, in report order.
    pub const ALL: [Kind; 7] = [
        Kind::Full,
        Kind::Partial,
        Kind::Reordered,
        Kind::Recased,
        Kind::Misspelt,
        Kind::Keywords,
        Kind::Paraphrased,
    ];

    /// The query of this kind for `sentence`; `None` where the sentence has no paraphrase.
    pub fn query(self, sentence: &Sentence<'_>, random: &mut Rand32) -> Option<String> {
        Some(match self {
            Kind::Full => sentence.text.to_owned(),
            Kind::Partial => middle_words(sentence.text, 3).join(" "),
            Kind::Reordered => reorder(sentence.text, random),
            Kind::Recased => recase(sentence.text, random),
            Kind::Misspelt => misspelt(middle_words(sentence.text, 3), random),
            Kind::Keywords => misspelt(longest_words(sentence.text, 3), random),
            Kind::Paraphrased => sentence.paraphrase?.to_owned(),
        })
    }
}

/// The `count` words in the middle of `text`, or all where there are fewer.
pub fn middle_words(text: &str, count: usize) -> Vec<&str> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let first = words.len().saturating_sub(count) / 2;
    words.into_iter().skip(first).take(count).collect()
}

/// The `count` longest words of `text` in its order; of equally long ones the first.
pub fn longest_words(text: &str, count: usize) -> Vec<&str> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut order: Vec<usize> = (0..words.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(words[*at].chars().count()));
    order.truncate(count);
    order.sort_unstable();
    order.into_iter().map(|at| words[at]).collect()
}

fn misspelt(words: Vec<&str>, random: &mut Rand32) -> String {
    words.into_iter().map(|word| misspell(word, random)).collect::<Vec<_>>().join(" ")
}

fn reorder(text: &str, random: &mut Rand32) -> String {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    for last in (1..words.len()).rev() {
        words.swap(last, random.rand_range(0..last as u32 + 1) as usize);
    }
    words.join(" ")
}

fn recase(text: &str, random: &mut Rand32) -> String {
    let words = text.split_whitespace().map(|word| match random.rand_range(0..3) {
        0 => word.to_uppercase(),
        1 => word.to_lowercase(),
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// `word` with one character replaced, left out, put in, or exchanged with its neighbour, each equally likely. The new
/// character is a small letter of the word's own alphabet. Only letters and digits change.
pub fn misspell(word: &str, random: &mut Rand32) -> String {
    let original: Vec<char> = word.chars().collect();
    let indices: Vec<usize> = (0..original.len()).filter(|at| original[*at].is_alphanumeric()).collect();
    if indices.is_empty() {
        return word.to_owned();
    }
    loop {
        let at = indices[random.rand_range(0..indices.len() as u32) as usize];
        let letter = letter_like(original[indices[0]], random);
        let mut changed = original.clone();
        match random.rand_range(0..4) {
            0 => changed[at] = letter,
            1 if indices.len() > 1 => drop(changed.remove(at)),
            2 => changed.insert(at + random.rand_range(0..2) as usize, letter),
            3 if indices.contains(&(at + 1)) => changed.swap(at, at + 1),
            _ => {}
        }
        if changed != original {
            return changed.into_iter().collect();
        }
    }
}

/// A small letter of the alphabet that `example` belongs to: Greek, Cyrillic or else Latin.
fn letter_like(example: char, random: &mut Rand32) -> char {
    let (first, count) = match example as u32 {
        0x370..0x400 => (0x3B1, 25),
        0x400..0x500 => (0x430, 32),
        _ => (0x61, 26),
    };
    char::from_u32(first + random.rand_range(0..count)).unwrap_or('a')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn the_fixture_is_as_large_and_varied_as_its_readme_says() {
        let all = sentences();
        assert_eq!(all.len(), 628);
        assert_eq!(all.iter().filter(|sentence| sentence.paraphrase.is_some()).count(), 210);
        let mut languages = BTreeMap::new();
        for sentence in &all {
            *languages.entry(sentence.language).or_insert(0) += 1;
            assert!((5..=17).contains(&sentence.text.split_whitespace().count()), "{}", sentence.text);
        }
        assert_eq!(
            languages.into_iter().collect::<Vec<_>>(),
            [("de", 106), ("el", 14), ("en", 292), ("es", 95), ("fr", 86), ("pl", 18), ("ru", 17)]
        );
    }

    #[test]
    fn no_two_sentences_share_more_than_two_fifths_of_their_words() {
        let bags: Vec<BTreeSet<String>> = sentences()
            .iter()
            .map(|sentence| sentence.text.to_lowercase().split_whitespace().map(str::to_owned).collect())
            .collect();
        for (at, one) in bags.iter().enumerate() {
            for other in &bags[..at] {
                let (shared, all) = (one.intersection(other).count(), one.union(other).count());
                assert!(5 * shared <= 2 * all, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_misspelt_word_differs_by_one_edit() {
        let mut random = Rand32::new(7);
        for word in ["a", "pump", "Wäsche,", "αντλία", "насос", "--"] {
            for _ in 0..200 {
                let wrong = misspell(word, &mut random);
                let (have, want) = (wrong.chars().count(), word.chars().count());
                assert!(have.abs_diff(want) <= 1, "{word} {wrong}");
                assert_eq!(wrong == word, word == "--", "{word} {wrong}");
            }
        }
    }

    #[test]
    fn the_middle_is_the_middle() {
        assert_eq!(middle_words("one two three four five", 3), ["two", "three", "four"]);
        assert_eq!(middle_words("one two", 3), ["one", "two"]);
    }
}
