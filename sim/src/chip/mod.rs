//! One simulated chip: a program in that chip's memory, its clock, its cost model, its receive buffer, its drivers.
//!
//! The same chip stands alone (`sim`, a fleet of one) and in a fleet. Its processor does one thing at a time. A turn takes
//! a frame, a line or a timer that is due, and lasts as long as the work that it counted ([`work`]); what comes in meanwhile
//! waits in the receive buffer, and what comes in when that is full is lost. Frames are handed to a driver as the core
//! makes them, until the driver has no more room.
//!
//! - [`turn`]: one round of the program's loop; [`work`]: what it costs
//! - [`program`]: what runs: the core's agent, or an [`adversary`]
//! - [`clock`], [`usage`], [`recent`]: time, energy, load
//! - [`frame`], [`inbox`], [`ports`], [`link`]: frames, and its ends of links
//! - [`record`], `notes`: what happened
//! - [`shape`]: its index; [`rng`]: what is drawn

pub mod adversary;
pub mod clock;
pub mod frame;
pub mod inbox;
pub mod link;
mod notes;
pub mod ports;
pub mod program;
pub mod recent;
pub mod record;
pub mod rng;
pub mod shape;
pub mod turn;
pub mod usage;
pub mod work;

use crate::memory::Memory;
use crate::scenario::Hostility;
use adversary::{Adversary, Attack};
use clock::Clock;
use frame::{RxFrame, TxFrame};
use inbox::Inbox;
use ports::Ports;
use program::Program;
use recent::Recent;
use record::{Keep, Record, What};
use rng::{Rng, Stream};
use ruvllm_esp_core::agent::{Agent, Identity};
use ruvllm_esp_core::arena::NoRoom;
use ruvllm_esp_core::console::Failure;
use ruvllm_esp_core::federation::Membership;
use ruvllm_esp_core::units::{Bytes, Micros, Nanos};
use shape::IndexShape;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::Arc;
use turn::Reply;
use usage::Usage;
use work::Work;

/// Is a chip there?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChipState {
    /// It runs.
    #[default]
    Running,
    /// It has no power.
    Off,
    /// It runs, and stays silent until its boot is over.
    Booting,
    /// It should be there and has not been seen lately: a board that does not answer.
    Silent,
}

/// A line for a console, or why the bytes that were typed are none.
pub type Line = Result<Arc<str>, Failure>;

/// What a chip is built of, each time it boots.
#[derive(Clone, Copy, Debug)]
pub enum Blueprint {
    /// A member of the fleet, or one that would like to be.
    Agent {
        /// Kind, number and role.
        identity: Identity,
        /// The arena.
        arena: Bytes,
        /// What it is told of the fleet, where it has a link; the boot number is how often it has booted before.
        membership: Option<Membership>,
        /// What its clock shows when it boots.
        clock: Micros,
    },
    /// Something that is hostile.
    Adversary(Attack),
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

/// See the module.
pub struct Chip {
    /// Its index in the scenario.
    pub index: usize,
    /// What it is built of.
    pub blueprint: Blueprint,
    /// Its ends of links.
    pub ports: Ports,
    /// What it consumed.
    pub usage: Usage,
    /// How busy it was lately.
    pub recent: Recent,
    /// What its turns cost.
    pub work: Work,
    /// Frames that it handed to drivers, and frames that its program took.
    pub frames: (u64, u64),
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
    /// Frames for its drivers that were not collected yet, each with its link as an index in the chip's component.
    pub offered: Vec<(usize, TxFrame)>,
    /// What is kept.
    pub keep: Keep,
    /// The last lines of its console; what was typed begins with `> `.
    pub console: VecDeque<Arc<str>>,
    /// The last frames.
    pub messages: VecDeque<Passed>,
    /// Its index when it was last looked at, and how many items it held then.
    shape: Option<(u32, IndexShape)>,
    /// What the last line did, where replies are kept.
    pub reply: Option<Reply>,
    program: Option<Box<dyn Program>>,
    jamming: Option<Box<Adversary>>,
    /// Who is hostile, by index.
    hostile: Arc<[Option<Hostility>]>,
    /// Hashes of the frames that it took for good in all its boots, where somebody sends such frames again.
    taken: BTreeSet<u64>,
    seed: u64,
    rng: Rng,
    clock: Clock,
    skew: i32,
    power: Power,
    booted: Nanos,
    busy: Nanos,
    wake: Option<Nanos>,
    typed: VecDeque<(Nanos, Line)>,
    inbox: Inbox,
    number: u64,
}

impl fmt::Debug for Chip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chip").field("index", &self.index).field("power", &self.power).finish_non_exhaustive()
    }
}

impl Chip {
    /// A chip without power.
    pub fn new(
        index: usize,
        blueprint: Blueprint,
        work: Work,
        seed: u64,
        hostile: Arc<[Option<Hostility>]>,
    ) -> Self {
        Self {
            index,
            blueprint,
            ports: Ports::default(),
            usage: Usage::default(),
            recent: Recent::default(),
            work,
            frames: (0, 0),
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
            reply: None,
            program: None,
            jamming: None,
            hostile,
            taken: BTreeSet::new(),
            seed,
            rng: Rng::new(seed, Stream::Chip(index)),
            clock: Clock::default(),
            skew: 0,
            power: Power::Off,
            booted: Nanos(0),
            busy: Nanos(0),
            wake: None,
            typed: VecDeque::new(),
            inbox: Inbox::default(),
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
        let wait = self.rng.between(BOOT.0, BOOT.1);
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
        self.keep_keys();
        self.program = None;
        self.power = Power::Off;
        (self.busy, self.wake) = (at, None);
        (self.alarms, self.overflowed) = (0, 0);
        self.shape = None;
        self.typed.clear();
        self.inbox.clear();
        self.ports.clear();
        self.offered.clear();
    }

    /// Keys are in flash, as the chip had them last.
    fn keep_keys(&mut self) {
        let keyring = self.agent().and_then(Agent::keyring);
        if let (Some(keyring), Blueprint::Agent { membership: Some(membership), .. }) =
            (keyring, &mut self.blueprint)
        {
            membership.keys = Some(keyring);
        }
    }

    /// Its clock runs faster by this many millionths from now on.
    pub fn skew(&mut self, at: Nanos, millionths: i32) {
        self.skew = millionths;
        self.clock.skew_from(at, millionths);
        self.wake = self.wake.map(|_| at);
    }

    /// Sends without end, or no longer.
    pub fn jam(&mut self, at: Nanos, what: Option<Attack>) {
        self.jamming = what.map(|attack| Box::new(Adversary::new(attack)));
        self.wake = Some(at);
    }

    /// A frame will come in; nothing does while the chip is not running.
    pub fn arrives(&mut self, frame: RxFrame) {
        match self.power {
            Power::On => self.inbox.push(frame),
            Power::Booting(ready) if frame.at >= ready => self.inbox.push(frame),
            _ => {}
        }
    }

    /// A line is typed at its console; lines come in ascending order of time.
    pub fn typed(&mut self, at: Nanos, line: Line) {
        if self.power != Power::Off {
            let index = self.typed.iter().rposition(|(before, _)| *before <= at).map_or(0, |index| index + 1);
            self.typed.insert(index, (at, line));
        }
    }

    /// Until when its processor is busy.
    pub fn busy_until(&self) -> Nanos {
        self.busy
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
            Blueprint::Adversary(attack) => Some(Box::new(Adversary::new(attack))),
            Blueprint::Agent { identity, arena, membership, .. } => {
                let mut random = Rng::new(self.seed, Stream::Boot(self.index, self.boots));
                let (count, nonce, entropy) = (self.boots, random.number() as u16, random.number());
                let membership = membership.map(|before| Membership {
                    boot: before.boot.saturating_add(count),
                    nonce,
                    entropy,
                    ..before
                });
                boot(identity, arena, membership).ok().map(|agent| Box::new(agent) as Box<dyn Program>)
            }
        };
        self.power = if self.program.is_some() { Power::On } else { Power::Off };
        let shows = match self.blueprint {
            Blueprint::Agent { clock, .. } => clock,
            Blueprint::Adversary(_) => Micros(0),
        };
        (self.clock, self.booted, self.busy) = (Clock::showing(shows, now, self.skew), now, now);
        self.work.boot();
        let wants = self.program.as_mut().and_then(|program| program.wake_at(Micros(0)));
        self.wake = wants.map(|_| now);
        self.record(now, What::Boots);
        let mut banner = String::new();
        if let Some(agent) = self.agent() {
            // Writing to a string cannot fail.
            let _ = agent.banner(&mut banner);
        }
        self.write_console(now, &banner);
    }
}

/// An agent in blank memory of that size: a member of a fleet, or alone.
///
/// # Errors
/// [`NoRoom`] where the network's structures or the role's least capacity do not fit.
pub fn boot(
    identity: Identity,
    arena: Bytes,
    membership: Option<Membership>,
) -> Result<Agent<Memory>, NoRoom> {
    match membership {
        Some(membership) => Agent::join_blank(Memory::new(arena), identity, membership),
        None => Agent::boot(Memory::new(arena), identity),
    }
}
