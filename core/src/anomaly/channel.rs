//! One channel of a stream: what it remembers, and the tests that judge a reading.
//!
//! Each test turns the latest readings into one score; a [`Tail`] of its own says how rare that score is. So every test
//! is calibrated on its own channel: noise, counts, switches and heavy tails each give the evidence that their own past
//! supports. Everything is learned, anomalies too: what happens often is not an anomaly.

use super::coarse::Coarse;
use super::fixed_point::{FixedPoint, STEPS_BITS};
use super::logarithm::{LOG2_STEPS, OF_ZERO, ONE, log2};
use super::nearest::{Lags, Nearest, Reach, forgiving_distance};
use super::reading::Reading;
use super::ring::{Ring, record_sum};
use super::tail::{MAX_EVIDENCE, Tail};
use super::verdict::Kind;
use crate::arena::{Arena, NoRoom};
use crate::meter::{Meter, Op};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The tests that have a tail, in the order in which a tie is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Test {
    /// The reading above its centre.
    Above,
    /// The reading below its centre.
    Below,
    /// The reading against the one before it.
    Jump,
    /// The mean of the latest eighth of the window against the rest.
    Shift,
    /// The mean step from reading to reading of late.
    Noise,
    /// The latest readings against their nearest neighbours in the window.
    Level,
    /// The latest pattern, its mean taken out, likewise.
    Shape,
}

const TESTS: [Test; 7] =
    [Test::Above, Test::Below, Test::Jump, Test::Shift, Test::Noise, Test::Level, Test::Shape];

/// The counters of a channel. All zeros: nothing seen.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub(super) struct ChannelState {
    fixed: FixedPoint,
    /// Sum of the readings in the ring.
    sum: i64,
    /// Running median, in 1/256 step.
    centre: i64,
    /// Mean absolute difference from it, in 1/256 step.
    spread: i64,
    /// Mean of the readings before the current episode, in 1/64 step.
    held_mean: i64,
    /// The furthest that the mean has been from it since.
    held_peak: u64,
    /// Bits: the reading is above its centre; the mean of late above the mean before; the current episode shifts this
    /// channel; a reading is missing; it has been said that the cycle is too long.
    flags: u64,
    /// Readings so far.
    seen: u32,
    /// How often the readings crossed their centre, in 1/256, half of it forgotten after 2,800 readings.
    crossings: u32,
    /// How often the mean of late crossed the mean before it, likewise.
    mean_crossings: u32,
    /// Code of the least step that is not rare: one in sixteen changes is smaller.
    step: i32,
    /// Changes from reading to reading so far.
    changes: u32,
    /// How often the latest value has come in a row.
    run: u32,
    /// The longest run in this and in the last block of four windows.
    longest: [u32; 2],
    /// Readings in this block.
    block: u32,
    /// Readings since the level was last anomalous.
    since_level: u32,
    /// Readings that were lower than the one before.
    falls: u32,
    /// Code of the shift that one mean in 64 has, when the current episode began.
    held_knee: i32,
}
const _: () = assert!(size_of::<ChannelState>() == 24 + 48 + 48);

const ABOVE: u64 = 1;
const MEAN_ABOVE: u64 = 2;
const SHIFTED: u64 = 4;
const GAP: u64 = 8;
const SLOW_SAID: u64 = 16;

/// Evidence of a level is at most this and a bit for each doubling of the times that the level was crossed: a channel
/// that wanders has not shown yet where it can go.
const LEVEL_CREDIT: i32 = 4 * ONE;
/// Likewise of the nearest neighbours.
const NEIGHBOUR_CREDIT: i32 = 6 * ONE;
/// Likewise of the mean.
const MEAN_CREDIT: i32 = 6 * ONE;
/// What a test has to show beyond others, as it finds more in noise: the level looks for the nearest of hundreds of
/// neighbours, noise is judged on readings that overlap from sample to sample.
const fn margin(test: Test) -> i32 {
    match test {
        Test::Above | Test::Below | Test::Shift | Test::Shape => 0,
        Test::Jump => ONE / 2,
        Test::Noise => ONE,
        Test::Level => 3 * ONE / 2,
    }
}

/// What a channel of counts or switches has to show beyond others: its scores are few and far between. So are those of
/// any channel within [`FEW_STEPS`] of the sensor's own steps.
const DISCRETE_MARGIN: i32 = 2 * ONE;
const FEW_STEPS: u64 = 6;
/// Spreads from the centre at which a reading does not move it, once [`SETTLED`] readings were seen.
const FAR: i64 = 8;
const SETTLED: u32 = 64;
/// Evidence from which the level explains the shape.
const LEVEL_EXPLAINS: i32 = 10 * ONE;
/// Evidence from which the readings behind a shifted mean are counted: a few that are far away are no shift.
const SHIFT_DOUBT: i32 = 6 * ONE;
/// The part of the window that has to lie beyond the mean before.
const MIN_SHIFTED: usize = 32;
/// Evidence from which the shape is looked at again with its timing forgiven.
const SHAPE_DOUBT: i32 = 6 * ONE;
/// Evidence that it must keep then: not among the usual.
const FORGIVEN: i32 = 5 * ONE;
/// Evidence of a counter that begins again.
const RESTART: i32 = 14 * ONE;
/// Evidence of a run that is [`STUCK_MULTIPLE`] times as long as the longest so far.
const STUCK: i32 = 10 * ONE;
const STUCK_MULTIPLE: u32 = 3;
/// A sensor's own step, in 1/64 of ours, from which ours may become 16 times as coarse for a reading out of range.
const RESOLVED: u64 = 256 << 6;
/// Readings that may repeat on any channel.
const FREE_RUN: u32 = 4;

/// What a channel made of a reading.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Judgement {
    /// The test with the most evidence.
    pub kind: Kind,
    /// Its evidence, in 1/256 bit.
    pub evidence: i32,
    /// Is that test over as soon as the readings are normal again?
    pub brief: bool,
}

/// The memory of one channel.
#[derive(Debug)]
pub(super) struct Channel<'a> {
    state: &'a mut ChannelState,
    tails: &'a mut [Tail],
    ring: Ring<'a>,
    lags: Lags<'a>,
    coarse: Coarse<'a>,
    reach: Reach,
    /// Has the current sample changed the unit or the origin of the readings?
    rescaled: bool,
}

impl<'a> Channel<'a> {
    /// Carves a channel that remembers the readings within `reach`.
    pub fn carve(arena: &mut Arena<'a>, reach: Reach) -> Result<Self, NoRoom> {
        Ok(Self {
            state: arena.one("channel-state")?,
            tails: arena.slice("tails", TESTS.len() as u32)?,
            ring: Ring::carve(arena, reach.window as u32)?,
            lags: Lags::carve(arena, reach)?,
            coarse: Coarse::carve(arena)?,
            reach,
            rescaled: false,
        })
    }

    /// Readings so far.
    pub fn seen(&self) -> u32 {
        self.state.seen
    }

    /// The latest reading, in steps.
    pub fn latest(&self) -> i32 {
        self.ring.value(0)
    }

    /// The least difference that a mean of several readings can tell apart, in 1/64 step.
    pub fn min_difference(&self) -> u64 {
        self.floor(Test::Shift)
    }

    /// Has the latest sample changed the unit or the origin of the readings?
    pub fn is_rescaled(&self) -> bool {
        self.rescaled
    }

    /// Notes that a reading is missing, or that time passed without one. Nothing is learned.
    pub fn gap(&mut self) {
        self.state.flags |= GAP;
    }

    /// Takes in a reading and judges it. `credit` is added to what wandering channels are allowed; `muted` are the
    /// kinds that are not looked for.
    pub fn sample<M: Meter>(
        &mut self,
        reading: Reading,
        credit: i32,
        muted: u16,
        meter: &mut M,
    ) -> Judgement {
        self.rescaled = false;
        self.make_room(reading, meter);
        let restart = self.push(reading, meter);
        let nearest = self.lags.advance(&self.ring, self.reach, meter);
        self.follow_level(meter);
        let mut worst = Judgement::default();
        for test in TESTS {
            let Some(score) = self.score(test, &nearest, meter) else { continue };
            let evidence = self.weigh(test, score, credit, &nearest, meter);
            let kind = kind(test, nearest.below);
            if evidence > worst.evidence && muted & kind.bit() == 0 {
                worst = Judgement { kind, evidence, brief: !matches!(test, Test::Shift | Test::Noise) };
            }
        }
        self.state.flags &= !GAP;
        let stuck = self.stuck();
        if stuck > worst.evidence && muted & Kind::Stuck.bit() == 0 {
            // Counts and coarse steps come to rest by themselves: that is said once and does not keep the alarm on.
            worst = Judgement { kind: Kind::Stuck, evidence: stuck, brief: !self.is_discrete() };
        }
        if self.is_discrete() {
            worst.evidence = (worst.evidence - DISCRETE_MARGIN).max(0);
        }
        if restart {
            worst = Judgement { kind: Kind::Restart, evidence: RESTART, brief: true };
        }
        self.keep_in_range();
        worst
    }

    /// Takes the reading into the ring and says whether a counter has begun again.
    fn push<M: Meter>(&mut self, reading: Reading, meter: &mut M) -> bool {
        meter.record(Op::DivWide, 3);
        meter.record(Op::MulWide, 4);
        meter.record(Op::Alu, LOG2_STEPS + 100);
        let state = &mut *self.state;
        let first = state.seen == 0;
        let before = self.ring.value(0);
        let mut value = state.fixed.take(reading, first);
        // A counter falls when it wraps or when its device restarts.
        let restart = is_counter(state, self.reach.window) && value < before;
        if restart {
            // It goes on as it went, so that the pattern has no hole.
            let increment = before.saturating_sub(self.ring.value(1)).max(0);
            value = before.saturating_add(increment).min(1 << 26);
            state.fixed.continue_at(value);
        } else if !first {
            state.falls = state.falls.saturating_add(u32::from(value < before));
        }
        let full = self.ring.len() == self.reach.window;
        let leaves = if full { i64::from(self.ring.value(self.reach.window - 1)) } else { 0 };
        state.sum = state.sum.saturating_add(i64::from(value)).saturating_sub(leaves);
        self.ring.push(value);
        state.seen = state.seen.saturating_add(1);
        if !first {
            count_run(state, value == before, self.reach.window as u32);
            follow_step(state, value.abs_diff(before));
        }
        restart
    }

    /// Lets centre, spread and crossings follow the latest reading.
    fn follow_level<M: Meter>(&mut self, meter: &mut M) {
        meter.record(Op::Alu, 60);
        meter.record(Op::DivWide, 2);
        let value = i64::from(self.ring.value(0)) << 8;
        let state = &mut *self.state;
        if state.seen <= 1 {
            state.centre = value;
        }
        let pace = i64::from((state.seen / 2).clamp(1, 100));
        let step = (state.spread / pace).clamp(1, i64::MAX / 2);
        let off = value.saturating_sub(state.centre);
        // What is far away is another state, a kettle that is on: the centre stays until the spread has followed.
        if state.seen < SETTLED || off.saturating_abs() <= state.spread.saturating_mul(FAR) {
            state.centre = state.centre.saturating_add(off.clamp(-step, step));
        }
        let away = value.saturating_sub(state.centre).saturating_abs();
        let memory = i64::from(state.seen.clamp(1, 512));
        state.spread = state.spread.saturating_add(away.saturating_sub(state.spread) / memory);
        cross(&mut state.crossings, &mut state.flags, ABOVE, value > state.centre);
        if let Some((late, before)) = self.means(meter) {
            let state = &mut *self.state;
            cross(&mut state.mean_crossings, &mut state.flags, MEAN_ABOVE, late > before);
        }
    }

    /// The mean of the latest eighth of the window and that of the rest, in 1/64 step.
    fn means<M: Meter>(&self, meter: &mut M) -> Option<(i64, i64)> {
        let late = self.reach.window / 8;
        let before = self.ring.len().checked_sub(late).filter(|before| *before >= 3 * late)?;
        record_sum(late as u32, meter);
        meter.record(Op::DivWide, 2);
        let sum = self.ring.sum(0..late);
        Some((
            (sum << 6) / late as i64,
            self.state.sum.saturating_sub(sum).saturating_mul(1 << 6) / before as i64,
        ))
    }

    /// The mean of the latest 32nd of the window, in 1/64 step.
    fn latest_mean<M: Meter>(&self, meter: &mut M) -> i64 {
        let late = self.reach.window / 32;
        record_sum(late as u32, meter);
        meter.record(Op::DivWide, 1);
        (self.ring.sum(0..late) << 6) / late as i64
    }

    /// What a test makes of the latest readings, in 1/64 step; `None` where it lacks past.
    fn score<M: Meter>(&self, test: Test, nearest: &Nearest, meter: &mut M) -> Option<u64> {
        meter.record(Op::Alu, 40);
        let latest = self.ring.value(0);
        let away = (i64::from(latest) << 8).saturating_sub(self.state.centre);
        let gap = self.state.flags & GAP != 0;
        let enough = self.ring.len() >= self.reach.window / 4 + self.reach.pattern;
        match test {
            Test::Above => Some(away.max(0).unsigned_abs() >> 2),
            Test::Below => Some(away.saturating_neg().max(0).unsigned_abs() >> 2),
            Test::Jump if self.ring.len() < 2 || gap => None,
            Test::Jump => Some(u64::from(latest.abs_diff(self.ring.value(1))) << 6),
            Test::Shift => self.means(meter).map(|(late, before)| late.abs_diff(before)),
            Test::Noise => {
                let late = self.reach.window / 32;
                let steps =
                    (0..late).map(|age| u64::from(self.ring.value(age).abs_diff(self.ring.value(age + 1))));
                (self.ring.len() >= 4 * late && !gap).then(|| {
                    record_sum(2 * late as u32, meter);
                    meter.record(Op::DivWide, 1);
                    (steps.sum::<u64>() << 6) / late as u64
                })
            }
            Test::Level if enough => nearest.level.map(|distance| u64::from(distance) << 6),
            Test::Shape if enough => nearest.shape.map(|distance| u64::from(distance) << 6),
            Test::Level | Test::Shape => None,
        }
    }

    /// Evidence of a score, which its tail learns.
    fn weigh<M: Meter>(
        &mut self,
        test: Test,
        score: u64,
        credit: i32,
        nearest: &Nearest,
        meter: &mut M,
    ) -> i32 {
        // The code of the score, the limit of its evidence.
        meter.record(Op::Alu, 2 * LOG2_STEPS + 40);
        let floor = self.floor(test);
        let discrete = self.is_discrete();
        let code = log2(score.saturating_add(floor));
        let Some(tail) = self.tails.get_mut(test as usize) else { return 0 };
        let mut evidence = tail.evidence(code, meter);
        let state = &mut *self.state;
        let crossed = |crossings: u32| log2(u64::from((crossings >> 8).max(1)));
        match test {
            Test::Above | Test::Below | Test::Jump if score <= floor + floor / 8 => evidence = 0,
            Test::Above | Test::Below => {
                evidence = evidence.min(LEVEL_CREDIT + credit + crossed(state.crossings));
            }
            Test::Shift => {
                evidence = evidence.min(MEAN_CREDIT + credit + crossed(state.mean_crossings));
                if evidence > SHIFT_DOUBT
                    && self.reach.window / MIN_SHIFTED > shifted_readings(&self.ring, self.reach, meter)
                {
                    evidence = SHIFT_DOUBT;
                }
            }
            Test::Level => {
                // One level seen all the time and then another needs no crossing to be distinguished.
                let constant = state.changes < 2;
                let limit = NEIGHBOUR_CREDIT + credit + crossed(state.crossings);
                evidence =
                    if constant || evidence <= limit { evidence } else { limit + (evidence - limit) / 8 };
                let since = state.since_level.saturating_add(1);
                state.since_level = if evidence > LEVEL_EXPLAINS { 0 } else { since };
            }
            // A spike stays in the pattern for its whole length; the level has reported it.
            Test::Shape if (state.since_level as usize) < self.reach.pattern => evidence = 0,
            Test::Shape if evidence > SHAPE_DOUBT => {
                let forgiven = forgiving_distance(&self.ring, nearest.shape_lag, self.reach.pattern, meter);
                let code = log2((u64::from(forgiven) << 6).min(score).saturating_add(floor));
                let timely = tail.evidence(code, meter);
                evidence = if timely > FORGIVEN { evidence } else { timely };
            }
            Test::Jump | Test::Noise | Test::Shape => {}
        }
        tail.learn(code, meter);
        let few_steps = score <= FEW_STEPS * floor && !discrete;
        match test {
            Test::Above | Test::Below | Test::Jump if few_steps => evidence - margin(test) - DISCRETE_MARGIN,
            _ => evidence - margin(test),
        }
    }

    /// The least difference that a score can tell apart, in 1/64 step: the sensor's own, over what a test averages.
    fn floor(&self, test: Test) -> u64 {
        let step = self.step();
        match test {
            Test::Above | Test::Below | Test::Jump => step,
            Test::Shift | Test::Noise | Test::Level | Test::Shape => step / 4,
        }
    }

    /// The least change of a reading that is not rare, in 1/64 step.
    fn step(&self) -> u64 {
        if self.state.changes == 0 {
            return 0;
        }
        let code = self.state.step.clamp(0, 40 * ONE);
        let octave = 1u64 << (code / ONE);
        octave + ((octave * (code % ONE) as u64) >> 8)
    }

    /// Counts, switches and coarse steps: the readings keep within a few of the sensor's own steps.
    fn is_discrete(&self) -> bool {
        self.state.changes > 0 && (self.state.spread.unsigned_abs() >> 2) <= 2 * self.step()
    }

    /// Evidence that the very same value has come too often in a row.
    fn stuck(&self) -> i32 {
        let longest = self.state.longest[0].max(self.state.longest[1]).max(1);
        let beyond = self.state.run.saturating_sub(FREE_RUN);
        if self.state.run <= longest.saturating_add(FREE_RUN) || self.state.changes == 0 {
            return 0;
        }
        let evidence = u64::from(beyond) * STUCK as u64 / u64::from(longest.saturating_mul(STUCK_MULTIPLE));
        evidence.min(MAX_EVIDENCE as u64) as i32
    }

    /// An episode begins: how things were before it is held on to.
    pub fn hold<M: Meter>(&mut self, meter: &mut M) {
        let knee = self.tails.get(Test::Shift as usize).map_or(OF_ZERO, |tail| tail.knee(meter));
        let before = self.means(meter).map_or(0, |(_, before)| before);
        let state = &mut *self.state;
        (state.held_mean, state.held_peak, state.held_knee) = (before, 0, knee);
        state.flags &= !SHIFTED;
    }

    /// Is the mean still away from where it was before the episode? `involved`: this channel has shown evidence of late.
    /// A channel that has come back, or was never away once the episode is `old`, is out until the next episode.
    pub fn is_shifted<M: Meter>(&mut self, involved: bool, old: bool, meter: &mut M) -> bool {
        meter.record(Op::Alu, LOG2_STEPS + 40);
        // The mean of a counter is always on its way, and so is that of a cycle longer than the window.
        let moves = is_counter(self.state, self.reach.window) || self.state.flags & SLOW_SAID != 0;
        let Some((late, _)) = self.means(meter).filter(|_| !moves) else { return false };
        let latest = self.latest_mean(meter);
        let state = &mut *self.state;
        if involved {
            state.flags |= SHIFTED;
        }
        let away = late.abs_diff(state.held_mean);
        state.held_peak = state.held_peak.max(away);
        let still = state.held_knee > 0
            && log2(away) > state.held_knee
            && away > state.held_peak / 5 * 4
            && latest.abs_diff(state.held_mean) > state.held_peak / 2;
        if old && !still {
            state.flags &= !SHIFTED;
        }
        still && state.flags & SHIFTED != 0
    }

    /// Once: is its cycle, if it has one, longer than the window? So it is where the level was hardly crossed in two
    /// windows, or where the coarse scale repeats itself beyond the window only.
    pub fn is_slow<M: Meter>(&mut self, meter: &mut M) -> bool {
        let repeats_late = self.coarse.takes_long(self.ring.value(0), self.reach.window, meter);
        let hardly_crosses = self.state.seen as usize == 2 * self.reach.window
            && self.state.changes > 0
            && (self.state.crossings >> 8) < 16
            && self.state.falls > 0
            && !self.is_discrete();
        let slow = repeats_late || hardly_crosses;
        let said = self.state.flags & SLOW_SAID != 0;
        if slow {
            self.state.flags |= SLOW_SAID;
        }
        slow && !said
    }

    /// Makes the steps coarser when the readings outgrow them.
    fn keep_in_range(&mut self) {
        let state = &mut *self.state;
        if state.fixed.is_clamping() {
            let by = state.fixed.recentre();
            let shift = |value: i32| value.saturating_sub(by).clamp(-(1 << 26), 1 << 26);
            self.ring.change(shift);
            state.centre = state.centre.saturating_sub(i64::from(by) << 8);
            state.held_mean = state.held_mean.saturating_sub(i64::from(by) << 6);
            self.renew();
        }
        if self.state.spread > 1 << (20 + 8) {
            self.coarsen();
        }
    }

    /// Makes the steps coarser before a reading that is out of their range, as long as the sensor's own step stays many of
    /// them: a reading that is cut off would look small beside the next one of its kind.
    fn make_room<M: Meter>(&mut self, reading: Reading, meter: &mut M) {
        meter.record(Op::DivWide, 2);
        meter.record(Op::MulWide, 2);
        while self.step() >= RESOLVED && self.state.fixed.is_beyond(reading) && self.coarsen() {}
    }

    /// Makes the steps 16 times as coarse, if they can be.
    fn coarsen(&mut self) -> bool {
        let state = &mut *self.state;
        if !state.fixed.coarsen() {
            return false;
        }
        self.ring.change(|value| value >> STEPS_BITS);
        state.centre >>= STEPS_BITS;
        state.spread >>= STEPS_BITS;
        state.held_mean >>= STEPS_BITS;
        state.held_peak >>= STEPS_BITS;
        let by = STEPS_BITS as i32 * ONE;
        state.step = state.step.saturating_sub(by).max(0);
        state.held_knee = state.held_knee.saturating_sub(by);
        self.tails.iter_mut().for_each(|tail| tail.rescale(-by));
        self.renew();
        true
    }

    /// Sums up again after every reading has changed.
    fn renew(&mut self) {
        self.rescaled = true;
        self.coarse.clear();
        self.state.sum = self.ring.sum(0..self.ring.len());
        self.lags.rebuild(&self.ring, self.reach);
    }
}

/// Has it only ever risen, for long enough?
fn is_counter(state: &ChannelState, window: usize) -> bool {
    state.falls == 0 && state.changes as usize >= window / 4
}

/// How many of the latest eighth of the window lie on the side of the mean before to which their own mean has moved.
fn shifted_readings<M: Meter>(ring: &Ring<'_>, reach: Reach, meter: &mut M) -> usize {
    let late = reach.window / 8;
    meter.record(Op::Load, (ring.len() + late) as u32);
    meter.record(Op::DivWide, 2);
    let mean = |ages: core::ops::Range<usize>| ring.sum(ages.clone()) / ages.len().max(1) as i64;
    let (now, before) = (mean(0..late), mean(late..ring.len().max(late)));
    (0..late).filter(|age| (i64::from(ring.value(*age)) > before) == (now > before)).count()
}

fn kind(test: Test, below: bool) -> Kind {
    match test {
        Test::Above => Kind::High,
        Test::Below => Kind::Low,
        Test::Level if below => Kind::Low,
        Test::Level => Kind::High,
        Test::Jump => Kind::Jump,
        Test::Shift => Kind::Shift,
        Test::Noise => Kind::Noise,
        Test::Shape => Kind::Shape,
    }
}

/// Counts a crossing when the side has changed.
fn cross(crossings: &mut u32, flags: &mut u64, side: u64, above: bool) {
    *crossings -= *crossings >> 12;
    if above != (*flags & side != 0) {
        *flags ^= side;
        *crossings = crossings.saturating_add(1 << 8);
    }
}

/// Counts how often the value has come in a row; a run counts as long once it has ended.
fn count_run(state: &mut ChannelState, same: bool, window: u32) {
    if same {
        state.run = state.run.saturating_add(1);
    } else {
        state.longest[0] = state.longest[0].max(state.run);
        state.run = 1;
    }
    state.block = state.block.saturating_add(1);
    if state.block >= 4 * window {
        state.block = 0;
        state.longest = [state.run, state.longest[0]];
    }
}

/// Lets the step follow the changes: one in sixteen is smaller.
fn follow_step(state: &mut ChannelState, change: u32) {
    if change == 0 {
        return;
    }
    let code = log2(u64::from(change) << 6);
    let pace = if state.changes < 128 { 8 } else { 2 };
    if state.changes == 0 {
        state.step = code;
    } else if code < state.step.saturating_sub(4) {
        state.step = state.step.saturating_sub(15 * pace).max(0);
    } else if code > state.step.saturating_add(4) {
        state.step = state.step.saturating_add(pace).min(code);
    }
    state.changes = state.changes.saturating_add(1);
}
