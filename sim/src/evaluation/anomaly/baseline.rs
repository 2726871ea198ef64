//! The two detectors a user would write first, in f64, with their settings chosen for the best F1.

use super::protocol::{Score, judge};
use crate::signal::Series;
use rayon::prelude::*;

/// A detector that turns a series into one number a sample, and alarms above a limit.
pub trait Baseline: Clone {
    /// How far each reading is from what is expected, in standard deviations.
    fn deviations(&self, values: &[i32]) -> Vec<f64>;
    /// The limit above which it alarms.
    fn limit(&self) -> f64;
    /// The same detector with another limit.
    fn with_limit(&self, limit: f64) -> Self;
    /// Its settings, to be printed.
    fn settings(&self) -> String;
}

/// Reading against mean and standard deviation of the `window` readings before it.
#[derive(Clone, Debug)]
pub struct ZScore {
    /// Readings the mean and deviation are taken over.
    pub window: usize,
    /// Standard deviations allowed.
    pub limit: f64,
}

/// An exponentially weighted moving average (Roberts, "Control chart tests based on geometric moving averages", 1959).
#[derive(Clone, Debug)]
pub struct Ewma {
    /// Weight of the latest reading.
    pub lambda: f64,
    /// What is held against what.
    pub form: EwmaForm,
    /// Standard deviations allowed.
    pub limit: f64,
}

/// The two ways the average is used.
#[derive(Clone, Copy, Debug)]
pub enum EwmaForm {
    /// The control chart: the average against mean and deviation of this many readings before.
    Chart(usize),
    /// The forecast: each reading against the average before it, in deviations that are averaged the same way.
    Forecast,
}

/// The smallest standard deviation: half a thousandth, the rounding of a reading.
const MIN_DEVIATION: f64 = 0.5;

/// Weight of the latest squared error in the deviation of a forecast.
const FORECAST_MEMORY: f64 = 0.02;

/// Mean and standard deviation of the `window` readings before each; `None` until there are this many.
fn trailing(values: &[i32], window: usize) -> impl Iterator<Item = Option<(f64, f64)>> + '_ {
    let (mut sum, mut squares) = (0i64, 0i64);
    (0..values.len()).map(move |at| {
        let full = at >= window;
        let count = window as f64;
        let mean = sum as f64 / count;
        let variance = (squares as f64 / count - mean * mean).max(0.0);
        sum += i64::from(values[at]);
        squares += i64::from(values[at]).pow(2);
        if full {
            sum -= i64::from(values[at - window]);
            squares -= i64::from(values[at - window]).pow(2);
        }
        full.then(|| (mean, variance.sqrt().max(MIN_DEVIATION)))
    })
}

impl Baseline for ZScore {
    fn deviations(&self, values: &[i32]) -> Vec<f64> {
        let statistics = trailing(values, self.window);
        let deviation = |(value, known): (&i32, Option<(f64, f64)>)| {
            known.map_or(0.0, |(mean, deviation)| (f64::from(*value) - mean).abs() / deviation)
        };
        values.iter().zip(statistics).map(deviation).collect()
    }

    fn limit(&self) -> f64 {
        self.limit
    }

    fn with_limit(&self, limit: f64) -> Self {
        Self { limit, ..self.clone() }
    }

    fn settings(&self) -> String {
        format!("window {}, limit {}", self.window, self.limit)
    }
}

impl Baseline for Ewma {
    fn deviations(&self, values: &[i32]) -> Vec<f64> {
        match self.form {
            EwmaForm::Chart(window) => self.chart(values, window),
            EwmaForm::Forecast => self.forecast(values),
        }
    }

    fn limit(&self) -> f64 {
        self.limit
    }

    fn with_limit(&self, limit: f64) -> Self {
        Self { limit, ..self.clone() }
    }

    fn settings(&self) -> String {
        format!("lambda {}, {:?}, limit {}", self.lambda, self.form, self.limit)
    }
}

impl Ewma {
    fn chart(&self, values: &[i32], window: usize) -> Vec<f64> {
        let mut average = values.first().map_or(0.0, |value| f64::from(*value));
        let narrowing = (self.lambda / (2.0 - self.lambda)).sqrt();
        let deviation = |(value, known): (&i32, Option<(f64, f64)>)| {
            average += self.lambda * (f64::from(*value) - average);
            known.map_or(0.0, |(mean, deviation)| (average - mean).abs() / (deviation * narrowing))
        };
        values.iter().zip(trailing(values, window)).map(deviation).collect()
    }

    fn forecast(&self, values: &[i32]) -> Vec<f64> {
        let mut average = values.first().map_or(0.0, |value| f64::from(*value));
        let mut variance = 0.0f64;
        let deviation = |value: &i32| {
            let error = f64::from(*value) - average;
            let deviation = error.abs() / variance.sqrt().max(MIN_DEVIATION);
            average += self.lambda * error;
            variance = (1.0 - FORECAST_MEMORY) * variance + FORECAST_MEMORY * error * error;
            deviation
        };
        values.iter().map(deviation).collect()
    }
}

impl ZScore {
    /// The settings that are tried.
    pub fn grid() -> Vec<Self> {
        [8, 16, 24, 32, 48, 64, 96, 128, 160].map(|window| Self { window, limit: 0.0 }).to_vec()
    }
}

impl Ewma {
    /// The settings that are tried.
    pub fn grid() -> Vec<Self> {
        let weights = [0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9];
        let forms = [32, 64, 128, 160].map(EwmaForm::Chart).into_iter().chain([EwmaForm::Forecast]);
        forms.flat_map(|form| weights.map(|lambda| Self { lambda, form, limit: 0.0 })).collect()
    }
}

/// The limits that are tried with each setting.
fn limits() -> impl Iterator<Item = f64> {
    (6..80).map(|step| f64::from(step) / 4.0)
}

/// Which samples of `series` alarm.
pub fn alarms<B: Baseline>(baseline: &B, series: &Series) -> Vec<bool> {
    over(&baseline.deviations(&series.values), baseline.limit())
}

fn over(deviations: &[f64], limit: f64) -> Vec<bool> {
    deviations.iter().map(|deviation| *deviation > limit).collect()
}

/// The settings of `grid` with the limit that give the best F1 over `training`; the first of equals.
pub fn tune<B: Baseline + Sync + Send>(grid: Vec<B>, training: &[Series]) -> Option<B> {
    let tried: Vec<(f64, B)> =
        grid.par_iter().flat_map_iter(|setting| with_each_limit(setting, training)).collect();
    let better = |held: (f64, B), tried: (f64, B)| if tried.0 > held.0 { tried } else { held };
    tried.into_iter().reduce(better).map(|(_, setting)| setting)
}

/// `setting` with each limit, and the F1 it reaches.
fn with_each_limit<B: Baseline>(setting: &B, training: &[Series]) -> Vec<(f64, B)> {
    let deviations: Vec<Vec<f64>> =
        training.iter().map(|series| setting.deviations(&series.values)).collect();
    let judged = |limit: f64| {
        let pairs = training.iter().zip(&deviations);
        let outcomes: Vec<_> =
            pairs.map(|(series, deviations)| judge(series, &over(deviations, limit))).collect();
        (Score::of(outcomes.iter()).f1, setting.with_limit(limit))
    };
    limits().map(judged).collect()
}
