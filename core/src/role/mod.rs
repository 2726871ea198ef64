//! What a chip can be: one file a role.
//!
//! A role is a view over the arena, carved again for every command. To add one: a file here and its `mod` line, a line in
//! the table of [`for_each_role`], and its transcripts.

pub mod anomaly;
pub mod catalog;
pub mod contract;
mod federated;
pub mod hnsw;
pub mod memory;
pub mod name;
pub mod question;
pub mod rag;
pub mod rank;
pub mod shared;

pub use crate::role_kind::RoleKind;
pub use contract::{Plan, Role, RoleInfo};

use crate::arena::{Arena, NoRoom, largest_capacity};
use crate::chip::Chip;
use crate::console::{Failure, Session};
use crate::for_each_role;
use crate::index::Kind;
use crate::index::choice::is_worth_a_graph;
use crate::meter::Meter;

macro_rules! any_role {
    ($($(#[$doc:meta])* $kind:ident $file:ident $alias:literal $word:literal $code:literal;)*) => {
        /// The role of a chip, carved from its arena.
        #[derive(Debug)]
        #[expect(clippy::large_enum_variant, reason = "there is one at a time, on the stack of a command; no heap to box in")]
        pub enum AnyRole<'a> {
            $($(#[$doc])* $kind($file::$kind<'a>),)*
        }

        impl<'a> AnyRole<'a> {
            /// Takes the structures of a role, as [`Role::carve`].
            ///
            /// # Errors
            /// [`NoRoom`] when the arena is too small.
            pub fn carve(kind: RoleKind, arena: &mut Arena<'a>, plan: Plan) -> Result<Self, NoRoom> {
                Ok(match kind {
                    $(RoleKind::$kind => AnyRole::$kind(Role::carve(arena, plan)?),)*
                })
            }

            /// Which role it is.
            pub const fn kind(&self) -> RoleKind {
                match self {
                    $(AnyRole::$kind(_) => RoleKind::$kind,)*
                }
            }
        }
    };
}
for_each_role!(any_role);

/// The same expression for the role inside of an [`AnyRole`], whichever it is.
macro_rules! with_role {
    ($any:expr, $role:ident => $body:expr) => {
        for_each_role!(dispatch($any, $role, $body))
    };
}

macro_rules! dispatch {
    (
        ($any:expr, $role:ident, $body:expr)
        $($(#[$doc:meta])* $kind:ident $file:ident $alias:literal $word:literal $code:literal;)*
    ) => {
        match $any {
            $(AnyRole::$kind($role) => $body,)*
        }
    };
}
use {dispatch, with_role};

impl AnyRole<'_> {
    /// How many items it holds.
    pub fn items(&self) -> u32 {
        with_role!(self, role => role.items())
    }

    /// How many of its capacity are taken.
    pub fn stored(&self) -> u32 {
        with_role!(self, role => role.stored())
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

impl RoleKind {
    /// What there is to know about it.
    pub const fn info(self) -> &'static RoleInfo {
        macro_rules! info {
            ($($(#[$doc:meta])* $kind:ident $file:ident $alias:literal $word:literal $code:literal;)*) => {
                match self {
                    $(RoleKind::$kind => &$file::INFO,)*
                }
            };
        }
        for_each_role!(info)
    }

    /// The role that a chip has by default.
    pub fn default_for(chip: &Chip) -> RoleKind {
        let is_default = |kind: &RoleKind| kind.info().default_on.contains(&chip.name);
        RoleKind::ALL.into_iter().find(is_default).unwrap_or(RoleKind::ALL[0])
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
    pub const fn smallest_plan(self) -> Plan {
        Plan { capacity: self.info().min_capacity, seed: 0, index: Kind::Flat, named: false }
    }

    /// `plan` with the largest capacity that fits.
    fn largest(self, memory: &mut [u8], plan: Plan) -> Option<Plan> {
        let most = u32::try_from(memory.len() / 8).unwrap_or(u32::MAX);
        let with = |capacity| Plan { capacity, ..plan };
        largest_capacity(most, |capacity| {
            AnyRole::carve(self, &mut Arena::new(memory), with(capacity)).is_ok()
        })
        .filter(|capacity| *capacity >= self.info().min_capacity)
        .map(with)
    }
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
}
