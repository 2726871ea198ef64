//! A question to all: the best of the parts are the best of the whole.

use super::net::Net;
use crate::embed::embed;
use crate::event::ChipEvent;
use crate::federation::Topology;
use crate::item::ItemId;
use crate::kernel::distance::dot;
use crate::role::RoleKind;
use crate::units::Micros;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

const WORDS: [&str; 12] = [
    "pump", "valve", "cellar", "green", "tea", "north", "whistle", "lamp", "tower", "bridge", "rain",
    "copper",
];

fn text(words: &[usize]) -> String {
    words.iter().map(|word| WORDS[*word]).collect::<Vec<_>>().join(" ")
}

/// The items of the reply to a search, as they were written.
fn items(reply: &str) -> Vec<String> {
    let lines = reply.lines().filter_map(|line| line.strip_prefix("  item="));
    lines.map(|line| line.split(' ').next().unwrap_or_default().to_string()).collect()
}

/// What an exact index over all of `texts` finds, ties by name.
fn exact(texts: &BTreeMap<ItemId, String>, question: &str, count: usize) -> Vec<String> {
    let asked = embed(question, &mut ());
    let score = |text: &str| dot(&asked, &embed(text, &mut ()), &mut ());
    let mut all: Vec<_> = texts.iter().map(|(item, text)| (-score(text), *item)).collect();
    all.sort_unstable();
    all.iter().take(count).map(|(_, item)| item.to_string()).collect()
}

/// The item of a first boot that a reply names.
fn item_of(line: &str) -> ItemId {
    let name = line.trim().rsplit("item=").next().unwrap_or_default();
    let (origin, count) = name.split_once('.').unwrap();
    ItemId { origin: origin.parse().unwrap(), nonce: 0, boot: 1, count: count.parse().unwrap() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn the_best_of_all_shards_are_those_of_one_exact_index(
        chips in 1usize..7,
        stored in proptest::collection::vec((proptest::collection::vec(0usize..12, 1..5), any::<bool>(), 0usize..8), 1..40),
        questions in proptest::collection::vec((proptest::collection::vec(0usize..12, 1..4), 1usize..17), 1..4),
        seed in any::<u64>(),
    ) {
        let mut net = Net::of(&std::vec![RoleKind::HnswIndexer; chips], Topology::Mesh, seed);
        net.run(Micros::seconds(4));
        let mut texts = BTreeMap::new();
        for (words, is_own, at) in stored {
            let (at, text) = (at % chips, text(&words));
            let item = if is_own {
                let said = net.handle_line(at, &format!("add {text}"));
                // The chip holds this text already.
                let Some(id) = said.trim().strip_prefix("added id=") else { continue };
                ItemId::own(at as u16 + 1, id.parse().unwrap())
            } else {
                let said = net.handle_line(at, &format!("fleet add {text}"));
                net.run(Micros(60_000));
                item_of(&said)
            };
            texts.insert(item, text);
        }
        net.run(Micros::seconds(3));
        for (words, count) in questions {
            let question = text(&words);
            net.read(0);
            let mut reply = net.handle_line(0, &format!("fleet search {count} {question}"));
            net.run(Micros::seconds(3));
            reply += &net.read(0);
            prop_assert!(!reply.contains("partial"), "{}", reply);
            prop_assert_eq!(items(&reply), exact(&texts, &question, count), "{}", reply);
        }
    }
}

#[test]
fn an_answer_says_who_is_missing_and_comes_by_its_deadline() {
    let mut net = Net::of(&[RoleKind::HnswIndexer; 5], Topology::Mesh, 4);
    net.run(Micros::seconds(4));
    for number in 0..10 {
        net.handle_line(number % 5, &format!("add lamp {number}"));
    }
    net.crash(3);
    let asked = net.handle_line(0, "fleet search 10 lamp");
    assert_eq!(asked, "fleet: asked request=1 of=5\n");
    net.run(Micros::seconds(2));
    let reply = net.read(0);
    assert!(reply.starts_with("fleet: answer request=1 hits=8 chips=4/5 searched=8 ms="), "{reply}");
    assert!(reply.lines().next().unwrap().ends_with(" partial"), "{reply}");
    let answered = net.chips[0].log.0.iter().find_map(|event| match event {
        ChipEvent::Answered { chips: 4, of: 5, partial: true, elapsed, .. } => Some(*elapsed),
        _ => None,
    });
    assert!(answered.unwrap() < Micros(1_000_000), "{answered:?}");
}

#[test]
fn texts_come_from_wherever_they_are_and_bounds_hold() {
    let mut net = Net::of(&[RoleKind::AnomalySentinel, RoleKind::HnswIndexer], Topology::Mesh, 5);
    net.run(Micros::seconds(4));
    net.handle_line(1, "add the pump in the cellar whistles");
    for _ in 0..4 {
        net.handle_line(0, "fleet search pump");
    }
    assert!(net.handle_line(0, "fleet search pump").starts_with("err: busy "));
    net.run(Micros::seconds(2));
    let reply = net.read(0);
    assert_eq!(reply.matches("item=2/0 score=").count(), 4, "{reply}");
    assert!(reply.contains(" at=2 the pump in the cellar whistles\n"));
    assert!(net.handle_line(0, "fleet search").starts_with("err: missing-argument"));
    assert!(net.handle_line(0, "fleet dance").starts_with("err: missing-argument"));
}

#[test]
fn retrievers_and_archivists_are_recalled_together() {
    let roles = [RoleKind::HnswIndexer, RoleKind::RagRetriever, RoleKind::MemoryArchivist];
    let mut net = Net::of(&roles, Topology::Mesh, 6);
    net.run(Micros::seconds(4));
    net.handle_line(1, "add The boiler has to be descaled every spring.");
    net.handle_line(2, "remember fact the boiler was descaled in March");
    net.handle_line(2, "remember fact tomatoes need much sun");
    net.handle_line(0, "fleet recall boiler descaled");
    net.run(Micros::seconds(2));
    let reply = net.read(0);
    assert!(reply.starts_with("fleet: answer request=1 hits=2 chips=2/2 "), "{reply}");
    assert!(reply.contains("item=2/0 score=") && reply.contains("item=3/0 score="), "{reply}");
    assert!(!reply.contains("tomatoes"), "{reply}");
}

#[test]
fn the_newer_of_two_texts_that_one_chip_holds_comes_first_in_the_fleet_too() {
    let mut net = Net::of(&[RoleKind::RagRetriever; 3], Topology::Mesh, 9);
    net.run(Micros::seconds(4));
    net.handle_line(1, "add The dentist appointment is on 14 June.");
    net.handle_line(1, "add The dentist appointment is moved to 21 June at eleven.");
    net.handle_line(0, "fleet recall when is the dentist appointment");
    net.run(Micros::seconds(2));
    let reply = net.read(0);
    let (newer, older) = (reply.find("21 June"), reply.find("14 June"));
    assert!(newer.is_some() && newer < older, "{reply}");
}

#[test]
fn texts_go_to_retrievers_where_there_is_no_indexer_or_they_are_asked_for() {
    let mut net = Net::of(&[RoleKind::RagRetriever; 3], Topology::Mesh, 8);
    net.run(Micros::seconds(4));
    net.handle_line(0, "fleet add The spare key hangs behind the red door.");
    net.handle_line(0, "fleet add to=hnsw The spare key hangs behind the blue door.");
    net.run(Micros::seconds(2));
    let reply = net.read(0);
    assert!(reply.contains("fleet: stored item=1.1 copies=2\n"), "{reply}");
    assert!(reply.contains("fleet: not stored item=1.2 copies=0 wanted=2 too-few-chips\n"), "{reply}");
    net.handle_line(1, "fleet recall spare key");
    net.run(Micros::seconds(2));
    assert!(net.read(1).contains("hits=1 chips=3/3"));
}
