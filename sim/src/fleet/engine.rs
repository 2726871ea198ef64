//! A fleet under virtual time.
//!
//! Chips that cannot reach each other run apart ([`LinkComponent`]), on as many threads as there are. What was done from
//! outside, faults and what is typed, lies on one list in the order of time; between two of its entries the components run by
//! themselves. What happened is collected in one order, the same however the run was divided ([`Record`]).

use super::ack_log::AckLog;
use super::build::{self, FleetError};
use super::component::LinkComponent;
use super::fault::Fault;
use super::names::Names;
use super::telemetry::RoleTelemetry;
use crate::chip::Line;
use crate::chip::adversary::{Attack, AttackKind};
use crate::chip::record::{Keep, Record, What};
use crate::scenario::inputs::{Input, Inputs};
use crate::scenario::{Permille, Scenario};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use ruvllm_esp_core::units::{Micros, Nanos};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// See the module.
#[derive(Debug)]
pub struct Fleet {
    pub(super) scenario: Arc<Scenario>,
    pub(super) components: Vec<LinkComponent>,
    /// Where each chip is: component, and index there.
    pub(super) chip_locations: Vec<(usize, usize)>,
    /// Where each link is; none of a link without chips.
    pub(super) link_locations: Vec<Option<(usize, usize)>>,
    pub(super) ack_log: AckLog,
    now: Nanos,
    pool: Option<ThreadPool>,
    /// What will be done from outside, at one time in the order in which it was planned.
    scheduled_faults: BTreeMap<(Nanos, u64), ScheduledFault>,
    planned: u64,
    inputs: Inputs,
    next_input: Option<Input>,
    /// Records that lie ahead of `now`.
    early: Vec<Record>,
    timeline: VecDeque<TimelineEvent>,
    forgotten: u64,
    keep: Keep,
    /// What consoles reported about roles, from the events that were taken.
    pub(super) telemetry: Vec<RoleTelemetry>,
    pub(super) names: Names,
}

/// Something that happened, at a chip or from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimelineEvent {
    /// At a chip.
    Chip(Record),
    /// From outside.
    Fault(Nanos, Fault),
}

/// Something that will be done from outside.
#[derive(Clone, Debug)]
enum ScheduledFault {
    /// What every chip begins with: power, and its clock's own speed. Nothing failed, so nothing tells of it.
    Begin(Fault),
    /// What fails or is repaired.
    Fault(Fault),
}

/// How much was simulated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkDone {
    /// Frames that took a medium.
    pub frames: u64,
    /// Times that a frame reached a chip.
    pub received: u64,
    /// Turns of the chips' programs.
    pub turns: u64,
}

/// What is typed is handed to the chips at most this long ahead.
const AHEAD: Nanos = Nanos(1_000_000_000);
/// So much is kept for [`Fleet::take_timeline`].
const MAX_KEPT: usize = 1_000_000;

impl Fleet {
    /// The fleet of `scenario` before its first moment, to be run on this many threads.
    ///
    /// # Errors
    /// [`FleetError`] where a chip does not fit its arena or the scenario names what it does not have.
    pub fn build(scenario: Arc<Scenario>, threads: usize) -> Result<Self, FleetError> {
        let components = build::components(&scenario)?;
        let pool = match threads {
            0 | 1 => None,
            _ => {
                let pool = ThreadPoolBuilder::new().num_threads(threads).build();
                Some(pool.map_err(|error| FleetError::NoThreads(error.to_string()))?)
            }
        };
        let mut chip_locations = vec![(0, 0); scenario.chips.len()];
        let mut link_locations = vec![None; scenario.links.len()];
        for (component, all) in components.iter().enumerate() {
            all.chips
                .iter()
                .enumerate()
                .for_each(|(local, chip)| chip_locations[chip.index] = (component, local));
            for (local, channel) in all.channels.iter().enumerate() {
                link_locations[channel.index] = Some((component, local));
            }
        }
        let mut inputs = scenario.inputs();
        let next_input = inputs.next();
        let mut fleet = Self {
            components,
            chip_locations,
            link_locations,
            ack_log: AckLog::default(),
            now: Nanos(0),
            pool,
            scheduled_faults: BTreeMap::new(),
            planned: 0,
            inputs,
            next_input,
            early: Vec::new(),
            timeline: VecDeque::new(),
            forgotten: 0,
            keep: Keep::default(),
            telemetry: Vec::new(),
            names: Names::default(),
            scenario,
        };
        fleet.plan_scenario();
        Ok(fleet)
    }

    /// Puts the chips of a radio field at positions in a plane, in metres, by their index in the scenario: who is far away
    /// receives less, or nothing.
    pub fn set_positions(&mut self, positions: &[crate::chip::link::Position]) {
        for channel in self.components.iter_mut().flat_map(|component| &mut component.channels) {
            let of = |port: &crate::scenario::Port| positions.get(port.chip).copied().unwrap_or_default();
            let positions: Vec<_> = channel.medium.members.iter().map(of).collect();
            channel.medium.set_positions(&positions);
        }
    }

    /// What is kept of what happens; without events there are neither latencies nor verdicts.
    pub fn keep(&mut self, keep: Keep) {
        self.keep = keep;
        self.components
            .iter_mut()
            .flat_map(|component| &mut component.chips)
            .for_each(|chip| chip.keep = keep);
    }

    /// The scenario.
    pub fn scenario(&self) -> &Arc<Scenario> {
        &self.scenario
    }

    /// The time: everything before it has happened.
    pub fn now(&self) -> Micros {
        Micros(self.now.get() / 1_000)
    }

    /// The same time, in nanoseconds.
    pub fn now_nanos(&self) -> Nanos {
        self.now
    }

    /// Lets everything happen before `until`.
    pub fn run_until(&mut self, until: Micros) {
        self.run_to(Nanos(until.get().saturating_mul(1_000)));
    }

    /// Lets the next thing happen, and what happens at the same time; says whether there was anything.
    pub fn step(&mut self) -> bool {
        let Some(next) = self.next() else { return false };
        self.run_to(next.max(self.now) + Nanos(1));
        true
    }

    /// When the next thing happens.
    pub fn next(&self) -> Option<Nanos> {
        let act = self.scheduled_faults.keys().next().map(|(at, _)| *at);
        [self.next_inside(), act].into_iter().flatten().min()
    }

    /// The same without what is done from outside.
    fn next_inside(&self) -> Option<Nanos> {
        let components = self.components.iter().filter_map(LinkComponent::next).min();
        let typed = self.next_input.as_ref().map(|input| nanos(input.at));
        [components, typed].into_iter().flatten().min()
    }

    /// What was done so far.
    pub fn work_done(&self) -> WorkDone {
        let channels = || self.components.iter().flat_map(|component| &component.channels);
        let chips = self.components.iter().flat_map(|component| &component.chips);
        WorkDone {
            frames: channels().map(|channel| channel.medium.stats.frames).sum(),
            received: channels().map(|channel| channel.medium.stats.received).sum(),
            turns: chips.map(|chip| chip.turns).sum(),
        }
    }

    /// The times that answers to questions took, ascending.
    pub fn latencies(&self) -> Vec<Nanos> {
        self.ack_log.latencies()
    }

    /// How many questions were asked, and how many of them answered.
    pub fn questions(&self) -> (usize, usize) {
        let answered = self.ack_log.questions.iter().filter(|question| question.took.is_some());
        (self.ack_log.questions.len(), answered.count())
    }

    /// Does something to a chip or link now.
    pub fn inject(&mut self, fault: Fault) {
        self.apply(fault);
        self.collect();
    }

    /// Types a line at a chip now.
    pub fn type_line(&mut self, index: usize, line: &str) {
        self.type_raw(index, Ok(line.into()));
    }

    /// The same, where the bytes that are typed may be no line.
    pub fn type_raw(&mut self, index: usize, line: Line) {
        self.typed(self.now, index, line);
        self.touched(index);
    }

    /// What happened since the last call, in order; and how much of it was forgotten because too much happened.
    pub fn take_timeline(&mut self) -> (Vec<TimelineEvent>, u64) {
        (self.timeline.drain(..).collect(), std::mem::take(&mut self.forgotten))
    }

    fn plan_scenario(&mut self) {
        let scenario = Arc::clone(&self.scenario);
        for (index, chip) in scenario.chips.iter().enumerate() {
            if chip.skew != 0 {
                self.plan(
                    nanos(chip.starts),
                    ScheduledFault::Begin(Fault::Skew { chip: index, millionths: None }),
                );
            }
            self.plan(nanos(chip.starts), ScheduledFault::Begin(Fault::Reboot { chip: index }));
        }
        for event in scenario.fault_events() {
            for fault in Fault::begins(&event.fault) {
                self.plan(nanos(event.at), ScheduledFault::Fault(fault));
            }
            if let Some(ends) = event.ends {
                for fault in Fault::ends(&event.fault) {
                    self.plan(nanos(ends), ScheduledFault::Fault(fault));
                }
            }
        }
    }

    fn plan(&mut self, at: Nanos, act: ScheduledFault) {
        self.scheduled_faults.insert((at, self.planned), act);
        self.planned += 1;
    }

    fn run_to(&mut self, until: Nanos) {
        while self.now < until {
            while let Some(entry) =
                self.scheduled_faults.first_entry().filter(|entry| entry.key().0 <= self.now)
            {
                match entry.remove() {
                    ScheduledFault::Begin(fault) => self.strike(&fault),
                    ScheduledFault::Fault(fault) => self.apply(fault),
                }
            }
            let act = self.scheduled_faults.keys().next().map_or(until, |(at, _)| *at);
            // Where nothing happens, time is skipped.
            let ahead = self.next_inside().map_or(until, |next| next.max(self.now + AHEAD));
            let stop = until.min(act).min(ahead);
            self.feed(stop);
            self.run_components(stop);
            self.now = stop;
            self.collect();
        }
    }

    fn run_components(&mut self, stop: Nanos) {
        match &self.pool {
            None => self.components.iter_mut().for_each(|component| component.run(stop, false)),
            Some(pool) => {
                let components = &mut self.components;
                pool.install(|| components.par_iter_mut().for_each(|component| component.run(stop, true)));
            }
        }
    }

    /// Hands the chips what is typed before `stop`.
    fn feed(&mut self, stop: Nanos) {
        while let Some(input) = self.next_input.take_if(|input| nanos(input.at) < stop) {
            self.typed(nanos(input.at), input.chip, Ok(input.line.as_str().into()));
            self.touched(input.chip);
            self.next_input = self.inputs.next();
        }
    }

    fn typed(&mut self, at: Nanos, index: usize, line: Line) {
        if let Some((component, local)) = self.chip_locations.get(index).copied() {
            self.components[component].chips[local].typed(at, line);
        }
    }

    fn touched(&mut self, index: usize) {
        if let Some((component, local)) = self.chip_locations.get(index).copied() {
            self.components[component].touched(local);
        }
    }

    /// Puts what happened before now in order.
    fn collect(&mut self) {
        let mut all = std::mem::take(&mut self.early);
        for chip in self.components.iter_mut().flat_map(|component| &mut component.chips) {
            all.append(&mut chip.records);
        }
        all.sort_unstable_by_key(|record| (record.at, record.chip, record.number));
        let ahead = all.partition_point(|record| record.at < self.now);
        self.early = all.split_off(ahead);
        for record in all {
            // What a hostile chip says of its items and questions is no promise of the fleet.
            if self.scenario.chips.get(record.chip).is_some_and(|plan| plan.hostile.is_none()) {
                self.ack_log.enter(&record);
            }
            self.happens(TimelineEvent::Chip(record));
        }
    }

    fn happens(&mut self, what: TimelineEvent) {
        if self.timeline.len() >= MAX_KEPT {
            self.timeline.pop_front();
            self.forgotten += 1;
        }
        self.timeline.push_back(what);
    }

    fn apply(&mut self, fault: Fault) {
        self.strike(&fault);
        if self.keep.events {
            self.happens(TimelineEvent::Fault(self.now, fault));
        }
    }

    fn strike(&mut self, fault: &Fault) {
        let now = self.now;
        match *fault {
            Fault::Crash { chip } => self.stop(chip, true),
            Fault::PowerCut { chip, lasts } => {
                self.stop(chip, false);
                if let Some(lasts) = lasts {
                    self.plan(now + nanos(lasts), ScheduledFault::Fault(Fault::Reboot { chip }));
                }
            }
            Fault::Reboot { chip } => {
                self.stop(chip, true);
                self.with_chip(chip, |component, local| {
                    component.chips[local].start(now);
                    component.power(local, true);
                });
            }
            Fault::Partition { ref groups } => self.part(groups),
            Fault::Heal => self.part(&[]),
            Fault::Cut { link } => {
                self.with_link(link, |component, local, _| component.channels[local].medium.is_cut = true)
            }
            Fault::Mend { link } => {
                self.with_link(link, |component, local, _| component.channels[local].medium.is_cut = false);
            }
            Fault::Loss { link, share } => self.with_link(link, |component, local, scenario| {
                let planned = scenario.links.get(link).map_or(Permille(0), |plan| plan.loss);
                component.channels[local].medium.loss = share.unwrap_or(planned);
            }),
            Fault::Corruption { link, share } => self.with_link(link, |component, local, scenario| {
                let planned = scenario.links.get(link).map_or(Permille(0), |plan| plan.corruption);
                component.channels[local].medium.corruption = share.unwrap_or(planned);
            }),
            Fault::Jam { chip } => {
                let attack = self.attack(chip);
                self.with_chip(chip, |component, local| component.chips[local].jam(now, attack));
            }
            Fault::Calm { chip } => {
                self.with_chip(chip, |component, local| component.chips[local].jam(now, None))
            }
            Fault::Skew { chip, millionths } => {
                let planned = self.scenario.chips.get(chip).map_or(0, |plan| plan.skew);
                self.with_chip(chip, |component, local| {
                    component.chips[local].skew(now, millionths.unwrap_or(planned));
                });
            }
        }
    }

    fn stop(&mut self, index: usize, crashes: bool) {
        let now = self.now;
        self.with_chip(index, |component, local| {
            component.chips[local].stop(now, crashes);
            component.power(local, false);
        });
    }

    fn part(&mut self, groups: &[Vec<usize>]) {
        let group = |index| groups.iter().position(|group| group.contains(&index)).map(|group| group as u16);
        for channel in self.components.iter_mut().flat_map(|component| &mut component.channels) {
            channel.medium.groups = channel.medium.members.iter().map(|port| group(port.chip)).collect();
        }
    }

    fn attack(&self, index: usize) -> Option<Attack> {
        let plan = self.scenario.chips.get(index)?;
        let limit = self.scenario.links.get(plan.link?)?.kind.frame_limit();
        let seed = self.scenario.seed;
        Some(Attack { intent: AttackKind::Noise, address: plan.id, limit, key: None, seed })
    }

    fn with_chip(&mut self, index: usize, change: impl FnOnce(&mut LinkComponent, usize)) {
        if let Some((component, local)) = self.chip_locations.get(index).copied() {
            change(&mut self.components[component], local);
            self.components[component].touched(local);
        }
    }

    fn with_link(&mut self, index: usize, change: impl FnOnce(&mut LinkComponent, usize, &Scenario)) {
        if let Some((component, local)) = self.link_locations.get(index).copied().flatten() {
            change(&mut self.components[component], local, &self.scenario);
        }
    }
}

fn nanos(time: Micros) -> Nanos {
    Nanos(time.get().saturating_mul(1_000))
}

/// For tests of what was recorded.
impl TimelineEvent {
    /// When.
    pub fn at(&self) -> Nanos {
        match self {
            TimelineEvent::Chip(record) => record.at,
            TimelineEvent::Fault(at, _) => *at,
        }
    }

    /// What happened at a chip, and at which.
    pub fn at_chip(&self) -> Option<(usize, &What)> {
        match self {
            TimelineEvent::Chip(record) => Some((record.chip, &record.what)),
            TimelineEvent::Fault(..) => None,
        }
    }
}
