//! A trace back, as far as it is whole.
//!
//! A damaged trace is read up to its damage, and says where that is and what it looks like. Lines have a limit, and so has
//! their number: no file makes the reader take more memory than a few times its own size.

use super::checksum::Checksum;
use super::event::{End, Event, Header, What};
use crate::scenario::OPEN_END;
use crate::scenario::quantity::YEAR;
use ruvllm_esp_core::units::Micros;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use thiserror::Error;

/// The longest line: a header with all its data, escaped.
const MAX_LINE: u64 = 256 << 20;
/// Most events that are read.
const MAX_EVENTS: usize = 50_000_000;

/// A trace in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// What was run.
    pub header: Header,
    /// What happened, by ascending time; without the end.
    pub events: Vec<Event>,
    /// When it ended, where it has its last line.
    pub ended: Option<Micros>,
    /// What is wrong with it, if something is; the events are those before.
    pub damage: Option<Damage>,
}

/// Where a trace is no longer whole.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {what}; {events} events before it are whole, up to {until_us} us")]
pub struct Damage {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong.
    pub what: String,
    /// How many events were read before it.
    pub events: u64,
    /// The time of the last of them, in microseconds.
    pub until_us: u64,
}

/// Why there is no trace at all.
#[derive(Debug, Error)]
pub enum TraceError {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The first line is no header.
    #[error("not a trace: line 1: {0}")]
    NoTrace(String),
    /// It has another version.
    #[error("it is a trace of version {have}, and this program reads version {}", super::event::VERSION)]
    Version {
        /// Its version.
        have: u32,
    },
}

impl Trace {
    /// When it ended; where its end is missing, when its last event happened.
    pub fn end(&self) -> Micros {
        self.ended.unwrap_or_else(|| Micros(self.events.last().map_or(0, |event| event.0 / 1000)))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`TraceError`] where not even its header can be read.
    pub fn open(path: &Path) -> Result<Self, TraceError> {
        if !path.metadata()?.is_file() {
            return Err(TraceError::NoTrace("not a regular file".into()));
        }
        Self::read(BufReader::new(File::open(path)?))
    }

    /// Reads a trace.
    ///
    /// # Errors
    /// [`TraceError`] where not even its header can be read.
    pub fn read(input: impl BufRead) -> Result<Self, TraceError> {
        let mut lines = Lines { input, number: 0, line: Vec::new(), checksum: Checksum::default() };
        let header = lines.next()?.map_err(TraceError::NoTrace)?.unwrap_or_default();
        let header = header_of(header)?;
        // A scenario that is none is refused where it is read.
        let chips = header.scenario().map_or(usize::MAX, |scenario| scenario.chips.len());
        let (mut events, mut seen, mut ended) = (Vec::new(), 0, None);
        let damage = loop {
            let before = lines.checksum;
            let outcome = match lines.next()? {
                Ok(Some(_)) if ended.is_some() => Err("there is something after the end".into()),
                Ok(Some(line)) => step(line, &mut events, seen, chips, before),
                Ok(None) if ended.is_some() => break None,
                Ok(None) => Err("the trace ends here without its last line: it was cut off".into()),
                Err(_) if ended.is_some() => Err("there is something after the end".into()),
                Err(why) => Err(why),
            };
            seen = events.last().map_or(0, |event: &Event| event.0);
            match outcome {
                Ok(Going::On) => {}
                Ok(Going::Over(at)) => ended = Some(at),
                Err(what) => break Some(what),
            }
        };
        let (line, count, until_us) = (lines.number, events.len() as u64, seen / 1000);
        let damage = damage.map(|what| Damage { line, what, events: count, until_us });
        Ok(Self { header, events, ended, damage })
    }
}

enum Going {
    On,
    /// To the end, then.
    Over(Micros),
}

/// Takes one line.
fn step(
    line: &[u8],
    events: &mut Vec<Event>,
    seen: u64,
    chips: usize,
    before: Checksum,
) -> Result<Going, String> {
    let event: Event =
        serde_json::from_slice(line).map_err(|error| format!("no event: {}", reason(&error)))?;
    match event.2 {
        What::End(End { events: count, .. }) if count != events.len() as u64 => {
            Err(format!("{count} events were written and {} are here", events.len()))
        }
        What::End(End { checksum, .. }) if checksum != before.0 => {
            Err("the checksum is wrong: something before was changed".into())
        }
        _ if event.0 < seen => Err("the time runs backwards".into()),
        What::End(_) => Ok(Going::Over(Micros(event.0 / 1000))),
        _ if event.1.is_some_and(|index| index as usize >= chips) => {
            Err(format!("it is about chip {}, and the scenario has {chips}", event.1.unwrap_or(0)))
        }
        _ if events.len() >= MAX_EVENTS => Err(format!("there are more than {MAX_EVENTS} events")),
        _ => {
            events.push(event);
            Ok(Going::On)
        }
    }
}

fn header_of(line: &[u8]) -> Result<Header, TraceError> {
    /// What every version has.
    #[derive(serde::Deserialize)]
    struct Version {
        trace: u32,
    }
    let no_trace = |error: serde_json::Error| TraceError::NoTrace(reason(&error));
    let Version { trace } = serde_json::from_slice(line).map_err(no_trace)?;
    if trace != super::event::VERSION {
        return Err(TraceError::Version { have: trace });
    }
    let header: Header = serde_json::from_slice(line).map_err(no_trace)?;
    let is_open = header.session && header.until_us == OPEN_END.get();
    if header.until_us > YEAR.get() && !is_open {
        return Err(TraceError::NoTrace("`until_us` is more than a year".into()));
    }
    Ok(header)
}

/// What is wrong with a line, without the parser's count of lines, which is always 1.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_string()
}

/// Lines with a limit.
struct Lines<Input> {
    input: Input,
    number: u64,
    line: Vec<u8>,
    checksum: Checksum,
}

impl<Input: BufRead> Lines<Input> {
    /// The next line; none at the end; or what is wrong with it.
    fn next(&mut self) -> io::Result<Result<Option<&[u8]>, String>> {
        self.line.clear();
        self.number += 1;
        let count = (&mut self.input).take(MAX_LINE).read_until(b'\n', &mut self.line)?;
        self.checksum.add(&self.line);
        Ok(match self.line.split_last() {
            None => Ok(None),
            Some((b'\n', line)) => Ok(Some(line)),
            Some(_) if count as u64 == MAX_LINE => Err("the line is too long".into()),
            Some(_) => Err("the trace ends within this line: it was cut off".into()),
        })
    }
}
