//! The scenarios of `fixtures/scenarios`: each holds, and each verdict turns when what it is about is taken away.

#![allow(clippy::unwrap_used, reason = "what cannot be run fails the test")]

use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::run::Run;
use ruvllm_esp_sim::run::replay::{Replayed, replay};
use ruvllm_esp_sim::run::verdict::ScenarioVerdict;
use ruvllm_esp_sim::scenario::{Bundle, Scenario};
use ruvllm_esp_sim::trace::{Player, Trace};
use std::path::PathBuf;
use std::sync::Arc;

fn read(name: &str) -> Scenario {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/scenarios");
    Scenario::read(&folder.join(name)).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The scenario with each first text replaced by the second.
fn changed(name: &str, changes: &[(&str, &str)]) -> Scenario {
    let Scenario { bundle: Bundle { name: file, mut text, files }, .. } = read(name);
    for (from, to) in changes {
        assert!(text.contains(from), "{name}: {from}");
        text = text.replace(from, to);
    }
    Scenario::unpack(&Bundle { name: file, text, files }).unwrap_or_else(|problems| panic!("{problems}"))
}

fn verdict(scenario: Scenario) -> ScenarioVerdict {
    let until = scenario.until;
    let mut run = Run::new(Arc::new(scenario), 1, None).unwrap();
    run.advance(until).unwrap();
    run.finish().unwrap()
}

fn missed(verdict: &ScenarioVerdict) -> Vec<&str> {
    verdict.expectations.iter().filter(|judged| !judged.passed).map(|judged| judged.name.as_str()).collect()
}

fn holds(name: &str) -> ScenarioVerdict {
    let verdict = verdict(read(name));
    let reported: Vec<String> = verdict
        .expectations
        .iter()
        .map(|judged| {
            format!("{} {}: {}", if judged.passed { "passed   " } else { "FAILED" }, judged.name, judged.seen)
        })
        .collect();
    println!("{name}\n{}", reported.join("\n"));
    assert!(verdict.passed && !verdict.expectations.is_empty(), "{name}\n{}", reported.join("\n"));
    verdict
}

#[test]
fn the_house_keeps_its_memories() {
    let verdict = holds("house.toml");
    assert!(verdict.chips.len() == 5 && verdict.chips.iter().all(|chip| chip.energy.banded.value.get() > 0));
    assert!(verdict.latency.answered > 5 && verdict.latency.p95.is_some());
    let alone = self::verdict(changed("house.toml", &[("replicas = 2", "replicas = 1")]));
    assert!(!alone.passed, "with one copy nothing is lost although its holder is");
}

#[test]
fn the_factory_line_tells_the_worn_from_the_sound() {
    holds("factory-line.toml");
    let sound = verdict(changed("factory-line.toml", &[("fault = \"level-shift\"\n", "")]));
    assert!(missed(&sound).contains(&"alarms of worn"), "{:?}", missed(&sound));
}

#[test]
fn the_search_fleet_loses_two_shards_and_no_item() {
    let verdict = holds("search-fleet.toml");
    assert_eq!((verdict.items.lost, verdict.items.acknowledged), (0, 96));
    let single = self::verdict(changed("search-fleet.toml", &[("replicas = 3", "replicas = 1")]));
    assert!(
        missed(&single).contains(&"no acknowledged item lost") && single.items.lost > 0,
        "{:?}",
        missed(&single)
    );
}

#[test]
fn the_radio_field_gets_through() {
    holds("radio-field.toml");
    let deaf = verdict(changed("radio-field.toml", &[("loss = \"20%\"", "loss = \"90%\"")]));
    assert!(!deaf.passed);
}

#[test]
fn hostile_nodes_change_nothing_but_where_there_is_no_key() {
    let verdict = holds("hostile-node.toml");
    assert!(verdict.frames.sent > 0);
    // The outsider believes in its own item; the fleet has but one.
    assert_eq!((verdict.items.acknowledged, verdict.items.given_up), (1, 0));
    let members: u64 = verdict.chips[..5].iter().map(|chip| chip.energy.banded.value.get()).sum();
    assert_eq!((verdict.energy.banded.value.get(), verdict.attackers.chips), (members, 6));
    assert!(verdict.attackers.sent > 0 && verdict.attackers.accepted == 0);
    let key = "key = \"from-seed\"\n";
    let open = self::verdict(changed("hostile-node.toml", &[(key, "")]));
    assert!(missed(&open).contains(&"nothing accepted from hostile chips"), "{:?}", missed(&open));
}

#[test]
#[ignore = "takes a minute: set by .ci/nightly"]
fn nightly_hostile_nodes_change_nothing_with_fifty_seeds() {
    let failed: Vec<(u64, Vec<String>)> = (1..=50)
        .filter_map(|seed| {
            let verdict = verdict(Scenario { seed, ..read("hostile-node.toml") });
            let missed = missed(&verdict).into_iter().map(String::from).collect();
            (!verdict.passed).then_some((seed, missed))
        })
        .collect();
    assert!(failed.is_empty(), "{failed:?}");
}

fn traced(scenario: &Arc<Scenario>, threads: usize) -> Vec<u8> {
    let mut trace = Vec::new();
    let mut run = Run::new(Arc::clone(scenario), threads, Some(Box::new(&mut trace))).unwrap();
    run.advance(scenario.until).unwrap();
    run.finish().unwrap();
    trace
}

#[test]
fn a_trace_is_the_same_on_two_threads_and_replays_bit_by_bit() {
    let house = Arc::new(Scenario { until: Micros::seconds(20), ..read("house.toml") });
    let trace = traced(&house, 1);
    assert!(trace == traced(&house, 2), "two threads take another course");
    let read = Trace::read(trace.as_slice()).unwrap();
    assert!(read.damage.is_none() && read.events.len() > 500);
    let same = replay(&read.header, None, &read.events, read.end(), trace.as_slice(), 2).unwrap();
    assert_eq!(same, Replayed::Same { events: read.events.len() as u64 });
    let text = String::from_utf8(trace).unwrap();
    let line = text.lines().position(|line| line.contains("stopcock")).unwrap();
    let changed = text.lines().map(|line| {
        if line.contains("stopcock") && line.starts_with('[') {
            line.replace("stopcock", "stopwatch")
        } else {
            line.into()
        }
    });
    let changed: String = changed.map(|line| line + "\n").collect();
    let differs = replay(&read.header, None, &read.events, read.end(), changed.as_bytes(), 1).unwrap();
    assert!(
        matches!(&differs, Replayed::Differs { line, recorded: Some(had), now: Some(now) } if *line > 1 && had.contains("stopwatch") && now.contains("stopcock")),
        "{line} {differs:?}"
    );
    let other = Scenario { seed: 2, ..(*house).clone() };
    let header = ruvllm_esp_sim::trace::Header::new(&other, false);
    assert!(matches!(
        replay(&header, None, &read.events, read.end(), text.as_bytes(), 1).unwrap(),
        Replayed::Differs { .. }
    ));
    let mut player = Player::new(read).unwrap();
    player.seek(Micros::seconds(20));
    let view = player.view();
    assert!(view.chips.iter().all(|chip| chip.peers.len() >= 4), "{view:?}");
    assert!(player.detail(2).console.iter().any(|line| line.contains("behind the clock")));
}

#[test]
fn a_trace_does_not_depend_on_the_steps_in_which_it_was_run() {
    // Two chips are quiet most of the time: that is where snapshots are left out.
    let pair = "schema = 1\nuntil = \"12s\"\n[[link]]\nname = \"wire\"\nkind = \"uart\"\n\
                [[chip]]\nvariant = \"esp32c3\"\ncount = 2\nname = \"n\"\nlink = \"wire\"\n";
    let bundle = Bundle { name: "pair.toml".into(), text: pair.into(), files: Default::default() };
    let pair = Scenario::unpack(&bundle).unwrap_or_else(|problems| panic!("{problems}"));
    for (scenario, end) in [(Arc::new(pair), 12), (Arc::new(read("house.toml")), 8)] {
        for end in [2, 5, end].map(Micros::seconds) {
            let traced = |step: Micros| {
                let mut trace = Vec::new();
                let mut run = Run::new(Arc::clone(&scenario), 1, Some(Box::new(&mut trace))).unwrap();
                while run.now() < end {
                    run.advance((run.now() + step).min(end)).unwrap();
                }
                run.finish().unwrap();
                trace
            };
            let whole = traced(end);
            for step in [Micros(70_000), Micros(333_333), Micros::seconds(1)] {
                assert!(traced(step) == whole, "steps of {step} to {end}");
            }
            let read = Trace::read(whole.as_slice()).unwrap();
            let again = replay(&read.header, None, &read.events, read.end(), whole.as_slice(), 1).unwrap();
            assert_eq!(again, Replayed::Same { events: read.events.len() as u64 }, "to {end}");
        }
    }
}

#[test]
fn a_run_that_ended_early_replays_to_where_it_ended() {
    let house = Arc::new(read("house.toml"));
    let mut trace = Vec::new();
    let mut run = Run::new(Arc::clone(&house), 1, Some(Box::new(&mut trace))).unwrap();
    run.advance(Micros::seconds(3)).unwrap();
    run.finish().unwrap();
    let read = Trace::read(trace.as_slice()).unwrap();
    assert_eq!((read.end(), read.header.until_us), (Micros::seconds(3), house.until.get()));
    let starts = "\"starts\"";
    let text = String::from_utf8(trace.clone()).unwrap();
    assert!(text.contains(starts) && !text.contains("reboots"), "a first start is no fault");
    let same = replay(&read.header, None, &read.events, read.end(), trace.as_slice(), 1).unwrap();
    assert_eq!(same, Replayed::Same { events: read.events.len() as u64 });
    // A run of a year ends where the trace has no more.
    let cut = trace.iter().rposition(|byte| *byte == b'[').unwrap();
    let year = replay(&read.header, None, &read.events, house.until, &trace[..cut], 1).unwrap();
    assert!(matches!(year, Replayed::Differs { recorded: None, now: Some(_), .. }), "{year:?}");
}

/// Takes the header, and then is full.
struct Full(usize);

impl std::io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.checked_sub(1).ok_or(std::io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_trace_that_cannot_be_written_costs_no_verdict() {
    let house = Arc::new(Scenario { until: Micros::seconds(3), ..read("house.toml") });
    let mut run = Run::new(Arc::clone(&house), 1, Some(Box::new(Full(9)))).unwrap();
    assert!(run.advance(house.until).is_err());
    run.advance(house.until).unwrap();
    let verdict = run.finish().unwrap();
    let whole = self::verdict((*house).clone());
    assert!(verdict.complete && verdict.frames.sent == whole.frames.sent);
    assert!(
        verdict.expectations.iter().all(|judged| judged.at_us == 3_000_000),
        "{:?}",
        verdict.expectations
    );
}

#[test]
fn of_a_link_so_many_frames_are_lost_as_it_says() {
    let share = |name| {
        let scenario = Arc::new(Scenario { until: Micros::seconds(20), ..read(name) });
        let mut fleet = ruvllm_esp_sim::fleet::Fleet::build(Arc::clone(&scenario), 1).unwrap();
        fleet.run_until(scenario.until);
        let link = fleet.view().links.remove(0);
        link.lost as f64 / (link.received + link.lost) as f64
    };
    let (house, field) = (share("house.toml"), share("radio-field.toml"));
    assert!((0.01..0.04).contains(&house) && (0.18..0.27).contains(&field), "{house} {field}");
}
