//! Encrypted frames: nothing of a payload can be read, nothing can be changed, and no keystream comes twice.

use crate::arena::Arena;
use crate::item::ItemId;
use crate::units::Micros;
use crate::wire::authentication::Key;
use crate::wire::crc::crc32;
use crate::wire::frame::{self, Flags, Header, Seal};
use crate::wire::keyring::{Keyring, seal};
use crate::wire::link::LinkKind;
use crate::wire::message::{Add, Message, REKEY, Rekey, SealedKey};
use crate::wire::{
    Capacity, Dropped, Endpoint, Event, FRAME_LIMIT, MESSAGE_LIMIT, MIN_FRAME_LIMIT, Settings,
};
use std::collections::BTreeSet;
use std::string::String;
use std::vec;
use std::vec::Vec;

const CAPACITY: Capacity = Capacity { peers: 4, outgoing: 2, unfinished: 2 };
const KEY: Key = Key::new(*b"the key of fleet");
const SECRET: &str = "the key lies under the blue mat";

fn endpoint(memory: &mut [u8], address: u16, encrypts: bool, frame_limit: usize) -> Endpoint<'_> {
    let entropy = u64::from(address);
    let frame_limit = frame_limit as u16;
    let settings = Settings { address, boot: 1, nonce: 5, entropy, embedder: 1, frame_limit };
    let keys = Keyring::provision(&KEY, address, 1).with_encryption(encrypts);
    Endpoint::carve(&mut Arena::new(memory), settings, Some(&keys), CAPACITY).unwrap()
}

fn add(text: &str) -> Message<'_> {
    Message::Add(Add { item: ItemId { origin: 1, nonce: 0, boot: 1, count: 9 }, text })
}

fn next_frame(endpoint: &mut Endpoint<'_>, now: Micros) -> Option<Vec<u8>> {
    let mut out = [0; FRAME_LIMIT];
    let length = endpoint.transmit(&mut out, now, &mut ())?;
    Some(out[..length].to_vec())
}

/// Hands frames to and fro until each is proven to the other.
fn meet(one: &mut Endpoint<'_>, other: &mut Endpoint<'_>) {
    one.sessions().ask_all(Micros(0));
    other.sessions().ask_all(Micros(0));
    for step in 1..100 {
        let now = Micros(step * 10_000);
        while let Some(frame) = next_frame(one, now) {
            let _ = other.receive(&frame, now, &mut ());
        }
        while let Some(frame) = next_frame(other, now) {
            let _ = one.receive(&frame, now, &mut ());
        }
    }
}

const LATER: Micros = Micros(2_000_000);

/// The same bytes with a right CRC.
fn repaired(mut bytes: Vec<u8>) -> Vec<u8> {
    let body = bytes.len() - frame::CRC;
    let crc = crc32(&bytes[..body], &mut ());
    bytes[body..].copy_from_slice(&crc.to_le_bytes());
    bytes
}

#[test]
fn a_payload_is_read_by_members_alone_and_a_changed_bit_is_refused_wherever_it_is() {
    let (mut first, mut second) = (vec![0; 32 * 1024], vec![0; 32 * 1024]);
    let mut one = endpoint(&mut first, 1, true, FRAME_LIMIT);
    let mut two = endpoint(&mut second, 2, true, FRAME_LIMIT);
    meet(&mut one, &mut two);
    one.send(2, &add(SECRET)).unwrap();
    let frame = next_frame(&mut one, LATER).unwrap();
    assert!(!frame.windows(4).any(|part| SECRET.as_bytes().windows(4).any(|secret| secret == part)));
    let mut payload = [0; 100];
    let length = add(SECRET).encode(&mut payload).unwrap();
    assert_eq!(frame.len(), frame::overhead(true) + length, "as long as a frame with a tag alone");
    for bit in 0..8 * (frame.len() - frame::CRC) {
        let mut changed = frame.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(two.receive(&changed, LATER, &mut ()).is_err(), "bit {bit}");
        assert!(two.receive(&repaired(changed), LATER, &mut ()).is_err(), "bit {bit}, with its CRC");
    }
    let Ok(Event::Message { message, .. }) = two.receive(&frame, LATER, &mut ()) else { panic!("refused") };
    assert_eq!(message, add(SECRET));
    assert_eq!(two.receive(&frame, LATER, &mut ()), Err(Dropped::Replayed));
}

#[test]
fn either_kind_of_chip_refuses_the_frames_of_the_other_and_counts_them() {
    for (encrypts, reason) in [(true, Dropped::Unencrypted), (false, Dropped::Encrypted)] {
        let (mut first, mut second) = (vec![0; 32 * 1024], vec![0; 32 * 1024]);
        let mut one = endpoint(&mut first, 1, !encrypts, FRAME_LIMIT);
        let mut two = endpoint(&mut second, 2, encrypts, FRAME_LIMIT);
        one.send(2, &add(SECRET)).unwrap();
        let frame = next_frame(&mut one, LATER).unwrap();
        assert_eq!(two.receive(&frame, LATER, &mut ()), Err(reason));
        assert_eq!(two.verify_for_relay(&frame, &mut ()), Err(reason));
        assert_eq!(two.traffic().drops.of(reason), 1);
        // Neither is a frame of the right form without the tag, or with the flag alone.
        let header = Header { number: add("").number(), source: 1, destination: 2, ..Header::default() };
        let mut bytes = vec![0; 100];
        let length = frame::encode(&header, &[b"hello"], None, &mut bytes, &mut ()).unwrap();
        bytes.truncate(length);
        assert_eq!(two.receive(&bytes, LATER, &mut ()), Err(Dropped::Unauthenticated));
        bytes[2] = Flags::ENCRYPTED.0;
        assert_eq!(two.receive(&repaired(bytes), LATER, &mut ()), Err(Dropped::Header));
    }
}

#[test]
fn a_sealed_key_is_sent_in_the_open_for_who_missed_an_epoch() {
    let (mut first, mut second) = (vec![0; 32 * 1024], vec![0; 32 * 1024]);
    let mut one = endpoint(&mut first, 1, true, FRAME_LIMIT);
    let mut two = endpoint(&mut second, 2, true, FRAME_LIMIT);
    one.take_key(&Rekey { epoch: 7, sealed: SealedKey(seal(&KEY, 1, 7)) }, Micros(0), &mut ());
    assert!(one.tick_keys(Micros::seconds(60)).is_some());
    let rekey = Rekey { epoch: 8, sealed: SealedKey(seal(&KEY, 2, 8)) };
    one.send(2, &Message::Rekey(rekey)).unwrap();
    let bytes = next_frame(&mut one, LATER).unwrap();
    let frame = frame::decode(&bytes, &mut ()).unwrap();
    assert_eq!((frame.header.number, frame.is_encrypted, frame.tag.unwrap().epoch), (REKEY, false, 7));
    assert_eq!(two.receive(&bytes, LATER, &mut ()), Ok(Event::NewKey(8)));
    // Any other message of that epoch is refused, encrypted or not.
    one.send(2, &add(SECRET)).unwrap();
    let bytes = next_frame(&mut one, LATER).unwrap();
    assert_eq!(two.receive(&bytes, LATER, &mut ()), Err(Dropped::Epoch));
}

#[test]
fn no_keystream_comes_twice_whatever_rolls_over() {
    let payload = [0; 16];
    let mut seen = BTreeSet::new();
    let mut made = 0;
    for source in [0, 1, 256, 0xFFFE] {
        for boot in [0, 1, 0xFFFF, 0x1_0000, u32::MAX] {
            for nonce in [0, 1, 0xFFFF] {
                for epoch in [1, 2, 255, 256, 257, u32::MAX] {
                    for counter in [1, 2, 0xFFFF_FFFF, 0x1_0000_0000, frame::COUNTER_END - 1] {
                        let header = Header { source, boot, nonce, ..Header::default() };
                        let mut bytes = [0; 62];
                        let seal = Seal::of(&KEY, epoch, counter).encrypting();
                        frame::encode(&header, &[&payload], Some(seal), &mut bytes, &mut ()).unwrap();
                        seen.insert(bytes[frame::HEADER..][..16].to_vec());
                        made += 1;
                    }
                }
            }
        }
    }
    assert_eq!(seen.len(), made);
}

#[test]
fn the_longest_message_crosses_every_link_within_its_limit() {
    let limits = LinkKind::ALL.map(|link| usize::from(link.frame_limit()));
    for limit in limits.into_iter().chain([MIN_FRAME_LIMIT]) {
        let (mut first, mut second) = (vec![0; 32 * 1024], vec![0; 32 * 1024]);
        let mut one = endpoint(&mut first, 1, true, limit);
        let mut two = endpoint(&mut second, 2, true, limit);
        meet(&mut one, &mut two);
        let text: String = (0..MESSAGE_LIMIT - 12).map(|at| char::from(b'a' + (at % 26) as u8)).collect();
        assert!(add(&text).encode(&mut [0; MESSAGE_LIMIT]).unwrap() > MESSAGE_LIMIT - 8);
        one.send(2, &add(&text)).unwrap();
        let mut has_come = false;
        while let Some(frame) = next_frame(&mut one, LATER) {
            assert!(frame.len() <= limit, "{} of {limit}", frame.len());
            if let Ok(Event::Message { message, .. }) = two.receive(&frame, LATER, &mut ()) {
                has_come = message == add(&text);
            }
        }
        assert!(has_come, "in frames of {limit}");
    }
}

#[test]
fn a_frame_that_was_forwarded_is_still_authentic() {
    let mut memories = [(); 3].map(|()| vec![0; 32 * 1024]);
    let [first, second, third] = &mut memories;
    let mut one = endpoint(first, 1, true, FRAME_LIMIT);
    let mut two = endpoint(second, 2, true, FRAME_LIMIT);
    let mut relay = endpoint(third, 3, true, FRAME_LIMIT);
    meet(&mut one, &mut two);
    one.send(2, &add(SECRET)).unwrap();
    let frame = next_frame(&mut one, LATER).unwrap();
    assert_eq!(relay.verify_for_relay(&frame, &mut ()).unwrap().destination, 2);
    let mut changed = frame.clone();
    changed[30] ^= 1;
    assert_eq!(relay.verify_for_relay(&repaired(changed), &mut ()), Err(Dropped::BadTag));
    assert!(matches!(two.receive(&frame, LATER, &mut ()), Ok(Event::Message { .. })));
}

#[test]
fn memory_for_decryption_is_taken_where_there_is_encryption_alone() {
    let used = |encrypts, limit| {
        let mut memory = vec![0; 32 * 1024];
        let mut arena = Arena::new(&mut memory);
        let before = arena.free().get();
        let keys = Keyring::provision(&KEY, 1, 1).with_encryption(encrypts);
        let settings =
            Settings { address: 1, boot: 1, nonce: 5, entropy: 1, embedder: 1, frame_limit: limit };
        Endpoint::carve(&mut arena, settings, Some(&keys), CAPACITY).unwrap();
        before - arena.free().get()
    };
    assert_eq!(used(true, 250) - used(false, 250), 204);
    assert_eq!(used(true, FRAME_LIMIT as u16) - used(false, FRAME_LIMIT as u16), MESSAGE_LIMIT as u32);
}
