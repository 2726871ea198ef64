//! From scores to one consistent reading: the intent, the tags of its words, and how sure both are.
//!
//! The intent with the highest score is taken. Its tags are the best sequence (Viterbi) in which `inside` only follows
//! `begin` or `inside` of its own slot, and in which only slots occur that occur with that intent. The confidence is the
//! product of the probabilities of the intent and of every tag, each at a temperature that the trainer fitted on held-out
//! sentences so that it matches how often the whole reading is right.

use super::container::{MAX_INTENTS, MAX_SLOTS, Model};
use super::encoder::{Encoded, intent_bits, tag_bits};
use super::fixed::{Partition, Temperature};
use super::limits::MAX_WORDS;
use crate::meter::{Meter, Op};
use crate::units::Thousandths;

/// Tags of a word, at most.
pub const MAX_TAGS: usize = 1 + 2 * MAX_SLOTS;
/// The tag of a word in no slot. `begin` of slot `s` is `1 + 2 s`, `inside` is `2 + 2 s`.
pub const OUTSIDE: u16 = 0;

/// An intent less probable than this is not acted on.
pub const MIN_INTENT_CONFIDENCE: Thousandths = Thousandths(500);

/// What a sentence means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The number of the intent.
    pub intent: usize,
    /// How probable the intent is.
    pub intent_confidence: Thousandths,
    /// How probable it is that the intent and all tags are right.
    pub confidence: Thousandths,
    tags: [u16; MAX_WORDS],
    words: usize,
}

impl Reading {
    /// The tag of each word.
    pub fn tags(&self) -> &[u16] {
        self.tags.get(..self.words).unwrap_or_default()
    }

    /// Is it no command, or too uncertain which one to act on it?
    pub fn is_refused(&self, model: &Model<'_>) -> bool {
        model.is_none(self.intent) || self.intent_confidence < MIN_INTENT_CONFIDENCE
    }

    /// Each filled slot: its number, its first word and the word after its last.
    pub fn spans(&self) -> impl Iterator<Item = (usize, usize, usize)> + '_ {
        let begins = self.tags().iter().enumerate().filter(|(_, tag)| **tag % 2 == 1);
        begins.map(|(first, tag)| {
            let inside = self.tags().iter().skip(first + 1).take_while(|next| **next == tag + 1);
            (usize::from(tag / 2), first, first + 1 + inside.count())
        })
    }
}

/// Reads what `encoded` means.
pub fn decode<M: Meter>(model: &Model<'_>, encoded: &Encoded<'_>, meter: &mut M) -> Reading {
    let shape = model.shape();
    let mut intents = [0i16; MAX_INTENTS];
    let intents = intents.get_mut(..shape.intents).unwrap_or_default();
    encoded.intent_scores(model, intents, meter);
    let intent = best(intents);
    meter.record(Op::Compare, shape.intents as u32);
    let temperature = Temperature { bits: intent_bits(model), inverse: model.intent_temperature };
    let partition = Partition::of(intents, temperature, meter);
    let score = intents.get(intent).copied().unwrap_or(0);
    let of_intent = partition.probability(score, temperature, meter);

    let mut scores = [0i16; MAX_TAGS];
    let scores = scores.get_mut(..shape.tags()).unwrap_or_default();
    let mut trellis = Trellis::new(shape.slots);
    let temperature = Temperature { bits: tag_bits(model), inverse: model.tag_temperature };
    // Which tag is chosen is known at the end; the scores of all tags are only needed for their sum.
    let mut partitions = [Partition::default(); MAX_WORDS];
    for (word, partition) in partitions.iter_mut().enumerate().take(encoded.words()) {
        encoded.tag_scores(model, word, scores, meter);
        trellis.push(scores, |slot| model.allows(intent, slot), meter);
        *partition = Partition::of(scores, temperature, meter);
    }
    let mut tags = [OUTSIDE; MAX_WORDS];
    trellis.finish(&mut tags);
    let mut all = u32::from(of_intent);
    for (word, (tag, partition)) in tags.iter().zip(&partitions).enumerate().take(encoded.words()) {
        let score = encoded.tag_score(model, word, usize::from(*tag), meter);
        all = (all * u32::from(partition.probability(score, temperature, meter))) >> 15;
    }
    let thousandths = |probability: u32| Thousandths(((probability * 1000) >> 15) as i32);
    Reading {
        intent,
        intent_confidence: thousandths(of_intent.into()),
        confidence: thousandths(all),
        tags,
        words: encoded.words(),
    }
}

/// The first of the highest.
fn best(scores: &[i16]) -> usize {
    scores.iter().enumerate().rev().max_by_key(|(_, score)| **score).map_or(0, |(index, _)| index)
}

/// The best consistent sequences of tags so far, one for each tag of the last word.
#[derive(Clone, Debug)]
pub struct Trellis {
    slots: usize,
    words: usize,
    outside: i32,
    begin: [i32; MAX_SLOTS],
    inside: [i32; MAX_SLOTS],
    /// For each word, the best tag of the word before it.
    before: [u16; MAX_WORDS],
    /// For each word and slot, does `inside` follow `begin` rather than `inside`?
    from_begin: [u128; MAX_WORDS],
}

/// A tag that cannot be. Far enough from the end of the range that scores can be added.
const IMPOSSIBLE: i32 = i32::MIN / 2;

impl Trellis {
    /// Of no words yet.
    pub fn new(slots: usize) -> Self {
        Self {
            slots: slots.min(MAX_SLOTS),
            words: 0,
            outside: 0,
            begin: [IMPOSSIBLE; MAX_SLOTS],
            inside: [IMPOSSIBLE; MAX_SLOTS],
            before: [OUTSIDE; MAX_WORDS],
            from_begin: [0; MAX_WORDS],
        }
    }

    /// Adds a word with the `scores` of its tags: `[1 + 2 slots] i16`. Words after [`MAX_WORDS`] are left out.
    pub fn push<M: Meter>(&mut self, scores: &[i16], allowed: impl Fn(usize) -> bool, meter: &mut M) {
        let (tag, best) = self.best();
        let (Some(before), Some(from_begin)) =
            (self.before.get_mut(self.words), self.from_begin.get_mut(self.words))
        else {
            return;
        };
        *before = tag;
        self.words += 1;
        let [outside, slots @ ..] = scores else { return };
        self.outside = best + i32::from(*outside);
        let states = self.begin.iter_mut().zip(&mut self.inside).zip(slots.as_chunks::<2>().0);
        for (slot, ((begin, inside), [to_begin, to_inside])) in states.enumerate().take(self.slots) {
            if !allowed(slot) {
                (*begin, *inside) = (IMPOSSIBLE, IMPOSSIBLE);
                continue;
            }
            if *begin >= *inside {
                *from_begin |= 1 << slot;
            }
            let open = (*begin).max(*inside).max(IMPOSSIBLE);
            *inside = if open == IMPOSSIBLE { open } else { open + i32::from(*to_inside) };
            *begin = best + i32::from(*to_begin);
        }
        meter.record(Op::Compare, 4 * self.slots as u32);
    }

    /// The best tag of the last word, and the score of its sequence.
    fn best(&self) -> (u16, i32) {
        let mut best = (OUTSIDE, self.outside);
        for (slot, (begin, inside)) in self.begin.iter().zip(&self.inside).take(self.slots).enumerate() {
            for (tag, score) in [(1 + 2 * slot, *begin), (2 + 2 * slot, *inside)] {
                if score > best.1 {
                    best = (tag as u16, score);
                }
            }
        }
        best
    }

    /// The best sequence, into `tags`, and its score.
    pub fn finish(&self, tags: &mut [u16]) -> i32 {
        let (mut tag, score) = self.best();
        for word in (0..self.words).rev() {
            if let Some(to) = tags.get_mut(word) {
                *to = tag;
            }
            let is_inside = tag != OUTSIDE && tag % 2 == 0;
            tag = if is_inside {
                let from_begin = self.from_begin.get(word).copied().unwrap_or(0) >> ((tag - 2) / 2) & 1 == 1;
                if from_begin { tag - 1 } else { tag }
            } else {
                self.before.get(word).copied().unwrap_or(OUTSIDE)
            };
        }
        score
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    /// The best consistent sequence, by trying all.
    fn exhaustive(scores: &[Vec<i16>], allowed: &[bool]) -> i32 {
        let tags = 1 + 2 * allowed.len();
        let mut best = i32::MIN;
        let mut sequence = vec![0usize; scores.len()];
        loop {
            let consistent = sequence.iter().enumerate().all(|(word, tag)| {
                let before = if word == 0 { 0 } else { sequence[word - 1] };
                let follows = *tag == 0 || tag % 2 == 1 || before == *tag || before + 1 == *tag;
                follows && (*tag == 0 || allowed[(tag - 1) / 2])
            });
            if consistent {
                best = best.max(sequence.iter().zip(scores).map(|(tag, row)| i32::from(row[*tag])).sum());
            }
            let Some(word) = sequence.iter().position(|tag| tag + 1 < tags) else { return best };
            sequence[..word].fill(0);
            sequence[word] += 1;
        }
    }

    proptest! {
        #[test]
        fn the_trellis_finds_the_best_consistent_sequence(
            scores in proptest::collection::vec(proptest::collection::vec(-500i16..500, 7), 1..5),
            allowed in proptest::collection::vec(any::<bool>(), 3),
        ) {
            let mut trellis = Trellis::new(3);
            scores.iter().for_each(|row| trellis.push(row, |slot| allowed[slot], &mut ()));
            let mut tags = [0u16; MAX_WORDS];
            let score = trellis.finish(&mut tags);
            prop_assert_eq!(score, exhaustive(&scores, &allowed));
            let sum: i32 = scores.iter().zip(tags).map(|(row, tag)| i32::from(row[usize::from(tag)])).sum();
            prop_assert_eq!(sum, score, "the tags are those of the score");
        }
    }

    #[test]
    fn spans_are_what_begins_and_goes_on() {
        let mut tags = [OUTSIDE; MAX_WORDS];
        tags[..6].copy_from_slice(&[1, 2, 1, 0, 5, 6]);
        let reading = Reading {
            intent: 0,
            intent_confidence: Thousandths(0),
            confidence: Thousandths(0),
            tags,
            words: 6,
        };
        assert_eq!(reading.spans().collect::<Vec<_>>(), [(0, 0, 2), (0, 2, 3), (2, 4, 6)]);
    }
}
