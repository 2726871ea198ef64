//! Softmax and layer norm on integers, with stated error bounds.
//!
//! - [`exp2_negative`]: `2^-x`, off by at most 9/65536
//! - [`softmax`]: probabilities in 1/32768, each off by at most 16/32768 for up to 32 scores, sum at most 1
//! - [`normalise`]: `(x - mean) / deviation` in 1/2048, off by at most 1/2048
//!
//! The tests hold each bound against 64-bit floating point. No division by a variable is left out of the meter.

use crate::meter::{Meter, Op};

/// Binary digits of a probability after the point.
pub const PROBABILITY_BITS: u32 = 15;
/// Binary digits after the point of what [`normalise`] returns. Of `n <= 128` values none exceeds `sqrt(n) < 12`.
pub const NORMAL_BITS: u32 = 11;
/// log2(e), in 1/65536.
const LOG2_E: u64 = 94_548;

/// `2^-x` in 1/65536; `x` in 1/65536.
pub fn exp2_negative(x: u32) -> u32 {
    let whole = x >> 16;
    if whole > 17 {
        return 0;
    }
    let f = u64::from(x & 0xFFFF);
    // Minimax polynomial of degree 4 on [0, 1), coefficients in 2^-32.
    let inner = C3 - ((C4 * f) >> 16);
    let inner = C2 - ((inner * f) >> 16);
    let inner = C1 - ((inner * f) >> 16);
    let value = C0 - ((inner * f) >> 16);
    (((value >> whole) + (1 << 15)) >> 16) as u32
}

const C0: u64 = 4_294_959_350;
const C1: u64 = 2_976_637_221;
const C2: u64 = 1_028_420_169;
const C3: u64 = 228_666_163;
const C4: u64 = 29_415_501;
/// How a difference of scores becomes a power of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Temperature {
    /// Binary digits of a score after the point.
    pub bits: u32,
    /// One over the temperature, in 1/4096.
    pub inverse: u16,
}

impl Temperature {
    /// Scores with `bits` binary digits after the point, as they are.
    pub const fn one(bits: u32) -> Self {
        Self { bits, inverse: 4096 }
    }

    fn exponent(self, difference: u32) -> u32 {
        let scaled = (u64::from(difference) * LOG2_E) >> self.bits.min(32);
        u32::try_from((scaled * u64::from(self.inverse)) >> 12).unwrap_or(u32::MAX)
    }
}

/// The probabilities of `scores`: `[n] i32`, into `out`: `[n] u16` in 1/32768; their sum is at most 32768.
pub fn softmax<M: Meter>(scores: &[i32], temperature: Temperature, out: &mut [u16], meter: &mut M) {
    let Some(max) = scores.iter().copied().max() else { return };
    let mut sum = 0u32;
    let power = |score: i32| exp2_negative(temperature.exponent(max.abs_diff(score)));
    for score in scores {
        sum += power(*score);
    }
    for (out, score) in out.iter_mut().zip(scores) {
        // The largest power is 65536, so the product is at most 2^31.
        *out = ((power(*score) << PROBABILITY_BITS) / sum.max(1)) as u16;
    }
    let count = scores.len() as u32;
    meter.record(Op::Call, 1);
    meter.record(Op::Compare, count);
    meter.record(Op::MulWide, 12 * count);
    meter.record(Op::Div, count);
}

/// What the probability of any one of some scores is found from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Partition {
    max: i16,
    sum: u32,
}

impl Partition {
    /// Of `scores`: `[n] i16`, at most 32,768 of them.
    pub fn of<M: Meter>(scores: &[i16], temperature: Temperature, meter: &mut M) -> Self {
        let max = scores.iter().copied().max().unwrap_or(0);
        let power = |score: &i16| exp2_negative(temperature.exponent(max.abs_diff(*score).into()));
        let count = scores.len() as u32;
        meter.record(Op::Call, 1);
        meter.record(Op::Compare, count);
        meter.record(Op::MulWide, 6 * count);
        Self { max, sum: scores.iter().map(power).sum() }
    }

    /// The probability of `score`, one of the scores, in 1/32768.
    pub fn probability<M: Meter>(self, score: i16, temperature: Temperature, meter: &mut M) -> u16 {
        meter.record(Op::MulWide, 6);
        meter.record(Op::Div, 1);
        let power = exp2_negative(temperature.exponent(self.max.abs_diff(score).into()));
        ((power << PROBABILITY_BITS) / self.sum.max(1)) as u16
    }
}

/// `(x - mean) / deviation` of `values`, each within +-2^20 and at most 128 of them, into `out` in 1/2048; zeros where all are equal.
pub fn normalise<M: Meter>(
    values: impl ExactSizeIterator<Item = i32> + Clone,
    out: &mut [i16],
    meter: &mut M,
) {
    let count = values.len() as i64;
    let total: i64 = values.clone().map(i64::from).sum();
    // n times the distance from the mean, so that the mean need not be rounded.
    let distance = |value: i32| i64::from(value) * count - total;
    let squares: u64 = values.clone().map(|value| distance(value).unsigned_abs().pow(2)).sum();
    meter.record(Op::Call, 1);
    meter.record(Op::MulWide, 3 * count as u32);
    meter.record(Op::Root, 32);
    meter.record(Op::DivWide, 2);
    // Leading zeros are used up, so that the root has as many digits as it can.
    let mean_square = squares / count.max(1) as u64;
    let shift = (mean_square.leading_zeros() / 2).min(31);
    let deviation = (mean_square << (2 * shift)).isqrt();
    if deviation == 0 {
        out.fill(0);
        return;
    }
    // From 2^31 to 2^32: the reciprocal is at most 2^31, a distance below 2^29.
    let reciprocal = (1u64 << 62) / deviation;
    for (out, value) in out.iter_mut().zip(values) {
        let product = distance(value) * reciprocal as i64;
        let digits = 62 - NORMAL_BITS - shift;
        let rounded = (product + (1i64 << (digits - 1))) >> digits;
        *out = rounded.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    #[test]
    fn the_power_is_within_its_bound_and_never_rises() {
        let mut before = 65_536;
        for x in (0..20 << 16).step_by(7) {
            let (power, real) = (exp2_negative(x), (-(f64::from(x)) / 65_536.0).exp2() * 65_536.0);
            assert!((f64::from(power) - real).abs() <= 9.0, "{x}: {power} {real}");
            assert!(power <= before + 1, "{x}");
            before = power;
        }
        assert_eq!((exp2_negative(u32::MAX), exp2_negative(1 << 16)), (0, 32_768));
    }

    proptest! {
        #[test]
        fn softmax_is_within_its_bound(
            scores in proptest::collection::vec(-200_000i32..200_000, 1..32),
            bits in 4u32..16,
        ) {
            let mut out = vec![0u16; scores.len()];
            softmax(&scores, Temperature::one(bits), &mut out, &mut ());
            let real: Vec<f64> = scores.iter().map(|score| f64::from(*score) / f64::from(1 << bits)).collect();
            let max = real.iter().copied().fold(f64::MIN, f64::max);
            let sum: f64 = real.iter().map(|score| (score - max).exp()).sum();
            for (out, score) in out.iter().zip(&real) {
                let error = f64::from(*out) - (score - max).exp() / sum * 32_768.0;
                prop_assert!(error.abs() <= 16.0, "{error}");
            }
            prop_assert!(out.iter().map(|out| u32::from(*out)).sum::<u32>() <= 32_768);
        }

        #[test]
        fn one_probability_is_that_of_all(
            scores in proptest::collection::vec(any::<i16>(), 1..80), inverse in 1u16..9000, chosen in 0usize..80,
        ) {
            let wide: Vec<i32> = scores.iter().map(|score| i32::from(*score)).collect();
            let (mut out, temperature) = (vec![0u16; scores.len()], Temperature { bits: 8, inverse });
            softmax(&wide, temperature, &mut out, &mut ());
            let partition = Partition::of(&scores, temperature, &mut ());
            if let (Some(score), Some(share)) = (scores.get(chosen), out.get(chosen)) {
                prop_assert_eq!(partition.probability(*score, temperature, &mut ()), *share);
            }
        }

        #[test]
        fn layer_norm_is_within_a_step(
            values in proptest::collection::vec(-1_000_000i32..1_000_000, 2..128), small in any::<bool>(),
        ) {
            let values: Vec<i32> = values.iter().map(|value| if small { value / 50_000 } else { *value }).collect();
            let mut out = vec![0i16; values.len()];
            normalise(values.iter().copied(), &mut out, &mut ());
            let count = values.len() as f64;
            let mean = values.iter().map(|value| f64::from(*value)).sum::<f64>() / count;
            let variance = values.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum::<f64>() / count;
            for (out, value) in out.iter().zip(&values) {
                let real = if variance == 0.0 { 0.0 } else { (f64::from(*value) - mean) / variance.sqrt() * 2_048.0 };
                prop_assert!((f64::from(*out) - real).abs() <= 1.0, "{out} {real}");
            }
        }
    }
}
