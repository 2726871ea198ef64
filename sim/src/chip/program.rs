//! What runs on a simulated chip: the core's agent, or something that is no member of the fleet.

use crate::memory::Memory;
use ruvllm_esp_core::agent::Agent;
use ruvllm_esp_core::console::Failure;
use ruvllm_esp_core::event::{ChipEvent, Detection, Observer};
use ruvllm_esp_core::federation::{Outgoing, Turn};
use ruvllm_esp_core::meter::Counts;
use ruvllm_esp_core::units::Micros;
use std::sync::Arc;

/// A program on a chip, driven as firmware drives an agent.
pub trait Program: Send {
    /// Takes a frame that came in at `port`.
    fn receive(&mut self, port: u8, frame: &[u8], turn: &mut Turn<'_, Counts>);
    /// Writes the next frame to `out` and says where it goes; called until there is none.
    fn transmit(&mut self, out: &mut [u8], now: Micros, counts: &mut Counts) -> Option<Outgoing>;
    /// Does what is due.
    fn tick(&mut self, turn: &mut Turn<'_, Counts>);
    /// When it wants to be called again.
    fn wake_at(&mut self, now: Micros) -> Option<Micros>;
    /// Takes a line of the console.
    ///
    /// # Errors
    /// The failure that the console reports.
    fn line(&mut self, _line: Result<&str, Failure>, _turn: &mut Turn<'_, Counts>) -> Result<(), Failure> {
        Ok(())
    }
    /// The agent, where it is one.
    fn agent(&mut self) -> Option<&mut Agent<Memory>> {
        None
    }
}

impl Program for Agent<Memory> {
    fn receive(&mut self, port: u8, frame: &[u8], turn: &mut Turn<'_, Counts>) {
        self.receive(port, frame, turn);
    }

    fn transmit(&mut self, out: &mut [u8], now: Micros, counts: &mut Counts) -> Option<Outgoing> {
        self.transmit(out, now, counts)
    }

    fn tick(&mut self, turn: &mut Turn<'_, Counts>) {
        self.tick(turn);
    }

    fn wake_at(&mut self, now: Micros) -> Option<Micros> {
        self.wake_at(now)
    }

    fn line(&mut self, line: Result<&str, Failure>, turn: &mut Turn<'_, Counts>) -> Result<(), Failure> {
        self.handle_line(line, turn)
    }

    fn agent(&mut self) -> Option<&mut Agent<Memory>> {
        Some(self)
    }
}

/// Keeps what the core reports during one turn.
#[derive(Debug, Default)]
pub struct Seen(pub Vec<(ChipEvent, Option<Arc<str>>)>);

impl Seen {
    /// What a detector said last.
    pub fn verdict(&self) -> Option<Detection> {
        self.0.iter().rev().find_map(|(event, _)| match event {
            ChipEvent::Detection(detection) => Some(*detection),
            _ => None,
        })
    }
}

impl Observer for Seen {
    fn event(&mut self, event: &ChipEvent) {
        self.0.push((*event, None));
    }

    fn event_with_text(&mut self, event: &ChipEvent, text: &str) {
        self.0.push((*event, Some(text.into())));
    }
}
