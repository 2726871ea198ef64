//! What an engine tells, as lines of a trace.

use super::event::{Event, What};
use super::write::Writer;
use crate::chip::record::{Record, What as Happening};
use crate::fleet::view::EventKind;
use crate::fleet::{Fault, Happened};
use crate::scenario::Scenario;
use ruvllm_esp_core::federation::FleetEvent;
use std::collections::HashMap;
use std::io::{self, Write};

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

    /// A record as it stands in a trace; nothing of frames, which have numbers there, and nothing of an alarm that the chip
    /// only heard of: it counts where it was raised.
    pub fn what(&self, record: &Record) -> Option<What> {
        Some(match &record.what {
            Happening::Starts(count) => What::Starts(*count),
            Happening::Boots => What::Boots,
            Happening::Stops => What::Stops,
            Happening::Typed(line) => What::Typed(line.to_string()),
            Happening::Said(line) => What::Said(line.to_string()),
            Happening::Fleet(FleetEvent::Alarm { from, .. })
                if self.addresses.get(record.chip).is_some_and(|own| own != from) =>
            {
                return None;
            }
            Happening::Fleet(event) => {
                let (kind, words) = self.report(event);
                What::Note(kind, words)
            }
            Happening::Overflowed => What::Overflowed,
            Happening::Sent(..) | Happening::Received(..) => return None,
        })
    }

    /// What a chip reports of its part in the fleet, in words.
    fn report(&self, event: &FleetEvent) -> (EventKind, String) {
        let of = |id: &u16| self.of(*id);
        match event {
            FleetEvent::PeerHeard { id } => (EventKind::Peer, format!("hears {}", of(id))),
            FleetEvent::PeerRebooted { id } => (EventKind::Peer, format!("hears that {} has booted", of(id))),
            FleetEvent::PeerSuspected { id } => (EventKind::Peer, format!("misses {}", of(id))),
            FleetEvent::PeerLost { id } => (EventKind::Peer, format!("takes {} for dead", of(id))),
            FleetEvent::CoordinatorChosen { id } => {
                (EventKind::Peer, format!("takes {} for the coordinator", of(id)))
            }
            FleetEvent::ItemStored { item } => (EventKind::Item, format!("holds item {item}")),
            FleetEvent::ItemAcknowledged { item, copies } => {
                (EventKind::Item, format!("knows of {copies} copies of item {item}"))
            }
            FleetEvent::ItemGivenUp { item, copies } => {
                (EventKind::Item, format!("gives up item {item} with {copies} copies"))
            }
            // That chip may have held it before: asking whether it does, and giving it, are one message.
            FleetEvent::Copied { item, to } => {
                (EventKind::Item, format!("knows that {} holds item {item}", of(to)))
            }
            FleetEvent::Released { item } => (EventKind::Item, format!("lets go of item {item}")),
            FleetEvent::Asked { request, of } => {
                let chips = if *of == 1 { "chip" } else { "chips" };
                (EventKind::Question, format!("asks {of} {chips}, question {request}"))
            }
            FleetEvent::Answered { request, chips, of, partial, elapsed } => {
                let part = if *partial { ", in part" } else { "" };
                let took = elapsed.get() / 1000;
                (
                    EventKind::Question,
                    format!("has the answer of {chips} of {of} to question {request} after {took} ms{part}"),
                )
            }
            FleetEvent::Alarm { from, score } => {
                (EventKind::Alarm, format!("alarm of {}, score {}", of(from), thousandths((*score).into())))
            }
            other => (EventKind::Item, format!("{other:?}")),
        }
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

    /// The name of the chip at a place.
    pub fn chip(&self, place: usize) -> &str {
        self.chips.get(place).map_or("", String::as_str)
    }
}

/// Writes what happened.
///
/// # Errors
/// Those of the trace's output.
pub fn write<Out: Write>(writer: &mut Writer<Out>, happened: &Happened, names: &Names) -> io::Result<()> {
    let record = match happened {
        Happened::Fault(at, fault) => {
            let (chip, kind, words) = names.fault(fault);
            return writer.event(&Event(at.get(), chip.map(|chip| chip as u32), What::Note(kind, words)));
        }
        Happened::Chip(record) => record,
    };
    let (at, chip) = (record.at.get(), record.chip as u32);
    match &record.what {
        Happening::Sent(port, bytes) => writer.sent(at, chip, *port, bytes),
        Happening::Received(port, bytes) => writer.received(at, chip, *port, bytes),
        _ => names.what(record).map_or(Ok(()), |what| writer.event(&Event(at, Some(chip), what))),
    }
}

/// A number of thousandths, as it is written everywhere else.
fn thousandths(score: i64) -> String {
    let sign = if score < 0 { "-" } else { "" };
    let score = score.unsigned_abs();
    format!("{sign}{}.{:03}", score / 1000, score % 1000)
}
