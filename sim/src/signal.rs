//! Labelled sensor signals: what machines look like, and how they fail.
//!
//! Every normal signal is drawn with its own parameters (period, amplitude, noise, resolution), every fault with its own
//! severity and length, all from one seed. Only additions, multiplications, divisions and roots of f64 are used, which
//! IEEE 754 fixes to the last bit, so a seed gives the same readings on every host. Readings are in thousandths.

pub mod pump;

use oorandom::Rand64;
use schemars::JsonSchema;
use serde::Serialize;

/// How a signal behaves while nothing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Normal {
    /// A sinusoid with noise: a slowly turning shaft's load.
    Sine,
    /// A sawtooth: a tank that fills slowly and is pumped empty fast.
    PumpCycle,
    /// A square wave: a compressor that runs two fifths of its time.
    DutyCycle,
    /// A random walk that is pulled back to its mean: a pressure in a network.
    RandomWalk,
    /// A day's temperature, every half hour, to a sixteenth of a degree; each day warmer or colder than the last.
    Daily,
    /// A vibration with two harmonics.
    Vibration,
    /// A constant with noise, to a tenth: a regulated voltage.
    Flat,
    /// Bursts of current at irregular times: a radio, a door opener.
    Bursty,
}

impl Normal {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Sine,
        Self::PumpCycle,
        Self::DutyCycle,
        Self::RandomWalk,
        Self::Daily,
        Self::Vibration,
        Self::Flat,
        Self::Bursty,
    ];

    /// Does it have cycles that could come too fast or be left out?
    pub const fn is_periodic(self) -> bool {
        matches!(self, Self::Sine | Self::PumpCycle | Self::DutyCycle | Self::Daily | Self::Vibration)
    }
}

/// How a signal goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// One or two readings far off.
    Spike,
    /// Three to ten readings at a rail below everything normal.
    Dropout,
    /// The last value, repeated.
    Stuck,
    /// A ramp away from where the signal should be.
    Drift,
    /// A step, held, and back.
    LevelShift,
    /// Noise on top of the signal.
    NoiseBurst,
    /// Cycles too fast or too slow.
    FrequencyChange,
    /// A cycle that does not come: the signal rests instead.
    MissingCycle,
}

impl Fault {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Spike,
        Self::Dropout,
        Self::Stuck,
        Self::Drift,
        Self::LevelShift,
        Self::NoiseBurst,
        Self::FrequencyChange,
        Self::MissingCycle,
    ];

    /// Can it happen to `normal`? What has no cycles cannot lose one, nor change their frequency.
    pub const fn applies_to(self, normal: Normal) -> bool {
        !matches!(self, Self::FrequencyChange | Self::MissingCycle) || normal.is_periodic()
    }
}

/// A signal with one fault in it.
#[derive(Clone, Debug)]
pub struct Series {
    /// What it is while nothing is wrong.
    pub normal: Normal,
    /// What goes wrong.
    pub fault: Fault,
    /// The readings, in thousandths.
    pub values: Vec<i32>,
    /// The first reading that the fault touches.
    pub start: usize,
    /// The first reading after the fault.
    pub end: usize,
}

/// How many readings a series has.
pub const LENGTH: usize = 896;

/// The readings among which a fault starts.
const ONSET: std::ops::Range<usize> = 400..640;

/// Draws a signal of kind `normal` with one `fault` in it; `None` where the two do not go together.
pub fn series(normal: Normal, fault: Fault, seed: u64) -> Option<Series> {
    let mut stream = Stream::new(normal, Some(fault), seed)?;
    let values = stream.by_ref().take(LENGTH).collect();
    let (start, end) = stream.event.map_or((LENGTH, LENGTH), |event| (event.start, event.end));
    Some(Series { normal, fault, values, start, end })
}

/// A signal without an end, in which something goes wrong at most once, among the readings 400 to 736.
#[derive(Clone, Debug)]
pub struct Stream {
    random: Random,
    source: Source,
    event: Option<Event>,
    held: f64,
    at: usize,
}

impl Stream {
    /// A signal of kind `normal`, with one `fault` in it; `None` where the two do not go together.
    pub fn new(normal: Normal, fault: Option<Fault>, seed: u64) -> Option<Self> {
        if fault.is_some_and(|fault| !fault.applies_to(normal)) {
            return None;
        }
        let mut random = Random(Rand64::new(u128::from(seed)));
        let source = Source::new(normal, &mut random);
        let event = fault.map(|fault| Event::new(fault, &source, &mut random));
        Some(Self { random, source, event, held: 0.0, at: 0 })
    }
}

impl Iterator for Stream {
    type Item = i32;

    fn next(&mut self) -> Option<i32> {
        let Self { random, source, event, held, at } = self;
        let value = match event {
            None => source.next(random, 1.0, false),
            Some(event) => {
                event.begin_at_cycle(*at, source);
                let active = (event.start..event.end).contains(at);
                let clean = source.next(random, event.rate(active), event.rests(active));
                if active { event.apply(*at, clean, *held, source, random) } else { clean }
            }
        };
        *held = source.quantise(value);
        *at += 1;
        Some((*held * 1000.0).round() as i32)
    }
}

/// Draws what the generator needs.
#[derive(Clone, Debug)]
struct Random(Rand64);

impl Random {
    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.0.rand_float()
    }

    fn whole(&mut self, range: std::ops::Range<usize>) -> usize {
        self.0.rand_range(range.start as u64..range.end as u64) as usize
    }

    /// Mean zero, variance one: twelve uniform numbers, added.
    fn gauss(&mut self) -> f64 {
        (0..12).map(|_| self.0.rand_float()).sum::<f64>() - 6.0
    }

    fn sign(&mut self) -> f64 {
        if self.0.rand_float() < 0.5 { -1.0 } else { 1.0 }
    }
}

/// The sine of `turns` full turns, to about 1e-4, from arithmetic that is the same everywhere.
fn sine(turns: f64) -> f64 {
    let turns = turns - turns.floor();
    let (half, sign) = if turns < 0.5 { (turns, 1.0) } else { (turns - 0.5, -1.0) };
    let quarter = if half < 0.25 { half } else { 0.5 - half };
    let x = quarter * std::f64::consts::TAU;
    let square = x * x;
    sign * x * (1.0 - square / 6.0 * (1.0 - square / 20.0 * (1.0 - square / 42.0)))
}

/// A normal signal, one reading at a time.
#[derive(Clone, Debug)]
struct Source {
    normal: Normal,
    /// Samples a cycle.
    period: f64,
    /// Peak to peak, without noise.
    spread: f64,
    /// Standard deviation of the noise.
    noise: f64,
    /// The step of the sensor's scale.
    resolution: f64,
    /// Cycles since the start.
    phase: f64,
    /// The random walk, or the day's offset.
    walk: f64,
    /// Readings until a burst begins or ends, and whether one is on.
    burst: (usize, bool),
}

impl Source {
    fn new(normal: Normal, random: &mut Random) -> Self {
        let (low, high, spread, noise, resolution) = match normal {
            Normal::Sine => (24.0, 48.0, 10.0, 0.25, 0.001),
            Normal::PumpCycle => (28.0, 52.0, 10.0, 0.2, 0.01),
            Normal::DutyCycle => (28.0, 52.0, 10.0, 0.3, 0.01),
            Normal::RandomWalk => (1.0, 1.0, 6.0, 0.4, 0.001),
            Normal::Daily => (48.0, 48.0, 9.0, 0.12, 0.0625),
            Normal::Vibration => (7.0, 12.0, 4.0, 0.15, 0.001),
            Normal::Flat => (1.0, 1.0, 2.0, 0.5, 0.1),
            Normal::Bursty => (1.0, 1.0, 8.0, 0.1, 0.01),
        };
        let scale = random.between(0.5, 2.0);
        let period = random.between(low, high);
        let noise = noise * scale * random.between(0.6, 1.4);
        let phase = random.between(0.0, 1.0);
        Self {
            normal,
            period,
            spread: spread * scale,
            noise,
            resolution,
            phase,
            walk: 0.0,
            burst: (20, false),
        }
    }

    fn quantise(&self, value: f64) -> f64 {
        (value / self.resolution).round() * self.resolution
    }

    /// The lowest value it takes while nothing is wrong, without noise.
    fn lowest(&self) -> f64 {
        match self.normal {
            Normal::Sine | Normal::Daily => self.spread,
            Normal::RandomWalk | Normal::Flat => self.spread * 4.0,
            Normal::Vibration => -self.spread / 2.0,
            Normal::PumpCycle | Normal::DutyCycle | Normal::Bursty => self.spread * 0.2,
        }
    }

    /// The next reading, its cycles running at `rate` times their pace, or resting.
    fn next(&mut self, random: &mut Random, rate: f64, rests: bool) -> f64 {
        self.phase += rate / self.period;
        let shape = self.shape(random, rests);
        self.lowest() + self.spread * shape + self.noise * random.gauss()
    }

    /// Where between its lowest (0) and highest (1) value the signal is.
    fn shape(&mut self, random: &mut Random, rests: bool) -> f64 {
        let cycle = self.phase - self.phase.floor();
        match self.normal {
            Normal::Sine | Normal::Vibration if rests => 0.5,
            Normal::PumpCycle | Normal::DutyCycle if rests => 0.0,
            Normal::Sine => 0.5 + 0.5 * sine(cycle),
            Normal::PumpCycle => {
                if cycle < 0.8 {
                    cycle / 0.8
                } else {
                    (1.0 - cycle) / 0.2
                }
            }
            Normal::DutyCycle => f64::from(u8::from(cycle < 0.4)),
            Normal::Daily => {
                self.walk = 0.98 * self.walk + 0.006 * random.gauss();
                let day = if rests { 0.0 } else { 0.4 * sine(cycle) + 0.1 * sine(2.0 * cycle) };
                0.5 + day + self.walk
            }
            Normal::Vibration => {
                0.5 + 0.3 * sine(cycle) + 0.15 * sine(2.0 * cycle + 0.1) + 0.1 * sine(3.0 * cycle + 0.3)
            }
            Normal::RandomWalk => {
                self.walk = 0.95 * self.walk + 0.06 * random.gauss();
                0.5 + self.walk
            }
            Normal::Flat => 0.5,
            Normal::Bursty => self.burst_shape(random),
        }
    }

    fn burst_shape(&mut self, random: &mut Random) -> f64 {
        if self.burst.0 == 0 {
            let on = !self.burst.1;
            self.burst = (if on { random.whole(6..14) } else { random.whole(10..30) }, on);
        }
        self.burst.0 -= 1;
        f64::from(u8::from(self.burst.1))
    }
}

/// A fault with its severity drawn.
#[derive(Clone, Debug)]
struct Event {
    fault: Fault,
    start: usize,
    end: usize,
    /// In the signal's unit; its meaning is the fault's.
    size: f64,
    /// The pace of the cycles.
    pace: f64,
    /// Does it still wait for its cycle to begin?
    waits: bool,
}

impl Event {
    fn new(fault: Fault, source: &Source, random: &mut Random) -> Self {
        let start = random.whole(ONSET);
        let (spread, noise) = (source.spread, source.noise);
        let sign = random.sign();
        let (length, size) = match fault {
            Fault::Spike => (random.whole(1..3), sign * (spread * random.between(0.3, 1.0) + 5.0 * noise)),
            Fault::Dropout => (random.whole(3..11), spread * random.between(0.2, 0.8) + 3.0 * noise),
            Fault::Stuck => (random.whole(16..49), 0.0),
            Fault::Drift => (random.whole(40..81), sign * (spread * random.between(0.6, 1.4) + 3.0 * noise)),
            Fault::LevelShift => {
                (random.whole(24..81), sign * (spread * random.between(0.3, 0.8) + 2.0 * noise))
            }
            Fault::NoiseBurst => {
                (random.whole(12..41), (spread * random.between(0.15, 0.4)).max(3.0 * noise))
            }
            Fault::FrequencyChange => (random.whole(48..97), 0.0),
            Fault::MissingCycle => ((source.period * (16.0 / source.period).ceil()) as usize, 0.0),
        };
        let slow = random.0.rand_float() < 0.5;
        let pace = if slow { random.between(0.5, 0.7) } else { random.between(1.4, 2.0) };
        Self { fault, start, end: start + length, size, pace, waits: fault == Fault::MissingCycle }
    }

    /// Puts off a missing cycle until one would begin.
    fn begin_at_cycle(&mut self, at: usize, source: &Source) {
        if !self.waits || at < self.start {
            return;
        }
        let next = source.phase + 1.0 / source.period;
        if next.floor() > source.phase.floor() {
            self.waits = false;
        } else {
            self.start += 1;
            self.end += 1;
        }
    }

    fn rate(&self, active: bool) -> f64 {
        if active && self.fault == Fault::FrequencyChange { self.pace } else { 1.0 }
    }

    fn rests(&self, active: bool) -> bool {
        active && self.fault == Fault::MissingCycle
    }

    fn apply(&self, at: usize, clean: f64, held: f64, source: &Source, random: &mut Random) -> f64 {
        match self.fault {
            Fault::Spike | Fault::LevelShift => clean + self.size,
            Fault::Dropout => source.lowest() - self.size + 0.2 * source.noise * random.gauss(),
            Fault::Stuck => held,
            Fault::Drift => clean + self.size * (at - self.start + 1) as f64 / (self.end - self.start) as f64,
            Fault::NoiseBurst => clean + self.size * random.gauss(),
            Fault::FrequencyChange | Fault::MissingCycle => clean,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_series_and_faults_that_make_no_sense_are_skipped() {
        let mut pairs = 0;
        for normal in Normal::ALL {
            for fault in Fault::ALL {
                let drawn = series(normal, fault, 5).map(|series| (series.values, series.start, series.end));
                assert_eq!(
                    drawn,
                    series(normal, fault, 5).map(|series| (series.values, series.start, series.end))
                );
                let sense =
                    normal.is_periodic() || !matches!(fault, Fault::FrequencyChange | Fault::MissingCycle);
                assert_eq!(drawn.is_some(), sense, "{normal:?} {fault:?}");
                pairs += usize::from(sense);
            }
        }
        assert_eq!(pairs, 58);
    }

    #[test]
    fn labels_enclose_the_fault() {
        let spike = series(Normal::Sine, Fault::Spike, 3).unwrap();
        let steps: Vec<i32> = spike.values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
        let largest = (0..steps.len()).max_by_key(|at| steps[*at]).unwrap();
        assert!((spike.start..=spike.end).contains(&(largest + 1)));
        let stuck = series(Normal::RandomWalk, Fault::Stuck, 3).unwrap();
        assert!(
            stuck.values[stuck.start..stuck.end].iter().all(|value| *value == stuck.values[stuck.start - 1])
        );
        assert_ne!(stuck.values[stuck.end], stuck.values[stuck.start]);
        for series in (0..20).filter_map(|seed| series(Normal::Vibration, Fault::MissingCycle, seed)) {
            assert!(series.start < series.end && series.end + 150 < LENGTH);
        }
    }

    #[test]
    fn the_sine_is_one() {
        for step in 0..1000 {
            let turns = f64::from(step) / 250.0 - 2.0;
            assert!((sine(turns) - (turns * std::f64::consts::TAU).sin()).abs() < 2e-4);
        }
    }
}
