//! Rings and stars.

use super::net::Net;
use super::replication::{acknowledged, copies, fill};
use crate::federation::Topology;
use crate::role::RoleKind;
use crate::units::Micros;

const INDEXER: RoleKind = RoleKind::HnswIndexer;

#[test]
fn on_a_ring_everyone_is_found_and_answers() {
    let mut net = Net::of(&[INDEXER; 9], Topology::Ring, 1);
    net.until(Micros::seconds(5), Net::all_know_all);
    fill(&mut net, 20);
    net.run(Micros::seconds(2));
    assert_eq!(acknowledged(&net).len(), 20);
    net.handle_line(4, "fleet search 16 note about lamp");
    net.run(Micros::seconds(2));
    assert!(net.read(4).contains("hits=16 chips=9/9"));
}

#[test]
fn frames_on_a_ring_end() {
    let mut net = Net::of(&[INDEXER; 9], Topology::Ring, 2);
    net.run(Micros::seconds(10));
    let before = net.frames;
    net.run(Micros::seconds(10));
    // 9 chips, a heartbeat a second each, each sent over 9 links and a few more where the two ways meet.
    let frames = net.frames - before;
    assert!(frames < 9 * 11 * 13, "{frames}");
    // A chip speaks to one that is gone, and is gone itself before its frame has come round.
    net.handle_line(0, "fleet add the pump");
    net.crash(0);
    net.run(Micros::seconds(30));
    let before = net.frames;
    net.run(Micros::seconds(10));
    assert!(net.frames - before < 9 * 11 * 13);
}

#[test]
fn a_ring_with_a_gap_is_a_line() {
    let mut net = Net::of(&[INDEXER; 7], Topology::Ring, 3);
    net.run(Micros::seconds(5));
    fill(&mut net, 20);
    let items = acknowledged(&net);
    net.crash(3);
    net.run(Micros::seconds(25));
    let copies = copies(&mut net);
    assert_eq!(items.len(), 20);
    assert!(items.iter().all(|item| copies[item] >= 2), "{copies:?}");
    net.read(0);
    net.handle_line(0, "fleet search 16 note about lamp");
    net.run(Micros::seconds(2));
    assert!(net.read(0).contains("chips=6/6"));
}

#[test]
fn in_a_star_the_members_hear_each_other_through_the_first() {
    let mut net = Net::of(&[INDEXER; 6], Topology::Star, 4);
    net.spokes = true;
    net.until(Micros::seconds(10), Net::all_know_all);
    net.run(Micros::seconds(3));
    fill(&mut net, 20);
    net.run(Micros::seconds(3));
    assert_eq!(acknowledged(&net).len(), 20);
    net.handle_line(5, "fleet search 16 note about lamp");
    net.run(Micros::seconds(2));
    assert!(net.read(5).contains("chips=6/6"));
}
