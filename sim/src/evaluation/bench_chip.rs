//! A chip on the bench: one role, its console, the work it does.

use crate::memory::Memory;
use ruvllm_esp_core::agent::{Agent, Identity};
use ruvllm_esp_core::chip;
use ruvllm_esp_core::meter::Counts;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::units::{Bytes, Micros};

/// More than any chip has: what is evaluated is the search, not the fit.
const ARENA: Bytes = Bytes::kib(1024);

/// A role with plenty of memory.
pub(super) struct BenchChip {
    agent: Agent<Memory>,
    pub(super) counts: Counts,
}

impl BenchChip {
    pub(super) fn new(role: RoleKind) -> Self {
        let identity = Identity { chip: &chip::esp32c3::CHIP, chip_id: 0, role, seed: 1 };
        match Agent::boot(Memory::new(ARENA), identity) {
            Ok(agent) => Self { agent, counts: Counts::default() },
            Err(no_room) => unreachable!("a mebibyte fits every role: {no_room}"),
        }
    }

    /// The reply to a line.
    pub(super) fn say(&mut self, line: &str) -> String {
        let mut reply = String::new();
        // A failed command says so in its reply, which is what is looked at.
        let _ = self.agent.line(Ok(line), Micros(0), &mut self.counts, &mut reply);
        reply
    }
}
