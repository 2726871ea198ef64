//! Items outlive chips.

use super::net::{ARENA, Net};
use crate::event::ChipEvent;
use crate::federation::Topology;
use crate::item::ItemId;
use crate::role::RoleKind;
use crate::units::Micros;
use std::collections::BTreeMap;
use std::format;
use std::vec::Vec;

const INDEXER: RoleKind = RoleKind::HnswIndexer;

/// How many running chips hold each item.
pub fn copies(net: &mut Net) -> BTreeMap<ItemId, usize> {
    let mut copies = BTreeMap::new();
    for chip in net.chips.iter_mut().filter(|chip| chip.up) {
        chip.agent.held(|item| *copies.entry(item).or_default() += 1);
    }
    copies
}

/// The items that any chip was told are kept.
pub fn acknowledged(net: &Net) -> Vec<ItemId> {
    let events = net.chips.iter().flat_map(|chip| chip.log.0.iter());
    let mut items: Vec<ItemId> = events
        .filter_map(|event| match event {
            ChipEvent::ItemAcknowledged { item, .. } => Some(*item),
            _ => None,
        })
        .collect();
    items.sort_unstable();
    items
}

/// Adds `count` texts, at all chips in turn.
pub fn fill(net: &mut Net, count: usize) {
    for number in 0..count {
        let slot = number % net.chips.len();
        if net.chips[slot].up {
            net.handle_line(slot, &format!("fleet add note {number} about lamp {}", number * 7));
        }
        net.run(Micros(30_000));
    }
}

fn all_held_twice(net: &mut Net, items: &[ItemId]) -> bool {
    let copies = copies(net);
    items.iter().all(|item| copies.get(item).is_some_and(|count| *count >= 2))
}

#[test]
fn what_is_acknowledged_is_held_twice_and_the_console_says_so() {
    let mut net = Net::of(&[INDEXER; 6], Topology::Mesh, 1);
    net.run(Micros::seconds(4));
    assert_eq!(net.handle_line(2, "fleet add the pump"), "fleet: adding item=3.1\n");
    net.run(Micros::seconds(1));
    assert_eq!(net.read(2), "fleet: stored item=3.1 copies=2\n");
    fill(&mut net, 60);
    net.run(Micros::seconds(2));
    let items = acknowledged(&net);
    assert_eq!(items.len(), 61);
    let copies = copies(&mut net);
    assert!(items.iter().all(|item| copies[item] == 2), "{copies:?}");
}

#[test]
fn no_single_loss_loses_what_was_acknowledged_and_copies_are_made_again() {
    for victim in 0..6 {
        let mut net = Net::of(&[INDEXER; 6], Topology::Mesh, 10 + victim as u64);
        net.run(Micros::seconds(4));
        fill(&mut net, 40);
        net.run(Micros::seconds(1));
        let items = acknowledged(&net);
        assert_eq!(items.len(), 40);
        net.crash(victim);
        let left = copies(&mut net);
        assert!(items.iter().all(|item| left.contains_key(item)), "lost with chip {victim}");
        let took = net.until(Micros::seconds(30), |net| all_held_twice(net, &items));
        std::println!("chip {victim} of 6 died: two copies of everything after {took} ms");
        assert!(took < 15_000, "{took} ms");
        // A second loss is borne as well, now that the first is made good.
        net.crash((victim + 1) % 6);
        let left = copies(&mut net);
        assert!(items.iter().all(|item| left.contains_key(item)));
    }
}

#[test]
fn a_chip_that_boots_gets_its_items_again() {
    let mut net = Net::of(&[INDEXER; 3], Topology::Mesh, 2);
    net.run(Micros::seconds(4));
    fill(&mut net, 30);
    let items = acknowledged(&net);
    let held = |net: &mut Net| {
        let mut count = 0;
        net.chips[0].agent.held(|_| count += 1);
        count
    };
    let before = held(&mut net);
    assert!(before > 10);
    net.reboot(0);
    assert_eq!(held(&mut net), 0);
    net.until(Micros::seconds(20), |net| held(net) >= before && all_held_twice(net, &items));
    assert!(net.chips[1].log.0.contains(&ChipEvent::PeerRebooted { id: 1 }));
}

#[test]
fn a_link_that_loses_a_third_neither_loses_nor_doubles_an_item() {
    let mut net = Net::of(&[INDEXER; 5], Topology::Mesh, 3);
    net.loss = 300;
    net.delay = (300, 60_000);
    net.run(Micros::seconds(10));
    for number in 0..50 {
        net.handle_line(number % 5, &format!("fleet add note {number} about lamp {}", number * 7));
        net.run(Micros(400_000));
    }
    net.run(Micros::seconds(20));
    let items = acknowledged(&net);
    assert!(items.len() >= 45, "{}", items.len());
    let copies = copies(&mut net);
    assert!(items.iter().all(|item| copies[item] >= 2), "{copies:?}");
    net.loss = 0;
    net.run(Micros::seconds(20));
    for number in 0..50 {
        net.read(0);
        net.handle_line(0, &format!("fleet search 16 note {number} about lamp {}", number * 7));
        net.run(Micros::seconds(1));
        let reply = net.read(0);
        let own = format!(" note {number} about lamp {}\n", number * 7);
        assert_eq!(reply.matches(&own).count(), 1, "{own} in {reply}");
    }
}

#[test]
fn a_full_chip_refuses_and_another_is_tried() {
    let mut net = Net::new(Topology::Mesh, 4);
    let membership = net.membership(4);
    for (id, arena) in [(1, 32 * 1024), (2, ARENA), (3, ARENA), (4, 32 * 1024)] {
        net.add(id, INDEXER, arena, membership);
    }
    net.run(Micros::seconds(4));
    let small = net.chips[0].agent.capacity();
    assert!(small < 120, "{small}");
    fill(&mut net, 200);
    net.run(Micros::seconds(10));
    assert_eq!(acknowledged(&net).len(), 200);
    assert_eq!(net.chips[0].agent.items(), small);
    let copies = copies(&mut net);
    assert!(copies.values().all(|count| *count >= 2));
}

#[test]
fn an_add_that_cannot_be_kept_says_why() {
    let mut net = Net::of(&[INDEXER, RoleKind::MemoryArchivist], Topology::Mesh, 5);
    net.run(Micros::seconds(4));
    net.handle_line(1, "fleet add the pump");
    net.run(Micros::seconds(1));
    assert_eq!(net.read(1), "fleet: not stored item=2.1 copies=1 wanted=2 too-few-chips\n");
    net.crash(0);
    net.handle_line(1, "fleet add the lamp");
    net.run(Micros::seconds(10));
    assert_eq!(net.read(1), "fleet: not stored item=2.2 copies=0 wanted=2 no-answer\n");
}

#[test]
fn an_add_right_after_boot_waits_for_the_others_to_be_heard() {
    let mut net = Net::of(&[INDEXER; 3], Topology::Mesh, 9);
    net.handle_line(0, "fleet add the pump");
    net.run(Micros::seconds(3));
    assert_eq!(net.read(0), "fleet: stored item=1.1 copies=2\n");
}

#[test]
fn spare_copies_make_room() {
    let mut net = Net::new(Topology::Mesh, 6);
    let membership = net.membership(4);
    for id in 1..=3 {
        net.add(id, INDEXER, 32 * 1024, membership);
    }
    net.run(Micros::seconds(4));
    let capacity = net.chips[0].agent.capacity() as usize;
    // Two chips hold all; then the third comes back and takes its share of them.
    net.crash(2);
    net.run(Micros::seconds(15));
    for number in 0..capacity {
        net.handle_line(number % 2, &format!("fleet add note {number}"));
        net.run(Micros(30_000));
    }
    assert_eq!(acknowledged(&net).len(), capacity);
    net.reboot(2);
    net.run(Micros::seconds(200));
    for number in 0..capacity / 4 {
        net.handle_line(number % 2, &format!("fleet add later {number}"));
        net.run(Micros(100_000));
    }
    net.run(Micros::seconds(10));
    let items = acknowledged(&net);
    assert_eq!(items.len(), capacity + capacity / 4);
    let copies = copies(&mut net);
    assert!(items.iter().all(|item| copies[item] >= 2));
    let released = net.chips.iter().flat_map(|chip| chip.log.0.iter());
    assert!(released.filter(|event| matches!(event, ChipEvent::Released { .. })).count() > 0);
}

#[test]
fn a_partition_heals_without_loss() {
    let mut net = Net::of(&[INDEXER; 6], Topology::Mesh, 7);
    net.run(Micros::seconds(4));
    fill(&mut net, 30);
    for slot in 3..6 {
        net.chips[slot].group = 1;
    }
    net.run(Micros::seconds(20));
    let coordinator = |net: &mut Net, slot: usize| net.chips[slot].agent.fleet().unwrap().coordinator;
    assert_eq!((coordinator(&mut net, 1), coordinator(&mut net, 5)), (Some(1), Some(4)));
    fill(&mut net, 30);
    for slot in 3..6 {
        net.chips[slot].group = 0;
    }
    let took = net.until(Micros::seconds(10), Net::all_know_all);
    std::println!("a partition of 6 healed: all know all after {took} ms");
    net.run(Micros::seconds(2));
    for slot in 0..6 {
        assert_eq!(coordinator(&mut net, slot), Some(1));
    }
    let items = acknowledged(&net);
    assert_eq!(items.len(), 60);
    assert!(all_held_twice(&mut net, &items));
    net.handle_line(0, "fleet search 16 note about lamp");
    net.run(Micros::seconds(2));
    assert!(net.read(0).contains("chips=6/6"));
    // Spare copies are left in peace: beside heartbeats and one item every fourth of them, nothing crosses the link.
    net.run(Micros::seconds(30));
    let before = net.frames;
    net.run(Micros::seconds(60));
    let frames = net.frames - before;
    assert!(frames < 60 * 6 * 4, "{frames} frames a minute");
}

#[test]
fn memories_are_kept_by_archivists_and_outlive_one() {
    let roles = [RoleKind::MemoryArchivist, RoleKind::MemoryArchivist, RoleKind::MemoryArchivist, INDEXER];
    let mut net = Net::of(&roles, Topology::Mesh, 8);
    net.run(Micros::seconds(4));
    net.handle_line(3, "fleet remember preference she likes green tea");
    net.run(Micros::seconds(1));
    assert_eq!(net.read(3), "fleet: stored item=4.1 copies=2\n");
    let holder = (0..3).find(|slot| net.chips[*slot].agent.items() == 1).unwrap();
    net.crash(holder);
    net.run(Micros::seconds(20));
    assert_eq!(copies(&mut net).values().copied().collect::<Vec<_>>(), [2]);
    net.handle_line(3, "fleet recall green tea");
    net.run(Micros::seconds(2));
    let reply = net.read(3);
    assert!(reply.contains("item=4.1 ") && reply.contains(" she likes green tea\n"), "{reply}");
}
