//! What the detector of streams must do, whatever it is fed.

use super::*;
use crate::anomaly::reading::Reading;
use crate::arena::AllocObserver;
use crate::meter::{Counts, Op};
use crate::units::Bytes;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

const WINDOW: u32 = 512;
const BYTES: usize = 16_384;

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

/// A number between 0 and 1 that looks random.
fn share(at: usize, stream: usize) -> f64 {
    f64::from(noise(at * 31 + stream * 7919, 1 << 20)) / f64::from(1 << 20)
}

/// Mean zero, variance one, within six.
fn gauss(at: usize, stream: usize) -> f64 {
    (0..12).map(|term| share(at * 12 + term, stream)).sum::<f64>() - 6.0
}

fn thousandths(value: f64) -> Option<Reading> {
    Some(Reading::decimal((value * 1000.0).round() as i64, -3))
}

/// Feeds one channel to a detector that is carved again at each sample.
fn feed(memory: &mut [u8], readings: impl IntoIterator<Item = Option<Reading>>) -> Vec<Verdict> {
    let mut sample = |reading| {
        let mut detector = StreamDetector::carve(&mut Arena::new(memory), WINDOW, 1).unwrap();
        detector.sample(&[reading], &mut ())
    };
    readings.into_iter().map(&mut sample).collect()
}

fn judge(readings: impl IntoIterator<Item = Option<Reading>>) -> Vec<Verdict> {
    feed(&mut vec![0; BYTES], readings)
}

fn waves(range: std::ops::Range<usize>) -> impl Iterator<Item = Option<Reading>> {
    range.map(|at| Some(Reading::thousandths(wave(at))))
}

fn texts(texts: impl IntoIterator<Item = std::string::String>) -> Vec<Verdict> {
    judge(texts.into_iter().map(|text| Reading::parse(&text).unwrap()))
}

/// Samples at which an episode begins.
fn beginnings(verdicts: &[Verdict]) -> Vec<usize> {
    let begins = |verdict: &Verdict| verdict.episode.phase == Phase::Begins;
    (0..verdicts.len()).filter(|at| begins(&verdicts[*at])).collect()
}

fn alarms(verdicts: &[Verdict]) -> usize {
    verdicts.iter().filter(|verdict| verdict.state == State::Anomaly).count()
}

#[test]
fn the_warm_up_is_as_long_as_stated() {
    let verdicts = judge(waves(0..300));
    assert_eq!(verdicts[0].state, State::WarmingUp { remaining: WINDOW / 2 });
    assert_eq!(verdicts[WINDOW as usize / 2 - 1].state, State::WarmingUp { remaining: 1 });
    assert_eq!(verdicts[WINDOW as usize / 2].state, State::Normal);
}

#[test]
fn a_spike_is_one_episode_with_a_beginning_a_peak_and_an_end() {
    let memory = &mut vec![0; BYTES];
    assert!(beginnings(&feed(memory, waves(0..2000))).len() <= 1);
    let spike = feed(memory, [Some(Reading::thousandths(wave(2000) + 9000))])[0];
    assert_eq!((spike.state, spike.episode.phase, spike.episode.samples), (State::Anomaly, Phase::Begins, 1));
    assert!(spike.score > spike.threshold && spike.severity() > 998_000, "{spike:?}");
    let after = feed(memory, waves(2001..2400));
    assert_eq!(beginnings(&after), [0; 0]);
    let ended: Vec<&Verdict> = after.iter().filter(|one| one.episode.phase == Phase::Ended).collect();
    assert_eq!(ended.len(), 1);
    let Episode { number, samples, peak, .. } = ended[0].episode;
    assert_eq!((number, peak >= spike.score), (spike.episode.number, true));
    assert!((4..60).contains(&samples), "{samples} samples");
}

#[test]
fn what_comes_often_becomes_normal() {
    let spiked = |at: usize| {
        Some(Reading::thousandths(wave(at) + if at > 300 && at.is_multiple_of(50) { 9000 } else { 0 }))
    };
    let verdicts = judge((0..4000).map(spiked));
    assert!(verdicts[350].state == State::Anomaly, "the first one is found");
    assert!(beginnings(&verdicts[1500..]).len() <= 1, "{:?}", beginnings(&verdicts));
}

#[test]
fn a_drift_is_found_where_there_was_none_before() {
    for seed in 0..8 {
        let drift = |at: usize| {
            thousandths(50.0 + gauss(at, seed) + 16.0 * (at.saturating_sub(900) as f64 / 300.0).min(1.0))
        };
        let verdicts = judge((0..1250).map(drift));
        assert!(alarms(&verdicts[900..1220]) > 0, "seed {seed}");
    }
    let steady = |at: usize| Some(Reading::thousandths(wave(at) + at as i32));
    assert!(beginnings(&judge((0..6_000).map(steady))).len() <= 2, "what always rose is normal");
}

#[test]
fn spikes_of_six_and_steps_of_four_deviations_are_found() {
    for seed in 0..12 {
        let at_spike = 800 + 13 * seed;
        let spike = |at: usize| thousandths(gauss(at, seed) + if at == at_spike { 6.5 } else { 0.0 });
        let verdicts = judge((0..1200).map(spike));
        assert!(alarms(&verdicts[at_spike..at_spike + 2]) > 0, "spike, seed {seed}");
        let step = |at: usize| thousandths(gauss(at, seed) + if at >= at_spike { 4.0 } else { 0.0 });
        let verdicts = judge((0..1200).map(step));
        assert!(alarms(&verdicts[at_spike..at_spike + 32]) > 0, "step, seed {seed}");
    }
}

#[test]
fn a_new_regime_alarms_at_once_and_is_accepted_in_time() {
    let memory = &mut vec![0; BYTES];
    feed(memory, waves(0..1000));
    let after = feed(memory, (1000..4000).map(|at| Some(Reading::thousandths(90_000 + 3 * wave(at / 2)))));
    assert_eq!(after[0].episode.phase, Phase::Begins);
    assert!(alarms(&after[..WINDOW as usize]) > 100, "it goes on while the mean is away");
    assert_eq!(alarms(&after[3 * WINDOW as usize..]), 0);
}

#[test]
fn a_stuck_value_is_found_where_nothing_else_is_wrong() {
    let memory = &mut vec![0; BYTES];
    let value = |at: usize| Some(Reading::thousandths(50_000 + noise(at, 1024)));
    feed(memory, (0..1000).map(value));
    let verdicts = feed(memory, (0..16).map(|_| value(999)));
    let found = verdicts.iter().find(|verdict| verdict.state == State::Anomaly).unwrap();
    assert_eq!(found.kind, Kind::Stuck);
}

#[test]
fn a_constant_is_not_stuck_and_its_least_change_is_an_anomaly() {
    for change in ["1.001", "1.003", "2", "-400"] {
        let constant = (0..300).map(|_| "1".into());
        let verdicts =
            texts(constant.chain((0..40).map(|at| if at == 0 { change.into() } else { "1".into() })));
        assert_eq!(beginnings(&verdicts), [300], "{change}");
    }
    assert_eq!(alarms(&texts((0..5_000).map(|_| "7".into()))), 0);
}

#[test]
fn coarse_steps_counts_and_switches_raise_few_alarms() {
    let rare = |at: usize| (at % 237 < 5) as u8;
    let marks = [50, 130, 190, 300, 301, 420, 421, 422, 500];
    let poisson = |at: usize| {
        ((share(at, 3) > 0.74) as u8) + ((share(at, 3) > 0.963) as u8) + ((share(at, 3) > 0.9964) as u8)
    };
    let wander = |at: usize| (2.0 * (20.0 + (at as f64 / 130.0).sin() + 0.05 * gauss(at, 9))).round() / 2.0;
    let cases: [(&str, Vec<std::string::String>, usize); 6] = [
        (
            "noise of one step",
            (0..3000).map(|at| std::format!("{}", 512 + (gauss(at, 1) * 0.6).round() as i32)).collect(),
            1,
        ),
        ("half degrees", (0..3000).map(|at| std::format!("{:.1}", wander(at))).collect(), 1),
        ("random bits", (0..3000).map(|at| std::format!("{}", u8::from(share(at, 2) < 0.5))).collect(), 1),
        ("rarely on", (0..3000).map(|at| std::format!("{}", rare(at))).collect(), 1),
        (
            "zeros and a few ones",
            (0..600).map(|at| std::format!("{}", u8::from(marks.contains(&at)))).collect(),
            1,
        ),
        ("counts", (0..10_000).map(|at| std::format!("{}", poisson(at))).collect(), 2),
    ];
    for (name, readings, most) in cases {
        let verdicts = texts(readings);
        assert!(beginnings(&verdicts).len() <= most, "{name}: {:?}", beginnings(&verdicts));
        assert!(alarms(&verdicts) * 50 <= verdicts.len(), "{name}: {} samples", alarms(&verdicts));
    }
}

#[test]
fn a_cycle_longer_than_the_window_raises_no_alarm_and_is_said_once() {
    let day = |at: usize| {
        thousandths(
            (200.0 + 50.0 * (at as f64 / 1440.0 * std::f64::consts::TAU).sin() + 0.4 * gauss(at, 4)).round()
                / 10.0,
        )
    };
    let verdicts = judge((0..5760).map(day));
    assert!(beginnings(&verdicts).len() <= 1, "{:?}", beginnings(&verdicts));
    assert_eq!(verdicts.iter().filter(|verdict| verdict.slow == Some(0)).count(), 1);
    // What is known to wander does not hold an alarm: a spike ends when it is over.
    let spiked = (0..5760).map(|at| if at == 3000 { thousandths(60.0) } else { day(at) });
    let verdicts = judge(spiked);
    assert!(verdicts[3000].state == State::Anomaly, "{:?}", beginnings(&verdicts));
    assert!(alarms(&verdicts[2900..]) < 40, "{}", alarms(&verdicts));
    assert!(judge(waves(0..3000)).iter().all(|verdict| verdict.slow.is_none()));
    // A work week by quarter hours: 672 samples.
    let week = |at: usize| {
        let works = (at / 96) % 7 < 5 && (32..72).contains(&(at % 96));
        thousandths(20.0 + 60.0 * f64::from(u8::from(works)) + 3.0 * gauss(at, 14))
    };
    let verdicts = judge((0..10_000).map(week));
    assert!(beginnings(&verdicts).len() <= 2, "{:?}", beginnings(&verdicts));
    assert_eq!(verdicts.iter().filter(|verdict| verdict.slow == Some(0)).count(), 1);
}

#[test]
fn a_counter_that_wraps_or_restarts_is_anomalous_for_a_few_samples() {
    for (step, period, wraps) in [(7, 65_536, 1), (3, 61_000, 1), (13, 69_000, 1)] {
        let verdicts = texts((0..1400).map(|at| std::format!("{}", (60_000 + step * at) % period)));
        let begins = beginnings(&verdicts);
        assert!(begins.len() <= wraps, "every {period}: {begins:?}");
        assert!(begins.iter().all(|at| verdicts[*at].kind == Kind::Restart), "every {period}: {begins:?}");
        assert!((1..=9 * wraps).contains(&alarms(&verdicts)), "every {period}: {}", alarms(&verdicts));
    }
}

/// Noise of one step of a converter, which comes to rest after `rests` readings.
fn converter(rests: usize) -> impl Iterator<Item = std::string::String> {
    (0..rests + 120).map(move |at| {
        let noise = if at < rests { (gauss(at, 21) * 0.55).round() as i32 } else { 0 };
        std::format!("{}", 300 + noise)
    })
}

#[test]
fn coarse_steps_that_come_to_rest_are_said_once() {
    let verdicts = texts(converter(700));
    assert!(alarms(&verdicts[..700]) == 0, "{:?}", beginnings(&verdicts));
    let begins = beginnings(&verdicts);
    assert!(begins.len() == 1 && verdicts[begins[0]].kind == Kind::Stuck, "{begins:?}");
    assert!(alarms(&verdicts) <= 10, "{} samples", alarms(&verdicts));
}

/// Electric power of a kitchen: a kettle is on for a few samples, now and then.
fn kitchen(seed: usize) -> impl Iterator<Item = Option<Reading>> {
    let mut on = 0usize;
    (0..10_000).map(move |at| {
        if on == 0 && share(at, seed) < 0.006 {
            on = 3 + (share(at, seed + 50) * 4.0) as usize;
        }
        let power = if on > 0 { 2_000.0 + 30.0 * gauss(at, seed) } else { 1.0 + 0.2 * gauss(at, seed) };
        on = on.saturating_sub(1);
        Some(Reading::decimal((power.max(0.0) * 10.0).round() as i64, -1))
    })
}

#[test]
fn a_kettle_now_and_then_does_not_make_the_rest_look_low() {
    let kinds: Vec<Kind> = (30..34)
        .flat_map(|seed| {
            let verdicts = judge(kitchen(seed));
            beginnings(&verdicts).into_iter().map(|at| verdicts[at].kind).collect::<Vec<_>>()
        })
        .collect();
    assert!(kinds.len() <= 10, "{kinds:?} in 40,000 readings");
    assert!(kinds.iter().filter(|kind| **kind == Kind::Low).count() <= 2, "{kinds:?}");
}

#[test]
fn no_range_is_too_small_or_too_large() {
    let spiked = |base: f64, spread: f64, spike: f64, decimals: usize| {
        texts((0..700).map(|at| {
            let value = base + spread * gauss(at, 5) + if at == 600 { spike } else { 0.0 };
            std::format!("{value:.decimals$}")
        }))
    };
    let cases = [
        (5e-7, 1e-7, 5e-4, 9),
        (0.0262, 0.0003, 0.003, 6),
        (3e6, 5e5, 6e6, 0),
        (8_388_608.0, 20.0, 400.0, 0),
        (2_218_269.0, 3.0, 7_781_730.0, 0),
        (1e12, 0.05, 1.0, 3),
        (-1e12, 1e10, 2e11, 0),
    ];
    for (base, spread, spike, decimals) in cases {
        let verdicts = spiked(base, spread, spike, decimals);
        assert!(verdicts[600].state == State::Anomaly, "{base} +- {spread}: {:?}", verdicts[600]);
        assert!(beginnings(&verdicts[..600]).len() <= 1, "{base} +- {spread}: {:?}", beginnings(&verdicts));
    }
}

#[test]
fn missing_readings_and_gaps_are_no_anomalies() {
    let holes = |at: usize| {
        if (600..640).contains(&at) || at % 17 == 3 { None } else { Some(Reading::thousandths(wave(at))) }
    };
    assert_eq!(beginnings(&judge((0..1500).map(holes))), [0; 0]);
    let memory = &mut vec![0; BYTES];
    feed(memory, (0..1000).map(|_| None));
    let verdict = feed(memory, waves(0..1))[0];
    assert_eq!(verdict.state, State::WarmingUp { remaining: WINDOW / 2 }, "what is missing teaches nothing");
    // A walk that goes on for an hour while nobody looks: the jump is no jump.
    let walk = |at: usize| thousandths((0..at).map(|step| 0.1 * gauss(step, 6)).sum::<f64>());
    let jump = |with_gap: bool| {
        let memory = &mut vec![0; BYTES];
        feed(memory, (0..900).map(walk));
        let mut detector = StreamDetector::carve(&mut Arena::new(memory), WINDOW, 1).unwrap();
        if with_gap {
            detector.gap();
        }
        detector.sample(&[thousandths(walk(899).unwrap().in_units(-3) as f64 / 1000.0 + 0.7)], &mut ())
    };
    assert_eq!(jump(false).kind, Kind::Jump);
    assert!(jump(true).score < jump(false).score);
}

#[test]
fn the_worst_channel_is_named_and_channels_do_not_disturb_each_other() {
    let memory = &mut vec![0; 4 * BYTES];
    let mut detector = StreamDetector::carve(&mut Arena::new(memory), WINDOW, 3).unwrap();
    let readings = |values: [i32; 3]| values.map(|value| Some(Reading::thousandths(value)));
    for at in 0..600 {
        detector.sample(&readings([wave(at), 7, wave(at + 3)]), &mut ());
    }
    let verdict = detector.sample(&readings([wave(600), 7, wave(603) + 9000]), &mut ());
    assert_eq!((verdict.state, verdict.channel, verdict.episode.phase), (State::Anomaly, 2, Phase::Begins));
    let verdict = detector.sample(&readings([wave(601), 9000, wave(604)]), &mut ());
    assert_eq!((verdict.state, verdict.channel), (State::Anomaly, 1));
    let missing = detector.sample(&[Some(Reading::thousandths(wave(602))), None], &mut ());
    assert!(missing.channel < 3);
}

/// Speed and current of a pump; from `fault` on it comes to draw more at the same speed.
fn pump(at: usize, fault: usize, extra: f64) -> [Option<Reading>; 2] {
    let speed =
        1500.0 + 300.0 * (at as f64 / 37.0).sin() + 150.0 * (at as f64 / 11.3).sin() + 5.0 * gauss(at, 7);
    let grown = (at.saturating_sub(fault) as f64 / 40.0).min(1.0);
    [thousandths(speed), thousandths(0.004 * speed + 0.03 * gauss(at, 8) + extra * grown)]
}

#[test]
fn a_pump_that_draws_more_at_the_same_speed_is_found_by_the_relation_alone() {
    let judged = |without: &[Kind], extra: f64| -> Vec<Verdict> {
        let memory = &mut vec![0; 4 * BYTES];
        let mut detector =
            StreamDetector::carve(&mut Arena::new(memory), WINDOW, 2).unwrap().without(without);
        (0..1600).map(|at| detector.sample(&pump(at, 1500, extra), &mut ())).collect()
    };
    // Ten of its deviations beside the line, and a quarter of what the current swings anyway.
    let with = judged(&[], 0.3);
    let begins = beginnings(&with);
    let found = begins.iter().find(|at| **at >= 1500).copied().unwrap_or(usize::MAX);
    assert!(found < 1560 && with[found].kind == Kind::Relation, "{begins:?}");
    assert!(beginnings(&with[..1500]).len() <= 1, "{begins:?}");
    let alone = judged(&[Kind::Relation], 0.3);
    assert!(beginnings(&alone).iter().all(|at| *at < 1500), "{:?}", beginnings(&alone));
    assert!(beginnings(&judged(&[], 0.0)).len() <= 1);
}

#[test]
fn the_work_of_a_sample_is_linear_in_the_channels() {
    let work = |channels: u32| -> u64 {
        let memory = &mut vec![0; 16 * BYTES];
        let mut detector = StreamDetector::carve(&mut Arena::new(memory), WINDOW, channels).unwrap();
        let mut counts = Counts::default();
        for at in 0..1200 {
            let reading = |channel: u32| Some(Reading::thousandths(wave(at) * (channel as i32 + 1)));
            let readings: Vec<_> = (0..channels).map(reading).collect();
            counts.clear();
            detector.sample(&readings, &mut counts);
        }
        counts.iter().map(|(_, count)| count).sum()
    };
    let (two, four, eight) = (work(2), work(4), work(8));
    assert!(four <= 2 * two + two / 10 && eight <= 2 * four + four / 10, "{two} {four} {eight}");
}

#[test]
fn severity_is_one_minus_the_share_of_normal_samples_that_reach_it() {
    let walk = |seed: usize| {
        let mut level = 0.0;
        (0..8_000).map(move |at| {
            level = 0.95 * level + gauss(at, seed);
            thousandths(level)
        })
    };
    let signals: [(&str, Vec<Verdict>); 3] = [
        ("Gaussian", judge((0..8_000).map(|at| thousandths(gauss(at, 11))))),
        ("lognormal", judge((0..8_000).map(|at| thousandths(gauss(at, 12).exp())))),
        ("autoregressive", judge(walk(13))),
    ];
    for (name, verdicts) in signals {
        let judged = &verdicts[1_000..];
        for severity in [500_000, 750_000, 900_000, 960_000, 980_000] {
            let reach = judged.iter().filter(|verdict| verdict.severity() >= severity).count();
            let ratio = reach as f64 / judged.len() as f64 / (1.0 - f64::from(severity) / 1e6);
            assert!((0.2..1.25).contains(&ratio), "{name} at {severity}: {ratio} times the stated rate");
        }
    }
}

#[test]
fn a_muted_kind_is_not_looked_for() {
    let memory = &mut vec![0; BYTES];
    feed(memory, (0..400).map(|_| thousandths(1.0)).chain([thousandths(1.1)]));
    feed(memory, (0..50).map(|at| thousandths(1.0 + 0.1 * f64::from(at % 2))));
    let stuck = |without: &[Kind]| {
        let mut copy = memory.clone();
        let mut detector =
            StreamDetector::carve(&mut Arena::new(&mut copy), WINDOW, 1).unwrap().without(without);
        (0..3000)
            .map(|_| detector.sample(&[thousandths(1.0)], &mut ()))
            .filter(|one| one.kind == Kind::Stuck && one.score > 0)
            .count()
    };
    assert!(stuck(&[]) > 0);
    assert_eq!(stuck(&[Kind::Stuck]), 0);
}

#[derive(Default)]
struct Total(u32);
impl AllocObserver for Total {
    fn part(&mut self, _: &'static str, bytes: Bytes) {
        self.0 += bytes.get();
    }
}

#[test]
fn a_channel_takes_the_bytes_that_are_stated() {
    for (window, channels, bytes) in [(512, 1, 9_512), (256, 1, 5_416), (512, 8, 40 + 8 * (9_468 + 212))] {
        let mut total = Total::default();
        let memory = &mut vec![0; 80_000];
        StreamDetector::carve(&mut Arena::with_observer(memory, &mut total), window, channels).unwrap();
        assert!(total.0.abs_diff(bytes) < 40, "{window} samples of {channels} take {} bytes", total.0);
    }
}

#[test]
fn the_work_of_a_sample_is_bounded_by_the_window() {
    let memory = &mut vec![0; 65_536];
    let mut detector = StreamDetector::carve(&mut Arena::new(memory), 512, 1).unwrap();
    let mut most = 0;
    for at in 0..3000 {
        let mut counts = Counts::default();
        detector.sample(&[Some(Reading::thousandths(wave(at)))], &mut counts);
        most = most.max(counts.iter().filter(|(op, _)| *op != Op::Copy).map(|(_, count)| count).sum());
    }
    assert!((800..12_000).contains(&most), "{most} steps");
}

fn reading() -> impl Strategy<Value = Option<Reading>> {
    let decimal = (any::<i64>(), -320i32..320)
        .prop_map(|(mantissa, exponent)| Some(Reading::decimal(mantissa, exponent)));
    let usual = (-1000i32..1000).prop_map(|value| Some(Reading::thousandths(value)));
    prop_oneof![decimal, usual.clone(), usual, Just(None), Just(Some(Reading::thousandths(i32::MIN)))]
}

/// The samples of a spike, a step and a stuck stretch, far apart.
const TROUBLES: [std::ops::Range<usize>; 3] = [450..452, 650..720, 900..930];

/// A wave with noise and the [`TROUBLES`], as digits with three decimals.
fn troubled(seed: usize) -> Vec<i64> {
    let [spike, step, stuck] = TROUBLES;
    let value = |at: usize| {
        let at = if stuck.contains(&at) { stuck.start } else { at };
        let clean = 20_000.0 + 300.0 * gauss(at, seed) + 800.0 * (at as f64 / 9.0).sin();
        let spike = if at == spike.start { 9_000.0 } else { 0.0 };
        (clean + spike + if step.contains(&at) { 9_000.0 } else { 0.0 }) as i64
    };
    (0..950).map(value).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn scale_and_offset_do_not_change_the_verdicts(seed in 0usize..10_000, power in -6i32..=6, offset in -1_000_000i64..1_000_000) {
        let values = troubled(seed);
        let plain = judge(values.iter().map(|value| Some(Reading::decimal(*value, -3))));
        let scaled = judge(values.iter().map(|value| Some(Reading::decimal(*value, power - 3))));
        let shifted = judge(values.iter().map(|value| Some(Reading::decimal(value + offset, -3))));
        // The same digits in a unit of their own: nothing is rounded otherwise.
        prop_assert!(plain == scaled, "10^{power}");
        for other in [scaled, shifted] {
            for trouble in TROUBLES {
                let found = |verdicts: &[Verdict]| alarms(&verdicts[trouble.clone()]) > 0;
                prop_assert!(found(&plain) && found(&other), "{trouble:?}: {:?} and {:?}", beginnings(&plain), beginnings(&other));
            }
            let differ = plain.iter().zip(&other).filter(|(a, b)| a.state != b.state).count();
            prop_assert!(differ <= 40, "{differ} samples differ: {:?} and {:?}", beginnings(&plain), beginnings(&other));
        }
    }

    #[test]
    fn any_readings_are_survived_and_normality_returns(
        pattern in proptest::collection::vec(reading(), 1..40),
        repeats in 1usize..40
    ) {
        let memory = &mut vec![0; BYTES];
        feed(memory, pattern.iter().cycle().take((pattern.len() * repeats).min(2_000)).copied());
        let after = feed(memory, waves(0..6 * WINDOW as usize));
        prop_assert!(alarms(&after[4 * WINDOW as usize..]) <= 20, "{}", alarms(&after[4 * WINDOW as usize..]));
    }

    #[test]
    fn any_bytes_are_a_detector(memory in proptest::collection::vec(any::<u8>(), BYTES), pattern in proptest::collection::vec(reading(), 1..40)) {
        let mut memory = memory;
        let mut detector = StreamDetector::carve(&mut Arena::new(&mut memory), 64, 1).unwrap();
        for value in pattern.iter().cycle().take(300) {
            detector.sample(&[*value], &mut ());
        }
    }
}
