//! Sensor streams of one or more channels, judged sample by sample.
//!
//! Each channel is compared with its own past by several tests, each of which says how rare its score is (`channel.rs`).
//! The rarest counts. Nothing is trained in advance, nothing grows, and the work of a sample is bounded by the window.
//! For every stream, always:
//!
//! - the first `window / 2` samples warm up: they are learned and not judged;
//! - an alarm is an episode, with a beginning, a peak and an end (`episode.rs`);
//! - the more alarms there were of late, and the more channels there are, the more evidence an alarm takes;
//! - everything is learned: what comes often is no anomaly, and no regime alarms for ever.

use super::State;
use super::channel::{Channel, Judgement};
use super::episode::Episodes;
use super::logarithm::log2;
use super::nearest::{LONGEST_PATTERN, Reach};
use super::reading::Reading;
use super::verdict::thousandths;
pub use super::verdict::{Episode, Kind, MAX_CHANNELS, Phase, Verdict};
use crate::arena::{Arena, NoRoom};
use crate::meter::{Meter, Op};

/// The window that the published figures are for, in samples.
pub const DEFAULT_WINDOW: u32 = 512;

/// The shortest and the longest window, in samples.
pub const WINDOWS: core::ops::RangeInclusive<u32> = 64..=4096;

/// Samples that are learned before any is judged, at the least.
const MIN_WARM_UP: u32 = 96;

/// Finds samples that are unlike the recent past of their stream.
#[derive(Debug)]
pub struct StreamDetector<'a> {
    episodes: Episodes<'a>,
    channels: [Option<Channel<'a>>; MAX_CHANNELS as usize],
    window: u32,
    /// Bits: kinds of anomaly that are not looked for.
    muted: u16,
}

impl<'a> StreamDetector<'a> {
    /// Carves a detector whose `channels` (at most [`MAX_CHANNELS`]) each remember `window` samples (clamped
    /// to [`WINDOWS`]). A channel of 512 samples takes 8,916 bytes, one of 256 takes 4,820; 40 more a stream.
    ///
    /// # Errors
    /// [`NoRoom`] where the arena is too small.
    pub fn carve(arena: &mut Arena<'a>, window: u32, channels: u32) -> Result<Self, NoRoom> {
        let window = window.clamp(*WINDOWS.start(), *WINDOWS.end());
        let pattern = 1 << (window / 8).min(LONGEST_PATTERN).ilog2();
        let reach = Reach { window: window as usize, pattern };
        let episodes = Episodes::carve(arena)?;
        let mut held = [const { None }; MAX_CHANNELS as usize];
        for slot in held.iter_mut().take(channels as usize) {
            *slot = Some(Channel::carve(arena, reach)?);
        }
        Ok(Self { episodes, channels: held, window, muted: 0 })
    }

    /// The same detector, which does not look for `kinds`: to measure what each adds. Not part of the state in the arena.
    #[must_use]
    pub fn without(self, kinds: &[Kind]) -> Self {
        Self { muted: kinds.iter().fold(self.muted, |muted, kind| muted | kind.bit()), ..self }
    }

    /// How many samples are learned before the first is judged.
    pub fn warm_up(&self) -> u32 {
        (self.window / 2).max(MIN_WARM_UP)
    }

    /// Notes that time passed without readings: the next ones do not follow the last.
    pub fn gap(&mut self) {
        self.channels.iter_mut().flatten().for_each(Channel::gap);
    }

    /// Takes in one reading a channel, and judges them. Readings beyond the channels are ignored; a channel whose
    /// reading is missing stands still.
    pub fn sample<M: Meter>(&mut self, readings: &[Option<Reading>], meter: &mut M) -> Verdict {
        let warm_up = self.warm_up();
        let channels = self.channels.iter().flatten().count() as u64;
        let for_channels = log2(channels.max(1));
        let (mut worst, mut number, mut slow) = (Judgement::default(), 0, None);
        let mut involved = [false; MAX_CHANNELS as usize];
        let mut remaining = warm_up;
        let readings = readings.iter().chain(core::iter::repeat(&None));
        for (at, (channel, reading)) in (0..).zip(self.channels.iter_mut().flatten().zip(readings)) {
            let Some(reading) = reading else {
                channel.gap();
                remaining = remaining.min(warm_up.saturating_sub(channel.seen()));
                continue;
            };
            let judgement = channel.sample(*reading, for_channels, self.muted, meter);
            let missing = (warm_up + 1).saturating_sub(channel.seen());
            remaining = remaining.min(missing);
            if missing > 0 {
                continue;
            }
            if let Some(involved) = involved.get_mut(at as usize) {
                *involved = judgement.evidence > super::episode::INVOLVED;
            }
            if judgement.evidence > worst.evidence {
                (worst, number) = (judgement, at);
            }
            if channel.is_slow() {
                slow = Some(at);
            }
        }
        meter.record(Op::Alu, 40 + 60 * channels as u32);
        let seen = self.channels.iter().flatten().map(Channel::seen).max().unwrap_or(0);
        let evidence = if remaining > 0 { 0 } else { worst.evidence - for_channels };
        let judgement = Judgement { evidence, ..worst };
        if let Some(involved) = involved.get_mut(number as usize) {
            *involved |= worst.evidence > 0;
        }
        let (score, episode) =
            self.episodes.follow(judgement, seen, self.window, &mut self.channels, &involved, meter);
        let state = match episode.phase {
            _ if remaining > 0 => State::WarmingUp { remaining },
            Phase::Begins | Phase::Continues => State::Anomaly,
            Phase::Quiet | Phase::Ended => State::Normal,
        };
        let threshold = thousandths(super::episode::THRESHOLD);
        Verdict {
            state,
            episode,
            channel: number,
            kind: worst.kind,
            score: thousandths(score),
            threshold,
            slow,
        }
    }
}

#[cfg(test)]
mod tests;
