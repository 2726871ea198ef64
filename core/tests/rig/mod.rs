//! A chip on the bench: say a line, get the reply.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test uses a part of the rig, and a rig that fails is a failed test"
)]

use ruvllm_esp_core::agent::{Agent, Identity};
use ruvllm_esp_core::chip;
use ruvllm_esp_core::console::LineAssembler;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::units::Micros;

pub struct Rig {
    pub agent: Agent<Vec<u8>>,
    pub now: Micros,
}

impl Rig {
    pub fn new(role: RoleKind, arena: usize) -> Self {
        let identity = Identity { chip: &chip::esp32s3::CHIP, chip_id: 0, role, seed: 1 };
        Self { agent: Agent::boot(vec![0; arena], identity).unwrap(), now: Micros(0) }
    }

    /// The whole reply to a line.
    pub fn handle_line(&mut self, line: &str) -> String {
        let mut out = String::new();
        let _ = self.agent.line(Ok(line), self.now, &mut (), &mut out);
        out
    }

    /// The first line of the reply.
    pub fn ask(&mut self, line: &str) -> String {
        self.handle_line(line).lines().next().unwrap_or_default().to_string()
    }

    /// Lets seconds pass.
    pub fn wait(&mut self, seconds: u64) {
        self.now += Micros::seconds(seconds);
    }

    /// Feeds raw bytes, as a serial line would.
    pub fn feed(&mut self, bytes: &[u8]) -> String {
        let mut assembler = LineAssembler::default();
        let mut out = String::new();
        for byte in bytes {
            if let Some(line) = assembler.push(*byte) {
                let _ = self.agent.line(line, self.now, &mut (), &mut out);
            }
        }
        out
    }
}
