//! What a fleet does when chips, links and neighbours fail, and that it does the same on any number of threads.

use super::*;
use crate::chip::ChipState;
use crate::chip::record::{Keep, What};
use crate::scenario::key::FleetKey;
use crate::scenario::{
    ChipPlan, FaultKind, FaultPlan, Hostility, LinkPlan, LoadLines, LoadPlan, Permille, Port, Scenario,
    Topology, When,
};
use ruvllm_esp_core::chip::{Radio, esp32c3};
use ruvllm_esp_core::event::ChipEvent;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::units::{Bytes, Micros, Nanos};
use ruvllm_esp_core::wire::authentication::Key;
use ruvllm_esp_core::wire::link::LinkKind;
use std::sync::Arc;

/// `count` chips in fields of `size` each.
fn fields(kind: LinkKind, count: usize, size: usize) -> Scenario {
    let chip = |index: usize| ChipPlan {
        name: format!("chip-{index}"),
        id: index as u16 + 1,
        chip: &esp32c3::CHIP,
        role: RoleKind::HnswIndexer,
        radio: Radio::EspNow,
        arena: Some(Bytes::kib(96)),
        link: Some(index / size),
        starts: Micros(0),
        skew: 0,
        clock: Micros(0),
        boots: 0,
        hostile: None,
    };
    let link = |index: usize| LinkPlan {
        name: format!("field-{index}"),
        kind,
        members: (index * size..count.min((index + 1) * size)).map(|chip| Port { chip, port: 0 }).collect(),
        loss: Permille(0),
        corruption: Permille(0),
        duplication: Permille(0),
        reordering: Permille(0),
        delay: Micros(0),
    };
    Scenario {
        seed: 7,
        until: Micros::seconds(3_600),
        topology: Topology::Mesh,
        replicas: 1,
        chips: (0..count).map(chip).collect(),
        links: (0..count.div_ceil(size)).map(link).collect(),
        ..Scenario::default()
    }
}

fn fleet(scenario: Scenario) -> Fleet {
    Fleet::build(Arc::new(scenario), 1).unwrap()
}

fn peers(fleet: &mut Fleet, index: usize) -> usize {
    let (component, local) = fleet.chip_locations[index];
    let now = fleet.now_nanos();
    let chip = &mut fleet.components[component].chips[local];
    let uptime = chip.uptime(now);
    let mut count = 0;
    if let Some(agent) = chip.agent() {
        agent.peers(uptime, |peer| {
            count += usize::from(peer.liveness == ruvllm_esp_core::federation::member::Liveness::Alive);
        });
    }
    count
}

fn events(fleet: &mut Fleet) -> Vec<(usize, ChipEvent)> {
    let (all, _) = fleet.take_timeline();
    let event = |timeline: TimelineEvent| match timeline.at_chip() {
        Some((chip, What::Event(event, _))) => Some((chip, *event)),
        _ => None,
    };
    all.into_iter().filter_map(event).collect()
}

fn chip(fleet: &mut Fleet, index: usize) -> &mut crate::chip::Chip {
    let (component, local) = fleet.chip_locations[index];
    &mut fleet.components[component].chips[local]
}

fn stats(fleet: &Fleet) -> medium::MediumStats {
    fleet.components[0].channels[0].medium.stats
}

/// Two fields, load, and every fault there is.
fn eventful() -> Scenario {
    let mut scenario = fields(LinkKind::EspNow, 60, 40);
    scenario.links[0].loss = Permille(50);
    scenario.links[1].corruption = Permille(50);
    scenario.chips[7].skew = 300;
    scenario.chips[50].hostile = Some(Hostility::Forge);
    let lines: Arc<[String]> =
        ["add the pump is warm", "search pump", "peers", "stats"].map(String::from).into();
    scenario.load = vec![LoadPlan {
        chips: (0..40).collect(),
        gap: Micros(300_000),
        regular: false,
        from: Micros::seconds(1),
        until: Micros::seconds(9),
        lines: LoadLines::Any(lines),
    }];
    let fault = |at, fault| FaultPlan { when: When::At(Micros(at)), fault, lasts: Some(Micros(1_500_000)) };
    scenario.faults = vec![
        fault(2_000_000, FaultKind::Crash(vec![3, 44])),
        fault(2_500_000, FaultKind::PowerCut(vec![9])),
        fault(3_000_000, FaultKind::Jam(vec![12])),
        fault(4_000_003, FaultKind::Partition(vec![(0..20).collect(), (20..40).collect()])),
        fault(6_000_000, FaultKind::Skew(vec![20], -500)),
        fault(6_000_000, FaultKind::Cut(vec![1])),
    ];
    scenario
}

#[test]
fn any_number_of_threads_and_any_steps_give_the_same_trace() {
    let trace = |threads: usize, step: u64| {
        let mut fleet = Fleet::build(Arc::new(eventful()), threads).unwrap();
        fleet.keep(Keep { events: true, frames: true, replies: false });
        let end = 7_000_000;
        let mut at = 0;
        while at < end {
            at = (at + step).min(end);
            fleet.run_until(Micros(at));
        }
        let (timeline, forgotten) = fleet.take_timeline();
        let usage: Vec<_> = (0..60).map(|index| chip(&mut fleet, index).usage).collect();
        (timeline, forgotten, usage, stats(&fleet))
    };
    let one = trace(1, 10_000_000);
    assert!(one.0.len() > 10_000 && one.1 == 0, "{}", one.0.len());
    assert!(one.0.is_sorted_by_key(TimelineEvent::at));
    for (threads, step) in [(2, 10_000_000), (4, 10_000_000), (1, 77_777)] {
        assert!(trace(threads, step) == one, "{threads} threads in steps of {step} us");
    }
}

#[test]
fn two_hundred_and_fifty_chips_discover_one_another() {
    let mut fleet = fleet(fields(LinkKind::EspNow, 250, 250));
    // A hello that was lost is made good by the next heartbeat, and one comes every 25 s.
    fleet.run_until(Micros::seconds(90));
    let received: Vec<usize> = (0..250).map(|index| peers(&mut fleet, index)).collect();
    assert!(received.iter().all(|count| *count == 249), "{received:?}");
    let chosen = (0..250).filter(|index| {
        let status = chip(&mut fleet, *index).agent().and_then(|agent| agent.fleet());
        status.is_some_and(|status| status.coordinator == Some(1))
    });
    // The first itself waits for its third heartbeat before it takes itself for the coordinator.
    assert!(chosen.count() >= 249);
}

#[test]
fn every_kind_of_link_carries_a_fleet() {
    for kind in LinkKind::ALL {
        let mut fleet = fleet(fields(kind, 5, 5));
        fleet.run_until(Micros::seconds(10));
        let received: Vec<usize> = (0..5).map(|index| peers(&mut fleet, index)).collect();
        assert_eq!(received, [4; 5], "{}", kind.name());
    }
}

#[test]
fn a_crash_loses_what_ram_held_and_a_reboot_counts() {
    let mut fleet = fleet(fields(LinkKind::EspNow, 3, 3));
    fleet.run_until(Micros::seconds(3));
    fleet.type_line(0, "add the pump is warm");
    fleet.run_until(Micros::seconds(5));
    assert_eq!(chip(&mut fleet, 0).agent().map(|agent| agent.items()), Some(1));
    fleet.inject(Fault::Crash { chip: 0 });
    fleet.run_until(Micros::seconds(6));
    assert_eq!(chip(&mut fleet, 0).state(), ChipState::Off);
    events(&mut fleet);
    fleet.inject(Fault::Reboot { chip: 0 });
    assert_eq!(chip(&mut fleet, 0).state(), ChipState::Booting);
    fleet.run_until(Micros::seconds(10));
    assert_eq!(chip(&mut fleet, 0).agent().map(|agent| agent.items()), Some(0));
    assert_eq!((chip(&mut fleet, 0).boots, chip(&mut fleet, 1).boots), (2, 1));
    let rebooted =
        |(chip, event): &(usize, ChipEvent)| *chip > 0 && *event == ChipEvent::PeerRebooted { id: 1 };
    assert_eq!(events(&mut fleet).iter().filter(|event| rebooted(event)).count(), 2);
}

#[test]
fn a_power_cut_ends_by_itself_and_what_has_no_power_consumes_nothing() {
    let mut fleet = fleet(fields(LinkKind::EspNow, 3, 3));
    fleet.run_until(Micros::seconds(5));
    fleet.inject(Fault::PowerCut { chip: 2, lasts: Some(Micros::seconds(5)) });
    fleet.run_until(Micros::seconds(9));
    assert_eq!(chip(&mut fleet, 2).state(), ChipState::Off);
    fleet.run_until(Micros::seconds(15));
    assert_eq!(chip(&mut fleet, 2).state(), ChipState::Running);
    let now = fleet.now_nanos();
    let energy = |fleet: &mut Fleet, index| {
        chip(fleet, index).usage.energy(&esp32c3::CHIP, true, now).banded.value.get()
    };
    let (cut, whole) = (energy(&mut fleet, 2), energy(&mut fleet, 1));
    assert!((whole * 6 / 10..whole * 7 / 10).contains(&cut), "{cut} of {whole}");
}

#[test]
fn a_partition_parts_and_heals() {
    let mut fleet = fleet(fields(LinkKind::EspNow, 6, 6));
    fleet.run_until(Micros::seconds(5));
    assert_eq!(peers(&mut fleet, 0), 5);
    fleet.inject(Fault::Partition { groups: vec![vec![0, 1, 2], vec![3, 4, 5]] });
    fleet.run_until(Micros::seconds(25));
    assert_eq!((peers(&mut fleet, 0), peers(&mut fleet, 5)), (2, 2));
    let lost = |(_, event): &(usize, ChipEvent)| matches!(event, ChipEvent::PeerLost { .. });
    assert_eq!(events(&mut fleet).iter().filter(|event| lost(event)).count(), 18);
    fleet.inject(Fault::Heal);
    fleet.run_until(Micros::seconds(35));
    assert_eq!((peers(&mut fleet, 0), peers(&mut fleet, 5)), (5, 5));
}

#[test]
fn a_cut_link_carries_nothing_until_it_is_mended() {
    let mut fleet = fleet(fields(LinkKind::Uart, 2, 2));
    fleet.run_until(Micros::seconds(3));
    fleet.inject(Fault::Cut { link: 0 });
    fleet.run_until(Micros::seconds(20));
    assert_eq!(peers(&mut fleet, 0), 0);
    fleet.inject(Fault::Mend { link: 0 });
    fleet.run_until(Micros::seconds(25));
    assert_eq!(peers(&mut fleet, 0), 1);
}

#[test]
fn corrupted_frames_are_caught_by_their_checksum() {
    let mut fleet = fleet(fields(LinkKind::EspNow, 4, 4));
    fleet.inject(Fault::Corruption { link: 0, share: Some(Permille(300)) });
    fleet.run_until(Micros::seconds(60));
    let corrupted = stats(&fleet).corrupted;
    let drops: u32 = (0..4)
        .filter_map(|index| chip(&mut fleet, index).agent().and_then(|agent| agent.traffic()))
        .map(|traffic| traffic.drops.total())
        .sum();
    assert!(corrupted > 100, "{corrupted}");
    // Two bits of a frame may flip back: then it is whole again.
    assert!(u64::from(drops) >= corrupted * 95 / 100, "{drops} of {corrupted} dropped");
    assert_eq!(peers(&mut fleet, 0), 3);
}

#[test]
fn a_babbling_chip_fills_the_air_and_the_fleet_comes_back_when_it_ends() {
    let mut fleet = fleet(fields(LinkKind::EspNow, 5, 5));
    fleet.run_until(Micros::seconds(5));
    let quiet = stats(&fleet).busy;
    assert!(quiet.get() < 500_000_000, "{quiet}");
    fleet.inject(Fault::Jam { chip: 4 });
    fleet.run_until(Micros::seconds(10));
    let busy = stats(&fleet).busy - quiet;
    // It waits for each frame to leave: half of the time is the stack's.
    assert!(busy.get() > 2_000_000_000, "{busy} of 5 s");
    assert_eq!(chip(&mut fleet, 0).state(), ChipState::Running);
    fleet.inject(Fault::Calm { chip: 4 });
    fleet.run_until(Micros::seconds(20));
    assert_eq!((0..5).map(|index| peers(&mut fleet, index)).collect::<Vec<_>>(), [4; 5]);
}

#[test]
fn a_fast_clock_shows_in_uptime() {
    let mut fleet = fleet(fields(LinkKind::EspNow, 2, 2));
    fleet.run_until(Micros::seconds(1));
    fleet.inject(Fault::Skew { chip: 0, millionths: Some(100_000) });
    fleet.run_until(Micros::seconds(11));
    let now = fleet.now_nanos();
    let [fast, true_time] = [0, 1].map(|index| chip(&mut fleet, index).uptime(now).get());
    assert!(fast.abs_diff(true_time + 1_000_000) < 60_000, "{fast} against {true_time}");
}

#[test]
fn a_full_receive_buffer_loses_frames_and_is_empty_again_later() {
    let mut scenario = fields(LinkKind::Parallel, 3, 3);
    // A chip that searches a large index for some ten milliseconds does not listen meanwhile.
    scenario.chips[0].arena = None;
    let mut fleet = fleet(scenario);
    fleet.run_until(Micros::seconds(1));
    for number in 0..400 {
        fleet.type_line(0, &format!("add item number {number} about {}", number * 7919 % 1000));
    }
    fleet.run_until(Micros::seconds(4));
    fleet.inject(Fault::Jam { chip: 1 });
    for _ in 0..50 {
        fleet.type_line(0, "search item number 17");
    }
    fleet.run_until(Micros::seconds(5));
    let lost = chip(&mut fleet, 0).overflowed;
    assert!(lost > 10, "{lost}");
    fleet.inject(Fault::Calm { chip: 1 });
    fleet.run_until(Micros::seconds(15));
    let lost = chip(&mut fleet, 0).overflowed;
    fleet.run_until(Micros::seconds(20));
    assert_eq!(chip(&mut fleet, 0).overflowed, lost);
    assert_eq!(peers(&mut fleet, 0), 2);
}

#[test]
fn with_a_key_nothing_of_a_hostile_chip_is_accepted() {
    // A board with a number that is there already has the keys of a member, and is one.
    for hostility in Hostility::ALL.into_iter().filter(|kind| *kind != Hostility::Duplicate) {
        let mut scenario = fields(LinkKind::EspNow, 5, 5);
        scenario.key = FleetKey::Known(Key::new([7; 16]));
        scenario.chips[4].hostile = Some(hostility);
        let mut fleet = fleet(scenario);
        fleet.run_until(Micros::seconds(20));
        let sent = fleet.components[0].channels[0].medium.stats.frames;
        assert!(sent > 100, "{}: {sent}", hostility.name());
        for index in 0..4 {
            let accepted = chip(&mut fleet, index).accepted.clone();
            assert!(accepted.is_empty(), "{}: {accepted:?}", hostility.name());
            assert_eq!(peers(&mut fleet, index), 3, "{}", hostility.name());
        }
    }
}

#[test]
fn a_chip_that_does_not_fit_is_named() {
    let mut scenario = fields(LinkKind::EspNow, 2, 2);
    scenario.chips[1].arena = Some(Bytes(3_000));
    let error = Fleet::build(Arc::new(scenario), 1).unwrap_err();
    assert!(error.to_string().contains("`chip-1`"), "{error}");
}

#[test]
fn who_is_too_far_away_is_not_heard() {
    let mut fleet = fleet(fields(LinkKind::EspNow, 4, 4));
    fleet.set_positions(&[(0, 0), (100, 0), (700, 0), (800, 0)]);
    fleet.run_until(Micros::seconds(10));
    assert_eq!((0..4).map(|index| peers(&mut fleet, index)).collect::<Vec<_>>(), [1; 4]);
}

#[test]
fn a_view_shows_what_the_chips_are_and_do() {
    let mut scenario = fields(LinkKind::EspNow, 3, 3);
    scenario.chips[1].role = RoleKind::AnomalySentinel;
    scenario.chips[2].role = RoleKind::MemoryArchivist;
    let mut fleet = fleet(scenario);
    fleet.run_until(Micros::seconds(3));
    for number in 0..60 {
        fleet.type_line(0, &format!("add valve {number} of hall {} is shut", number % 7));
    }
    // A sentinel learns before it judges.
    for number in 0..300 {
        fleet.type_line(1, &format!("sample {}.{:02}", number % 3, number % 10));
    }
    fleet.type_line(0, "search valve 7");
    fleet.type_line(2, "recall valve");
    fleet.run_until(Micros::seconds(8));
    // What consoles told is known once the events are taken.
    let events = fleet.take_events();
    assert!(events.is_sorted_by_key(|event| event.at) && events.len() > 60);
    assert!(fleet.take_events().is_empty());
    let view = fleet.view();
    let one = &view.chips[0];
    assert_eq!((one.items, one.state, one.role.as_str()), (60, ChipState::Running, "hnsw"));
    assert!(one.arena_used > 50_000 && one.arena_used <= one.arena && one.peers.len() == 2, "{one:?}");
    assert!(one.frames.is_some_and(|(sent, received, _)| sent > 3 && received > 6), "{one:?}");
    assert!(view.links[0].frames.0 > 10 && view.links[0].members == [0, 1, 2]);
    let detail = fleet.detail(0);
    let used: u32 = detail.parts.iter().map(|(_, bytes)| bytes).sum();
    assert_eq!(used, one.arena_used);
    assert!(detail.console.iter().any(|line| line == "> search valve 7"));
    assert!(!detail.messages.is_empty() && !detail.work.is_empty());
    let view::RoleView::Index { levels, recall, questions, .. } = detail.role else { panic!("no index") };
    assert_eq!((levels[0], questions.len()), (60, 1));
    assert!(recall.is_some_and(|recall| recall > 800), "{recall:?}");
    let view::RoleView::Signal { scores, .. } = fleet.detail(1).role else { panic!("no signal") };
    assert!(!scores.is_empty());
    assert!(matches!(fleet.detail(2).role, view::RoleView::Questions(ref all) if all.len() == 1));
    assert_eq!(fleet.detail(9), view::ChipDetail::default());
}

#[test]
fn what_was_acknowledged_survives_a_chip_that_dies() {
    let mut scenario = fields(LinkKind::EspNow, 5, 5);
    scenario.replicas = 2;
    let mut fleet = fleet(scenario);
    fleet.run_until(Micros::seconds(8));
    for number in 0..20 {
        fleet.type_line(number % 5, &format!("fleet add valve {number} is shut"));
        fleet.run_until(Micros(fleet.now().get() + 500_000));
    }
    fleet.run_until(Micros::seconds(30));
    let before = fleet.facts().items;
    assert!(before.len() >= 18 && before.iter().all(|(_, copies)| *copies >= 2), "{before:?}");
    fleet.inject(Fault::PowerCut { chip: 3, lasts: None });
    fleet.run_until(Micros::seconds(90));
    let after = fleet.facts().items;
    assert!(after.len() == before.len() && after.iter().all(|(_, copies)| *copies >= 2), "{after:?}");
    fleet.type_line(0, "fleet search 1 valve 7 is shut");
    fleet.run_until(Micros::seconds(95));
    let (asked, answered) = fleet.questions();
    assert!(asked == 1 && answered == 1 && fleet.latencies()[0] < Nanos(2_000_000_000));
}

/// Frames of a fleet that stores a text, some of them lost; how many, and how many show the text.
fn frames_that_show(encrypts: bool) -> (usize, usize) {
    let mut scenario = fields(LinkKind::EspNow, 4, 4);
    (scenario.key, scenario.encrypts) = (FleetKey::FromSeed, encrypts);
    scenario.links[0].loss = Permille(100);
    let mut fleet = fleet(scenario);
    fleet.keep(Keep { events: true, frames: true, replies: true });
    fleet.run_until(Micros::seconds(8));
    fleet.type_line(0, "fleet add the winter tyres are in the cellar");
    fleet.run_until(Micros::seconds(12));
    fleet.type_line(1, "fleet search 1 winter tyres");
    fleet.run_until(Micros::seconds(16));
    let (timeline, _) = fleet.take_timeline();
    let happened: Vec<&What> = timeline.iter().filter_map(|event| Some(event.at_chip()?.1)).collect();
    let said = |what: &&What| matches!(what, What::Said(line) if line.contains("hits=1 chips=4/4"));
    assert!(happened.iter().any(said), "encrypted: {encrypts}");
    let sent = |what: &&What| if let What::Sent(_, bytes) = what { Some(Arc::clone(bytes)) } else { None };
    let frames: Vec<_> = happened.iter().filter_map(sent).collect();
    let shown = frames.iter().filter(|bytes| bytes.windows(12).any(|part| part == b"winter tyres")).count();
    (frames.len(), shown)
}

#[test]
fn no_frame_of_an_encrypted_fleet_shows_what_it_stores() {
    let (plain, encrypted) = (frames_that_show(false), frames_that_show(true));
    assert!(plain.0 > 50 && plain.1 > 0, "{plain:?}");
    assert!(encrypted.0 > 50 && encrypted.1 == 0, "{encrypted:?}");
}
