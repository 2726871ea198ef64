//! An event as it is kept: what a chip repeats at once is one event, with a count.
//!
//! A chip whose buffer overflows says so a hundred times a second, and would leave no room for anything else.

use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::fleet::view::EventView;
use std::collections::VecDeque;
use std::ops::Deref;

/// How many events back the last one of a chip is looked for.
const BACK: usize = 16;

/// How soon a repetition comes after the one before, and how long the same event may last.
const SOON: Micros = Micros(1_000_000);
const LONG: Micros = Micros(5_000_000);

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineEntry {
    first: EventView,
    times: u32,
    last: Micros,
}

impl TimelineEntry {
    /// An event that happened once.
    pub fn once(event: EventView) -> Self {
        Self { last: event.at, first: event, times: 1 }
    }

    /// How often it happened.
    pub fn times(&self) -> u32 {
        self.times
    }

    /// What there is to say about it.
    pub fn words(&self) -> String {
        match self.times {
            1 => self.first.text.clone(),
            times => format!("{}, {times} times", self.first.text),
        }
    }

    /// Is `event` a repetition of the last thing that its chip did? Then it is counted there.
    pub fn repeats(kept: &mut VecDeque<TimelineEntry>, event: &EventView) -> bool {
        let last = kept.iter_mut().rev().take(BACK).find(|kept| kept.chip == event.chip);
        let Some(last) = last.filter(|last| last.is_same(event)) else { return false };
        last.times = last.times.saturating_add(1);
        last.last = event.at;
        true
    }

    fn is_same(&self, event: &EventView) -> bool {
        (self.kind, &self.text) == (event.kind, &event.text)
            && event.at.saturating_sub(self.last) <= SOON
            && event.at.saturating_sub(self.at) <= LONG
    }
}

impl Deref for TimelineEntry {
    type Target = EventView;

    fn deref(&self) -> &EventView {
        &self.first
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruvllm_esp_sim::fleet::view::EventKind;

    #[test]
    fn what_is_repeated_at_once_is_one_event() {
        let event = |millis: u64, chip, text: &str| EventView {
            at: Micros(millis * 1_000),
            chip: Some(chip),
            kind: EventKind::Fault,
            text: text.into(),
        };
        let mut kept = VecDeque::new();
        for event in [
            event(0, 1, "overflows"),
            event(10, 2, "overflows"),
            event(20, 1, "overflows"),
            event(900, 1, "overflows"),
            event(1_000, 1, "stops"),
            event(1_010, 1, "overflows"),
            event(9_000, 1, "overflows"),
        ] {
            if !TimelineEntry::repeats(&mut kept, &event) {
                kept.push_back(TimelineEntry::once(event));
            }
        }
        let words: Vec<String> = kept.iter().map(TimelineEntry::words).collect();
        assert_eq!(words, ["overflows, 3 times", "overflows", "stops", "overflows", "overflows"]);
    }
}
