//! Detectors over recordings: ours, and three that a user would write first.
//!
//! All see the same text, row by row, and know nothing of the labels. A detector gives each row a score, which is ranked
//! as NAB ranks it, and says whether the row belongs to an alarm. The baselines have the published or customary settings.

use super::recording::Recording;
use ruvllm_esp_core::anomaly::State;
use ruvllm_esp_core::anomaly::reading::Reading;
use ruvllm_esp_core::anomaly::stream::{DEFAULT_WINDOW, Phase, StreamDetector};
use ruvllm_esp_core::arena::Arena;
use std::collections::VecDeque;

/// What a detector makes of one row.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Judged {
    /// The higher, the more anomalous; zero or less: not at all.
    pub score: f64,
    /// Does the row belong to an alarm?
    pub alarm: bool,
    /// Does an episode begin here?
    pub begins: bool,
}

/// A detector that is new for each recording.
#[derive(Clone, Copy, Debug)]
pub enum Contestant {
    /// The sentinel of this project, with the window it has on a chip.
    Sentinel,
    /// Says nothing.
    Null,
    /// A reading against mean and deviation of the readings before it.
    ZScore,
    /// The forecast error of an exponentially weighted mean, in deviations averaged likewise.
    Ewma,
    /// NAB's `windowedGaussian`: mean and deviation over 6,400 readings, renewed every 100.
    WindowedGaussian,
}

/// Readings that the moving z-score compares with.
const Z_WINDOW: usize = 256;
/// Deviations at which the moving z-score and the windowed Gaussian alarm: once in 16,000 Gaussian readings.
const LIMIT: f64 = 4.0;
/// Weight of the latest reading in the exponentially weighted mean.
const LAMBDA: f64 = 0.2;
/// Weight of the latest squared error.
const ERROR_MEMORY: f64 = 0.02;
/// Rows without an alarm after which the next one of a baseline is a new episode.
const QUIET: usize = 100;
/// Bytes enough for eight channels of [`DEFAULT_WINDOW`].
const MEMORY: usize = 128 * 1024;
/// Readings before a baseline alarms; those of NAB wait for the end of the probation anyway.
const WARM_UP: usize = 256;

impl Contestant {
    /// Ours first, then the baselines.
    pub const ALL: [Self; 5] = [Self::Sentinel, Self::ZScore, Self::Ewma, Self::WindowedGaussian, Self::Null];

    /// The name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sentinel => "sentinel",
            Self::Null => "null",
            Self::ZScore => "moving z-score",
            Self::Ewma => "EWMA",
            Self::WindowedGaussian => "windowed Gaussian",
        }
    }

    /// Judges every row of `recording`. With several channels the worst counts.
    pub fn judge(self, recording: &Recording) -> Vec<Judged> {
        let Some(mut channels) =
            (0..recording.channels()).map(|_| self.channel()).collect::<Option<Vec<_>>>()
        else {
            return sentinel(recording);
        };
        let judge = |(row, words): (usize, &Vec<String>)| {
            let readings = channels.iter_mut().zip(words);
            let deviations = readings.filter_map(|(channel, word)| Some(channel.next(word.parse().ok()?)));
            let score = deviations.fold(0.0, f64::max);
            Judged { score, alarm: row >= WARM_UP && score > LIMIT, begins: false }
        };
        with_episodes(recording.rows.iter().enumerate().map(judge).collect())
    }

    fn channel(self) -> Option<Box<dyn Deviation>> {
        Some(match self {
            Self::Sentinel => return None,
            Self::Null => Box::new(Null),
            Self::ZScore => Box::new(Moving { window: Z_WINDOW, step: 1, ..Moving::default() }),
            Self::Ewma => Box::new(Forecast::default()),
            Self::WindowedGaussian => Box::new(Moving { window: 6_400, step: 100, ..Moving::default() }),
        })
    }
}

/// Marks where an episode begins: at an alarm with none in the [`QUIET`] rows before it.
fn with_episodes(mut judged: Vec<Judged>) -> Vec<Judged> {
    let mut last: Option<usize> = None;
    for (row, judged) in judged.iter_mut().enumerate().filter(|(_, judged)| judged.alarm) {
        judged.begins = last.is_none_or(|last| row - last > QUIET);
        last = Some(row);
    }
    judged
}

/// Ours, row by row, from the text a chip would get.
fn sentinel(recording: &Recording) -> Vec<Judged> {
    let channels = recording.channels() as u32;
    let mut memory = vec![0; MEMORY];
    let Ok(mut detector) = StreamDetector::carve(&mut Arena::new(&mut memory), DEFAULT_WINDOW, channels)
    else {
        return Vec::new();
    };
    let mut judge = |words: &Vec<String>| {
        let readings: Vec<Option<Reading>> =
            words.iter().map(|word| Reading::parse(word.trim()).ok().flatten()).collect();
        let verdict = detector.sample(&readings, &mut ());
        Judged {
            score: f64::from(verdict.score),
            alarm: verdict.state == State::Anomaly,
            begins: verdict.episode.phase == Phase::Begins,
        }
    };
    once_each(recording.rows.iter().map(&mut judge).collect())
}

/// Leaves a score to those rows alone that exceed all of the [`QUIET`] rows before them by a bit: what is ranked is
/// alarms, and an episode is one alarm.
fn once_each(mut judged: Vec<Judged>) -> Vec<Judged> {
    const BIT: f64 = 1000.0;
    let scores: Vec<f64> = judged.iter().map(|judged| judged.score).collect();
    for (row, judged) in judged.iter_mut().enumerate() {
        let before = &scores[row.saturating_sub(QUIET)..row];
        let highest = before.iter().copied().fold(0.0, f64::max);
        judged.score = if judged.score > highest + BIT { judged.score } else { 0.0 };
    }
    judged
}

/// How many deviations a reading is from what one channel expects.
trait Deviation {
    fn next(&mut self, value: f64) -> f64;
}

struct Null;

impl Deviation for Null {
    fn next(&mut self, _: f64) -> f64 {
        0.0
    }
}

/// Mean and deviation over the latest `window` readings, taken again at each reading until there are this many, and every
/// `step` readings from then on.
#[derive(Default)]
struct Moving {
    window: usize,
    step: usize,
    held: VecDeque<f64>,
    pending: Vec<f64>,
    mean: f64,
    deviation: f64,
    sums: (f64, f64),
}

impl Moving {
    fn add(&mut self, value: f64, sign: f64) {
        self.sums.0 += sign * value;
        self.sums.1 += sign * value * value;
    }

    fn renew(&mut self) {
        let count = self.held.len() as f64;
        self.mean = self.sums.0 / count;
        let variance = self.sums.1 / count - self.mean * self.mean;
        // What rounding leaves of the variance of a constant is no variance.
        let negligible = 1e-12 * self.sums.1 / count;
        self.deviation = if variance > negligible { variance.sqrt() } else { 1e-6 };
    }
}

impl Deviation for Moving {
    fn next(&mut self, value: f64) -> f64 {
        let deviation = if self.held.is_empty() { 0.0 } else { (value - self.mean).abs() / self.deviation };
        if self.held.len() < self.window {
            self.held.push_back(value);
            self.add(value, 1.0);
            self.renew();
            return deviation;
        }
        self.pending.push(value);
        if self.pending.len() == self.step {
            for value in std::mem::take(&mut self.pending) {
                let oldest = self.held.pop_front().unwrap_or_default();
                self.add(oldest, -1.0);
                self.held.push_back(value);
                self.add(value, 1.0);
            }
            self.renew();
        }
        deviation
    }
}

#[derive(Default)]
struct Forecast {
    mean: Option<f64>,
    variance: f64,
}

impl Deviation for Forecast {
    fn next(&mut self, value: f64) -> f64 {
        let error = value - self.mean.unwrap_or(value);
        let deviation = error.abs() / self.variance.sqrt().max(1e-6);
        self.mean = Some(value - error + LAMBDA * error);
        self.variance = (1.0 - ERROR_MEMORY) * self.variance + ERROR_MEMORY * error * error;
        deviation
    }
}
