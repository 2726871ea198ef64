//! What a stream's detector says of a sample.

use super::State;
use super::logarithm::ONE;

/// How many channels a stream may have.
pub const MAX_CHANNELS: u32 = 8;

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
    /// It no longer follows the channel that it has followed.
    Relation,
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
            Self::Relation => "relation",
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
    /// The current episode.
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

/// 1/256 bit in thousandths of a bit.
pub(super) fn thousandths(bits: i32) -> u32 {
    (bits.max(0).unsigned_abs()).saturating_mul(1000) / ONE as u32
}
