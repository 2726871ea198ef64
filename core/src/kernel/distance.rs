//! Similarities and distances between vectors of i8, and between bit strings.
//!
//! All are exact in 32 bits for up to 2^17 elements: the largest product of two i8 is 2^14.
//!
//! A chip runs the plain loop, and the costs of its operations are read off that. A host has vector instructions, and its
//! compiler finds them only where a fixed number of elements is added up at once; the sums are the same.

use crate::meter::{Meter, Op};

/// Elements that a host adds up at once.
const CHUNK: usize = 32;

/// The sum of `term` over the pairs of elements, as many as the shorter of `a` and `b` has.
#[inline(always)]
fn sum(a: &[i8], b: &[i8], term: impl Fn(i8, i8) -> i32 + Copy) -> i32 {
    if cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
        in_chunks(a, b, term)
    } else {
        plain(a, b, term)
    }
}

#[inline(always)]
fn plain(a: &[i8], b: &[i8], term: impl Fn(i8, i8) -> i32 + Copy) -> i32 {
    a.iter().zip(b).map(|(a, b)| term(*a, *b)).sum()
}

#[inline(always)]
fn in_chunks(a: &[i8], b: &[i8], term: impl Fn(i8, i8) -> i32 + Copy) -> i32 {
    let common = a.len().min(b.len());
    let (a, a_rest) = a.split_at(common).0.as_chunks::<CHUNK>();
    let (b, b_rest) = b.split_at(common).0.as_chunks::<CHUNK>();
    let whole: i32 = a.iter().zip(b).map(|(a, b)| plain(a, b, term)).sum();
    if a_rest.is_empty() { whole } else { whole + plain(a_rest, b_rest, term) }
}

/// The dot product. `a` and `b`: `[n] i8`; where the lengths differ the shorter counts.
pub fn dot<M: Meter>(a: &[i8], b: &[i8], meter: &mut M) -> i32 {
    meter.record(Op::Call, 1);
    meter.record(Op::Mac, a.len().min(b.len()) as u32);
    sum(a, b, |a, b| i32::from(a) * i32::from(b))
}

/// The squared Euclidean distance. `a` and `b`: `[n] i8`.
pub fn squared_euclidean<M: Meter>(a: &[i8], b: &[i8], meter: &mut M) -> i32 {
    meter.record(Op::Call, 1);
    meter.record(Op::Difference, a.len().min(b.len()) as u32);
    // Slower in chunks: a host's compiler does not narrow the differences.
    plain(a, b, |a, b| {
        let difference = i32::from(a) - i32::from(b);
        difference * difference
    })
}

/// The Manhattan distance. `a` and `b`: `[n] i8`.
pub fn manhattan<M: Meter>(a: &[i8], b: &[i8], meter: &mut M) -> i32 {
    meter.record(Op::Call, 1);
    meter.record(Op::Absolute, a.len().min(b.len()) as u32);
    sum(a, b, |a, b| (i32::from(a) - i32::from(b)).abs())
}

/// The number of bits in which two strings of 32-bit words differ. `a` and `b`: `[n] u32`.
pub fn hamming<M: Meter>(a: &[u32], b: &[u32], meter: &mut M) -> u32 {
    meter.record(Op::Call, 1);
    meter.record(Op::Popcount, a.len().min(b.len()) as u32);
    a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn distances_agree_with_each_other(pairs in proptest::collection::vec(any::<(i8, i8)>(), 0..200)) {
            let (a, b): (std::vec::Vec<i8>, std::vec::Vec<i8>) = pairs.into_iter().unzip();
            let squared = squared_euclidean(&a, &b, &mut ());
            prop_assert_eq!(squared, dot(&a, &a, &mut ()) + dot(&b, &b, &mut ()) - 2 * dot(&a, &b, &mut ()));
            let wide: i64 = a.iter().zip(&b).map(|(a, b)| (i64::from(*a) - i64::from(*b)).abs()).sum();
            prop_assert_eq!(i64::from(manhattan(&a, &b, &mut ())), wide);
        }

        #[test]
        fn chunks_add_up_to_what_the_plain_loop_does(
            a in proptest::collection::vec(any::<i8>(), 0..200),
            b in proptest::collection::vec(any::<i8>(), 0..200),
        ) {
            let products = |a, b| i32::from(a) * i32::from(b);
            prop_assert_eq!(in_chunks(&a, &b, products), plain(&a, &b, products));
            let differences = |a, b| (i32::from(a) - i32::from(b)).abs();
            prop_assert_eq!(in_chunks(&a, &b, differences), plain(&a, &b, differences));
        }

        #[test]
        fn hamming_counts_differing_bits(pairs in proptest::collection::vec(any::<(u32, u32)>(), 0..20)) {
            let (a, b): (std::vec::Vec<u32>, std::vec::Vec<u32>) = pairs.into_iter().unzip();
            let slow: u32 = (0..32).map(|bit| a.iter().zip(&b).filter(|(a, b)| (*a >> bit & 1) != (*b >> bit & 1)).count() as u32).sum();
            prop_assert_eq!(hamming(&a, &b, &mut ()), slow);
        }
    }
}
