//! Strangers, replays and damage: counted, and nothing changes.

use super::net::Net;
use crate::federation::Topology;
use crate::item::ItemId;
use crate::role::RoleKind;
use crate::units::Micros;
use crate::wire::Message;
use crate::wire::authentication::Key;
use crate::wire::frame::{self, BROADCAST, Header, Seal};
use crate::wire::message::{Add, Heartbeat};
use std::vec::Vec;

const KEY: Key = Key::new([7; 16]);

fn frame_of(source: u16, message: &Message<'_>, key: Option<&Key>) -> Vec<u8> {
    let mut payload = [0; 1024];
    let length = message.encode(&mut payload).unwrap();
    let header = Header {
        number: message.number(),
        embedder: 1,
        source,
        destination: BROADCAST,
        boot: 1,
        sequence: 5,
        ..Header::default()
    };
    let mut out = [0; 1100];
    let tag = key.map(|key| Seal::of(key, 1, 1));
    let length = frame::encode(&header, &[&payload[..length]], tag, &mut out, &mut ()).unwrap();
    out[..length].to_vec()
}

#[test]
fn with_a_key_unknown_senders_and_replays_change_nothing_and_are_counted() {
    let mut net = Net::of(&[RoleKind::HnswIndexer; 3], Topology::Mesh, 1);
    net.set_key(KEY);
    net.keep_frames = true;
    net.run(Micros::seconds(4));
    net.handle_line(0, "fleet add the pump");
    net.run(Micros::seconds(2));
    assert_eq!(net.read(0), "fleet: stored item=1.1 copies=2\n");
    let state = |net: &mut Net| {
        let fleet = net.chips[1].agent.fleet().unwrap();
        (fleet, net.chips[1].agent.items(), net.chips[1].log.0.len())
    };
    let drops = |net: &mut Net| net.chips[1].agent.traffic().unwrap().drops.total();
    net.run(Micros(1));
    let (before, dropped) = (state(&mut net), drops(&mut net));
    let item = ItemId { origin: 9, boot: 1, count: 1, nonce: 0 };
    let messages = [Message::Heartbeat(Heartbeat::default()), Message::Add(Add { item, text: "a lie" })];
    let mut count = 0;
    for message in messages {
        for key in [None, Some(Key::new([8; 16]))] {
            let bytes = frame_of(9, &message, key.as_ref());
            for length in 0..=bytes.len() {
                net.inject(1, 0, &bytes[..length]);
                count += 1;
            }
        }
    }
    let kept = std::mem::take(&mut net.kept);
    assert!(kept.len() > 10);
    for bytes in &kept {
        net.inject(1, 0, bytes);
        count += 1;
    }
    assert_eq!(state(&mut net), before);
    assert_eq!(drops(&mut net) - dropped, count);
}

#[test]
fn without_a_key_any_frame_is_survived() {
    let mut net = Net::of(&[RoleKind::MemoryArchivist; 2], Topology::Ring, 2);
    net.run(Micros::seconds(4));
    let mut random = oorandom::Rand32::new(9);
    for round in 0..2_000 {
        let source = random.rand_u32() as u16;
        let number = frame_number(round);
        let payload: Vec<u8> = (0..random.rand_range(0..60)).map(|_| random.rand_u32() as u8 % 8).collect();
        let destination = if round % 2 == 0 { 1 } else { BROADCAST };
        let header = Header { number, embedder: 1, source, destination, boot: 1, ..Header::default() };
        let mut out = [0; 1100];
        if let Ok(length) = frame::encode(&header, &[&payload], None, &mut out, &mut ()) {
            net.inject(0, (round % 2) as u8, &out[..length]);
        }
        net.run(Micros(2_000));
    }
    assert!(net.handle_line(0, "stats").starts_with("role=MemoryArchivist"));
    assert!(net.handle_line(0, "peers").starts_with("peers: "));
}

fn frame_number(round: u32) -> u8 {
    crate::wire::message::MESSAGES[round as usize % crate::wire::message::MESSAGES.len()].number
}
