//! What a chip can be: one file a role, one table that lists them.
//!
//! A role is a view over the arena, carved anew for every command. To add one: a file here, an entry in [`RoleKind`] and
//! in [`AnyRole`], and its golden transcripts.

pub mod anomaly;
pub mod catalog;
pub mod hnsw;
pub mod memory;
pub mod name;
pub mod question;
pub mod rag;
pub mod rank;
pub mod shared;

use crate::arena::{Arena, NoRoom, largest_capacity};
use crate::chip::Chip;
use crate::console::{CommandInfo, Failure, Session};
use crate::embed::{DIMENSIONS, embed};
use crate::index::Kind;
use crate::index::choice::is_worth_a_graph;
use crate::meter::Meter;

/// The roles, by the predecessor's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum RoleKind {
    /// Finds the nearest stored texts.
    HnswIndexer,
    /// Finds the texts that answer a question.
    RagRetriever,
    /// Raises the alarm when texts or sensor samples leave their habit.
    AnomalySentinel,
    /// Remembers typed memories and forgets the least valuable.
    MemoryArchivist,
}

/// What there is to know about a role without running it.
#[derive(Debug)]
pub struct RoleInfo {
    /// The full name, in replies.
    pub name: &'static str,
    /// The short name, in commands and options.
    pub alias: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// The field of `stats` that counts its items.
    pub counter: &'static str,
    /// What one unit of its capacity holds.
    pub item: &'static str,
    /// The chips that have this role unless told otherwise.
    pub default_on: &'static [&'static str],
    /// The least capacity with which it is worth running.
    pub least_capacity: u32,
    /// Its commands beyond those of every role.
    pub commands: &'static [CommandInfo],
}

/// `clear`, as every role has it.
pub const CLEAR: CommandInfo =
    CommandInfo { name: "clear", usage: "clear !", summary: "remove every item; `!` confirms" };

/// What a role's structures follow from; the same plan lays them out the same way each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How many items they hold.
    pub capacity: u32,
    /// Decides whatever is left to chance, such as the levels of a graph.
    pub seed: u32,
    /// What finds vectors, in the roles that search.
    pub index: Kind,
    /// Do items have a name in a fleet beside them?
    pub named: bool,
}

/// A role at work: a view over the bytes of an arena.
pub trait Role<'a>: Sized {
    /// Takes the role's structures. All zeros is the empty role.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small.
    fn carve(arena: &mut Arena<'a>, plan: Plan) -> Result<Self, NoRoom>;

    /// How many items it holds.
    fn items(&self) -> u32;

    /// Runs one command; `rest` is the line after its first word.
    ///
    /// A command with buffers is `#[inline(never)]`: inlined here, the stack of each would be that of all of them. So is
    /// what console and fleet both call, or an image has it twice (`docs/decisions.md`).
    ///
    /// # Errors
    /// Any [`Failure`]; [`Failure::UnknownCommand`] where the role has no such command.
    fn run<M: Meter>(&mut self, verb: &str, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure>;
}

impl RoleKind {
    /// Every role, in the order in which they are listed.
    pub const ALL: [RoleKind; 4] =
        [RoleKind::HnswIndexer, RoleKind::RagRetriever, RoleKind::AnomalySentinel, RoleKind::MemoryArchivist];

    /// What there is to know about it.
    pub const fn info(self) -> &'static RoleInfo {
        match self {
            RoleKind::HnswIndexer => &hnsw::INFO,
            RoleKind::RagRetriever => &rag::INFO,
            RoleKind::AnomalySentinel => &anomaly::INFO,
            RoleKind::MemoryArchivist => &memory::INFO,
        }
    }

    /// The role of this alias or full name, whatever the case.
    pub fn by_name(name: &str) -> Option<RoleKind> {
        RoleKind::ALL.into_iter().find(|kind| {
            let info = kind.info();
            name.eq_ignore_ascii_case(info.alias) || name.eq_ignore_ascii_case(info.name)
        })
    }

    /// The role that a chip has unless told otherwise.
    pub fn default_for(chip: &Chip) -> RoleKind {
        let is_default = |kind: &RoleKind| kind.info().default_on.contains(&chip.name);
        RoleKind::ALL.into_iter().find(is_default).unwrap_or(RoleKind::HnswIndexer)
    }

    /// The plan of the largest capacity that fits `memory`, or `None` where not even the least does. The index is a graph
    /// where enough items fit with it for it to be worth its memory ([`is_worth_a_graph`]), and exact elsewhere.
    pub fn plan(self, memory: &mut [u8], seed: u32) -> Option<Plan> {
        self.plan_with(memory, seed, false)
    }

    /// As [`RoleKind::plan`], with a name in the fleet beside each item where `named`.
    pub fn plan_with(self, memory: &mut [u8], seed: u32, named: bool) -> Option<Plan> {
        let plan = |index| Plan { capacity: 0, seed, index, named };
        let graph = self.largest(memory, plan(Kind::Hnsw)).filter(|plan| is_worth_a_graph(plan.capacity));
        graph.or_else(|| self.largest(memory, plan(Kind::Flat)))
    }

    /// The least plan with which the role is worth running.
    pub const fn least_plan(self) -> Plan {
        Plan { capacity: self.info().least_capacity, seed: 0, index: Kind::Flat, named: false }
    }

    /// `plan` with the largest capacity that fits.
    fn largest(self, memory: &mut [u8], plan: Plan) -> Option<Plan> {
        let most = u32::try_from(memory.len() / 8).unwrap_or(u32::MAX);
        let with = |capacity| Plan { capacity, ..plan };
        largest_capacity(most, |capacity| {
            AnyRole::carve(self, &mut Arena::new(memory), with(capacity)).is_ok()
        })
        .filter(|capacity| *capacity >= self.info().least_capacity)
        .map(with)
    }
}

/// Whichever role a chip has.
#[derive(Debug)]
pub enum AnyRole<'a> {
    /// See [`hnsw`].
    HnswIndexer(hnsw::HnswIndexer<'a>),
    /// See [`rag`].
    RagRetriever(rag::RagRetriever<'a>),
    /// See [`anomaly`].
    AnomalySentinel(anomaly::AnomalySentinel<'a>),
    /// See [`memory`].
    MemoryArchivist(memory::MemoryArchivist<'a>),
}

/// Does the same with whichever role it is.
macro_rules! with_role {
    ($any:expr, $role:ident => $body:expr) => {
        match $any {
            AnyRole::HnswIndexer($role) => $body,
            AnyRole::RagRetriever($role) => $body,
            AnyRole::AnomalySentinel($role) => $body,
            AnyRole::MemoryArchivist($role) => $body,
        }
    };
}

impl<'a> AnyRole<'a> {
    /// Takes the structures of a role, as [`Role::carve`].
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small.
    pub fn carve(kind: RoleKind, arena: &mut Arena<'a>, plan: Plan) -> Result<Self, NoRoom> {
        Ok(match kind {
            RoleKind::HnswIndexer => AnyRole::HnswIndexer(Role::carve(arena, plan)?),
            RoleKind::RagRetriever => AnyRole::RagRetriever(Role::carve(arena, plan)?),
            RoleKind::AnomalySentinel => AnyRole::AnomalySentinel(Role::carve(arena, plan)?),
            RoleKind::MemoryArchivist => AnyRole::MemoryArchivist(Role::carve(arena, plan)?),
        })
    }

    /// How many items it holds.
    pub fn items(&self) -> u32 {
        with_role!(self, role => role.items())
    }

    /// Runs one command, as [`Role::run`].
    ///
    /// # Errors
    /// Any [`Failure`].
    pub fn run<M: Meter>(
        &mut self,
        verb: &str,
        rest: &str,
        session: &mut Session<'_, M>,
    ) -> Result<(), Failure> {
        with_role!(self, role => role.run(verb, rest, session))
    }
}

/// Embeds a text that some feature can find again.
///
/// # Errors
/// [`Failure::Missing`] for no text, [`Failure::NothingToEmbed`] for a text without letters or digits.
pub fn embed_text<M: Meter>(
    text: &str,
    usage: &'static str,
    meter: &mut M,
) -> Result<[i8; DIMENSIONS], Failure> {
    if text.is_empty() {
        return Err(Failure::Missing { usage });
    }
    let vector = embed(text, meter);
    if vector.iter().all(|element| *element == 0) { Err(Failure::NothingToEmbed) } else { Ok(vector) }
}

/// Refuses to discard items without a `!`; gives how many there are.
///
/// # Errors
/// [`Failure::NeedsConfirmation`].
pub fn confirm(items: u32, rest: &str) -> Result<u32, Failure> {
    if items > 0 && rest != "!" { Err(Failure::NeedsConfirmation { items }) } else { Ok(items) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip;

    #[test]
    fn every_chip_is_the_default_of_exactly_one_role() {
        for chip in chip::ALL {
            let count =
                RoleKind::ALL.iter().filter(|kind| kind.info().default_on.contains(&chip.name)).count();
            assert_eq!(count, 1, "{}", chip.name);
        }
    }

    #[test]
    fn a_role_is_found_by_alias_and_name_whatever_the_case() {
        for kind in RoleKind::ALL {
            assert_eq!(RoleKind::by_name(kind.info().alias), Some(kind));
            assert_eq!(RoleKind::by_name(&kind.info().name.to_uppercase()), Some(kind));
        }
    }
}
