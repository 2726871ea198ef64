//! Where each weight of an encoder lies in one flat vector, and how they begin.
//!
//! Matrices are `[inputs][outputs]`. The two tables of embeddings come last, `[rows][width]`, so that what is dense is one
//! range and what is sparse another.

use crate::random::Random;
use ruvllm_esp_core::nlu::container::{DISTANCES, Shape};
use std::ops::Range;

/// A matrix with a bias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linear {
    /// Components of an input.
    pub inputs: usize,
    /// Components of an output.
    pub outputs: usize,
    /// `[inputs][outputs]`.
    pub weights: Range<usize>,
    /// `[outputs]`.
    pub bias: Range<usize>,
}

/// One layer of attention and its feed-forward part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Queries, keys and values, side by side.
    pub qkv: Linear,
    /// `[heads][DISTANCES]`.
    pub distances: Range<usize>,
    /// From what was attended to.
    pub output: Linear,
    /// Into the feed-forward part.
    pub up: Linear,
    /// Out of it.
    pub down: Linear,
}

/// The weights of a shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// What it is laid out for.
    pub shape: Shape,
    /// Over a word and its neighbours.
    pub convolution: Linear,
    /// In order.
    pub layers: Vec<Layer>,
    /// One score a word.
    pub pooling: Linear,
    /// One score an intent.
    pub intents: Linear,
    /// One score a tag.
    pub tags: Linear,
    /// Rows of words.
    pub words: Range<usize>,
    /// Rows of patterns.
    pub patterns: Range<usize>,
}

impl Layout {
    /// Lays out the weights of `shape`.
    pub fn new(shape: Shape) -> Self {
        let width = shape.width;
        let mut end = 0;
        let mut range = |count: usize| {
            let start = end;
            end += count;
            start..end
        };
        let mut linear = |inputs: usize, outputs: usize| Linear {
            inputs,
            outputs,
            weights: range(inputs * outputs),
            bias: range(outputs),
        };
        let convolution = linear(3 * width, width);
        let mut parts: Vec<[Linear; 4]> = Vec::new();
        for _ in 0..shape.layers {
            let (qkv, output) = (linear(width, 3 * width), linear(width, width));
            parts.push([qkv, output, linear(width, shape.hidden), linear(shape.hidden, width)]);
        }
        let (pooling, intents) = (linear(width, 1), linear(width, shape.intents));
        let tags = linear(width, shape.tags());
        let layer = |[qkv, output, up, down]: [Linear; 4]| {
            let distances = range(shape.heads * DISTANCES);
            Layer { qkv, distances, output, up, down }
        };
        let layers = parts.into_iter().map(layer).collect();
        let words = range(shape.buckets.words as usize * width);
        let patterns = range(shape.buckets.patterns as usize * width);
        Self { shape, convolution, layers, pooling, intents, tags, words, patterns }
    }

    /// All weights.
    pub fn len(&self) -> usize {
        self.patterns.end
    }

    /// Is there no weight?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Weights that every sentence uses.
    pub fn dense(&self) -> usize {
        self.words.start
    }

    /// Every matrix.
    pub fn linears(&self) -> impl Iterator<Item = &Linear> {
        let layers = self.layers.iter().flat_map(|layer| [&layer.qkv, &layer.output, &layer.up, &layer.down]);
        [&self.convolution, &self.pooling, &self.intents, &self.tags].into_iter().chain(layers)
    }

    /// Weights to begin with: uniform, as wide as keeps the variance of what passes through (He et al., 2015).
    pub fn initial(&self, seed: u64) -> Vec<f32> {
        let mut weights = vec![0.0; self.len()];
        let mut random = Random::new(seed);
        for linear in self.linears() {
            let bound = (3.0 / linear.inputs as f32).sqrt();
            weights[linear.weights.clone()].iter_mut().for_each(|w| *w = bound * (2.0 * random.unit() - 1.0));
        }
        for table in [&self.words, &self.patterns] {
            weights[table.clone()].iter_mut().for_each(|w| *w = 0.1 * (2.0 * random.unit() - 1.0));
        }
        weights
    }
}
