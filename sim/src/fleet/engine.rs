//! A fleet under virtual time.
//!
//! Chips that cannot reach each other run apart ([`Island`]), on as many threads as there are. What was done from
//! outside, faults and what is typed, lies on one list in the order of time; between two of its entries the islands run by
//! themselves. What happened is collected in one order, the same however the run was divided ([`Record`]).

use super::build::{self, FleetError};
use super::fault::Fault;
use super::island::Island;
use super::ledger::Ledger;
use super::names::Names;
use super::told::Told;
use crate::chip::Line;
use crate::chip::intruder::{Intent, Mischief};
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
    pub(super) islands: Vec<Island>,
    /// Where each chip is: island, and place there.
    pub(super) homes: Vec<(usize, usize)>,
    /// Where each link is; none of a link without chips.
    pub(super) link_homes: Vec<Option<(usize, usize)>>,
    pub(super) ledger: Ledger,
    now: Nanos,
    pool: Option<ThreadPool>,
    /// What will be done from outside, at one time in the order in which it was planned.
    acts: BTreeMap<(Nanos, u64), Act>,
    planned: u64,
    inputs: Inputs,
    next_input: Option<Input>,
    /// Records that lie ahead of `now`.
    early: Vec<Record>,
    happened: VecDeque<Happened>,
    forgotten: u64,
    keep: Keep,
    /// What consoles told of roles, and names for words: of events that were taken.
    pub(super) told: Vec<Told>,
    pub(super) names: Names,
}

/// Something that happened, at a chip or from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// At a chip.
    Chip(Record),
    /// From outside.
    Fault(Nanos, Fault),
}

/// Something that will be done from outside.
#[derive(Clone, Debug)]
enum Act {
    /// What every chip begins with: power, and its clock's own speed. Nothing failed, so nothing tells of it.
    Begin(Fault),
    /// What fails or is mended.
    Fault(Fault),
}

/// How much was simulated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkDone {
    /// Frames that took a medium.
    pub frames: u64,
    /// Turns of the chips' programs.
    pub turns: u64,
}

/// What is typed is handed to the chips at most this long ahead.
const AHEAD: Nanos = Nanos(1_000_000_000);
/// So much is kept for [`Fleet::take_happened`].
const MOST_KEPT: usize = 1_000_000;

impl Fleet {
    /// The fleet of `scenario` before its first moment, to be run on so many threads.
    ///
    /// # Errors
    /// [`FleetError`] where a chip does not fit its arena or the scenario names what it does not have.
    pub fn build(scenario: Arc<Scenario>, threads: usize) -> Result<Self, FleetError> {
        let islands = build::islands(&scenario)?;
        let pool = match threads {
            0 | 1 => None,
            _ => {
                let pool = ThreadPoolBuilder::new().num_threads(threads).build();
                Some(pool.map_err(|error| FleetError::NoThreads(error.to_string()))?)
            }
        };
        let mut homes = vec![(0, 0); scenario.chips.len()];
        let mut link_homes = vec![None; scenario.links.len()];
        for (island, all) in islands.iter().enumerate() {
            all.chips.iter().enumerate().for_each(|(local, chip)| homes[chip.place] = (island, local));
            for (local, channel) in all.channels.iter().enumerate() {
                link_homes[channel.place] = Some((island, local));
            }
        }
        let mut inputs = scenario.inputs();
        let next_input = inputs.next();
        let mut fleet = Self {
            islands,
            homes,
            link_homes,
            ledger: Ledger::default(),
            now: Nanos(0),
            pool,
            acts: BTreeMap::new(),
            planned: 0,
            inputs,
            next_input,
            early: Vec::new(),
            happened: VecDeque::new(),
            forgotten: 0,
            keep: Keep::default(),
            told: Vec::new(),
            names: Names::default(),
            scenario,
        };
        fleet.plan_scenario();
        Ok(fleet)
    }

    /// Puts the chips of a radio field at places in a plane, in metres, by their place in the scenario: who is far away
    /// hears less, or nothing.
    pub fn place(&mut self, positions: &[crate::chip::link::Position]) {
        for channel in self.islands.iter_mut().flat_map(|island| &mut island.channels) {
            let of = |port: &crate::scenario::Port| positions.get(port.chip).copied().unwrap_or_default();
            let positions: Vec<_> = channel.members.iter().map(of).collect();
            channel.medium.place(&positions);
        }
    }

    /// What is kept of what happens; without events there are neither latencies nor verdicts.
    pub fn keep(&mut self, keep: Keep) {
        self.keep = keep;
        self.islands.iter_mut().flat_map(|island| &mut island.chips).for_each(|chip| chip.keep = keep);
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
        let act = self.acts.keys().next().map(|(at, _)| *at);
        [self.next_inside(), act].into_iter().flatten().min()
    }

    /// The same without what is done from outside.
    fn next_inside(&self) -> Option<Nanos> {
        let islands = self.islands.iter().filter_map(Island::next).min();
        let typed = self.next_input.as_ref().map(|input| nanos(input.at));
        [islands, typed].into_iter().flatten().min()
    }

    /// What was done so far.
    pub fn work_done(&self) -> WorkDone {
        let channels = self.islands.iter().flat_map(|island| &island.channels);
        let chips = self.islands.iter().flat_map(|island| &island.chips);
        WorkDone {
            frames: channels.map(|channel| channel.medium.carried.frames).sum(),
            turns: chips.map(|chip| chip.turns).sum(),
        }
    }

    /// The times that answers to questions took, ascending.
    pub fn latencies(&self) -> Vec<Nanos> {
        self.ledger.latencies()
    }

    /// How many questions were asked, and how many of them answered.
    pub fn questions(&self) -> (usize, usize) {
        let answered = self.ledger.questions.iter().filter(|question| question.took.is_some());
        (self.ledger.questions.len(), answered.count())
    }

    /// Does something to a chip or link now.
    pub fn inject(&mut self, fault: Fault) {
        self.apply(fault);
        self.collect();
    }

    /// Types a line at a chip now.
    pub fn type_line(&mut self, place: usize, line: &str) {
        self.type_raw(place, Ok(line.into()));
    }

    /// The same, where the bytes that are typed may be no line.
    pub fn type_raw(&mut self, place: usize, line: Line) {
        self.typed(self.now, place, line);
        self.touched(place);
    }

    /// What happened since the last call, in order; and how much of it was forgotten because too much happened.
    pub fn take_happened(&mut self) -> (Vec<Happened>, u64) {
        (self.happened.drain(..).collect(), std::mem::take(&mut self.forgotten))
    }

    fn plan_scenario(&mut self) {
        let scenario = Arc::clone(&self.scenario);
        for (place, chip) in scenario.chips.iter().enumerate() {
            if chip.skew != 0 {
                self.plan(nanos(chip.starts), Act::Begin(Fault::Skew { chip: place, millionths: None }));
            }
            self.plan(nanos(chip.starts), Act::Begin(Fault::Reboot { chip: place }));
        }
        for event in scenario.fault_events() {
            for fault in Fault::begins(&event.fault) {
                self.plan(nanos(event.at), Act::Fault(fault));
            }
            if let Some(ends) = event.ends {
                for fault in Fault::ends(&event.fault) {
                    self.plan(nanos(ends), Act::Fault(fault));
                }
            }
        }
    }

    fn plan(&mut self, at: Nanos, act: Act) {
        self.acts.insert((at, self.planned), act);
        self.planned += 1;
    }

    fn run_to(&mut self, until: Nanos) {
        while self.now < until {
            while let Some(entry) = self.acts.first_entry().filter(|entry| entry.key().0 <= self.now) {
                match entry.remove() {
                    Act::Begin(fault) => self.strike(&fault),
                    Act::Fault(fault) => self.apply(fault),
                }
            }
            let act = self.acts.keys().next().map_or(until, |(at, _)| *at);
            // Where nothing happens, time is skipped.
            let ahead = self.next_inside().map_or(until, |next| next.max(self.now + AHEAD));
            let stop = until.min(act).min(ahead);
            self.feed(stop);
            self.run_islands(stop);
            self.now = stop;
            self.collect();
        }
    }

    fn run_islands(&mut self, stop: Nanos) {
        match &self.pool {
            None => self.islands.iter_mut().for_each(|island| island.run(stop, false)),
            Some(pool) => {
                let islands = &mut self.islands;
                pool.install(|| islands.par_iter_mut().for_each(|island| island.run(stop, true)));
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

    fn typed(&mut self, at: Nanos, place: usize, line: Line) {
        if let Some((island, local)) = self.homes.get(place).copied() {
            self.islands[island].chips[local].typed(at, line);
        }
    }

    fn touched(&mut self, place: usize) {
        if let Some((island, local)) = self.homes.get(place).copied() {
            self.islands[island].touched(local);
        }
    }

    /// Puts what happened before now in order.
    fn collect(&mut self) {
        let mut all = std::mem::take(&mut self.early);
        for chip in self.islands.iter_mut().flat_map(|island| &mut island.chips) {
            all.append(&mut chip.records);
        }
        all.sort_unstable_by_key(|record| (record.at, record.chip, record.number));
        let ahead = all.partition_point(|record| record.at < self.now);
        self.early = all.split_off(ahead);
        for record in all {
            // What a hostile chip says of its items and questions is no promise of the fleet.
            if self.scenario.chips.get(record.chip).is_some_and(|plan| plan.hostile.is_none()) {
                self.ledger.enter(&record);
            }
            self.happens(Happened::Chip(record));
        }
    }

    fn happens(&mut self, what: Happened) {
        if self.happened.len() >= MOST_KEPT {
            self.happened.pop_front();
            self.forgotten += 1;
        }
        self.happened.push_back(what);
    }

    fn apply(&mut self, fault: Fault) {
        self.strike(&fault);
        if self.keep.events {
            self.happens(Happened::Fault(self.now, fault));
        }
    }

    fn strike(&mut self, fault: &Fault) {
        let now = self.now;
        match *fault {
            Fault::Crash { chip } => self.stop(chip, true),
            Fault::PowerCut { chip, lasts } => {
                self.stop(chip, false);
                if let Some(lasts) = lasts {
                    self.plan(now + nanos(lasts), Act::Fault(Fault::Reboot { chip }));
                }
            }
            Fault::Reboot { chip } => {
                self.stop(chip, true);
                self.with_chip(chip, |island, local| {
                    island.chips[local].start(now);
                    island.power(local, true);
                });
            }
            Fault::Partition { ref groups } => self.part(groups),
            Fault::Heal => self.part(&[]),
            Fault::Cut { link } => {
                self.with_link(link, |island, local, _| island.channels[local].medium.is_cut = true)
            }
            Fault::Mend { link } => {
                self.with_link(link, |island, local, _| island.channels[local].medium.is_cut = false);
            }
            Fault::Loss { link, share } => self.with_link(link, |island, local, scenario| {
                let planned = scenario.links.get(link).map_or(Permille(0), |plan| plan.loss);
                island.channels[local].medium.loss = share.unwrap_or(planned);
            }),
            Fault::Corruption { link, share } => self.with_link(link, |island, local, scenario| {
                let planned = scenario.links.get(link).map_or(Permille(0), |plan| plan.corruption);
                island.channels[local].medium.corruption = share.unwrap_or(planned);
            }),
            Fault::Babble { chip } => {
                let mischief = self.mischief(chip);
                self.with_chip(chip, |island, local| island.chips[local].babble(now, mischief));
            }
            Fault::Calm { chip } => {
                self.with_chip(chip, |island, local| island.chips[local].babble(now, None))
            }
            Fault::Skew { chip, millionths } => {
                let planned = self.scenario.chips.get(chip).map_or(0, |plan| plan.skew);
                self.with_chip(chip, |island, local| {
                    island.chips[local].skew(now, millionths.unwrap_or(planned));
                });
            }
        }
    }

    fn stop(&mut self, place: usize, crashes: bool) {
        let now = self.now;
        self.with_chip(place, |island, local| {
            island.chips[local].stop(now, crashes);
            island.power(local, false);
        });
    }

    fn part(&mut self, groups: &[Vec<usize>]) {
        let group = |place| groups.iter().position(|group| group.contains(&place)).map(|group| group as u16);
        for channel in self.islands.iter_mut().flat_map(|island| &mut island.channels) {
            channel.medium.groups = channel.members.iter().map(|port| group(port.chip)).collect();
        }
    }

    fn mischief(&self, place: usize) -> Option<Mischief> {
        let plan = self.scenario.chips.get(place)?;
        let limit = self.scenario.links.get(plan.link?)?.kind.frame_limit();
        Some(Mischief { intent: Intent::Noise, address: plan.id, limit, seed: self.scenario.seed })
    }

    fn with_chip(&mut self, place: usize, change: impl FnOnce(&mut Island, usize)) {
        if let Some((island, local)) = self.homes.get(place).copied() {
            change(&mut self.islands[island], local);
            self.islands[island].touched(local);
        }
    }

    fn with_link(&mut self, place: usize, change: impl FnOnce(&mut Island, usize, &Scenario)) {
        if let Some((island, local)) = self.link_homes.get(place).copied().flatten() {
            change(&mut self.islands[island], local, &self.scenario);
        }
    }
}

fn nanos(time: Micros) -> Nanos {
    Nanos(time.get().saturating_mul(1_000))
}

/// For tests of what was recorded.
impl Happened {
    /// When.
    pub fn at(&self) -> Nanos {
        match self {
            Happened::Chip(record) => record.at,
            Happened::Fault(at, _) => *at,
        }
    }

    /// What happened at a chip, and at which.
    pub fn at_chip(&self) -> Option<(usize, &What)> {
        match self {
            Happened::Chip(record) => Some((record.chip, &record.what)),
            Happened::Fault(..) => None,
        }
    }
}
