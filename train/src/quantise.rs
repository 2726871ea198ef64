//! From floating point to the container of a chip: INT4 tables, INT8 matrices, temperatures.
//!
//! Every row of a matrix has its own scale, so that its largest weight is 127. A row of a table has the scale with the
//! smallest squared error among a few. Where the binary point of an activation lies is chosen from the largest
//! magnitudes that the encoder shows on sentences of the corpus, with room above them.

use crate::corpus::Sentence;
use crate::forward::Example;
use crate::layout::Linear;
use crate::learn::{Allowed, Encoder};
use crate::matrix::dot;
use crate::score::{Prediction, Score};
use rayon::prelude::*;
use ruvllm_esp_core::arena::Arena;
use ruvllm_esp_core::meter::{Counts, Meter, Op};
use ruvllm_esp_core::nlu::container::{ContainerError, HEAD, MAGIC, MAX_BYTES, Model, Shape, VERSION};
use ruvllm_esp_core::nlu::decode::decode;
use ruvllm_esp_core::nlu::encoder::{Encoded, MAX_NARROW, encode};
use ruvllm_esp_core::nlu::fixed::NORMAL_BITS;
use ruvllm_esp_core::wire::crc::crc32;
use std::ops::Range;
use thiserror::Error;

/// Sentences that the magnitudes are taken from.
const SAMPLE: usize = 400;
/// Room above the largest magnitude that was seen.
const HEADROOM: f32 = 1.5;
/// Memory of a sentence on a chip.
pub const ARENA: usize = 24 * 1024;
/// Bytes of a line of the flash cache.
const CACHE_LINE: usize = 32;
/// Where the two temperatures lie.
const TEMPERATURES: usize = 36;
/// A confidence that is relied on, and the share of readings with it that have to be right.
const SURE: f64 = 0.9;
const TRUSTED: f64 = 0.975;
/// Inverse temperatures that are tried, in 1/4096: a twelfth of an octave apart.
const STEPS: i32 = 36;

/// Why there is no container.
#[derive(Debug, Error)]
pub enum QuantiseError {
    /// It would be larger than a chip takes.
    #[error("the model has {bytes} bytes, a chip takes {MAX_BYTES}")]
    TooLarge {
        /// What it would have.
        bytes: usize,
    },
    /// A container that was written cannot be read.
    #[error("the model that was written cannot be read: {0}")]
    Unreadable(ContainerError),
}

/// The container of `encoder`, its temperatures fitted on `held_out`, its activations on `sample`.
///
/// # Errors
/// [`QuantiseError::TooLarge`] above 400,000 bytes.
pub fn container(
    encoder: &Encoder,
    sample: &[Sentence],
    held_out: &[Sentence],
) -> Result<Vec<u8>, QuantiseError> {
    let mut bytes = Writer::new(encoder, &Ranges::of(encoder, sample)).write();
    if bytes.len() > MAX_BYTES {
        return Err(QuantiseError::TooLarge { bytes: bytes.len() });
    }
    let temperatures = fit(&bytes, held_out)?;
    for (index, inverse) in temperatures.into_iter().enumerate() {
        bytes[TEMPERATURES + 2 * index..][..2].copy_from_slice(&inverse.to_le_bytes());
    }
    seal(&mut bytes);
    Ok(bytes)
}

/// Writes the length and the checksum.
fn seal(bytes: &mut [u8]) {
    let length = bytes.len() as u32;
    bytes[8..12].copy_from_slice(&length.to_le_bytes());
    let sum = crc32(&bytes[16..], &mut ());
    bytes[12..16].copy_from_slice(&sum.to_le_bytes());
}

/// The largest magnitudes of what is quantised.
#[derive(Clone, Debug, Default)]
struct Ranges {
    residual: f32,
    /// Of each layer: queries, keys, values, the inside of the feed-forward part.
    layers: Vec<[f32; 4]>,
    pooling: f32,
    intents: f32,
    tags: f32,
}

fn magnitude<'v>(values: impl IntoIterator<Item = &'v f32>) -> f32 {
    values.into_iter().fold(0.0, |largest, value| largest.max(value.abs()))
}

impl Ranges {
    fn of(encoder: &Encoder, sample: &[Sentence]) -> Self {
        let layout = &encoder.layout;
        let (width, count) = (layout.shape.width, layout.layers.len());
        let mut ranges = Self { layers: vec![[0.0; 4]; count], ..Self::default() };
        let every = sample.len().div_ceil(SAMPLE).max(1);
        for sentence in sample.iter().step_by(every) {
            let tape = encoder.run(&[&Example::of(sentence, layout.shape.buckets)]);
            ranges.residual = tape.residuals.iter().fold(ranges.residual, |r, all| r.max(magnitude(all)));
            for (range, layer) in ranges.layers.iter_mut().zip(&tape.layers) {
                for row in layer.qkv.chunks_exact(3 * width) {
                    for (range, part) in range.iter_mut().zip(row.chunks_exact(width)) {
                        *range = range.max(magnitude(part));
                    }
                }
                range[3] = range[3].max(magnitude(&layer.inner));
            }
            let pooling = &encoder.weights[layout.pooling.weights.clone()];
            let scores: Vec<f32> = tape.hidden.chunks_exact(width).map(|row| dot(row, pooling)).collect();
            ranges.pooling = ranges.pooling.max(magnitude(&scores));
            ranges.intents = ranges.intents.max(magnitude(&tape.intents));
            ranges.tags = ranges.tags.max(magnitude(&tape.tags));
        }
        ranges
    }
}

/// Binary digits after the point with which `magnitude` and the room above it stay within `limit`.
fn bits(magnitude: f32, limit: i32, max: u32) -> u32 {
    (0..=max).rev().find(|bits| magnitude * HEADROOM * (1u32 << bits) as f32 <= limit as f32).unwrap_or(0)
}

/// Writes a container.
struct Writer<'e> {
    encoder: &'e Encoder,
    ranges: &'e Ranges,
    residual_bits: u32,
    bytes: Vec<u8>,
}

/// The outputs of a matrix that are written, what they are multiplied with, and the binary points before and after.
struct Part {
    outputs: Range<usize>,
    factor: f32,
    in_bits: u32,
    out_bits: u32,
}

impl<'e> Writer<'e> {
    fn new(encoder: &'e Encoder, ranges: &'e Ranges) -> Self {
        // The residual between the two halves of a layer was not looked at: twice the room.
        let residual_bits = bits(2.0 * ranges.residual, i16::MAX.into(), NORMAL_BITS);
        Self { encoder, ranges, residual_bits, bytes: Vec::new() }
    }

    fn write(mut self) -> Vec<u8> {
        let layout = &self.encoder.layout;
        let shape = layout.shape;
        self.head(&shape);
        self.tables();
        let width = shape.width;
        let all = |linear: &Linear| 0..linear.outputs;
        let wide = i32::from(i16::MAX);
        let residual_bits = self.residual_bits;
        let part =
            |outputs: Range<usize>, in_bits, out_bits| Part { outputs, factor: 1.0, in_bits, out_bits };
        self.matrix(&layout.convolution, part(all(&layout.convolution), NORMAL_BITS, residual_bits));
        for (layer, [query, key, value, inner]) in layout.layers.iter().zip(self.ranges.layers.clone()) {
            let scale = 1.0 / ((width / shape.heads) as f32).sqrt();
            let query_bits = bits(query * scale, MAX_NARROW, 12);
            let key_bits = bits(key, MAX_NARROW, 12);
            let (value_bits, inner_bits) = (bits(value, wide, 13), bits(inner, wide, 13));
            let query = Part { factor: scale, ..part(0..width, NORMAL_BITS, query_bits) };
            self.matrix(&layer.qkv, query);
            self.matrix(&layer.qkv, part(width..2 * width, NORMAL_BITS, key_bits));
            self.matrix(&layer.qkv, part(2 * width..3 * width, NORMAL_BITS, value_bits));
            let unit = (1u64 << (query_bits + key_bits)) as f32;
            for distance in &self.encoder.weights[layer.distances.clone()] {
                self.bytes.extend(((distance * unit).round_ties_even() as i32).to_le_bytes());
            }
            self.matrix(&layer.output, part(all(&layer.output), value_bits, residual_bits));
            self.matrix(&layer.up, part(all(&layer.up), NORMAL_BITS, inner_bits));
            self.matrix(&layer.down, part(all(&layer.down), inner_bits, residual_bits));
        }
        for (linear, range) in [
            (&layout.pooling, self.ranges.pooling),
            (&layout.intents, self.ranges.intents),
            (&layout.tags, self.ranges.tags),
        ] {
            self.matrix(linear, part(all(linear), NORMAL_BITS, bits(range, wide, 12)));
        }
        self.masks(&shape);
        let labels = &self.encoder.labels;
        for name in labels.intents.iter().chain(&labels.slots) {
            self.bytes.push(name.len() as u8);
            self.bytes.extend(name.as_bytes());
        }
        seal(&mut self.bytes);
        self.bytes
    }

    fn head(&mut self, shape: &Shape) {
        let bytes = &mut self.bytes;
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend([0; 10]);
        for value in [shape.width, shape.hidden, shape.intents, shape.slots] {
            bytes.extend((value as u16).to_le_bytes());
        }
        bytes.extend(shape.buckets.words.to_le_bytes());
        bytes.extend(shape.buckets.patterns.to_le_bytes());
        bytes.extend([shape.heads as u8, shape.layers as u8, self.residual_bits as u8, 0]);
        // No temperature yet: 1 for both.
        bytes.extend([4096u16.to_le_bytes(), 4096u16.to_le_bytes()].concat());
        debug_assert_eq!(bytes.len(), HEAD);
    }

    /// Both tables, at one unit of scale.
    fn tables(&mut self) {
        let layout = &self.encoder.layout;
        let weights = &self.encoder.weights[layout.words.start..layout.patterns.end];
        let rows: Vec<&[f32]> = weights.chunks_exact(layout.shape.width).collect();
        // A scale has 12 bits.
        let unit = magnitude(weights).max(f32::MIN_POSITIVE) / 7.0 / 4095.0;
        let quantised: Vec<Vec<u8>> = rows.par_iter().map(|row| table_row(row, unit)).collect();
        self.bytes.extend(quantised.concat());
    }

    fn matrix(&mut self, linear: &Linear, part: Part) {
        let Part { outputs, factor, in_bits, out_bits } = part;
        let weights = &self.encoder.weights[linear.weights.clone()];
        let bias = &self.encoder.weights[linear.bias.clone()][outputs.clone()];
        let rows: Vec<Vec<f32>> = outputs
            .map(|output| weights.iter().skip(output).step_by(linear.outputs).map(|w| w * factor).collect())
            .collect();
        let scales: Vec<f32> = rows.iter().map(|row| magnitude(row).max(1e-12) / 127.0).collect();
        let real = |scale: &f32| f64::from(*scale) * 2f64.powi(out_bits as i32 - in_bits as i32);
        let largest = scales.iter().map(real).fold(0.0, f64::max);
        let fits = |shift: &u32| largest * 2f64.powi(*shift as i32) < f64::from(1 << 30);
        let shift = (0..=60).rev().find(fits).unwrap_or(0);
        self.bytes.extend([shift as u8, out_bits as u8, 0, 0]);
        for scale in &scales {
            let multiplier = (real(scale) * 2f64.powi(shift as i32)).round_ties_even();
            self.bytes.extend((multiplier as i32).to_le_bytes());
        }
        for bias in bias {
            let offset = (bias * factor * (1u32 << out_bits) as f32).round_ties_even();
            self.bytes.extend((offset as i32).to_le_bytes());
        }
        for (row, scale) in rows.iter().zip(&scales) {
            self.bytes.extend(row.iter().map(|w| ((w / scale).round_ties_even() as i8) as u8));
        }
    }

    fn masks(&mut self, shape: &Shape) {
        let Allowed(allowed) = &self.encoder.allowed;
        for row in allowed.iter().take(shape.intents) {
            for bits in row.chunks(8) {
                let byte = bits.iter().enumerate().map(|(bit, is)| u8::from(*is) << bit).sum();
                self.bytes.push(byte);
            }
        }
    }
}

/// A row of a table: its scale in units, then weights of 4 bits.
fn table_row(row: &[f32], unit: f32) -> Vec<u8> {
    let largest = magnitude(row) / 7.0;
    let weight = |value: &f32, scale: f32| (value / scale).round_ties_even().clamp(-8.0, 7.0);
    let error = |units: u16| {
        let scale = f32::from(units) * unit;
        row.iter().map(|value| (value - scale * weight(value, scale)).powi(2)).sum::<f32>()
    };
    let candidates = (12..=21).map(|share| ((largest * share as f32 / 20.0 / unit) as u16).clamp(1, 4095));
    let best = candidates.min_by(|a, b| error(*a).total_cmp(&error(*b))).unwrap_or(1);
    let scale = f32::from(best) * unit;
    let mut bytes = best.to_le_bytes().to_vec();
    for pair in row.chunks(2) {
        let nibble = |value: &f32| weight(value, scale) as i8 as u8 & 15;
        bytes.push(pair.iter().enumerate().map(|(index, value)| nibble(value) << (4 * index)).sum());
    }
    bytes
}

/// Reads one sentence with a model, as a chip does.
pub fn read<M: Meter>(model: &Model<'_>, sentence: &Sentence, meter: &mut M) -> Prediction {
    let mut memory = vec![0; ARENA];
    let nothing = || Prediction { intent: 0, tags: Vec::new(), confidence: 0, refused: true };
    let encoded = encode(model, &sentence.words.join(" "), &mut Arena::new(&mut memory), meter);
    encoded.map_or_else(
        |_| nothing(),
        |encoded| {
            let reading = decode(model, &encoded, meter);
            Prediction {
                intent: reading.intent as u16,
                tags: reading.tags().to_vec(),
                confidence: reading.confidence.0,
                refused: reading.is_refused(model),
            }
        },
    )
}

/// Reads `sentences` with the model in `container`, and counts what is right and what work it was.
///
/// Weights lie in flash: each matrix is taken to come into the cache once for a sentence, each row of a table every time.
///
/// # Errors
/// [`ContainerError`] where the bytes are no model.
pub fn measure(container: &[u8], sentences: &[Sentence]) -> Result<(Score, Counts), ContainerError> {
    let model = Model::open(container, &mut ())?;
    let read = |sentence: &Sentence| {
        let mut counts = Counts::default();
        let prediction = read(&model, sentence, &mut counts);
        counts.record(Op::ICacheFill, cache_lines(model.shape(), container.len(), sentence));
        (prediction, counts)
    };
    let all: Vec<(Prediction, Counts)> = sentences.par_iter().map(read).collect();
    let (mut score, mut counts) = (Score::default(), Counts::default());
    for (sentence, (prediction, work)) in sentences.iter().zip(&all) {
        score.count(sentence, prediction);
        counts.add(work);
    }
    Ok((score, counts))
}

/// Lines of the flash cache that a sentence fills.
fn cache_lines(shape: &Shape, bytes: usize, sentence: &Sentence) -> u32 {
    let rows = (shape.buckets.words + shape.buckets.patterns) as usize;
    let matrices = (bytes - HEAD - rows * shape.table_row()).div_ceil(CACHE_LINE);
    let features =
        Example::of(sentence, shape.buckets).rows.iter().map(|row| 1 + row.patterns.len()).sum::<usize>();
    // A row that begins anywhere touches one line more than it is long.
    (matrices + features * (1 + shape.table_row().div_ceil(CACHE_LINE))) as u32
}

/// What a sentence's confidence is made of: scores in nats, and which are right or chosen.
struct Evidence {
    intents: Vec<f64>,
    right_intent: usize,
    chosen_intent: usize,
    /// Scores and the chosen tag of each word.
    tags: Vec<(Vec<f64>, usize)>,
    /// Is all of it right?
    whole: bool,
}

/// The inverse temperatures of intents and of tags, in 1/4096, that fit `held_out` best.
///
/// That of intents makes the right ones most probable; that of tags makes the confidence of a whole sentence tell best
/// whether it is right, or lower than that until [`TRUSTED`] of the sentences with a confidence of [`SURE`] are right.
fn fit(container: &[u8], held_out: &[Sentence]) -> Result<[u16; 2], QuantiseError> {
    let model = Model::open(container, &mut ()).map_err(QuantiseError::Unreadable)?;
    let evidence: Vec<Evidence> = held_out.par_iter().filter_map(|s| Evidence::of(&model, s)).collect();
    if evidence.is_empty() {
        return Ok([4096; 2]);
    }
    let known: Vec<&Evidence> = evidence.iter().filter(|e| e.right_intent < e.intents.len()).collect();
    let of_intents = |inverse: f64| -> f64 {
        known.iter().map(|e| -log_probability(&e.intents, e.right_intent, inverse)).sum()
    };
    let intents = lowest(of_intents);
    let confidence = |e: &Evidence, inverse: f64| {
        let tags = e.tags.iter().map(|(scores, chosen)| log_probability(scores, *chosen, inverse));
        (log_probability(&e.intents, e.chosen_intent, intents) + tags.sum::<f64>()).exp()
    };
    let of_wholes = |inverse: f64| -> f64 {
        let loss = |e: &Evidence| {
            let probability = confidence(e, inverse).clamp(1e-3, 1.0 - 1e-3);
            -(if e.whole { probability } else { 1.0 - probability }).ln()
        };
        evidence.iter().map(loss).sum()
    };
    let is_trusted = |inverse: f64| {
        let sure = evidence.iter().filter(|e| confidence(e, inverse) >= SURE);
        let (all, right) = sure.fold((0, 0), |(all, right), e| (all + 1, right + usize::from(e.whole)));
        right as f64 >= TRUSTED * f64::from(all)
    };
    let step = 2f64.powf(-1.0 / 12.0);
    let best = lowest(of_wholes);
    let mut tags = std::iter::successors(Some(best), |inverse| Some(inverse * step)).take(STEPS as usize);
    let tags = tags.find(|inverse| is_trusted(*inverse)).unwrap_or(best);
    Ok([intents, tags].map(|inverse| (inverse * 4096.0) as u16))
}

/// Where `loss` is lowest among inverse temperatures from 1/8 to 8.
fn lowest(loss: impl Fn(f64) -> f64) -> f64 {
    let all = (-STEPS..=STEPS).map(|step| 2f64.powf(f64::from(step) / 12.0));
    all.map(|inverse| (inverse, loss(inverse))).min_by(|a, b| a.1.total_cmp(&b.1)).map_or(1.0, |(i, _)| i)
}

fn log_probability(scores: &[f64], chosen: usize, inverse: f64) -> f64 {
    let max = scores.iter().copied().fold(f64::MIN, f64::max);
    let sum: f64 = scores.iter().map(|score| ((score - max) * inverse).exp()).sum();
    scores.get(chosen).map_or(0.0, |score| (score - max) * inverse) - sum.ln()
}

impl Evidence {
    fn of(model: &Model<'_>, sentence: &Sentence) -> Option<Self> {
        let mut memory = vec![0; ARENA];
        let text = sentence.words.join(" ");
        let encoded = encode(model, &text, &mut Arena::new(&mut memory), &mut ()).ok()?;
        let (intents, tags) = real_scores(model, &encoded);
        let reading = decode(model, &encoded, &mut ());
        let mut score = Score::default();
        let prediction = Prediction {
            intent: reading.intent as u16,
            tags: reading.tags().to_vec(),
            confidence: 0,
            refused: false,
        };
        score.count(sentence, &prediction);
        Some(Self {
            intents,
            right_intent: sentence.intent.into(),
            chosen_intent: reading.intent,
            tags: tags.into_iter().zip(reading.tags().iter().map(|tag| usize::from(*tag))).collect(),
            whole: score.whole_right == 1,
        })
    }
}

/// The scores of intents, and of the tags of each word, as real numbers.
pub fn real_scores(model: &Model<'_>, encoded: &Encoded<'_>) -> (Vec<f64>, Vec<Vec<f64>>) {
    use ruvllm_esp_core::nlu::encoder::{intent_bits, tag_bits};
    let real = |scores: &[i16], bits: u32| -> Vec<f64> {
        scores.iter().map(|score| f64::from(*score) / f64::from(1 << bits)).collect()
    };
    let mut intents = vec![0; model.shape().intents];
    encoded.intent_scores(model, &mut intents, &mut ());
    let tags = (0..encoded.words()).map(|word| {
        let mut tags = vec![0; model.shape().tags()];
        encoded.tag_scores(model, word, &mut tags, &mut ());
        real(&tags, tag_bits(model))
    });
    (real(&intents, intent_bits(model)), tags.collect())
}

/// How often the chip's arithmetic and floating point agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Sentences, and those whose highest intent is the same.
    pub intents: (usize, usize),
    /// Words, and those whose highest tag is the same.
    pub tags: (usize, usize),
}

/// Compares the model in `container` with the encoder that it was made of.
///
/// # Errors
/// [`ContainerError`] where the bytes are no model.
pub fn agreement(
    encoder: &Encoder,
    container: &[u8],
    sentences: &[Sentence],
) -> Result<Agreement, ContainerError> {
    let model = Model::open(container, &mut ())?;
    let shape = encoder.layout.shape;
    let argmax = |scores: &[f64]| crate::learn::argmax(&scores.iter().map(|s| *s as f32).collect::<Vec<_>>());
    let one = |sentence: &Sentence| {
        let tape = encoder.run(&[&Example::of(sentence, shape.buckets)]);
        let mut memory = vec![0; ARENA];
        let text = sentence.words.join(" ");
        let Ok(encoded) = encode(&model, &text, &mut Arena::new(&mut memory), &mut ()) else {
            return Agreement::default();
        };
        let (intents, tags) = real_scores(&model, &encoded);
        let same = usize::from(argmax(&intents) == crate::learn::argmax(&tape.intents));
        let pairs = tags.iter().zip(tape.tags.chunks_exact(shape.tags()));
        let same_tags = pairs.filter(|(chip, float)| argmax(chip) == crate::learn::argmax(float)).count();
        Agreement { intents: (1, same), tags: (tags.len(), same_tags) }
    };
    let all: Vec<Agreement> = sentences.par_iter().map(one).collect();
    Ok(all.iter().fold(Agreement::default(), |sum, one| Agreement {
        intents: (sum.intents.0 + one.intents.0, sum.intents.1 + one.intents.1),
        tags: (sum.tags.0 + one.tags.0, sum.tags.1 + one.tags.1),
    }))
}
