//! A trace back, as far as it is whole.
//!
//! A damaged trace is read up to its damage, and says where that is and what it looks like. Lines have a limit, and so has
//! their number: no file makes the reader take more memory than a few times its own size.

use super::Checksum;
use super::event::{End, Event, Header, What};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use thiserror::Error;

/// The longest line: a header with all its data, escaped.
const MOST_LINE: u64 = 256 << 20;
/// Most events that are read.
const MOST_EVENTS: usize = 50_000_000;

/// A trace in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// What was run.
    pub header: Header,
    /// What happened, by ascending time; without the end.
    pub events: Vec<Event>,
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
    #[error("it is no trace: line 1: {0}")]
    NoTrace(String),
    /// It has another version.
    #[error("it is a trace of version {have}, and this program reads version {}", super::VERSION)]
    Version {
        /// Its version.
        have: u32,
    },
}

impl Trace {
    /// Reads a file.
    ///
    /// # Errors
    /// [`TraceError`] where not even its header can be read.
    pub fn open(path: &Path) -> Result<Self, TraceError> {
        if !path.metadata()?.is_file() {
            return Err(TraceError::NoTrace("it is no ordinary file".into()));
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
        let (mut events, mut seen) = (Vec::new(), 0);
        let damage = loop {
            let before = lines.checksum;
            let outcome = match lines.next()? {
                Ok(Some(line)) => step(line, &mut events, seen, before),
                Ok(None) => Err("the trace ends here without its last line: it was cut off".into()),
                Err(why) => Err(why),
            };
            seen = events.last().map_or(0, |event: &Event| event.0);
            match outcome {
                Ok(Going::On) => {}
                Ok(Going::Over) => break None,
                Err(what) => break Some(what),
            }
        };
        let (line, count, until_us) = (lines.number, events.len() as u64, seen / 1000);
        let damage = damage.map(|what| Damage { line, what, events: count, until_us });
        Ok(Self { header, events, damage })
    }
}

enum Going {
    On,
    Over,
}

/// Takes one line.
fn step(line: &[u8], events: &mut Vec<Event>, seen: u64, before: Checksum) -> Result<Going, String> {
    let event: Event =
        serde_json::from_slice(line).map_err(|error| format!("no event: {}", reason(&error)))?;
    match event.2 {
        What::End(End { events: count, .. }) if count != events.len() as u64 => {
            Err(format!("{count} events were written and {} are here", events.len()))
        }
        What::End(End { checksum, .. }) if checksum != before.0 => {
            Err("the checksum is wrong: something before was changed".into())
        }
        What::End(_) => Ok(Going::Over),
        _ if event.0 < seen => Err("the time runs backwards".into()),
        _ if events.len() >= MOST_EVENTS => Err(format!("there are more than {MOST_EVENTS} events")),
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
    if trace != super::VERSION {
        return Err(TraceError::Version { have: trace });
    }
    serde_json::from_slice(line).map_err(no_trace)
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
        let count = (&mut self.input).take(MOST_LINE).read_until(b'\n', &mut self.line)?;
        self.checksum.add(&self.line);
        Ok(match self.line.split_last() {
            None => Ok(None),
            Some((b'\n', line)) => Ok(Some(line)),
            Some(_) if count as u64 == MOST_LINE => Err("the line is too long".into()),
            Some(_) => Err("the trace ends within this line: it was cut off".into()),
        })
    }
}
