//! Attention of one head within one sentence, forward and backward.
//!
//! Rows of queries, keys and values lie side by side: `[words][3 * width]`.

use crate::math::{softmax, softmax_backward};
use crate::matrix::{add_scaled, dot};
use ruvllm_esp_core::nlu::encoder::distance_index;
use std::ops::Range;

/// Which columns a head has.
#[derive(Clone, Debug)]
pub struct Head {
    /// Components of a word's vector.
    pub width: usize,
    /// Those of the head, among the `width`.
    pub columns: Range<usize>,
}

impl Head {
    /// The head of `number` among `heads`.
    pub fn new(width: usize, heads: usize, number: usize) -> Self {
        let size = width / heads;
        Self { width, columns: number * size..(number + 1) * size }
    }

    fn part(&self, which: usize) -> Range<usize> {
        which * self.width + self.columns.start..which * self.width + self.columns.end
    }

    fn scale(&self) -> f32 {
        1.0 / (self.columns.len() as f32).sqrt()
    }

    /// What each word reads, into its columns of `context`: `[words][width]`; returns who attended to whom:
    /// `[words][words]`.
    pub fn forward(&self, qkv: &[f32], distances: &[f32], context: &mut [f32]) -> Vec<f32> {
        let rows: Vec<&[f32]> = qkv.chunks_exact(3 * self.width).collect();
        let mut all = vec![0.0; rows.len() * rows.len()];
        let shares = all.chunks_exact_mut(rows.len().max(1));
        for ((word, shares), context) in shares.enumerate().zip(context.chunks_exact_mut(self.width)) {
            let query = &rows[word][self.part(0)];
            for (other, share) in shares.iter_mut().enumerate() {
                let distance = distances[distance_index(word, other)];
                *share = dot(query, &rows[other][self.part(1)]) * self.scale() + distance;
            }
            softmax(shares);
            let context = &mut context[self.columns.clone()];
            for (row, share) in rows.iter().zip(shares.iter()) {
                add_scaled(context, *share, &row[self.part(2)]);
            }
        }
        all
    }

    /// Adds the derivatives by queries, keys, values and distances, from that by the context.
    pub fn backward(
        &self,
        qkv: &[f32],
        shares: &[f32],
        by_context: &[f32],
        by_qkv: &mut [f32],
        by_distances: &mut [f32],
    ) {
        let row_length = 3 * self.width;
        let rows: Vec<&[f32]> = qkv.chunks_exact(row_length).collect();
        let all = shares.chunks_exact(rows.len().max(1)).zip(by_context.chunks_exact(self.width));
        let mut by_scores = vec![0.0; rows.len()];
        for (word, (shares, by_context)) in all.enumerate() {
            let by_context = &by_context[self.columns.clone()];
            for (other, share) in shares.iter().enumerate() {
                by_scores[other] = dot(by_context, &rows[other][self.part(2)]);
                let by_value = &mut by_qkv[other * row_length..][self.part(2)];
                add_scaled(by_value, *share, by_context);
            }
            softmax_backward(shares, &mut by_scores);
            for (other, by_score) in by_scores.iter().enumerate() {
                by_distances[distance_index(word, other)] += by_score;
                let by_dot = by_score * self.scale();
                add_scaled(
                    &mut by_qkv[word * row_length..][self.part(0)],
                    by_dot,
                    &rows[other][self.part(1)],
                );
                add_scaled(
                    &mut by_qkv[other * row_length..][self.part(1)],
                    by_dot,
                    &rows[word][self.part(0)],
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::tests::{check_derivative, values, weighted};
    use ruvllm_esp_core::nlu::container::DISTANCES;

    #[test]
    fn attention_has_its_derivatives() {
        const WORDS: usize = 5;
        const WIDTH: usize = 16;
        let head = Head::new(WIDTH, 2, 1);
        let (qkv, distances) = (values(WORDS * 3 * WIDTH, 1), values(DISTANCES, 2));
        let weights = values(WORDS * WIDTH, 3);
        let run = |qkv: &[f32], distances: &[f32]| {
            let mut context = vec![0.0; WORDS * WIDTH];
            let shares = head.forward(qkv, distances, &mut context);
            (context, shares)
        };
        let shares = run(&qkv, &distances).1;
        let (mut by_qkv, mut by_distances) = (vec![0.0; qkv.len()], vec![0.0; DISTANCES]);
        head.backward(&qkv, &shares, &weights, &mut by_qkv, &mut by_distances);
        check_derivative(&qkv, &by_qkv, |at| weighted(&run(at, &distances).0, &weights));
        check_derivative(&distances, &by_distances, |at| weighted(&run(&qkv, at).0, &weights));
    }
}
