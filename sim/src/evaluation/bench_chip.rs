//! A chip on the bench: one role, its console, the work it does.

use crate::memory::Memory;
use ruvllm_esp_core::agent::{Agent, Identity};
use ruvllm_esp_core::chip;
use ruvllm_esp_core::event::{ChipEvent, Observer};
use ruvllm_esp_core::federation::Turn;
use ruvllm_esp_core::meter::Counts;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::role::shared::{Asks, Keeps};
use ruvllm_esp_core::units::{Bytes, Micros};
use std::collections::BTreeMap;

/// More than any chip has: what is evaluated is the search, not the fit.
const ARENA: Bytes = Bytes::kib(1024);

/// A role with plenty of memory.
pub(super) struct BenchChip {
    agent: Agent<Memory>,
    role: RoleKind,
    /// What it holds, by id.
    texts: BTreeMap<u32, String>,
    pub(super) counts: Counts,
}

impl BenchChip {
    /// Of the first role that keeps such items and answers such questions.
    pub(super) fn new(keeps: Keeps, asks: Asks) -> Self {
        let role = RoleKind::keepers(keeps).find(|role| role.can_answer(asks));
        let role = role.unwrap_or(RoleKind::ALL[0]);
        let identity = Identity { chip: &chip::esp32c3::CHIP, chip_id: 0, role, seed: 1 };
        match Agent::boot(Memory::new(ARENA), identity) {
            Ok(agent) => Self { agent, role, texts: BTreeMap::new(), counts: Counts::default() },
            Err(no_room) => unreachable!("a mebibyte fits every role: {no_room}"),
        }
    }

    /// Stores a text.
    pub(super) fn store(&mut self, text: &str) {
        if let Some(id) = self.run_line(&format!("{}{text}", self.role.info().store)).stored {
            self.texts.insert(id, text.into());
        }
    }

    /// The texts that it finds, the best first.
    pub(super) fn find(&mut self, count: usize, query: &str) -> Vec<&str> {
        let hits = self.run_line(&format!("{}{count} {query}", self.role.info().find)).hits;
        hits.iter().filter_map(|id| self.texts.get(id).map(String::as_str)).collect()
    }

    fn run_line(&mut self, line: &str) -> Seen {
        let (mut reply, mut seen) = (String::new(), Seen::default());
        let turn =
            &mut Turn { now: Micros(0), meter: &mut self.counts, out: &mut reply, observer: &mut seen };
        // A command that failed stored nothing and found nothing.
        let _ = self.agent.handle_line(Ok(line), turn);
        seen
    }
}

/// What a command stored and found.
#[derive(Default)]
struct Seen {
    stored: Option<u32>,
    hits: Vec<u32>,
}

impl Observer for Seen {
    fn event(&mut self, event: &ChipEvent) {
        match event {
            ChipEvent::Stored { id } => self.stored = Some(*id),
            ChipEvent::Hit { id, .. } => self.hits.push(*id),
            _ => {}
        }
    }
}
