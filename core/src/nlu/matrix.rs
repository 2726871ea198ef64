//! A matrix of INT8 weights in flash, times vectors of 16 bits in the arena.
//!
//! Each row has a multiplier and an offset of 32 bits: `y = ((w . x) * multiplier >> shift) + offset`, rounded half up.
//! The multiplier carries the scale of the row and the change of the binary point. Sums are exact in 32 bits: at most
//! 384 products of 2^22 at most.

use crate::meter::{Meter, Op};

/// Columns of a matrix, at most.
pub const MAX_COLUMNS: usize = 384;

/// Rows of weights, borrowed from a container.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    /// `[rows][columns] i8`, row-major.
    pub(super) weights: &'a [i8],
    pub(super) columns: usize,
    /// `[rows] i32`, little-endian.
    pub(super) multipliers: &'a [[u8; 4]],
    /// `[rows] i32`, little-endian.
    pub(super) offsets: &'a [[u8; 4]],
    pub(super) shift: u32,
    /// Binary digits after the point of a result.
    pub(super) out_bits: u32,
}

/// One row, ready to be applied to many vectors: weights are read from flash once for all words of a sentence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub weights: &'a [i8],
    multiplier: i32,
    offset: i32,
    shift: u32,
}

impl<'a> Matrix<'a> {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.offsets.len()
    }

    /// Binary digits after the point of a result.
    pub fn out_bits(&self) -> u32 {
        self.out_bits
    }

    /// The rows from `first` on, at most `count`.
    pub(super) fn rows_from(&self, first: usize, count: usize) -> impl Iterator<Item = Row<'a>> + use<'a> {
        let shift = self.shift;
        let weights = self.weights.chunks_exact(self.columns.max(1));
        let scales = self.multipliers.iter().zip(self.offsets);
        weights.zip(scales).skip(first).take(count).map(move |(weights, (multiplier, offset))| Row {
            weights,
            multiplier: i32::from_le_bytes(*multiplier),
            offset: i32::from_le_bytes(*offset),
            shift,
        })
    }
}

impl Row<'_> {
    /// The result of a sum of products.
    pub fn scale<M: Meter>(&self, sum: i32, meter: &mut M) -> i32 {
        meter.record(Op::MulWide, 1);
        meter.record(Op::Alu, 4);
        self.scaled(sum).saturating_add(self.offset)
    }

    /// The result of a part of the sum, without the offset.
    pub fn scale_part<M: Meter>(&self, sum: i32, meter: &mut M) -> i32 {
        meter.record(Op::MulWide, 1);
        meter.record(Op::Alu, 3);
        self.scaled(sum)
    }

    pub fn offset(&self) -> i32 {
        self.offset
    }

    fn scaled(&self, sum: i32) -> i32 {
        let product = i64::from(sum) * i64::from(self.multiplier);
        let half = (1i64 << self.shift) >> 1;
        (product.saturating_add(half) >> self.shift).clamp(i32::MIN.into(), i32::MAX.into()) as i32
    }
}

/// The sum of products of `weights`: `[n] i8` and `values`: `[n] i16`; where the lengths differ the shorter counts.
///
/// It is metered as the i8 product that it resembles: on all five chips the wider load costs what the narrow one does.
pub fn dot<M: Meter>(weights: &[i8], values: &[i16], meter: &mut M) -> i32 {
    let common = weights.len().min(values.len());
    meter.record(Op::Call, 1);
    meter.record(Op::Mac, common as u32);
    let term = |(weight, value): (&i8, &i16)| i32::from(*weight) * i32::from(*value);
    if cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
        // A host's compiler finds its vector instructions only where a fixed number is added up at once.
        let (weights, rest) = weights.split_at(common).0.as_chunks::<16>();
        let (values, values_rest) = values.split_at(common).0.as_chunks::<16>();
        let whole: i32 =
            weights.iter().zip(values).map(|(w, v)| w.iter().zip(v).map(term).sum::<i32>()).sum();
        return whole + rest.iter().zip(values_rest).map(term).sum::<i32>();
    }
    weights.iter().zip(values).map(term).sum()
}

/// The sum of products of two vectors of 12 bits: `[n] i16` each, at most 384.
pub fn dot_narrow<M: Meter>(a: &[i16], b: &[i16], meter: &mut M) -> i32 {
    meter.record(Op::Call, 1);
    meter.record(Op::Mac, a.len().min(b.len()) as u32);
    a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}

/// `value` as 16 bits, the nearest there is.
pub(super) fn saturate(value: i32) -> i16 {
    value.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    proptest! {
        #[test]
        fn the_sum_is_exact_up_to_the_largest_row(
            pairs in proptest::collection::vec((any::<i8>(), any::<i16>()), 0..=MAX_COLUMNS),
        ) {
            let (weights, values): (Vec<i8>, Vec<i16>) = pairs.into_iter().unzip();
            let wide: i64 = weights.iter().zip(&values).map(|(w, v)| i64::from(*w) * i64::from(*v)).sum();
            prop_assert_eq!(i64::from(dot(&weights, &values, &mut ())), wide);
        }
    }

    #[test]
    fn the_largest_products_do_not_overflow() {
        let (weights, values) = (vec![i8::MIN; MAX_COLUMNS], vec![i16::MIN; MAX_COLUMNS]);
        assert_eq!(dot(&weights, &values, &mut ()), 128 * 32_768 * 384);
        let narrow = vec![-2047i16; MAX_COLUMNS];
        assert_eq!(dot_narrow(&narrow, &narrow, &mut ()), 2047 * 2047 * 384);
    }

    #[test]
    fn a_result_is_rounded_and_saturates() {
        let row = |multiplier, shift| Row { weights: &[], multiplier, offset: 10, shift };
        assert_eq!(row(3, 2).scale(2, &mut ()), 10 + 2, "1.5 rounds up");
        assert_eq!(row(3, 0).scale(-2, &mut ()), 10 - 6);
        assert_eq!(row(i32::MAX, 0).scale(i32::MAX, &mut ()), i32::MAX);
        assert_eq!((saturate(70_000), saturate(-70_000)), (i16::MAX, i16::MIN));
    }
}
