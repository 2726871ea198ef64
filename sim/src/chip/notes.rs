//! What a chip leaves behind: records for a trace, the last lines of its console, its last messages.

use super::program::Seen;
use super::record::{Record, What};
use super::{Blueprint, Chip, Passed};
use ruvllm_esp_core::event::ChipEvent;
use ruvllm_esp_core::units::Nanos;
use std::sync::Arc;

/// Lines of the console that are kept.
const CONSOLE: usize = 200;
/// How lines of a sample without news begin.
const DULL: [&str; 5] = ["> sample ", "NORMAL channel=", "NORMAL score", "ONGOING ", "WARMUP "];
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

    /// Samples that are typed by the second would leave no line of anything else: of a row of them that bring no news,
    /// the last is kept.
    pub(super) fn show(&mut self, line: Arc<str>) {
        let is_dull = |line: &Arc<str>| DULL.iter().any(|dull| line.starts_with(dull));
        if is_dull(&line) {
            let mut latest = self.console.iter().rev();
            if latest.next().is_some_and(is_dull) && latest.next().is_some_and(is_dull) {
                // A typed sample and its verdict are two lines.
                self.console.remove(self.console.len() - 2);
            }
        }
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
