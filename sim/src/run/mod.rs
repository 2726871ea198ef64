//! A scenario, run: the engine, its judge, and the trace if one is written.
//!
//! The run is stopped at every time at which the judge wants to look and the trace wants a snapshot, and what happened in
//! between is handed to both in its order. Neither changes anything: a run without them takes the same course.
//!
//! - [`judge`]: what was expected against what was seen
//! - [`referee`]: a judge and what it has to know, for callers that step through a fleet
//! - [`truth`]: what one exact index would have answered
//! - [`verdict`]: how a run ended
//! - [`replay`]: a run repeated from its trace and compared

pub mod judge;
mod measure;
pub mod referee;
pub mod replay;
pub mod truth;
pub mod verdict;

use self::judge::Judged;
use self::referee::Referee;
use self::verdict::{Attackers, ChipReport, Frames, Items, Latency, ScenarioVerdict};
use crate::chip::record::Keep;
use crate::chip::{Chip, Line};
use crate::figure::{Banded, Figure, Kind};
use crate::fleet::facts::Facts;
use crate::fleet::names::Names;
use crate::fleet::{Fleet, FleetError};
use crate::scenario::{OPEN_END, Scenario};
use crate::trace::event::{Event, Header, What as Entry};
use crate::trace::record;
use crate::trace::write::Writer;
use ruvllm_esp_core::units::{Micros, Nanojoules};
use std::io::{self, Write};
use std::sync::Arc;
use thiserror::Error;

/// Why a run cannot begin or go on.
#[derive(Debug, Error)]
pub enum RunError {
    /// The fleet cannot be built.
    #[error(transparent)]
    Fleet(#[from] FleetError),
    /// The trace cannot be written.
    #[error("the trace cannot be written: {0}")]
    Trace(#[from] io::Error),
    /// More happened at once than the engine keeps.
    #[error("{0} events were forgotten: more happens at once than is kept")]
    Forgotten(u64),
}

/// At most this much happens between two looks.
const SLICE: Micros = Micros(250_000);
/// This many chips are written down by all snapshots together, about.
const SNAPSHOTS: u64 = 200_000;

/// A scenario under way.
pub struct Run<'w> {
    fleet: Fleet,
    scenario: Arc<Scenario>,
    referee: Referee,
    trace: Option<Tape<'w>>,
    /// Why the trace ended before the run.
    broken: Option<io::Error>,
    /// Did anything happen since the last snapshot?
    changed: bool,
}

/// A trace being written.
struct Tape<'w> {
    writer: Writer<Box<dyn Write + 'w>>,
    names: Names,
    every: Micros,
    next: Micros,
}

impl<'w> Run<'w> {
    /// A run of `scenario` on this many threads, written down to `trace` if there is one.
    ///
    /// # Errors
    /// [`RunError`].
    pub fn new(
        scenario: Arc<Scenario>,
        threads: usize,
        trace: Option<Box<dyn Write + 'w>>,
    ) -> Result<Self, RunError> {
        // There are as many records of frames as there are receivers of each, and only a trace wants them.
        let frames = trace.is_some();
        Self::keeping(scenario, threads, trace, Keep { events: true, frames, replies: false })
    }

    /// A run of one chip that is talked to: the reply to its last line is kept.
    ///
    /// # Errors
    /// [`RunError`].
    pub fn of_session(scenario: Arc<Scenario>, trace: Option<Box<dyn Write + 'w>>) -> Result<Self, RunError> {
        Self::keeping(scenario, 1, trace, Keep { events: true, frames: false, replies: true })
    }

    fn keeping(
        scenario: Arc<Scenario>,
        threads: usize,
        trace: Option<Box<dyn Write + 'w>>,
        keep: Keep,
    ) -> Result<Self, RunError> {
        let mut fleet = Fleet::build(Arc::clone(&scenario), threads)?;
        fleet.keep(keep);
        let trace = trace.map(|out| Tape::begin(out, &scenario, keep.replies)).transpose()?;
        let referee = Referee::new(&scenario);
        Ok(Self { fleet, scenario, referee, trace, broken: None, changed: false })
    }

    /// The time.
    pub fn now(&self) -> Micros {
        self.fleet.now()
    }

    /// Is it at the end of the scenario?
    pub fn is_over(&self) -> bool {
        self.now() >= self.scenario.until
    }

    /// Types a line at a chip now.
    pub fn type_line(&mut self, index: usize, line: Line) {
        self.fleet.type_raw(index, line);
    }

    /// The chip at an index.
    pub fn chip(&mut self, index: usize) -> Option<&mut Chip> {
        self.fleet.chip_mut(index)
    }

    /// What the chip at an index consumed, modelled.
    pub fn energy(&mut self, index: usize) -> Figure<Nanojoules> {
        self.fleet.energy_of(index)
    }

    /// Goes on until `to`, at most to the end; what was judged meanwhile.
    ///
    /// # Errors
    /// [`RunError::Trace`], once: then it goes on without a trace, if it is told to. [`RunError::Forgotten`].
    pub fn advance(&mut self, to: Micros) -> Result<Vec<Judged>, RunError> {
        let to = to.min(self.scenario.until);
        while self.now() < to {
            let now = self.now();
            self.skip_snapshots();
            let due = self.referee.due().filter(|due| *due > now);
            let snapshot = self.trace.as_ref().map(|tape| tape.next).filter(|next| *next > now);
            let stops = [due, snapshot, Some(self.soonest().max(now + SLICE))];
            self.fleet.run_until(stops.into_iter().flatten().fold(to, Micros::min));
            self.drain()?;
            self.look();
            if let Some(error) = self.broken.take() {
                return Err(RunError::Trace(error));
            }
        }
        Ok(self.referee.take_news())
    }

    /// Ends the trace, if there is one; nothing more is written to it.
    ///
    /// # Errors
    /// [`RunError::Trace`].
    pub fn end_trace(&mut self) -> Result<(), RunError> {
        let now = self.now();
        self.trace.take().map_or(Ok(()), |tape| tape.writer.end(now.get() * 1000).map(|_| ()))?;
        Ok(())
    }

    /// Ends it, wherever it is, and judges it.
    ///
    /// # Errors
    /// [`RunError::Trace`].
    pub fn finish(mut self) -> Result<ScenarioVerdict, RunError> {
        self.end_trace()?;
        let now = self.now();
        let facts = self.fleet.facts();
        let expectations = self.referee.finish(now, &facts);
        let complete = now >= self.scenario.until;
        let chips: Vec<ChipReport> =
            (0..facts.chips.len()).filter_map(|index| self.report(index, &facts)).collect();
        let energy = consumed(chips.iter().filter(|chip| !chip.hostile));
        let attackers = attackers(&chips, &facts);
        let (sent, lost, corrupted) = facts.frames;
        let received = chips.iter().map(|chip| chip.frames.1).sum();
        let gone = facts.items.iter().filter(|(_, copies)| *copies == 0).count();
        Ok(ScenarioVerdict {
            scenario: self.scenario.name.clone(),
            seed: self.scenario.seed,
            ended_us: now.get(),
            complete,
            passed: complete && expectations.iter().all(|judged| judged.passed || !judged.due),
            expectations,
            chips,
            latency: Latency::of(&facts.questions),
            frames: Frames { sent, received, lost, corrupted },
            items: Items { acknowledged: facts.items.len(), lost: gone, given_up: facts.given_up },
            faults: self.scenario.fault_events().iter().filter(|event| event.at <= now).count() as u64,
            energy,
            attackers,
        })
    }

    /// Where nothing has changed, the next snapshot is the one after the next event. It must not depend on how far the run is
    /// asked to go: a replay is asked in other steps.
    fn skip_snapshots(&mut self) {
        let quiet = self.fleet.next().map_or(self.scenario.until, |next| Micros(next.get() / 1_000));
        if let Some(tape) = self.trace.as_mut().filter(|_| !self.changed) {
            tape.next = Micros((quiet.get() / tape.every.get() + 1) * tape.every.get());
        }
    }

    /// When something happens next, rounded up; the end where nothing does.
    fn soonest(&self) -> Micros {
        self.fleet.next().map_or(self.scenario.until, |next| Micros(next.get() / 1_000 + 1))
    }

    fn drain(&mut self) -> Result<(), RunError> {
        let (all, forgotten) = self.fleet.take_timeline();
        if forgotten > 0 {
            return Err(RunError::Forgotten(forgotten));
        }
        self.changed |= !all.is_empty();
        for timeline in &all {
            self.write(|tape| record::write(&mut tape.writer, timeline, &tape.names));
            self.referee.see(timeline);
        }
        Ok(())
    }

    /// Writes to the trace, if there is one. The run is not to be lost because its trace is.
    fn write(&mut self, write: impl FnOnce(&mut Tape<'w>) -> io::Result<()>) {
        if let Some(Err(error)) = self.trace.as_mut().map(write) {
            self.trace = None;
            self.broken = Some(error);
        }
    }

    fn look(&mut self) {
        let now = self.now();
        self.referee.look(now, &mut self.fleet);
        if self.changed && self.trace.as_ref().is_some_and(|tape| tape.next <= now) {
            self.changed = false;
            let snapshot = self.fleet.snapshot();
            self.write(|tape| {
                tape.next = now + tape.every;
                tape.writer.event(&Event(now.get() * 1000, None, Entry::Snapshot(Box::new(snapshot))))
            });
        }
    }

    fn report(&self, index: usize, facts: &Facts) -> Option<ChipReport> {
        let (plan, chip) = (self.scenario.chips.get(index)?, facts.chips.get(index)?);
        Some(ChipReport {
            name: plan.name.clone(),
            id: plan.id,
            variant: plan.chip.name,
            role: plan.role.alias(),
            hostile: plan.hostile.is_some(),
            runs: chip.runs,
            boots: chip.boots,
            items: chip.items,
            alarms: chip.alarms,
            frames: chip.frames,
            cycles: chip.work.cycles.tagged(Kind::Modelled),
            busy: chip.work.time.tagged(Kind::Modelled),
            energy: Figure { ..chip.energy },
        })
    }
}

fn consumed<'c>(chips: impl Iterator<Item = &'c ChipReport>) -> Figure<Nanojoules> {
    let zero = Banded::exact(Nanojoules(0));
    chips.fold(zero, |sum, chip| sum + chip.energy.banded).tagged(Kind::Modelled)
}

fn attackers(chips: &[ChipReport], facts: &Facts) -> Attackers {
    let hostile = || chips.iter().filter(|chip| chip.hostile);
    Attackers {
        chips: hostile().count(),
        sent: hostile().map(|chip| chip.frames.0).sum(),
        accepted: facts.chips.iter().map(|chip| chip.accepted).sum(),
        energy: consumed(hostile()),
    }
}

impl<'w> Tape<'w> {
    fn begin(out: Box<dyn Write + 'w>, scenario: &Scenario, session: bool) -> io::Result<Self> {
        let chips = (scenario.chips.len() as u64).max(1);
        let most = (SNAPSHOTS / chips).clamp(1, 240);
        let every = match scenario.until {
            OPEN_END => Micros::seconds(1),
            until => Micros((until.get() / most).max(100_000)),
        };
        let writer = Writer::begin(out, &Header::new(scenario, session))?;
        Ok(Self { writer, names: Names::new(scenario), every, next: every })
    }
}

impl std::fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("now", &self.now()).finish_non_exhaustive()
    }
}
