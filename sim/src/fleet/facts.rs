//! What a fleet is like at a moment, for whoever judges it or writes it down.

use super::engine::Fleet;
use super::snapshot::{ChipState as ChipFigures, LinkState, Snapshot};
use crate::chip::record::What;
use crate::chip::{Chip, ChipState};
use crate::cost::Cost;
use crate::figure::Figure;
use ruvllm_esp_core::chip::Radio;
use ruvllm_esp_core::federation::member::Standing;
use ruvllm_esp_core::item::ItemId;
use ruvllm_esp_core::units::{Micros, Nanojoules};
use std::collections::BTreeMap;

/// A fleet at a moment; chips by their places.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The chips.
    pub chips: Vec<ChipFacts>,
    /// For each acknowledged item, how many running members hold the very content that was acknowledged.
    pub items: Vec<(ItemId, u32)>,
    /// For each question how long its answer took; none where there was none.
    pub questions: Vec<Option<Micros>>,
    /// Items that were given up, and their adders told so.
    pub given_up: u64,
    /// Frames that took a medium, times one did not arrive, times one arrived spoiled.
    pub frames: (u64, u64, u64),
}

/// A chip at a moment.
#[derive(Clone, Debug)]
pub struct ChipFacts {
    /// Does it run?
    pub runs: bool,
    /// Whom it takes for the coordinator.
    pub coordinator: Option<u16>,
    /// How many others it hears.
    pub peers: u16,
    /// How many items its role holds.
    pub items: u32,
    /// Alarms since it booted.
    pub alarms: u32,
    /// How often it booted.
    pub boots: u32,
    /// Frames of hostile chips that members took for good: those of this chip, where it is hostile.
    pub accepted: u64,
    /// What it consumed.
    pub energy: Figure<Nanojoules>,
    /// What its work cost.
    pub work: Cost,
}

impl Fleet {
    /// The fleet as it is.
    pub fn facts(&mut self) -> Facts {
        let hostile: Vec<bool> = self.scenario.chips.iter().map(|plan| plan.hostile.is_some()).collect();
        let now = self.now_nanos();
        let mut holders: BTreeMap<(ItemId, u32), u32> =
            self.ledger.acknowledged.iter().map(|item| (*item, 0)).collect();
        let mut accepted: BTreeMap<usize, u64> = BTreeMap::new();
        let mut chips = Vec::with_capacity(self.homes.len());
        for place in 0..self.homes.len() {
            chips.push(self.chip_facts(place));
            let is_member = !hostile.get(place).copied().unwrap_or(false);
            let Some(chip) = self.chip_mut(place).filter(|_| is_member) else { continue };
            chip.accepted.iter().for_each(|(from, count)| *accepted.entry(*from).or_default() += count);
            let local = chip.uptime(now);
            if let Some(agent) = chip.agent() {
                agent.held_content(local, |item, check| {
                    holders.entry((item, check)).and_modify(|count| *count += 1);
                });
            }
        }
        for (place, count) in accepted {
            if let Some(chip) = chips.get_mut(place) {
                chip.accepted = count;
            }
        }
        let took = |took: ruvllm_esp_core::units::Nanos| Micros(took.get() / 1_000);
        let carried = self.islands.iter().flat_map(|island| &island.channels).map(|link| link.medium.carried);
        let frames = carried.fold((0, 0, 0), |(frames, lost, spoiled), one| {
            (frames + one.frames, lost + one.lost, spoiled + one.spoiled)
        });
        Facts {
            chips,
            items: holders.into_iter().map(|((item, _), count)| (item, count)).collect(),
            questions: self.ledger.questions.iter().map(|question| question.took.map(took)).collect(),
            given_up: self.ledger.given_up,
            frames,
        }
    }

    /// Each text that running members hold for the fleet, with the number of chips that can say it.
    pub fn texts(&mut self) -> BTreeMap<String, u32> {
        let mut texts = BTreeMap::new();
        let scenario = std::sync::Arc::clone(&self.scenario);
        for (place, _) in scenario.chips.iter().enumerate().filter(|(_, plan)| plan.hostile.is_none()) {
            let mut own = std::collections::BTreeSet::new();
            if let Some(agent) = self.chip_mut(place).and_then(|chip| chip.agent()) {
                agent.held_texts(|_, text| {
                    own.insert(text.to_string());
                });
            }
            own.into_iter().for_each(|text| *texts.entry(text).or_default() += 1);
        }
        texts
    }

    /// How many items a chip holds, and how many it has room for; zeros where it does not run.
    pub fn room(&mut self, place: usize) -> (u32, u32) {
        let agent = self.chip_mut(place).and_then(|chip| chip.agent());
        agent.map_or((0, 0), |agent| (agent.items(), agent.capacity()))
    }

    /// How many items the chips hold of which they do not know as many copies as the fleet keeps.
    pub fn short(&mut self) -> u32 {
        let places = 0..self.homes.len();
        places.filter_map(|place| self.chip_mut(place)?.agent()?.fleet()).map(|status| status.short).sum()
    }

    /// What is written down of the fleet now and then.
    pub fn snapshot(&mut self) -> Snapshot {
        let chips = (0..self.homes.len()).map(|place| self.chip_figures(place)).collect();
        let links = self.link_states();
        let latency = self.ledger.histogram().into_iter().map(|(edge, count)| (edge.get(), count)).collect();
        Snapshot { chips, links, latency }
    }

    pub(super) fn link_states(&self) -> Vec<LinkState> {
        let now = self.now_nanos();
        let links = self.link_homes.iter().map(|home| {
            let link = home.and_then(|(island, local)| self.islands.get(island)?.channels.get(local));
            link.map_or_else(LinkState::default, |link| LinkState {
                cut: link.medium.is_cut,
                frames: (link.medium.carried.frames, link.medium.carried.lost + link.medium.carried.spoiled),
                bytes: link.medium.carried.bytes,
                heard: link.medium.carried.heard,
                lost: link.medium.carried.lost,
                load: hundredths(link.medium.load(now)),
            })
        });
        links.collect()
    }

    /// The chip at a place of the scenario.
    pub fn chip_mut(&mut self, place: usize) -> Option<&mut Chip> {
        let (island, local) = self.homes.get(place).copied()?;
        self.islands.get_mut(island)?.chips.get_mut(local)
    }

    /// What the chip at a place consumed.
    pub fn energy_of(&mut self, place: usize) -> Figure<Nanojoules> {
        let now = self.now_nanos();
        let plan = self.scenario.chips.get(place);
        let (variant, listens) =
            plan.map_or((ruvllm_esp_core::chip::ALL[0], false), |plan| (plan.chip, plan.radio != Radio::Off));
        let usage = self.chip_mut(place).map(|chip| chip.usage).unwrap_or_default();
        usage.energy(variant, listens, now)
    }

    fn chip_facts(&mut self, place: usize) -> ChipFacts {
        let energy = self.energy_of(place);
        let now = self.now_nanos();
        let mut facts = ChipFacts {
            runs: false,
            coordinator: None,
            peers: 0,
            items: 0,
            alarms: 0,
            boots: 0,
            accepted: 0,
            energy,
            work: Cost::default(),
        };
        let Some(chip) = self.chip_mut(place) else { return facts };
        let local = chip.uptime(now);
        facts.runs = chip.state() == ChipState::Running;
        (facts.alarms, facts.boots) = (chip.alarms, chip.boots);
        facts.work = chip.work.cost(&chip.work.total).unwrap_or_default();
        let runs = facts.runs;
        if let Some(agent) = chip.agent().filter(|_| runs) {
            facts.items = agent.items();
            facts.coordinator = agent.fleet().and_then(|status| status.coordinator);
            agent.peers(local, |peer| facts.peers += u16::from(peer.standing == Standing::Alive));
        }
        facts
    }

    pub(super) fn chip_figures(&mut self, place: usize) -> ChipFigures {
        let energy = self.energy_of(place).banded;
        let energy = (energy.value.get(), energy.low.get(), energy.high.get());
        let now = self.now_nanos();
        let mut figures = ChipFigures { energy, ..ChipFigures::default() };
        let Some(chip) = self.chip_mut(place) else { return figures };
        figures.load = hundredths(chip.recent.load(now));
        if let Some(agent) = chip.agent() {
            let (total, used) = agent.memory_use();
            (figures.arena, figures.used) = (total.get(), used.get());
            (figures.items, figures.capacity) = (agent.items(), agent.capacity());
        }
        figures
    }
}

fn hundredths(permille: u16) -> u8 {
    u8::try_from(permille / 10).unwrap_or(u8::MAX).min(100)
}

impl What {
    /// Is it a line of a console that the chip wrote?
    pub fn said(&self) -> Option<&str> {
        match self {
            What::Said(line) => Some(line),
            _ => None,
        }
    }
}
