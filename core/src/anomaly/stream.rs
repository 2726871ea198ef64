//! Sensor streams of one or more channels, judged sample by sample.
//!
//! Each channel is compared with its own past by several tests, each of which says how rare its score is (`channel.rs`).
//! The rarest counts. Nothing is trained in advance, nothing grows, and the work of a sample is bounded by the window.
//! For every stream, always:
//!
//! - the first `window / 2` samples warm up: they are learned and not judged;
//! - of several channels, one that no longer follows another is judged by that too (`relation.rs`);
//! - an alarm is an episode, with a beginning, a peak and an end (`episode.rs`);
//! - the more alarms there were of late, and the more channels there are, the more evidence an alarm takes;
//! - everything is learned: what comes often is no anomaly, and no regime alarms forever.

use super::State;
use super::channel::{Channel, Judgement};
use super::episode::Episodes;
use super::logarithm::{ONE, log2};
use super::nearest::{LONGEST_PATTERN, Reach};
use super::reading::Reading;
use super::relation::{Deviations, Relation, Setting};
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
    /// One a channel, where there are several.
    relations: [Option<Relation<'a>>; MAX_CHANNELS as usize],
    window: u32,
    /// Bits: kinds of anomaly that are not looked for.
    muted: u16,
}

impl<'a> StreamDetector<'a> {
    /// Carves a detector whose `channels` (at most [`MAX_CHANNELS`]) each remember `window` samples (clamped
    /// to [`WINDOWS`]). A channel of 512 samples takes 9,468 bytes, one of 256 takes 5,372, and 212 more where there
    /// are several; 40 more a stream.
    ///
    /// # Errors
    /// [`NoRoom`] where the arena is too small.
    pub fn carve(arena: &mut Arena<'a>, window: u32, channels: u32) -> Result<Self, NoRoom> {
        let window = window.clamp(*WINDOWS.start(), *WINDOWS.end());
        let pattern = 1 << (window / 8).min(LONGEST_PATTERN).ilog2();
        let reach = Reach { window: window as usize, pattern };
        let episodes = Episodes::carve(arena)?;
        let mut held = [const { None }; MAX_CHANNELS as usize];
        let mut relations = [const { None }; MAX_CHANNELS as usize];
        for (channel, relation) in held.iter_mut().zip(&mut relations).take(channels as usize) {
            *channel = Some(Channel::carve(arena, reach)?);
            if channels > 1 {
                *relation = Some(Relation::carve(arena)?);
            }
        }
        Ok(Self { episodes, channels: held, relations, window, muted: 0 })
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
        let channels = self.channels.iter().flatten().count() as u32;
        // Each channel has its own chances to look anomalous, and channels of one machine have more.
        let for_channels = 2 * log2(channels.max(1).into());
        let mut findings = Findings::default();
        let mut deviations = Deviations::default();
        let remaining = self.judge_each(readings, for_channels, &mut findings, &mut deviations, meter);
        if channels > 1 {
            self.judge_relations(&deviations, channels, for_channels, &mut findings, meter);
        }
        meter.record(Op::Alu, 40 + 60 * channels);
        let seen = self.channels.iter().flatten().map(Channel::seen).max().unwrap_or(0);
        let evidence = if remaining > 0 { 0 } else { findings.evidence() - for_channels };
        let Findings { worst, channel, mut involved, slow, .. } = findings;
        if let Some(involved) = involved.get_mut(channel as usize) {
            *involved |= worst.evidence > 0;
        }
        let judgement = Judgement { evidence, ..worst };
        let (score, episode) =
            self.episodes.follow(judgement, seen, self.window, &mut self.channels, &involved, meter);
        let state = match episode.phase {
            _ if remaining > 0 => State::WarmingUp { remaining },
            Phase::Begins | Phase::Continues => State::Anomaly,
            Phase::Quiet | Phase::Ended => State::Normal,
        };
        let (score, threshold) = (thousandths(score), thousandths(super::episode::THRESHOLD));
        Verdict { state, episode, channel, kind: worst.kind, score, threshold, slow }
    }

    /// Lets each channel judge its own reading, and says how many samples the warm-up still takes.
    fn judge_each<M: Meter>(
        &mut self,
        readings: &[Option<Reading>],
        credit: i32,
        findings: &mut Findings,
        deviations: &mut Deviations,
        meter: &mut M,
    ) -> u32 {
        let warm_up = self.warm_up();
        let mut remaining = warm_up;
        let readings = readings.iter().chain(core::iter::repeat(&None));
        let each = self.channels.iter_mut().flatten().zip(self.relations.iter_mut());
        for (number, ((channel, relation), reading)) in (0..).zip(each.zip(readings)) {
            let Some(reading) = reading else {
                channel.gap();
                remaining = remaining.min(warm_up.saturating_sub(channel.seen()));
                continue;
            };
            let judgement = channel.sample(*reading, credit, self.muted, meter);
            if let (Some(relation), Some(deviation)) = (relation, deviations.get_mut(number as usize)) {
                *deviation = Some(relation.deviation(channel.latest(), meter));
            }
            let missing = (warm_up + 1).saturating_sub(channel.seen());
            remaining = remaining.min(missing);
            if missing == 0 {
                findings.add(number, judgement);
                findings.slow = if channel.is_slow(meter) { Some(number) } else { findings.slow };
            }
        }
        remaining
    }

    /// Judges each channel by the one that it follows.
    fn judge_relations<M: Meter>(
        &mut self,
        deviations: &Deviations,
        channels: u32,
        credit: i32,
        findings: &mut Findings,
        meter: &mut M,
    ) {
        if self.channels.iter().flatten().any(Channel::is_rescaled) {
            self.relations.iter_mut().flatten().for_each(Relation::clear);
            return;
        }
        let warm_up = self.warm_up();
        let setting = Setting { channels, trial: self.window / 4, credit };
        let each = self.channels.iter().flatten().zip(self.relations.iter_mut().flatten());
        for (number, (channel, relation)) in (0..).zip(each) {
            let judgement = relation.judge(number, deviations, channel.min_difference(), setting, meter);
            let is_wanted = channel.seen() > warm_up && self.muted & Kind::Relation.bit() == 0;
            if let Some(judgement) = judgement.filter(|_| is_wanted) {
                findings.add_relation(number, judgement);
            }
        }
    }
}

/// Evidence of another channel from which it supports that of the worst one.
const SUPPORT: i32 = 2 * ONE;

/// What the channels of a sample show.
#[derive(Debug, Default)]
struct Findings {
    worst: Judgement,
    /// The channel of that judgement.
    channel: u32,
    /// The most evidence of another channel.
    second: i32,
    /// Which channels show evidence.
    involved: [bool; MAX_CHANNELS as usize],
    /// A channel whose cycle is too long.
    slow: Option<u32>,
}

impl Findings {
    /// Takes in the judgement of a channel by itself; once for each.
    fn add(&mut self, channel: u32, judgement: Judgement) {
        self.involve(channel, judgement.evidence);
        if judgement.evidence > self.worst.evidence {
            self.second = self.worst.evidence;
            (self.worst, self.channel) = (judgement, channel);
        } else {
            self.second = self.second.max(judgement.evidence);
        }
    }

    /// Takes in the judgement of a channel by its partner, which supports no other.
    fn add_relation(&mut self, channel: u32, judgement: Judgement) {
        self.involve(channel, judgement.evidence);
        if judgement.evidence > self.worst.evidence {
            (self.worst, self.channel) = (judgement, channel);
        }
    }

    fn involve(&mut self, channel: u32, evidence: i32) {
        if let Some(involved) = self.involved.get_mut(channel as usize) {
            *involved |= evidence > super::episode::INVOLVED;
        }
    }

    /// The most evidence of one channel, and half of what the next one shows beyond [`SUPPORT`]: a fault of the machine
    /// shows on more than one, noise of a sensor on one. Half, since channels of one machine share their noise.
    fn evidence(&self) -> i32 {
        self.worst.evidence + (self.second - SUPPORT).max(0) / 2
    }
}

#[cfg(test)]
mod tests;
