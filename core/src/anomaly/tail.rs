//! How rare a score is among the scores of the same test: from counts, and beyond them from the shape of the tail.
//!
//! A histogram over the logarithm of the score, a quarter of an octave a bucket, of the latest 4,000 to 8,000 scores
//! (all counts are halved when there are 8,000). Beyond the highest 1/64 of the scores the tail is a Weibull tail through
//! the 1/8 and the 1/64 quantile: the logarithm of the rate is a power of the score. The power is at most 2, that of
//! Gaussian noise; exponential noise has 1, heavier tails have less. So one rule serves thin and heavy tails alike. A
//! score no higher than one that was seen is never rarer than the count says.

use super::logarithm::{LOG2_STEPS, OF_ZERO, ONE, log2, scaled_exp2};
use crate::meter::{Meter, Op};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Buckets of a histogram; the first holds all scores below the second.
const BUCKETS: usize = 64;
/// Width of a bucket: a quarter of an octave.
const WIDTH: i32 = ONE / 4;
/// The histogram is halved at this many scores.
const LIMIT: u16 = 8_000;
/// Scores before anything is called rare.
const MIN_SEEN: u32 = 64;
/// Evidence of the 1/64 quantile: six bits.
const KNEE: i32 = 6 * ONE;
/// The most evidence there is, in 1/256 bit.
pub(super) const MAX_EVIDENCE: i32 = 60 * ONE;
/// Where nothing above the lowest bucket is common enough to fit a tail: any score that was never seen.
const NEVER_SEEN: i32 = 40 * ONE;
/// Buckets that the histogram moves by when its scores leave its middle.
const STRIDE: usize = 8;

/// The histogram. All zeros: no score yet.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub(super) struct Tail {
    counts: [u16; BUCKETS],
    /// Sum of the counts.
    total: u16,
    /// One once `base` is set.
    placed: u16,
    /// Scores so far.
    seen: u32,
    /// Code at which the second bucket begins.
    base: i32,
}
const _: () = assert!(size_of::<Tail>() == 140);

impl Default for Tail {
    fn default() -> Self {
        Self { counts: [0; BUCKETS], total: 0, placed: 0, seen: 0, base: 0 }
    }
}

/// A bucket, and a code interpolated in it.
#[derive(Clone, Copy)]
struct Quantile {
    bucket: usize,
    code: i32,
}

impl Tail {
    /// Takes in the score with this code.
    pub fn learn<M: Meter>(&mut self, code: i32, meter: &mut M) {
        if self.placed == 0 && code != OF_ZERO {
            (self.placed, self.base) = (1, code.saturating_sub(16 * WIDTH));
        }
        let bucket = self.bucket(code);
        if let Some(count) = self.counts.get_mut(bucket) {
            *count = count.saturating_add(1);
        }
        self.total = self.total.saturating_add(1);
        self.seen = self.seen.saturating_add(1);
        meter.record(Op::Alu, 40);
        if self.total >= LIMIT {
            self.counts.iter_mut().for_each(|count| *count -= *count / 2);
            self.total = self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count));
            meter.record(Op::Scan, 2 * BUCKETS as u32);
        }
        if self.seen.is_multiple_of(16) {
            self.follow(meter);
        }
    }

    /// Evidence that a score with this code is none of those learned: minus the logarithm of the rate of scores at or
    /// above it, in 1/256 bit.
    pub fn evidence<M: Meter>(&self, code: i32, meter: &mut M) -> i32 {
        if self.seen < MIN_SEEN {
            return 0;
        }
        if self.placed == 0 {
            return if code == OF_ZERO { 0 } else { NEVER_SEEN };
        }
        let bucket = self.bucket(code);
        meter.record(Op::Scan, (BUCKETS - bucket) as u32);
        meter.record(Op::Alu, 2 * LOG2_STEPS + 60);
        let above: u64 = self.counts.iter().skip(bucket).map(|count| u64::from(*count)).sum();
        let counted = (log2(10 * (u64::from(self.total) + 1)) - log2(10 * above + 7)).max(0);
        let knee = self.quantile(64, meter);
        if knee.bucket == 0 {
            return if above > 0 { counted } else { NEVER_SEEN };
        }
        if code <= knee.code {
            return counted;
        }
        let shoulder = self.quantile(8, meter);
        let span = knee.code.saturating_sub(shoulder.code).max(16);
        let power = if shoulder.bucket == 0 { 2 * ONE } else { (ONE * ONE / span).min(2 * ONE) };
        meter.record(Op::Div, 1);
        let beyond = code.saturating_sub(knee.code).min(16 * ONE);
        let modelled = scaled_exp2(KNEE, (power * beyond) >> 8).min(MAX_EVIDENCE);
        if above > 0 { modelled.min(counted) } else { modelled }
    }

    /// The code above which one score in 64 lies; [`OF_ZERO`] where it is not known.
    pub fn knee<M: Meter>(&self, meter: &mut M) -> i32 {
        let knee = self.quantile(64, meter);
        if knee.bucket == 0 { OF_ZERO } else { knee.code }
    }

    /// Moves all codes by `by`: the unit of the scores has changed.
    pub fn rescale(&mut self, by: i32) {
        self.base = self.base.saturating_add(by);
    }

    fn bucket(&self, code: i32) -> usize {
        if self.placed == 0 || code < self.base {
            return 0;
        }
        ((code.saturating_sub(self.base) / WIDTH) as usize + 1).min(BUCKETS - 1)
    }

    /// The code above which one score in `part` lies.
    fn quantile<M: Meter>(&self, part: u16, meter: &mut M) -> Quantile {
        let wanted = u32::from(self.total) * 256 / u32::from(part);
        let mut above = 0u32;
        for (bucket, count) in self.counts.iter().enumerate().skip(1).rev() {
            let count = u32::from(*count) * 256;
            if count > 0 && above + count >= wanted {
                meter.record(Op::Scan, (BUCKETS - bucket) as u32);
                meter.record(Op::Div, 1);
                let inside = ((wanted - above) * WIDTH as u32 / count) as i32;
                return Quantile { bucket, code: self.base.saturating_add(bucket as i32 * WIDTH - inside) };
            }
            above += count;
        }
        meter.record(Op::Scan, BUCKETS as u32);
        Quantile { bucket: 0, code: self.base }
    }

    /// Keeps the upper scores in the middle of the buckets.
    fn follow<M: Meter>(&mut self, meter: &mut M) {
        let shoulder = self.quantile(8, meter).bucket;
        let knee = self.quantile(64, meter).bucket;
        let low = |bucket: usize| (1..12).contains(&bucket);
        if shoulder >= 40 {
            self.raise();
        } else if low(shoulder) || (shoulder == 0 && low(knee)) {
            self.lower();
        } else {
            return;
        }
        meter.record(Op::Copy, 2 * BUCKETS as u32);
    }

    /// Makes room for higher scores: the lowest buckets become one.
    fn raise(&mut self) {
        let lowest = self.counts.iter().take(1 + STRIDE).fold(0u16, |sum, count| sum.saturating_add(*count));
        self.counts.copy_within(STRIDE.., 0);
        self.counts.iter_mut().rev().take(STRIDE).for_each(|count| *count = 0);
        if let Some(first) = self.counts.first_mut() {
            *first = lowest;
        }
        self.base = self.base.saturating_add(STRIDE as i32 * WIDTH);
    }

    /// Makes room for lower scores: the highest buckets become one.
    fn lower(&mut self) {
        let highest =
            self.counts.iter().rev().take(1 + STRIDE).fold(0u16, |sum, count| sum.saturating_add(*count));
        self.counts.copy_within(1..BUCKETS - STRIDE, 1 + STRIDE);
        self.counts.iter_mut().skip(1).take(STRIDE).for_each(|count| *count = 0);
        if let Some(last) = self.counts.last_mut() {
            *last = highest;
        }
        self.base = self.base.saturating_sub(STRIDE as i32 * WIDTH);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use oorandom::Rand64;
    use proptest::prelude::*;

    /// The evidence of scores `at` after 5,000 that `draw` drew.
    fn evidence(draw: impl Fn(&mut Rand64) -> f64, at: &[f64]) -> std::vec::Vec<f64> {
        let (mut random, mut tail) = (Rand64::new(7), Tail::default());
        for _ in 0..5_000 {
            tail.learn(log2((draw(&mut random) * 1000.0) as u64), &mut ());
        }
        let bits = |score: &f64| f64::from(tail.evidence(log2((score * 1000.0) as u64), &mut ())) / 256.0;
        at.iter().map(bits).collect()
    }

    fn gauss(random: &mut Rand64) -> f64 {
        let radius = (-2.0 * random.rand_float().max(1e-12).ln()).sqrt();
        (radius * (random.rand_float() * std::f64::consts::TAU).cos()).abs()
    }

    #[test]
    fn thin_and_heavy_tails_are_extrapolated_by_the_same_rule() {
        // Of the absolute value of Gaussian noise 2^-4.5 lie above 2, 2^-8.5 above 3, 2^-17 above 4.4.
        let bits = evidence(gauss, &[2.0, 3.0, 4.4]);
        for (found, (low, high)) in bits.iter().zip([(3.4, 5.2), (7.2, 10.0), (13.5, 22.0)]) {
            assert!((low..high).contains(found), "{bits:?}");
        }
        // Of exponential noise exp(-s) lie above s: 10 and 20 bits at 6.93 and 13.9.
        let bits = evidence(|random| -random.rand_float().max(1e-12).ln(), &[6.93, 13.9]);
        assert!((8.0..13.0).contains(&bits[0]) && (15.0..27.0).contains(&bits[1]), "{bits:?}");
        // Of a Pareto tail 1/s^2 lie above s: a score of 30 is no wonder, for Gaussian noise it would be 600 bits.
        let bits = evidence(|random| random.rand_float().max(1e-12).powf(-0.5), &[8.0, 30.0]);
        assert!(bits[0] < 8.5 && bits[1] < 16.0, "{bits:?}");
    }

    #[test]
    fn what_was_seen_is_as_rare_as_it_was() {
        let mut tail = Tail::default();
        for at in 0..2_000u64 {
            tail.learn(log2(if at % 100 == 0 { 1_000_000 } else { 10 + at % 7 }), &mut ());
        }
        let bits = tail.evidence(log2(1_000_000), &mut ()) / ONE;
        assert!((6..=7).contains(&bits), "{bits}");
        assert!(tail.evidence(log2(100_000_000_000), &mut ()) > bits * ONE);
    }

    #[test]
    fn a_constant_makes_everything_else_certain() {
        let mut tail = Tail::default();
        (0..300).for_each(|_| tail.learn(OF_ZERO, &mut ()));
        assert_eq!(tail.evidence(OF_ZERO, &mut ()), 0);
        assert_eq!(tail.evidence(0, &mut ()), NEVER_SEEN);
    }

    proptest! {
        #[test]
        fn evidence_never_falls_with_the_score_and_any_bytes_are_a_tail(
            memory in proptest::collection::vec(any::<u8>(), 140),
            scores in proptest::collection::vec(0u64..1_000_000, 1..300)
        ) {
            let mut any = Tail::read_from_bytes(&memory).unwrap();
            let mut tail = Tail::default();
            for score in &scores {
                tail.learn(log2(*score), &mut ());
                any.learn(log2(*score), &mut ());
                any.evidence(log2(*score), &mut ());
            }
            let evidence: std::vec::Vec<i32> = (0..22).map(|octave| tail.evidence(octave * ONE, &mut ())).collect();
            prop_assert!(evidence.windows(2).all(|pair| pair[0] <= pair[1]), "{evidence:?}");
        }
    }
}
