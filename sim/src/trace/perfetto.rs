//! A trace for the viewers of Chrome (`chrome://tracing`) and Perfetto (`ui.perfetto.dev`).
//!
//! One track a chip: commands from the line that is typed to the first line of the reply, frames where they are sent and
//! received with an arrow between, everything else as an instant; and counters from the snapshots.
//! Source: "Trace Event Format", Google, <https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU>.

use super::event::{Event, What};
use super::read::Trace;
use crate::scenario::Scenario;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

/// The process to which all tracks belong.
const PROCESS: u32 = 1;
/// The track of what belongs to no chip.
const FLEET: u32 = 0;

/// Writes `trace` as one JSON object.
///
/// # Errors
/// Those of `out`.
pub fn export(trace: &Trace, scenario: &Scenario, out: &mut impl Write) -> io::Result<()> {
    let mut export = Export { out, first: true, open: HashMap::new(), sent: BTreeMap::new() };
    write!(export.out, "{{\"displayTimeUnit\":\"ms\",\"traceEvents\":[")?;
    export.name(FLEET, "fleet")?;
    for (index, chip) in (0u32..).zip(&scenario.chips) {
        let role = chip.role.alias();
        export.name(index + 1, &format!("{} ({} {role})", chip.name, chip.chip.name))?;
    }
    for event in &trace.events {
        export.event(event, scenario)?;
    }
    writeln!(export.out, "\n]}}")
}

struct Export<'o, Out> {
    out: &'o mut Out,
    first: bool,
    /// For each chip the command that has no reply yet, and when it was typed.
    open: HashMap<u32, (u64, String)>,
    /// For each frame whether somebody received it, so that its arrow was begun.
    sent: BTreeMap<u64, (u64, u32)>,
}

impl<Out: Write> Export<'_, Out> {
    fn event(&mut self, event: &Event, scenario: &Scenario) -> io::Result<()> {
        let Event(at, index, what) = event;
        let track = index.map_or(FLEET, |index| index.saturating_add(1));
        match what {
            What::Typed(line) => {
                self.open.insert(track, (*at, line.clone()));
                Ok(())
            }
            What::Said(line) => match self.open.remove(&track) {
                Some((since, typed)) => self.span(track, since, *at, &typed, line),
                None => self.instant(track, *at, line, "console"),
            },
            What::Sent(port, number, bytes) => {
                self.sent.insert(*number, (*at, track));
                let arguments = json!({ "port": port, "frame": number, "bytes": bytes.0.len() });
                self.put(&slice(track, *at, &frame_name(&bytes.0), "sent", arguments))
            }
            What::Received(port, number) => {
                let arguments = json!({ "port": port, "frame": number });
                self.put(&slice(track, *at, "receive", "received", arguments))?;
                self.arrow(*number, track, *at)
            }
            What::Corrupted(..) => self.instant(track, *at, "corrupted frame", "lost"),
            What::Overflowed => self.instant(track, *at, "receive buffer full", "lost"),
            What::Snapshot(snapshot) => {
                for (chip, state) in scenario.chips.iter().zip(&snapshot.chips) {
                    self.counter(*at, &format!("{} items", chip.name), state.items.into())?;
                    self.counter(*at, &format!("{} load", chip.name), state.load.into())?;
                }
                for (link, state) in scenario.links.iter().zip(&snapshot.links) {
                    self.counter(*at, &format!("{} frames", link.name), state.frames.0)?;
                    self.counter(*at, &format!("{} lost", link.name), state.frames.1)?;
                }
                Ok(())
            }
            _ => match what.words() {
                Some((kind, words)) => self.instant(track, *at, &words, &format!("{kind:?}").to_lowercase()),
                None => Ok(()),
            },
        }
    }

    fn name(&mut self, track: u32, name: &str) -> io::Result<()> {
        self.put(&json!({ "ph": "M", "name": "thread_name", "pid": PROCESS, "tid": track, "args": { "name": name } }))?;
        self.put(&json!({ "ph": "M", "name": "thread_sort_index", "pid": PROCESS, "tid": track, "args": { "sort_index": track } }))
    }

    fn span(&mut self, track: u32, from: u64, to: u64, typed: &str, reply: &str) -> io::Result<()> {
        let duration = micros(to.saturating_sub(from));
        self.put(&json!({ "ph": "X", "cat": "command", "name": typed, "pid": PROCESS, "tid": track, "ts": micros(from),
            "dur": duration, "args": { "reply": reply } }))
    }

    fn instant(&mut self, track: u32, at: u64, name: &str, category: &str) -> io::Result<()> {
        self.put(&json!({ "ph": "i", "s": "t", "cat": category, "name": name, "pid": PROCESS, "tid": track, "ts": micros(at) }))
    }

    fn counter(&mut self, at: u64, name: &str, value: u64) -> io::Result<()> {
        self.put(
            &json!({ "ph": "C", "name": name, "pid": PROCESS, "ts": micros(at), "args": { "value": value } }),
        )
    }

    /// An arrow for each receiver: it has a number of its own, or viewers would chain the receivers.
    fn arrow(&mut self, frame: u64, to: u32, at: u64) -> io::Result<()> {
        let Some((since, from)) = self.sent.get(&frame).copied() else { return Ok(()) };
        let id = format!("{frame}-{to}");
        self.put(&json!({ "ph": "s", "cat": "frame", "name": "frame", "id": id, "pid": PROCESS, "tid": from, "ts": micros(since) }))?;
        self.put(&json!({ "ph": "f", "bp": "e", "cat": "frame", "name": "frame", "id": id, "pid": PROCESS, "tid": to, "ts": micros(at) }))
    }

    fn put(&mut self, value: &Value) -> io::Result<()> {
        let separator = if self.first { "\n" } else { ",\n" };
        self.first = false;
        write!(self.out, "{separator}{value}")
    }
}

/// Arrows begin and end at slices, so a frame is one, a microsecond long.
fn slice(track: u32, at: u64, name: &str, category: &str, arguments: Value) -> Value {
    json!({ "ph": "X", "cat": category, "name": name, "pid": PROCESS, "tid": track, "ts": micros(at), "dur": 1, "args": arguments })
}

/// What a frame is, as far as its header tells.
fn frame_name(bytes: &[u8]) -> String {
    use ruvllm_esp_core::wire::{Message, frame};
    let frame = frame::decode(bytes, &mut ());
    let name = frame.ok().and_then(|frame| Message::name_of(frame.header.number));
    name.unwrap_or("frame").into()
}

/// Microseconds with their fraction.
fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1000.0
}
