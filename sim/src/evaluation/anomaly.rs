//! How well faults are found: ours against a moving z-score and an EWMA control chart.
//!
//! Every kind of normal signal meets every kind of fault that can befall it, several times over, with one fault a
//! series. All three detectors see the same series and are judged by the same protocol. The baselines get the settings
//! that are best for them on training series; ours has one setting, chosen on the training series too. The figures are
//! from other series.

pub mod baseline;
pub mod contestant;
pub mod field;
pub mod nab;
pub mod protocol;
pub mod recording;

use crate::signal::{Fault, LENGTH, Normal, Series, series};
use baseline::{Baseline, Ewma, ZScore, tune};
use protocol::{DetectionOutcome, Score, judge};
use rayon::prelude::*;
use ruvllm_esp_core::anomaly::State;
use ruvllm_esp_core::anomaly::reading::Reading;
use ruvllm_esp_core::anomaly::stream::{DEFAULT_WINDOW, Kind, StreamDetector};
use ruvllm_esp_core::arena::Arena;
use schemars::JsonSchema;
use serde::Serialize;

/// The seed of the series that settings were chosen on: never one to report figures for.
pub const TRAINING_SEED: u64 = 1;

/// How often each signal meets each fault.
const REPEATS: u64 = 3;

/// Bytes enough for one channel of [`DEFAULT_WINDOW`].
const MEMORY: usize = 16 * 1024;

/// The figures of all detectors over the same series.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AnomalyReport {
    /// Where the figures come from: the detectors ran, on signals that a generator made.
    pub provenance: &'static str,
    /// The seed of the series.
    pub seed: u64,
    /// The seed of the series that the settings were chosen on.
    pub training_seed: u64,
    /// How many series, each with one fault.
    pub series: usize,
    /// Samples in a series.
    pub length: usize,
    /// Samples of warm-up, in which no alarm counts.
    pub warm_up: usize,
    /// Ours first, then the baselines.
    pub detectors: Vec<DetectorReport>,
    /// Ours with one of its tests switched off.
    pub ablations: Vec<DetectorReport>,
}

/// The figures of one detector.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DetectorReport {
    /// What it is called.
    pub name: String,
    /// Its settings.
    pub settings: String,
    /// Over all series.
    pub overall: Score,
    /// For each kind of fault.
    pub by_fault: Vec<(Fault, Score)>,
    /// For each kind of normal signal.
    pub by_signal: Vec<(Normal, Score)>,
}

/// Runs every detector over the series of `seed`, which must not be [`TRAINING_SEED`] for honest figures.
pub fn run(seed: u64) -> AnomalyReport {
    let training = corpus(TRAINING_SEED);
    let held_out = corpus(seed);
    let mut detectors = vec![ours("ours", &[], &held_out)];
    detectors
        .extend(tune(ZScore::grid(), &training).map(|tuned| theirs("moving z-score", &tuned, &held_out)));
    detectors.extend(tune(Ewma::grid(), &training).map(|tuned| theirs("EWMA", &tuned, &held_out)));
    let ablations: [(&str, &[Kind]); 5] = [
        ("without high and low", &[Kind::High, Kind::Low]),
        ("without jump", &[Kind::Jump]),
        ("without shift and noise", &[Kind::Shift, Kind::Noise]),
        ("without shape", &[Kind::Shape]),
        ("without stuck", &[Kind::Stuck]),
    ];
    AnomalyReport {
        provenance: "measured",
        seed,
        training_seed: TRAINING_SEED,
        series: held_out.len(),
        length: LENGTH,
        warm_up: protocol::JUDGED_FROM,
        detectors,
        ablations: ablations.map(|(name, kinds)| ours(name, kinds, &held_out)).to_vec(),
    }
}

/// Draws the series of `seed`, each from a seed of its own.
fn corpus(seed: u64) -> Vec<Series> {
    let kinds = Normal::ALL.into_iter().flat_map(|normal| Fault::ALL.map(|fault| (normal, fault)));
    let draws = (0..REPEATS).flat_map(|_| kinds.clone()).zip(0u64..);
    draws.filter_map(|((normal, fault), number)| series(normal, fault, seed << 32 | number)).collect()
}

fn ours(name: &str, without: &[Kind], corpus: &[Series]) -> DetectorReport {
    report(name, format!("window {DEFAULT_WINDOW}"), corpus, |series| alarms(series, without))
}

/// Which samples of `series` our detector alarms at.
fn alarms(series: &Series, without: &[Kind]) -> Vec<bool> {
    let mut memory = vec![0; MEMORY];
    let Ok(detector) = StreamDetector::carve(&mut Arena::new(&mut memory), DEFAULT_WINDOW, 1) else {
        return Vec::new();
    };
    let mut detector = detector.without(without);
    let mut is_alarm =
        |value: &i32| detector.sample(&[Some(Reading::thousandths(*value))], &mut ()).state == State::Anomaly;
    series.values.iter().map(&mut is_alarm).collect()
}

fn theirs<B: Baseline + Sync>(name: &str, tuned: &B, corpus: &[Series]) -> DetectorReport {
    report(name, tuned.settings(), corpus, |series| baseline::alarms(tuned, series))
}

fn report(
    name: &str,
    settings: String,
    corpus: &[Series],
    alarms: impl Fn(&Series) -> Vec<bool> + Sync,
) -> DetectorReport {
    let outcomes: Vec<DetectionOutcome> =
        corpus.par_iter().map(|series| judge(series, &alarms(series))).collect();
    let score = |keep: &dyn Fn(&Series) -> bool| {
        let kept = corpus.iter().zip(&outcomes).filter(|(series, _)| keep(series));
        Score::of(kept.map(|(_, outcome)| outcome))
    };
    DetectorReport {
        name: name.to_owned(),
        settings,
        overall: score(&|_| true),
        by_fault: Fault::ALL.map(|fault| (fault, score(&|series| series.fault == fault))).to_vec(),
        by_signal: Normal::ALL.map(|normal| (normal, score(&|series| series.normal == normal))).to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A seed that no setting was chosen on.
    const HELD_OUT: u64 = 2024;

    fn recall(of: &DetectorReport, fault: Fault) -> f64 {
        of.by_fault.iter().find(|(kind, _)| *kind == fault).map_or(0.0, |(_, score)| score.recall)
    }

    #[test]
    fn ours_beats_both_baselines_and_each_of_its_tests_earns_its_keep() {
        let report = run(HELD_OUT);
        let [ours, z_score, ewma] = &report.detectors[..] else { panic!("three detectors") };
        assert!(ours.overall.f1 >= 0.92, "{:?}", ours.overall);
        assert!(ours.overall.recall >= 0.92 && ours.overall.precision >= 0.9, "{:?}", ours.overall);
        for baseline in [z_score, ewma] {
            let margin = ours.overall.f1 - baseline.overall.f1;
            assert!(margin >= 0.3, "{} is {margin} behind", baseline.name);
            assert!(ours.overall.mean_delay < baseline.overall.mean_delay, "{}", baseline.name);
        }
        for fault in Fault::ALL {
            assert!(recall(ours, fault) >= 0.75, "{fault:?} {}", recall(ours, fault));
        }
        for (normal, score) in &ours.by_signal {
            assert!(score.f1 >= 0.85, "{normal:?} {score:?}");
        }
        let [_, _, _, no_shape, no_stuck] = &report.ablations[..] else { panic!("five ablations") };
        let needs =
            [(no_shape, Fault::FrequencyChange), (no_shape, Fault::MissingCycle), (no_stuck, Fault::Stuck)];
        for (without, fault) in needs {
            let (with, without) = (recall(ours, fault), recall(without, fault));
            assert!(with >= without + 0.1, "{fault:?}: {with} with, {without} without");
        }
    }

    #[test]
    fn a_seed_gives_one_report_on_any_number_of_threads() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let alone = pool.install(|| ours("ours", &[], &corpus(9)[..20]));
        assert_eq!(alone, ours("ours", &[], &corpus(9)[..20]));
    }
}
