//! An encrypted fleet works as any other, and no frame of it shows what is stored.

use super::net::Net;
use crate::federation::Topology;
use crate::role::RoleKind;
use crate::units::Micros;
use crate::wire::Dropped;
use crate::wire::authentication::Key;
use crate::wire::frame::{self, Flags};
use std::format;
use std::string::String;
use std::vec::Vec;

const MASTER: Key = Key::new(*b"a key for a test");

fn fleet(chips: usize, topology: Topology, encrypts: bool) -> Net {
    let roles: Vec<RoleKind> = (0..chips).map(|_| RoleKind::HnswIndexer).collect();
    let mut net = Net::of(&roles, topology, 1);
    net.set_key(MASTER);
    net.encrypt(encrypts);
    net.run(Micros::seconds(8));
    net
}

fn text(number: usize) -> String {
    format!("the winter tyres of car {number} are in cellar {}", number * 7919 % 1009)
}

/// Stores texts at each chip in turn; how many were acknowledged.
fn store(net: &mut Net, count: usize) -> usize {
    let chips = net.chips.len();
    let mut said = String::new();
    for number in 0..count {
        net.handle_line(number % chips, &format!("fleet add {}", text(number)));
        net.run(Micros::seconds(1));
    }
    net.run(Micros::seconds(10));
    (0..chips).for_each(|slot| said += &net.read(slot));
    said.matches("fleet: stored item=").count()
}

#[test]
fn four_chips_store_and_answer_under_loss_and_no_frame_shows_a_text() {
    for encrypts in [false, true] {
        let mut net = fleet(4, Topology::Mesh, encrypts);
        net.loss = 100;
        net.keep_frames = true;
        assert_eq!(store(&mut net, 20), 20, "encrypted: {encrypts}");
        net.handle_line(2, &format!("fleet search 3 {}", text(11)));
        net.run(Micros::seconds(3));
        let answer = net.read(2);
        assert!(answer.contains("hits=3 ") && answer.contains(&text(11)), "{answer}");
        let shows = |frame: &&Vec<u8>| frame.windows(12).any(|part| part == b"winter tyres");
        let shown = net.kept.iter().filter(shows).count();
        // What the chips say without encryption shows that the search finds what there is.
        assert_eq!(shown == 0, encrypts, "{shown} of {} frames show a text", net.kept.len());
        let frames: Vec<_> = net.kept.iter().map(|bytes| frame::decode(bytes, &mut ()).unwrap()).collect();
        assert!(frames.iter().all(|frame| frame.header.flags.has(Flags::ENCRYPTED) == encrypts));
    }
}

#[test]
fn rings_and_stars_forward_what_is_encrypted() {
    for topology in [Topology::Ring, Topology::Star] {
        let mut net = fleet(5, topology, true);
        if topology == Topology::Star {
            net.spokes = true;
        }
        net.until(Micros::seconds(20), Net::all_know_all);
        assert_eq!(store(&mut net, 10), 10, "{topology:?}");
        net.handle_line(3, &format!("fleet search 3 {}", text(4)));
        net.run(Micros::seconds(3));
        let answer = net.read(3);
        assert!(answer.contains("chips=5/5") && answer.contains(&text(4)), "{topology:?}: {answer}");
        let relayed: u32 = net.chips.iter_mut().map(|chip| chip.agent.fleet().unwrap().relayed).sum();
        assert!(relayed > 50, "{relayed}");
    }
}

#[test]
fn a_replay_from_before_a_reboot_is_refused() {
    let mut net = fleet(3, Topology::Mesh, true);
    net.keep_frames = true;
    assert_eq!(store(&mut net, 6), 6);
    let recorded = core::mem::take(&mut net.kept);
    net.keep_frames = false;
    net.reboot(1);
    let before = net.chips[1].agent.items();
    recorded.iter().for_each(|frame| net.inject(1, 0, frame));
    assert_eq!(net.chips[1].agent.items(), before);
    let drops = net.chips[1].agent.traffic().unwrap().drops;
    assert!(drops.of(Dropped::Unproven) > 10, "{drops:?}");
    net.until(Micros::seconds(20), Net::all_know_all);
    let before = net.chips[0].agent.items();
    recorded.iter().for_each(|frame| net.inject(0, 0, frame));
    assert_eq!(net.chips[0].agent.items(), before);
}

#[test]
fn chips_with_and_without_encryption_do_not_hear_each_other_and_say_so() {
    let mut net = fleet(3, Topology::Mesh, true);
    let keys = net.chips[2].membership.keys.unwrap();
    net.chips[2].membership.keys = Some(keys.with_encryption(false));
    net.set_membership(2);
    net.run(Micros::seconds(60));
    for (slot, reason, alive, told) in [
        (
            0,
            Dropped::Unencrypted,
            1,
            "fleet: chip 3 does not encrypt and this one does: frames dropped so far: 8\n",
        ),
        (2, Dropped::Encrypted, 0, "encrypts and this one does not: frames dropped so far: 8\n"),
    ] {
        assert_eq!(net.chips[slot].agent.fleet().unwrap().alive, alive);
        assert!(net.chips[slot].agent.traffic().unwrap().drops.of(reason) > 10);
        let said = net.read(slot);
        assert!(said.contains(told) && said.matches("frames dropped").count() < 12, "{said}");
        assert_eq!(net.handle_line(slot, "fleet").ends_with(" epoch=1 encrypt=on\n"), slot == 0);
    }
}
