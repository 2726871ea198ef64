//! Traces, whole: written and read, cut off, changed, played, exported.

use super::event::{Event, Header, What};
use super::read::TraceError;
use super::{Player, Trace, Writer, perfetto};
use crate::fleet::snapshot::{ChipState, LinkState, Snapshot};
use crate::fleet::telemetry::RoleEvent;
use crate::fleet::view::{ChipState as State, EventKind, RoleView};
use crate::scenario::{Bundle, Scenario};
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_core::wire::frame;
use std::sync::Arc;

const TWO: &str = "schema = 1\nseed = 3\n[[chip]]\nname = \"one\"\nvariant = \"esp32c3\"\nrole = \"hnsw\"\n\
                   [[chip]]\nname = \"two\"\nvariant = \"esp32s3\"\nrole = \"memory\"\n[[type]]\nat = \"1s\"\nchip = \"one\"\nline = \"role\"\n";

fn two() -> Scenario {
    Scenario::unpack(&Bundle { name: "two.toml".into(), text: TWO.into(), files: Vec::new() }).unwrap()
}

fn a_frame() -> Arc<[u8]> {
    let header = frame::Header { source: 1, destination: frame::BROADCAST, ..frame::Header::default() };
    let mut bytes = [0; 64];
    let length = frame::encode(&header, &[b"hello"], None, &mut bytes, &mut ()).unwrap();
    bytes[..length].into()
}

/// Chip one boots, receives a line, sends a frame; chip two receives it, and once something corrupted.
fn recorded() -> Vec<u8> {
    let mut writer = Writer::begin(Vec::new(), &Header::new(&two(), false)).unwrap();
    let at_one = |at, what| Event(at, Some(0), what);
    let state = ChipState { arena: 1000, used: 600, items: 5, capacity: 9, load: 12, energy: (5, 4, 6) };
    let links = vec![LinkState { frames: (1, 0), bytes: 40, received: 1, load: 1, ..LinkState::default() }];
    let snapshot = Snapshot { chips: vec![state; 2], links, latency: vec![(64, 2)] };
    for event in [
        at_one(0, What::Starts(1)),
        at_one(300_000_000, What::Boots),
        at_one(1_000_000_000, What::Typed("search pump".into())),
        at_one(1_002_000_000, What::Said("hits: 3".into())),
        at_one(1_002_000_000, What::Role(RoleEvent::Results(1))),
        at_one(
            1_002_000_000,
            What::Role(RoleEvent::Result(None, "id=3".into(), 900, Some("the pump".into()))),
        ),
        Event(1_002_500_000, None, What::Note(EventKind::Fault, "air loses 5%".into())),
    ] {
        writer.event(&event).unwrap();
    }
    writer.sent(1_003_000_000, 0, 0, &a_frame()).unwrap();
    writer.received(1_005_000_000, 1, 0, &a_frame()).unwrap();
    writer.received(1_006_000_000, 1, 0, &Arc::from([7, 8].as_slice())).unwrap();
    writer.event(&Event(2_000_000_000, None, What::Snapshot(Box::new(snapshot)))).unwrap();
    writer.event(&at_one(3_000_000_000, What::Stops)).unwrap();
    writer.end(4_000_000_000).unwrap()
}

#[test]
fn what_is_written_is_read_and_a_frame_takes_its_bytes_once() {
    let bytes = recorded();
    let trace = Trace::read(bytes.as_slice()).unwrap();
    assert_eq!((trace.damage.as_ref(), trace.events.len()), (None, 12));
    assert_eq!(trace.header.scenario().unwrap(), two());
    assert!(
        matches!(trace.events[8], Event(1_005_000_000, Some(1), What::Received(0, 0))),
        "{:?}",
        trace.events[8]
    );
    assert!(matches!(&trace.events[9].2, What::Corrupted(0, bytes) if bytes.0.as_ref() == [7, 8]));
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.lines().nth(3).unwrap() == r#"[1000000000,0,{"typed":"search pump"}]"#, "{text}");
}

#[test]
fn a_trace_cut_off_anywhere_keeps_what_is_before() {
    let bytes = recorded();
    let header = bytes.iter().position(|byte| *byte == b'\n').unwrap();
    for length in 0..bytes.len() {
        match Trace::read(&bytes[..length]) {
            Err(TraceError::NoTrace(_)) => assert!(length <= header),
            Ok(trace) => {
                let damage = trace.damage.expect("the end is missing");
                let whole = bytes[header + 1..length].iter().filter(|byte| **byte == b'\n').count();
                assert_eq!((trace.events.len(), damage.events), (whole, whole as u64), "{length}");
                assert!(damage.what.contains("cut off"), "{damage}");
            }
            Err(other) => panic!("{length}: {other}"),
        }
    }
}

#[test]
fn a_trace_that_was_changed_says_so() {
    let text = String::from_utf8(recorded()).unwrap();
    let damage = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        Trace::read(text.replace(from, to).as_bytes()).unwrap().damage.unwrap()
    };
    assert!(damage("hits: 3", "hits: 4").what.contains("checksum"));
    let broken = damage("{\"said\":", "{\"sad\":");
    assert!(
        broken.line == 5 && broken.what.contains("unknown variant `sad`") && broken.events == 3,
        "{broken}"
    );
    assert_eq!(broken.until_us, 1_000_000);
    assert!(damage("[1002000000,", "[1000,").what.contains("backwards"));
    let missing = damage("[300000000,0,\"boots\"]\n", "");
    assert!(missing.what.contains("12 events were written and 11 are here"), "{missing}");
    let other = text.replacen("\"trace\":3", "\"trace\":1", 1);
    assert!(matches!(Trace::read(other.as_bytes()), Err(TraceError::Version { have: 1 })));
    assert!(matches!(Trace::read(b"\x7fELF\n".as_slice()), Err(TraceError::NoTrace(_))));
}

#[test]
fn a_player_shows_any_time_forwards_and_back() {
    let mut player = Player::new(Trace::read(recorded().as_slice()).unwrap()).unwrap();
    assert_eq!((player.end(), player.view().chips[0].state), (Micros(4_000_000), State::Off));
    player.seek(Micros(100));
    assert_eq!(player.view().chips[0].state, State::Booting);
    player.seek(Micros::seconds(2));
    let view = player.view();
    let (one, two) = (&view.chips[0], &view.chips[1]);
    assert_eq!((one.state, one.arena_used, one.items), (State::Running, 600, 5));
    assert_eq!(two.peers, [(1, Micros(995_000))]);
    assert_eq!((view.links[0].bytes, view.latency[0]), (40, (Micros(64), 2)));
    let detail = player.detail(0);
    assert_eq!(detail.console, ["> search pump", "hits: 3"]);
    assert!(matches!(&detail.role, RoleView::Questions(all) if all[0].answer == "id=3 score=0.900 the pump"));
    let received = &player.detail(1).messages;
    assert!(received.len() == 2 && !received[0].outgoing && received[0].other == Some(1), "{received:?}");
    player.seek(Micros::seconds(9));
    let late = player.view();
    assert_eq!(late.chips[0].state, State::Off);
    player.seek(Micros::seconds(2));
    assert_eq!(player.view(), view);
    player.seek(Micros(0));
    player.take_events();
    let mut steps = 0;
    while player.step() {
        steps += 1;
    }
    assert_eq!((steps, player.take_events().len()), (11, 5));
    assert_eq!(player.detail(7).console.len(), 0);
}

#[test]
fn an_export_has_a_track_a_chip_and_arrows() {
    let trace = Trace::read(recorded().as_slice()).unwrap();
    let mut out = Vec::new();
    perfetto::export(&trace, &two(), &mut out).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
    let events = json["traceEvents"].as_array().unwrap();
    let of = |phase: &str| events.iter().filter(|event| event["ph"] == phase).collect::<Vec<_>>();
    let tracks = of("M");
    let names: Vec<&str> = tracks.iter().filter_map(|event| event["args"]["name"].as_str()).collect();
    assert_eq!(names, ["fleet", "one (esp32c3 hnsw)", "two (esp32s3 memory)"]);
    let command = of("X").into_iter().find(|event| event["cat"] == "command").unwrap();
    assert_eq!((command["name"].as_str(), command["dur"].as_f64()), (Some("search pump"), Some(2000.0)));
    let (starts, ends) = (of("s"), of("f"));
    assert!(starts.len() == 1 && starts[0]["id"] == ends[0]["id"]);
    assert_eq!((starts[0]["tid"].as_u64(), ends[0]["tid"].as_u64()), (Some(1), Some(2)));
    assert_eq!((of("C").len(), of("i").len()), (6, 5));
}

#[test]
fn what_no_run_writes_is_damage_with_its_line() {
    let text = String::from_utf8(recorded()).unwrap();
    let damage = |text: &str| Trace::read(text.as_bytes()).unwrap().damage.unwrap();
    let beyond = damage(&text.replacen("[0,0,", "[0,4294967295,", 1));
    assert!(beyond.line == 2 && beyond.what.contains("chip 4294967295"), "{beyond}");
    assert_eq!(damage(&text.replacen("[0,0,", "[0,2,", 1)).line, 2);
    for junk in ["[]\n", "x", "\n"] {
        let after = damage(&(text.clone() + junk));
        assert!(after.line == 15 && after.what.contains("after the end"), "{after}");
    }
    let year = text.replacen("\"until_us\":60000000", "\"until_us\":31536000000001", 1);
    assert!(matches!(Trace::read(year.as_bytes()), Err(TraceError::NoTrace(why)) if why.contains("year")));
    assert_eq!(Trace::read(text.as_bytes()).unwrap().ended, Some(Micros::seconds(4)));
    let last = text.lines().last().unwrap();
    assert!(last.contains("\"checksum\":\"") && !What::Starts(2).words().unwrap().1.contains("2."), "{last}");
}
