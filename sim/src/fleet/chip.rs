//! One chip of a fleet: a program in that chip's memory, its clock, its receive buffer, its drivers.
//!
//! The chip's processor does one thing at a time. A turn takes a frame, a line or a timer that is due, and lasts as long
//! as the work that it counted is priced; what comes in meanwhile waits in the receive buffer, and what comes in when
//! that is full is lost. Frames are handed to a driver as the core makes them, until the driver has no more room.

use super::chance::{Chance, Stream};
use super::clock::Clock;
use super::inbox::{Arrival, Inbox};
use super::intruder::{Intruder, Mischief};
use super::link::Discipline;
use super::ports::{Offered, Ports};
use super::price::Pricing;
use super::program::{Program, Seen};
use super::recent::Recent;
use super::record::{Keep, Record, What};
use super::shape::IndexShape;
use super::usage::Usage;
use super::view::ChipState;
use crate::memory::Memory;
use crate::scenario::Hostility;
use ruvllm_esp_core::agent::{Agent, Identity};
use ruvllm_esp_core::event::ChipEvent;
use ruvllm_esp_core::exchange::{Exchange, Pieces};
use ruvllm_esp_core::federation::{Membership, Turn};
use ruvllm_esp_core::meter::{Counts, Meter, Op};
use ruvllm_esp_core::units::{Bytes, Micros, Nanos};
use ruvllm_esp_core::wire::FRAME_LIMIT;
use ruvllm_esp_core::wire::link::Framing;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// What a chip is built of, each time it boots.
#[derive(Clone, Copy, Debug)]
pub enum Blueprint {
    /// A member of the fleet, or one that would like to be.
    Agent {
        /// Kind, number and role.
        identity: Identity,
        /// The arena.
        arena: Bytes,
        /// What it is told of the fleet, but for the boot number.
        membership: Membership,
    },
    /// Something that means harm.
    Intruder(Mischief),
}

/// Is it there?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Power {
    Off,
    Booting(Nanos),
    On,
}

/// A frame that passed, for the last messages.
#[derive(Clone, Debug)]
pub struct Passed {
    /// When.
    pub at: Nanos,
    /// Did the chip send it?
    pub outgoing: bool,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
}

/// From power to the first line of the program: ROM, second bootloader and an image in flash; assumed, and spread so
/// that chips that get power at once do not speak at once.
const BOOT: (Nanos, Nanos) = (Nanos(300_000_000), Nanos(350_000_000));
/// How soon the program looks again when a driver has no room.
const BLOCKED: Nanos = Nanos(1_000_000);
/// The loop of the program takes at least this from one timer to the next.
const LOOP: Nanos = Nanos(20_000);
/// Frames that one turn makes at most.
const MOST_FRAMES: usize = 64;
/// Lines of the console that are kept.
const CONSOLE: usize = 200;
/// Messages that are kept.
const MESSAGES: usize = 24;

/// See the module.
pub struct Chip {
    /// Its place in the scenario.
    pub place: usize,
    /// What it is built of.
    pub blueprint: Blueprint,
    /// Its ends of links.
    pub ports: Ports,
    /// What it consumed.
    pub usage: Usage,
    /// How busy it was lately.
    pub recent: Recent,
    /// What it counted since the beginning.
    pub total: Counts,
    /// Turns that its program took.
    pub turns: u64,
    /// How often it booted.
    pub boots: u32,
    /// Alarms since it booted.
    pub alarms: u32,
    /// Frames that gave way since it booted.
    pub overflowed: u64,
    /// Frames that it took for good, by hostile sender.
    pub accepted: BTreeMap<usize, u64>,
    /// What happened and was not collected yet.
    pub records: Vec<Record>,
    /// Frames for its drivers that were not collected yet.
    pub offered: Vec<Offered>,
    /// What is kept.
    pub keep: Keep,
    /// The last lines of its console; what was typed begins with `> `.
    pub console: VecDeque<Arc<str>>,
    /// The last frames.
    pub messages: VecDeque<Passed>,
    /// Its index when it was last looked at, and how many items it held then.
    pub(super) shape: Option<(u32, IndexShape)>,
    program: Option<Box<dyn Program>>,
    babbling: Option<Box<Intruder>>,
    /// Who means harm, by place.
    hostile: Arc<[Option<Hostility>]>,
    /// Does anybody?
    has_hostile: bool,
    /// Hashes of the frames that it took for good, where somebody sends such frames again.
    taken: BTreeSet<u64>,
    pricing: Pricing,
    seed: u64,
    chance: Chance,
    clock: Clock,
    skew: i32,
    power: Power,
    booted: Nanos,
    busy: Nanos,
    wake: Option<Nanos>,
    typed: VecDeque<(Nanos, Arc<str>)>,
    inbox: Inbox,
    exchange: Exchange,
    counts: Counts,
    number: u64,
}

impl fmt::Debug for Chip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chip").field("place", &self.place).field("power", &self.power).finish_non_exhaustive()
    }
}

impl Chip {
    /// A chip without power.
    pub fn new(
        place: usize,
        blueprint: Blueprint,
        pricing: Pricing,
        seed: u64,
        hostile: Arc<[Option<Hostility>]>,
    ) -> Self {
        Self {
            place,
            blueprint,
            ports: Ports::default(),
            usage: Usage::default(),
            recent: Recent::default(),
            total: Counts::default(),
            turns: 0,
            boots: 0,
            alarms: 0,
            overflowed: 0,
            accepted: BTreeMap::new(),
            records: Vec::new(),
            offered: Vec::new(),
            keep: Keep::default(),
            console: VecDeque::new(),
            messages: VecDeque::new(),
            shape: None,
            program: None,
            babbling: None,
            has_hostile: hostile.iter().any(Option::is_some),
            hostile,
            taken: BTreeSet::new(),
            pricing,
            seed,
            chance: Chance::new(seed, Stream::Chip(place)),
            clock: Clock::default(),
            skew: 0,
            power: Power::Off,
            booted: Nanos(0),
            busy: Nanos(0),
            wake: None,
            typed: VecDeque::new(),
            inbox: Inbox::default(),
            exchange: Exchange::default(),
            counts: Counts::default(),
            number: 0,
        }
    }

    /// Is it there?
    pub fn state(&self) -> ChipState {
        match self.power {
            Power::Off => ChipState::Off,
            Power::Booting(_) => ChipState::Booting,
            Power::On => ChipState::Running,
        }
    }

    /// The time since it booted, by its own clock.
    pub fn uptime(&self, now: Nanos) -> Micros {
        if self.power == Power::On { self.clock.shows(now) } else { Micros(0) }
    }

    /// Since when it runs, in true time.
    pub fn runs_since(&self) -> Option<Nanos> {
        (self.power == Power::On).then_some(self.booted)
    }

    /// The agent, where it is one and runs.
    pub fn agent(&mut self) -> Option<&mut Agent<Memory>> {
        self.program.as_mut()?.agent()
    }

    /// Gets power, or is reset, and boots.
    pub fn start(&mut self, at: Nanos) {
        self.usage.on(at);
        self.boots = self.boots.saturating_add(1);
        let wait = self.chance.between(BOOT.0, BOOT.1);
        self.power = Power::Booting(at + wait);
        self.record(at, What::Starts(self.boots));
    }

    /// Its program stops; what RAM held is lost. Keeps its power where it `crashes`.
    pub fn stop(&mut self, at: Nanos, crashes: bool) {
        if self.power != Power::Off {
            self.record(at, What::Stops);
        }
        if !crashes {
            self.usage.off(at);
        }
        self.program = None;
        self.power = Power::Off;
        (self.busy, self.wake) = (at, None);
        (self.alarms, self.overflowed) = (0, 0);
        self.exchange = Exchange::default();
        self.taken.clear();
        self.shape = None;
        self.typed.clear();
        self.inbox.clear();
        self.ports.clear();
        self.offered.clear();
    }

    /// Its clock runs faster by so many millionths from now on.
    pub fn skew(&mut self, at: Nanos, millionths: i32) {
        self.skew = millionths;
        self.clock.skew_from(at, millionths);
        self.wake = self.wake.map(|_| at);
    }

    /// Sends without end, or no longer.
    pub fn babble(&mut self, at: Nanos, what: Option<Mischief>) {
        self.babbling = what.map(|mischief| Box::new(Intruder::new(mischief)));
        self.wake = Some(at);
    }

    /// A frame will come in; nothing does while the chip is not running.
    pub fn arrives(&mut self, arrival: Arrival) {
        match self.power {
            Power::On => self.inbox.push(arrival),
            Power::Booting(ready) if arrival.at >= ready => self.inbox.push(arrival),
            _ => {}
        }
    }

    /// A line is typed at its console; lines come in ascending order of time.
    pub fn typed(&mut self, at: Nanos, line: Arc<str>) {
        if self.power != Power::Off {
            let place = self.typed.iter().rposition(|(before, _)| *before <= at).map_or(0, |place| place + 1);
            self.typed.insert(place, (at, line));
        }
    }

    /// When it does something next, if nothing comes in before.
    pub fn next(&self) -> Option<Nanos> {
        match self.power {
            Power::Off => None,
            Power::Booting(ready) => Some(ready),
            Power::On => {
                let typed = self.typed.front().map(|(at, _)| *at);
                let causes = [self.inbox.next(), typed, self.wake, self.ports.next()];
                Some(causes.into_iter().flatten().min()?.max(self.busy))
            }
        }
    }

    /// Does what begins before `end`.
    pub fn run(&mut self, end: Nanos) {
        while let Some(now) = self.next().filter(|now| *now < end) {
            match self.power {
                Power::On => self.turn(now),
                _ => self.boot(now),
            }
        }
    }

    fn boot(&mut self, now: Nanos) {
        self.program = match self.blueprint {
            Blueprint::Intruder(mischief) => Some(Box::new(Intruder::new(mischief))),
            Blueprint::Agent { identity, arena, mut membership } => {
                membership.boot = self.boots;
                membership.nonce =
                    Chance::new(self.seed, Stream::Boot(self.place, self.boots)).number() as u16;
                let agent = Agent::join_blank(Memory::new(arena), identity, membership).ok();
                agent.map(|agent| Box::new(agent) as Box<dyn Program>)
            }
        };
        self.power = if self.program.is_some() { Power::On } else { Power::Off };
        (self.clock, self.booted, self.busy) = (Clock::new(now, self.skew), now, now);
        self.wake = Some(now);
        self.record(now, What::Boots);
        let mut banner = String::new();
        if let Some(agent) = self.agent() {
            // Writing to a string cannot fail.
            let _ = agent.banner(&mut banner);
        }
        self.say(now, &banner);
    }

    /// One round of the program's loop.
    fn turn(&mut self, now: Nanos) {
        self.turns += 1;
        self.ports.settle(now);
        for _ in 0..self.inbox.absorb(now) {
            self.overflowed += 1;
            self.record(now, What::Overflowed);
        }
        self.counts.clear();
        let Some(mut program) = self.program.take() else { return };
        let (mut out, mut seen) = (Pieces::new(String::new()), Seen::default());
        if let Some(arrival) = self.inbox.take() {
            self.receive(&mut *program, now, &arrival, &mut out, &mut seen);
        }
        if let Some((_, line)) = self.typed.pop_front_if(|(at, _)| *at <= now) {
            self.line(&mut *program, now, &line, &mut out, &mut seen);
        }
        if self.wake.is_some_and(|wake| wake <= now) {
            if let Some(agent) = program.agent() {
                agent.report_load((self.recent.load(now) / 10) as u8);
            }
            program.tick(&mut turn(self.clock.shows(now), &mut self.counts, &mut out, &mut seen));
        }
        self.spend(now);
        self.told(now, seen);
        self.say(now, &out.out);
        self.transmit(&mut *program);
        let wake = program.wake_at(self.clock.shows(self.busy));
        self.program = Some(program);
        let soonest = self.busy + if self.ports.is_blocked() { BLOCKED } else { LOOP };
        self.wake = wake.map(|wake| self.clock.when(wake).max(soonest));
        if self.babbling.is_some() {
            self.wake = Some(soonest);
        }
    }

    fn receive(
        &mut self,
        program: &mut dyn Program,
        now: Nanos,
        arrival: &Arrival,
        out: &mut Pieces<String>,
        seen: &mut Seen,
    ) {
        let Arrival { port, from, ref bytes, .. } = *arrival;
        let place = self.ports.place_of(port).and_then(|place| self.ports.all.get(place));
        if place.is_some_and(|port| port.model.kind.framing() == Framing::Stream) {
            self.counts.record(Op::Receive, bytes.len() as u32);
        }
        self.keep_message(now, false, bytes);
        self.record(now, What::Received(port, Arc::clone(bytes)));
        let before = self.received(program);
        program.receive(port, bytes, &mut turn(self.clock.shows(now), &mut self.counts, out, seen));
        let accepted = self.received(program).saturating_sub(before) > 0;
        if accepted && self.is_harm(from, bytes) {
            *self.accepted.entry(from).or_default() += 1;
        }
    }

    /// Frames that the program took for good, where anybody in the fleet means harm.
    fn received(&self, program: &mut dyn Program) -> u32 {
        let traffic = program.agent().filter(|_| self.has_hostile).and_then(Agent::traffic);
        traffic.map_or(0, |traffic| traffic.received)
    }

    /// Did a frame that was accepted come from somebody who means harm? One that is sent again by another does no harm
    /// where it had been lost: it is what its sender said.
    fn is_harm(&mut self, from: usize, bytes: &[u8]) -> bool {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let is_new = self.taken.insert(hasher.finish());
        match self.hostile.get(from).copied().flatten() {
            None => false,
            Some(Hostility::Replay) => !is_new,
            Some(_) => true,
        }
    }

    fn line(
        &mut self,
        program: &mut dyn Program,
        now: Nanos,
        line: &Arc<str>,
        out: &mut Pieces<String>,
        seen: &mut Seen,
    ) {
        self.record(now, What::Typed(Arc::clone(line)));
        self.show(format!("> {line}").into());
        self.counts.record(Op::Receive, line.len() as u32 + 1);
        let before = out.count;
        program.line(line, &mut turn(self.clock.shows(now), &mut self.counts, out, seen));
        self.exchange.report(line, out.count - before, &mut self.counts);
    }

    /// Makes frames and hands them over while there is room.
    fn transmit(&mut self, program: &mut dyn Program) {
        let mut buffer = [0; FRAME_LIMIT];
        for _ in 0..MOST_FRAMES {
            if self.ports.is_blocked() {
                let Some(offered) = self.ports.hand_over(self.busy) else { return };
                self.hand_over(offered);
            }
            self.counts.clear();
            let (local, counts) = (self.clock.shows(self.busy), &mut self.counts);
            let made = match &mut self.babbling {
                Some(intruder) => intruder.transmit(&mut buffer, local, counts),
                None => program.transmit(&mut buffer, local, counts),
            };
            let Some(made) = made else { return };
            self.spend(self.busy);
            let bytes = buffer.get(..made.length).unwrap_or_default();
            if let Some(place) = self.ports.place_of(made.port) {
                self.ports.hold(place, bytes.into());
            }
        }
    }

    fn hand_over(&mut self, offered: Offered) {
        let Offered { at, channel, ref bytes, .. } = offered;
        if let Some(port) = self.ports.all.iter().find(|port| port.channel == channel) {
            let number = port.number;
            if port.model.discipline == Discipline::Radio {
                self.usage.sending += port.model.occupied(bytes.len());
            }
            self.record(at, What::Sent(number, Arc::clone(bytes)));
        }
        self.keep_message(at, true, bytes);
        self.offered.push(offered);
    }

    /// The processor is busy from `from` on with what was counted.
    fn spend(&mut self, from: Nanos) {
        let time = self.pricing.time(&self.counts);
        self.total.add(&self.counts);
        self.usage.busy += time;
        self.recent.busy(from, time);
        self.busy = from + time;
    }

    fn told(&mut self, now: Nanos, seen: Seen) {
        for event in seen.0 {
            let own = matches!(self.blueprint, Blueprint::Agent { identity, .. }
                if matches!(event, ChipEvent::Alarm { from, .. } if from == identity.chip_id));
            self.alarms += u32::from(own);
            self.record(now, What::Fleet(event));
        }
    }

    fn say(&mut self, now: Nanos, text: &str) {
        for line in text.lines() {
            let line: Arc<str> = line.into();
            self.record(now, What::Said(Arc::clone(&line)));
            self.show(line);
        }
    }

    fn show(&mut self, line: Arc<str>) {
        if self.console.len() >= CONSOLE {
            self.console.pop_front();
        }
        self.console.push_back(line);
    }

    fn keep_message(&mut self, at: Nanos, outgoing: bool, bytes: &Arc<[u8]>) {
        if self.messages.len() >= MESSAGES {
            self.messages.pop_front();
        }
        self.messages.push_back(Passed { at, outgoing, bytes: Arc::clone(bytes) });
    }

    fn record(&mut self, at: Nanos, what: What) {
        if self.keep.keeps(&what) {
            self.records.push(Record { at, chip: self.place, number: self.number, what });
            self.number += 1;
        }
    }
}

fn turn<'t>(
    now: Micros,
    meter: &'t mut Counts,
    out: &'t mut Pieces<String>,
    observer: &'t mut Seen,
) -> Turn<'t, Counts> {
    Turn { now, meter, out, observer }
}
