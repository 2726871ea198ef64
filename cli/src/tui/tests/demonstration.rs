//! Fixed views, for tests alone: no command can show them.

use crate::tui::app::App;
use crate::tui::source::worker::Update;
use crate::tui::source::{Abilities, Origin};
use crate::tui::theme::Theme;
use ruvllm_esp_core::units::{Micros, Nanojoules, Nanos};
use ruvllm_esp_sim::figure::{Banded, Kind};
use ruvllm_esp_sim::fleet::view::{
    ChipDetail, ChipState, ChipView, EventKind, EventView, FleetView, LinkView, MessageView, QuestionView,
    RoleView, VerdictView,
};

/// Everything can be done.
pub const ALL: Abilities =
    Abilities { origin: Origin::Simulation, pace: true, rewind: true, console: true, faults: true };

/// A number that looks random and is always the same.
fn noise(seed: u64) -> u32 {
    let mut value = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def1;
    value ^= value >> 29;
    value = value.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (value >> 33) as u32
}

fn chip(id: u16, name: &str, variant: &str, role: &str, tick: u64) -> ChipView {
    let arena = 143_600 + u32::from(id % 5) * 40_000;
    let seed = u64::from(id) * 1_000 + tick;
    let busy = (tick as u32 * 3 + noise(seed) % 40 + u32::from(id) * 7) % 100;
    ChipView {
        id,
        name: name.into(),
        variant: variant.into(),
        role: role.into(),
        state: ChipState::Running,
        arena,
        arena_used: arena / 100 * (40 + u32::from(id) * 13 % 60),
        items: 100 + u32::from(id) * 17 % 300,
        capacity: 558,
        load: Some(busy as u8),
        alarms: Some(if role == "anomaly" { u32::from(id) % 4 } else { 0 }),
        uptime: Some(Micros(tick * 100_000)),
        frames: Some((
            (tick * 2 + tick / 7 * 9) as u32,
            (tick * 3 + tick / 5 * 11) as u32,
            (tick / 20) as u32,
        )),
        energy: Some(
            Banded {
                value: Nanojoules(117_000_000),
                low: Nanojoules(44_000_000),
                high: Nanojoules(220_000_000),
            }
            .tagged(Kind::Modelled),
        ),
        peers: vec![],
    }
}

/// A house at a tenth of a second.
pub fn house(tick: u64) -> FleetView {
    let mut chips = vec![
        chip(1, "kitchen", "esp32c3", "hnsw", tick),
        chip(2, "hall", "esp32s3", "rag", tick),
        chip(3, "pump", "esp32s2", "anomaly", tick),
        chip(4, "study", "esp32c6", "memory", tick),
        chip(5, "attic", "esp32", "anomaly", tick),
    ];
    chips[4].state = ChipState::Off;
    let parts: u32 = detail(0).parts.iter().map(|(_, bytes)| bytes).sum();
    chips.iter_mut().for_each(|chip| chip.arena_used = parts);
    let link = |name: &str, kind: &str, members: Vec<usize>, cut, frames: (u64, u64), load| LinkView {
        name: name.into(),
        kind: kind.into(),
        members,
        cut,
        frames,
        bytes: frames.0 * 61,
        load,
        received: frames.0,
        lost: frames.1,
    };
    let links = vec![
        link("radio", "esp-now", vec![0, 1, 2, 3, 4], false, (tick * 12, tick / 4), (tick * 7 % 60) as u8),
        link("pump-wire", "uart", vec![2, 4], true, (tick, tick / 3), 0),
    ];
    let latency = (0..12)
        .map(|bucket| (Micros(1_000 << bucket), [0, 0, 1, 4, 19, 33, 21, 9, 4, 2, 0, 0][bucket]))
        .collect();
    let verdict = Some(VerdictView {
        passed: 3,
        failed: vec![("every chip answers".into(), "attic: silent since 12 s".into())],
        waiting: vec![("the pump raises the alarm".into(), Micros(90_000_000))],
    });
    FleetView { now: Micros(tick * 100_000), chips, links, latency, verdict }
}

/// A field of many chips on four media.
pub fn field(chips: u16, tick: u64) -> FleetView {
    let variants = ["esp32", "esp32s2", "esp32s3", "esp32c3", "esp32c6"];
    let roles = ["anomaly", "hnsw", "anomaly", "memory", "rag", "anomaly"];
    let mut view = FleetView { now: Micros(tick * 100_000), ..FleetView::default() };
    for id in 0..chips {
        let mut chip = chip(
            id,
            &format!("node-{id:03}"),
            variants[usize::from(id) % 5],
            roles[usize::from(id) % 6],
            tick,
        );
        chip.state = match id % 29 {
            11 => ChipState::Off,
            23 => ChipState::Booting,
            _ => ChipState::Running,
        };
        view.chips.push(chip);
    }
    for medium in 0..4usize {
        view.links.push(LinkView {
            name: format!("field-{medium}"),
            kind: "esp-now".into(),
            members: (0..usize::from(chips))
                .filter(|chip| chip % 4 == medium || (chip % 50 == 0 && (chip / 50) % 4 == medium))
                .collect(),
            cut: false,
            frames: (tick * 120, tick * 3),
            bytes: tick * 9_000,
            load: (20 + medium * 13) as u8,
            received: tick * 120,
            lost: tick * 3,
        });
    }
    view.latency = house(tick).latency;
    view
}

/// The events until a tenth of a second, at the tenth from which they are new.
pub fn events(from: u64, to: u64) -> Vec<EventView> {
    let event = |at: u64, chip: Option<usize>, kind, text: &str| EventView {
        at: Micros(at * 100_000 + 12_345),
        chip,
        kind,
        text: text.into(),
    };
    let mut events: Vec<EventView> =
        (0..5).map(|chip| event(0, Some(chip), EventKind::Boot, "[ready] arena 143.6 KiB")).collect();
    for tenth in (1..600).filter(|tenth| tenth % 5 == 0) {
        events.push(match tenth % 60 {
            5 => event(tenth, Some(0), EventKind::Question, "asked of 3 chips: where is the pump"),
            10 => event(tenth, Some(0), EventKind::Question, "answered by 3 of 3 chips in 24.1 ms"),
            15 => event(tenth, Some(3), EventKind::Item, "stored item 17, 2 copies"),
            25 => event(tenth, Some(2), EventKind::Alarm, "channel 2, shape: score 0.307 over 0.295"),
            35 => event(tenth, Some(1), EventKind::Peer, "misses attic"),
            50 => event(tenth, Some(4), EventKind::Fault, "power cut for 10 s"),
            _ => event(tenth, Some(1), EventKind::Console, "> recall where is the key"),
        });
    }
    let (from, to) = (Micros(from * 100_000), Micros(to * 100_000));
    events.retain(|event| (from..to).contains(&event.at));
    events
}

/// What a chip of the house shows when looked at closely.
pub fn detail(index: usize) -> ChipDetail {
    let work = |name: &str, times: u64, nanos: u64| {
        let figure = Banded { value: Nanos(nanos), low: Nanos(nanos / 3), high: Nanos(nanos * 2) };
        (name.to_string(), times, figure.tagged(Kind::Modelled))
    };
    let question = |second: u64, text: &str, answer: &str| QuestionView {
        at: Micros(second * 1_000_000),
        text: text.into(),
        answer: answer.into(),
    };
    let questions = vec![
        question(3, "where is the pump", "top: the pump is in hall 3"),
        question(9, "who has the key of the attic", "top: Ada keeps the key of the attic"),
        question(21, "what is the capital of France", "top: (no match)"),
    ];
    let scores: Vec<i32> = (0..160)
        .map(|at| {
            60 + (noise(at) % 70) as i32
                + if (95..118).contains(&at) { 210 + (at as i32 - 95) * 6 } else { 0 }
        })
        .collect();
    let alarms = (0..160).filter(|at| scores[*at] >= 295).collect();
    let message = |at: u64, outgoing, other, text: &str, bytes| MessageView {
        at: Micros(at * 1_000),
        outgoing,
        other,
        text: text.into(),
        bytes,
    };
    ChipDetail {
        parts: [
            ("network", 9_216),
            ("peers", 2_048),
            ("vectors", 71_424),
            ("texts", 28_480),
            ("neighbours", 11_160),
            ("window", 4_096),
        ]
        .map(|(name, bytes)| (name.to_string(), bytes))
        .to_vec(),
        counters: [
            ("commands", 412),
            ("failed", 3),
            ("frames sent", 1_204),
            ("frames received", 9_871),
            ("frames dropped", 17),
            ("retries", 4),
        ]
        .map(|(name, value)| (name.to_string(), value))
        .to_vec(),
        work: vec![
            work("multiply-add", 1_204_551, 31_240_000),
            work("compare", 420_113, 8_112_000),
            work("receive byte", 33_310, 412_000),
            work("send byte", 29_004, 398_000),
        ],
        messages: (0..14)
            .map(|at| match at % 3 {
                0 => message(51_000 + at * 431, true, None, "heartbeat load=12% free=31 KiB", 41),
                1 => message(51_000 + at * 431, false, Some(4), "search k=4 request=17", 83),
                _ => message(51_000 + at * 431, true, Some(4), "search-reply request=17 hits=4", 122),
            })
            .collect(),
        console: [
            "> stats",
            "role=AnomalySentinel variant=esp32s2 sram_kb=313 ops=412",
            "anomaly_samples=396",
            "> sample 2.72 51.5 8.39",
            "ANOMALY channel=2 kind=shape score=0.307 threshold=0.295 nearest=0.132",
            "> fly",
            "err: unknown-command `fly`; try `help`",
        ]
        .map(str::to_string)
        .to_vec(),
        role: match index {
            0 => RoleView::Index {
                kind: "hnsw".into(),
                levels: vec![1_630, 104, 7],
                recall: Some(981),
                questions,
            },
            2 | 4 => RoleView::Signal { readings: readings(&scores), scores, threshold: 295, alarms },
            _ => RoleView::Questions(questions),
        },
    }
}

/// Three channels; the second jumps where the scores are high, and the third misses some readings.
fn readings(scores: &[i32]) -> Vec<Vec<Option<f64>>> {
    let wave = |at: usize, swing: f64| 2.5 + swing * (at as f64 / 4.0).sin();
    let of = |channel: usize, at: usize, score: i32| match channel {
        1 if score >= 295 => Some(9.0),
        1 => Some(wave(at, 1.0) * 2.0),
        2 if at % 7 == 3 => None,
        channel => Some(wave(at, 0.5) + channel as f64),
    };
    (0..3)
        .map(|channel| scores.iter().enumerate().map(|(at, score)| of(channel, at, *score)).collect())
        .collect()
}

/// A display that has seen `tenths` tenths of a second of a fleet.
pub fn seen(size: (u16, u16), tenths: u64, fleet: impl Fn(u64) -> FleetView) -> App {
    let mut app = App::of("house".into(), ALL, Theme { colour: true }, size);
    for tenth in 1..=tenths {
        app.receive(update(fleet(tenth), events(tenth - 1, tenth)));
    }
    app
}

/// An update that says this.
pub fn update(view: FleetView, events: Vec<EventView>) -> Update {
    let achieved = 1_000;
    Update {
        view,
        detail: None,
        events,
        rewound: false,
        jumping: None,
        achieved,
        refusal: None,
        ended: false,
    }
}
