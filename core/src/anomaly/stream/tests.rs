//! What the detector of streams must do, whatever it is fed.

use super::*;
use crate::arena::Ledger;
use crate::meter::{Counts, Op};
use crate::units::Bytes;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

const WINDOW: u32 = 128;

/// One period of a sinusoid of amplitude 1000, every 20 samples.
const SINE: [i32; 20] = [
    0, 309, 588, 809, 951, 1000, 951, 809, 588, 309, 0, -309, -588, -809, -951, -1000, -951, -809, -588, -309,
];

/// A number that looks random in `0..below`.
fn noise(at: usize, below: u32) -> i32 {
    let mixed = (at as u32 ^ 0x9E37_79B9).wrapping_mul(0x85EB_CA6B);
    let mixed = (mixed ^ (mixed >> 13)).wrapping_mul(0xC2B2_AE35);
    ((mixed ^ (mixed >> 16)) % below) as i32
}

/// A sinusoid with a little noise.
fn wave(at: usize) -> i32 {
    20_000 + 5 * SINE[at % SINE.len()] + noise(at, 400) - 200
}

/// Feeds `values` to a detector that is carved anew at each sample.
fn states(memory: &mut [u8], values: impl IntoIterator<Item = i32>) -> Vec<State> {
    let mut sample = |value| {
        let mut detector = StreamDetector::carve(&mut Arena::new(memory), WINDOW, 1).unwrap();
        detector.sample(&[value], &mut ()).state
    };
    values.into_iter().map(&mut sample).collect()
}

fn alarms(states: &[State]) -> usize {
    states.iter().filter(|state| **state == State::Anomaly).count()
}

#[test]
fn the_warm_up_is_as_long_as_stated() {
    let states = states(&mut vec![0; 8192], (0..200).map(wave));
    assert_eq!(states[0], State::WarmingUp { remaining: WINDOW / 2 });
    assert_eq!(states[WINDOW as usize / 2 - 1], State::WarmingUp { remaining: 1 });
    assert_eq!(states[WINDOW as usize / 2], State::Normal);
}

#[test]
fn normal_readings_raise_no_alarm_and_a_spike_does() {
    let memory = &mut vec![0; 8192];
    assert_eq!(alarms(&states(memory, (0..2000).map(wave))), 0);
    assert_eq!(states(memory, [wave(2000) + 3000]), [State::Anomaly]);
    assert!(alarms(&states(memory, (2001..2005).map(wave))) < 4, "it leaves the level after four");
    assert_eq!(alarms(&states(memory, (2005..2500).map(wave))), 0);
}

#[test]
fn a_repeated_anomaly_is_not_learned() {
    let spiked = |at: usize| wave(at) + if at > 300 && at.is_multiple_of(50) { 3000 } else { 0 };
    let states = states(&mut vec![0; 8192], (0..2000).map(spiked));
    let found = (301..2000).filter(|at: &usize| at.is_multiple_of(50)).all(|at| states[at] == State::Anomaly);
    assert!(found, "every one of the equal spikes must be found");
}

#[test]
fn slow_drift_is_absorbed_and_a_ramp_is_found() {
    let drifting = |at: usize| wave(at) + at as i32;
    assert_eq!(alarms(&states(&mut vec![0; 8192], (0..10_000).map(drifting))), 0);
    let ramp = |at: usize| wave(at) + (at as i32 - 500).max(0) * 250;
    assert!(alarms(&states(&mut vec![0; 8192], (0..560).map(ramp))) > 0);
}

#[test]
fn a_new_regime_alarms_at_once_and_is_accepted_in_time() {
    let memory = &mut vec![0; 8192];
    states(memory, (0..500).map(wave));
    let after = states(memory, (500..1500).map(|at| 90_000 + 3 * wave(at / 2)));
    assert_eq!(after[0], State::Anomaly);
    let window = WINDOW as usize;
    assert_eq!(alarms(&after[window..]), 0, "accepted within a window");
    assert_eq!(after[2 * window], State::Normal);
}

#[test]
fn a_stuck_value_a_lost_cycle_and_a_dropout_are_told_apart() {
    let kind = |change: &dyn Fn(usize) -> i32| {
        let mut memory = vec![0; 8192];
        states(&mut memory, (0..500).map(wave));
        let mut detector = StreamDetector::carve(&mut Arena::new(&mut memory), WINDOW, 1).unwrap();
        let verdicts = (500..520).map(|at| detector.sample(&[change(at)], &mut ()));
        verdicts.into_iter().find(|verdict| verdict.state == State::Anomaly).map(|verdict| verdict.kind)
    };
    assert_eq!(kind(&|_| 0), Some(Kind::Low));
    assert_eq!(kind(&|at| wave(at) + 4000), Some(Kind::High));
    assert_eq!(kind(&|at| wave(at)), None);
    let flat = |at: usize| 20_000 + (wave(at) - 20_000) % 7;
    assert!(kind(&flat).is_some());
}

#[test]
fn a_stuck_value_is_found_where_level_and_shape_see_nothing() {
    let noise = |at: usize| 50_000 + noise(at, 1024);
    let memory = &mut vec![0; 8192];
    states(memory, (0..500).map(noise));
    let mut detector = StreamDetector::carve(&mut Arena::new(memory), WINDOW, 1).unwrap();
    let verdicts: Vec<Verdict> = (0..12).map(|_| detector.sample(&[noise(499)], &mut ())).collect();
    let found = verdicts.iter().find(|verdict| verdict.state == State::Anomaly).unwrap();
    assert_eq!(found.kind, Kind::Stuck);
}

#[test]
fn what_has_always_been_constant_is_not_stuck() {
    let memory = &mut vec![0; 8192];
    assert_eq!(alarms(&states(memory, [7000; 5000])), 0);
    assert_eq!(states(memory, [9000]), [State::Anomaly]);
    assert_eq!(alarms(&states(memory, [7000; 5000])[4..]), 0);
}

#[test]
fn the_worst_channel_is_named_and_channels_do_not_disturb_each_other() {
    let memory = &mut vec![0; 32_768];
    let mut detector = StreamDetector::carve(&mut Arena::new(memory), WINDOW, 3).unwrap();
    for at in 0..300 {
        detector.sample(&[wave(at), 7, wave(at + 3)], &mut ());
    }
    let verdict = detector.sample(&[wave(300), 7, wave(303) + 6000], &mut ());
    assert_eq!((verdict.state, verdict.channel, verdict.kind), (State::Anomaly, 2, Kind::High));
    let verdict = detector.sample(&[wave(301), 9000, wave(304)], &mut ());
    assert_eq!((verdict.state, verdict.channel), (State::Anomaly, 1));
}

#[derive(Default)]
struct Total(u32);
impl Ledger for Total {
    fn part(&mut self, _: &'static str, bytes: Bytes) {
        self.0 += bytes.get();
    }
}

#[test]
fn a_channel_takes_the_bytes_that_are_stated() {
    for (window, bytes) in [(512, 12_472), (256, 6_072)] {
        let mut total = Total::default();
        StreamDetector::carve(&mut Arena::with_ledger(&mut vec![0; 65_536], &mut total), window, 1).unwrap();
        assert!(total.0.abs_diff(bytes) < 8, "{window} samples take {} bytes", total.0);
    }
}

#[test]
fn the_work_of_a_sample_is_bounded_by_the_window() {
    let memory = &mut vec![0; 65_536];
    let mut detector = StreamDetector::carve(&mut Arena::new(memory), 512, 1).unwrap();
    let mut most = 0;
    for at in 0..3000 {
        let mut counts = Counts::default();
        detector.sample(&[wave(at)], &mut counts);
        most = most.max(counts.iter().filter(|(op, _)| *op != Op::Copy).map(|(_, count)| count).sum());
    }
    assert!((800..4_000).contains(&most), "{most} steps");
}

fn reading() -> impl Strategy<Value = i32> {
    prop_oneof![any::<i32>(), Just(i32::MIN), Just(i32::MAX), Just(0), -1000i32..1000]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_readings_are_survived_and_normality_returns(
        pattern in proptest::collection::vec(reading(), 1..40),
        repeats in 1usize..40
    ) {
        let memory = &mut vec![0; 8192];
        let count = (pattern.len() * repeats).max(11 * WINDOW as usize);
        states(memory, pattern.iter().cycle().take(count).copied());
        let after = states(memory, (0..6 * WINDOW as usize).map(wave));
        prop_assert!(after[5 * WINDOW as usize..].iter().all(|state| *state == State::Normal));
    }

    #[test]
    fn any_bytes_are_a_detector(memory in proptest::collection::vec(any::<u8>(), 4096), pattern in proptest::collection::vec(reading(), 1..40)) {
        let mut memory = memory;
        let mut detector = StreamDetector::carve(&mut Arena::new(&mut memory), 64, 1).unwrap();
        for value in pattern.iter().cycle().take(300) {
            detector.sample(&[*value], &mut ());
        }
    }
}
