//! How one channel follows another, and whether it still does.
//!
//! A pump that draws more at the same speed is normal on each channel alone. So each channel has a partner: the other
//! channel that it follows best, found by one trial after the other. A line through both (least squares, older samples
//! weigh less) says what the channel should read, and how far the mean of late is from that is the score of one more
//! test. Each channel follows two pairs, its partner and the one on trial, so memory and work are linear in the channels.
//! Only relations without delay are seen.

use super::channel::Judgement;
use super::logarithm::{LOG2_STEPS, ONE, log2};
use super::nearest::record_roots;
use super::tail::Tail;
use super::verdict::{Kind, MAX_CHANNELS};
use crate::arena::{Arena, NoRoom};
use crate::meter::{Meter, Op};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// A sum loses this share of itself with each sample.
const MEMORY: i64 = 512;
/// Differences beyond this many steps count as this many: the sum of their squares stays below 2^62.
const MAX_DIFFERENCE: i64 = 1 << 26;
/// Correlation from which a channel follows its partner, in 1/1024: three quarters of the variance.
const FOLLOWS: i64 = 887;
/// Correlation beyond that of the partner that makes a new partner, in 1/1024.
const BETTER: i64 = 32;
/// Readings over which the distance from the line is averaged.
const AVERAGED: i64 = 8;
/// Evidence is at most this and a bit for each doubling of the times that the line was crossed.
const CREDIT: i32 = 6 * ONE;

/// What is known of a channel beside others. All zeros: nothing.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
struct RelationState {
    /// Mean reading, in 1/256 step.
    mean: i64,
    /// Sum of the squared differences from it, in steps.
    squares: i64,
    /// Sum of the products with the partner's differences.
    products: i64,
    /// Likewise of the channel on trial.
    trial_products: i64,
    /// Sum of the distances from the line, over [`AVERAGED`] readings.
    distance: i64,
    seen: u32,
    trial_samples: u32,
    /// How often the line was crossed, in 1/256, half of it forgotten after 2,800 readings.
    crossings: u32,
    /// One while the readings lie above the line.
    above: u32,
    /// Number of the partner, from 1; 0 for none.
    partner: u32,
    /// Number of the channel on trial, from 0.
    trial: u32,
}
const _: () = assert!(size_of::<RelationState>() == 64);

/// A reading beside the mean of its channel.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Deviation {
    /// Difference from the mean, in steps.
    difference: i64,
    /// Root of the sum of squared differences.
    root: i64,
}

/// The deviations of a sample, by channel; `None` where a reading is missing.
pub(super) type Deviations = [Option<Deviation>; MAX_CHANNELS as usize];

/// What relations are judged with, the same for every channel of a stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    /// Channels of the stream.
    pub channels: u32,
    /// Samples of a trial.
    pub trial: u32,
    /// Added to the limit of evidence, in 1/256 bit.
    pub credit: i32,
}

/// The relation of one channel to its partner.
#[derive(Debug)]
pub(super) struct Relation<'a> {
    state: &'a mut RelationState,
    tail: &'a mut Tail,
}

impl<'a> Relation<'a> {
    /// Carves the state.
    pub fn carve(arena: &mut Arena<'a>) -> Result<Self, NoRoom> {
        Ok(Self { state: arena.one("relation")?, tail: arena.one("relation-tail")? })
    }

    /// Forgets everything: the steps of a channel have changed.
    pub fn clear(&mut self) {
        (*self.state, *self.tail) = (RelationState::default(), Tail::default());
    }

    /// Takes in the channel's own reading.
    pub fn deviation<M: Meter>(&mut self, value: i32, meter: &mut M) -> Deviation {
        meter.record(Op::DivWide, 1);
        meter.record(Op::MulWide, 1);
        meter.record(Op::Alu, 40);
        record_roots(1, meter);
        let state = &mut *self.state;
        let value = i64::from(value) << 8;
        if state.seen == 0 {
            state.mean = value;
        }
        state.seen = state.seen.saturating_add(1);
        let away = value.saturating_sub(state.mean);
        state.mean = state.mean.saturating_add(away / i64::from(state.seen).min(MEMORY));
        let difference = (away >> 8).clamp(-MAX_DIFFERENCE, MAX_DIFFERENCE);
        state.squares = add(state.squares, difference, difference);
        Deviation { difference, root: state.squares.max(0).isqrt() }
    }

    /// Judges the reading of channel `own` by that of its partner; `None` where it follows none. `floor` is the least
    /// difference that counts, in 1/64 step.
    pub fn judge<M: Meter>(
        &mut self,
        own: u32,
        all: &Deviations,
        floor: u64,
        setting: Setting,
        meter: &mut M,
    ) -> Option<Judgement> {
        let mine = deviation_of(all, own)?;
        meter.record(Op::MulWide, 1);
        meter.record(Op::Alu, 40);
        self.follow_trial(own, mine, all, setting);
        let state = &mut *self.state;
        let partner = deviation_of(all, state.partner.checked_sub(1)?)?;
        meter.record(Op::MulWide, 4);
        meter.record(Op::DivWide, 4);
        meter.record(Op::Alu, 60 + 2 * LOG2_STEPS);
        state.products = add(state.products, mine.difference, partner.difference);
        if correlation(state.products, mine, partner) < FOLLOWS {
            return None;
        }
        let root = partner.root.max(1);
        let expected = (state.products / root).saturating_mul(partner.difference) / root;
        let away = mine.difference.saturating_sub(expected);
        state.distance = state.distance.saturating_add(away.saturating_sub(state.distance / AVERAGED));
        cross(state);
        let score = state.distance.unsigned_abs().saturating_mul(64) / AVERAGED.unsigned_abs();
        let code = log2(score.saturating_add(floor));
        let limit = CREDIT + setting.credit + log2(u64::from((state.crossings >> 8).max(1)));
        let evidence = self.tail.evidence(code, meter).min(limit);
        self.tail.learn(code, meter);
        Some(Judgement { kind: Kind::Relation, evidence, brief: false })
    }

    /// Adds to the trial, and at its end takes the channel for the partner where it fits better.
    fn follow_trial(&mut self, own: u32, mine: Deviation, all: &Deviations, setting: Setting) {
        let state = &mut *self.state;
        if state.trial == own {
            next_trial(state, setting.channels);
            return;
        }
        let Some(theirs) = deviation_of(all, state.trial) else { return };
        state.trial_products = add(state.trial_products, mine.difference, theirs.difference);
        state.trial_samples = state.trial_samples.saturating_add(1);
        if state.trial_samples < setting.trial {
            return;
        }
        // The trial is shorter than the memory of the channels' own sums: brought to the same weight.
        let weight = weight_of(state.trial_samples).max(1);
        let products = state.trial_products / weight * weight_of(state.seen);
        let found = correlation(products, mine, theirs);
        let held = state.partner.checked_sub(1).and_then(|partner| deviation_of(all, partner));
        let needed =
            held.map_or(FOLLOWS, |held| FOLLOWS.max(BETTER + correlation(state.products, mine, held)));
        if found >= needed && state.partner != state.trial + 1 {
            state.partner = state.trial + 1;
            (state.products, state.distance, state.crossings) = (products, 0, 0);
            *self.tail = Tail::default();
        }
        next_trial(state, setting.channels);
    }
}

fn deviation_of(all: &Deviations, channel: u32) -> Option<Deviation> {
    all.get(channel as usize).copied().flatten()
}

fn next_trial(state: &mut RelationState, channels: u32) {
    let next = state.trial.saturating_add(1);
    state.trial = if next < channels { next } else { 0 };
    (state.trial_products, state.trial_samples) = (0, 0);
}

/// Counts a crossing of the line.
fn cross(state: &mut RelationState) {
    state.crossings -= state.crossings >> 12;
    let above = u32::from(state.distance > 0);
    if above != state.above {
        state.above = above;
        state.crossings = state.crossings.saturating_add(1 << 8);
    }
}

/// A sum of products, of which older ones weigh less.
fn add(sum: i64, a: i64, b: i64) -> i64 {
    sum.saturating_sub(sum / MEMORY).saturating_add(a.saturating_mul(b))
}

/// What the weights of the latest `samples` add up to: `512 (1 - exp(-n / 512))`, within a tenth of it.
fn weight_of(samples: u32) -> i64 {
    let samples = i64::from(samples).min(2 * MEMORY);
    MEMORY * samples * 16 / (16 * MEMORY + 9 * samples)
}

/// How well two channels go together, either way round, in 1/1024.
fn correlation(products: i64, a: Deviation, b: Deviation) -> i64 {
    ((products / a.root.max(1)).saturating_mul(1024) / b.root.max(1)).saturating_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_add_up_as_they_should() {
        for samples in [64u32, 128, 256, 512, 1024, 100_000] {
            let exact = 512.0 * (1.0 - (-f64::from(samples) / 512.0).exp());
            let off = weight_of(samples) as f64 / exact - 1.0;
            assert!(off.abs() < 0.1, "{samples}: {off}");
        }
    }

    #[test]
    fn a_correlation_is_that_of_the_sums() {
        let deviation = |root| Deviation { difference: 0, root };
        assert_eq!(correlation(5_000, deviation(100), deviation(50)), 1024);
        assert_eq!(correlation(-2_500, deviation(100), deviation(50)), 512);
        assert_eq!(correlation(0, deviation(0), deviation(0)), 0);
    }
}
