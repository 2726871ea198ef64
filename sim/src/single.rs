//! One chip alone, to talk to: a fleet of one.
//!
//! What is typed here takes the way that a line of a scenario takes, through the same chip: the same turn, the same cost,
//! the same trace. The chip has no link, so between two lines it does nothing, and a wait of years costs no time.

use crate::chip::Chip;
use crate::cost::{Cost, UnknownCost};
use crate::figure::Figure;
use crate::fleet::FleetError;
use crate::memory::{Memory, min_arena};
use crate::run::{Run, RunError};
use crate::scenario::{Bundle, ChipPlan, OPEN_END, Scenario};
use ruvllm_esp_core::agent::{Agent, Identity};
use ruvllm_esp_core::chip::Radio;
use ruvllm_esp_core::console::Failure;
use ruvllm_esp_core::event::Detection;
use ruvllm_esp_core::meter::Counts;
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::units::{Bytes, Micros, Nanojoules, Nanos};
use std::io::{self, Write};
use std::sync::Arc;
use thiserror::Error;

/// What to build a chip of.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Kind, number and role of the chip.
    pub identity: Identity,
    /// Whether a radio takes its share of the memory.
    pub radio: Radio,
    /// The arena's size, where it is not all that the chip has to give.
    pub arena: Option<Bytes>,
}

impl Setup {
    /// The bytes of the arena.
    pub fn arena_bytes(&self) -> Bytes {
        self.arena.unwrap_or_else(|| self.identity.chip.arena_budget(self.radio).arena)
    }

    /// The scenario of this chip: nothing is typed, nothing fails. Reading its text gives the same scenario.
    pub fn scenario(&self) -> Scenario {
        let Self { identity: Identity { chip, chip_id: id, role, seed }, radio, arena } = *self;
        let (name, starts, skew) = (chip.name.to_string(), Micros(0), 0);
        let plan = ChipPlan {
            name,
            id,
            chip,
            role,
            radio,
            arena,
            link: None,
            starts,
            skew,
            clock: Micros(0),
            boots: 0,
            hostile: None,
        };
        Scenario {
            name: chip.name.to_string(),
            seed: seed.into(),
            until: OPEN_END,
            planned: OPEN_END,
            replicas: 2,
            chips: vec![plan],
            lines: vec![4],
            bundle: Bundle { name: chip.name.to_string(), text: self.text(), files: Vec::new() },
            ..Scenario::default()
        }
    }

    fn text(&self) -> String {
        let Self { identity: Identity { chip, chip_id, role, seed }, radio, arena } = self;
        let (name, role, radio) = (chip.name, role.alias(), radio.name());
        let arena = arena.map_or(String::new(), |arena| format!("arena = \"{}B\"\n", arena.get()));
        format!(
            "schema = 1\nseed = {seed}\n\n[[chip]]\nname = \"{name}\"\nvariant = \"{name}\"\nrole = \"{role}\"\n\
             id = {chip_id}\nradio = \"{radio}\"\n{arena}"
        )
    }
}

/// Why a chip cannot be built or cannot go on.
#[derive(Debug, Error)]
pub enum SingleError {
    /// The role's least capacity needs more than the arena has.
    #[error("role {} needs {needs} of arena on {chip} and has {have}: {} are lacking", .role.alias(), *.needs - *.have)]
    DoesNotFit {
        /// The role.
        role: RoleKind,
        /// The chip.
        chip: &'static str,
        /// The least arena that holds it.
        needs: Bytes,
        /// The arena there is.
        have: Bytes,
    },
    /// The chip has no cost table, or an incomplete one.
    #[error(transparent)]
    Fleet(#[from] FleetError),
    /// Work without a cost.
    #[error(transparent)]
    UnknownCost(#[from] UnknownCost),
    /// More happened than is kept.
    #[error(transparent)]
    Run(RunError),
}

/// What one line did.
#[derive(Clone, Debug)]
pub struct Reply {
    /// What the chip wrote.
    pub text: String,
    /// Whether the command failed.
    pub outcome: Result<(), Failure>,
    /// What a detector said, where the line was for one.
    pub verdict: Option<Detection>,
    /// What it cost.
    pub cost: Cost,
}

/// A chip under virtual time.
#[derive(Debug)]
pub struct SingleChip<'w> {
    setup: Setup,
    run: Run<'w>,
    /// The work of the last line.
    counts: Counts,
    commands: u32,
    failures: u32,
    /// Why the trace ended before the session.
    broken: Option<io::Error>,
}

impl SingleChip<'static> {
    /// Gives the chip power and waits until it has booted.
    ///
    /// # Errors
    /// [`SingleError::DoesNotFit`] with the bytes that are lacking.
    pub fn boot(setup: &Setup) -> Result<Self, SingleError> {
        Self::open(setup, OPEN_END, None)
    }
}

impl<'w> SingleChip<'w> {
    /// The same, ending at `until` of virtual time since power-on, written down to `trace` if there is one.
    ///
    /// # Errors
    /// As [`SingleChip::boot`].
    pub fn open(
        setup: &Setup,
        until: Micros,
        trace: Option<Box<dyn Write + 'w>>,
    ) -> Result<Self, SingleError> {
        let Identity { chip, role, .. } = setup.identity;
        let (needs, have) = (min_arena(role), setup.arena_bytes());
        let does_not_fit = SingleError::DoesNotFit { role, chip: chip.name, needs, have };
        if have < needs {
            return Err(does_not_fit);
        }
        let scenario = Scenario { until, ..setup.scenario() };
        let run = Run::of_session(Arc::new(scenario), trace).map_err(|error| match error {
            RunError::Fleet(FleetError::DoesNotFit { .. }) => does_not_fit,
            RunError::Fleet(error) => SingleError::Fleet(error),
            other => SingleError::Run(other),
        })?;
        let mut single =
            Self { setup: *setup, run, counts: Counts::default(), commands: 0, failures: 0, broken: None };
        // Boot takes a random time; it is over as soon as the chip has nothing more to do.
        single.advance(Micros(1))?;
        single.settle()?;
        Ok(single)
    }

    /// What it was built of, with its role of the moment.
    pub fn setup(&mut self) -> Setup {
        let identity = self.agent().map(|agent| agent.identity());
        Setup { identity: identity.unwrap_or(self.setup.identity), ..self.setup }
    }

    /// What the chip says at boot.
    pub fn banner(&mut self) -> String {
        let mut text = String::new();
        if let Some(agent) = self.agent() {
            // Writing to a string cannot fail.
            let _ = agent.banner(&mut text);
        }
        text
    }

    /// Sends one line to the console, and lets the time pass that the answer takes.
    ///
    /// # Errors
    /// [`SingleError::UnknownCost`] where the cost table lacks an operation that was done.
    pub fn line(&mut self, line: Result<&str, Failure>) -> Result<Reply, SingleError> {
        let (index, at) = (0, self.run.now());
        self.run.type_line(index, line.map(Arc::from));
        self.advance(at + Micros(1))?;
        self.settle()?;
        let Some(reply) = self.chip().and_then(|chip| chip.reply.take()) else {
            // Over, or its bytes were lost: nothing was answered.
            return Ok(Reply { text: String::new(), outcome: Ok(()), verdict: None, cost: Cost::default() });
        };
        self.counts = reply.counts;
        self.commands += 1;
        self.failures += u32::from(reply.outcome.is_err());
        let cost = self.cost()?;
        Ok(Reply { text: reply.text, outcome: reply.outcome, verdict: reply.verdict, cost })
    }

    /// Lets time pass without work.
    ///
    /// # Errors
    /// [`SingleError::Run`].
    pub fn wait(&mut self, time: Micros) -> Result<(), SingleError> {
        self.advance(Micros(self.run.now().get().saturating_add(time.get())))
    }

    /// The operations that the last line did.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The time since boot, by the chip's own clock.
    pub fn now(&mut self) -> Micros {
        let now = nanos(self.run.now());
        self.chip().map_or(Micros(0), |chip| chip.uptime(now))
    }

    /// Is its time over?
    pub fn is_over(&self) -> bool {
        self.run.is_over()
    }

    /// What all its work cost together.
    ///
    /// # Errors
    /// As for [`SingleChip::line`].
    pub fn total(&mut self) -> Result<Cost, SingleError> {
        let total = self.chip().map(|chip| chip.work.cost(&chip.work.total));
        Ok(total.transpose()?.unwrap_or_default())
    }

    /// What the chip consumed since it got power.
    pub fn energy(&mut self) -> Figure<Nanojoules> {
        self.run.energy(0)
    }

    /// Lines taken, and how many of them failed.
    pub fn commands(&self) -> (u32, u32) {
        (self.commands, self.failures)
    }

    /// The agent, to ask it of its memory and its items.
    pub fn agent(&mut self) -> Option<&mut Agent<Memory>> {
        self.chip()?.agent()
    }

    /// The chip.
    pub fn chip(&mut self) -> Option<&mut Chip> {
        self.run.chip(0)
    }

    /// The run of which this chip is the fleet.
    pub fn run(&mut self) -> &mut Run<'w> {
        &mut self.run
    }

    /// Ends the trace, if there is one.
    ///
    /// # Errors
    /// Why it could not be written, now or before.
    pub fn end_trace(&mut self) -> io::Result<()> {
        let ended = match self.run.end_trace() {
            Err(RunError::Trace(error)) => Err(error),
            _ => Ok(()),
        };
        self.broken.take().map_or(ended, Err)
    }

    fn cost(&mut self) -> Result<Cost, UnknownCost> {
        let counts = std::mem::take(&mut self.counts);
        let cost = self.chip().map(|chip| chip.work.line_cost(&counts)).transpose();
        self.counts = counts;
        Ok(cost?.unwrap_or_default())
    }

    /// Lets the time pass until the chip has nothing more to do, to a whole microsecond.
    fn settle(&mut self) -> Result<(), SingleError> {
        while let Some(next) = self.chip().and_then(|chip| chip.next()) {
            self.advance(Micros(next.get() / 1_000 + 1))?;
            if self.is_over() {
                return Ok(());
            }
        }
        let busy = self.chip().map_or(Nanos(0), |chip| chip.busy_until());
        self.advance(Micros(busy.get().div_ceil(1_000)))
    }

    /// A trace that cannot be written any more does not end the session: [`SingleChip::end_trace`] tells of it.
    fn advance(&mut self, to: Micros) -> Result<(), SingleError> {
        while self.run.now() < to && !self.run.is_over() {
            match self.run.advance(to) {
                Err(RunError::Trace(error)) => self.broken = Some(error),
                other => drop(other.map_err(SingleError::Run)?),
            }
        }
        Ok(())
    }
}

fn nanos(time: Micros) -> Nanos {
    Nanos(time.get().saturating_mul(1_000))
}
