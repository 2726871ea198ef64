//! A judge beside a fleet: sees what happens, and knows what one exact index would have answered.
//!
//! A caller that runs a fleet passes its timeline in order, and stops at [`Referee::due`] to let it look.

use super::judge::{Facts as Evidence, Judge, Judged};
use super::truth::Truth;
use crate::chip::record::What;
use crate::fleet::facts::Facts;
use crate::fleet::view::VerdictView;
use crate::fleet::{Fleet, TimelineEvent};
use crate::scenario::Scenario;
use ruvllm_esp_core::event::ChipEvent;
use ruvllm_esp_core::units::Micros;
use std::sync::Arc;

/// See the module.
#[derive(Clone, Debug)]
pub struct Referee {
    scenario: Arc<Scenario>,
    judge: Judge,
    truth: Truth,
}

impl Referee {
    /// One that has seen nothing.
    pub fn new(scenario: &Arc<Scenario>) -> Self {
        Self { scenario: Arc::clone(scenario), judge: Judge::new(scenario), truth: Truth::default() }
    }

    /// Something happened.
    pub fn see(&mut self, event: &TimelineEvent) {
        let TimelineEvent::Chip(record) = event else { return };
        let (at, chip) = (Micros(record.at.get() / 1000), record.chip);
        match &record.what {
            What::Typed(line) => self.truth.typed(chip, line),
            What::Said(line) => self.judge.console(at, chip, line),
            // Who receives of an alarm tells of it as well; it counts where it was raised.
            What::Event(ChipEvent::Alarm { from, .. }, _)
                if self.scenario.chips.get(chip).is_some_and(|plan| plan.id == *from) =>
            {
                self.judge.alarm(at, chip)
            }
            What::Event(event, text) => self.truth.record(chip, event, text.as_deref()),
            _ => {}
        }
    }

    /// When it wants to look next.
    pub fn due(&self) -> Option<Micros> {
        self.judge.due()
    }

    /// Looks at the fleet, if that is due.
    pub fn look(&mut self, now: Micros, fleet: &mut Fleet) {
        if self.due().is_some_and(|due| due <= now) {
            let facts = fleet.facts();
            self.judge.look(now, &Seen { facts: &facts, truth: &self.truth });
        }
    }

    /// Judges what is left; all verdicts, in the order of the scenario.
    pub fn finish(&mut self, now: Micros, facts: &Facts) -> Vec<Judged> {
        self.judge.finish(now, &Seen { facts, truth: &self.truth })
    }

    /// How it stands; `None` where nothing is expected.
    pub fn progress(&self) -> Option<VerdictView> {
        (!self.scenario.expectations.is_empty()).then(|| self.judge.progress())
    }

    /// What was judged since the last call.
    pub fn take_news(&mut self) -> Vec<Judged> {
        self.judge.take_news()
    }
}

/// What the judge sees.
struct Seen<'s> {
    facts: &'s Facts,
    truth: &'s Truth,
}

impl Evidence for Seen<'_> {
    fn runs(&self, chip: usize) -> bool {
        self.facts.chips.get(chip).is_some_and(|chip| chip.runs)
    }
    fn coordinator(&self, chip: usize) -> Option<u16> {
        self.facts.chips.get(chip)?.coordinator
    }
    fn peers(&self, chip: usize) -> u16 {
        self.facts.chips.get(chip).map_or(0, |chip| chip.peers)
    }
    fn items(&self) -> Vec<(String, u32)> {
        self.facts.items.iter().map(|(item, copies)| (item.to_string(), *copies)).collect()
    }
    fn questions(&self) -> Vec<Option<Micros>> {
        self.facts.questions.clone()
    }
    fn recall(&self, k: u8) -> Vec<u16> {
        self.truth.recall(k)
    }
    fn accepted_from(&self, chip: usize) -> u64 {
        self.facts.chips.get(chip).map_or(0, |chip| chip.accepted)
    }
    fn energy(&self, chip: usize) -> u64 {
        self.facts.chips.get(chip).map_or(0, |chip| chip.energy.banded.value.get())
    }
}
