//! How good readings are: intents, slots, whole sentences, and whether their confidence can be trusted.

use crate::augment::spans;
use crate::corpus::Sentence;
use serde::Serialize;

/// Confidence classes of the calibration error.
const CLASSES: usize = 10;

/// One sentence as a model read it.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The number of the intent.
    pub intent: u16,
    /// The tag of each word that was read.
    pub tags: Vec<u16>,
    /// How probable it is that all of it is right, in thousandths.
    pub confidence: i32,
    /// Is it not acted on: no command, or too uncertain which?
    pub refused: bool,
}

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Score {
    /// Sentences.
    pub sentences: usize,
    /// Intents that are right.
    pub intents_right: usize,
    /// Slots that the sentences have.
    pub slots: usize,
    /// Slots that were found.
    pub slots_found: usize,
    /// Of those, the right ones: the same slot with the same words.
    pub slots_right: usize,
    /// Sentences of which the intent and every tag are right.
    pub whole_right: usize,
    /// Sentences read with a confidence of at least 0.9, and how many of them are wholly right.
    pub confident: usize,
    /// Of those, wholly right.
    pub confident_right: usize,
    /// Sentences that are not acted on.
    pub refused: usize,
    /// By confidence class: sentences, wholly right, sum of confidences in thousandths.
    #[serde(skip)]
    classes: [(usize, usize, i64); CLASSES],
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

impl Score {
    /// Counts one sentence. Words that were not read count as outside of all slots.
    pub fn count(&mut self, sentence: &Sentence, prediction: &Prediction) {
        let mut tags = prediction.tags.clone();
        tags.resize(sentence.tags.len(), 0);
        let (right, found) = (spans(&sentence.tags), spans(&tags));
        let intent = sentence.intent == prediction.intent;
        let whole = intent && right == found;
        self.sentences += 1;
        self.intents_right += usize::from(intent);
        self.refused += usize::from(prediction.refused);
        self.slots += right.len();
        self.slots_found += found.len();
        self.slots_right += found.iter().filter(|span| right.contains(span)).count();
        self.whole_right += usize::from(whole);
        if prediction.confidence >= 900 {
            self.confident += 1;
            self.confident_right += usize::from(whole);
        }
        let class = usize::try_from(prediction.confidence).unwrap_or(0) * CLASSES / 1001;
        if let Some((count, count_right, sum)) = self.classes.get_mut(class) {
            *count += 1;
            *count_right += usize::from(whole);
            *sum += i64::from(prediction.confidence);
        }
    }

    /// The share of intents that are right.
    pub fn intent_accuracy(&self) -> f64 {
        share(self.intents_right, self.sentences)
    }

    /// The harmonic mean of precision and recall of slots, over all sentences (as conlleval counts).
    pub fn slot_f1(&self) -> f64 {
        share(2 * self.slots_right, self.slots + self.slots_found)
    }

    /// The share of sentences that are wholly right.
    pub fn whole_accuracy(&self) -> f64 {
        share(self.whole_right, self.sentences)
    }

    /// Of the sentences read with a confidence of at least 0.9, the share that is wholly right.
    pub fn confident_accuracy(&self) -> f64 {
        share(self.confident_right, self.confident)
    }

    /// The share of sentences that are not acted on.
    pub fn refusal(&self) -> f64 {
        share(self.refused, self.sentences)
    }

    /// The expected calibration error over ten classes of confidence (Guo et al., 2017).
    pub fn calibration_error(&self) -> f64 {
        let classes = self.classes.iter();
        let errors = classes.map(|(_, right, sum)| (*right as f64 - *sum as f64 / 1000.0).abs());
        errors.sum::<f64>() / self.sentences.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_count_as_spans_and_sentences_as_wholes() {
        let sentence = |tags: &[u16]| Sentence {
            words: vec![String::new(); tags.len()],
            tags: tags.to_vec(),
            intent: 1,
        };
        let predict = |intent, tags: &[u16], confidence| Prediction {
            intent,
            tags: tags.to_vec(),
            confidence,
            refused: confidence < 400,
        };
        let mut score = Score::default();
        score.count(&sentence(&[0, 1, 2, 0, 3]), &predict(1, &[0, 1, 2, 0, 3], 950));
        score.count(&sentence(&[0, 1, 2, 0, 3]), &predict(1, &[0, 1, 0, 0, 3], 920));
        score.count(&sentence(&[1]), &predict(0, &[], 300));
        assert_eq!((score.slots, score.slots_found, score.slots_right), (5, 4, 3));
        assert_eq!((score.intents_right, score.whole_right), (2, 1));
        assert_eq!((score.confident, score.confident_right), (2, 1));
        assert!((score.refusal() - 1.0 / 3.0).abs() < 1e-9);
        assert!((score.slot_f1() - 6.0 / 9.0).abs() < 1e-9);
        // 0.9 to 1: 1.87 expected and 1 right; 0.3: 0.3 expected and none right.
        assert!((score.calibration_error() - (0.87 + 0.3) / 3.0).abs() < 1e-9);
    }
}
