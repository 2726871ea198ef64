//! A running fleet as it is looked at.

use super::engine::{Fleet, TimelineEvent};
use super::names::Names;
use super::telemetry::RoleEvent;
use super::view::{ChipDetail, ChipView, EventKind, EventView, FleetView, MessageView, RoleView};
use crate::chip::ChipState;
use crate::chip::record::{Record, What};
use crate::cost;
use crate::figure::{Banded, Figure, Kind};
use ruvllm_esp_core::arena::AllocObserver;
use ruvllm_esp_core::chip::Chip;
use ruvllm_esp_core::meter::{Counts, Op};
use ruvllm_esp_core::units::{Bytes, Micros, Nanos};

impl Fleet {
    /// The fleet as it is.
    pub fn view(&mut self) -> FleetView {
        let chips = (0..self.chip_locations.len()).map(|index| self.chip_view(index)).collect();
        let snapshot = self.link_states();
        let links = self.scenario.links.iter().zip(snapshot).map(|(plan, state)| state.view(plan));
        FleetView {
            now: self.now(),
            chips,
            links: links.collect(),
            latency: self.ack_log.histogram(),
            verdict: None,
        }
    }

    fn chip_view(&mut self, index: usize) -> ChipView {
        let Some(plan) = self.scenario.chips.get(index).cloned() else { return ChipView::default() };
        let energy = self.energy_of(index);
        let figures = self.chip_figures(index);
        let now = self.now_nanos();
        let mut view = ChipView {
            id: plan.id,
            name: plan.name,
            variant: plan.chip.name.into(),
            role: plan.hostile.map_or(plan.role.alias(), |_| "hostile").into(),
            arena: figures.arena,
            arena_used: figures.used,
            items: figures.items,
            capacity: figures.capacity,
            load: Some(figures.load),
            energy: Some(energy),
            ..ChipView::default()
        };
        let Some(chip) = self.chip_mut(index) else { return view };
        view.state = chip.state();
        view.alarms = Some(chip.alarms);
        let uptime = chip.uptime(now);
        view.uptime = (view.state == ChipState::Running).then_some(uptime);
        let overflowed = u32::try_from(chip.overflowed).unwrap_or(u32::MAX);
        let Some(agent) = chip.agent() else { return view };
        if plan.hostile.is_none() {
            view.role = agent.identity().role.alias().into();
        }
        let traffic = agent.traffic().unwrap_or_default();
        let dropped: u32 = traffic.drops.total();
        view.frames = Some((traffic.sent, traffic.received, dropped.saturating_add(overflowed)));
        agent.peers(uptime, |peer| view.peers.push((peer.id, peer.age)));
        view
    }

    /// A chip as it is; nothing where there is no such chip.
    pub fn detail(&mut self, index: usize) -> ChipDetail {
        let Some(plan) = self.scenario.chips.get(index).cloned() else { return ChipDetail::default() };
        let telemetry = self.telemetry.get(index).cloned().unwrap_or_default();
        let Some(chip) = self.chip_mut(index) else { return ChipDetail::default() };
        let mut detail = ChipDetail {
            work: work(plan.chip, &chip.work.total),
            console: chip.console.iter().map(|line| line.to_string()).collect(),
            messages: chip
                .messages
                .iter()
                .map(|passed| MessageView::of(micros(passed.at), passed.outgoing, &passed.bytes))
                .collect(),
            role: telemetry.view(Some(plan.role)),
            ..ChipDetail::default()
        };
        let mut count = |name: &str, value: u64| detail.counters.push((name.into(), value));
        count("boots", chip.boots.into());
        count("turns of its program", chip.turns);
        count("lines typed", telemetry.lines_typed());
        count("alarms", chip.alarms.into());
        count("frames overrun", chip.overflowed);
        let Some(agent) = chip.agent() else { return detail };
        if let Some(traffic) = agent.traffic() {
            count("frames sent", traffic.sent.into());
            count("frames received", traffic.received.into());
            count("frames dropped", traffic.drops.total().into());
        }
        detail.role = telemetry.view(Some(agent.identity().role));
        let mut parts = Parts::default();
        agent.account(&mut parts);
        detail.parts = parts.0;
        if let (RoleView::Questions(questions), Some(shape)) = (&mut detail.role, chip.index_shape()) {
            let (questions, kind) = (std::mem::take(questions), shape.kind.into());
            detail.role = RoleView::Index { kind, levels: shape.levels, recall: shape.recall, questions };
        }
        detail
    }

    /// What happened since the last call, in words; what was forgotten because too much happened is one event.
    pub fn take_events(&mut self) -> Vec<EventView> {
        let (timeline, forgotten) = self.take_timeline();
        self.describe(timeline, forgotten)
    }

    /// The same for a timeline that was taken, and from which so many events are missing.
    pub fn describe(&mut self, timeline: Vec<TimelineEvent>, forgotten: u64) -> Vec<EventView> {
        if self.telemetry.len() < self.chip_locations.len() {
            self.telemetry.resize_with(self.chip_locations.len(), Default::default);
            self.names = Names::new(&self.scenario);
        }
        let mut events = Vec::new();
        if forgotten > 0 {
            let text = format!("{forgotten} events were forgotten: too much happened at once");
            events.push(EventView { at: self.now(), chip: None, kind: EventKind::Fault, text });
        }
        for one in timeline {
            match one {
                TimelineEvent::Fault(at, fault) => {
                    let (chip, kind, text) = self.names.fault(&fault);
                    events.push(EventView { at: micros(at), chip, kind, text });
                }
                TimelineEvent::Chip(record) => events.extend(self.event(&record)),
            }
        }
        events
    }

    /// What a timeline shows of it; and what it tells of its chip's role is kept.
    fn event(&mut self, record: &Record) -> Option<EventView> {
        let (at, chip) = (micros(record.at), record.chip);
        match &record.what {
            What::Typed(line) => self.telemetry.get_mut(chip)?.typed(line),
            What::Event(event, text) => {
                if let Some(event) = RoleEvent::of(event, text.as_deref()) {
                    self.telemetry.get_mut(chip)?.record(at, &event);
                }
            }
            _ => {}
        }
        let (kind, text) = self.names.describe(record)?;
        Some(EventView { at, chip: Some(chip), kind, text })
    }
}

#[derive(Default)]
struct Parts(Vec<(String, u32)>);

impl AllocObserver for Parts {
    fn part(&mut self, part: &'static str, bytes: Bytes) {
        self.0.push((part.into(), bytes.get()));
    }
}

fn micros(time: Nanos) -> Micros {
    Micros(time.get() / 1_000)
}

/// Each operation that was done: how often, and the time of all of them.
fn work(chip: &Chip, total: &Counts) -> Vec<(String, u64, Figure<Nanos>)> {
    let Some(table) = cost::table(chip) else { return Vec::new() };
    let hertz = u128::from(table.clock.get()).max(1);
    let row = |(op, count): (Op, u64)| {
        let cycle_cost = table.cycle_cost(op).ok()?;
        let time = |cycles: u32| {
            let nanos = u128::from(count) * u128::from(cycles) * 1_000_000 / hertz;
            Nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
        };
        let banded =
            Banded { value: time(cycle_cost.cycles), low: time(cycle_cost.low), high: time(cycle_cost.high) };
        Some((op.name().to_string(), count, banded.tagged(Kind::Modelled)))
    };
    total.iter().filter(|(_, count)| *count > 0).filter_map(row).collect()
}
