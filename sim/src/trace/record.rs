//! What an engine tells, as lines of a trace.

use super::event::{Event, What};
use super::write::Writer;
use crate::chip::record::What as TimelineEntry;
use crate::fleet::TimelineEvent;
use crate::fleet::names::Names;
use crate::fleet::telemetry::RoleEvent;
use std::io::{self, Write};

/// Writes what happened.
///
/// # Errors
/// Those of the trace's output.
pub fn write<Out: Write>(
    writer: &mut Writer<Out>,
    timeline: &TimelineEvent,
    names: &Names,
) -> io::Result<()> {
    let record = match timeline {
        TimelineEvent::Fault(at, fault) => {
            let (chip, kind, words) = names.fault(fault);
            return writer.event(&Event(at.get(), chip.map(|chip| chip as u32), What::Note(kind, words)));
        }
        TimelineEvent::Chip(record) => record,
    };
    let (at, chip) = (record.at.get(), record.chip as u32);
    match &record.what {
        TimelineEntry::Sent(port, bytes) => writer.sent(at, chip, *port, bytes),
        TimelineEntry::Received(port, bytes) => writer.received(at, chip, *port, bytes),
        TimelineEntry::Event(event, text) => {
            let note = names.event(record.chip, event).map(|(kind, words)| What::Note(kind, words));
            let role = RoleEvent::of(event, text.as_deref()).map(What::Role);
            note.into_iter().chain(role).try_for_each(|what| writer.event(&Event(at, Some(chip), what)))
        }
        other => line(other).map_or(Ok(()), |what| writer.event(&Event(at, Some(chip), what))),
    }
}

/// What stands in a trace as it happened; frames have numbers there, and events two readers.
fn line(what: &TimelineEntry) -> Option<What> {
    Some(match what {
        TimelineEntry::Starts(count) => What::Starts(*count),
        TimelineEntry::Boots => What::Boots,
        TimelineEntry::Stops => What::Stops,
        TimelineEntry::Typed(line) => What::Typed(line.to_string()),
        TimelineEntry::Said(line) => What::Said(line.to_string()),
        TimelineEntry::Overflowed => What::Overflowed,
        TimelineEntry::Event(..) | TimelineEntry::Sent(..) | TimelineEntry::Received(..) => return None,
    })
}
