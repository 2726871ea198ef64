//! What a chip can be: one file a role, one table that lists them.
//!
//! A role is a view over the arena, carved anew for every command. To add one: a file here, an entry in [`RoleKind`] and
//! in [`AnyRole`], and its golden transcripts.

pub mod anomaly;
pub mod catalog;
pub mod hnsw;
pub mod memory;
pub mod passage;
pub mod rag;
pub mod rank;
pub mod relevance;

use crate::arena::{Arena, NoRoom, largest_capacity};
use crate::chip::Chip;
use crate::console::{CommandInfo, Failure, Session};
use crate::embed::{DIMENSIONS, embed};
use crate::meter::Meter;

/// The roles, by the predecessor's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum RoleKind {
    /// Finds the nearest stored texts.
    HnswIndexer,
    /// Finds the passages that answer a question.
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

/// A role at work: a view over the bytes of an arena.
pub trait Role<'a>: Sized {
    /// Takes the role's structures for `capacity` items. All zeros is the empty role.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small.
    fn carve(arena: &mut Arena<'a>, capacity: u32) -> Result<Self, NoRoom>;

    /// How many items it holds.
    fn items(&self) -> u32;

    /// Runs one command; `rest` is the line after its first word.
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

    /// The largest capacity that fits `memory`, or `None` where not even the least does.
    pub fn largest_capacity(self, memory: &mut [u8]) -> Option<u32> {
        let most = u32::try_from(memory.len() / 8).unwrap_or(u32::MAX);
        largest_capacity(most, |capacity| AnyRole::carve(self, &mut Arena::new(memory), capacity).is_ok())
            .filter(|capacity| *capacity >= self.info().least_capacity)
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
    pub fn carve(kind: RoleKind, arena: &mut Arena<'a>, capacity: u32) -> Result<Self, NoRoom> {
        Ok(match kind {
            RoleKind::HnswIndexer => AnyRole::HnswIndexer(Role::carve(arena, capacity)?),
            RoleKind::RagRetriever => AnyRole::RagRetriever(Role::carve(arena, capacity)?),
            RoleKind::AnomalySentinel => AnyRole::AnomalySentinel(Role::carve(arena, capacity)?),
            RoleKind::MemoryArchivist => AnyRole::MemoryArchivist(Role::carve(arena, capacity)?),
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
