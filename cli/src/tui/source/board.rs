//! What is known of a chip from its console alone.
//!
//! The chip is asked `stats`, `mem`, `peers` and `variant` in turn, one question at a time, and its replies are read.
//! Whatever else it says is shown as its console. What it does not tell stays unknown.

use crate::board_text::{self, fields};
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::fleet::telemetry::{RoleEvent, RoleTelemetry};
use ruvllm_esp_sim::fleet::view::{ChipDetail, ChipState, ChipView, EventKind};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What is asked, in turn.
const QUESTIONS: [&str; 4] = ["variant", "stats", "mem", "peers"];

/// The time between two questions.
const INTERVAL: Duration = Duration::from_millis(500);

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_millis(1500);

/// After this long without an answer a chip counts as silent.
const SILENCE: Duration = Duration::from_secs(5);

/// A reply is whole when nothing came for so long.
const PAUSE: Duration = Duration::from_millis(150);

/// Lines of the console that are kept.
const CONSOLE: usize = 200;

/// Turns echo off at the start of a line.
const ECHO_OFF: &str = "\x04";

/// What a chip is answering.
#[derive(Clone, Debug)]
struct Pending {
    /// The question; `None` where somebody typed.
    asked: Option<&'static str>,
    since: Instant,
    last: Option<Instant>,
}

/// Something that happened.
pub type Event = (EventKind, String);

/// A chip on a serial line.
#[derive(Clone, Debug)]
pub struct Board {
    /// What is known of it.
    pub chip: ChipView,
    /// What is known of it, looked at closely.
    pub detail: ChipDetail,
    partial: String,
    pending: Option<Pending>,
    typed: VecDeque<String>,
    turn: usize,
    asked: Option<Instant>,
    received: Option<Instant>,
    begun: Instant,
    events: Vec<Event>,
    reported: RoleTelemetry,
}

impl Board {
    /// A chip that has not answered yet, named by its port.
    pub fn new(name: &str, begun: Instant) -> Self {
        let chip = ChipView { name: name.into(), state: ChipState::Silent, ..ChipView::default() };
        Self {
            chip,
            detail: ChipDetail::default(),
            partial: String::new(),
            pending: None,
            typed: VecDeque::new(),
            turn: 0,
            asked: None,
            received: None,
            begun,
            events: Vec::new(),
            reported: RoleTelemetry::default(),
        }
    }

    /// A line for its console, sent as soon as it has answered what it was asked.
    pub fn type_line(&mut self, line: &str) {
        self.typed.push_back(line.to_string());
    }

    /// What is to be sent now, if anything.
    pub fn next_line(&mut self, now: Instant) -> Option<String> {
        self.settle(now);
        if self.pending.is_some() {
            return None;
        }
        if let Some(line) = self.typed.pop_front() {
            self.pending = Some(Pending { asked: None, since: now, last: None });
            self.keep(format!("> {line}"));
            self.reported.typed(&line);
            return Some(format!("{ECHO_OFF}{line}\n"));
        }
        if self.asked.is_some_and(|asked| now.duration_since(asked) < INTERVAL) {
            return None;
        }
        let question = QUESTIONS.get(self.turn).copied().unwrap_or("stats");
        self.turn = (self.turn + 1) % QUESTIONS.len();
        self.asked = Some(now);
        self.pending = Some(Pending { asked: Some(question), since: now, last: None });
        Some(format!("{ECHO_OFF}{question}\n"))
    }

    /// Bytes that came.
    pub fn receive(&mut self, bytes: &[u8], now: Instant) {
        self.partial += &String::from_utf8_lossy(bytes);
        if let Some(pending) = &mut self.pending {
            pending.last = Some(now);
        }
        while let Some(end) = self.partial.find('\n') {
            let rest = self.partial.split_off(end + 1);
            let line = std::mem::replace(&mut self.partial, rest);
            let line =
                line.trim_end_matches(['\r', '\n']).trim_start_matches(|letter: char| letter.is_control());
            if !line.trim().is_empty() {
                self.line(line, now);
            }
        }
        // A line without an end is noise: a chip at another speed.
        if self.partial.len() > 4096 {
            self.partial.clear();
        }
    }

    /// Its port is gone: what it is doing is not known from now on, and what waited for it is not sent.
    pub fn gone(&mut self) {
        self.chip.state = ChipState::Silent;
        self.partial.clear();
        self.typed.clear();
        self.pending = None;
    }

    /// Nothing came for long.
    pub fn settle(&mut self, now: Instant) {
        let over = self.pending.as_ref().is_some_and(|pending| {
            now.duration_since(pending.since) > PATIENCE
                || pending.last.is_some_and(|last| now.duration_since(last) > PAUSE)
        });
        if over {
            self.pending = None;
        }
        let silent = self.received.unwrap_or(self.begun);
        if now.duration_since(silent) > SILENCE && self.chip.state == ChipState::Running {
            self.chip.state = ChipState::Silent;
            self.events.push((EventKind::Fault, "answers no more".into()));
        }
    }

    /// What happened since the last call.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    fn line(&mut self, line: &str, now: Instant) {
        self.received = Some(now);
        if self.chip.state != ChipState::Running {
            self.chip.state = ChipState::Running;
            self.events.push((EventKind::Repair, "answers".into()));
        }
        let asked = self.pending.as_ref().and_then(|pending| pending.asked);
        let reply = match asked {
            Some("variant") => {
                line.strip_prefix("variant: ").map(|name| self.chip.variant = name.into()).is_some()
            }
            Some("stats") => self.stats(line),
            Some("mem") => self.memory(line),
            Some("peers") => self.peers(line),
            _ => false,
        };
        if !reply {
            self.said(line, now);
        }
    }

    /// `role=R variant=V sram_kb=K ops=N hnsw=n`
    fn stats(&mut self, line: &str) -> bool {
        if !line.starts_with("role=") {
            return false;
        }
        self.detail.counters.clear();
        for (name, value) in fields(line) {
            match name {
                "role" => self.set_role(value),
                "variant" => self.chip.variant = value.into(),
                _ => {
                    let Ok(number) = value.parse() else { continue };
                    if board_text::counts_items(name) {
                        self.chip.items = u32::try_from(number).unwrap_or(u32::MAX);
                    }
                    self.detail.counters.push((name.into(), number));
                }
            }
        }
        self.show_role();
        true
    }

    fn set_role(&mut self, name: &str) {
        self.chip.role = RoleKind::by_name(name).map_or(name, |role| role.alias()).to_string();
    }

    /// `arena: total=B used=B free=B capacity=N item=WHAT`, then a line for each structure.
    fn memory(&mut self, line: &str) -> bool {
        if let Some(totals) = line.strip_prefix("arena: ") {
            self.detail.parts.clear();
            for (name, value) in fields(totals) {
                let number = value.parse().unwrap_or(0);
                match name {
                    "total" => self.chip.arena = number,
                    "used" => self.chip.arena_used = number,
                    "capacity" => self.chip.capacity = number,
                    _ => {}
                }
            }
            return true;
        }
        let part = line.strip_prefix("  ").and_then(|part| part.rsplit_once(": "));
        let Some((name, bytes)) = part.and_then(|(name, bytes)| Some((name, bytes.parse().ok()?))) else {
            return false;
        };
        self.detail.parts.push((name.into(), bytes));
        true
    }

    /// `peers: ...`, then a line for each chip that was seen.
    fn peers(&mut self, line: &str) -> bool {
        if line.starts_with("peers: ") {
            self.chip.peers.clear();
            return true;
        }
        let Some(peer) = line.strip_prefix("  id=") else { return false };
        let id = peer.split(' ').next().and_then(|id| id.parse().ok());
        let age = fields(peer).find(|(name, _)| *name == "age").and_then(|(_, age)| age.parse::<f64>().ok());
        if let (Some(id), Some(age)) = (id, age) {
            self.chip.peers.push((id, Micros((age * 1e6) as u64)));
        }
        true
    }

    /// A line that answers none of our questions.
    fn said(&mut self, line: &str, now: Instant) {
        if board_text::is_banner(line) {
            for (name, value) in fields(line) {
                match name {
                    "variant" => self.chip.variant = value.into(),
                    "role" => self.set_role(value),
                    "chip_id" => self.chip.id = value.parse().unwrap_or(self.chip.id),
                    _ => {}
                }
            }
            self.events.push((EventKind::Boot, line.into()));
        }
        let at = Micros(u64::try_from(now.duration_since(self.begun).as_micros()).unwrap_or(u64::MAX));
        if let Some(event) = board_text::judged(line).or_else(|| board_text::answer(line)) {
            if matches!(event, RoleEvent::Judged(.., true)) {
                self.events.push((EventKind::Alarm, line.into()));
            }
            self.reported.record(at, &event);
        }
        self.keep(line.to_string());
        self.show_role();
    }

    fn show_role(&mut self) {
        self.detail.role = self.reported.view(RoleKind::by_name(&self.chip.role));
    }

    fn keep(&mut self, line: String) {
        self.detail.console.push(line);
        let surplus = self.detail.console.len().saturating_sub(CONSOLE);
        self.detail.console.drain(..surplus);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruvllm_esp_core::agent::Identity;
    use ruvllm_esp_core::chip::{self, Radio};
    use ruvllm_esp_sim::fleet::view::RoleView;
    use ruvllm_esp_sim::single::{Setup, SingleChip};

    /// A board that is answered by the firmware's own core, bytes and all.
    fn talk(role: RoleKind, typed: &[&str], seconds: u64) -> Board {
        let identity = Identity { chip: chip::by_name("esp32c3").unwrap(), role, chip_id: 7, seed: 1 };
        let mut single = SingleChip::boot(&Setup { identity, radio: Radio::Off, arena: None }).unwrap();
        let begun = Instant::now();
        let mut board = Board::new("/dev/ttyACM0", begun);
        typed.iter().for_each(|line| board.type_line(line));
        board.receive(single.banner().replace('\n', "\r\n").as_bytes(), begun);
        for step in 0..seconds * 20 {
            let now = begun + Duration::from_millis(50 * step);
            if let Some(line) = board.next_line(now) {
                let line = line.trim_matches(|letter: char| letter.is_control());
                board.receive(single.line(Ok(line)).unwrap().text.as_bytes(), now);
            }
        }
        board
    }

    #[test]
    fn a_chip_is_known_by_its_answers_and_they_are_not_its_console() {
        let board = talk(RoleKind::HnswIndexer, &["add the pump is in hall 3", "search 1 pump"], 6);
        let chip = &board.chip;
        assert_eq!((chip.variant.as_str(), chip.role.as_str(), chip.id), ("esp32c3", "hnsw", 7));
        assert_eq!((chip.items, chip.state, chip.load, chip.frames), (1, ChipState::Running, None, None));
        let parts: u32 = board.detail.parts.iter().map(|(_, bytes)| bytes).sum();
        assert!(
            chip.arena > 100_000 && chip.capacity > 1_000 && chip.arena_used.abs_diff(parts) < 64,
            "{chip:?}"
        );
        let console = board.detail.console.join("\n");
        assert!(console.contains("> add the pump") && console.contains("added id=0"), "{console}");
        assert!(!console.contains("arena:") && !console.contains("role=HnswIndexer variant="), "{console}");
        let RoleView::Questions(questions) = &board.detail.role else { panic!("{:?}", board.detail.role) };
        let answer = questions.last().map_or("", |question| question.answer.as_str());
        assert!(answer.starts_with("id=0 score=") && answer.ends_with(" the pump is in hall 3"), "{answer}");
    }

    #[test]
    fn verdicts_become_a_signal() {
        let samples: Vec<String> =
            (0..300).map(|at| format!("sample {}", if at == 290 { 9_000 } else { 20 + at % 7 })).collect();
        let board =
            talk(RoleKind::AnomalySentinel, &samples.iter().map(String::as_str).collect::<Vec<_>>(), 90);
        let RoleView::Signal { scores, alarms, threshold, .. } = &board.detail.role else {
            panic!("{:?}", board.detail.role)
        };
        // The reading of 9,000 is the tenth from the end, and the episode is one alarm.
        let spike = scores.len() - 10;
        assert!(scores.len() > 20 && alarms[..] == [spike], "{scores:?} {alarms:?}");
        assert!(scores[spike] > *threshold && scores[spike - 1] < *threshold, "{scores:?} {alarms:?}");
    }

    #[test]
    fn a_chip_that_ceases_to_answer_is_silent() {
        let mut board = talk(RoleKind::HnswIndexer, &[], 2);
        board.take_events();
        let mut unplugged = board.clone();
        unplugged.type_line("stats");
        unplugged.gone();
        assert_eq!((unplugged.chip.state, unplugged.typed.len()), (ChipState::Silent, 0));
        board.settle(Instant::now() + Duration::from_secs(60));
        assert_eq!(board.chip.state, ChipState::Silent);
        assert_eq!(board.take_events(), [(EventKind::Fault, "answers no more".to_string())]);
        // Noise at the wrong speed breaks nothing.
        (0..99).for_each(|_| board.receive(&[0xff, 0x00, 0x0a, 0x80, 0x3d], Instant::now()));
    }
}
