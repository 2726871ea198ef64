//! One chip lost at a time: nothing acknowledged is lost, whatever the order of losses.
//!
//! The kinds are those that lost items before repairs followed the copies that exist instead of the order of chips alone.

use super::net::{ARENA, Net};
use super::replication::{acknowledged, copies, fill};
use crate::event::ChipEvent;
use crate::federation::Topology;
use crate::item::ItemId;
use crate::role::RoleKind;
use crate::units::Micros;
use std::vec::Vec;

/// An arena with room for some tens of texts, beside 96 bytes for each chip.
const SMALL: usize = 24 * 1024;
const INDEXER: RoleKind = RoleKind::HnswIndexer;

/// The acknowledged items that no running chip holds.
fn lost(net: &mut Net) -> Vec<ItemId> {
    let held = copies(net);
    acknowledged(net).into_iter().filter(|item| !held.contains_key(item)).collect()
}

/// A fleet that holds some texts. Half of the chips are small and full, so that many items do not lie at the chips of
/// greatest weight.
fn filled(chips: usize, loss: u32, seed: u64) -> Net {
    let mut net = Net::new(Topology::Mesh, seed);
    let membership = net.membership(chips as u32);
    for slot in 0..chips {
        let arena = if slot.is_multiple_of(2) { SMALL + 96 * chips } else { ARENA };
        net.add(slot as u16 + 1, INDEXER, arena, membership);
    }
    net.loss = loss;
    net.run(Micros::seconds(2 * chips as u64 / 10 + 6));
    let capacity = net.chips[0].agent.capacity() as usize;
    fill(&mut net, 3 * capacity * chips / 4);
    net.run(Micros::seconds(30));
    assert_eq!(net.chips[0].agent.items() as usize, capacity, "a small chip is full");
    net
}

/// Chips in an order by `seed`, of which at most two are large: the others have room for all items.
fn victims(chips: usize, count: usize, seed: u64) -> Vec<usize> {
    let mut random = oorandom::Rand32::new(seed);
    let mut order: Vec<usize> = (0..chips).collect();
    (1..chips).rev().for_each(|last| order.swap(last, random.rand_range(0..last as u32 + 1) as usize));
    let mut large = 0;
    order.retain(|slot| {
        large += slot % 2;
        slot.is_multiple_of(2) || large <= 2
    });
    order.truncate(count);
    order
}

/// The seeds with which anything is lost when chips go one at a time, `gap` apart.
fn runs_with_losses(chips: usize, count: usize, gap: Micros, loss: u32, back: bool, seeds: u64) -> Vec<u64> {
    let run = |seed: u64| {
        let mut net = filled(chips, loss, seed);
        for slot in victims(chips, count, seed) {
            net.crash(slot);
            if back {
                net.run(Micros(gap.get() / 2));
                net.reboot(slot);
                net.run(Micros(gap.get() / 2));
            } else {
                net.run(gap);
            }
            if !lost(&mut net).is_empty() {
                return true;
            }
        }
        false
    };
    (1..=seeds).filter(|seed| run(*seed)).collect()
}

/// Seeds of each kind; a nightly run sets more.
fn seeds() -> u64 {
    std::env::var("RUVLLM_LOSS_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(1)
}

#[test]
fn chips_that_go_one_at_a_time_and_stay_away_take_nothing_with_them() {
    let none: [u64; 0] = [];
    assert_eq!(runs_with_losses(8, 6, Micros::seconds(40), 0, false, seeds()), none, "40 s apart");
    assert_eq!(
        runs_with_losses(8, 5, Micros::seconds(30), 100, false, seeds()),
        none,
        "30 s apart, a tenth lost"
    );
}

#[test]
fn chips_that_boot_one_after_the_other_lose_nothing() {
    let none: [u64; 0] = [];
    assert_eq!(runs_with_losses(8, 6, Micros::seconds(60), 100, true, seeds()), none);
}

#[test]
fn a_fleet_of_forty_makes_copies_good_within_thirty_seconds() {
    let none: [u64; 0] = [];
    if seeds() < 2 {
        return std::println!("SKIPPED: set RUVLLM_LOSS_SEEDS to run it");
    }
    assert_eq!(runs_with_losses(40, 6, Micros::seconds(30), 100, false, seeds().div_ceil(4)), none);
}

/// How often the first two chips suspected one.
fn suspicions(net: &Net) -> usize {
    let events = net.chips.iter().take(2).flat_map(|chip| chip.log.0.iter());
    events.filter(|event| matches!(event, ChipEvent::PeerSuspected { .. })).count()
}

#[test]
fn a_chip_that_was_received_lately_is_not_taken_for_dead_where_an_answer_is_missing() {
    let mut net = Net::of(&[INDEXER; 3], Topology::Mesh, 5);
    net.run(Micros::seconds(6));
    // It receives nothing any more, but is received: its answers are missing and its heartbeats are not.
    net.chips[2].is_deaf = true;
    fill(&mut net, 12);
    net.run(Micros::seconds(20));
    assert_eq!(suspicions(&net), 0);
    assert_eq!(
        acknowledged(&net).iter().filter(|item| item.origin != 3).count(),
        8,
        "the two others keep them"
    );
    net.crash(2);
    net.run(Micros::seconds(10));
    assert_eq!(suspicions(&net), 2, "each of the others");
}

#[test]
fn repairs_of_all_chips_leave_most_of_the_link_free() {
    let chips = 24;
    let mut net = filled(chips, 0, 3);
    net.crash(0);
    net.run(Micros::seconds(5));
    // 2.25 heartbeats pass until it is noticed; then every chip repairs.
    let mut most = 0;
    for _ in 0..40 {
        let before = net.frames;
        net.run(Micros(250_000));
        most = most.max(net.frames - before);
    }
    // Two frames for each item, one item for each chip in a pause.
    let pause =
        crate::federation::pace::repair_pause(crate::wire::link::LinkKind::EspNow, chips as u32).get();
    let limit = 250_000 * 2 * chips as u64 / pause + 2 * chips as u64;
    assert!(most > 10 && most <= limit, "{most} frames in 250 ms, of at most {limit}");
    assert_eq!(lost(&mut net), []);
}

#[test]
fn a_fleet_with_full_chips_comes_to_rest() {
    let mut net = filled(16, 0, 3);
    let before = net.frames;
    net.run(Micros::seconds(60));
    let frames = net.frames - before;
    // A heartbeat of each chip every 1.6 s, an item checked every fourth of them with a few questions and answers.
    let beats = 16 * 60 * 10 / 16;
    assert!(frames < 5 * beats, "{frames} frames in a minute, of which {beats} are heartbeats");
    let short: u32 =
        net.chips.iter_mut().filter_map(|chip| chip.agent.fleet()).map(|status| status.short).sum();
    assert_eq!(short, 0);
}
