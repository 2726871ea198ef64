//! The bytes of every message, for all time; `BLESS=1` writes them again.

use crate::arena::Arena;
use crate::item::ItemId;
use crate::wire::authentication::Key;
use crate::wire::cobs;
use crate::wire::field::Hex;
use crate::wire::fragment::Fragmentation;
use crate::wire::frame::{self, BROADCAST, Flags, Header, Seal};
use crate::wire::keyring::seal;
use crate::wire::list::List;
use crate::wire::message::*;
use crate::wire::parse;
use crate::wire::{Dropped, MIN_FRAME_LIMIT};
use std::path::PathBuf;
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, fs, vec};

const KEY: Key = Key::new([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);

/// One of each, in the order of their numbers, with small and large numbers, empty and other texts.
fn samples() -> Vec<Message<'static>> {
    let item = |origin, count| ItemId { origin, nonce: 0x5E0B, boot: 2, count };
    let hits = List::of(&[
        Hit { item: item(3, 7), score: 8000, text: "the pump in the cellar" },
        Hit { item: item(300, 70_000), score: -1, text: "" },
    ]);
    vec![
        Message::Heartbeat(Heartbeat {
            role: RoleCode(0),
            load: 37,
            free_arena: 150_000,
            items: 250,
            uptime_s: 251,
            sent: 65_535,
            received: 65_536,
            dropped: 0,
        }),
        Message::Hello(Hello {
            role: RoleCode(3),
            wants_reply: true,
            message_limit: 1024,
            capacity: 1800,
            variant: "esp32c6",
            version: "0.1.0",
        }),
        Message::Prove(Prove {
            challenge: 0x0123_4567_89AB_CDEF,
            all: false,
            asked: List::of(&[4, 300]),
            answers: List::of(&[Answer { chip: 2, challenge: 77 }]),
        }),
        Message::Rekey(Rekey { epoch: 2, sealed: SealedKey(seal(&KEY, 258, 2)) }),
        Message::Add(Add { item: item(1, 9), text: "der Schlüssel liegt unter der Matte" }),
        Message::Stored(Stored { item: item(1, 9), check: 0xFFA0_1B2C }),
        Message::Search(Search {
            request: 12,
            count: 4,
            deadline_ms: 200,
            with_text: false,
            query: Query::Vector(&[0x7F, 0x80, 0x00, 0xFF]),
        }),
        Message::SearchReply(SearchReply { request: 12, partial: true, searched: 1000, hits }),
        Message::Recall(Recall {
            request: 13,
            count: 3,
            deadline_ms: 500,
            kind: Some(3),
            text: "what tea does she like",
        }),
        Message::RecallReply(RecallReply { request: 13, partial: false, hits: List::default() }),
        Message::Remember(Remember { item: item(2, 1), kind: 3, ttl_s: 86_400, text: "she likes green tea" }),
        Message::Anomaly(Anomaly { number: 1, at_s: 3600, score: 4250, threshold: 3000, text: "21.5 9.75" }),
        Message::Get(Get { request: 16, item: item(3, 7) }),
        Message::Text(Text { request: 16, item: item(3, 7), text: "the pump in the cellar" }),
        Message::Refused(Refused { item: item(1, 9), code: "full" }),
        Message::Error(Error { request: 15, code: "needs-confirmation" }),
    ]
}

fn header(message: &Message<'_>) -> Header {
    let is_for_all = matches!(message, Message::Heartbeat(_) | Message::Hello(_) | Message::Prove(_));
    Header {
        number: message.number(),
        flags: Flags::default(),
        embedder: 1,
        source: 1,
        destination: if is_for_all { BROADCAST } else { 0x0102 },
        boot: 3,
        nonce: 0x0C41,
        sequence: 0x0001_0002,
    }
}

fn encoded(message: &Message<'_>) -> Vec<u8> {
    let mut payload = vec![0; 1024];
    let length = message.encode(&mut payload).unwrap();
    payload.truncate(length);
    payload
}

fn framed(header: &Header, parts: &[&[u8]], tag: Option<Seal>) -> Vec<u8> {
    let mut frame = vec![0; 1100];
    let length = frame::encode(header, parts, tag, &mut frame, &mut ()).unwrap();
    frame.truncate(length);
    frame
}

fn lines(bytes: &[u8]) -> String {
    bytes.chunks(32).map(|row| format!("{}\n", Hex(row))).collect()
}

fn check(name: &str, content: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/wire");
    let path = folder.join(format!("{name}.hex"));
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(&folder).unwrap();
        fs::write(&path, content).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert_eq!(golden, content, "{} differs; BLESS=1 rewrites it", path.display());
}

#[test]
fn every_message_has_its_golden_bytes() {
    let samples = samples();
    assert!(samples.iter().map(Message::number).eq(MESSAGES.map(|known| known.number)));
    for message in samples {
        let name = Message::name_of(message.number()).unwrap();
        let (header, payload) = (header(&message), encoded(&message));
        let text = format!("# {header} {message}\n# payload of type 0x{:02x}\n", message.number());
        let plain = lines(&framed(&header, &[&payload], None));
        let sealed = lines(&framed(&header, &[&payload], Some(Seal::of(&KEY, 1, 7))));
        let key = "# frame, authenticated: master key 000102030405060708090a0b0c0d0e0f, epoch 1, counter 7\n";
        let encrypted = lines(&framed(&header, &[&payload], Some(Seal::of(&KEY, 1, 7).encrypting())));
        // A remark, so that only frames are left in the file.
        let payload: String = lines(&payload).lines().map(|row| format!("#   {row}\n")).collect();
        let remark = "# frame, encrypted: the same key, epoch and counter\n";
        // A sealed key is sent in the open.
        let encrypted =
            if message.number() == REKEY { String::new() } else { format!("{remark}{encrypted}") };
        check(name, &format!("{text}{payload}# frame\n{plain}{key}{sealed}{encrypted}"));
    }
}

#[test]
fn golden_text_gives_the_golden_frame() {
    for message in samples() {
        let name = Message::name_of(message.number()).unwrap();
        let path = format!("{}/../fixtures/wire/{name}.hex", env!("CARGO_MANIFEST_DIR"));
        let golden = fs::read_to_string(path).unwrap();
        let line = golden.lines().next().unwrap().trim_start_matches("# ").to_string();
        let mut scratch = vec![0; 1024];
        let (header, message) = parse::frame(&line, &mut scratch).unwrap();
        let frame = lines(&framed(&header, &[&encoded(&message)], None));
        assert!(golden.contains(&format!("# frame\n{frame}#")), "{name}");
    }
}

#[test]
fn the_document_has_every_message_and_every_reason() {
    let document = include_str!("../../../../docs/wire.md");
    for MessageInfo { number, name, .. } in MESSAGES {
        assert!(document.contains(&format!("| {number:02X} | {name} | ")), "{name}");
    }
    let (_, dropped) = document.split_once("## What is dropped").unwrap();
    for reason in Dropped::ALL {
        assert!(dropped.contains(reason.name()), "{reason}");
    }
    for number in [frame::HEADER + frame::CRC, frame::overhead(true), MIN_FRAME_LIMIT] {
        assert!(document.contains(&format!(" {number} ")), "{number}");
    }
}

#[test]
fn a_message_in_fragments_has_its_golden_bytes() {
    let text = "0123456789".repeat(25);
    let message = Message::Add(Add { item: ItemId { origin: 1, nonce: 0, boot: 1, count: 9 }, text: &text });
    let payload = encoded(&message);
    let cut = Fragmentation::plan(payload.len() as u16, 100 - frame::overhead(false) as u16).unwrap();
    let mut content = format!("# {} {message}\n# cut for frames of 100 bytes\n", header(&message));
    for index in 0..cut.count() {
        let mut header = header(&message);
        header.flags = header.flags.with(Flags::FRAGMENT, true);
        let frame = framed(&header, &[&cut.header(index), &payload[cut.range(index)]], None);
        assert!(frame.len() <= 100);
        content += &format!("# fragment {index} of {}\n{}", cut.count(), lines(&frame));
    }
    check("fragments", &content);
}

#[test]
fn a_frame_on_a_byte_stream_has_its_golden_bytes() {
    let message = Message::Stored(Stored { item: ItemId::default(), check: 0 });
    let frame = framed(&header(&message), &[&encoded(&message)], None);
    let mut line = vec![0; 64];
    let length = cobs::encode(&frame, &mut line, &mut ()).unwrap();
    line.truncate(length);
    let content = format!("# frame\n{}# stuffed, between delimiters\n{}", lines(&frame), lines(&line));
    check("stream", &content);
    let mut memory = vec![0; 200];
    let mut decoder = cobs::Decoder::carve(&mut Arena::new(&mut memory), 100).unwrap();
    let decoded = line.iter().find_map(|byte| decoder.push(*byte).unwrap().map(<[u8]>::to_vec));
    assert_eq!(decoded, Some(frame));
}
