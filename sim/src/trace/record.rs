//! What an engine tells, as lines of a trace.

use super::event::{Event, What};
use super::write::Writer;
use crate::chip::record::{Record, What as Happening};
use crate::fleet::Happened;
use crate::fleet::names::Names;
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
        _ => line(record, names).map_or(Ok(()), |what| writer.event(&Event(at, Some(chip), what))),
    }
}

/// A record as it stands in a trace; nothing of frames, which have numbers there.
fn line(record: &Record, names: &Names) -> Option<What> {
    Some(match &record.what {
        Happening::Starts(count) => What::Starts(*count),
        Happening::Boots => What::Boots,
        Happening::Stops => What::Stops,
        Happening::Typed(line) => What::Typed(line.to_string()),
        Happening::Said(line) => What::Said(line.to_string()),
        Happening::Fleet(event) => {
            let (kind, words) = names.event(record.chip, event)?;
            What::Note(kind, words)
        }
        Happening::Overflowed => What::Overflowed,
        Happening::Sent(..) | Happening::Received(..) => return None,
    })
}
