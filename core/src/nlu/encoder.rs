//! The encoder: a sentence to a vector for each of its words, and to scores of intents and tags.
//!
//! `embedding -> layer norm -> convolution over three words -> layers of (attention, feed-forward) -> layer norm`. Each
//! block adds to a residual stream; layer norms have no weights of their own (Xu et al., "Understanding and Improving
//! Layer Normalization", 2019). Attention knows the distance of two words up to eight. A pooled vector, the words weighted
//! by a softmax, gives the intent; each word's own vector gives its tag.
//!
//! What always holds: integers only; a row of weights is read from flash once for all words; the arena holds
//! `words * (4 * width + max(6 * head, 2 * hidden, ...))` bytes, 21.8 KiB for 32 words of the default shape; and the same
//! bytes give the same scores everywhere.

use super::container::{DISTANCES, Layer, MAX_DISTANCE, Model};
use super::feature::{Feature, MAX_PATTERNS, features};
use super::fixed::{NORMAL_BITS, PROBABILITY_BITS, Temperature, normalise, softmax};
use super::limits::MAX_WORDS;
use super::matrix::{Matrix, dot, dot_narrow, saturate};
use crate::arena::{Arena, NoRoom};
use crate::meter::{Meter, Op};
use core::fmt;

/// Largest magnitude of a component of a query or a key: products of two sum up in 32 bits.
pub const MAX_NARROW: i32 = 2_047;

/// `4096 / sqrt(n)`, rounded: what the sum of `n` patterns is weighted with.
pub const PATTERN_WEIGHTS: [u16; MAX_PATTERNS as usize + 1] = {
    let mut weights = [0; MAX_PATTERNS as usize + 1];
    let mut n = 1;
    while n < weights.len() {
        // 2 * 4096 / sqrt(n), then halved and rounded.
        weights[n] = ((1u64 << 26) / n as u64).isqrt().div_ceil(2) as u16;
        n += 1;
    }
    weights
};

/// Why a sentence was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncodeError {
    /// It has no words.
    Empty,
    /// The arena is too small.
    NoRoom(NoRoom),
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "no words"),
            Self::NoRoom(no_room) => no_room.fmt(f),
        }
    }
}

impl core::error::Error for EncodeError {}

impl From<NoRoom> for EncodeError {
    fn from(no_room: NoRoom) -> Self {
        Self::NoRoom(no_room)
    }
}

/// A sentence as the encoder understood it.
#[derive(Clone, Copy, Debug)]
pub struct Encoded<'a> {
    words: usize,
    cut: bool,
    /// `[words][width] i16`, in 1/2048.
    hidden: &'a [i16],
    /// `[width] i16`, in 1/2048.
    pooled: &'a [i16],
}

impl Encoded<'_> {
    /// The number of words that were read.
    pub fn words(&self) -> usize {
        self.words
    }

    /// Were words left out, because there are more than [`MAX_WORDS`]?
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// The scores of all intents, into `out`: `[intents] i16`; [`intent_bits`] digits after the point.
    pub fn intent_scores<M: Meter>(&self, model: &Model<'_>, out: &mut [i16], meter: &mut M) {
        scores(&model.intents, self.pooled, out, meter);
    }

    /// The scores of all tags of a word, into `out`: `[tags] i16`; [`tag_bits`] digits after the point.
    pub fn tag_scores<M: Meter>(&self, model: &Model<'_>, word: usize, out: &mut [i16], meter: &mut M) {
        let width = model.shape().width;
        scores(&model.tags, self.hidden.chunks_exact(width).nth(word).unwrap_or(&[]), out, meter);
    }

    /// The score of one tag of a word, as [`Encoded::tag_scores`] has it; 0 where there is no such word or tag.
    pub fn tag_score<M: Meter>(&self, model: &Model<'_>, word: usize, tag: usize, meter: &mut M) -> i16 {
        let width = model.shape().width;
        let vector = self.hidden.chunks_exact(width).nth(word).unwrap_or(&[]);
        let row = model.tags.rows_from(tag, 1).next();
        row.map_or(0, |row| saturate(row.scale(dot(row.weights, vector, meter), meter)))
    }
}

/// Binary digits after the point of a score of an intent.
pub fn intent_bits(model: &Model<'_>) -> u32 {
    model.intents.out_bits()
}

/// Binary digits after the point of a score of a tag.
pub fn tag_bits(model: &Model<'_>) -> u32 {
    model.tags.out_bits()
}

fn scores<M: Meter>(matrix: &Matrix<'_>, vector: &[i16], out: &mut [i16], meter: &mut M) {
    for (out, row) in out.iter_mut().zip(matrix.rows_from(0, matrix.rows())) {
        let sum = dot(row.weights, vector, meter);
        *out = saturate(row.scale(sum, meter));
    }
}

/// Reads `text` with `model`; its words are what spaces separate.
///
/// # Errors
/// [`EncodeError::Empty`] without words, [`EncodeError::NoRoom`] where the arena is too small.
pub fn encode<'a, M: Meter>(
    model: &Model<'_>,
    text: &str,
    arena: &mut Arena<'a>,
    meter: &mut M,
) -> Result<Encoded<'a>, EncodeError> {
    let shape = *model.shape();
    let (width, head) = (shape.width, shape.width / shape.heads);
    let words = text.split_whitespace().take(MAX_WORDS).count();
    if words == 0 {
        return Err(EncodeError::Empty);
    }
    let count = |per_word: usize| (words * per_word) as u32;
    let residual: &mut [i16] = arena.slice("residual", count(width))?;
    let normal: &mut [i16] = arena.slice("normal", count(width))?;
    let pooled: &mut [i16] = arena.slice("pooled", width as u32)?;
    let work: &mut [i16] = arena.slice("attention and feed-forward", count((3 * head).max(shape.hidden)))?;
    let mut stage = Stage { model, words, width, head, residual, normal, work };
    stage.embed(text, meter);
    stage.convolve(meter);
    for layer in model.layers() {
        stage.normalise(meter);
        (0..shape.heads).for_each(|head| stage.attend(layer, head, meter));
        stage.normalise(meter);
        stage.feed_forward(layer, meter);
    }
    stage.normalise(meter);
    stage.pool(pooled, meter);
    let cut = text.split_whitespace().nth(MAX_WORDS).is_some();
    let Stage { normal, .. } = stage;
    Ok(Encoded { words, cut, hidden: normal, pooled })
}

/// The buffers of a sentence.
struct Stage<'s, 'a, 'm> {
    model: &'s Model<'m>,
    words: usize,
    width: usize,
    head: usize,
    /// `[words][width] i16`, `residual_bits` digits after the point.
    residual: &'a mut [i16],
    /// `[words][width] i16`, in 1/2048.
    normal: &'a mut [i16],
    /// `[3][words][head] i16` or `[words][hidden] i16`.
    work: &'a mut [i16],
}

impl Stage<'_, '_, '_> {
    /// Sums the rows of each word's features, and normalises them into `normal` and `residual`.
    fn embed<M: Meter>(&mut self, text: &str, meter: &mut M) {
        let (model, width) = (self.model, self.width);
        let down = NORMAL_BITS.saturating_sub(model.residual_bits);
        let up = model.residual_bits.saturating_sub(NORMAL_BITS);
        let rows = self.normal.chunks_exact_mut(width).zip(self.residual.chunks_exact_mut(width));
        for (word, (normal, residual)) in text.split_whitespace().zip(rows) {
            let mut sums = [0i32; super::container::MAX_WIDTH];
            let sums = sums.get_mut(..width).unwrap_or_default();
            meter.record(Op::Fill, width as u32);
            let mut own = 0;
            let patterns = features(word, model.shape().buckets, &mut *meter, |feature| match feature {
                Feature::Pattern(row) => add_row(model.patterns, row, sums),
                Feature::Word(row) => own = row,
            });
            let weight = PATTERN_WEIGHTS.get(patterns as usize).copied().unwrap_or(0);
            for sum in sums.iter_mut() {
                *sum = (*sum * i32::from(weight)) >> 12;
            }
            add_row(model.words, own, sums);
            meter.record(Op::Load, (patterns + 1) * width as u32);
            meter.record(Op::Mul, (patterns + 2) * width as u32);
            normalise(sums.iter().copied(), normal, meter);
            for (residual, normal) in residual.iter_mut().zip(normal.iter()) {
                *residual = saturate((i32::from(*normal) << up) >> down);
            }
        }
    }

    /// Adds the convolution of `normal` over each word and its neighbours, negatives cut off, to `residual`.
    fn convolve<M: Meter>(&mut self, meter: &mut M) {
        let width = self.width;
        let matrix = &self.model.convolution;
        for (column, row) in matrix.rows_from(0, width).enumerate() {
            for (word, residual) in self.residual.chunks_exact_mut(width).enumerate() {
                let mut sum = 0;
                for (weights, at) in row.weights.chunks_exact(width).zip(word as isize - 1..) {
                    let Some(near) = usize::try_from(at).ok().and_then(|at| chunk(self.normal, width, at))
                    else {
                        continue;
                    };
                    sum += dot(weights, near, meter);
                }
                add_to(residual, column, row.scale(sum, meter).max(0));
            }
        }
    }

    fn normalise<M: Meter>(&mut self, meter: &mut M) {
        let rows = self.residual.chunks_exact(self.width).zip(self.normal.chunks_exact_mut(self.width));
        for (residual, normal) in rows {
            normalise(residual.iter().map(|value| i32::from(*value)), normal, meter);
        }
    }

    /// One head of attention over `normal`, added to `residual`.
    fn attend<M: Meter>(&mut self, layer: &Layer<'_>, number: usize, meter: &mut M) {
        let (words, head, width) = (self.words, self.head, self.width);
        let first = number * head;
        let (query, rest) = self.work.split_at_mut(words * head);
        let (key, rest) = rest.split_at_mut(words * head);
        let value = rest.get_mut(..words * head).unwrap_or_default();
        project(&layer.query, first, head, self.normal, MAX_NARROW, query, meter);
        project(&layer.key, first, head, self.normal, MAX_NARROW, key, meter);
        project(&layer.value, first, head, self.normal, i16::MAX.into(), value, meter);
        let temperature = Temperature::one(layer.query.out_bits() + layer.key.out_bits());
        let distances = layer.distances.chunks_exact(DISTANCES).nth(number).unwrap_or(&[]);
        for (word, query) in query.chunks_exact_mut(head).enumerate() {
            let (mut scores, mut shares) = ([0i32; MAX_WORDS], [0u16; MAX_WORDS]);
            for ((other, key), score) in key.chunks_exact(head).enumerate().zip(&mut scores) {
                let distance = distances.get(distance_index(word, other));
                let distance = distance.map_or(0, |bytes| i32::from_le_bytes(*bytes));
                *score = dot_narrow(query, key, meter).saturating_add(distance);
            }
            let scores = scores.get(..words).unwrap_or_default();
            softmax(scores, temperature, &mut shares, meter);
            // The query is not needed any more: what the head reads takes its room.
            mix(shares.get(..words).unwrap_or_default(), value, query, meter);
        }
        // The context has the binary point of the values; the multipliers of the output expect it.
        for (column, row) in layer.output.rows_from(0, width).enumerate() {
            let weights = row.weights.get(first..first + head).unwrap_or_default();
            for (context, residual) in query.chunks_exact(head).zip(self.residual.chunks_exact_mut(width)) {
                let sum = dot(weights, context, meter);
                let offset = if number == 0 { row.offset() } else { 0 };
                add_to(residual, column, row.scale_part(sum, meter).saturating_add(offset));
            }
        }
    }

    fn feed_forward<M: Meter>(&mut self, layer: &Layer<'_>, meter: &mut M) {
        let hidden = self.model.shape().hidden;
        let inner = self.work.get_mut(..self.words * hidden).unwrap_or_default();
        project(&layer.up, 0, hidden, self.normal, i16::MAX.into(), inner, meter);
        inner.iter_mut().for_each(|value| *value = (*value).max(0));
        for (column, row) in layer.down.rows_from(0, self.width).enumerate() {
            for (inner, residual) in
                inner.chunks_exact(hidden).zip(self.residual.chunks_exact_mut(self.width))
            {
                let sum = dot(row.weights, inner, meter);
                add_to(residual, column, row.scale(sum, meter));
            }
        }
    }

    /// The words of `normal`, weighted by how telling they are.
    fn pool<M: Meter>(&mut self, pooled: &mut [i16], meter: &mut M) {
        let (mut scores, mut shares) = ([0i32; MAX_WORDS], [0u16; MAX_WORDS]);
        let pooling = &self.model.pooling;
        for row in pooling.rows_from(0, 1) {
            for (normal, score) in self.normal.chunks_exact(self.width).zip(&mut scores) {
                *score = row.scale(dot(row.weights, normal, meter), meter);
            }
        }
        let scores = scores.get(..self.words).unwrap_or_default();
        softmax(scores, Temperature::one(pooling.out_bits()), &mut shares, meter);
        mix(shares.get(..self.words).unwrap_or_default(), self.normal, pooled, meter);
    }
}

/// Which entry of a table of distances is for `other` seen from `word`.
pub fn distance_index(word: usize, other: usize) -> usize {
    (other + MAX_DISTANCE).saturating_sub(word).min(DISTANCES - 1)
}

/// Adds the row of a table to `sums`: weights of 4 bits times the row's scale.
fn add_row(table: &[u8], row: u32, sums: &mut [i32]) {
    let bytes = 2 + sums.len() / 2;
    let Some((scale, weights)) = chunk(table, bytes, row as usize).and_then(|row| row.split_first_chunk())
    else {
        return;
    };
    let scale = i32::from(u16::from_le_bytes(*scale) & 0xFFF);
    for (pair, byte) in sums.as_chunks_mut::<2>().0.iter_mut().zip(weights) {
        let [low, high] = [*byte << 4, *byte & 0xF0].map(|nibble| i32::from(nibble as i8 >> 4));
        let [first, second] = pair;
        *first += low * scale;
        *second += high * scale;
    }
}

/// `count` rows of `matrix` from `first` on, times each vector of `from`, into `to`: `[words][count] i16`.
fn project<M: Meter>(
    matrix: &Matrix<'_>,
    first: usize,
    count: usize,
    from: &[i16],
    limit: i32,
    to: &mut [i16],
    meter: &mut M,
) {
    for (column, row) in matrix.rows_from(first, count).enumerate() {
        for (vector, to) in from.chunks_exact(row.weights.len().max(1)).zip(to.chunks_exact_mut(count)) {
            let sum = dot(row.weights, vector, meter);
            if let Some(to) = to.get_mut(column) {
                *to = row.scale(sum, meter).clamp(-limit, limit) as i16;
            }
        }
    }
    meter.record(Op::Store, matrix.rows().min(count) as u32 * (from.len() / matrix.columns.max(1)) as u32);
}

/// The vectors of `values`, each with its share, into `out`.
fn mix<M: Meter>(shares: &[u16], values: &[i16], out: &mut [i16], meter: &mut M) {
    let width = out.len();
    meter.record(Op::Mac, (shares.len() * width) as u32);
    for (column, out) in out.iter_mut().enumerate() {
        let column = values.iter().skip(column).step_by(width.max(1));
        let sum: i32 = column.zip(shares).map(|(value, share)| i32::from(*value) * i32::from(*share)).sum();
        *out = saturate((sum + (1 << (PROBABILITY_BITS - 1))) >> PROBABILITY_BITS);
    }
}

fn add_to(row: &mut [i16], column: usize, value: i32) {
    if let Some(sum) = row.get_mut(column) {
        *sum = saturate(i32::from(*sum).saturating_add(value));
    }
}

fn chunk<T>(all: &[T], length: usize, index: usize) -> Option<&[T]> {
    let start = index.checked_mul(length)?;
    all.get(start..start.checked_add(length)?)
}
