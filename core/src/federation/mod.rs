//! Many chips as one fleet: who is there, who holds what, who answers.
//!
//! A [`node::Node`] is one chip's part in it: a state machine over the wire's [`Endpoint`](crate::wire::Endpoint), carved
//! from the same arena as the role. Peers are discovered, not configured: a chip knows what it received from them.
//!
//! - [`pace`]: intervals, waits, deadlines
//! - [`member`]: who was seen, how long ago, who is missing
//! - [`rank`]: who is to hold an item, the same by all without a directory
//! - [`replication_table`], `replication`: items on their way to their holders
//! - `repair`, `probe`: which items are copied again, and who may be gone
//! - [`question`], [`top`], `gather`: a question to all, the best of the answers, by a deadline
//! - `answer`: what a chip does with a message of another
//! - `inbound`: a frame comes in
//! - [`relay`]: frames forwarded on a ring and in a star
//! - `command`: what a console says to its fleet
//! - [`node`]: one chip's part, whole
//!
//! `docs/federation.md` says what is promised and why.

mod answer;
mod command;
mod gather;
mod inbound;
pub mod member;
pub mod node;
pub mod pace;
mod probe;
pub mod question;
pub mod rank;
pub mod relay;
mod repair;
mod replication;
pub mod replication_table;
pub mod top;

#[cfg(test)]
mod tests;

pub use command::{COMMANDS, FleetCommand};

use crate::event::Observer;
use crate::meter::Meter;
use crate::units::Micros;
use crate::wire::keyring::Keyring;
use crate::wire::link::LinkKind;
use core::fmt;

/// How the chips of a fleet are joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Topology {
    /// Every chip receives every other.
    #[default]
    Mesh,
    /// The coordinator forwards what others say to each other.
    Star,
    /// Each has two neighbours and forwards what is not for it alone.
    Ring,
}

impl Topology {
    /// Every topology.
    pub const ALL: [Topology; 3] = [Topology::Mesh, Topology::Star, Topology::Ring];

    /// The name used in scenarios and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Topology::Mesh => "mesh",
            Topology::Star => "star",
            Topology::Ring => "ring",
        }
    }

    /// The topology called `name`.
    pub fn by_name(name: &str) -> Option<Topology> {
        Topology::ALL.into_iter().find(|topology| topology.name().eq_ignore_ascii_case(name))
    }

    /// How many links a chip is on: ports 0 and 1 on a ring, port 0 elsewhere.
    pub const fn ports(self) -> u8 {
        match self {
            Topology::Mesh | Topology::Star => 1,
            Topology::Ring => 2,
        }
    }
}

/// What a chip is configured with when it joins a fleet.
#[derive(Clone, Copy, Debug)]
pub struct Membership {
    /// The kind of link.
    pub link: LinkKind,
    /// How the chips are joined.
    pub topology: Topology,
    /// How many chips shall hold each item that the fleet is given, the first included; at least 1.
    pub replicas: u8,
    /// Slots for other chips.
    pub peers: u32,
    /// How often this chip has booted, from 1, counted in flash.
    pub boot: u32,
    /// Random bits, drawn again at each boot: what tells it from the same boot of another board with the same number.
    pub nonce: u16,
    /// Random bits, drawn again at each boot and known to nobody else: its challenges come from them.
    pub entropy: u64,
    /// The chip's keys, if its fleet has any.
    pub keys: Option<Keyring>,
}

/// What a chip needs to do something: the time, and whom to tell.
pub struct Turn<'t, M: Meter> {
    /// The time since boot.
    pub now: Micros,
    /// Receives the work done.
    pub meter: &'t mut M,
    /// Receives lines for the console.
    pub out: &'t mut dyn fmt::Write,
    /// Receives what happens.
    pub observer: &'t mut dyn Observer,
}

impl<M: Meter> fmt::Debug for Turn<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").field("now", &self.now).finish_non_exhaustive()
    }
}

/// A frame to be put on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Its bytes in the buffer that was handed over.
    pub length: usize,
    /// The link: 0, or 1 for the second of a ring.
    pub port: u8,
}
