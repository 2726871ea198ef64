//! From evidence to alarms: one alarm an episode, and fewer when there were many.
//!
//! An episode begins with a score over the threshold. It goes on while such scores come, and while a channel's mean
//! stays where the episode has taken it, for a window at most: then that is how things are. It has ended when no channel
//! can bring it back. What comes within
//! [`QUIET`] samples of the last score belongs to the same episode, unless it is far worse. Each alarm raises the
//! evidence that the next one takes by a bit, which fades over 2,048 samples: a stream that alarms often is one whose
//! tails are not yet known, or one where alarms are no news.

use super::channel::{Channel, Judgement};
use super::logarithm::{ONE, log2};
use super::verdict::{Episode, MAX_CHANNELS, Phase, thousandths};
use crate::arena::{Arena, NoRoom};
use crate::meter::{Meter, Op};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Evidence at which an episode begins: once in 362 normal samples, before anything is taken off.
pub(super) const THRESHOLD: i32 = 17 * ONE / 2;
/// Evidence from which a channel is taken to have part in an episode that has just begun.
pub(super) const INVOLVED: i32 = 7 * ONE;
/// Samples without a score over the threshold after which the next one is a new episode.
const QUIET: u32 = 100;
/// Evidence beyond the peak of an episode that makes a new one.
const ESCALATION: i32 = 4 * ONE;
/// Samples that an episode goes on after its latest brief score.
const LINGER: u32 = 8;
/// What an alarm takes off the evidence of those that follow: one bit, fading by 1/2048 a sample. In 1/65536 bit.
const FATIGUE: u32 = 1 << 16;
const FATIGUE_FADES: u32 = 11;
/// What a past of 256 samples takes off, halved every [`YOUTH_HALVES`] samples.
const YOUTH: i32 = 4 * ONE;
const YOUTH_FROM: u32 = 256;
const YOUTH_HALVES: u32 = 208;
/// The ages of a stream, in samples, between which each doubling subtracts [`FOR_EACH_DOUBLING`] from the evidence: a longer
/// stream shows rarer values by chance.
const AGE: core::ops::RangeInclusive<u32> = 2_048..=8_192;
const FOR_EACH_DOUBLING: i32 = 3 * ONE / 4;

/// Where the episodes stand. All zeros: none yet.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
struct EpisodeState {
    number: u32,
    /// Samples since the episode began.
    age: u32,
    /// Samples since the latest score over the threshold.
    since_hit: u32,
    /// Samples since the latest such score that is over as soon as the readings are normal.
    since_brief: u32,
    /// Highest score of the episode, in 1/256 bit, and when it came.
    peak: i32,
    peak_after: u32,
    /// What earlier alarms take off, in 1/65536 bit.
    fatigue: u32,
    /// One while the channels hold on to how things were before the episode.
    holds: u32,
    /// One while the episode goes on.
    alarm: u32,
    /// Samples from its beginning to its latest alarm; zero once its end has been reported.
    length: u32,
}
const _: () = assert!(size_of::<EpisodeState>() == 40);

/// The episodes of a stream.
#[derive(Debug)]
pub(super) struct Episodes<'a> {
    state: &'a mut EpisodeState,
}

impl<'a> Episodes<'a> {
    /// Carves the state.
    pub fn carve(arena: &mut Arena<'a>) -> Result<Self, NoRoom> {
        Ok(Self { state: arena.one("episodes")? })
    }

    /// Takes in the worst judgement of a sample, and returns its score in 1/256 bit with the episode it belongs to.
    /// `seen`: samples so far. `involved`: which channels show evidence.
    pub fn follow<M: Meter>(
        &mut self,
        judgement: Judgement,
        seen: u32,
        window: u32,
        channels: &mut [Option<Channel<'_>>; MAX_CHANNELS as usize],
        involved: &[bool; MAX_CHANNELS as usize],
        meter: &mut M,
    ) -> (i32, Episode) {
        meter.record(Op::Call, 1);
        let state = &mut *self.state;
        state.fatigue -= state.fatigue >> FATIGUE_FADES;
        for count in [&mut state.age, &mut state.since_hit, &mut state.since_brief] {
            *count = count.saturating_add(1);
        }
        let fatigue = (state.fatigue >> 8).min(i32::MAX as u32 / 2) as i32;
        let score = (judgement.evidence - fatigue - youth(seen) - age(seen)).max(0);
        let hit = score > THRESHOLD;
        let first = state.number == 0;
        let begins =
            hit && (first || state.since_hit > QUIET || score > state.peak.saturating_add(ESCALATION));
        if begins {
            state.fatigue = state.fatigue.saturating_add(FATIGUE);
            state.number = state.number.saturating_add(1);
            (state.age, state.peak, state.peak_after) = (0, 0, 0);
        }
        if hit {
            state.since_hit = 0;
            if score > state.peak {
                (state.peak, state.peak_after) = (score, state.age);
            }
            if judgement.brief || begins {
                state.since_brief = 0;
            }
            if state.holds == 0 {
                state.holds = 1;
                channels.iter_mut().flatten().for_each(|channel| channel.hold(meter));
            }
        }
        let held = self.holds_on(window, channels, involved, meter);
        let state = &mut *self.state;
        let alarm = state.number > 0 && (held || state.since_brief < LINGER);
        state.alarm = u32::from(alarm);
        let mut samples = state.length;
        let phase = if alarm {
            state.length = state.age.saturating_add(1);
            samples = state.length;
            if begins { Phase::Begins } else { Phase::Continues }
        } else if samples > 0 && state.holds == 0 {
            state.length = 0;
            Phase::Ended
        } else {
            Phase::Quiet
        };
        let (number, peak, peak_after) = (state.number, thousandths(state.peak), state.peak_after);
        (score, Episode { phase, number, samples, peak, peak_after })
    }

    /// Is a channel's mean still where the episode has taken it?
    fn holds_on<M: Meter>(
        &mut self,
        window: u32,
        channels: &mut [Option<Channel<'_>>; MAX_CHANNELS as usize],
        involved: &[bool; MAX_CHANNELS as usize],
        meter: &mut M,
    ) -> bool {
        let state = &mut *self.state;
        if state.holds == 0 {
            return false;
        }
        let old = state.age >= window / 16 * 3;
        let mut shifted = false;
        for (channel, involved) in channels.iter_mut().flatten().zip(involved) {
            shifted |= channel.is_shifted(*involved && !old, old, meter);
        }
        if state.age > window || (old && !shifted) {
            state.holds = 0;
            return false;
        }
        shifted && (state.age < window / 8 || state.alarm == 1)
    }
}

/// What a long past takes off: samples of which none was anomalous make more chances for one that looks it.
fn age(seen: u32) -> i32 {
    let beyond = log2(seen.clamp(*AGE.start(), *AGE.end()).into()) - log2((*AGE.start()).into());
    beyond * FOR_EACH_DOUBLING / ONE
}

/// What a short past takes off: its tails are known from few samples.
fn youth(seen: u32) -> i32 {
    let beyond = seen.saturating_sub(YOUTH_FROM);
    let halved = YOUTH >> (beyond / YOUTH_HALVES).min(31);
    halved - (halved / 2) * (beyond % YOUTH_HALVES) as i32 / YOUTH_HALVES as i32
}
