//! The derivatives of the loss by every weight, by hand, in the reverse order of the forward pass.
//!
//! The loss is the cross entropy of the intent plus [`TAG_WEIGHT`] times that of each tag. Each layer is held against
//! finite differences of the whole encoder.

use crate::attention::Head;
use crate::forward::{Example, LayerTape, Tape, apply};
use crate::layout::{Layer, Layout, Linear};
use crate::math::{normalise_backward, softmax, softmax_backward};
use crate::matrix::{add_product, add_scaled, dot, transposed};

/// What the cross entropy of one tag counts beside that of the intent.
pub const TAG_WEIGHT: f32 = 0.3;

/// The derivatives of some sentences.
#[derive(Debug)]
pub struct Derivative {
    /// By the dense weights.
    pub dense: Vec<f32>,
    /// By the sum of the rows of each word: `[rows][width]`.
    pub embedding: Vec<f32>,
    /// The sum of the losses.
    pub loss: f64,
}

/// The probabilities of `scores` minus one at `right`, times `factor`, in place; returns the probability of `right`.
fn cross_entropy(scores: &mut [f32], right: u16, factor: f32) -> f32 {
    softmax(scores);
    let right = &mut scores[usize::from(right)];
    let probability = *right;
    *right -= 1.0;
    scores.iter_mut().for_each(|score| *score *= factor);
    probability
}

/// The loss of `tape` and its derivatives, times `factor`.
pub fn backward(
    layout: &Layout,
    weights: &[f32],
    examples: &[&Example],
    mut tape: Tape,
    factor: f32,
) -> Derivative {
    let width = layout.shape.width;
    let mut dense = vec![0.0; layout.dense()];
    let mut loss = 0.0;
    for (scores, example) in tape.intents.chunks_exact_mut(layout.shape.intents).zip(examples) {
        loss -= f64::from(cross_entropy(scores, example.intent, factor).max(f32::MIN_POSITIVE)).ln();
    }
    let all_tags = examples.iter().flat_map(|example| &example.tags);
    for (scores, tag) in tape.tags.chunks_exact_mut(layout.shape.tags()).zip(all_tags) {
        let probability = cross_entropy(scores, *tag, factor * TAG_WEIGHT).max(f32::MIN_POSITIVE);
        loss -= f64::from(TAG_WEIGHT) * f64::from(probability).ln();
    }
    let mut by_hidden = linear_backward(weights, &layout.tags, &tape.hidden, &tape.tags, &mut dense);
    let by_pooled = linear_backward(weights, &layout.intents, &tape.pooled, &tape.intents, &mut dense);
    pool_backward(layout, weights, &tape, &by_pooled, &mut by_hidden, &mut dense);
    apply(&mut by_hidden, &tape.last_kept);
    let mut by_residual = vec![0.0; by_hidden.len()];
    normalise_backward(&tape.last, &by_hidden, width, &mut by_residual);
    for (layer, layer_tape) in layout.layers.iter().zip(&tape.layers).rev() {
        layer_backward(layout, layer, weights, (&tape, layer_tape), &mut by_residual, &mut dense);
    }
    convolution_backward(layout, weights, &tape, &mut by_residual, &mut dense);
    apply(&mut by_residual, &tape.kept);
    let mut embedding = vec![0.0; by_residual.len()];
    normalise_backward(&tape.embedded, &by_residual, width, &mut embedding);
    Derivative { dense, embedding, loss }
}

/// Adds the derivatives by the weights, and returns that by the input.
fn linear_backward(
    weights: &[f32],
    linear: &Linear,
    input: &[f32],
    by_output: &[f32],
    dense: &mut [f32],
) -> Vec<f32> {
    let Linear { inputs, outputs, .. } = *linear;
    let rows = input.len() / inputs;
    for row in by_output.chunks_exact(outputs) {
        add_scaled(&mut dense[linear.bias.clone()], 1.0, row);
    }
    add_product(&mut dense[linear.weights.clone()], &transposed(input, inputs), by_output, rows, outputs);
    let mut by_input = vec![0.0; input.len()];
    let across = transposed(&weights[linear.weights.clone()], outputs);
    add_product(&mut by_input, by_output, &across, outputs, inputs);
    by_input
}

fn pool_backward(
    layout: &Layout,
    weights: &[f32],
    tape: &Tape,
    by_pooled: &[f32],
    by_hidden: &mut [f32],
    dense: &mut [f32],
) {
    let width = layout.shape.width;
    let pooling = &weights[layout.pooling.weights.clone()];
    for (span, by_pooled) in tape.spans.iter().zip(by_pooled.chunks_exact(width)) {
        let hidden = tape.hidden[span.start * width..span.end * width].chunks_exact(width);
        let shares = &tape.pool_shares[span.clone()];
        let mut by_scores: Vec<f32> = hidden.clone().map(|row| dot(row, by_pooled)).collect();
        softmax_backward(shares, &mut by_scores);
        let to = by_hidden[span.start * width..span.end * width].chunks_exact_mut(width);
        for (((hidden, to), share), by_score) in hidden.zip(to).zip(shares).zip(&by_scores) {
            add_scaled(to, *share, by_pooled);
            add_scaled(to, *by_score, pooling);
            add_scaled(&mut dense[layout.pooling.weights.clone()], *by_score, hidden);
        }
    }
}

fn layer_backward(
    layout: &Layout,
    layer: &Layer,
    weights: &[f32],
    (tape, own): (&Tape, &LayerTape),
    by_residual: &mut [f32],
    dense: &mut [f32],
) {
    let (width, heads) = (layout.shape.width, layout.shape.heads);
    let mut by_fed = by_residual.to_vec();
    apply(&mut by_fed, &own.fed);
    let mut by_inner = linear_backward(weights, &layer.down, &own.inner, &by_fed, dense);
    cut_off(&mut by_inner, &own.inner);
    let by_middle = linear_backward(weights, &layer.up, &own.middle.values, &by_inner, dense);
    normalise_backward(&own.middle, &by_middle, width, by_residual);

    let mut by_attended = by_residual.to_vec();
    apply(&mut by_attended, &own.attended);
    let by_context = linear_backward(weights, &layer.output, &own.context, &by_attended, dense);
    let mut by_qkv = vec![0.0; own.qkv.len()];
    for (span, shares) in tape.spans.iter().zip(own.shares.chunks_exact(heads)) {
        let rows = span.start * 3 * width..span.end * 3 * width;
        let by_context = &by_context[span.start * width..span.end * width];
        let by_distances = &mut dense[layer.distances.clone()];
        let entries = by_distances.len() / heads;
        for ((number, shares), by_distances) in
            shares.iter().enumerate().zip(by_distances.chunks_exact_mut(entries))
        {
            let head = Head::new(width, heads, number);
            head.backward(
                &own.qkv[rows.clone()],
                shares,
                by_context,
                &mut by_qkv[rows.clone()],
                by_distances,
            );
        }
    }
    let by_before = linear_backward(weights, &layer.qkv, &own.before.values, &by_qkv, dense);
    normalise_backward(&own.before, &by_before, width, by_residual);
}

fn convolution_backward(
    layout: &Layout,
    weights: &[f32],
    tape: &Tape,
    by_residual: &mut [f32],
    dense: &mut [f32],
) {
    let width = layout.shape.width;
    let mut by_convolved = by_residual.to_vec();
    apply(&mut by_convolved, &tape.convolution);
    cut_off(&mut by_convolved, &tape.convolved);
    let by_near = linear_backward(weights, &layout.convolution, &tape.near, &by_convolved, dense);
    for span in &tape.spans {
        for row in span.clone() {
            for part in 0..3 {
                if let Some(to) = (row + part).checked_sub(1).filter(|to| span.contains(to)) {
                    let from = &by_near[(3 * row + part) * width..(3 * row + part + 1) * width];
                    add_scaled(&mut by_residual[to * width..(to + 1) * width], 1.0, from);
                }
            }
        }
    }
}

/// Nothing flows back where negatives were cut off.
fn cut_off(derivative: &mut [f32], values: &[f32]) {
    for (derivative, value) in derivative.iter_mut().zip(values) {
        if *value <= 0.0 {
            *derivative = 0.0;
        }
    }
}

/// Adds the derivative by the sums of rows to that by the tables: `[words + patterns][width]`.
pub fn scatter(
    layout: &Layout,
    examples: &[&Example],
    with_word: &[bool],
    embedding: &[f32],
    tables: &mut [f32],
) {
    let width = layout.shape.width;
    let words = layout.words.len();
    let rows = examples.iter().flat_map(|example| &example.rows).zip(with_word);
    for ((rows, with_word), derivative) in rows.zip(embedding.chunks_exact(width)) {
        let weight = rows.pattern_weight();
        for pattern in &rows.patterns {
            let start = words + *pattern as usize * width;
            add_scaled(&mut tables[start..start + width], weight, derivative);
        }
        if *with_word {
            let start = rows.word as usize * width;
            add_scaled(&mut tables[start..start + width], 1.0, derivative);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Sentence;
    use crate::forward::{Dropout, forward};
    use crate::math::tests::check_derivative;
    use crate::random::Random;
    use ruvllm_esp_core::nlu::container::Shape;
    use ruvllm_esp_core::nlu::feature::Buckets;

    const DROPOUT: Dropout = Dropout { word: 0.3, block: 0.2, last: 0.2 };

    /// Every weight of a small encoder, one matrix at a time, with parts left out as in training.
    #[test]
    fn every_part_of_the_encoder_has_its_derivative() {
        let buckets = Buckets { words: 13, patterns: 17 };
        let layout =
            Layout::new(Shape { width: 16, hidden: 24, heads: 2, layers: 2, intents: 3, slots: 2, buckets });
        let mut weights = layout.initial(7);
        let mut random = Random::new(9);
        // Embeddings as small as they begin would be normalised so steeply that a finite step tells little.
        weights[layout.dense()..].iter_mut().for_each(|w| *w = 2.0 * random.unit() - 1.0);
        for layer in &layout.layers {
            weights[layer.distances.clone()].iter_mut().for_each(|w| *w = random.unit() - 0.5);
        }
        for linear in layout.linears() {
            weights[linear.bias.clone()].iter_mut().for_each(|w| *w = 0.2 * random.unit());
        }
        let sentence = |text: &str, tags: &[u16], intent| Sentence {
            words: text.split(' ').map(str::to_owned).collect(),
            tags: tags.to_vec(),
            intent,
        };
        let sentences = [
            sentence("dim the red lamp", &[0, 0, 1, 2], 0),
            sentence("stop", &[0], 2),
            sentence("play some quiet jazz in the hall", &[0, 0, 3, 4, 0, 0, 1], 1),
        ];
        let examples: Vec<Example> =
            sentences.iter().map(|sentence| Example::of(sentence, buckets)).collect();
        let examples: Vec<&Example> = examples.iter().collect();
        let run = |weights: &[f32]| forward(&layout, weights, &examples, DROPOUT, &mut Random::new(5));
        let loss = |weights: &[f32]| backward(&layout, weights, &examples, run(weights), 1.0).loss;

        let tape = run(&weights);
        let with_word = tape.with_word.clone();
        let derivative = backward(&layout, &weights, &examples, tape, 1.0);
        let mut all = derivative.dense;
        let mut tables = vec![0.0; layout.len() - layout.dense()];
        scatter(&layout, &examples, &with_word, &derivative.embedding, &mut tables);
        all.extend(tables);

        let layers = layout.layers.iter();
        let parts = layout.linears().flat_map(|linear| [&linear.weights, &linear.bias]);
        let parts =
            parts.chain(layers.map(|layer| &layer.distances)).chain([&layout.words, &layout.patterns]);
        // A softmax does not see what all its scores have in common: the bias of the pooling moves nothing.
        for part in parts.filter(|part| **part != layout.pooling.bias) {
            check_derivative(&weights[part.clone()], &all[part.clone()], |at| {
                let mut moved = weights.clone();
                moved[part.clone()].copy_from_slice(at);
                loss(&moved)
            });
        }
    }
}
