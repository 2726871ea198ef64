//! One channel of a stream: what it remembers, and the three tests that judge a reading.
//!
//! - *level*: the latest four readings are like no four of the past (spike, dropout, level shift, ramp, noise);
//! - *shape*: the latest pattern, its mean taken out, is like none of the past (frequency, missing cycle, noise);
//! - *stuck*: the very same value has come more often in a row than it ever does.
//!
//! A reading judged anomalous is remembered, but never served as an example and never shapes a threshold.

use super::history::History;
use super::nearest::{LEVEL_LENGTH, Lags, Nearest, Reach, forgiving_distance};
use super::ring::Ring;
use super::stream::{Kind, Tuning};
use crate::arena::{Arena, NoRoom};
use crate::meter::{Meter, Op};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The counters of a channel. All zeros: nothing seen.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub(super) struct ChannelState {
    /// How many times in a row the latest value has come.
    run: u32,
    /// The longest normal run in this and in the last block of `window / 2` samples.
    longest: [u32; 2],
    /// How many samples of this block have passed.
    block: u32,
    /// How many samples ago the level was last anomalous.
    since_level: u32,
    /// How many scores the thresholds still need.
    wanted: u32,
    /// One once the first sample has set the counters up.
    started: u32,
}
const _: () = assert!(size_of::<ChannelState>() == 28);

/// The spread of the scores is from their median to this percentile: anomalies that slip in hardly move it.
const SPREAD_PERCENTILE: u32 = 95;

/// What one test found.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Finding {
    pub kind: Kind,
    pub score: u32,
    pub threshold: u32,
}

impl Finding {
    pub fn is_anomaly(&self) -> bool {
        self.score > self.threshold
    }

    /// Is its score further over (or nearer to) its threshold than that of `other`?
    pub fn is_worse_than(&self, other: &Self) -> bool {
        let (a, b) = (u64::from(self.score), u64::from(other.score));
        a * u64::from(other.threshold.max(1)) > b * u64::from(self.threshold.max(1))
    }
}

/// What a channel made of a reading.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Judgement {
    /// How many more samples are needed before readings are judged; zero when they are.
    pub remaining: u32,
    /// The test that was nearest to its threshold, or furthest over it.
    pub worst: Finding,
    /// The distance to the nearest past readings.
    pub nearest: u32,
}

impl Judgement {
    /// A channel that judges comes before one that warms up, then the worse finding counts.
    pub fn is_worse_than(&self, other: &Self) -> bool {
        match (self.remaining, other.remaining) {
            (0, 0) => self.worst.is_worse_than(&other.worst),
            (mine, theirs) => mine < theirs,
        }
    }
}

/// The memory of one channel.
#[derive(Debug)]
pub(super) struct Channel<'a> {
    state: &'a mut ChannelState,
    ring: Ring<'a>,
    lags: Lags<'a>,
    reach: Reach,
    levels: History<'a>,
    shapes: History<'a>,
}

impl<'a> Channel<'a> {
    /// Takes hold of a channel that remembers the readings within `reach`, and half as many scores.
    pub fn carve(arena: &mut Arena<'a>, reach: Reach) -> Result<Self, NoRoom> {
        let window = reach.window as u32;
        Ok(Self {
            state: arena.one("channel-state")?,
            ring: Ring::carve(arena, window)?,
            lags: Lags::carve(arena, reach)?,
            levels: History::carve(arena, window / 2)?,
            shapes: History::carve(arena, window / 2)?,
            reach,
        })
    }

    /// Takes in a reading and judges it.
    pub fn sample<M: Meter>(&mut self, value: i32, tuning: &Tuning, meter: &mut M) -> Judgement {
        let Reach { window, pattern } = self.reach;
        let examples = window / 4 + pattern;
        if self.state.started == 0 {
            let wanted = (window / 2 - examples + 1) as u32;
            *self.state =
                ChannelState { started: 1, wanted, since_level: pattern as u32, ..ChannelState::default() };
        }
        self.count_run(value);
        self.ring.push(value);
        let nearest = self.lags.advance(&self.ring, self.reach, meter);
        if self.ring.len() < examples {
            let remaining = self.state.wanted.saturating_add((examples - self.ring.len()) as u32);
            return Judgement { remaining, ..Judgement::default() };
        }
        let distance = nearest.level.unwrap_or(0);
        if self.state.wanted > 0 {
            self.learn(&nearest, meter);
            self.state.longest[0] = self.state.longest[0].max(self.state.run);
            let remaining = self.state.wanted;
            self.state.wanted -= 1;
            return Judgement { remaining, nearest: distance, ..Judgement::default() };
        }
        let worst = self.judge(&nearest, tuning, meter);
        Judgement { remaining: 0, worst, nearest: distance }
    }

    fn judge<M: Meter>(&mut self, nearest: &Nearest, tuning: &Tuning, meter: &mut M) -> Finding {
        meter.record(Op::Call, 1);
        meter.record(Op::Compare, 12);
        meter.record(Op::MulWide, 8);
        meter.record(Op::DivWide, 4);
        let direction = if nearest.below { Kind::Low } else { Kind::High };
        let level = finding(direction, nearest.level, &self.levels, tuning.level);
        // A spike stays in the pattern for its whole length; it has been reported, and its shape says no more.
        let quiet = self.state.since_level as usize >= self.reach.pattern;
        let nearest = Nearest { shape: nearest.shape.filter(|_| quiet), ..*nearest };
        let mut shape = finding(Kind::Shape, nearest.shape, &self.shapes, tuning.shape);
        if shape.is_anomaly() {
            shape.score = forgiving_distance(&self.ring, nearest.shape_lag, self.reach.pattern, meter);
        }
        let worst = most_telling([self.stuck(tuning), level, shape]);
        let since = self.state.since_level.saturating_add(1);
        self.state.since_level = if level.is_anomaly() { 0 } else { since };
        if worst.is_anomaly() {
            self.ring.mark();
        } else {
            self.learn(&nearest, meter);
        }
        self.turn_block(!worst.is_anomaly());
        if self.ring.anomalous() as usize > self.reach.window / 2 {
            self.accept();
        }
        worst
    }

    /// A run of one value against the longest that ended while all was normal.
    fn stuck(&self, tuning: &Tuning) -> Finding {
        if tuning.stuck == 0 {
            return Finding { kind: Kind::Stuck, ..Finding::default() };
        }
        let longest = self.state.longest[0].max(self.state.longest[1]);
        let threshold = longest.saturating_mul(tuning.stuck).saturating_add(LEVEL_LENGTH as u32);
        let thousandths = |count: u32| count.saturating_mul(1000);
        Finding { kind: Kind::Stuck, score: thousandths(self.state.run), threshold: thousandths(threshold) }
    }

    /// Lets a normal reading shape the thresholds.
    fn learn<M: Meter>(&mut self, nearest: &Nearest, meter: &mut M) {
        if let Some(level) = nearest.level {
            self.levels.push(level, meter);
        }
        if let Some(shape) = nearest.shape {
            self.shapes.push(shape, meter);
        }
    }

    /// Most of the window is anomalous: that is how things are now. The readings stay, the thresholds are learned anew.
    fn accept(&mut self) {
        self.ring.absolve();
        self.levels.clear();
        self.shapes.clear();
        self.state.longest = [self.state.run, 0];
        self.state.wanted = (self.reach.window / 4) as u32;
    }

    /// Counts how often the value has come in a row. What ends a run while all is normal says how long runs may be.
    fn count_run(&mut self, value: i32) {
        let same = self.ring.len() > 0 && self.ring.value(0) == value;
        if !same && self.ring.clean_run(0) > 0 {
            self.state.longest[0] = self.state.longest[0].max(self.state.run);
        }
        self.state.run = if same { self.state.run.saturating_add(1) } else { 1 };
    }

    /// Forgets the runs of the block before the last. A run that is still going on, and normal, counts into the new one:
    /// what has always been constant is not stuck.
    fn turn_block(&mut self, normal: bool) {
        self.state.block = self.state.block.saturating_add(1);
        if self.state.block as usize >= self.reach.window / 2 {
            let going_on = if normal { self.state.run } else { 0 };
            self.state.block = 0;
            self.state.longest = [going_on, self.state.longest[0].max(going_on)];
        }
    }
}

/// The first anomaly, for a stuck value explains a wrong level and a wrong level explains a wrong shape; else the worst.
fn most_telling(findings: [Finding; 3]) -> Finding {
    let worse = |held: Finding, found: Finding| if found.is_worse_than(&held) { found } else { held };
    let anomaly = findings.into_iter().find(Finding::is_anomaly);
    anomaly.unwrap_or_else(|| findings.into_iter().fold(Finding::default(), worse))
}

/// The verdict of a distance test, which allows `multiple` times the spread of `scores` above their median.
fn finding(kind: Kind, score: Option<u32>, scores: &History<'_>, multiple: u32) -> Finding {
    let median = scores.quantile(50, 100);
    let spread = scores.quantile(SPREAD_PERCENTILE, 100).saturating_sub(median);
    let threshold = median.saturating_add(spread.saturating_mul(multiple)).max(1);
    let score = score.filter(|_| multiple > 0).unwrap_or(0);
    Finding { kind, score, threshold }
}
