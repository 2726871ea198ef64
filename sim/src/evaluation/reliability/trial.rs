//! One fleet under faults: given texts, harmed, and asked what it still knows.

use crate::chip::record::What;
use crate::fleet::{Fault, Fleet, TimelineEvent};
use crate::scenario::key::FleetKey;
use crate::scenario::{ChipPlan, Hostility, LinkPlan, Permille, Port, Scenario, Topology};
use ruvllm_esp_core::chip::{Radio, esp32c3};
use ruvllm_esp_core::event::ChipEvent;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::role::shared::Keeps;
use ruvllm_esp_core::units::{Bytes, Micros};
use ruvllm_esp_core::wire::link::LinkKind;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What came of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Chips of the fleet, hostile ones not counted.
    pub chips: usize,
    /// Virtual seconds.
    pub seconds: u64,
    /// Faults injected.
    pub injected: u64,
    /// Texts acknowledged.
    pub acknowledged: u64,
    /// Texts that were not.
    pub refused: u64,
    /// Acknowledged texts that no running chip can say.
    pub lost: u64,
    /// Acknowledged texts that fewer running chips can say than there should be copies.
    pub short: u64,
}

/// What a fleet is built of.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// How many chips.
    pub chips: usize,
    /// Copies of each text.
    pub replicas: u8,
    /// Frames lost at each receiver, in thousandths.
    pub loss: u16,
    /// Has every second chip little memory?
    pub small: bool,
    /// The largest difference of a clock from true time, in millionths.
    pub skew: i32,
    /// Who is hostile, beside the chips; the fleet has a key then.
    pub hostile: &'static [Hostility],
}

impl Default for Setup {
    fn default() -> Self {
        Self { chips: 8, replicas: 2, loss: 0, small: false, skew: 20, hostile: &[] }
    }
}

/// See the module.
pub struct Trial {
    setup: Setup,
    fleet: Fleet,
    random: Random,
    running: BTreeSet<usize>,
    typed: u64,
    injected: u64,
    /// The text that each chip was last given.
    last: BTreeMap<usize, String>,
    /// Texts on their way, by the chip that was given them and their name.
    adding: BTreeMap<(usize, String), String>,
    acknowledged: BTreeSet<String>,
}

impl Trial {
    /// A fleet that has found itself.
    ///
    /// # Errors
    /// Why it cannot be built.
    pub fn new(setup: Setup, seed: u64) -> Result<Self, String> {
        let scenario = Arc::new(scenario(&setup, seed));
        let fleet = Fleet::build(scenario, 1).map_err(|error| error.to_string())?;
        let mut trial = Self {
            setup,
            fleet,
            random: Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
            running: (0..setup.chips).collect(),
            typed: 0,
            injected: 0,
            last: BTreeMap::new(),
            adding: BTreeMap::new(),
            acknowledged: BTreeSet::new(),
        };
        trial.wait(Micros(8_000_000 + 100_000 * setup.chips as u64));
        Ok(trial)
    }

    /// Lets time pass.
    pub fn wait(&mut self, time: Micros) {
        let until = self.fleet.now() + time;
        // In slices, so that what happened does not pile up.
        while self.fleet.now() < until {
            let next = until.min(self.fleet.now() + Micros::seconds(60));
            self.fleet.run_until(next);
            self.note();
        }
    }

    /// Gives the fleet `count` texts, at running chips by chance, five a second.
    pub fn give(&mut self, count: usize) {
        for _ in 0..count {
            let nth = self.random.below(self.running.len().max(1) as u64) as usize;
            let Some(index) = self.running.iter().nth(nth).copied() else { return };
            self.typed += 1;
            let text =
                format!("note {} says pump {} of hall {}", self.typed, self.typed * 7, self.typed % 13);
            self.fleet.type_line(index, &format!("fleet add {text}"));
            self.last.insert(index, text);
            self.wait(Micros(200_000));
        }
    }

    /// Gives it this many that every small chip is full, if all can be held.
    pub fn fill_small(&mut self) {
        let (_, room) = self.fleet.room(0);
        self.give(3 * room as usize * self.setup.chips / 4);
    }

    /// Does something to the fleet.
    pub fn inject(&mut self, fault: Fault) {
        let _ = match fault {
            Fault::Crash { chip } | Fault::PowerCut { chip, .. } => self.running.remove(&chip),
            Fault::Reboot { chip } => self.running.insert(chip),
            _ => false,
        };
        self.injected += 1;
        self.fleet.inject(fault);
    }

    /// The chips, in an order by chance.
    pub fn shuffled(&mut self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.setup.chips).collect();
        for last in (1..order.len()).rev() {
            order.swap(last, self.random.below(last as u64 + 1) as usize);
        }
        order
    }

    /// Ends it.
    pub fn end(mut self) -> Outcome {
        self.wait(Micros::seconds(1));
        let texts = self.fleet.texts();
        let copies = |text: &String| texts.get(text).copied().unwrap_or(0);
        let wanted = u32::from(self.setup.replicas);
        Outcome {
            chips: self.setup.chips,
            seconds: self.fleet.now().as_seconds(),
            injected: self.injected,
            acknowledged: self.acknowledged.len() as u64,
            refused: self.typed - self.acknowledged.len() as u64,
            lost: self.acknowledged.iter().filter(|text| copies(text) == 0).count() as u64,
            short: self.acknowledged.iter().filter(|text| copies(text) < wanted).count() as u64,
        }
    }

    fn note(&mut self) {
        for happened in self.fleet.take_timeline().0 {
            let TimelineEvent::Chip(record) = happened else { continue };
            match record.what {
                What::Event(ChipEvent::ItemNamed { item }, _) => {
                    if let Some(text) = self.last.get(&record.chip) {
                        self.adding.insert((record.chip, item.to_string()), text.clone());
                    }
                }
                What::Event(ChipEvent::ItemAcknowledged { item, .. }, _) => {
                    self.acknowledged.extend(self.adding.remove(&(record.chip, item.to_string())));
                }
                _ => {}
            }
        }
    }
}

impl std::fmt::Debug for Trial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trial").field("setup", &self.setup).finish_non_exhaustive()
    }
}

/// xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2016).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % end.max(1)
    }
}

fn scenario(setup: &Setup, seed: u64) -> Scenario {
    let all = setup.chips + setup.hostile.len();
    let link = LinkPlan {
        name: "air".into(),
        kind: LinkKind::EspNow,
        members: (0..all).map(|chip| Port { chip, port: 0 }).collect(),
        loss: Permille(setup.loss),
        corruption: Permille(0),
        delay: Micros(0),
    };
    Scenario {
        name: "reliability".into(),
        seed,
        until: Micros::seconds(100 * 86_400),
        topology: Topology::Mesh,
        replicas: setup.replicas,
        key: if setup.hostile.is_empty() { FleetKey::None } else { FleetKey::FromSeed },
        chips: (0..all).map(|index| chip(setup, index, seed)).collect(),
        links: vec![link],
        ..Scenario::default()
    }
}

fn chip(setup: &Setup, index: usize, seed: u64) -> ChipPlan {
    let small = Bytes((25 * 1024 + 160 * setup.chips) as u32);
    let mut random = Random(seed ^ (index as u64 + 1) << 32 | 1);
    random.below(2);
    let skew = random.below(2 * setup.skew.unsigned_abs() as u64 + 1) as i32 - setup.skew;
    ChipPlan {
        name: format!("chip-{index}"),
        id: (index + 1) as u16,
        chip: &esp32c3::CHIP,
        role: RoleKind::keeper(Keeps::Texts),
        radio: Radio::EspNow,
        arena: (setup.small && index.is_multiple_of(2)).then_some(small),
        link: Some(0),
        starts: Micros(0),
        skew,
        hostile: index.checked_sub(setup.chips).and_then(|nth| setup.hostile.get(nth).copied()),
    }
}
