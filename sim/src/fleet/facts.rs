//! A snapshot of a fleet, for the judge and the trace.

use super::engine::Fleet;
use super::snapshot::{ChipState as ChipFigures, LinkState, Snapshot};
use crate::chip::record::What;
use crate::chip::{Chip, ChipState};
use crate::cost::Cost;
use crate::figure::Figure;
use crate::scenario::Hostility;
use ruvllm_esp_core::chip::Radio;
use ruvllm_esp_core::federation::member::Liveness;
use ruvllm_esp_core::item::ItemId;
use ruvllm_esp_core::units::{Micros, Nanojoules};
use std::collections::BTreeMap;

/// A fleet at a moment; chips by their indices.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The chips.
    pub chips: Vec<ChipFacts>,
    /// For each acknowledged item, how many running members hold the very content that was acknowledged.
    pub items: Vec<(ItemId, u32)>,
    /// For each question how long its answer took; none where there was none.
    pub questions: Vec<Option<Micros>>,
    /// Items that were given up and reported as such.
    pub given_up: u64,
    /// Frames that took a medium, times one did not arrive, times one arrived corrupted.
    pub frames: (u64, u64, u64),
}

/// A chip at a moment.
#[derive(Clone, Debug)]
pub struct ChipFacts {
    /// Does it run?
    pub runs: bool,
    /// Whom it takes for the coordinator.
    pub coordinator: Option<u16>,
    /// How many others it does not take for lost, as the first line of `peers` counts them.
    pub peers: u16,
    /// How many items its role holds.
    pub items: u32,
    /// Alarms since it booted.
    pub alarms: u32,
    /// How often it booted.
    pub boots: u32,
    /// Frames that it handed to drivers, and frames that its program took.
    pub frames: (u64, u64),
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
            self.ack_log.acknowledged.iter().map(|item| (*item, 0)).collect();
        let mut accepted: BTreeMap<usize, u64> = BTreeMap::new();
        let mut chips = Vec::with_capacity(self.chip_locations.len());
        for index in 0..self.chip_locations.len() {
            chips.push(self.chip_facts(index));
            let is_member = !hostile.get(index).copied().unwrap_or(false);
            let Some(chip) = self.chip_mut(index).filter(|_| is_member) else { continue };
            chip.accepted.iter().for_each(|(from, count)| *accepted.entry(*from).or_default() += count);
            let local = chip.uptime(now);
            if let Some(agent) = chip.agent() {
                agent.held_content(local, |item, check| {
                    holders.entry((item, check)).and_modify(|count| *count += 1);
                });
            }
        }
        for (index, count) in accepted {
            if let Some(chip) = chips.get_mut(index) {
                chip.accepted = count;
            }
        }
        let took = |took: ruvllm_esp_core::units::Nanos| Micros(took.get() / 1_000);
        let stats =
            self.components.iter().flat_map(|component| &component.channels).map(|link| link.medium.stats);
        let frames = stats.fold((0, 0, 0), |(frames, lost, corrupted), one| {
            (frames + one.frames, lost + one.lost, corrupted + one.corrupted)
        });
        Facts {
            chips,
            items: holders.into_iter().map(|((item, _), count)| (item, count)).collect(),
            questions: self.ack_log.questions.iter().map(|question| question.took.map(took)).collect(),
            given_up: self.ack_log.given_up,
            frames,
        }
    }

    /// Each text that running members hold for the fleet, with the number of chips that can say it. A second board with the
    /// number of a member counts.
    pub fn texts(&mut self) -> BTreeMap<String, u32> {
        let mut texts = BTreeMap::new();
        let scenario = std::sync::Arc::clone(&self.scenario);
        let can_say = |hostile: Hostility| !hostile.is_harmful();
        let chips = scenario.chips.iter().enumerate();
        for (index, _) in chips.filter(|(_, plan)| plan.hostile.is_none_or(can_say)) {
            let mut own = std::collections::BTreeSet::new();
            if let Some(agent) = self.chip_mut(index).and_then(|chip| chip.agent()) {
                agent.held_texts(|_, text| {
                    own.insert(text.to_string());
                });
            }
            own.into_iter().for_each(|text| *texts.entry(text).or_default() += 1);
        }
        texts
    }

    /// How many items a chip holds, and how many it has room for; zeros where it does not run.
    pub fn room(&mut self, index: usize) -> (u32, u32) {
        let agent = self.chip_mut(index).and_then(|chip| chip.agent());
        agent.map_or((0, 0), |agent| (agent.stored(), agent.capacity()))
    }

    /// How many items the chips hold of which they do not know as many copies as the fleet keeps.
    pub fn short(&mut self) -> u32 {
        let indices = 0..self.chip_locations.len();
        indices.filter_map(|index| self.chip_mut(index)?.agent()?.fleet()).map(|status| status.short).sum()
    }

    /// What is written down of the fleet now and then.
    pub fn snapshot(&mut self) -> Snapshot {
        let chips = (0..self.chip_locations.len()).map(|index| self.chip_figures(index)).collect();
        let links = self.link_states();
        let latency = self.ack_log.histogram().into_iter().map(|(edge, count)| (edge.get(), count)).collect();
        Snapshot { chips, links, latency }
    }

    pub(super) fn link_states(&self) -> Vec<LinkState> {
        let now = self.now_nanos();
        let links = self.link_locations.iter().map(|home| {
            let link =
                home.and_then(|(component, local)| self.components.get(component)?.channels.get(local));
            link.map_or_else(LinkState::default, |link| LinkState {
                cut: link.medium.is_cut,
                frames: (link.medium.stats.frames, link.medium.stats.lost + link.medium.stats.corrupted),
                bytes: link.medium.stats.bytes,
                received: link.medium.stats.received,
                lost: link.medium.stats.lost,
                load: hundredths(link.medium.load(now)),
            })
        });
        links.collect()
    }

    /// The chip at an index of the scenario.
    pub fn chip_mut(&mut self, index: usize) -> Option<&mut Chip> {
        let (component, local) = self.chip_locations.get(index).copied()?;
        self.components.get_mut(component)?.chips.get_mut(local)
    }

    /// What the chip at an index consumed.
    pub fn energy_of(&mut self, index: usize) -> Figure<Nanojoules> {
        let now = self.now_nanos();
        let plan = self.scenario.chips.get(index);
        let (variant, listens) =
            plan.map_or((ruvllm_esp_core::chip::ALL[0], false), |plan| (plan.chip, plan.radio != Radio::Off));
        let usage = self.chip_mut(index).map(|chip| chip.usage).unwrap_or_default();
        usage.energy(variant, listens, now)
    }

    fn chip_facts(&mut self, index: usize) -> ChipFacts {
        let energy = self.energy_of(index);
        let now = self.now_nanos();
        let mut facts = ChipFacts {
            runs: false,
            coordinator: None,
            peers: 0,
            items: 0,
            alarms: 0,
            boots: 0,
            frames: (0, 0),
            accepted: 0,
            energy,
            work: Cost::default(),
        };
        let Some(chip) = self.chip_mut(index) else { return facts };
        let local = chip.uptime(now);
        facts.runs = chip.state() == ChipState::Running;
        (facts.alarms, facts.boots, facts.frames) = (chip.alarms, chip.boots, chip.frames);
        facts.work = chip.work.cost(&chip.work.total).unwrap_or_default();
        let runs = facts.runs;
        if let Some(agent) = chip.agent().filter(|_| runs) {
            facts.items = agent.stored();
            facts.coordinator = agent.fleet().and_then(|status| status.coordinator);
            agent.peers(local, |peer| facts.peers += u16::from(peer.liveness != Liveness::Lost));
        }
        facts
    }

    pub(super) fn chip_figures(&mut self, index: usize) -> ChipFigures {
        let energy = self.energy_of(index).banded;
        let energy = (energy.value.get(), energy.low.get(), energy.high.get());
        let now = self.now_nanos();
        let mut figures = ChipFigures { energy, ..ChipFigures::default() };
        let Some(chip) = self.chip_mut(index) else { return figures };
        figures.load = hundredths(chip.recent.load(now));
        if let Some(agent) = chip.agent() {
            let (total, used) = agent.memory_use();
            (figures.arena, figures.used) = (total.get(), used.get());
            (figures.items, figures.capacity) = (agent.stored(), agent.capacity());
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
