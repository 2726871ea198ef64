//! The chip of a session: modelled, or an image on an emulated one. A session tells them apart by their figures only.

use crate::board_text::{new_role, verdict};
use crate::error::{CliError, Stop};
use ruvllm_esp_core::agent::Identity;
use ruvllm_esp_core::console::Failure;
use ruvllm_esp_core::units::{Micros, Nanojoules};
use ruvllm_esp_sim::cost::Cost;
use ruvllm_esp_sim::emulator::board::unmodelled::UnmodelledRegister;
use ruvllm_esp_sim::exact::{Exact, ExactError, Reply};
use ruvllm_esp_sim::exact_failure::NoConsole;
use ruvllm_esp_sim::figure::{Figure, Kind};
use ruvllm_esp_sim::single::{SingleChip, SingleError};
use schemars::JsonSchema;
use serde::Serialize;
use std::{fmt, io};

/// A chip to talk to.
pub trait Chip: fmt::Debug {
    /// Where its figures come from.
    fn kind(&self) -> Kind;

    /// Who it is, at this moment.
    fn identity(&mut self) -> Identity;

    /// What it says at its start.
    fn banner(&mut self) -> String;

    /// Sends a line, and lets the time pass that the answer takes.
    ///
    /// # Errors
    /// When the chip cannot go on.
    fn line(&mut self, line: Result<&str, Failure>) -> Result<LineReply, Stop>;

    /// Sends a line that no chip takes, byte for byte where that makes a difference.
    ///
    /// # Errors
    /// When the chip cannot go on.
    fn refused(&mut self, failure: Failure, _bytes: &[u8]) -> Result<LineReply, Stop> {
        self.line(Err(failure))
    }

    /// Lets time pass without work.
    ///
    /// # Errors
    /// When the chip cannot go on.
    fn wait(&mut self, time: Micros) -> Result<(), Stop>;

    /// The time since it started.
    fn now(&mut self) -> Micros;

    /// The time since power-on.
    fn elapsed(&mut self) -> Micros {
        self.now()
    }

    /// Ends the trace, if one is written.
    ///
    /// # Errors
    /// Why it could not be written.
    fn end_trace(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// What the chip consumed since power-on, where that is modelled.
    fn consumed(&mut self) -> Option<Figure<Nanojoules>> {
        None
    }

    /// What all lines cost together.
    ///
    /// # Errors
    /// When an operation has no cost.
    fn total(&mut self) -> Result<Cost, Stop>;

    /// Lines taken, and how many of them failed.
    fn commands(&self) -> (u32, u32);

    /// How full it is, where it can be looked into.
    fn memory(&mut self) -> Option<Memory>;

    /// The registers that were used and are not modelled, where there are such.
    fn unmodelled(&self) -> Option<Vec<Register>> {
        None
    }

    /// What is left to say at the end.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What a line did.
#[derive(Clone, Debug)]
pub struct LineReply {
    /// What the chip wrote.
    pub text: String,
    /// The code of its error, if it was one.
    pub error: Option<String>,
    /// What a detector said, where the line was for one.
    pub verdict: Option<&'static str>,
    pub cost: Cost,
}

/// How full a chip is.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Memory {
    pub arena_bytes: u32,
    pub used_bytes: u32,
    pub items: u32,
    pub capacity: u32,
}

/// A register that was used and is not modelled.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Register {
    pub address: String,
    /// The peripheral that it belongs to, where the vendor's files name one.
    pub block: Option<&'static str>,
    pub reads: u64,
    pub writes: u64,
    /// Was it read as zero for want of a known value?
    pub assumed_zero: bool,
}

impl Chip for SingleChip<'static> {
    fn kind(&self) -> Kind {
        Kind::Modelled
    }

    fn identity(&mut self) -> Identity {
        self.setup().identity
    }

    fn banner(&mut self) -> String {
        self.banner()
    }

    fn line(&mut self, line: Result<&str, Failure>) -> Result<LineReply, Stop> {
        let reply = self.line(line).map_err(|error| single_error(&error))?;
        let error = reply.outcome.as_ref().err().map(|failure| failure.code().to_string());
        let verdict = reply.verdict.map(|verdict| verdict.word());
        Ok(LineReply { text: reply.text, error, verdict, cost: reply.cost })
    }

    fn wait(&mut self, time: Micros) -> Result<(), Stop> {
        Ok(self.wait(time).map_err(|error| single_error(&error))?)
    }

    fn now(&mut self) -> Micros {
        self.now()
    }

    fn elapsed(&mut self) -> Micros {
        self.run().now()
    }

    fn end_trace(&mut self) -> io::Result<()> {
        self.end_trace()
    }

    fn consumed(&mut self) -> Option<Figure<Nanojoules>> {
        Some(self.energy())
    }

    fn total(&mut self) -> Result<Cost, Stop> {
        Ok(self.total().map_err(|error| single_error(&error))?)
    }

    fn commands(&self) -> (u32, u32) {
        self.commands()
    }

    fn memory(&mut self) -> Option<Memory> {
        let agent = self.agent()?;
        let (total, used) = agent.memory_use();
        let (items, capacity) = (agent.stored(), agent.capacity());
        Some(Memory { arena_bytes: total.get(), used_bytes: used.get(), items, capacity })
    }
}

/// An image on an emulated chip, with its identity.
#[derive(Debug)]
pub struct Emulated {
    exact: Exact,
    identity: Identity,
    /// Name every register that is not modelled?
    verbose: bool,
}

impl Emulated {
    /// A chip that has started.
    pub fn new(mut exact: Exact, identity: Identity, verbose: bool) -> Self {
        // Ten seconds of a chip that hangs are twice as long here.
        exact.answer_until(crate::interrupt::asked);
        Self { exact, identity, verbose }
    }

    /// Follows what the chip says of itself.
    fn note(&mut self, reply: Reply) -> Result<LineReply, Stop> {
        if let Some(role) = new_role(&reply.text) {
            self.identity.role = role;
        }
        let verdict = verdict(&reply.text);
        Ok(LineReply { text: reply.text, error: reply.error, verdict, cost: reply.cost })
    }
}

impl Chip for Emulated {
    fn kind(&self) -> Kind {
        Kind::Emulated
    }

    fn identity(&mut self) -> Identity {
        self.identity
    }

    fn banner(&mut self) -> String {
        self.exact.banner().to_string()
    }

    fn line(&mut self, line: Result<&str, Failure>) -> Result<LineReply, Stop> {
        let reply = self.exact.line(line).map_err(|error| exact_error(&error))?;
        self.note(reply)
    }

    fn refused(&mut self, failure: Failure, bytes: &[u8]) -> Result<LineReply, Stop> {
        // A control byte may mean something else to the port than to a line.
        if bytes.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
            return self.line(Err(failure));
        }
        let reply = self.exact.bytes(bytes).map_err(|error| exact_error(&error))?;
        self.note(reply)
    }

    fn wait(&mut self, time: Micros) -> Result<(), Stop> {
        Ok(self.exact.wait(time).map_err(|error| exact_error(&error))?)
    }

    fn now(&mut self) -> Micros {
        self.exact.now()
    }

    fn total(&mut self) -> Result<Cost, Stop> {
        Ok(self.exact.total())
    }

    fn commands(&self) -> (u32, u32) {
        self.exact.commands()
    }

    fn memory(&mut self) -> Option<Memory> {
        None
    }

    fn unmodelled(&self) -> Option<Vec<Register>> {
        let register = |register: &UnmodelledRegister| Register {
            address: format!("{:#010x}", register.address),
            block: register.block,
            reads: register.used.reads,
            writes: register.used.writes,
            assumed_zero: register.used.assumed_zero,
        };
        Some(self.exact.unmodelled().iter().map(register).collect())
    }

    fn remarks(&self) -> Vec<String> {
        let list = self.exact.unmodelled();
        let assumed = list.iter().filter(|register| register.used.assumed_zero).count();
        let mut remarks = vec![format!(
            "  registers: {} used that are not modelled, {assumed} of them read as zero for want of a known value{}",
            list.len(),
            if self.verbose { "" } else { "; -v lists them" }
        )];
        for register in list.iter().filter(|_| self.verbose) {
            let used = register.used;
            let (block, note) =
                (register.block.unwrap_or("?"), if used.assumed_zero { ", assumed zero" } else { "" });
            let counts = format!("{} reads, {} writes{note}", used.reads, used.writes);
            remarks.push(format!("    {:#010x} {block}: {counts}", register.address));
        }
        remarks
    }
}

/// An image's error, with the next step.
pub fn exact_error(error: &ExactError) -> CliError {
    match error {
        ExactError::NoEmulator(_) => CliError::usage("sim::no-emulator", error.to_string())
            .help("without --exact every chip is simulated"),
        ExactError::Board(_) => CliError::usage("sim::bad-rom", error.to_string())
            .help("--rom takes the ROM of this kind of chip, an ELF file"),
        ExactError::NoConsole(failure) => {
            CliError::no("sim::no-console", error.to_string()).help(no_console_help(failure))
        }
        ExactError::NoAnswer(failure) => {
            CliError::no("sim::no-answer", error.to_string()).help(no_console_help(failure))
        }
        ExactError::Fault(_) => CliError::no("sim::fault", format!("the program failed: {error}"))
            .help("`ruvllm-esp emulate --trace` shows what led there"),
    }
}

/// What to do about a chip that does not answer: what is known of its failure, where something is.
fn no_console_help(failure: &NoConsole) -> String {
    let known = failure.error.as_deref().map(crate::bringup::explain).unwrap_or_default();
    match known.first() {
        Some(found) => format!("{0}: `ruvllm-esp doctor --explain {0}` says more", found.entry.code),
        None => "--image takes a merged image for this kind of chip, as `ruvllm-esp build` makes it".into(),
    }
}

/// A simulated chip's error, with the next step.
pub fn single_error(error: &SingleError) -> CliError {
    match error {
        SingleError::DoesNotFit { chip, .. } => CliError::no("sim::does-not-fit", error.to_string()).help(format!(
            "give a larger --arena or a cheaper --radio; `ruvllm-esp fit --variant {chip}` shows what fits"
        )),
        SingleError::Fleet(_) | SingleError::UnknownCost(_) => CliError::runtime("sim::no-cost", error.to_string())
            .help("an operation without a known cost is not guessed; run it on another --variant"),
        SingleError::Run(_) => CliError::runtime("sim::failed", error.to_string())
            .help("run it in parts, with fewer lines each"),
    }
}
