//! How far the latest readings are from anything that came before them.
//!
//! The left matrix profile of Yeh et al. ("Matrix Profile I", ICDM 2016), one query a sample: the distance from the
//! latest subsequence to its nearest neighbour in the past, exact over every lag of the window. The sums of a lag are
//! carried from one sample to the next (one pair enters, one leaves), so a sample costs the same at any pattern length.
//! Differences are clamped alike when they enter and when they leave, so the sums stay exact and cannot overflow.

use super::ring::Ring;
use crate::arena::{Arena, NoRoom};
use crate::meter::{Meter, Op};

/// Differences beyond this many steps of the channel count as this many.
const LARGEST_DIFFERENCE: i32 = (1 << 26) - 1;

/// The longest pattern. Its differences sum to less than 2^31, their squares to less than 2^57.
pub(super) const LONGEST_PATTERN: u32 = 32;

/// How many readings the level is judged on.
pub(super) const LEVEL_LENGTH: usize = 4;

/// What the search is over, in samples.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    /// How many readings are remembered.
    pub window: usize,
    /// Length of a pattern: a power of two. Nearer than that nothing counts as past.
    pub pattern: usize,
}

/// The running sums of the differences between the latest pattern and the one that ended a lag before it.
///
/// `squares`: `[window - pattern] u64`, `sums`: `[window - pattern] i32`, one a lag.
#[derive(Debug)]
pub(super) struct Lags<'a> {
    squares: &'a mut [u64],
    sums: &'a mut [i32],
}

/// The nearest neighbours of the latest readings; `None` where no past reaches.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Nearest {
    /// Root mean square difference to the nearest past [`LEVEL_LENGTH`] readings, in steps of the channel.
    pub level: Option<u32>,
    /// Is the latest reading below its counterpart in that neighbour?
    pub below: bool,
    /// Root mean square difference to the nearest past pattern once both have mean zero, in steps of the channel.
    pub shape: Option<u32>,
    /// How many samples ago that pattern ended.
    pub shape_lag: usize,
}

/// The smallest sums of squares so far.
struct Least {
    level: u64,
    below: bool,
    shape: u64,
    shape_lag: usize,
}

fn difference(a: i32, b: i32) -> i32 {
    a.saturating_sub(b).clamp(-LARGEST_DIFFERENCE, LARGEST_DIFFERENCE)
}

fn square(difference: i32) -> u64 {
    (i64::from(difference) * i64::from(difference)).unsigned_abs()
}

impl<'a> Lags<'a> {
    /// Carves the sums of a channel.
    pub fn carve(arena: &mut Arena<'a>, reach: Reach) -> Result<Self, NoRoom> {
        let lags = (reach.window - reach.pattern) as u32;
        Ok(Self { squares: arena.slice("lag-squares", lags)?, sums: arena.slice("lag-sums", lags)? })
    }

    /// Sums up again: every reading of `ring` has changed.
    pub fn rebuild(&mut self, ring: &Ring<'_>, reach: Reach) {
        for (lag, (squares, sum)) in self.squares.iter_mut().zip(self.sums.iter_mut()).enumerate().skip(1) {
            (*squares, *sum) = (0, 0);
            for age in (0..reach.pattern).take_while(|age| age + lag < ring.len()) {
                let difference = difference(ring.value(age), ring.value(age + lag));
                *squares = squares.wrapping_add(square(difference));
                *sum = sum.wrapping_add(difference);
            }
        }
    }

    /// Carries every lag on to the latest sample of `ring`, from its empty state on, and finds the nearest neighbours.
    pub fn advance<M: Meter>(&mut self, ring: &Ring<'_>, reach: Reach, meter: &mut M) -> Nearest {
        let mut least = Least { level: u64::MAX, below: false, shape: u64::MAX, shape_lag: 0 };
        let latest: [i32; LEVEL_LENGTH] = core::array::from_fn(|age| ring.value(age));
        let leaving = ring.value(reach.pattern);
        let lags = self.sums.len().min(ring.len());
        let each = self.squares.iter_mut().zip(self.sums.iter_mut()).enumerate().take(lags).skip(1);
        for (lag, (squares, sum)) in each {
            let enters = difference(latest[0], ring.value(lag));
            let far = lag + reach.pattern;
            let leaves = if far < ring.len() { difference(leaving, ring.value(far)) } else { 0 };
            *sum = sum.wrapping_add(enters).wrapping_sub(leaves);
            *squares = squares.wrapping_add(square(enters)).wrapping_sub(square(leaves));
            if lag >= reach.pattern {
                least.take(ring, lag, &latest, reach.pattern, *squares, *sum);
            }
        }
        record(lags as u32, lags.saturating_sub(reach.pattern) as u32, meter);
        Nearest {
            level: (least.level < u64::MAX).then(|| root_mean_square(least.level, LEVEL_LENGTH)),
            below: least.below,
            shape: (least.shape < u64::MAX).then(|| root_mean_square(least.shape, reach.pattern)),
            shape_lag: least.shape_lag,
        }
    }
}

/// The distance of shape to the pattern that ended `lag` samples ago when each reading may be up to a sample early or
/// late: it counts as far as it is outside the range of three readings there (the envelope of Keogh, "Exact indexing
/// of dynamic time warping", VLDB 2002). An edge between two samples falls on either side of it by chance.
pub(super) fn forgiving_distance<M: Meter>(
    ring: &Ring<'_>,
    lag: usize,
    pattern: usize,
    meter: &mut M,
) -> u32 {
    let (mut squares, mut sum) = (0u64, 0i32);
    for age in 0..pattern {
        let near = [lag + age - 1, lag + age, lag + age + 1].map(|age| ring.value(age));
        let (low, high) =
            near.iter().fold((near[1], near[1]), |(low, high), near| (low.min(*near), high.max(*near)));
        let outside = difference(ring.value(age), ring.value(age).clamp(low, high));
        squares += square(outside);
        sum += outside;
    }
    let steps = pattern as u32;
    meter.record(Op::Call, 1);
    meter.record(Op::Load, 4 * steps);
    meter.record(Op::Compare, 8 * steps);
    meter.record(Op::MulWide, steps);
    meter.record(Op::Alu, 10 * steps);
    root_mean_square(centred(squares, sum, pattern), pattern)
}

/// The sum of squared differences that is left when their mean is taken out of each.
fn centred(squares: u64, sum: i32, pattern: usize) -> u64 {
    squares.saturating_sub(square(sum) >> pattern.trailing_zeros())
}

fn root_mean_square(squares: u64, count: usize) -> u32 {
    u32::try_from((squares >> count.trailing_zeros()).isqrt()).unwrap_or(u32::MAX)
}

impl Least {
    /// Compares with the neighbour that ended `lag` samples ago, where all of it is still held.
    #[inline(always)]
    fn take(&mut self, ring: &Ring<'_>, lag: usize, latest: &[i32], pattern: usize, squares: u64, sum: i32) {
        if lag + LEVEL_LENGTH <= ring.len() {
            let each = latest.iter().enumerate();
            let level = each.map(|(age, value)| square(difference(*value, ring.value(lag + age)))).sum();
            if level < self.level {
                self.level = level;
                self.below = latest.first().is_some_and(|latest| *latest < ring.value(lag));
            }
        }
        if lag + pattern <= ring.len() {
            let shape = centred(squares, sum, pattern);
            if shape < self.shape {
                (self.shape, self.shape_lag) = (shape, lag);
            }
        }
    }
}

/// Reports integer roots of 64 bits, as the standard library takes them.
pub(super) fn record_roots<M: Meter>(roots: u32, meter: &mut M) {
    meter.record(Op::Div, roots);
    meter.record(Op::Alu, 100 * roots);
}

/// Reports the work of `lags` lags carried on, of which `compared` were compared with.
fn record<M: Meter>(lags: u32, compared: u32, meter: &mut M) {
    meter.record(Op::Call, 1);
    meter.record(Op::Lag, lags);
    meter.record(Op::Neighbour, compared);
    record_roots(2, meter);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    const REACH: Reach = Reach { window: 64, pattern: 8 };

    /// Both distances by definition, from all readings so far.
    fn reference(values: &[i32]) -> (Option<u64>, Option<u64>) {
        let known = &values[values.len().saturating_sub(REACH.window)..];
        let squares = |length: usize, centred: bool| {
            let query = known.len().checked_sub(length)?;
            let last = query.checked_sub(REACH.pattern)?;
            let first = (known.len() - length).saturating_sub(REACH.window - REACH.pattern - 1);
            (first..=last)
                .map(|at| {
                    let differences: Vec<i128> =
                        (0..length).map(|i| difference(known[query + i], known[at + i]).into()).collect();
                    let sum: i128 = differences.iter().sum();
                    let mean = if centred { sum * sum / length as i128 } else { 0 };
                    (differences.iter().map(|d| d * d).sum::<i128>() - mean) as u64
                })
                .min()
        };
        (squares(LEVEL_LENGTH, false), squares(REACH.pattern, true))
    }

    proptest! {
        #[test]
        fn carried_sums_equal_the_definition(
            values in proptest::collection::vec(prop_oneof![-3000i32..3000, any::<i32>(), Just(i32::MIN), Just(i32::MAX)], 1..200)
        ) {
            let mut memory = vec![0u8; 2048];
            for count in 1..=values.len() {
                let mut arena = Arena::new(&mut memory);
                let mut ring = Ring::carve(&mut arena, REACH.window as u32).unwrap();
                let mut lags = Lags::carve(&mut arena, REACH).unwrap();
                ring.push(values[count - 1]);
                let found = lags.advance(&ring, REACH, &mut ());
                let (level, shape) = reference(&values[..count]);
                let root = |squares: u64, length: usize| (squares / length as u64).isqrt() as u32;
                prop_assert_eq!(found.level, level.map(|squares| root(squares, LEVEL_LENGTH)));
                prop_assert_eq!(found.shape, shape.map(|squares| root(squares, REACH.pattern)));
            }
        }
    }
}
