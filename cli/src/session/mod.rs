//! A session with a simulated chip: lines from somewhere go in, and what the chip writes comes out.
//!
//! Standard output carries exactly what the chip would write to its serial line, or under `--json` an object a command.
//! Where the console is opened to others ([`serve`]), the chip's words go to them, and not here.
//! Everything this program has to say about it is talk, on standard error.

pub mod chip;
pub mod chip_options;
pub mod demo;
pub mod exact;
pub mod interactive;
pub mod lines;
pub mod log_options;
pub mod log_report;
#[cfg(unix)]
pub mod pty;
pub mod report;
pub mod running;
pub mod samples;
mod serial;
pub mod serve;
mod story;
pub mod tcp;
pub mod watch;

use crate::error::{CommandResult, Exit, Stop};
use crate::output::Output;
use chip::{Chip, LineReply};
use report::Report;
use running::{Running, TraceFile};
use ruvllm_esp_core::chip::Radio;
use ruvllm_esp_core::console::Failure;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::scenario::OPEN_END;
use ruvllm_esp_sim::single::{Setup, SingleChip};
use std::path::PathBuf;
use watch::Watch;

/// One thing that happens in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A line is typed, or one that no chip would take as it is.
    Line(Result<String, Failure>),
    /// The same, of a line whose bytes are known.
    Refused(Failure, Vec<u8>),
    /// Time passes.
    Wait(Micros),
    /// Something is said to the reader.
    Remark(String),
    /// A row of a sensor log.
    Sample(Sample),
}

/// A row of a sensor log, as it is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The line for the console.
    pub line: String,
    /// The time since the first row, where the log has times.
    pub since: Option<Micros>,
    /// Its line in the file.
    pub row: u64,
    /// Its time as the file writes it; empty without one.
    pub stamp: String,
    /// Does the file say that it is anomalous?
    pub label: bool,
}

/// A sensor log that is about to be played.
#[derive(Clone, Debug)]
pub struct LogInfo {
    /// The name of the file.
    pub name: String,
    /// The names of its channels.
    pub channels: Vec<String>,
    /// How many rows it has, where that is known.
    pub rows: Option<u64>,
    /// Does it say which rows are anomalous?
    pub has_label: bool,
}

/// Where the events of a session come from.
pub trait LineSource {
    /// The next event; none at the end.
    ///
    /// # Errors
    /// When it cannot be read, or is wrong.
    fn next(&mut self) -> Result<Option<Event>, Stop>;

    /// The sensor log that it plays, if it is one.
    fn log(&self) -> Option<LogInfo> {
        None
    }
}

/// A session under way.
#[derive(Debug)]
pub struct ChipSession {
    device: Box<dyn Chip>,
    report: Report,
    watch: Watch,
    trace: Option<TraceFile>,
    /// When the first row of a sensor log was typed, on the session's clock.
    log_began: Option<Micros>,
}

/// What the caller asked of a session.
#[derive(Clone, Copy, Debug)]
pub struct SessionOptions {
    /// The seed, for the record.
    pub seed: u32,
    /// Is a failed command a failed session?
    pub strict: bool,
    /// Show on standard error what is typed, for it is not to be seen otherwise?
    pub echo: bool,
    /// Print the story alone, for a demonstration?
    pub story: bool,
    /// Do the chip's words go elsewhere than to standard output?
    pub remote: bool,
}

impl ChipSession {
    /// Boots the chip, and prints its banner; `inputs` are read meanwhile.
    ///
    /// # Errors
    /// When the role does not fit, the trace cannot be written, or standard output is closed.
    pub fn boot(
        setup: &Setup,
        options: SessionOptions,
        running: &Running,
        inputs: &[PathBuf],
        output: &Output,
    ) -> Result<Self, Stop> {
        let (out, trace) = running.open_trace(inputs)?.unzip();
        let until = running.until.unwrap_or(OPEN_END);
        let single = SingleChip::open(setup, until, out).map_err(|error| chip::single_error(&error))?;
        let watch = Watch::new(running, setup.scenario());
        let session = Self::with(Box::new(single), setup.radio, options, watch, output)?;
        Ok(Self { trace, ..session })
    }

    /// A session with a chip that has started: prints its banner.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn with(
        mut device: Box<dyn Chip>,
        radio: Radio,
        options: SessionOptions,
        mut watch: Watch,
        output: &Output,
    ) -> Result<Self, Stop> {
        let report = Report::new(output, options, device.kind());
        report.boot(radio, device.as_mut())?;
        let news = watch.console(device.elapsed(), &device.banner());
        report.news(&news);
        Ok(Self { device, report, watch, trace: None, log_began: None })
    }

    /// Lets one event happen.
    ///
    /// # Errors
    /// When an operation has no cost, or standard output is closed.
    pub fn execute(&mut self, event: Event) -> Result<(), Stop> {
        self.receive(event).map(|_| ())
    }

    /// Lets one event happen, and gives what the chip has to say to it.
    ///
    /// # Errors
    /// As for [`ChipSession::execute`].
    pub fn receive(&mut self, event: Event) -> Result<String, Stop> {
        if self.is_over() {
            return Ok(String::new());
        }
        self.watch.catch_up(self.device.as_mut())?;
        let said = self.happen(event)?;
        self.watch.hold(self.device.elapsed());
        Ok(said)
    }

    /// Is its time over?
    pub fn is_over(&mut self) -> bool {
        self.watch.is_over(self.device.elapsed())
    }

    fn happen(&mut self, event: Event) -> Result<String, Stop> {
        match event {
            Event::Line(Ok(line)) if line.is_empty() => Ok(String::new()),
            Event::Line(line) => {
                let typed = line.as_deref().map_err(|failure| *failure);
                self.exchange(typed.ok(), |device| device.line(typed))
            }
            Event::Refused(failure, bytes) => self.exchange(None, |device| device.refused(failure, &bytes)),
            Event::Wait(time) => {
                let time = self.watch.cut(time, self.device.elapsed());
                self.device.wait(time)?;
                self.report.wait(time, self.device.now())?;
                Ok(String::new())
            }
            Event::Remark(text) => {
                self.report.remark(&text);
                Ok(String::new())
            }
            Event::Sample(sample) => self.sample(&sample),
        }
    }

    /// Types a row of a sensor log when its time has come.
    fn sample(&mut self, sample: &Sample) -> Result<String, Stop> {
        let now = self.device.elapsed();
        if let Some(since) = sample.since {
            let due = Micros(self.log_began.get_or_insert(now).get().saturating_add(since.get()));
            let wait = self.watch.cut(due.saturating_sub(now), now);
            if wait > Micros(0) {
                self.device.wait(wait)?;
                self.watch.hold(self.device.elapsed());
            }
        }
        if self.is_over() {
            return Ok(String::new());
        }
        let (started, at) = (self.device.now(), self.device.elapsed());
        let reply = self.device.line(Ok(&sample.line))?;
        self.report.sample(sample, started, &reply, self.device.as_mut())?;
        let news = self.watch.console(at, &reply.text);
        self.report.news(&news);
        Ok(reply.text)
    }

    /// One line and its answer.
    fn exchange(
        &mut self,
        line: Option<&str>,
        ask: impl FnOnce(&mut dyn Chip) -> Result<LineReply, Stop>,
    ) -> Result<String, Stop> {
        let (started, at) = (self.device.now(), self.device.elapsed());
        let reply = ask(self.device.as_mut())?;
        self.report.command(line, started, &reply, self.device.as_mut())?;
        let news = self.watch.console(at, &reply.text);
        self.report.news(&news);
        Ok(reply.text)
    }

    /// Lets everything happen that comes from `source`, then sums up.
    ///
    /// # Errors
    /// Those of the source and of [`ChipSession::execute`].
    pub fn run(mut self, source: &mut dyn LineSource) -> CommandResult {
        self.report.log(source.log());
        while !self.is_over()
            && let Some(event) = source.next()?
        {
            self.execute(event)?;
        }
        let rest = self.watch.rest(self.device.elapsed());
        if rest > Micros(0) {
            self.execute(Event::Wait(rest))?;
        }
        self.end()
    }

    /// Sums up and judges.
    ///
    /// # Errors
    /// When standard output is closed, or the trace could not be written.
    pub fn end(mut self) -> CommandResult {
        let judged = self.watch.finish(self.device.elapsed());
        // The summary is shown even where the trace is lost.
        self.report.summary(self.device.as_mut(), &judged)?;
        if let Some(file) = self.trace {
            self.device.end_trace().map_err(|error| file.lost(&error))?;
            file.keep()?;
        }
        let (_, failures) = self.device.commands();
        let failed = self.report.options.strict && failures > 0;
        Ok(if failed { Exit::No } else { self.watch.exit(&judged) })
    }
}
