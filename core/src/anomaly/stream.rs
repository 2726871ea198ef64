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
use super::logarithm::{ONE, log2};
use super::nearest::{LONGEST_PATTERN, Reach};
use super::reading::Reading;
use crate::arena::{Arena, NoRoom};
use crate::meter::{Meter, Op};

/// How many channels a stream may have.
pub const MAX_CHANNELS: u32 = 8;

/// The window that the published figures are for, in samples.
pub const DEFAULT_WINDOW: u32 = 512;

/// The shortest and the longest window, in samples.
pub const WINDOWS: core::ops::RangeInclusive<u32> = 64..=4096;

/// Samples that are learned before any is judged, at the least.
const MIN_WARM_UP: u32 = 96;

/// Which test a reading was nearest to failing, or failed worst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Above what the channel or its nearest past shows.
    #[default]
    High,
    /// Below it.
    Low,
    /// Too far from the reading before.
    Jump,
    /// The mean of late is not that of before: a step, a drift.
    Shift,
    /// The readings scatter more than they do.
    Noise,
    /// The shape of the latest pattern: a changed frequency, a missing cycle.
    Shape,
    /// The very same value too many times.
    Stuck,
    /// A counter that had only risen has fallen: it wrapped, or its device restarted.
    Restart,
}

impl Kind {
    /// A bit of its own.
    pub(super) const fn bit(self) -> u16 {
        1 << self as u16
    }

    /// The name used on the console.
    pub const fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Low => "low",
            Self::Jump => "jump",
            Self::Shift => "shift",
            Self::Noise => "noise",
            Self::Shape => "shape",
            Self::Stuck => "stuck",
            Self::Restart => "restart",
        }
    }
}

/// Where a sample lies in an episode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Outside any.
    #[default]
    Quiet,
    /// It begins one: the alarm.
    Begins,
    /// It belongs to one that has begun.
    Continues,
    /// It is the first sample at which it is certain that the last one is over.
    Ended,
}

/// The episode that a sample belongs to, or that ended with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Episode {
    /// Where the sample lies in it.
    pub phase: Phase,
    /// Counted from 1; 0 before the first.
    pub number: u32,
    /// Samples from its beginning to its latest anomalous one, both included.
    pub samples: u32,
    /// The highest score in it, in thousandths of a bit.
    pub peak: u32,
    /// Samples from its beginning to that score.
    pub peak_after: u32,
}

/// What a stream's detector makes of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// An anomaly as long as an episode goes on.
    pub state: State,
    /// The episode at hand.
    pub episode: Episode,
    /// The channel with the most evidence, from zero.
    pub channel: u32,
    /// Its test.
    pub kind: Kind,
    /// The evidence of that test, less what recent alarms, other channels and a short past take off: minus the binary
    /// logarithm of the rate at which normal samples reach it, in thousandths of a bit. Zero during the warm-up.
    pub score: u32,
    /// From which score on an episode begins, in thousandths of a bit.
    pub threshold: u32,
    /// A channel whose cycle, if it has one, is longer than the window; said once for each.
    pub slow: Option<u32>,
}

impl Verdict {
    /// One minus the rate at which normal samples reach this score, in millionths.
    pub fn severity(&self) -> u32 {
        let bits = self.score / 1000;
        let rate = if bits >= 20 { 0 } else { 1_000_000 >> bits };
        // Between two powers of two the rate is taken to be linear.
        1_000_000 - (rate - rate / 2 * (self.score % 1000) / 1000)
    }
}

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
    /// Takes hold of a detector whose `channels` (at most [`MAX_CHANNELS`]) each remember `window` samples (clamped
    /// to [`WINDOWS`]). A channel of 512 samples takes 8,924 bytes, one of 256 takes 4,828; 40 more a stream.
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

/// 1/256 bit in thousandths of a bit.
pub(super) fn thousandths(bits: i32) -> u32 {
    (bits.max(0).unsigned_abs()).saturating_mul(1000) / ONE as u32
}

#[cfg(test)]
mod tests;
