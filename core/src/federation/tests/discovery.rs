//! Who is there: found, missed, found again.

use super::net::Net;
use crate::arena::Arena;
use crate::event::ChipEvent;
use crate::federation::node::Node;
use crate::federation::{Membership, Topology};
use crate::role::RoleKind;
use crate::units::Micros;
use crate::wire::authentication::Key;
use crate::wire::keyring::Keyring;
use zerocopy::IntoBytes;

const INDEXER: RoleKind = RoleKind::HnswIndexer;

#[test]
fn a_lone_chip_hears_nobody_and_one_that_is_heard_is_shown() {
    let mut net = Net::of(&[INDEXER, RoleKind::MemoryArchivist], Topology::Mesh, 1);
    net.crash(1);
    net.run(Micros::seconds(5));
    assert_eq!(net.handle_line(0, "peers"), "peers: (none)\n");
    net.reboot(1);
    net.run(Micros::seconds(2));
    let peers = net.handle_line(0, "peers");
    assert!(peers.starts_with("peers: 1\n  id=2 role=memory items=0 load=0 boot=2 age="), "{peers}");
    assert!(peers.ends_with(" alive\n"));
}

#[test]
fn eight_chips_find_each_other_and_choose_the_lowest() {
    let mut net = Net::of(&[INDEXER; 8], Topology::Mesh, 2);
    let took = net.until(Micros::seconds(5), Net::all_know_all);
    std::println!("8 chips: all know all after {took} ms");
    assert!(took < 2_000, "{took} ms");
    net.run(Micros::seconds(3));
    for chip in &mut net.chips {
        assert_eq!(chip.agent.fleet().unwrap().coordinator, Some(1));
    }
}

#[test]
fn a_dead_chip_is_suspected_then_lost_and_another_coordinates() {
    let mut net = Net::of(&[INDEXER; 8], Topology::Mesh, 3);
    net.run(Micros::seconds(20));
    net.crash(0);
    net.run(Micros::seconds(20));
    for chip in &mut net.chips[1..] {
        let status = chip.agent.fleet().unwrap();
        assert_eq!((status.coordinator, status.alive, status.lost), (Some(2), 6, 1));
        let events = &chip.log.0;
        let at = |event| events.iter().position(|other| *other == event);
        assert!(at(ChipEvent::PeerSuspected { id: 1 }) < at(ChipEvent::PeerLost { id: 1 }));
    }
}

#[test]
fn two_hundred_and_fifty_chips_find_each_other() {
    let mut net = Net::of(&[INDEXER; 250], Topology::Mesh, 4);
    let took = net.until(Micros::seconds(30), Net::all_know_all);
    std::println!("250 chips: all know all after {took} ms");
    assert!(took < 10_000, "{took} ms");
    net.run(Micros::seconds(30));
    let (frames, bytes) = (net.frames, net.bytes);
    net.run(Micros::seconds(50));
    // Each speaks every 25 s, an eighth more or less.
    let (frames, bytes) = (net.frames - frames, net.bytes - bytes);
    assert!((440..=580).contains(&frames), "{frames}");
    // ESP-NOW at 1 Mbit/s: 192 us of preamble and 43 bytes around the payload.
    let air = frames * 192 + (bytes + 43 * frames) * 8;
    std::println!("250 chips: {frames} frames, {air} us on the air in 50 s");
    assert!(air < 50_000_000 / 80, "{air} us of 50 s");
    for chip in &mut net.chips {
        let status = chip.agent.fleet().unwrap();
        assert_eq!((status.coordinator, status.alive, status.lost), (Some(1), 249, 0));
    }
}

#[test]
fn a_place_for_a_chip_takes_as_many_bytes_as_the_document_says() {
    let used = |peers, keys| {
        let net = Net::new(Topology::Mesh, 5);
        let membership = Membership { keys, ..net.membership(peers) };
        let mut memory = std::vec![0u64; 64 * 1024];
        let mut arena = Arena::new(memory.as_mut_bytes());
        let total = arena.free();
        Node::carve(&mut arena, 1, membership).unwrap();
        (total - arena.free()).get()
    };
    let key = Some(Keyring::provision(&Key::new([1; 16]), 1, 1));
    assert_eq!((used(256, None) - used(32, None)) / 224, 129);
    assert_eq!((used(256, key) - used(32, key)) / 224, 129);
    std::println!(
        "network of 8: {} B, of 250: {} B, with a key {} B",
        used(8, None),
        used(250, None),
        used(250, key)
    );
    assert!(used(0, None) < 18 * 1024);
}

#[test]
fn chips_beyond_the_places_are_not_taken_and_do_no_harm() {
    let mut net = Net::new(Topology::Mesh, 6);
    let membership = net.membership(4);
    for id in 1..=9 {
        net.add(id, INDEXER, super::net::ARENA, membership);
    }
    net.run(Micros::seconds(10));
    for chip in &mut net.chips {
        assert_eq!(chip.agent.fleet().unwrap().alive, 4);
    }
}
