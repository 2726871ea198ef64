//! The encoder in floating point, for some sentences at once; all that the backward pass needs is kept.

use crate::attention::Head;
use crate::corpus::Sentence;
use crate::layout::{Layer, Layout, Linear};
use crate::math::{Normal, normalise, softmax};
use crate::matrix::{add_product, add_scaled, dot};
use crate::random::Random;
use ruvllm_esp_core::nlu::encoder::PATTERN_WEIGHTS;
use ruvllm_esp_core::nlu::feature::{Buckets, Feature, features};
use ruvllm_esp_core::nlu::limits::MAX_WORDS;
use std::ops::Range;

/// A word as rows of the tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Of the word table.
    pub word: u32,
    /// Of the pattern table.
    pub patterns: Vec<u32>,
}

impl Rows {
    /// Those of `word`.
    pub fn of(word: &str, buckets: Buckets) -> Self {
        let mut rows = Self { word: 0, patterns: Vec::new() };
        features(word, buckets, &mut (), |feature| match feature {
            Feature::Word(row) => rows.word = row,
            Feature::Pattern(row) => rows.patterns.push(row),
        });
        rows
    }

    /// What the sum of the patterns is weighted with.
    pub fn pattern_weight(&self) -> f32 {
        f32::from(PATTERN_WEIGHTS.get(self.patterns.len()).copied().unwrap_or(0)) / 4096.0
    }
}

/// A sentence as the encoder takes it: at most [`MAX_WORDS`] words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Of each word.
    pub rows: Vec<Rows>,
    /// Of each word.
    pub tags: Vec<u16>,
    /// Its number.
    pub intent: u16,
}

impl Example {
    /// The features of `sentence`.
    pub fn of(sentence: &Sentence, buckets: Buckets) -> Self {
        let words = sentence.words.iter().take(MAX_WORDS);
        Self {
            rows: words.map(|word| Rows::of(word, buckets)).collect(),
            tags: sentence.tags.iter().take(MAX_WORDS).copied().collect(),
            intent: sentence.intent,
        }
    }
}

/// What is left out at random while training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// Share of words whose own row is left out, so that their patterns have to do.
    pub word: f32,
    /// Share of components of the embeddings and of what each block adds.
    pub block: f32,
    /// Share of components of the last vectors.
    pub last: f32,
}

/// Nothing is left out.
pub const NONE: Dropout = Dropout { word: 0.0, block: 0.0, last: 0.0 };

/// What of one layer the backward pass needs.
#[derive(Debug, Default)]
pub struct LayerTape {
    pub(crate) before: Normal,
    pub(crate) qkv: Vec<f32>,
    /// For each sentence and head, `[words][words]`.
    pub(crate) shares: Vec<Vec<f32>>,
    pub(crate) context: Vec<f32>,
    pub(crate) attended: Mask,
    pub(crate) middle: Normal,
    pub(crate) inner: Vec<f32>,
    pub(crate) fed: Mask,
}

/// What of some sentences the backward pass needs.
#[derive(Debug, Default)]
pub struct Tape {
    /// The rows of each sentence.
    pub spans: Vec<Range<usize>>,
    pub(crate) with_word: Vec<bool>,
    pub(crate) embedded: Normal,
    pub(crate) kept: Mask,
    /// `[rows][3 * width]`.
    pub(crate) near: Vec<f32>,
    pub(crate) convolved: Vec<f32>,
    pub(crate) convolution: Mask,
    pub(crate) layers: Vec<LayerTape>,
    pub(crate) last: Normal,
    pub(crate) last_kept: Mask,
    /// The last vectors, what was left out of them being zero.
    pub hidden: Vec<f32>,
    /// The share of each word in the pooled vector of its sentence.
    pub(crate) pool_shares: Vec<f32>,
    pub(crate) pooled: Vec<f32>,
    /// `[sentences][intents]`.
    pub intents: Vec<f32>,
    /// `[rows][tags]`.
    pub tags: Vec<f32>,
    /// Largest magnitudes of what is quantised, where they are asked for.
    pub(crate) residuals: Vec<Vec<f32>>,
}

/// Factors of 0 or `1 / (1 - share)`; none at all where nothing is left out.
pub type Mask = Option<Vec<f32>>;

fn mask(count: usize, share: f32, random: &mut Random) -> Mask {
    let keep = 1.0 / (1.0 - share);
    (share > 0.0).then(|| (0..count).map(|_| if random.chance(share) { 0.0 } else { keep }).collect())
}

/// Multiplies by the factors of `mask`.
pub fn apply(values: &mut [f32], mask: &Mask) {
    if let Some(mask) = mask {
        values.iter_mut().zip(mask).for_each(|(value, factor)| *value *= factor);
    }
}

/// `input`: `[rows][inputs]` times a matrix, plus its bias.
pub fn linear(weights: &[f32], linear: &Linear, input: &[f32]) -> Vec<f32> {
    let rows = input.len() / linear.inputs;
    let mut out = weights[linear.bias.clone()].repeat(rows);
    add_product(&mut out, input, &weights[linear.weights.clone()], linear.inputs, linear.outputs);
    out
}

/// Runs `weights` on `examples`.
pub fn forward(
    layout: &Layout,
    weights: &[f32],
    examples: &[&Example],
    dropout: Dropout,
    random: &mut Random,
) -> Tape {
    let width = layout.shape.width;
    let mut tape = Tape::default();
    let mut rows = 0;
    for example in examples {
        tape.spans.push(rows..rows + example.rows.len());
        rows += example.rows.len();
    }
    let mut embedding = vec![0.0; rows * width];
    let all_rows = examples.iter().flat_map(|example| &example.rows);
    for (row, to) in all_rows.zip(embedding.chunks_exact_mut(width)) {
        let with_word = !random.chance(dropout.word);
        embed(layout, weights, row, with_word, to);
        tape.with_word.push(with_word);
    }
    tape.embedded = normalise(&embedding, width);
    tape.kept = mask(rows * width, dropout.block, random);
    let mut residual = tape.embedded.values.clone();
    apply(&mut residual, &tape.kept);
    tape.near = neighbours(&residual, &tape.spans, width);
    tape.convolved = linear(weights, &layout.convolution, &tape.near);
    tape.convolved.iter_mut().for_each(|value| *value = value.max(0.0));
    tape.convolution = mask(rows * width, dropout.block, random);
    add_kept(&mut residual, &tape.convolved, &tape.convolution);
    tape.residuals.push(residual.clone());
    for layer in &layout.layers {
        let layer = run_layer(layout, layer, weights, &tape.spans, &mut residual, dropout, random);
        tape.layers.push(layer);
        tape.residuals.push(residual.clone());
    }
    tape.last = normalise(&residual, width);
    tape.last_kept = mask(rows * width, dropout.last, random);
    tape.hidden = tape.last.values.clone();
    apply(&mut tape.hidden, &tape.last_kept);
    heads(layout, weights, &mut tape);
    tape
}

/// The sum of the rows of a word, into `to`.
fn embed(layout: &Layout, weights: &[f32], rows: &Rows, with_word: bool, to: &mut [f32]) {
    let width = to.len();
    let row = |table: &Range<usize>, row: u32| {
        let start = table.start + row as usize * width;
        &weights[start..start + width]
    };
    let weight = rows.pattern_weight();
    for pattern in &rows.patterns {
        add_scaled(to, weight, row(&layout.patterns, *pattern));
    }
    if with_word {
        add_scaled(to, 1.0, row(&layout.words, rows.word));
    }
}

/// Each row between its neighbours of the same sentence; zeros beyond.
pub(crate) fn neighbours(values: &[f32], spans: &[Range<usize>], width: usize) -> Vec<f32> {
    let mut near = vec![0.0; 3 * values.len()];
    for span in spans {
        for row in span.clone() {
            let to = &mut near[row * 3 * width..(row + 1) * 3 * width];
            for (part, to) in to.chunks_exact_mut(width).enumerate() {
                if let Some(from) = (row + part).checked_sub(1).filter(|from| span.contains(from)) {
                    to.copy_from_slice(&values[from * width..(from + 1) * width]);
                }
            }
        }
    }
    near
}

fn add_kept(residual: &mut [f32], values: &[f32], mask: &Mask) {
    match mask {
        Some(mask) => {
            residual
                .iter_mut()
                .zip(values)
                .zip(mask)
                .for_each(|((sum, value), factor)| *sum += value * factor);
        }
        None => residual.iter_mut().zip(values).for_each(|(sum, value)| *sum += value),
    }
}

fn run_layer(
    layout: &Layout,
    layer: &Layer,
    weights: &[f32],
    spans: &[Range<usize>],
    residual: &mut [f32],
    dropout: Dropout,
    random: &mut Random,
) -> LayerTape {
    let (width, heads) = (layout.shape.width, layout.shape.heads);
    let mut tape = LayerTape { before: normalise(residual, width), ..LayerTape::default() };
    tape.qkv = linear(weights, &layer.qkv, &tape.before.values);
    tape.context = vec![0.0; residual.len()];
    let distances = &weights[layer.distances.clone()];
    for span in spans {
        let qkv = &tape.qkv[span.start * 3 * width..span.end * 3 * width];
        let context = &mut tape.context[span.start * width..span.end * width];
        for (number, distances) in distances.chunks_exact(distances.len() / heads).enumerate() {
            tape.shares.push(Head::new(width, heads, number).forward(qkv, distances, context));
        }
    }
    let attended = linear(weights, &layer.output, &tape.context);
    tape.attended = mask(residual.len(), dropout.block, random);
    add_kept(residual, &attended, &tape.attended);
    tape.middle = normalise(residual, width);
    tape.inner = linear(weights, &layer.up, &tape.middle.values);
    tape.inner.iter_mut().for_each(|value| *value = value.max(0.0));
    let fed = linear(weights, &layer.down, &tape.inner);
    tape.fed = mask(residual.len(), dropout.block, random);
    add_kept(residual, &fed, &tape.fed);
    tape
}

/// Pools the words of each sentence, and scores intents and tags.
fn heads(layout: &Layout, weights: &[f32], tape: &mut Tape) {
    let width = layout.shape.width;
    let pooling = &weights[layout.pooling.weights.clone()];
    for span in &tape.spans {
        let rows = tape.hidden[span.start * width..span.end * width].chunks_exact(width);
        let mut shares: Vec<f32> = rows.clone().map(|row| dot(row, pooling)).collect();
        softmax(&mut shares);
        let mut pooled = vec![0.0; width];
        rows.zip(&shares).for_each(|(row, share)| add_scaled(&mut pooled, *share, row));
        tape.pool_shares.extend(shares);
        tape.pooled.extend(pooled);
    }
    tape.intents = linear(weights, &layout.intents, &tape.pooled);
    tape.tags = linear(weights, &layout.tags, &tape.hidden);
}
