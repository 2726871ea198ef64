//! `sim` is a fleet of one: a line costs the same at a chip alone and at the chip of a scenario.
#![allow(clippy::unwrap_used, reason = "what cannot be read or run fails the test")]

use ruvllm_esp_core::agent::Identity;
use ruvllm_esp_core::chip::{self, Chip, Radio};
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::cost::Cost;
use ruvllm_esp_sim::figure::Figure;
use ruvllm_esp_sim::memory::min_arena;
use ruvllm_esp_sim::run::Run;
use ruvllm_esp_sim::run::replay::{Replayed, replay};
use ruvllm_esp_sim::scenario::{Bundle, OPEN_END, Scenario};
use ruvllm_esp_sim::script::{Step, parse_step};
use ruvllm_esp_sim::single::{Setup, SingleChip};
use ruvllm_esp_sim::trace::Trace;
use ruvllm_esp_sim::trace::event::Event;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

fn setup(chip: &'static Chip, role: RoleKind) -> Setup {
    let identity = Identity { chip, chip_id: 7, role, seed: 3 };
    Setup { identity, radio: Radio::Off, arena: None }
}

/// What is typed in the golden session of a role.
fn lines(role: RoleKind) -> Vec<String> {
    let name = format!("../fixtures/transcripts/scripts/{}.txt", role.alias());
    let script = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
    let line = |line| match parse_step(line).unwrap() {
        Step::Say(line) if !line.is_empty() => Some(line.to_string()),
        _ => None,
    };
    script.lines().filter_map(line).collect()
}

/// The work of the chip of a scenario whose file a person would write, and the energy until its end.
fn in_a_scenario(chip: &'static Chip, role: RoleKind, lines: &[String]) -> (Cost, String) {
    let (variant, alias) = (chip.name, role.alias());
    let mut text = format!(
        "schema = 1\nseed = 3\nuntil = \"60s\"\n\n[[chip]]\nvariant = \"{variant}\"\nrole = \"{alias}\"\nid = 7\n"
    );
    let quoted: Vec<String> = lines.iter().map(|line| format!("{line:?}")).collect();
    write!(text, "\n[[type]]\nchip = \"all\"\nat = \"0s\"\nline = [{}]\n", quoted.join(", ")).unwrap();
    let bundle = Bundle { name: "one.toml".into(), text, files: Vec::new() };
    let scenario = Arc::new(Scenario::unpack(&bundle).unwrap());
    let mut run = Run::new(Arc::clone(&scenario), 1, None).unwrap();
    run.advance(scenario.until).unwrap();
    let chip = run.chip(0).unwrap();
    let work = chip.work.cost(&chip.work.total).unwrap();
    let report = run.finish().unwrap().chips.remove(0);
    assert_eq!((report.cycles.banded, report.busy.banded), (work.cycles, work.time));
    (work, shown(report.energy))
}

fn shown<T>(figure: Figure<T>) -> String
where
    Figure<T>: std::fmt::Display,
{
    figure.to_string()
}

#[test]
fn a_line_costs_the_same_alone_and_in_a_fleet_of_one() {
    for role in RoleKind::ALL {
        let lines = lines(role);
        assert!(lines.len() > 10);
        for chip in chip::ALL {
            let name = format!("{} {}", chip.name, role.alias());
            let mut alone = SingleChip::open(&setup(chip, role), Micros::seconds(60), None).unwrap();
            let mut sum = Cost::default();
            for line in &lines {
                sum += alone.line(Ok(line)).unwrap().cost;
            }
            let total = alone.total().unwrap();
            assert!(total.cycles.value.0.abs_diff(sum.cycles.value.0) < lines.len() as u64, "{name}");
            alone.wait(Micros::seconds(60)).unwrap();
            let (work, energy) = in_a_scenario(chip, role, &lines);
            assert_eq!(work, total, "{name}: cycles, time and energy of the work");
            assert!(work.cycles.value.0 > 100_000 && work.energy.value.0 > 0, "{name}: {work:?}");
            assert_eq!(energy, shown(alone.energy()), "{name}: energy until the end");
        }
    }
}

#[test]
fn the_scenario_of_a_chip_is_what_its_text_says() {
    for role in RoleKind::ALL {
        for chip in chip::ALL {
            for radio in [Radio::Off, Radio::EspNow] {
                let arena = (role == RoleKind::HnswIndexer).then(|| ruvllm_esp_core::units::Bytes::kib(48));
                let setup = Setup { radio, arena, ..setup(chip, role) };
                if setup.arena_bytes() < min_arena(role) {
                    continue;
                }
                let scenario = setup.scenario();
                let read = Scenario::unpack_until(&scenario.bundle, Some(scenario.until)).unwrap();
                assert_eq!(Scenario { planned: scenario.planned, ..read }, scenario);
            }
        }
    }
}

#[test]
fn a_session_is_written_down_and_repeated_bit_by_bit() {
    let mut bytes = Vec::new();
    let setup = setup(chip::ALL[4], RoleKind::MemoryArchivist);
    let mut single = SingleChip::open(&setup, OPEN_END, Some(Box::new(&mut bytes))).unwrap();
    for line in lines(RoleKind::MemoryArchivist) {
        single.line(Ok(&line)).unwrap();
        single.wait(Micros(700_000_001)).unwrap();
    }
    single.wait(Micros::seconds(400 * 86_400)).unwrap();
    single.end_trace().unwrap();
    drop(single);
    let read = Trace::read(bytes.as_slice()).unwrap();
    assert!(read.header.session && read.damage.is_none(), "{:?}", read.damage);
    let again =
        |events: &[Event]| replay(&read.header, None, events, read.end(), bytes.as_slice(), 1).unwrap();
    assert!(matches!(again(&read.events), Replayed::Same { events } if events > 100));
    let cut = &read.events[..read.events.len() / 2];
    assert!(matches!(again(cut), Replayed::Differs { .. }), "lines that are not typed are missed");
}

#[test]
fn years_of_waiting_take_no_time() {
    let mut chip = SingleChip::boot(&setup(chip::ALL[3], RoleKind::HnswIndexer)).unwrap();
    let began = std::time::Instant::now();
    chip.wait(Micros::seconds(86_400 * 365 * 10)).unwrap();
    assert!(chip.line(Ok("stats")).unwrap().text.contains("ops=1"));
    assert!(chip.now() > Micros::seconds(86_400 * 365 * 10) && began.elapsed().as_secs() < 2);
}
