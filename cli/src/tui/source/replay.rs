//! A trace, looked at: what happened once, at any speed, forwards and back.

use super::{Abilities, FleetSource, Origin};
use crate::error::CliError;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::fleet::Fault;
use ruvllm_esp_sim::fleet::view::{ChipDetail, EventKind, EventView, FleetView};
use ruvllm_esp_sim::trace::{Player, Trace};
use std::path::Path;
use std::time::{Duration, Instant};

/// See the module.
#[derive(Debug)]
pub struct Replay {
    player: Player,
    title: String,
    /// A problem with the trace that was not reported yet.
    damage: Option<String>,
    news: Vec<EventView>,
}

impl Replay {
    /// Opens a trace.
    ///
    /// # Errors
    /// `trace::unreadable`.
    pub fn open(path: &Path) -> Result<Self, CliError> {
        let wrong = |why: String| {
            CliError::usage("trace::unreadable", format!("{}: {why}", path.display()))
                .help("`ruvllm-esp sim --fleet FILE --trace TRACE` writes one")
        };
        let trace = Trace::open(path).map_err(|error| wrong(error.to_string()))?;
        let damage = trace.damage.as_ref().map(|damage| format!("the trace is damaged: {damage}"));
        let player = Player::new(trace).map_err(|problems| wrong(problems.to_string()))?;
        let title = format!("trace of {}", player.scenario().name);
        Ok(Self { player, title, damage, news: Vec::new() })
    }
}

impl FleetSource for Replay {
    fn title(&self) -> String {
        self.title.clone()
    }

    fn abilities(&self) -> Abilities {
        Abilities { origin: Origin::Trace, pace: true, rewind: true, ..Abilities::default() }
    }

    fn now(&self) -> Micros {
        self.player.now()
    }

    fn run_until(&mut self, to: Micros, _: Duration) -> Result<bool, String> {
        let end = self.player.end();
        self.player.seek(to.min(end).max(self.player.now()));
        if self.player.now() >= end
            && let Some(text) = self.damage.take()
        {
            self.news.push(EventView { at: end, chip: None, kind: EventKind::Fault, text });
        }
        Ok(self.player.now() < end)
    }

    fn step(&mut self, budget: Duration) -> Result<bool, String> {
        let begun = Instant::now();
        while begun.elapsed() < budget {
            if !self.player.step() {
                return Err("the trace ends here".into());
            }
            let events = self.player.take_events();
            let shown = events.iter().any(|event| event.kind != EventKind::Console);
            self.news.extend(events);
            if shown {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn rewind(&mut self, _: Micros) -> Result<(), String> {
        self.player.seek(Micros(0));
        self.news.clear();
        Ok(())
    }

    fn view(&mut self) -> FleetView {
        self.player.view()
    }

    fn detail(&mut self, chip: usize) -> ChipDetail {
        self.player.detail(chip)
    }

    fn type_line(&mut self, _: usize, _: &str) -> Result<(), String> {
        Err("a recording takes no input".into())
    }

    fn inject(&mut self, _: Fault) -> Result<(), String> {
        Err("a recording cannot be changed".into())
    }

    fn events(&mut self) -> Vec<EventView> {
        // Those of steps came first; what is wrong with the trace comes at its end.
        let mut events = std::mem::take(&mut self.news);
        events.extend(self.player.take_events());
        events.sort_by_key(|event| event.at);
        events
    }
}
