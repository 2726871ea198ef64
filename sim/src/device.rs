//! One simulated chip: an agent in exactly that chip's memory, its clock, and what its work cost.
//!
//! Time passes only by work and by [`Device::wait`]: a command takes as long as its metered operations are priced.

use crate::cost::{self, Cost, CostTable, Unpriced};
use crate::footprint::Residence;
use crate::memory::Memory;
use ruvllm_esp_core::agent::{Agent, Identity};
use ruvllm_esp_core::arena::Ledger;
use ruvllm_esp_core::chip::Radio;
use ruvllm_esp_core::console::Failure;
use ruvllm_esp_core::exchange::Pieces;
use ruvllm_esp_core::meter::{Counts, Meter, Op};
use ruvllm_esp_core::role::{Plan, RoleKind};
use ruvllm_esp_core::units::{Bytes, Micros, Nanos};
use thiserror::Error;

/// What to build a device of.
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
}

/// Why a device cannot be built or cannot go on.
#[derive(Debug, Error)]
pub enum DeviceError {
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
    /// The chip has no price table.
    #[error("there is no price table for {0}")]
    NoPrices(&'static str),
    /// The price table lacks an operation that was done.
    #[error(transparent)]
    Unpriced(#[from] Unpriced),
}

/// What one line did.
#[derive(Clone, Debug)]
pub struct Reply {
    /// What the chip wrote.
    pub text: String,
    /// Whether the command failed.
    pub outcome: Result<(), Failure>,
    /// What it cost.
    pub cost: Cost,
}

/// A chip under virtual time.
#[derive(Clone, Debug)]
pub struct Device {
    agent: Agent<Memory>,
    table: &'static CostTable,
    residence: Residence,
    now: Nanos,
    counts: Counts,
    total: Counts,
    commands: u32,
    failures: u32,
}

impl Device {
    /// Builds the chip and boots its agent.
    ///
    /// # Errors
    /// [`DeviceError::DoesNotFit`] with the bytes that are lacking.
    pub fn boot(setup: &Setup) -> Result<Self, DeviceError> {
        let Identity { chip, role, .. } = setup.identity;
        let have = setup.arena_bytes();
        let agent = Agent::boot(Memory::new(have), setup.identity).map_err(|_| DeviceError::DoesNotFit {
            role,
            chip: chip.name,
            needs: least_arena(role),
            have,
        })?;
        let table = cost::table(chip).ok_or(DeviceError::NoPrices(chip.name))?;
        Ok(Self {
            agent,
            table,
            residence: Residence::of(chip),
            now: Nanos(0),
            counts: Counts::default(),
            total: Counts::default(),
            commands: 0,
            failures: 0,
        })
    }

    /// What the chip says at boot.
    pub fn banner(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.agent.banner(&mut text);
        text
    }

    /// Sends one line to the console, and lets the time pass that the answer takes.
    ///
    /// # Errors
    /// [`DeviceError::Unpriced`] when the chip's price table lacks an operation that was done.
    pub fn line(&mut self, line: Result<&str, Failure>) -> Result<Reply, DeviceError> {
        self.counts.clear();
        let mut reply = Pieces::new(String::new());
        let typed = line.unwrap_or_default();
        let outcome = self.agent.line(line, self.now(), &mut self.counts, &mut reply);
        self.counts.record(Op::Receive, typed.len() as u32 + 1);
        self.counts.record(Op::Piece, reply.count);
        let text = reply.out;
        let written = u32::try_from(text.len()).unwrap_or(u32::MAX);
        self.counts.record(Op::Give, written);
        self.counts.record(Op::Turn, 1);
        let fetched = self.residence.take(typed, &self.counts);
        self.counts.record(Op::Fetch, fetched);
        let cost = self.table.cost(&self.counts)?;
        self.total.add(&self.counts);
        self.now += cost.time.value;
        self.commands += 1;
        self.failures += u32::from(outcome.is_err());
        Ok(Reply { text, outcome, cost })
    }

    /// Lets time pass without work.
    pub fn wait(&mut self, time: Micros) {
        self.now += Nanos(time.get().saturating_mul(1000));
    }

    /// The operations that the last line did.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The time since boot.
    pub fn now(&self) -> Micros {
        Micros(self.now.get() / 1000)
    }

    /// What all lines cost together.
    ///
    /// # Errors
    /// As for [`Device::line`].
    pub fn total(&self) -> Result<Cost, Unpriced> {
        self.table.cost(&self.total)
    }

    /// Lines taken, and how many of them failed.
    pub fn commands(&self) -> (u32, u32) {
        (self.commands, self.failures)
    }

    /// The agent, to ask it of its memory and its items.
    pub fn agent(&mut self) -> &mut Agent<Memory> {
        &mut self.agent
    }
}

/// The least arena in which a role's least capacity fits.
pub fn least_arena(role: RoleKind) -> Bytes {
    parts(role, role.least_plan()).iter().fold(Bytes(0), |sum, (_, bytes)| sum + *bytes)
}

/// The structures of a role, with their sizes.
pub fn parts(role: RoleKind, plan: Plan) -> Vec<(&'static str, Bytes)> {
    use ruvllm_esp_core::arena::Arena;
    use ruvllm_esp_core::role::AnyRole;
    #[derive(Default)]
    struct Parts(Vec<(&'static str, Bytes)>);
    impl Ledger for Parts {
        fn part(&mut self, part: &'static str, bytes: Bytes) {
            self.0.push((part, bytes));
        }
    }
    // More than any chip has: only the sum of the parts matters here.
    let mut memory = Memory::new(Bytes::kib(8 * 1024));
    let mut parts = Parts::default();
    let _ = AnyRole::carve(role, &mut Arena::with_ledger(memory.as_mut(), &mut parts), plan);
    parts.0
}
