//! Any message there is, and the properties of messages by themselves.

use crate::item::ItemId;
use crate::limits::MAX_RESULTS;
use crate::wire::MESSAGE_LIMIT;
use crate::wire::authentication::Key;
use crate::wire::codec::CodecError;
use crate::wire::field::{self, Value};
use crate::wire::frame::{self, BROADCAST, Flags, Header, Seal};
use crate::wire::keyring::SEALED;
use crate::wire::list::List;
use crate::wire::message::*;
use crate::wire::parse;
use crate::wire::verify;
use proptest::prelude::*;
use std::boxed::Box;
use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

/// Lends a text for the rest of the test.
fn keep(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

fn text() -> impl Strategy<Value = &'static str> {
    prop_oneof!["[a-z =\\[\\],]{0,40}", "\\PC{0,20}", "[\"\\\\\n\u{7f}a]{0,10}"].prop_map(keep)
}

fn item() -> impl Strategy<Value = ItemId> {
    any::<(u16, u16, u32, u32)>().prop_map(|(origin, nonce, boot, count)| ItemId {
        origin,
        nonce,
        boot,
        count,
    })
}

fn hits() -> impl Strategy<Value = List<Hit<'static>, MAX_RESULTS>> {
    let hit = (item(), any::<i32>(), text()).prop_map(|(item, score, text)| Hit { item, score, text });
    // Four hits with the longest texts still fit a message.
    proptest::collection::vec(hit, 0..=4).prop_map(|hits| List::of(&hits))
}

fn query() -> impl Strategy<Value = Query<'static>> {
    let bytes = proptest::collection::vec(any::<u8>(), 0..200);
    prop_oneof![
        text().prop_map(Query::Text),
        bytes.prop_map(|bytes| Query::Vector(Box::leak(bytes.into_boxed_slice()))),
    ]
}

/// Any message.
pub fn message() -> impl Strategy<Value = Message<'static>> {
    let requests = prop_oneof![
        (any::<(u32, u8, u16, bool)>(), query()).prop_map(
            |((request, count, deadline_ms, with_text), query)| Message::Search(Search {
                request,
                count,
                deadline_ms,
                with_text,
                query
            })
        ),
        (any::<(u32, u8, u16, Option<u8>)>(), text()).prop_map(
            |((request, count, deadline_ms, kind), text)| Message::Recall(Recall {
                request,
                count,
                deadline_ms,
                kind,
                text
            })
        ),
        (item(), text()).prop_map(|(item, text)| Message::Add(Add { item, text })),
        (item(), any::<(u8, u32)>(), text())
            .prop_map(|(item, (kind, ttl_s), text)| Message::Remember(Remember { item, kind, ttl_s, text })),
    ];
    prop_oneof![requests, replies(), signals()]
}

fn replies() -> impl Strategy<Value = Message<'static>> {
    prop_oneof![
        (item(), any::<u32>()).prop_map(|(item, check)| Message::Stored(Stored { item, check })),
        (item(), text()).prop_map(|(item, code)| Message::Refused(Refused { item, code })),
        (any::<(u32, bool, u32)>(), hits()).prop_map(|((request, partial, searched), hits)| {
            Message::SearchReply(SearchReply { request, partial, searched, hits })
        }),
        (any::<(u32, bool)>(), hits()).prop_map(|((request, partial), hits)| {
            Message::RecallReply(RecallReply { request, partial, hits })
        }),
        (any::<u32>(), item()).prop_map(|(request, item)| Message::Get(Get { request, item })),
        (any::<u32>(), item(), text()).prop_map(|(request, item, text)| Message::Text(Text {
            request,
            item,
            text
        })),
        (any::<u32>(), text()).prop_map(|(request, code)| Message::Error(Error { request, code })),
    ]
}

fn signals() -> impl Strategy<Value = Message<'static>> {
    prop_oneof![
        any::<(u8, u8, [u32; 6])>().prop_map(
            |(role, load, [free_arena, items, uptime_s, sent, received, dropped])| {
                let role = RoleCode(role);
                Message::Heartbeat(Heartbeat {
                    role,
                    load,
                    free_arena,
                    items,
                    uptime_s,
                    sent,
                    received,
                    dropped,
                })
            }
        ),
        (any::<(u8, bool, u16, u32)>(), text(), text()).prop_map(
            |((role, wants_reply, message_limit, capacity), variant, version)| {
                let role = RoleCode(role);
                Message::Hello(Hello { role, wants_reply, message_limit, capacity, variant, version })
            }
        ),
        (any::<(u64, bool)>(), proptest::collection::vec(any::<(u16, u64)>(), 0..=MAX_PROOFS)).prop_map(
            |((challenge, all), pairs)| {
                let asked: Vec<u16> = pairs.iter().map(|(chip, _)| *chip).collect();
                let answers: Vec<Answer> = pairs
                    .iter()
                    .map(|(chip, challenge)| Answer { chip: *chip, challenge: *challenge })
                    .collect();
                let (asked, answers) = (List::of(&asked), List::of(&answers));
                Message::Prove(Prove { challenge, all, asked, answers })
            }
        ),
        any::<(u32, [u8; SEALED])>()
            .prop_map(|(epoch, sealed)| Message::Rekey(Rekey { epoch, sealed: SealedKey(sealed) })),
        (any::<(u32, u32, i32, i32)>(), text()).prop_map(|((number, at_s, score, threshold), text)| {
            Message::Anomaly(Anomaly { number, at_s, score, threshold, text })
        }),
    ]
}

/// Any header of a frame that is not a fragment.
pub fn header() -> impl Strategy<Value = Header> {
    let destination = prop_oneof![Just(BROADCAST), any::<u16>()];
    (any::<(u8, u32, u16, u32)>(), 0..BROADCAST, destination).prop_map(
        |((embedder, boot, nonce, sequence), source, destination)| {
            let flags = Flags::default();
            Header { number: 0, flags, embedder, source, destination, boot, nonce, sequence }
        },
    )
}

proptest! {
    #[test]
    fn any_message_comes_back(message in message()) {
        let mut bytes = [0; MESSAGE_LIMIT];
        let length = message.encode(&mut bytes).unwrap();
        prop_assert_eq!(Message::decode(message.number(), &bytes[..length]), Ok(message));
        for cut in 0..length {
            prop_assert!(Message::decode(message.number(), &bytes[..cut]).is_err());
        }
    }

    #[test]
    fn any_bytes_are_a_message_that_comes_back_or_none(
        number in prop_oneof![any::<u8>(), proptest::sample::select(MESSAGES.map(|known| known.number).to_vec())],
        payload in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        if let Ok(message) = Message::decode(number, &payload) {
            let mut bytes = [0; MESSAGE_LIMIT];
            let length = message.encode(&mut bytes).unwrap();
            // Only numbers written with more bytes than they need come back shorter.
            prop_assert!(length <= payload.len());
            prop_assert_eq!(Message::decode(number, &bytes[..length]), Ok(message));
        }
    }

    #[test]
    fn what_is_shown_is_read_back(message in message(), mut header in header()) {
        header.number = message.number();
        let line = format!("{header} {message}");
        let mut scratch = [0; 2 * MESSAGE_LIMIT];
        prop_assert_eq!(parse::frame(&line, &mut scratch), Ok((header, message)), "{}", line);
    }

    #[test]
    fn any_line_is_read_or_refused(line in "\\PC{0,60}|[a-z]{0,12} ?(text|hits|query|item)=[\\[\\]\"0x1: ,\\\\{}u]{0,30}") {
        let mut scratch = [0; 16];
        let _ = parse::frame(&line, &mut scratch);
    }
}

#[test]
fn every_field_can_be_had_by_name() {
    let hits = [Hit { item: ItemId { origin: 3, nonce: 0, boot: 1, count: 7 }, score: -1, text: "tea" }];
    let reply = SearchReply { request: 12, partial: true, searched: 9, hits: List::of(&hits) };
    let message = Message::SearchReply(reply);
    let mut fields = Vec::new();
    message.each_field(|name, value| fields.push((name, value)));
    let expected = [
        ("request", Value::Number(12)),
        ("partial", Value::Flag(true)),
        ("searched", Value::Number(9)),
        ("hits", Value::Hits(&hits)),
    ];
    assert_eq!(fields, expected);
    let known = MESSAGES.into_iter().find(|known| known.name == "search-reply").unwrap();
    assert_eq!(known.fields, expected.map(|(name, _)| name));
}

#[test]
fn what_cannot_be_read_is_named() {
    let read =
        |line: &'static str| parse::frame(line, Box::leak(Box::new([0; 64]))).map(|(_, message)| message);
    assert_eq!(read("source=1"), Err(parse::ParseError::NoMessage));
    assert_eq!(read("dance"), Err(parse::ParseError::UnknownMessage("dance")));
    assert_eq!(read("stored items=1:1:2"), Err(parse::ParseError::UnknownField("items")));
    let bad = parse::ParseError::BadValue { field: "item", value: "1" };
    assert_eq!(read("stored item=1"), Err(bad));
    let stored = Stored { item: ItemId { origin: 1, nonce: 0, boot: 1, count: 2 }, check: 7 };
    assert_eq!(read("  stored   item=1:1:2 check=7 "), Ok(Message::Stored(stored)));
    let with_default = Search { request: 7, query: Query::Text("a \"b\""), ..Search::default() };
    assert_eq!(read(r#"search query="a \"b\"" request=7"#), Ok(Message::Search(with_default)));
}

#[test]
fn a_message_of_the_limit_fits_and_one_more_byte_does_not() {
    let mut out = [0; MESSAGE_LIMIT + 10];
    let overhead = Message::Error(Error { request: 0, code: "" }).encode(&mut out).unwrap();
    // A length of 251 or more takes three bytes instead of one.
    let longest = MESSAGE_LIMIT - overhead - 2;
    let code = keep("x".repeat(longest + 1));
    let message = Message::Error(Error { request: 0, code: &code[..longest] });
    assert_eq!(message.encode(&mut out), Ok(MESSAGE_LIMIT));
    assert_eq!(Message::decode(0xFF, &out[..MESSAGE_LIMIT]), Ok(message));
    let too_long = Message::Error(Error { request: 0, code });
    assert_eq!(too_long.encode(&mut out), Err(CodecError::TooLong { limit: MESSAGE_LIMIT as u16 }));
}

#[test]
fn sixteen_results_with_texts_come_back_from_a_full_message() {
    let hit = |n: u32| Hit {
        item: ItemId { origin: 3, nonce: 0, boot: 1, count: n },
        score: 9,
        text: keep("t".repeat(57)),
    };
    let hits: Vec<Hit<'_>> = (0..16).map(hit).collect();
    let message = Message::RecallReply(RecallReply { request: 1, partial: false, hits: List::of(&hits) });
    let mut out = [0; MESSAGE_LIMIT];
    let length = message.encode(&mut out).unwrap();
    assert!(length > 1000);
    assert_eq!(Message::decode(message.number(), &out[..length]), Ok(message));
}

#[test]
fn a_frame_shows_all_it_holds() {
    let mut payload = [0; 64];
    let message =
        Message::Stored(Stored { item: ItemId { origin: 1, nonce: 0, boot: 1, count: 2 }, check: 7 });
    let length = message.encode(&mut payload).unwrap();
    let header = Header { number: message.number(), source: 1, destination: 2, ..Header::default() };
    let mut bytes = vec![0; 64];
    let length = frame::encode(&header, &[&payload[..length]], None, &mut bytes, &mut ()).unwrap();
    let frame = frame::decode(&bytes[..length], &mut ()).unwrap();
    let shown =
        "source=1 destination=2 boot=0 nonce=0 sequence=0 embedder=0 flags=none stored item=1:1:2 check=7";
    assert_eq!(format!("{frame}"), shown);
    assert_eq!(format!("{}", field::Hex(&bytes[..2])), "0551");
}

#[test]
fn a_sealed_frame_shows_its_seal_and_is_read_back_without() {
    let message = Message::Get(Get { request: 3, item: ItemId::default() });
    let header = Header { number: message.number(), ..Header::default() };
    let mut bytes = vec![0; 64];
    let key = Key::new([7; 16]);
    let length =
        frame::encode(&header, &[&[3, 0, 0, 0, 0]], Some(Seal::of(&key, 1, 9)), &mut bytes, &mut ()).unwrap();
    let frame = frame::decode(&bytes[..length], &mut ()).unwrap();
    let line = format!("{frame}");
    assert!(line.contains("flags=authenticated get request=3 item=0:0:0 | epoch=1 counter=9 tag=0x"));
    assert_eq!(parse::frame(&line, &mut []), Ok((frame.header, message)));
}

#[test]
fn an_encrypted_frame_is_shown_as_such_and_once_opened_as_any_other() {
    let message = Message::Get(Get { request: 3, item: ItemId::default() });
    let header = Header { number: message.number(), source: 4, ..Header::default() };
    let mut bytes = vec![0; 64];
    let seal = Seal::of(&Key::new([7; 16]), 1, 9).encrypting();
    let length = frame::encode(&header, &[&[3, 0, 0, 0, 0]], Some(seal), &mut bytes, &mut ()).unwrap();
    let frame = frame::decode(&bytes[..length], &mut ()).unwrap();
    let line = format!("{frame}");
    assert!(line.contains("flags=authenticated+encrypted get ciphertext=0x") && !line.contains("request"));
    assert!(parse::frame(&line, &mut []).is_err(), "what is not known is not made up");
    let mut plain = [0; 5];
    assert!(verify::open(&frame, &Key::new([8; 16]), &mut plain, &mut ()).is_err());
    assert!(verify::open(&frame, &seal.key, &mut plain[..4], &mut ()).is_err());
    let opened = verify::open(&frame, &seal.key, &mut plain, &mut ()).unwrap();
    let line = format!("{opened}");
    assert!(line.contains("encrypted get request=3 item=0:0:0 | epoch=1"), "{line}");
    assert_eq!(parse::frame(&line, &mut []), Ok((frame.header, message)));
}
