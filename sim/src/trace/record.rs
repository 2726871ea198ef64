//! What an engine tells, as lines of a trace.

use super::event::{Event, What};
use super::write::Writer;
use crate::chip::record::What as Happening;
use crate::fleet::Happened;
use crate::fleet::names::Names;
use crate::fleet::told::RoleEvent;
use std::io::{self, Write};

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
        Happening::Event(event, text) => {
            let note = names.event(record.chip, event).map(|(kind, words)| What::Note(kind, words));
            let role = RoleEvent::of(event, text.as_deref()).map(What::Role);
            note.into_iter().chain(role).try_for_each(|what| writer.event(&Event(at, Some(chip), what)))
        }
        other => line(other).map_or(Ok(()), |what| writer.event(&Event(at, Some(chip), what))),
    }
}

/// What stands in a trace as it happened; frames have numbers there, and events two readers.
fn line(what: &Happening) -> Option<What> {
    Some(match what {
        Happening::Starts(count) => What::Starts(*count),
        Happening::Boots => What::Boots,
        Happening::Stops => What::Stops,
        Happening::Typed(line) => What::Typed(line.to_string()),
        Happening::Said(line) => What::Said(line.to_string()),
        Happening::Overflowed => What::Overflowed,
        Happening::Event(..) | Happening::Sent(..) | Happening::Received(..) => return None,
    })
}
