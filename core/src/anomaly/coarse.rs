//! Is there a cycle longer than the window? Looked for once, on a scale 16 times as coarse.
//!
//! The first 128 means of a 32nd of the window are held: four windows in all. Then each sample compares them with
//! themselves, one lag after the other: the mean squared difference between the means and those `lag` before. A cycle is
//! there where some lag beyond the window repeats the signal far better than every lag within it does. After that nothing
//! is held any more and nothing is done. What always holds: at most 124 differences a sample.

use crate::arena::{Arena, NoRoom};
use crate::meter::{Meter, Op};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Means that are held.
const BLOCKS: usize = 128;
/// Means in a window.
const IN_WINDOW: usize = 32;
/// The lags that are tried: shorter ones are near anyway, longer ones leave too little to compare.
const LAGS: core::ops::RangeInclusive<usize> = 4..=80;
/// How much better a lag beyond the window has to be.
const BETTER: u64 = 4;

/// All zeros: nothing seen.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
struct CoarseState {
    /// Sum of the readings of the current block.
    sum: i64,
    /// The least mean squared difference of a lag within the window, and of one beyond; in squared steps.
    within: u64,
    beyond: u64,
    /// Readings in the current block.
    readings: u32,
    /// Blocks that are held.
    blocks: u32,
    /// The lag that is tried next.
    lag: u32,
    spare: u32,
}
const _: () = assert!(size_of::<CoarseState>() == 40);

/// The coarse scale of one channel. `means`: `[128] i32`.
#[derive(Debug)]
pub(super) struct Coarse<'a> {
    state: &'a mut CoarseState,
    means: &'a mut [i32],
}

impl<'a> Coarse<'a> {
    /// Carves 552 bytes.
    pub fn carve(arena: &mut Arena<'a>) -> Result<Self, NoRoom> {
        Ok(Self { state: arena.one("coarse-state")?, means: arena.slice("coarse-means", BLOCKS as u32)? })
    }

    /// Begins again: the steps of the readings have changed.
    pub fn clear(&mut self) {
        if (self.state.lag as usize) < *LAGS.end() {
            *self.state = CoarseState::default();
        }
    }

    /// Takes in a reading; true once, where the cycle is found to be longer than the window.
    pub fn takes_long<M: Meter>(&mut self, value: i32, window: usize, meter: &mut M) -> bool {
        let state = &mut *self.state;
        if (state.blocks as usize) < BLOCKS {
            meter.record(Op::Alu, 4);
            state.sum = state.sum.saturating_add(value.into());
            state.readings = state.readings.saturating_add(1);
            if state.readings as usize >= window / IN_WINDOW {
                let mean = state.sum / i64::from(state.readings.max(1));
                if let Some(slot) = self.means.get_mut(state.blocks as usize) {
                    *slot = mean.clamp(i32::MIN.into(), i32::MAX.into()) as i32;
                }
                (state.sum, state.readings, state.blocks) = (0, 0, state.blocks + 1);
            }
            return false;
        }
        let lag = (state.lag as usize).max(*LAGS.start());
        if lag > *LAGS.end() {
            return false;
        }
        let difference = repeats(self.means, lag, meter);
        let state = &mut *self.state;
        if lag == *LAGS.start() {
            (state.within, state.beyond) = (u64::MAX, u64::MAX);
        }
        if lag <= IN_WINDOW {
            state.within = state.within.min(difference);
        } else {
            state.beyond = state.beyond.min(difference);
        }
        state.lag = lag as u32 + 1;
        lag == *LAGS.end() && state.beyond.saturating_mul(BETTER) < state.within
    }
}

/// The mean squared difference between `means` and those `lag` before.
fn repeats<M: Meter>(means: &[i32], lag: usize, meter: &mut M) -> u64 {
    let pairs = means.len().saturating_sub(lag) as u32;
    meter.record(Op::Load, 2 * pairs);
    meter.record(Op::MulWide, pairs);
    meter.record(Op::Alu, 10 * pairs);
    meter.record(Op::DivWide, 1);
    let squares = means.iter().zip(means.iter().skip(lag)).map(|(a, b)| {
        let difference = u64::from(a.abs_diff(*b).min(1 << 28));
        difference * difference
    });
    squares.fold(0u64, u64::saturating_add) / u64::from(pairs.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    fn takes_long(values: impl Iterator<Item = i32>) -> usize {
        let mut memory = vec![0; 1024];
        let mut times = 0;
        for value in values {
            let mut coarse = Coarse::carve(&mut Arena::new(&mut memory)).unwrap();
            times += usize::from(coarse.takes_long(value, 512, &mut ()));
        }
        times
    }

    #[test]
    fn a_cycle_beyond_the_window_is_found_once_and_a_shorter_one_or_none_is_not() {
        let noise = |at: usize| ((at as u32).wrapping_mul(0x9E37_79B9) >> 20) as i32 % 200;
        let square =
            |period: usize| (0..9_000).map(move |at| 1000 * i32::from(at % period < period / 4) + noise(at));
        assert_eq!([600, 672, 1_100].map(|period| takes_long(square(period))), [1; 3]);
        assert_eq!([20, 96, 300, 480].map(|period| takes_long(square(period))), [0; 4]);
        assert_eq!(takes_long((0..9_000).map(noise)), 0);
        assert_eq!(takes_long((0..9_000).map(|at| at + noise(at as usize))), 0, "a ramp is no cycle");
    }
}
