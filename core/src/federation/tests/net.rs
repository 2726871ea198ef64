//! A network in memory: agents under one virtual clock and one seed.
//!
//! Every frame reaches every other chip on its link after a delay of its own, unless the link loses it, is cut between
//! the two, or the chip is down. The same seed gives the same run.

use crate::agent::{Agent, Identity};
use crate::chip;
use crate::event::{ChipEvent, Observer};
use crate::federation::{Membership, Topology, Turn};
use crate::role::RoleKind;
use crate::units::Micros;
use crate::wire::FRAME_LIMIT;
use crate::wire::authentication::Key;
use crate::wire::keyring::Keyring;
use crate::wire::link::LinkKind;
use std::collections::BTreeMap;
use std::string::String;
use std::vec::Vec;

#[derive(Default)]
pub struct Log(pub Vec<ChipEvent>);

impl Observer for Log {
    fn event(&mut self, event: &ChipEvent) {
        self.0.push(*event);
    }
}

pub struct Chip {
    pub agent: Agent<Vec<u8>>,
    pub identity: Identity,
    pub membership: Membership,
    pub console: String,
    pub log: Log,
    pub up: bool,
    /// Does it receive nothing?
    pub is_deaf: bool,
    /// Chips of another group receive nothing of it.
    pub group: u8,
    wake: Micros,
    /// When its clock began.
    born: Micros,
    arena: usize,
}

pub struct Net {
    pub chips: Vec<Chip>,
    pub now: Micros,
    /// Frames lost, of a thousand.
    pub loss: u32,
    pub delay: (u64, u64),
    pub topology: Topology,
    pub frames: u64,
    pub bytes: u64,
    /// Only the first chip receives the others, and they receive only it.
    pub spokes: bool,
    /// Are frames kept?
    pub keep_frames: bool,
    pub kept: Vec<Vec<u8>>,
    random: oorandom::Rand32,
    flying: BTreeMap<(Micros, u64), (usize, u8, Vec<u8>)>,
    number: u64,
}

pub const ARENA: usize = 96 * 1024;

impl Net {
    pub fn new(topology: Topology, seed: u64) -> Self {
        Self {
            chips: Vec::new(),
            now: Micros(0),
            loss: 0,
            delay: (300, 3_000),
            topology,
            frames: 0,
            bytes: 0,
            spokes: false,
            keep_frames: false,
            kept: Vec::new(),
            random: oorandom::Rand32::new(seed),
            flying: BTreeMap::new(),
            number: 0,
        }
    }

    /// A fleet of `roles`, with addresses from 1.
    pub fn of(roles: &[RoleKind], topology: Topology, seed: u64) -> Self {
        let mut net = Self::new(topology, seed);
        for role in roles {
            let id = net.chips.len() as u16 + 1;
            net.add(id, *role, ARENA, net.membership(roles.len() as u32));
        }
        net
    }

    pub fn membership(&self, peers: u32) -> Membership {
        let link = if self.topology == Topology::Ring { LinkKind::Uart } else { LinkKind::EspNow };
        Membership {
            link,
            topology: self.topology,
            replicas: 2,
            peers,
            boot: 1,
            nonce: 0,
            entropy: 0,
            keys: None,
        }
    }

    pub fn add(&mut self, id: u16, role: RoleKind, arena: usize, membership: Membership) -> usize {
        let membership = Membership { entropy: self.chips.len() as u64 + 1, ..membership };
        let identity = Identity { chip: &chip::esp32c3::CHIP, chip_id: id, role, seed: u32::from(id) };
        let agent = Agent::join(std::vec![0; arena], identity, membership).unwrap();
        self.chips.push(Chip {
            agent,
            identity,
            membership,
            console: String::new(),
            log: Log::default(),
            up: true,
            is_deaf: false,
            group: 0,
            wake: self.now,
            born: self.now,
            arena,
        });
        self.chips.len() - 1
    }

    pub fn crash(&mut self, slot: usize) {
        self.chips[slot].up = false;
    }

    /// Boots a chip with empty RAM and the next boot number.
    pub fn reboot(&mut self, slot: usize) {
        let now = self.now;
        let chip = &mut self.chips[slot];
        chip.membership.boot += 1;
        chip.membership.entropy += 1 << 32;
        // Flash has the keys that the chip had last.
        chip.membership.keys = chip.agent.keyring();
        chip.agent = Agent::join(std::vec![0; chip.arena], chip.identity, chip.membership).unwrap();
        (chip.up, chip.wake, chip.born) = (true, now, now);
    }

    /// Boots a chip with the membership that it has now.
    pub fn set_membership(&mut self, slot: usize) {
        let chip = &mut self.chips[slot];
        chip.agent = Agent::join(std::vec![0; chip.arena], chip.identity, chip.membership).unwrap();
    }

    pub fn set_key(&mut self, key: Key) {
        for chip in &mut self.chips {
            chip.membership.keys = Some(Keyring::provision(&key, chip.identity.chip_id, 1));
            chip.agent = Agent::join(std::vec![0; chip.arena], chip.identity, chip.membership).unwrap();
        }
    }

    /// Encrypts, or not, on every chip; they have keys.
    pub fn encrypt(&mut self, encrypts: bool) {
        for slot in 0..self.chips.len() {
            let keys = self.chips[slot].membership.keys;
            self.chips[slot].membership.keys = keys.map(|keys| keys.with_encryption(encrypts));
            self.set_membership(slot);
        }
    }

    /// Types a line at a chip; what it says at once.
    pub fn handle_line(&mut self, slot: usize, line: &str) -> String {
        let chip = &mut self.chips[slot];
        let mut out = String::new();
        let now = Micros(self.now.get() - chip.born.get());
        let mut turn = Turn { now, meter: &mut (), out: &mut out, observer: &mut chip.log };
        let _ = chip.agent.handle_line(Ok(line), &mut turn);
        self.pump(slot);
        out
    }

    /// Hands a chip any frame.
    pub fn inject(&mut self, slot: usize, port: u8, frame: &[u8]) {
        let chip = &mut self.chips[slot];
        let now = Micros(self.now.get() - chip.born.get());
        let mut turn = Turn { now, meter: &mut (), out: &mut chip.console, observer: &mut chip.log };
        chip.agent.receive(port, frame, &mut turn);
        self.pump(slot);
    }

    /// Lets a chip do what is due, and takes its frames.
    fn pump(&mut self, slot: usize) {
        let chip = &mut self.chips[slot];
        let now = Micros(self.now.get() - chip.born.get());
        let mut turn = Turn { now, meter: &mut (), out: &mut chip.console, observer: &mut chip.log };
        chip.agent.tick(&mut turn);
        let mut sent = Vec::new();
        let mut out = [0; FRAME_LIMIT];
        while let Some(frame) = chip.agent.transmit(&mut out, now, &mut ()) {
            sent.push((frame.port, out[..frame.length].to_vec()));
        }
        let wake = chip.agent.wake_at(now).unwrap();
        chip.wake = Micros(chip.born.get() + wake.get().max(now.get() + 1));
        for (port, bytes) in sent {
            self.frames += 1;
            self.bytes += bytes.len() as u64;
            if self.keep_frames {
                self.kept.push(bytes.clone());
            }
            for (to, at) in self.reach(slot, port) {
                if self.chips[to].is_deaf || self.random.rand_range(0..1000) < self.loss {
                    continue;
                }
                let span = self.delay.1 - self.delay.0;
                let delay = self.delay.0 + u64::from(self.random.rand_u32()) % span.max(1);
                self.number += 1;
                self.flying.insert((Micros(self.now.get() + delay), self.number), (to, at, bytes.clone()));
            }
        }
    }

    /// The chips on a link, and at which of their ports.
    fn reach(&self, from: usize, port: u8) -> Vec<(usize, u8)> {
        let count = self.chips.len();
        let meets = |to: &usize| *to != from && self.chips[*to].group == self.chips[from].group;
        if self.topology == Topology::Ring {
            let to = if port == 0 { (from + count - 1) % count } else { (from + 1) % count };
            return [(to, 1 - port)].into_iter().filter(|(to, _)| meets(to)).collect();
        }
        (0..count).filter(meets).map(|to| (to, 0)).collect()
    }

    pub fn run(&mut self, time: Micros) {
        let until = Micros(self.now.get() + time.get());
        loop {
            let arrival = self.flying.keys().next().copied();
            let woken = (0..self.chips.len()).filter(|slot| self.chips[*slot].up);
            let woken = woken.min_by_key(|slot| self.chips[*slot].wake);
            let wake = woken.map(|slot| self.chips[slot].wake);
            let next = [arrival.map(|(at, _)| at), wake].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= until) else { break };
            self.now = self.now.max(next);
            if let Some(key) = arrival.filter(|(at, _)| *at == next) {
                let Some((to, port, bytes)) = self.flying.remove(&key) else { break };
                if self.chips[to].up {
                    self.inject(to, port, &bytes);
                }
            } else if let Some(slot) = woken {
                self.pump(slot);
            }
        }
        self.now = until;
    }

    /// Runs until `done` holds; how long that took, in milliseconds.
    pub fn until(&mut self, limit: Micros, mut done: impl FnMut(&mut Net) -> bool) -> u64 {
        let start = self.now;
        while !done(self) {
            assert!(self.now.get() - start.get() < limit.get(), "not within {limit}");
            self.run(Micros(20_000));
        }
        (self.now.get() - start.get()) / 1000
    }

    /// What the console of a chip said since last asked.
    pub fn read(&mut self, slot: usize) -> String {
        std::mem::take(&mut self.chips[slot].console)
    }

    /// Does every running chip count every other running chip as alive?
    pub fn all_know_all(&mut self) -> bool {
        let up = self.chips.iter().filter(|chip| chip.up).count() as u32;
        self.chips.iter_mut().filter(|chip| chip.up).all(|chip| chip.agent.fleet().unwrap().alive + 1 == up)
    }
}
