//! A run repeated from its trace, and compared line by line.

use super::{Run, RunError};
use crate::scenario::key::KeyError;
use crate::scenario::{Problems, Scenario, Scripted};
use crate::trace::event::{Event, Header, What};
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_core::wire::authentication::Key;
use std::io::{self, BufRead, Write};
use std::sync::Arc;
use thiserror::Error;

/// How a repetition went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// Every line is the same.
    Same {
        /// How many events.
        events: u64,
    },
    /// From this line on it is another run.
    Differs {
        /// The line of the trace, from 1; the event before it is the last that is the same.
        line: u64,
        /// The line of the trace; none where it has no more.
        recorded: Option<String>,
        /// The line that was written now; none where the run has no more.
        now: Option<String>,
    },
}

/// Why it cannot be repeated.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// The trace cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The scenario in it is none any more.
    #[error("the scenario of the trace: {0}")]
    Problems(#[from] Problems),
    /// The key that was given is another.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It cannot be run.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Runs again what `header` says until `ended`, when the recorded run did, on this many threads, and compares it with
/// `trace`, read from its beginning, with this `key` where the fleet has one that its trace only names; no further than to the first difference. What was typed in a session is in `events`.
///
/// # Errors
/// [`ReplayError`].
pub fn replay(
    header: &Header,
    key: Option<Key>,
    events: &[Event],
    ended: Micros,
    trace: impl BufRead,
    threads: usize,
) -> Result<Replayed, ReplayError> {
    let mut scenario = header.scenario()?;
    if let Some(key) = key {
        scenario.set_key(key)?;
    }
    if header.session {
        scenario.scripted = events.iter().filter_map(typed).collect();
    }
    let scenario = Arc::new(scenario);
    let mut comparison = Comparison::new(trace);
    let outcome = run(scenario, header.session, ended, threads, &mut comparison);
    match outcome {
        // A comparison takes no more once the runs part.
        Err(RunError::Trace(_)) if comparison.difference.is_some() => {}
        other => other?,
    }
    comparison.finish().map_err(ReplayError::Io)
}

/// A line of a session, as a scenario types it. Sessions type at whole microseconds, at a chip that waits.
fn typed(Event(at, chip, what): &Event) -> Option<Scripted> {
    let (What::Typed(line), Some(chip)) = (what, chip) else { return None };
    Some(Scripted {
        at: Micros(at / 1_000),
        chips: vec![*chip as usize],
        spread: false,
        lines: [line.clone()].into(),
        every: Micros(0),
    })
}

fn run(
    scenario: Arc<Scenario>,
    session: bool,
    ended: Micros,
    threads: usize,
    out: &mut dyn Write,
) -> Result<(), RunError> {
    let trace: Option<Box<dyn Write + '_>> = Some(Box::new(out));
    let mut run =
        if session { Run::of_session(scenario, trace)? } else { Run::new(scenario, threads, trace)? };
    run.advance(ended)?;
    run.finish().map(|_| ())
}

/// Takes what is written, and compares it with a trace.
struct Comparison<Trace> {
    trace: Trace,
    /// What was written of the current line.
    written: Vec<u8>,
    recorded: Vec<u8>,
    line: u64,
    difference: Option<Replayed>,
}

impl<Trace: BufRead> Comparison<Trace> {
    fn new(trace: Trace) -> Self {
        Self { trace, written: Vec::new(), recorded: Vec::new(), line: 0, difference: None }
    }

    fn compare(&mut self) -> io::Result<()> {
        self.line += 1;
        self.recorded.clear();
        self.trace.read_until(b'\n', &mut self.recorded)?;
        // The first line names the program that wrote it, which may have been another.
        if self.line > 1 && self.recorded != self.written {
            let recorded = (!self.recorded.is_empty()).then(|| shown(&self.recorded));
            self.difference =
                Some(Replayed::Differs { line: self.line, recorded, now: Some(shown(&self.written)) });
        }
        self.written.clear();
        Ok(())
    }

    fn finish(mut self) -> io::Result<Replayed> {
        if let Some(difference) = self.difference {
            return Ok(difference);
        }
        self.recorded.clear();
        self.trace.read_until(b'\n', &mut self.recorded)?;
        if !self.recorded.is_empty() {
            let recorded = Some(shown(&self.recorded));
            return Ok(Replayed::Differs { line: self.line + 1, recorded, now: None });
        }
        Ok(Replayed::Same { events: self.line.saturating_sub(2) })
    }
}

impl<Trace: BufRead> Write for Comparison<Trace> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.written.extend(line);
            if line.last() == Some(&b'\n') {
                self.compare()?;
            }
            if self.difference.is_some() {
                return Err(io::Error::other("the runs differ from here on"));
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A line as far as it is shown.
fn shown(line: &[u8]) -> String {
    const MAX: usize = 240;
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end();
    match text.char_indices().nth(MAX) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_string(),
    }
}
