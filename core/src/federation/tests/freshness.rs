//! What is old is not taken, who is alive is seen, and two boards with one number are found.

use super::net::{ARENA, Net};
use crate::federation::{Membership, Topology};
use crate::role::RoleKind;
use crate::units::Micros;
use crate::wire::authentication::Key;
use crate::wire::frame::{self, BROADCAST, Header, Seal};
use crate::wire::keyring::Keyring;
use crate::wire::message::{Heartbeat, Message};
use std::vec::Vec;

const INDEXER: RoleKind = RoleKind::HnswIndexer;
const KEY: Key = Key::new(*b"a key for a test");

fn keyed(chips: usize, seed: u64) -> Net {
    let mut net = Net::of(&std::vec![INDEXER; chips], Topology::Mesh, seed);
    net.set_key(KEY);
    net.run(Micros::seconds(6));
    net
}

/// A recording of the fleet at work, played to one of its chips after that has booted: nothing of it is accepted.
#[test]
fn nothing_recorded_before_a_reboot_is_taken_after_it() {
    let mut net = keyed(3, 1);
    net.keep_frames = true;
    for number in 0..6 {
        net.handle_line(number % 3, &std::format!("fleet add note {number} about lamp {}", number * 7));
        net.run(Micros(400_000));
    }
    let recording = std::mem::take(&mut net.kept);
    net.keep_frames = false;
    assert!(recording.len() > 20 && net.chips[1].agent.items() > 0);
    // It boots out of reach of the others, so that it has the recording alone to go by.
    net.chips[1].group = 1;
    net.reboot(1);
    for _ in 0..3 {
        for bytes in &recording {
            net.inject(1, 0, bytes);
            net.run(Micros(20_000));
        }
    }
    assert_eq!(net.chips[1].agent.items(), 0, "{}", net.handle_line(1, "list"));
    assert_eq!(net.handle_line(1, "peers"), "peers: (none)\n");
    net.chips[1].group = 0;
    net.until(Micros::seconds(20), Net::all_know_all);
    net.until(Micros::seconds(30), |net| net.chips[1].agent.items() > 0);
}

#[test]
fn a_jammed_frame_is_not_taken_an_hour_later() {
    let mut net = keyed(3, 2);
    net.chips[0].group = 1;
    net.keep_frames = true;
    net.handle_line(0, "fleet add the door code is 4711");
    net.run(Micros::seconds(20));
    let jammed = std::mem::take(&mut net.kept);
    net.keep_frames = false;
    net.run(Micros::seconds(3_600));
    for bytes in &jammed {
        net.inject(1, 0, bytes);
        net.inject(2, 0, bytes);
    }
    assert_eq!([1, 2].map(|slot| net.chips[slot].agent.items()), [0, 0]);
    net.chips[0].group = 0;
    net.until(Micros::seconds(20), Net::all_know_all);
}

fn frame_of(header: Header, counter: u64) -> Vec<u8> {
    let message = Message::Heartbeat(Heartbeat::default());
    let mut payload = [0; 64];
    let length = message.encode(&mut payload).unwrap();
    let header = Header { number: message.number(), embedder: 1, destination: BROADCAST, ..header };
    let mut out = [0; 1100];
    let length =
        frame::encode(&header, &[&payload[..length]], Some(Seal::of(&KEY, 1, counter)), &mut out, &mut ())
            .unwrap();
    out[..length].to_vec()
}

/// One frame of somebody who has the key, in another's name.
#[test]
fn a_forged_boot_number_silences_nobody() {
    let mut net = keyed(3, 3);
    let forged = frame_of(Header { source: 1, boot: u32::MAX, ..Header::default() }, 1);
    net.inject(1, 0, &forged);
    net.inject(2, 0, &forged);
    net.run(Micros::seconds(30));
    assert!(net.all_know_all(), "{}", net.handle_line(1, "peers"));
}

#[test]
fn a_chip_that_lost_its_count_of_boots_is_heard_again() {
    for key in [Some(KEY), None] {
        let mut net = Net::of(&[INDEXER; 3], Topology::Mesh, 4);
        if let Some(key) = key {
            net.set_key(key);
        }
        net.chips[0].membership.boot = 40;
        net.reboot(0);
        net.run(Micros::seconds(10));
        assert!(net.all_know_all());
        net.chips[0].membership.boot = 0;
        net.reboot(0);
        let took = net.until(Micros::seconds(60), Net::all_know_all);
        std::println!("key {}: seen again after {took} ms", key.is_some());
        net.run(Micros::seconds(20));
        assert!(net.all_know_all(), "{}", net.handle_line(1, "peers"));
        assert!(net.handle_line(1, "peers").contains("id=1 role=hnsw items=0 load=0 boot=1 "));
    }
}

#[test]
fn lost_chips_give_their_places_to_newcomers() {
    let mut net = Net::new(Topology::Mesh, 5);
    let member =
        |net: &Net, id| Membership { keys: Some(Keyring::provision(&KEY, id, 1)), ..net.membership(8) };
    for id in 1..=9 {
        net.add(id, INDEXER, ARENA, member(&net, id));
    }
    net.run(Micros::seconds(10));
    assert_eq!(net.chips[0].agent.fleet().unwrap().alive, 8);
    (1..9).for_each(|slot| net.crash(slot));
    net.run(Micros::seconds(200));
    for id in 20..=27 {
        net.add(id, INDEXER, ARENA, member(&net, id));
    }
    net.run(Micros::seconds(10));
    assert_eq!(net.chips[0].agent.fleet().unwrap().alive, 8, "{}", net.handle_line(0, "peers"));
}

#[test]
fn two_boards_with_one_number_are_reported_on_both_consoles_and_in_peers() {
    for key in [Some(KEY), None] {
        let mut net = Net::of(&[INDEXER; 2], Topology::Mesh, 6);
        if let Some(key) = key {
            net.set_key(key);
        }
        let boards = [1, 2].map(|nonce| {
            let keys = key.map(|key| Keyring::provision(&key, 9, 1));
            let membership = Membership { nonce, keys, ..net.membership(4) };
            net.add(9, INDEXER, ARENA, membership)
        });
        net.run(Micros::seconds(20));
        for board in boards {
            let said = net.read(board);
            assert!(said.contains("fleet: duplicate number 9: another board uses it"), "{said}");
        }
        for slot in 0..2 {
            let peers = net.handle_line(slot, "peers");
            assert!(
                peers.lines().any(|line| line.contains("id=9 ") && line.ends_with(" duplicate")),
                "{peers}"
            );
        }
        // One of them goes: the word goes with it.
        net.crash(boards[1]);
        net.run(Micros::seconds(200));
        assert!(!net.handle_line(0, "peers").contains("duplicate"), "{}", net.handle_line(0, "peers"));
    }
}
