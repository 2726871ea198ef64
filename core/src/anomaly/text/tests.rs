//! What the detector of texts must do: find the odd one, forget the old, never fill up.

use super::*;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

/// Character trigrams hashed to 64 signed counts, scaled to norm 127: enough to tell texts apart in a test.
fn embed(text: &str) -> [i8; 64] {
    let mut counts = [0i32; 64];
    for word in text.split_whitespace() {
        let padded: Vec<u8> = [b" ", word.as_bytes(), b" "].concat();
        for trigram in padded.windows(3) {
            let mixed = trigram
                .iter()
                .fold(0x811C_9DC5u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(16_777_619));
            let mixed = mixed ^ (mixed >> 15);
            counts[(mixed % 64) as usize] += if mixed >> 31 == 0 { 1 } else { -1 };
        }
    }
    scaled(counts)
}

fn scaled(counts: [i32; 64]) -> [i8; 64] {
    let norm = counts.iter().map(|count| f64::from(count * count)).sum::<f64>().sqrt().max(1.0);
    counts.map(|count| (f64::from(count) * 127.0 / norm).round() as i8)
}

const MACHINES: [&str; 4] = ["pump one", "pump two", "the main fan", "the spare fan"];
const STATES: [&str; 5] = [
    "runs at normal speed",
    "pressure is stable",
    "was started by the timer",
    "was stopped by the timer",
    "oil level ok",
];

fn with_detector<R>(memory: &mut [u8], use_it: impl FnOnce(&mut TextDetector<'_, 64>) -> R) -> R {
    use_it(&mut TextDetector::carve(&mut Arena::new(memory), 32).unwrap())
}

fn taught(memory: &mut [u8]) {
    for (machine, state) in MACHINES.iter().flat_map(|machine| STATES.map(|state| (machine, state))) {
        with_detector(memory, |detector| detector.learn(&embed(&std::format!("{machine} {state}")), &mut ()));
    }
}

#[test]
fn an_odd_text_is_found_and_a_usual_one_is_not() {
    let mut memory = vec![0u8; 4096];
    taught(&mut memory);
    let check = |memory: &mut [u8], text: &str| {
        with_detector(memory, |detector| detector.check(&embed(text), &mut ()))
    };
    for text in ["pump two oil level ok", "main fan runs at normal speed", "spare fan was stopped by timer"] {
        let verdict = check(&mut memory, text);
        assert_eq!(verdict.state, State::Normal, "{text}: {verdict:?}");
    }
    for text in [
        "bearing temperature critical shutdown",
        "kitchen window broken glass",
        "unknown login attempt from network",
    ] {
        let verdict = check(&mut memory, text);
        assert_eq!(verdict.state, State::Anomaly, "{text}: {verdict:?}");
    }
}

#[test]
fn an_anomaly_is_flagged_when_it_is_learned_and_known_afterwards() {
    let mut memory = vec![0u8; 4096];
    taught(&mut memory);
    with_detector(&mut memory, |detector| {
        let odd = embed("bearing temperature critical shutdown");
        let before = detector.state.threshold;
        assert_eq!(detector.learn(&odd, &mut ()).verdict.state, State::Anomaly);
        assert!(detector.state.threshold < before + before / 4, "one anomaly must not set the threshold");
        let again = detector.check(&odd, &mut ());
        assert_eq!((again.state, again.distance > 30), (State::Normal, false), "{again:?}");
        assert_eq!(detector.check(&embed("kitchen window broken glass"), &mut ()).state, State::Anomaly);
    });
}

#[test]
fn few_texts_are_not_judged_and_equal_ones_count_once() {
    let mut memory = vec![0u8; 4096];
    with_detector(&mut memory, |detector| {
        assert_eq!(detector.check(&[0; 64], &mut ()).state, State::WarmingUp { remaining: 8 });
        for _ in 0..40 {
            detector.learn(&embed("all is well"), &mut ());
        }
        assert_eq!(detector.len(), 1);
        assert_eq!(detector.check(&embed("fire"), &mut ()).state, State::WarmingUp { remaining: 7 });
    });
}

#[test]
fn the_threshold_stays_within_its_bounds_whatever_is_learned() {
    let axis = |at: usize| core::array::from_fn::<i8, 64, _>(|index| if index == at { 127 } else { 0 });
    let mut memory = vec![0u8; 4096];
    with_detector(&mut memory, |detector| {
        for at in 0..20 {
            detector.learn(&axis(at), &mut ());
        }
        let verdict = detector.check(&axis(40), &mut ());
        assert_eq!(
            (verdict.state, verdict.distance, verdict.threshold),
            (State::Anomaly, 1000, MAX_THRESHOLD)
        );
        for step in 0..32 {
            let mut vector = axis(0);
            vector[1] = step;
            detector.learn(&vector, &mut ());
        }
        assert_eq!(
            detector.check(&axis(0), &mut ()).threshold,
            MIN_THRESHOLD,
            "all learned texts are nearly one"
        );
    });
}

#[test]
fn the_text_learned_longest_ago_gives_way() {
    let mut memory = vec![0u8; 4096];
    let text = |number: usize| embed(&std::format!("line {} of a log {}", number * 7919, number * 104_729));
    with_detector(&mut memory, |detector| {
        for number in 0..32 {
            detector.learn(&text(number), &mut ());
        }
        let refreshed = detector.learn(&text(0), &mut ());
        assert!(!refreshed.evicted);
        let lesson = detector.learn(&text(100), &mut ());
        assert_eq!((lesson.slot, lesson.evicted), (1, true), "slot 0 was refreshed, slot 1 is the oldest");
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn neighbours_stay_exact_past_ten_times_the_capacity(
        vectors in proptest::collection::vec(proptest::array::uniform32(any::<i8>()), 170..200)
    ) {
        let mut memory = vec![0u8; 2048];
        let mut kept: Vec<[i8; 32]> = Vec::new();
        for vector in &vectors {
            let mut detector = TextDetector::<32>::carve(&mut Arena::new(&mut memory), 16).unwrap();
            detector.learn(vector, &mut ());
            kept.retain(|held| held != vector);
            kept.push(*vector);
            let latest = &kept[kept.len().saturating_sub(16)..];
            prop_assert_eq!(detector.len() as usize, latest.len());
            for slot in 0..detector.len() as usize {
                let held = detector.vectors[slot];
                prop_assert!(latest.contains(&held));
                let others = latest.iter().filter(|other| **other != held);
                let nearest = others.map(|other| dot(&held, other, &mut ())).max().unwrap_or(0);
                prop_assert_eq!(detector.learned[slot].similarity, nearest);
            }
        }
    }

    #[test]
    fn any_bytes_are_a_detector(memory in proptest::collection::vec(any::<u8>(), 2048), vector in proptest::array::uniform32(any::<i8>())) {
        let mut memory = memory;
        let mut detector = TextDetector::<32>::carve(&mut Arena::new(&mut memory), 16).unwrap();
        for _ in 0..3 {
            detector.learn(&vector, &mut ());
            detector.check(&vector, &mut ());
        }
    }
}
