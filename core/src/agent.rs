//! One chip: a role, its memory, and the console that every role has.
//!
//! The agent is the same on the host and on silicon. It is handed lines and the time, and writes replies; it keeps its
//! state in the memory lent to it and carves its views again for each command.

mod fleet;

pub use fleet::PeerView;

use crate::arena::{AllocObserver, Arena, NoRoom};
use crate::chip::Chip;
use crate::console::{CommandInfo, Failure, Session, split_word};
use crate::embed;
use crate::event::ChipEvent;
use crate::federation::node::Node;
use crate::federation::{self, Membership, Turn};
use crate::meter::{Meter, Op};
use crate::role::contract::{Alarm, confirm};
use crate::role::{AnyRole, Plan, RoleKind};
use crate::units::{Bytes, Micros};
use core::fmt;

/// The commands of every role.
pub const COMMON: [CommandInfo; 8] = [
    CommandInfo { name: "role", usage: "role", summary: "the role of this chip" },
    CommandInfo { name: "variant", usage: "variant", summary: "the kind of this chip" },
    CommandInfo { name: "stats", usage: "stats", summary: "role, variant, commands taken, items held" },
    CommandInfo { name: "mem", usage: "mem", summary: "the arena, and what each structure takes of it" },
    CommandInfo { name: "peers", usage: "peers", summary: "the chips this one has received frames from" },
    SET_ROLE,
    CommandInfo { name: "help", usage: "help [COMMAND]", summary: "the commands, or one of them" },
    CommandInfo { name: "version", usage: "version", summary: "versions of the program and the embedder" },
];

const SET_ROLE: CommandInfo = CommandInfo {
    name: "set-role",
    usage: "set-role NAME [!]",
    summary: "change the role; `!` discards what the chip holds",
};

/// What makes one chip different from the next.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// The kind of chip.
    pub chip: &'static Chip,
    /// Its number in the fleet.
    pub chip_id: u16,
    /// The role it starts with.
    pub role: RoleKind,
    /// Decides whatever its role leaves to chance.
    pub seed: u32,
}

/// A chip at work over `memory`.
#[derive(Clone, Debug)]
pub struct Agent<Memory> {
    memory: Memory,
    identity: Identity,
    /// How the role's structures are carved.
    plan: Plan,
    /// Commands taken since boot.
    operations: u32,
    /// The fleet it is in, if it is in one.
    membership: Option<Membership>,
    /// How busy it was lately, in hundredths, as far as its caller knows.
    load: u8,
}

impl<Memory: AsMut<[u8]>> Agent<Memory> {
    /// Starts a role with as many items as fit `memory`, which is zeroed.
    ///
    /// # Errors
    /// [`NoRoom`] when not even the role's least capacity fits.
    pub fn boot(mut memory: Memory, identity: Identity) -> Result<Self, NoRoom> {
        let (plan, arena) = lay_out(identity, None, memory.as_mut())?;
        arena.fill(0);
        Ok(Self { memory, identity, plan, operations: 0, membership: None, load: 0 })
    }

    /// Which chip it is, with its role of the moment.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// How many items its role can hold.
    pub fn capacity(&self) -> u32 {
        self.plan.capacity
    }

    /// How many items its role holds.
    pub fn items(&mut self) -> u32 {
        self.attach().map_or(0, |role| role.items())
    }

    /// How many of its [`Agent::capacity`] are taken.
    pub fn stored(&mut self) -> u32 {
        self.attach().map_or(0, |role| role.stored())
    }

    /// The view of its role.
    pub fn role(&mut self) -> Option<AnyRole<'_>> {
        self.attach().ok()
    }

    /// The bytes of the arena, and how many of them its structures take.
    pub fn memory_use(&mut self) -> (Bytes, Bytes) {
        let (identity, membership, plan) = (self.identity, self.membership, self.plan);
        let mut arena = Arena::new(self.memory.as_mut());
        let total = arena.free();
        let free = carve(identity, membership, &mut arena, plan).map_or(total, |_| arena.free());
        (total, total - free)
    }

    /// Tells `observer` of every structure in the arena.
    pub fn account(&mut self, observer: &mut dyn AllocObserver) {
        let plan = self.plan;
        let mut arena = Arena::with_observer(self.memory.as_mut(), observer);
        // What was carved at boot fits again, and an arena that did not fit it has nothing to tell.
        let _ = carve(self.identity, self.membership, &mut arena, plan);
    }

    /// Writes the three lines that a chip says at boot.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn banner(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        writeln!(out, "ruvllm-esp {}", env!("CARGO_PKG_VERSION"))?;
        let Identity { chip, chip_id, role, .. } = self.identity;
        let sram = chip.sram_kib();
        writeln!(out, "variant={} role={} chip_id={chip_id} sram_kb={sram}", chip.name, role.name())?;
        writeln!(out, "[ready] type 'help' for commands")
    }

    /// Runs one line of the console and writes its reply. A blank line does nothing.
    ///
    /// # Errors
    /// The failure that was also written to `out`.
    pub fn line<M: Meter>(
        &mut self,
        line: Result<&str, Failure>,
        now: Micros,
        meter: &mut M,
        out: &mut dyn fmt::Write,
    ) -> Result<(), Failure> {
        self.handle_line(line, &mut Turn { now, meter, out, observer: &mut () })
    }

    /// As [`Agent::line`], and tells the turn's observer what happens in the fleet.
    ///
    /// # Errors
    /// The failure that was also written to `turn.out`.
    pub fn handle_line<M: Meter>(
        &mut self,
        line: Result<&str, Failure>,
        turn: &mut Turn<'_, M>,
    ) -> Result<(), Failure> {
        let outcome = line.and_then(|line| self.command(line, turn));
        if let Err(failure) = outcome {
            // A reply that cannot be written has nowhere to be reported but to the caller.
            let _ = writeln!(turn.out, "{failure}");
        }
        outcome
    }

    fn command<M: Meter>(&mut self, line: &str, turn: &mut Turn<'_, M>) -> Result<(), Failure> {
        if self.membership.is_some()
            && let ("fleet", rest) = split_word(line)
        {
            return self.fleet_command(rest, line, turn);
        }
        let mut alarm = None;
        let mut session =
            Session { now: turn.now, meter: turn.meter, out: turn.out, observer: turn.observer };
        let outcome = self.own_command(line, &mut alarm, &mut session);
        if let (Some(alarm), Some((mut node, _, profile))) = (alarm, self.in_fleet()) {
            node.raise(alarm, split_word(line).1, &profile, turn);
        }
        outcome
    }

    fn own_command<M: Meter>(
        &mut self,
        line: &str,
        alarm: &mut Option<Alarm>,
        session: &mut Session<'_, M>,
    ) -> Result<(), Failure> {
        session.meter.record(Op::Command, 1);
        session.meter.record(Op::Byte, line.len() as u32);
        let (verb, rest) = split_word(line);
        if verb.is_empty() {
            return Ok(());
        }
        self.operations = self.operations.saturating_add(1);
        let Identity { chip, role, .. } = self.identity;
        match verb {
            "role" => Ok(writeln!(session.out, "role: {}", role.name())?),
            "variant" => Ok(writeln!(session.out, "variant: {}", chip.name)?),
            "stats" => Ok(self.stats(session.out)?),
            "mem" => Ok(self.mem(session.out)?),
            "peers" => self.write_peers(session),
            "set-role" => self.set_role(rest, session),
            "help" => help(role, self.membership.is_some(), rest, session.out),
            "version" => Ok(version(session.out)?),
            _ => self.role_command(verb, rest, alarm, session),
        }
    }

    fn role_command<M: Meter>(
        &mut self,
        verb: &str,
        rest: &str,
        alarm: &mut Option<Alarm>,
        session: &mut Session<'_, M>,
    ) -> Result<(), Failure> {
        let mut role = self.attach()?;
        let outcome = role.run(verb, rest, session);
        *alarm = role.alarm();
        match outcome {
            Err(Failure::UnknownCommand) => Err(match role_with(verb) {
                Some(wants) => Failure::WrongRole { wants },
                None => Failure::UnknownCommand,
            }),
            outcome => outcome,
        }
    }

    fn attach(&mut self) -> Result<AnyRole<'_>, NoRoom> {
        let plan = self.plan;
        carve(self.identity, self.membership, &mut Arena::new(self.memory.as_mut()), plan)
    }

    fn stats(&mut self, out: &mut dyn fmt::Write) -> fmt::Result {
        let Identity { chip, role, .. } = self.identity;
        let info = role.info();
        let (items, operations) = (self.items(), self.operations);
        write!(out, "role={} variant={} sram_kb={} ", role.name(), chip.name, chip.sram_kib())?;
        writeln!(out, "ops={operations} {}={items}", info.counter)
    }

    fn mem(&mut self, out: &mut dyn fmt::Write) -> fmt::Result {
        let (total, used) = self.memory_use();
        let (capacity, item) = (self.plan.capacity, self.identity.role.info().item);
        write!(out, "arena: total={} used={} free={} ", total.get(), used.get(), (total - used).get())?;
        writeln!(out, "capacity={capacity} item={item}")?;
        let mut writer = PartWriter { out, outcome: Ok(()) };
        self.account(&mut writer);
        writer.outcome
    }

    fn set_role<M: Meter>(&mut self, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        let (name, mark) = split_word(rest);
        if name.is_empty() {
            return Err(Failure::Missing { usage: SET_ROLE.usage });
        }
        let role = RoleKind::by_name(name).ok_or(Failure::UnknownRole)?;
        let discarded = confirm(self.items(), mark)?;
        let identity = Identity { role, ..self.identity };
        let (plan, arena) = lay_out(identity, self.membership, self.memory.as_mut())?;
        arena.fill(0);
        self.plan = plan;
        session.meter.record(Op::Memset, self.memory.as_mut().len() as u32 / 4);
        self.identity = identity;
        session.observer.event(&ChipEvent::RoleChanged { role, discarded });
        write!(session.out, "role set to {}", role.name())?;
        if discarded > 0 {
            write!(session.out, ", {discarded} items discarded")?;
        }
        Ok(session.out.write_str("\n")?)
    }
}

/// Takes the structures of a role, behind those of the network if the chip is in a fleet.
fn carve<'a>(
    identity: Identity,
    membership: Option<Membership>,
    arena: &mut Arena<'a>,
    plan: Plan,
) -> Result<AnyRole<'a>, NoRoom> {
    if let Some(membership) = membership {
        Node::carve(arena, identity.chip_id, membership)?;
    }
    AnyRole::carve(identity.role, arena, plan)
}

/// What of `memory` is the role's, and its plan for as many items as fit there; where too few do, that is an error.
fn lay_out(
    identity: Identity,
    membership: Option<Membership>,
    memory: &mut [u8],
) -> Result<(Plan, &mut [u8]), NoRoom> {
    let Identity { role, seed, chip_id, .. } = identity;
    let mut arena = Arena::new(memory);
    if let Some(membership) = membership {
        Node::carve(&mut arena, chip_id, membership)?;
    }
    let memory = arena.into_rest();
    if let Some(plan) = role.plan_with(memory, seed, membership.is_some()) {
        return Ok((plan, memory));
    }
    let free = Arena::new(memory).free();
    match AnyRole::carve(role, &mut Arena::new(memory), role.smallest_plan()) {
        Err(no_room) => Err(no_room),
        Ok(_) => Err(NoRoom { part: "role", needs: free, free }),
    }
}

/// A role that has this command.
fn role_with(verb: &str) -> Option<RoleKind> {
    RoleKind::ALL.into_iter().find(|kind| kind.info().commands.iter().any(|command| command.name == verb))
}

fn version(out: &mut dyn fmt::Write) -> fmt::Result {
    writeln!(out, "ruvllm-esp {} embedder={}", env!("CARGO_PKG_VERSION"), embed::VERSION)
}

fn help(role: RoleKind, in_fleet: bool, name: &str, out: &mut dyn fmt::Write) -> Result<(), Failure> {
    let fleet = if in_fleet { federation::COMMANDS.as_slice() } else { &[] };
    let commands = || role.info().commands.iter().chain(&COMMON).chain(fleet);
    if name.is_empty() {
        writeln!(out, "commands of {}:", role.name())?;
        return Ok(commands().try_for_each(|command| write_help(command, out))?);
    }
    match commands().find(|command| command.name == name) {
        Some(command) => Ok(write_help(command, out)?),
        None => Err(role_with(name).map_or(Failure::UnknownCommand, |wants| Failure::WrongRole { wants })),
    }
}

fn write_help(command: &CommandInfo, out: &mut dyn fmt::Write) -> fmt::Result {
    writeln!(out, "  {:<34} {}", command.usage, command.summary)
}

/// Writes a line for each structure.
struct PartWriter<'o> {
    out: &'o mut dyn fmt::Write,
    outcome: fmt::Result,
}

impl AllocObserver for PartWriter<'_> {
    fn part(&mut self, part: &'static str, bytes: Bytes) {
        let out = &mut *self.out;
        self.outcome = self.outcome.and_then(|()| writeln!(out, "  {part}: {}", bytes.get()));
    }
}
