//! The demonstration's log is what the generator draws, and the detector finds the fault in it.

use ruvllm_esp_core::anomaly::State;
use ruvllm_esp_core::anomaly::reading::Reading;
use ruvllm_esp_core::anomaly::stream::{DEFAULT_WINDOW, StreamDetector, Verdict};
use ruvllm_esp_core::arena::Arena;
use ruvllm_esp_sim::signal::pump::{GRADUAL, HEADER, ONSET, ROWS, SEED, csv};
use std::path::Path;

#[test]
fn the_fixture_is_what_the_generator_draws() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/demo/pump.csv");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, csv(SEED)).unwrap();
    }
    let fixture = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
    assert!(fixture == csv(SEED), "fixtures/demo/pump.csv differs: draw it again with BLESS=1");
    assert!(fixture.starts_with(HEADER));
    assert_eq!(fixture.lines().count(), ROWS + 1);
}

#[test]
fn the_failing_bearing_is_found_while_it_wears() {
    let verdicts = |log: &str| -> Vec<Verdict> {
        let mut memory = vec![0; 64 * 1024];
        let mut detector = StreamDetector::carve(&mut Arena::new(&mut memory), DEFAULT_WINDOW, 3).unwrap();
        let judge = |line: &str| {
            let readings: Vec<Option<Reading>> =
                line.split(',').skip(1).map(|field| Reading::parse(field).unwrap()).collect();
            detector.sample(&readings, &mut ())
        };
        log.lines().skip(1).map(judge).collect()
    };
    for seed in [SEED, SEED + 1, SEED + 2, SEED + 3] {
        let verdicts = verdicts(&csv(seed));
        let alarms: Vec<usize> = (0..ROWS).filter(|row| verdicts[*row].state == State::Anomaly).collect();
        let early = alarms.iter().filter(|row| **row < ONSET).count();
        let first = alarms.iter().find(|row| **row >= ONSET).copied().unwrap_or(ROWS);
        println!(
            "seed {seed}: {early} before the onset, first after {} rows: {:?}",
            first - ONSET,
            verdicts[first]
        );
        let broken = alarms.iter().filter(|row| **row >= ONSET + GRADUAL + 10).count();
        assert!(early <= 1, "seed {seed}: false alarms at {alarms:?}");
        assert!(first < ONSET + GRADUAL, "seed {seed}: found only at row {first}");
        assert!(broken >= 50, "seed {seed}: {broken} rows of the break-up are alarms");
    }
}
