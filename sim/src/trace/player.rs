//! Views of the fleet at any time of a trace.
//!
//! What events tell is exact: consoles, messages, who runs, who was seen. What they do not tell, such as how full an
//! arena is, comes from the last snapshot before. Going back plays the trace again from its beginning.

use super::event::{Event, What};
use super::read::Trace;
use crate::figure::{Banded, Kind};
use crate::fleet::names;
use crate::fleet::snapshot::{ChipState as Figures, LinkState};
use crate::fleet::telemetry::RoleTelemetry;
use crate::fleet::view::{ChipDetail, ChipState, ChipView, EventKind, EventView, FleetView, MessageView};
use crate::scenario::{Problems, Scenario};
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::units::{Micros, Nanojoules};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Lines of a console that are kept.
const CONSOLE: usize = 200;
/// Messages that are kept.
const MESSAGES: usize = 256;

/// Plays a trace.
#[derive(Debug)]
pub struct Player {
    trace: Trace,
    scenario: Scenario,
    /// How many events were played.
    played: usize,
    now: Micros,
    chips: Vec<Chip>,
    links: Vec<LinkState>,
    latency: Vec<(u64, u32)>,
    /// The bytes of frames by number, for those who receive them.
    frames: BTreeMap<u64, Arc<[u8]>>,
    news: Vec<EventView>,
}

/// A chip as far as it was played.
#[derive(Clone, Debug, Default)]
struct Chip {
    state: ChipState,
    booted: Micros,
    boots: u32,
    figures: Figures,
    frames: (u32, u32, u32),
    alarms: u32,
    console: VecDeque<String>,
    messages: VecDeque<MessageView>,
    telemetry: RoleTelemetry,
    received: BTreeMap<u16, Micros>,
}

impl Player {
    /// A player at the beginning of `trace`.
    ///
    /// # Errors
    /// [`Problems`] where the scenario in it is none.
    pub fn new(trace: Trace) -> Result<Self, Problems> {
        let scenario = trace.header.scenario()?;
        let off = Chip { state: ChipState::Off, ..Chip::default() };
        let chips = vec![off; scenario.chips.len()];
        let links = vec![LinkState::default(); scenario.links.len()];
        let (latency, frames, news) = (Vec::new(), BTreeMap::new(), Vec::new());
        Ok(Self { trace, scenario, played: 0, now: Micros(0), chips, links, latency, frames, news })
    }

    /// The trace.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The scenario of the run.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The time.
    pub fn now(&self) -> Micros {
        self.now
    }

    /// The time of its end, or of the last event where its end is missing.
    pub fn end(&self) -> Micros {
        self.trace.end()
    }

    /// Goes to a time, forwards or back: everything up to it has happened.
    pub fn seek(&mut self, to: Micros) {
        if to < self.now {
            self.restart();
        }
        while let Some(event) = self.trace.events.get(self.played).filter(|event| event.0 / 1000 <= to.get())
        {
            let event = event.clone();
            self.played += 1;
            self.play(&event);
        }
        self.now = to;
    }

    /// Goes to the next event; says whether there is one.
    pub fn step(&mut self) -> bool {
        let Some(event) = self.trace.events.get(self.played).cloned() else { return false };
        self.played += 1;
        self.now = Micros(event.0 / 1000);
        self.play(&event);
        true
    }

    /// What happened since the last call.
    pub fn take_events(&mut self) -> Vec<EventView> {
        std::mem::take(&mut self.news)
    }

    /// The fleet as it was.
    pub fn view(&self) -> FleetView {
        let chips = self.scenario.chips.iter().zip(&self.chips);
        let links = self.scenario.links.iter().zip(&self.links);
        FleetView {
            now: self.now,
            chips: chips.map(|(plan, chip)| chip.view(plan, self.now)).collect(),
            links: links.map(|(plan, state)| state.view(plan)).collect(),
            verdict: None,
            latency: self.latency.iter().map(|(edge, count)| (Micros(*edge), *count)).collect(),
        }
    }

    /// A chip as it was; nothing where there is no such chip.
    pub fn detail(&self, index: usize) -> ChipDetail {
        let plan = self.scenario.chips.get(index);
        self.chips
            .get(index)
            .zip(plan)
            .map_or_else(ChipDetail::default, |(chip, plan)| chip.detail(plan.role))
    }

    fn restart(&mut self) {
        self.played = 0;
        self.chips.fill(Chip { state: ChipState::Off, ..Chip::default() });
        self.links.fill(LinkState::default());
        self.latency.clear();
        self.frames.clear();
        self.news.clear();
    }

    fn play(&mut self, event: &Event) {
        let Event(at, index, what) = event;
        let at = Micros(at / 1000);
        let index = index.map(|index| index as usize);
        if let What::Snapshot(snapshot) = what {
            self.chips.iter_mut().zip(&snapshot.chips).for_each(|(chip, figures)| chip.figures = *figures);
            self.links.iter_mut().zip(&snapshot.links).for_each(|(link, state)| *link = *state);
            self.latency.clone_from(&snapshot.latency);
        }
        if let What::Sent(_, number, bytes) = what {
            self.frames.insert(*number, bytes.0.clone());
            // Nobody names a frame that was sent so long ago.
            while self.frames.len() > 1 << 16 {
                self.frames.pop_first();
            }
        }
        if let Some(chip) = index.and_then(|index| self.chips.get_mut(index)) {
            chip.play(at, what, &self.frames);
        }
        if let Some((kind, text)) = what.words() {
            self.news.push(EventView { at, chip: index, kind, text });
        }
    }
}

impl What {
    /// What a timeline shows of it; nothing of frames and snapshots.
    pub fn words(&self) -> Option<(EventKind, String)> {
        Some(match self {
            Self::Starts(count) => (EventKind::Boot, names::starts(*count)),
            Self::Boots => (EventKind::Boot, names::BOOTS.into()),
            Self::Stops => (EventKind::Fault, names::STOPS.into()),
            Self::Typed(line) => (EventKind::Console, names::typed(line)),
            Self::Said(line) => (EventKind::Console, line.clone()),
            Self::Note(kind, text) => (*kind, text.clone()),
            Self::Overflowed => (EventKind::Fault, names::OVERFLOWS.into()),
            _ => return None,
        })
    }
}

impl Chip {
    fn play(&mut self, at: Micros, what: &What, frames: &BTreeMap<u64, Arc<[u8]>>) {
        match what {
            What::Starts(count) => {
                // What was seen of it stays seen; what it counted started again.
                (self.state, self.boots, self.booted) = (ChipState::Booting, *count, at);
                (self.frames, self.alarms) = ((0, 0, 0), 0);
                self.received.clear();
            }
            What::Boots => self.state = ChipState::Running,
            What::Stops => self.state = ChipState::Off,
            What::Typed(line) => {
                self.telemetry.typed(line);
                keep(&mut self.console, format!("> {line}"), CONSOLE);
            }
            What::Said(line) => keep(&mut self.console, line.clone(), CONSOLE),
            What::Role(event) => self.telemetry.record(at, event),
            What::Note(EventKind::Alarm, _) => self.alarms = self.alarms.saturating_add(1),
            What::Sent(_, _, bytes) => {
                self.frames.0 = self.frames.0.saturating_add(1);
                self.message(at, true, &bytes.0);
            }
            What::Received(_, number) => {
                self.frames.1 = self.frames.1.saturating_add(1);
                if let Some(bytes) = frames.get(number) {
                    self.message(at, false, bytes);
                }
            }
            What::Corrupted(_, bytes) => {
                self.frames.2 = self.frames.2.saturating_add(1);
                self.message(at, false, &bytes.0);
            }
            What::Overflowed => self.frames.2 = self.frames.2.saturating_add(1),
            _ => {}
        }
    }

    fn message(&mut self, at: Micros, outgoing: bool, bytes: &[u8]) {
        let message = MessageView::of(at, outgoing, bytes);
        if let Some(source) = message.other.filter(|_| !outgoing) {
            self.received.insert(source, at);
        }
        keep(&mut self.messages, message, MESSAGES);
    }

    fn view(&self, plan: &crate::scenario::ChipPlan, now: Micros) -> ChipView {
        let Figures { arena, used, items, capacity, load, energy: (value, low, high) } = self.figures;
        let energy = Banded { value: Nanojoules(value), low: Nanojoules(low), high: Nanojoules(high) };
        ChipView {
            id: plan.id,
            name: plan.name.clone(),
            variant: plan.chip.name.into(),
            role: plan.role.alias().into(),
            state: self.state,
            arena,
            arena_used: used,
            items,
            capacity,
            load: Some(load),
            alarms: Some(self.alarms),
            uptime: (self.state != ChipState::Off).then(|| now.saturating_sub(self.booted)),
            frames: Some(self.frames),
            energy: Some(energy.tagged(Kind::Modelled)),
            peers: self.received.iter().map(|(id, at)| (*id, now.saturating_sub(*at))).collect(),
        }
    }

    fn detail(&self, role: RoleKind) -> ChipDetail {
        let counters = [
            ("boots", u64::from(self.boots)),
            ("lines typed", self.telemetry.lines_typed()),
            ("frames sent", u64::from(self.frames.0)),
            // What the chip made of them is not recorded: a live fleet counts those it took and those it dropped.
            ("frames that came in", u64::from(self.frames.1)),
            ("frames corrupted or overrun", u64::from(self.frames.2)),
        ];
        ChipDetail {
            parts: vec![("used".into(), self.figures.used)],
            counters: counters.map(|(name, count)| (name.to_string(), count)).to_vec(),
            work: Vec::new(),
            messages: self.messages.iter().cloned().collect(),
            console: self.console.iter().cloned().collect(),
            role: self.telemetry.view(Some(role)),
        }
    }
}

fn keep<T>(list: &mut VecDeque<T>, entry: T, most: usize) {
    if list.len() >= most {
        list.pop_front();
    }
    list.push_back(entry);
}
