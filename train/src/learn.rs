//! Training: epochs of batches, each cut into pieces that are summed in order.

use crate::augment::{Changes, Negatives, Values};
use crate::backward::{Derivative, backward, scatter};
use crate::corpus::{Corpus, Labels, Sentence};
use crate::forward::{Dropout, Example, NONE, Tape, forward};
use crate::layout::Layout;
use crate::optimiser::{AdamW, Schedule};
use crate::random::Random;
use crate::score::{Prediction, Score};
use rayon::prelude::*;
use ruvllm_esp_core::nlu::container::Shape;
use ruvllm_esp_core::nlu::decode::Trellis;
use ruvllm_esp_core::nlu::feature::Buckets;
use ruvllm_esp_core::nlu::limits::MAX_WORDS;

/// Sentences of a piece. Its size decides in which order sums are taken, so it never depends on the threads.
const PIECE: usize = 8;

/// What a training depends on, beside its sentences.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Of everything random.
    pub seed: u64,
    /// Times that each sentence is seen.
    pub epochs: u32,
    /// Sentences of a step.
    pub batch: usize,
    /// The largest rate.
    pub rate: f32,
    /// Weight decay.
    pub decay: f32,
    /// What is left out at random.
    pub dropout: Dropout,
    /// How sentences are changed.
    pub changes: Changes,
    /// Sentences without meaning that are learnt beside each sentence, as no command.
    pub negatives: f32,
    /// Components of a word's vector.
    pub width: usize,
    /// Units of a feed-forward part.
    pub hidden: usize,
    /// Attention heads.
    pub heads: usize,
    /// Layers.
    pub layers: usize,
    /// Rows of the tables.
    pub buckets: Buckets,
}

impl Default for Options {
    /// A model of less than 400 kB for up to 60 slots.
    fn default() -> Self {
        Self {
            seed: 1,
            epochs: 20,
            batch: 32,
            rate: 2e-3,
            decay: 0.02,
            dropout: Dropout { word: 0.1, block: 0.1, last: 0.2 },
            changes: Changes { values: 0.3, typos: 0.02 },
            negatives: 0.15,
            width: 96,
            hidden: 48,
            heads: 2,
            layers: 2,
            buckets: Buckets { words: 2_048, patterns: 2_048 },
        }
    }
}

impl Options {
    /// The shape of a model for `labels`.
    pub fn shape(&self, labels: &Labels) -> Shape {
        Shape {
            width: self.width,
            hidden: self.hidden,
            heads: self.heads,
            layers: self.layers,
            intents: labels.intents.len(),
            slots: labels.slots.len(),
            buckets: self.buckets,
        }
    }
}

/// Which slots occur with which intents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed(pub Vec<Vec<bool>>);

impl Allowed {
    /// In `sentences`.
    pub fn of(sentences: &[Sentence], labels: &Labels) -> Self {
        let mut allowed = vec![vec![false; labels.slots.len()]; labels.intents.len()];
        for sentence in sentences {
            let Some(row) = allowed.get_mut(usize::from(sentence.intent)) else { continue };
            for (slot, _) in crate::augment::spans(&sentence.tags) {
                if let Some(allowed) = row.get_mut(slot) {
                    *allowed = true;
                }
            }
        }
        Self(allowed)
    }

    /// Does `slot` occur with `intent`?
    pub fn has(&self, intent: usize, slot: usize) -> bool {
        self.0.get(intent).and_then(|row| row.get(slot)).copied().unwrap_or(false)
    }
}

/// An encoder in floating point.
#[derive(Clone, Debug)]
pub struct Encoder {
    /// Where its weights are.
    pub layout: Layout,
    /// All of them.
    pub weights: Vec<f32>,
    /// Which slots it may find.
    pub allowed: Allowed,
    /// The names of its intents and slots.
    pub labels: Labels,
}

/// What is told after each epoch, and now and then within one.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Steps that were taken.
    pub step: u32,
    /// All steps.
    pub steps: u32,
    /// The epoch that ended with this step, from 1, the mean loss of its sentences, and the score on what is held out.
    pub epoch: Option<(u32, f64, Score)>,
}

/// Trains an encoder on `corpus`; `tell` may stop it by returning false: then there is none.
pub fn train(corpus: &Corpus, options: &Options, tell: &mut dyn FnMut(Progress) -> bool) -> Option<Encoder> {
    let layout = Layout::new(options.shape(&corpus.labels));
    let weights = layout.initial(options.seed);
    let allowed = Allowed::of(&corpus.training, &corpus.labels);
    let mut encoder = Encoder { layout, weights, allowed, labels: corpus.labels.clone() };
    let values = Values::of(&corpus.training, corpus.labels.slots.len());
    let negatives = Negatives::of(&corpus.training, &corpus.labels);
    let per_epoch = corpus.training.len().div_ceil(options.batch) as u32;
    let steps = per_epoch * options.epochs;
    let schedule =
        Schedule { rate: options.rate, warm_up: (steps / 20).clamp(1, 300), steps, decay: options.decay };
    let mut adam = AdamW::new(encoder.weights.len(), schedule);
    let mut derivative = vec![0.0; encoder.weights.len()];
    let mut order: Vec<usize> = (0..corpus.training.len()).collect();
    let mut step = 0;
    for epoch in 1..=options.epochs {
        Random::of(options.seed, epoch.into(), u64::MAX).shuffle(&mut order);
        let mut loss = 0.0;
        for batch in order.chunks(options.batch) {
            let run =
                Run { corpus, values: &values, negatives: &negatives, options, epoch, encoder: &encoder };
            loss += run.batch(batch, &mut derivative);
            adam.step(&mut encoder.weights, &derivative);
            step += 1;
            if step % 16 == 0 && !tell(Progress { step, steps, epoch: None }) {
                return None;
            }
        }
        let score = encoder.score(&corpus.held_out);
        let mean = loss / corpus.training.len().max(1) as f64;
        if !tell(Progress { step, steps, epoch: Some((epoch, mean, score)) }) {
            return None;
        }
    }
    Some(encoder)
}

/// One step of a training.
struct Run<'r> {
    corpus: &'r Corpus,
    values: &'r Values,
    negatives: &'r Negatives,
    options: &'r Options,
    epoch: u32,
    encoder: &'r Encoder,
}

/// A piece of a batch with its derivatives.
struct Piece {
    examples: Vec<Example>,
    with_word: Vec<bool>,
    derivative: Derivative,
}

impl Run<'_> {
    /// The derivative of the mean loss of a batch, into `derivative`; returns the sum of the losses.
    fn batch(&self, batch: &[usize], derivative: &mut [f32]) -> f64 {
        let layout = &self.encoder.layout;
        let factor = 1.0 / self.options.batch as f32;
        let pieces: Vec<Piece> = batch.par_chunks(PIECE).map(|piece| self.piece(piece, factor)).collect();
        let (dense, tables) = derivative.split_at_mut(layout.dense());
        dense.par_chunks_mut(4_096).enumerate().for_each(|(index, sums)| {
            sums.fill(0.0);
            for piece in &pieces {
                sums.iter_mut().zip(&piece.derivative.dense[index * 4_096..]).for_each(|(sum, d)| *sum += d);
            }
        });
        tables.par_chunks_mut(1 << 16).for_each(|part| part.fill(0.0));
        for Piece { examples, with_word, derivative } in &pieces {
            let examples: Vec<&Example> = examples.iter().collect();
            scatter(layout, &examples, with_word, &derivative.embedding, tables);
        }
        pieces.iter().map(|piece| piece.derivative.loss).sum()
    }

    fn piece(&self, piece: &[usize], factor: f32) -> Piece {
        let Options { seed, dropout, changes, negatives, buckets, .. } = *self.options;
        // One stream a piece: its first sentence says which.
        let first = piece.first().copied().unwrap_or(0) as u64;
        let mut random = Random::of(seed, self.epoch.into(), first);
        let mut examples = Vec::with_capacity(piece.len());
        for index in piece {
            let sentence = self.values.change(&self.corpus.training[*index], changes, &mut random);
            examples.push(Example::of(&sentence, buckets));
            if random.chance(negatives) {
                examples
                    .extend(self.negatives.draw(&mut random).map(|negative| Example::of(&negative, buckets)));
            }
        }
        let references: Vec<&Example> = examples.iter().collect();
        let Encoder { layout, weights, .. } = self.encoder;
        let mut tape = forward(layout, weights, &references, dropout, &mut random);
        let with_word = std::mem::take(&mut tape.with_word);
        let derivative = backward(layout, weights, &references, tape, factor);
        Piece { examples, with_word, derivative }
    }
}

impl Encoder {
    /// What it makes of `examples`, nothing being left out.
    pub fn run(&self, examples: &[&Example]) -> Tape {
        forward(&self.layout, &self.weights, examples, NONE, &mut Random::new(0))
    }

    /// Reads `sentences` and counts.
    pub fn score(&self, sentences: &[Sentence]) -> Score {
        let pieces = sentences.par_chunks(PIECE).map(|piece| (piece, self.predict(piece)));
        let mut score = Score::default();
        for (piece, predictions) in pieces.collect::<Vec<_>>() {
            piece.iter().zip(&predictions).for_each(|(sentence, read)| score.count(sentence, read));
        }
        score
    }

    /// Reads some sentences; the confidence is that of nothing.
    fn predict(&self, sentences: &[Sentence]) -> Vec<Prediction> {
        let shape = self.layout.shape;
        let examples: Vec<Example> = sentences.iter().map(|s| Example::of(s, shape.buckets)).collect();
        let tape = self.run(&examples.iter().collect::<Vec<_>>());
        let read = |(span, intents): (&std::ops::Range<usize>, &[f32])| {
            let intent = argmax(intents);
            let mut trellis = Trellis::new(shape.slots);
            for scores in
                tape.tags[span.start * shape.tags()..span.end * shape.tags()].chunks_exact(shape.tags())
            {
                let scores: Vec<i16> = scores.iter().map(|score| (score * 256.0) as i16).collect();
                trellis.push(&scores, |slot| self.allowed.has(intent, slot), &mut ());
            }
            let mut tags = [0; MAX_WORDS];
            trellis.finish(&mut tags);
            Prediction {
                intent: intent as u16,
                tags: tags[..span.len()].to_vec(),
                confidence: 0,
                refused: false,
            }
        };
        tape.spans.iter().zip(tape.intents.chunks_exact(shape.intents)).map(read).collect()
    }
}

/// The first of the highest.
pub fn argmax(scores: &[f32]) -> usize {
    let best = scores
        .iter()
        .enumerate()
        .fold((0, f32::MIN), |best, (index, score)| if *score > best.1 { (index, *score) } else { best });
    best.0
}
