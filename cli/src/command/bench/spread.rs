//! Repeated measurements of one thing: mean, deviation, and which were disturbed.

use schemars::JsonSchema;
use serde::Serialize;

/// A value further from the median than this many times the median deviation from it was disturbed (Iglewicz and Hoaglin).
const OUTLIER: f64 = 3.5 / 0.6745;

/// How repeated measurements spread.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Spread {
    pub runs: usize,
    pub mean: f64,
    /// The standard deviation of the sample; 0 of a single run.
    pub deviation: f64,
    /// How many runs are far from the others.
    pub outliers: usize,
}

impl Spread {
    /// That of these values.
    pub fn of(values: &[f64]) -> Self {
        let count = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = if values.len() > 1 { (squares / (count - 1.0)).sqrt() } else { 0.0 };
        let middle = median(values);
        let distances: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
        // Where most values are equal, a hundredth of them is a deviation.
        let usual = median(&distances).max(middle.abs() * 0.01);
        let outliers = distances.iter().filter(|distance| **distance > OUTLIER * usual).count();
        Self { runs: values.len(), mean, deviation, outliers }
    }

    /// `312 ± 4`
    pub fn shown(&self) -> String {
        format!("{:.0} ± {:.0}", self.mean, self.deviation)
    }

    /// What to do about outliers, where there are any.
    pub fn warning(&self, what: &str) -> Option<String> {
        (self.outliers > 0).then(|| {
            let Self { outliers, runs, .. } = self;
            format!("{what}: {outliers} of {runs} runs are outliers; measure again while nothing else runs")
        })
    }
}

/// The middle value; of an even number of values the lower of the two in the middle.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disturbed_run_is_noticed_and_noise_is_not() {
        let calm = Spread::of(&[100.0, 101.0, 99.0, 100.5, 98.7]);
        assert_eq!((calm.runs, calm.outliers), (5, 0));
        assert!((calm.mean - 99.84).abs() < 1e-9 && (calm.deviation - 0.9762).abs() < 1e-3, "{calm:?}");
        let disturbed = Spread::of(&[100.0, 101.0, 99.0, 60.0, 98.7]);
        assert_eq!(disturbed.outliers, 1);
        assert!(disturbed.warning("timed").unwrap().starts_with("timed: 1 of 5 runs"), "{disturbed:?}");
        let one = Spread::of(&[7.0]);
        assert_eq!((one.mean, one.deviation, one.outliers, one.warning("it")), (7.0, 0.0, 0, None));
        assert_eq!(Spread::of(&[5.0, 5.0, 5.0]).outliers, 0);
    }
}
