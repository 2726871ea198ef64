//! Exponential, softmax and layer norm with their derivatives, from additions and multiplications alone.

use crate::matrix::dot;

/// Keeps the deviation of a layer norm from being zero.
const EPSILON: f32 = 1e-6;

/// `e^x`, off by at most 1e-6 of itself; the same bits on every machine.
pub fn exp(x: f32) -> f32 {
    let octaves = (x * std::f32::consts::LOG2_E).clamp(-125.0, 125.0);
    let whole = octaves.round_ties_even();
    let f = (octaves - whole) * std::f32::consts::LN_2;
    let power = 1.0
        + f * (1.0 + f * (0.5 + f * (1.0 / 6.0 + f * (1.0 / 24.0 + f * (1.0 / 120.0 + f * (1.0 / 720.0))))));
    f32::from_bits(((whole as i32 + 127) as u32) << 23) * power
}

/// Turns scores into probabilities, and returns the logarithm of the sum of their exponentials.
pub fn softmax(scores: &mut [f32]) {
    let max = scores.iter().copied().fold(f32::MIN, f32::max);
    scores.iter_mut().for_each(|score| *score = exp(*score - max));
    let factor = 1.0 / scores.iter().sum::<f32>();
    scores.iter_mut().for_each(|score| *score *= factor);
}

/// The derivative by the scores, from that by the `probabilities`, in place.
pub fn softmax_backward(probabilities: &[f32], derivative: &mut [f32]) {
    let mean = dot(probabilities, derivative);
    derivative
        .iter_mut()
        .zip(probabilities)
        .for_each(|(derivative, p)| *derivative = p * (*derivative - mean));
}

/// Rows brought to mean 0 and deviation 1, and one over the deviation of each.
#[derive(Clone, Debug, Default)]
pub struct Normal {
    /// `[rows][width]`.
    pub values: Vec<f32>,
    /// `[rows]`.
    pub inverse: Vec<f32>,
}

/// Normalises each row of `values`: `[rows][width]`.
pub fn normalise(values: &[f32], width: usize) -> Normal {
    let mut normal = Normal { values: values.to_vec(), inverse: Vec::with_capacity(values.len() / width) };
    for row in normal.values.chunks_exact_mut(width) {
        let mean = row.iter().sum::<f32>() / width as f32;
        row.iter_mut().for_each(|value| *value -= mean);
        let inverse = 1.0 / (dot(row, row) / width as f32 + EPSILON).sqrt();
        row.iter_mut().for_each(|value| *value *= inverse);
        normal.inverse.push(inverse);
    }
    normal
}

/// Adds the derivative by the values to `to`, from that by the normalised values.
pub fn normalise_backward(normal: &Normal, derivative: &[f32], width: usize, to: &mut [f32]) {
    let rows = normal.values.chunks_exact(width).zip(&normal.inverse).zip(derivative.chunks_exact(width));
    for (((values, inverse), derivative), to) in rows.zip(to.chunks_exact_mut(width)) {
        let mean = derivative.iter().sum::<f32>() / width as f32;
        let slope = dot(derivative, values) / width as f32;
        for ((to, derivative), value) in to.iter_mut().zip(derivative).zip(values) {
            *to += inverse * (derivative - mean - value * slope);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::random::Random;

    /// Holds `derivative` against central differences of `loss` at `at`, on 60 of its components.
    ///
    /// The loss is computed in f32, so a difference is only as good as its rounding: 1% of the largest component. Where a
    /// value is cut off within a step, a shorter step tells; two components of 60 may lie nearer to a kink than that.
    pub fn check_derivative(at: &[f32], derivative: &[f32], mut loss: impl FnMut(&[f32]) -> f64) {
        let largest = derivative.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        assert!(largest > 1e-4, "the derivative is not all zeros");
        let mut moved = at.to_vec();
        let mut random = Random::new(at.len() as u64);
        let mut off = Vec::new();
        for _ in 0..60 {
            let index = random.below(at.len());
            let mut difference = |step: f32| {
                moved[index] = at[index] + step;
                let above = loss(&moved);
                moved[index] = at[index] - step;
                let below = loss(&moved);
                moved[index] = at[index];
                ((above - below) / f64::from(2.0 * step)) as f32
            };
            let by_hand = derivative[index];
            let near = |other: f32| (other - by_hand).abs() <= 0.01 * largest + 0.02 * by_hand.abs();
            let differences = [difference(4e-3), difference(1e-3), difference(3e-4)];
            if !differences.into_iter().any(near) {
                off.push((index, by_hand, differences));
            }
        }
        assert!(off.len() <= 2, "component, by hand, by differences: {off:?}");
    }

    pub fn values(count: usize, seed: u64) -> Vec<f32> {
        let mut random = Random::new(seed);
        (0..count).map(|_| 2.0 * random.unit() - 1.0).collect()
    }

    pub fn weighted(values: &[f32], weights: &[f32]) -> f64 {
        values.iter().zip(weights).map(|(value, weight)| f64::from(*value) * f64::from(*weight)).sum()
    }

    #[test]
    fn the_exponential_is_near_the_real_one() {
        for step in -8000..8000 {
            let x = step as f32 / 100.0;
            let real = f64::from(x).exp();
            assert!((f64::from(exp(x)) / real - 1.0).abs() < 1e-5, "{x}");
        }
        assert!(exp(-1000.0) < 1e-37 && exp(1000.0).is_finite());
    }

    #[test]
    fn softmax_has_its_derivative() {
        let (at, weights) = (values(9, 1), values(9, 2));
        let run = |at: &[f32]| {
            let mut p = at.to_vec();
            softmax(&mut p);
            p
        };
        let mut derivative = weights.clone();
        softmax_backward(&run(&at), &mut derivative);
        check_derivative(&at, &derivative, |at| weighted(&run(at), &weights));
    }

    #[test]
    fn layer_norm_has_its_derivative() {
        let (at, weights) = (values(3 * 16, 3), values(3 * 16, 4));
        let mut derivative = vec![0.0; at.len()];
        normalise_backward(&normalise(&at, 16), &weights, 16, &mut derivative);
        check_derivative(&at, &derivative, |at| weighted(&normalise(at, 16).values, &weights));
    }
}
