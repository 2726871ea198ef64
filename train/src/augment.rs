//! Sentences that were not written: slots filled with other values, words misspelt.
//!
//! A slot takes any name, also one that no training sentence has. A model that saw few names in one place learns the
//! names; one that sees them change learns the place.

use crate::corpus::{Labels, Sentence};
use crate::random::Random;
use ruvllm_esp_core::nlu::container::NONE;
use std::collections::BTreeSet;

/// How often sentences are changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Changes {
    /// Share of slots that take another value of the same slot.
    pub values: f32,
    /// Share of words that are misspelt.
    pub typos: f32,
}

/// What slots were filled with.
#[derive(Clone, Debug, Default)]
pub struct Values {
    /// By slot.
    by_slot: Vec<Vec<Vec<String>>>,
}

impl Values {
    /// Those of `sentences`, each as often as it occurs.
    pub fn of(sentences: &[Sentence], slots: usize) -> Self {
        let mut values = Self { by_slot: vec![Vec::new(); slots] };
        for sentence in sentences {
            for (slot, range) in spans(&sentence.tags) {
                if let Some(known) = values.by_slot.get_mut(slot) {
                    known.push(sentence.words[range].to_vec());
                }
            }
        }
        values
    }

    /// `sentence`, changed at random.
    pub fn change(&self, sentence: &Sentence, changes: Changes, random: &mut Random) -> Sentence {
        let mut changed = Sentence { words: Vec::new(), tags: Vec::new(), intent: sentence.intent };
        let mut next = 0;
        for (slot, range) in spans(&sentence.tags) {
            changed.words.extend_from_slice(&sentence.words[next..range.start]);
            changed.tags.extend_from_slice(&sentence.tags[next..range.start]);
            next = range.end;
            let own = &sentence.words[range];
            let others = self.by_slot.get(slot).filter(|_| random.chance(changes.values));
            let value = others.and_then(|others| random.pick(others)).map_or(own, Vec::as_slice);
            for (index, word) in value.iter().enumerate() {
                changed.words.push(word.clone());
                changed.tags.push((if index == 0 { 1 } else { 2 }) + 2 * slot as u16);
            }
        }
        changed.words.extend_from_slice(&sentence.words[next..]);
        changed.tags.extend_from_slice(&sentence.tags[next..]);
        for word in &mut changed.words {
            if random.chance(changes.typos) {
                *word = misspelt(word, random);
            }
        }
        changed
    }
}

/// Sentences that mean nothing, from words of any sentence and from words that are none.
///
/// A model that never saw anything but commands takes every sentence for one.
#[derive(Clone, Debug)]
pub struct Negatives {
    /// The number of the intent of no command, where there is one.
    none: Option<u16>,
    /// Each word once: most are rare.
    words: Vec<String>,
    /// Words as often as they occur.
    text: Vec<String>,
}

/// Words of a sentence without meaning, at most.
const MAX_NEGATIVE_WORDS: usize = 14;

impl Negatives {
    /// From the words of `sentences`.
    pub fn of(sentences: &[Sentence], labels: &Labels) -> Self {
        let none = labels.intents.iter().position(|intent| intent == NONE);
        let text: Vec<String> = sentences.iter().flat_map(|sentence| sentence.words.clone()).collect();
        let words: BTreeSet<&String> = text.iter().collect();
        Self { none: none.map(|index| index as u16), words: words.into_iter().cloned().collect(), text }
    }

    /// One of them.
    pub fn draw(&self, random: &mut Random) -> Option<Sentence> {
        let intent = self.none?;
        let count = 1 + random.below(MAX_NEGATIVE_WORDS);
        // Of each sentence another share of its words is rare, so that none of the shares tells it.
        let (rare, invented) = (random.unit(), 0.5 * random.unit());
        let word = |random: &mut Random| {
            if random.chance(invented) {
                return Some(invent(random));
            }
            let words = if random.chance(rare) { &self.words } else { &self.text };
            random.pick(words).cloned()
        };
        let words = (0..count).map_while(|_| word(random)).collect::<Vec<_>>();
        (words.len() == count).then(|| Sentence { tags: vec![0; count], words, intent })
    }
}

/// A word that no language has, of syllables.
fn invent(random: &mut Random) -> String {
    const CONSONANTS: &[u8] = b"bcdfghjklmnprstvwz";
    const VOWELS: &[u8] = b"aeiouy";
    let mut word = String::new();
    for _ in 0..=random.below(4) {
        for letters in [CONSONANTS, VOWELS] {
            word.extend(random.pick(letters).map(|letter| char::from(*letter)));
        }
        if random.chance(0.4) {
            word.extend(random.pick(CONSONANTS).map(|letter| char::from(*letter)));
        }
    }
    word
}

/// The slots of a sequence of tags, each with its words. `inside` after anything but its own slot begins one.
pub fn spans(tags: &[u16]) -> Vec<(usize, std::ops::Range<usize>)> {
    let mut spans: Vec<(usize, std::ops::Range<usize>)> = Vec::new();
    for (index, tag) in tags.iter().enumerate() {
        let Some(slot) = tag.checked_sub(1).map(|tag| usize::from(tag / 2)) else { continue };
        match spans.last_mut() {
            Some((open, range)) if *open == slot && range.end == index && tag % 2 == 0 => range.end += 1,
            _ => spans.push((slot, index..index + 1)),
        }
    }
    spans
}

/// `word` with two letters swapped, or one doubled, left out or replaced by a neighbour in the alphabet.
pub fn misspelt(word: &str, random: &mut Random) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    if letters.len() < 4 {
        return word.to_owned();
    }
    let at = 1 + random.below(letters.len() - 2);
    match random.below(4) {
        0 => letters.swap(at, at + 1),
        1 => letters.insert(at, letters[at]),
        2 => drop(letters.remove(at)),
        _ => letters[at] = char::from(b'a' + random.below(26) as u8),
    }
    letters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(text: &str, tags: &[u16]) -> Sentence {
        Sentence { words: text.split(' ').map(str::to_owned).collect(), tags: tags.to_vec(), intent: 0 }
    }

    #[test]
    fn slots_take_values_of_their_own_kind_and_the_rest_stays() {
        let sentences = [
            sentence("play blue train now", &[0, 1, 2, 0]),
            sentence("play jazz", &[0, 3]),
            sentence("play so what", &[0, 1, 2]),
        ];
        let values = Values::of(&sentences, 2);
        let mut seen = BTreeSet::new();
        for seed in 0..50 {
            let changes = Changes { values: 1.0, typos: 0.0 };
            let changed = values.change(&sentences[0], changes, &mut Random::new(seed));
            assert_eq!(changed.tags, [0, 1, 2, 0]);
            seen.insert(changed.words.join(" "));
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["play blue train now", "play so what now"]);
        let same = values.change(&sentences[0], Changes { values: 0.0, typos: 0.0 }, &mut Random::new(1));
        assert_eq!(same, sentences[0]);
    }

    #[test]
    fn negatives_are_of_no_intent_and_have_no_slots() {
        let sentences = [sentence("play blue train now", &[0, 1, 2, 0])];
        let names = |intents: &[&str]| Labels {
            intents: intents.iter().map(|name| (*name).to_owned()).collect(),
            slots: vec!["song".into()],
        };
        let negatives = Negatives::of(&sentences, &names(&["Music", "none"]));
        let mut random = Random::new(1);
        let mut known = 0;
        for _ in 0..100 {
            let negative = negatives.draw(&mut random).unwrap();
            assert_eq!((negative.intent, negative.tags.iter().max()), (1, Some(&0)));
            known += negative.words.iter().filter(|word| sentences[0].words.contains(word)).count();
        }
        assert!(known > 300, "{known}");
        assert!(Negatives::of(&sentences, &names(&["Music"])).draw(&mut random).is_none());
    }

    #[test]
    fn spans_begin_where_they_should() {
        assert_eq!(spans(&[2, 2, 1, 4, 0, 2]), [(0, 0..2), (0, 2..3), (1, 3..4), (0, 5..6)]);
    }

    #[test]
    fn a_misspelt_word_is_nearly_the_word() {
        let mut random = Random::new(3);
        for _ in 0..100 {
            let typo = misspelt("thermostat", &mut random);
            assert!((9..=11).contains(&typo.len()) && typo.starts_with('t'), "{typo}");
        }
        assert_eq!(misspelt("the", &mut random), "the");
    }
}
