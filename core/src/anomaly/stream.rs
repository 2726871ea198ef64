//! Sensor streams of one or more channels, judged sample by sample.
//!
//! Each channel is compared with its own past: a sliding window of readings, searched exactly at every sample. Nothing
//! is trained in advance, nothing grows, and the work of a sample is bounded by the window. For every channel, always:
//!
//! - the first `window / 2` samples warm up: they are learned as they are;
//! - a reading found anomalous is neither an example for later ones nor does it shape a threshold;
//! - slow drift is absorbed, because the window moves on; what moves out of the window's range faster is found;
//! - when more than half of the window is anomalous, that is how things are now: all of it is taken for normal, the
//!   thresholds are learned anew from the next `window / 4` samples, and no regime alarms for ever.

use super::State;
use super::channel::{Channel, Judgement};
use super::nearest::{LONGEST_PATTERN, Reach};
use crate::arena::{Arena, NoRoom};
use crate::meter::Meter;

/// How many channels a stream may have.
pub const MOST_CHANNELS: u32 = 8;

/// The window that the published figures are for, in samples.
pub const DEFAULT_WINDOW: u32 = 512;

/// The shortest and the longest window, in samples.
pub const WINDOWS: core::ops::RangeInclusive<u32> = 64..=4096;

/// How much more than usual is tolerated; zero switches a test off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// Of the distance of the level: multiples of the spread of recent distances, above their median.
    pub level: u32,
    /// Of the distance of the shape, likewise.
    pub shape: u32,
    /// Of a run of one value: multiples of the longest normal run, above four.
    pub stuck: u32,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { level: 5, shape: 3, stuck: 3 }
    }
}

/// Which test a reading was nearest to failing, or failed worst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// The level, above what was expected: a spike, a step, a ramp, noise.
    #[default]
    High,
    /// The level, below what was expected: a dropout, a step, a ramp, noise.
    Low,
    /// The shape of the latest pattern: a changed frequency, a missing cycle.
    Shape,
    /// The very same value too many times.
    Stuck,
}

impl Kind {
    /// The name used on the console.
    pub const fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Low => "low",
            Self::Shape => "shape",
            Self::Stuck => "stuck",
        }
    }
}

/// What a stream's detector makes of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Normal or not.
    pub state: State,
    /// The channel that was worst, from zero.
    pub channel: u32,
    /// Its worst test.
    pub kind: Kind,
    /// What that test found: a root mean square distance in thousandths of the channel's unit, or a thousand times the
    /// length of a run. Zero during the warm-up.
    pub score: u32,
    /// What it allows, in the unit of the score.
    pub threshold: u32,
    /// The root mean square distance to the nearest past readings, in thousandths of the channel's unit.
    pub nearest_distance: u32,
}

/// Finds samples that are unlike the recent past of their stream.
#[derive(Debug)]
pub struct StreamDetector<'a> {
    channels: [Option<Channel<'a>>; MOST_CHANNELS as usize],
    tuning: Tuning,
    window: u32,
}

impl<'a> StreamDetector<'a> {
    /// Takes hold of a detector whose `channels` (at most [`MOST_CHANNELS`]) each remember `window` samples (clamped
    /// to [`WINDOWS`]). A channel of 512 samples takes 12,472 bytes, one of 256 takes 6,072.
    ///
    /// # Errors
    /// [`NoRoom`] where the arena is too small.
    pub fn carve(arena: &mut Arena<'a>, window: u32, channels: u32) -> Result<Self, NoRoom> {
        let window = window.clamp(*WINDOWS.start(), *WINDOWS.end());
        let pattern = 1 << (window / 8).min(LONGEST_PATTERN).ilog2();
        let reach = Reach { window: window as usize, pattern };
        let mut held = [const { None }; MOST_CHANNELS as usize];
        for slot in held.iter_mut().take(channels as usize) {
            *slot = Some(Channel::carve(arena, reach)?);
        }
        Ok(Self { channels: held, tuning: Tuning::default(), window })
    }

    /// The same detector with another tolerance, which is not part of the state in the arena.
    #[must_use]
    pub fn with_tuning(self, tuning: Tuning) -> Self {
        Self { tuning, ..self }
    }

    /// How many samples are learned before the first is judged.
    pub fn warm_up(&self) -> u32 {
        self.window / 2
    }

    /// Takes in one reading a channel, in thousandths, and judges them. Readings beyond the channels are ignored; a
    /// channel without a reading stands still.
    pub fn sample<M: Meter>(&mut self, values: &[i32], meter: &mut M) -> Verdict {
        let mut worst: Option<(u32, Judgement)> = None;
        for (number, (channel, value)) in (0..).zip(self.channels.iter_mut().flatten().zip(values)) {
            let judgement = channel.sample(*value, &self.tuning, meter);
            if worst.is_none_or(|(_, held)| judgement.is_worse_than(&held)) {
                worst = Some((number, judgement));
            }
        }
        let (channel, Judgement { remaining, worst, nearest }) = worst.unwrap_or_default();
        let state = match remaining {
            0 if worst.is_anomaly() => State::Anomaly,
            0 => State::Normal,
            remaining => State::WarmingUp { remaining },
        };
        let (score, threshold) = (worst.score, worst.threshold);
        Verdict { state, channel, kind: worst.kind, score, threshold, nearest_distance: nearest }
    }
}

#[cfg(test)]
mod tests;
