//! The names of chips and links, and what happened in words.
//!
//! A running fleet and a trace of one use the same words.

use super::fault::Fault;
use super::view::EventKind;
use crate::chip::record::{Record, What};
use crate::scenario::Scenario;
use ruvllm_esp_core::event::ChipEvent;
use std::collections::HashMap;

/// What is shown when a chip has booted.
pub const BOOTS: &str = "has booted";
/// What is shown when a chip stops.
pub const STOPS: &str = "stops";
/// What is shown when a frame was lost for want of room.
pub const OVERFLOWS: &str = "its receive buffer overflows";

/// What is shown when a chip gets power, for the `count`-th time.
pub fn starts(count: u32) -> String {
    if count == 1 { "gets power".into() } else { format!("gets power again, {count} times so far") }
}

/// What is shown of a line typed at a console.
pub fn typed(line: &str) -> String {
    format!("> {line}")
}

/// The names of a scenario's chips and links, for words.
#[derive(Clone, Debug, Default)]
pub struct Names {
    by_address: HashMap<u16, String>,
    addresses: Vec<u16>,
    chips: Vec<String>,
    links: Vec<String>,
}

impl Names {
    /// Those of `scenario`.
    pub fn new(scenario: &Scenario) -> Self {
        Self {
            by_address: scenario.chips.iter().map(|chip| (chip.id, chip.name.clone())).collect(),
            addresses: scenario.chips.iter().map(|chip| chip.id).collect(),
            chips: scenario.chips.iter().map(|chip| chip.name.clone()).collect(),
            links: scenario.links.iter().map(|link| link.name.clone()).collect(),
        }
    }

    fn of(&self, address: u16) -> String {
        self.by_address.get(&address).cloned().unwrap_or_else(|| format!("chip {address}"))
    }

    /// What a timeline shows of a record; nothing of frames, and nothing of an alarm that the chip only received: it
    /// counts where it was raised.
    pub fn describe(&self, record: &Record) -> Option<(EventKind, String)> {
        Some(match &record.what {
            What::Starts(count) => (EventKind::Boot, starts(*count)),
            What::Boots => (EventKind::Boot, BOOTS.into()),
            What::Stops => (EventKind::Fault, STOPS.into()),
            What::Typed(line) => (EventKind::Console, typed(line)),
            What::Said(line) => (EventKind::Console, line.to_string()),
            What::Event(event, _) => return self.event(record.chip, event),
            What::Overflowed => (EventKind::Fault, OVERFLOWS.into()),
            What::Sent(..) | What::Received(..) => return None,
        })
    }

    /// What the chip at a position reports of its part in the fleet; nothing of an alarm that it only received.
    pub fn event(&self, chip: usize, event: &ChipEvent) -> Option<(EventKind, String)> {
        let own = self.addresses.get(chip);
        let received = matches!(event, ChipEvent::Alarm { from, .. } if own.is_some_and(|own| own != from));
        if received { None } else { self.report(event) }
    }

    /// What a chip reports of its part in the fleet, in words.
    fn report(&self, event: &ChipEvent) -> Option<(EventKind, String)> {
        let of = |id: &u16| self.of(*id);
        Some(match event {
            ChipEvent::PeerHeard { id } => (EventKind::Peer, format!("receives {}", of(id))),
            ChipEvent::PeerRebooted { id } => (EventKind::Peer, format!("learns that {} has booted", of(id))),
            ChipEvent::PeerSuspected { id } => (EventKind::Peer, format!("misses {}", of(id))),
            ChipEvent::DuplicateNumber { id } => {
                (EventKind::Peer, format!("finds two boards with number {id}"))
            }
            ChipEvent::PeerLost { id } => (EventKind::Peer, format!("marks {} as lost", of(id))),
            ChipEvent::CoordinatorChosen { id } => {
                (EventKind::Peer, format!("accepts {} as coordinator", of(id)))
            }
            ChipEvent::ItemStored { item } => (EventKind::Item, format!("holds item {item}")),
            ChipEvent::ItemAcknowledged { item, copies, .. } => {
                (EventKind::Item, format!("knows of {copies} copies of item {item}"))
            }
            ChipEvent::ItemGivenUp { item, copies } => {
                (EventKind::Item, format!("gives up item {item} with {copies} copies"))
            }
            // That chip may have held it before: asking whether it does, and giving it, are one message.
            ChipEvent::Copied { item, to } => {
                (EventKind::Item, format!("knows that {} holds item {item}", of(to)))
            }
            ChipEvent::Released { item } => (EventKind::Item, format!("releases item {item}")),
            ChipEvent::Asked { request, of } => {
                let chips = if *of == 1 { "chip" } else { "chips" };
                (EventKind::Question, format!("asks {of} {chips}, question {request}"))
            }
            ChipEvent::Answered { request, chips, of, partial, elapsed, .. } => {
                let part = if *partial { ", in part" } else { "" };
                let took = elapsed.get() / 1000;
                (
                    EventKind::Question,
                    format!("answered after {took} ms: question {request}, {chips} of {of} chips{part}"),
                )
            }
            ChipEvent::Alarm { from, score } => {
                (EventKind::Alarm, format!("alarm of {}, score {}", of(from), thousandths((*score).into())))
            }
            // What a role does is on its console and in its view.
            _ => return None,
        })
    }

    /// What is done from outside, in words; and to which chip.
    pub fn fault(&self, fault: &Fault) -> (Option<usize>, EventKind, String) {
        let kind = if fault.is_repair() { EventKind::Repair } else { EventKind::Fault };
        let words = fault.words();
        match (fault.chip(), fault.link()) {
            (Some(chip), _) => (Some(chip), kind, words),
            (None, Some(link)) => {
                (None, kind, format!("{} {words}", self.links.get(link).map_or("", String::as_str)))
            }
            (None, None) => (None, kind, words),
        }
    }

    /// The name of the chip at an index.
    pub fn chip(&self, index: usize) -> &str {
        self.chips.get(index).map_or("", String::as_str)
    }
}

/// A number of thousandths, as it is written everywhere else.
fn thousandths(score: i64) -> String {
    let sign = if score < 0 { "-" } else { "" };
    let score = score.unsigned_abs();
    format!("{sign}{}.{:03}", score / 1000, score % 1000)
}
