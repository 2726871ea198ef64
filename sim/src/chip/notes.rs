//! What a chip leaves behind: records for a trace, the last lines of its console, its last messages.

use super::program::Seen;
use super::record::{Record, What};
use super::{Blueprint, Chip, Passed};
use ruvllm_esp_core::event::ChipEvent;
use ruvllm_esp_core::units::Nanos;
use std::sync::Arc;

/// Lines of the console that are kept.
const CONSOLE: usize = 200;
/// Messages that are kept.
const MESSAGES: usize = 24;

impl Chip {
    pub(super) fn telemetry(&mut self, now: Nanos, seen: Seen) {
        for (event, text) in seen.0 {
            let own = matches!(self.blueprint, Blueprint::Agent { identity, .. }
                if matches!(event, ChipEvent::Alarm { from, .. } if from == identity.chip_id));
            self.alarms += u32::from(own);
            self.record(now, What::Event(event, text));
        }
    }

    pub(super) fn write_console(&mut self, now: Nanos, text: &str) {
        for line in text.lines() {
            let line: Arc<str> = line.into();
            self.record(now, What::Said(Arc::clone(&line)));
            self.show(line);
        }
    }

    pub(super) fn show(&mut self, line: Arc<str>) {
        if self.console.len() >= CONSOLE {
            self.console.pop_front();
        }
        self.console.push_back(line);
    }

    pub(super) fn keep_message(&mut self, at: Nanos, outgoing: bool, bytes: &Arc<[u8]>) {
        if self.messages.len() >= MESSAGES {
            self.messages.pop_front();
        }
        self.messages.push_back(Passed { at, outgoing, bytes: Arc::clone(bytes) });
    }

    pub(super) fn record(&mut self, at: Nanos, what: What) {
        if self.keep.keeps(&what) {
            self.records.push(Record { at, chip: self.index, number: self.number, what });
            self.number += 1;
        }
    }
}
