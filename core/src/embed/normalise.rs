//! Sums to a vector of fixed length: an integer square root and one division.
//!
//! The largest sum is first brought to 15 bits (a shift of all sums alike), so that squares add up in 64 bits whatever
//! the text. Components are rounded to the nearest, halves away from zero, so that the negated sums give the negated
//! vector.

use super::NORM;
use crate::meter::{Meter, Op};

/// How many bits the largest sum keeps.
const SUM_BITS: u32 = 15;

/// Fraction bits of the square root.
const ROOT_PLACES: u32 = 8;

/// Fraction bits of the factor that every sum is multiplied by.
const FACTOR_PLACES: u32 = 40;

/// `sums` scaled to the length [`NORM`]: `[D] i8`; zeros stay zeros.
pub(super) fn scale<const D: usize, M: Meter>(sums: &[i32; D], meter: &mut M) -> [i8; D] {
    let largest = sums.iter().fold(0, |largest, sum| largest | sum.unsigned_abs());
    meter.record(Op::Scale, D as u32);
    let excess = (u32::BITS - largest.leading_zeros()).saturating_sub(SUM_BITS);
    let squares: u64 = sums.iter().map(|sum| u64::from(sum.unsigned_abs() >> excess).pow(2)).sum();
    if squares == 0 {
        return [0; D];
    }
    let root = square_root(squares << (2 * ROOT_PLACES), meter);
    let factor = ((NORM as u64) << (ROOT_PLACES + FACTOR_PLACES)) / root;
    meter.record(Op::DivWide, 1);
    sums.map(|sum| {
        let exact = u64::from(sum.unsigned_abs() >> excess) * factor;
        let size = ((exact + (1 << (FACTOR_PLACES - 1))) >> FACTOR_PLACES).min(NORM as u64) as i8;
        if sum < 0 { -size } else { size }
    })
}

/// The square root of `square`, rounded down, bit by bit: no division, no table.
fn square_root<M: Meter>(square: u64, meter: &mut M) -> u64 {
    let mut rest = square;
    let mut root = 0u64;
    let mut bit = 1u64 << (square.checked_ilog2().unwrap_or(0) & !1);
    while bit != 0 {
        meter.record(Op::Root, 1);
        if rest >= root + bit {
            rest -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
        bit >>= 2;
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_square_root_is_exact(square in any::<u64>(), shift in 0u32..64) {
            prop_assert_eq!(square_root(square >> shift, &mut ()), (square >> shift).isqrt());
        }

        #[test]
        fn scaling_is_odd_and_close_to_real_arithmetic(sums in proptest::collection::vec(any::<i32>(), 64), shift in 0u32..32) {
            let sums: [i32; 64] = core::array::from_fn(|at| sums[at].saturating_add(1) >> shift);
            let length = sums.iter().map(|sum| f64::from(*sum).powi(2)).sum::<f64>().sqrt();
            let scaled = scale(&sums, &mut ());
            for (sum, have) in sums.iter().zip(scaled) {
                let want = if length == 0.0 { 0.0 } else { f64::from(*sum) * f64::from(NORM) / length };
                prop_assert!((want - f64::from(have)).abs() < 0.51, "{} {}", want, have);
            }
            prop_assert_eq!(scale(&sums.map(|sum| -sum), &mut ()), scaled.map(|have| -have));
        }
    }
}
