//! Bytes from an enemy or a bad cable: none is taken, all are counted.

use super::any;
use crate::arena::Arena;
use crate::item::ItemId;
use crate::meter::Counts;
use crate::units::Micros;
use crate::wire::authentication::Key;
use crate::wire::cobs;
use crate::wire::crc::tests::plain as plain_crc;
use crate::wire::dropped::Dropped;
use crate::wire::frame::{self, Flags, Header, Seal, sender_key};
use crate::wire::keyring::{Keyring, epoch_key, seal};
use crate::wire::list::List;
use crate::wire::message::{Answer, Message, PROVE, Prove, Rekey, SealedKey, Stored};
use crate::wire::{Capacity, Endpoint, Event, FRAME_LIMIT, MESSAGE_LIMIT, Settings};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

const CAPACITY: Capacity = Capacity { peers: 4, outgoing: 2, unfinished: 2 };
const KEY: Key = Key::new(*b"the key of fleet");
const OTHER_KEY: Key = Key::new(*b"the key of enemy");

fn settings(address: u16) -> Settings {
    Settings { address, boot: 1, nonce: 0, entropy: 7, embedder: 1, frame_limit: FRAME_LIMIT as u16 }
}

fn endpoint(memory: &mut [u8], key: Option<Key>) -> Endpoint<'_> {
    let keys = key.map(|key| Keyring::provision(&key, 2, 1));
    Endpoint::carve(&mut Arena::new(memory), settings(2), keys.as_ref(), CAPACITY).unwrap()
}

fn framed(header: &Header, payload: &[u8], tag: Option<Seal>) -> Vec<u8> {
    let mut bytes = vec![0; payload.len() + frame::overhead(true)];
    let length = frame::encode(header, &[payload], tag, &mut bytes, &mut ()).unwrap();
    bytes.truncate(length);
    bytes
}

fn encoded(message: &Message<'_>) -> Vec<u8> {
    let mut bytes = vec![0; MESSAGE_LIMIT];
    let length = message.encode(&mut bytes).unwrap();
    bytes.truncate(length);
    bytes
}

fn stored() -> (Header, Vec<u8>) {
    let message =
        Message::Stored(Stored { item: ItemId { origin: 1, nonce: 0, boot: 1, count: 9 }, check: 7 });
    (Header { number: message.number(), source: 1, destination: 2, ..Header::default() }, encoded(&message))
}

/// Has the sender in `header` echo a challenge in its frame with this counter.
fn prove(endpoint: &mut Endpoint<'_>, header: &Header, counter: u64) {
    let (_, payload) = stored();
    let first = framed(header, &payload, Some(Seal::of(&KEY, 1, 1)));
    assert_eq!(endpoint.receive(&first, Micros(0), &mut ()), Err(Dropped::Unproven));
    let mut out = [0; FRAME_LIMIT];
    let due = endpoint.wake_at(Micros(0)).unwrap();
    let length = endpoint.transmit(&mut out, due, &mut ()).unwrap();
    let asked = frame::decode(&out[..length], &mut ()).unwrap();
    let Ok(Message::Prove(asked)) = Message::decode(PROVE, asked.payload) else { panic!("no proof") };
    assert_eq!((*asked.asked).first(), Some(&header.source));
    let answers = List::of(&[Answer { chip: 2, challenge: asked.challenge }]);
    let echo = encoded(&Message::Prove(Prove { answers, ..Prove::default() }));
    let echo = framed(&Header { number: PROVE, ..*header }, &echo, Some(Seal::of(&KEY, 1, counter)));
    assert!(matches!(endpoint.receive(&echo, Micros(0), &mut ()), Ok(Event::Proven { .. })));
}

/// A frame's CRC stands in its last four bytes, and is that of the others.
fn crc_is_right(bytes: &[u8]) -> bool {
    bytes.split_last_chunk::<4>().is_some_and(|(body, crc)| plain_crc(body) == u32::from_le_bytes(*crc))
}

proptest! {
    #[test]
    fn any_frame_comes_back(mut header in any::header(), message in any::message(), sealed in any::<bool>()) {
        header.number = message.number();
        let payload = encoded(&message);
        let bytes = framed(&header, &payload, sealed.then_some(Seal::of(&KEY, 1, 5)));
        let frame = frame::decode(&bytes, &mut ()).unwrap();
        header.flags = header.flags.with(Flags::AUTHENTICATED, sealed);
        prop_assert_eq!((frame.header, frame.payload), (header, payload.as_slice()));
        prop_assert_eq!(frame.tag.map(|tag| tag.counter), sealed.then_some(5));
        prop_assert!(frame.tag.is_none_or(|tag| sender_key(&epoch_key(&KEY, 1), header.source, &mut ()).verify(tag.signed, tag.tag, &mut ())));
        for cut in 0..bytes.len() {
            prop_assert!(frame::decode(&bytes[..cut], &mut ()).is_err());
        }
    }

    #[test]
    fn any_bytes_are_no_frame_with_a_wrong_crc(mut bytes in proptest::collection::vec(any::<u8>(), 0..120), repair in any::<bool>()) {
        if repair && bytes.len() >= 24 {
            // As close to a frame as chance never comes: version, length and CRC are right.
            let body = bytes.len() - 4;
            bytes[0] = frame::VERSION;
            let sealed = Flags(bytes[2]).has(Flags::AUTHENTICATED);
            let length = bytes.len().saturating_sub(frame::overhead(sealed)) as u16;
            bytes[18..20].copy_from_slice(&length.to_le_bytes());
            let crc = plain_crc(&bytes[..body]);
            bytes[body..].copy_from_slice(&crc.to_le_bytes());
        }
        if let Ok(frame) = frame::decode(&bytes, &mut ()) {
            prop_assert!(crc_is_right(&bytes));
            let overhead = frame::overhead(frame.tag.is_some());
            prop_assert_eq!(frame.payload.len() + overhead, bytes.len());
        }
        let mut memory = vec![0; 16 * 1024];
        for key in [None, Some(KEY)] {
            let _ = endpoint(&mut memory, key).receive(&bytes, Micros(0), &mut ());
        }
    }

    #[test]
    fn any_stream_gives_only_whole_frames(
        pieces in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..60), any::<bool>()), 0..8),
    ) {
        let (header, payload) = stored();
        let good = framed(&header, &payload, None);
        let mut line = vec![0; 200];
        let length = cobs::encode(&good, &mut line, &mut ()).unwrap();
        let mut stream = vec![];
        let mut expected = 0;
        for (noise, whole) in pieces {
            stream.extend(noise);
            if whole {
                stream.extend(&line[..length]);
                expected += 1;
            }
        }
        let mut memory = vec![0; FRAME_LIMIT + 16];
        let mut decoder = cobs::Decoder::carve(&mut Arena::new(&mut memory), FRAME_LIMIT as u16).unwrap();
        let mut found = 0;
        for byte in stream {
            if let Ok(Some(bytes)) = decoder.push(byte)
                && frame::decode(bytes, &mut ()).is_ok()
            {
                prop_assert!(crc_is_right(bytes));
                found += usize::from(bytes == good);
            }
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_changed_byte_is_never_another_message(
        message in any::message(),
        index in any::<prop::sample::Index>(),
        change in 1u8..,
        on_a_stream in any::<bool>(),
    ) {
        let (header, _) = stored();
        let header = Header { number: message.number(), ..header };
        let good = framed(&header, &encoded(&message), None);
        let mut line = good.clone();
        if on_a_stream {
            line.resize(cobs::stuffed_length(good.len()), 0);
            let length = cobs::encode(&good, &mut line, &mut ()).unwrap();
            line.truncate(length);
        }
        let index = index.index(line.len());
        line[index] ^= change;
        if on_a_stream {
            let mut memory = vec![0; FRAME_LIMIT + 16];
            let mut decoder = cobs::Decoder::carve(&mut Arena::new(&mut memory), FRAME_LIMIT as u16).unwrap();
            for byte in line {
                if let Ok(Some(bytes)) = decoder.push(byte) {
                    prop_assert!(bytes == good || frame::decode(bytes, &mut ()).is_err());
                }
            }
        } else {
            prop_assert!(frame::decode(&line, &mut ()).is_err());
        }
    }

    /// An enemy can repair the CRC, so only the tag stands between a change and the application.
    #[test]
    fn with_the_key_no_change_is_ever_taken(
        message in any::message(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), 1u8..), 1..4),
    ) {
        let (header, _) = stored();
        let header = Header { number: message.number(), ..header };
        let good = framed(&header, &encoded(&message), Some(Seal::of(&KEY, 1, 1)));
        let mut bytes = good.clone();
        let body = bytes.len() - 4;
        for (index, change) in changes {
            bytes[index.index(body)] ^= change;
        }
        let crc = plain_crc(&bytes[..body]);
        bytes[body..].copy_from_slice(&crc.to_le_bytes());
        prop_assume!(bytes != good);
        let mut memory = vec![0; 16 * 1024];
        let mut endpoint = endpoint(&mut memory, Some(KEY));
        prop_assert!(endpoint.receive(&bytes, Micros(0), &mut ()).is_err());
        prop_assert_eq!(endpoint.traffic().drops.total(), 1);
    }
}

#[test]
fn each_kind_of_bad_frame_is_counted_and_dropped() {
    let (header, payload) = stored();
    let good = framed(&header, &payload, Some(Seal::of(&KEY, 1, 5)));
    let with = |change: &dyn Fn(&mut Header)| {
        let mut header = header;
        change(&mut header);
        framed(&header, &payload, Some(Seal::of(&KEY, 1, 9)))
    };
    let mut damaged = good.clone();
    damaged[20] ^= 1;
    let mut long = good.clone();
    long.push(0);
    let mut version = good.clone();
    version[0] = 1;
    let unknown = Header { number: 0x10, sequence: 3, ..header };
    let cases = [
        (good[..30].to_vec(), Dropped::Truncated),
        (good[..5].to_vec(), Dropped::Truncated),
        (long, Dropped::Oversized),
        (version, Dropped::Version),
        (damaged, Dropped::Checksum),
        (with(&|header| header.flags = Flags(0x88)), Dropped::Header),
        (with(&|header| header.flags = Flags(2)), Dropped::Header),
        (with(&|header| header.destination = 3), Dropped::NotForUs),
        (with(&|header| header.source = 2), Dropped::OwnSource),
        (framed(&header, &payload, None), Dropped::Unauthenticated),
        (framed(&header, &payload, Some(Seal::of(&OTHER_KEY, 1, 6))), Dropped::BadTag),
        (framed(&header, &payload, Some(Seal::of(&KEY, 2, 6))), Dropped::Epoch),
        (good.clone(), Dropped::Replayed),
        (with(&|header| header.boot = 9), Dropped::Unproven),
        (with(&|header| header.nonce = 9), Dropped::Unproven),
        (framed(&header, &payload, Some(Seal::of(&KEY, 1, 10))), Dropped::Duplicate),
        (framed(&unknown, &payload, Some(Seal::of(&KEY, 1, 11))), Dropped::UnknownType),
        (framed(&Header { sequence: 4, ..header }, &[1], Some(Seal::of(&KEY, 1, 12))), Dropped::Malformed),
        (
            framed(
                &Header { flags: Flags::FRAGMENT, sequence: 5, ..header },
                &payload,
                Some(Seal::of(&KEY, 1, 14)),
            ),
            Dropped::Fragment,
        ),
    ];
    let mut memory = vec![0; 16 * 1024];
    let mut endpoint = endpoint(&mut memory, Some(KEY));
    prove(&mut endpoint, &header, 4);
    assert!(matches!(endpoint.receive(&good, Micros(0), &mut ()), Ok(Event::Message { .. })));
    for (bytes, reason) in cases {
        let before = endpoint.traffic().drops.of(reason);
        assert_eq!(endpoint.receive(&bytes, Micros(0), &mut ()), Err(reason));
        assert_eq!(endpoint.traffic().drops.of(reason), before + 1, "{reason}");
    }
    assert_eq!(endpoint.traffic().received, 2);
    assert_eq!(endpoint.transmit(&mut [0; FRAME_LIMIT], Micros(0), &mut ()), None);
}

#[test]
fn without_a_key_what_is_sealed_is_not_believed() {
    let (header, payload) = stored();
    let mut memory = vec![0; 16 * 1024];
    let mut endpoint = endpoint(&mut memory, None);
    let sealed = framed(&header, &payload, Some(Seal::of(&KEY, 1, 1)));
    assert_eq!(endpoint.receive(&sealed, Micros(0), &mut ()), Err(Dropped::NoKey));
}

#[test]
fn unknown_senders_fill_the_peers_only_until_they_fall_silent() {
    let (header, payload) = stored();
    let mut memory = vec![0; 16 * 1024];
    let mut endpoint = endpoint(&mut memory, None);
    let mut receive = |source, second| {
        let bytes = framed(&Header { source, ..header }, &payload, None);
        endpoint.receive(&bytes, Micros::seconds(second), &mut ()).map(|_| ())
    };
    for stranger in 100..104 {
        assert_eq!(receive(stranger, 1), Ok(()));
    }
    assert_eq!(receive(1, 2), Err(Dropped::NoPeerSlot));
    assert_eq!(receive(1, 200), Ok(()));
}

#[test]
fn an_unfinished_flood_does_not_stop_whole_messages() {
    let (header, payload) = stored();
    let mut memory = vec![0; 16 * 1024];
    let mut endpoint = endpoint(&mut memory, None);
    for sequence in 0..1000 {
        let header = Header { sequence, flags: Flags::FRAGMENT, source: 7, ..header };
        let bytes = framed(&header, &[0, 2, 5, 0, 1, 2, 3], None);
        assert_eq!(endpoint.receive(&bytes, Micros(u64::from(sequence)), &mut ()), Ok(Event::Nothing));
    }
    let bytes = framed(&header, &payload, None);
    assert!(matches!(endpoint.receive(&bytes, Micros(2000), &mut ()), Ok(Event::Message { .. })));
}

#[test]
fn an_endpoint_takes_the_memory_it_says_and_tells_its_work() {
    let message =
        Message::Stored(Stored { item: ItemId { origin: 1, nonce: 0, boot: 1, count: 9 }, check: 7 });
    let work = |key: Option<Key>| {
        let mut memory = vec![0; 16 * 1024];
        let (mut arena, keys) = (Arena::new(&mut memory), key.map(|key| Keyring::provision(&key, 1, 1)));
        let mut endpoint = Endpoint::carve(&mut arena, settings(1), keys.as_ref(), CAPACITY).unwrap();
        let mut counts = Counts::default();
        endpoint.send(2, &message).unwrap();
        endpoint.transmit(&mut [0; FRAME_LIMIT], Micros(0), &mut counts).unwrap();
        counts
    };
    let (plain, sealed) = (work(None), work(Some(KEY)));
    // 20 of header, 5 of payload, two table steps each.
    assert_eq!(plain.of(crate::meter::Op::Load), 50);
    assert!(sealed.of(crate::meter::Op::SipBlock) > 10 && plain.of(crate::meter::Op::SipBlock) == 0);
    let mut memory = vec![0; 16 * 1024];
    let mut arena = Arena::new(&mut memory);
    let before = arena.free();
    Endpoint::carve(&mut arena, settings(1), Some(&Keyring::provision(&KEY, 1, 1)), CAPACITY).unwrap();
    // 2 + 2 messages of 1 KiB, and what belongs to them and to 4 peers.
    assert!((before - arena.free()).get() < 4 * 1024 + 1_000);
}

/// A frame that chip `forger` makes with its own sending key, under the name of the sender in `header`.
fn forged(header: &Header, forger: u16, payload: &[u8], counter: u64) -> Vec<u8> {
    let mut bytes = framed(header, payload, Some(Seal::of(&KEY, 1, counter)));
    let body = bytes.len() - 4;
    let tag = body - 16;
    let own = sender_key(&epoch_key(&KEY, 1), forger, &mut ()).tag(&bytes[..tag], &mut ());
    bytes[tag..body].copy_from_slice(&own.0);
    let crc = plain_crc(&bytes[..body]);
    bytes[body..].copy_from_slice(&crc.to_le_bytes());
    bytes
}

#[test]
fn what_one_chip_tags_is_not_taken_under_another_number() {
    let (header, payload) = stored();
    let mut memory = vec![0; 16 * 1024];
    let mut endpoint = endpoint(&mut memory, Some(KEY));
    prove(&mut endpoint, &header, 4);
    let own = forged(&header, header.source, &payload, 9);
    assert_eq!(own, framed(&header, &payload, Some(Seal::of(&KEY, 1, 9))), "its own number is right");
    for forger in [2, 3, 4] {
        let bytes = forged(&header, forger, &payload, 9);
        assert_eq!(endpoint.receive(&bytes, Micros(0), &mut ()), Err(Dropped::BadTag));
    }
    assert!(matches!(endpoint.receive(&own, Micros(0), &mut ()), Ok(Event::Message { .. })));
}

#[test]
fn a_sealed_key_is_taken_from_anybody_and_a_forged_one_from_nobody() {
    let (header, _) = stored();
    let rekey = |master: &Key, chip, epoch, under: Seal| {
        let sealed = SealedKey(seal(master, chip, epoch));
        let message = Message::Rekey(Rekey { epoch, sealed });
        framed(&Header { number: message.number(), ..header }, &encoded(&message), Some(under))
    };
    let mut memory = vec![0; 16 * 1024];
    let mut endpoint = endpoint(&mut memory, Some(KEY));
    // In a frame of an epoch that the chip has not: it cannot check the tag.
    let later = Seal::of(&KEY, 3, 1);
    for (master, chip) in [(&OTHER_KEY, 2), (&KEY, 3)] {
        let bytes = rekey(master, chip, 3, later);
        assert_eq!(endpoint.receive(&bytes, Micros(0), &mut ()), Err(Dropped::Epoch));
    }
    assert_eq!(endpoint.keyring().unwrap().next, None);
    let good = rekey(&KEY, 2, 3, later);
    assert_eq!(endpoint.receive(&good, Micros(0), &mut ()), Ok(Event::NewKey(3)));
    assert_eq!(endpoint.keyring().unwrap().next, Some((3, epoch_key(&KEY, 3))));
    // From now on the frame's own tag can be checked.
    assert_eq!(endpoint.receive(&good, Micros(0), &mut ()), Err(Dropped::Unproven));
}
