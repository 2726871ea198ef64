//! The table of replications: items under way to the chips that should hold them.
//!
//! A replication walks down the order of an item's chips ([`super::rank`]), asks one after the other to keep it, and counts
//! those that say that they do. It serves the item that a console gives the fleet, the alarm that goes to the archivists,
//! and the copy that is missing since a chip died: these differ in where the text comes from and in who is told.

use super::rank::Rank;
use crate::arena::{Arena, NoRoom};
use crate::item::ItemId;
use crate::limits::LINE_LIMIT;
use crate::role::name::holder_bit;
use crate::units::Micros;
use crate::wire::message::TEXT_KIND;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// How many can be under way.
pub const MAX_REPLICATIONS: u32 = 8;
/// How many of them may be repairs, so that consoles and alarms find a slot.
pub const REPAIRS: u32 = 4;

/// What a replication serves, as [`Replication::purpose`].
pub const ADD: u8 = 1;
/// An item that this chip holds and others should.
pub const REPAIR: u8 = 2;
/// What a sentinel noticed.
pub const ALARM: u8 = 3;

/// In [`Replication::kind`]: a text, not a memory.
pub const TEXT: u8 = TEXT_KIND;

/// A chip had no room.
pub const FULL: u16 = 1;
/// A chip did not answer.
pub const SILENCE: u16 = 2;
/// This chip is among the first.
pub const SELF: u16 = 4;
/// A chip holds other content under this name.
pub const TAKEN: u16 = 8;

/// One replication. All zeros: unused.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Replication {
    /// When it is given up.
    pub deadline: u64,
    /// When the current chip is asked again.
    pub retry_at: u64,
    /// The weight of the current chip.
    pub(super) weight: u64,
    pub(super) item: ItemId,
    /// Seconds that a memory lives.
    pub ttl_s: u32,
    /// The current chip.
    pub(super) chip: u16,
    /// Bytes of text.
    pub length: u16,
    /// What was flags with on the way, and the other chips that hold it ([`holder_bit`]).
    pub flags: u16,
    /// 0 before the first chip, 1 between chips, 2 waiting for the current chip.
    pub(super) step: u8,
    /// 0 none, else whom it serves.
    pub purpose: u8,
    /// The type of a memory, or [`TEXT`].
    pub kind: u8,
    /// The role of the chips that can hold it.
    pub pool: u8,
    /// How many chips hold it.
    pub copies: u8,
    /// How many shall.
    pub wanted: u8,
    /// How often the current chip was asked.
    pub attempt: u8,
    /// How many chips held it when all were gone through before.
    pub most: u8,
    pub(super) padding: [u8; 2],
}
const _: () = assert!(size_of::<Replication>() == 56);

impl Replication {
    /// A replication for `item`.
    pub fn of(item: ItemId, purpose: u8, kind: u8, pool: u8) -> Self {
        Self { item, purpose, kind, pool, ..Self::default() }
    }

    /// The item.
    pub fn item(&self) -> ItemId {
        self.item
    }

    /// The current chip, where there is one.
    pub fn rank(&self) -> Option<Rank> {
        (self.step != 0).then_some(Rank { weight: self.weight, id: self.chip })
    }

    /// The chip that is waited for.
    pub fn waits_for(&self) -> Option<u16> {
        (self.step == 2).then_some(self.chip)
    }

    /// Goes to the next chip, and waits for it where it is another one.
    pub fn go_to(&mut self, rank: Rank, waits: bool) {
        (self.weight, self.chip, self.attempt) = (rank.weight, rank.id, 0);
        self.step = if waits { 2 } else { 1 };
    }

    /// Goes through the chips again from `time` on.
    pub fn begin_again(&mut self, time: Micros) {
        self.most = self.most.max(self.copies);
        (self.step, self.copies, self.retry_at) = (0, 0, time.get());
        self.flags &= FULL | SILENCE | TAKEN;
    }

    /// The current chip holds it.
    pub fn is_held(&mut self) {
        self.copies += 1;
        self.flags |= holder_bit(self.chip);
        self.leave_chip();
    }

    /// The current chip is done with.
    pub fn leave_chip(&mut self) {
        (self.step, self.retry_at) = (self.step.min(1), 0);
    }
}

/// The replications of a chip.
#[derive(Debug)]
pub struct ReplicationTable<'a> {
    replications: &'a mut [Replication],
    texts: &'a mut [u8],
}

impl<'a> ReplicationTable<'a> {
    /// Slots for [`MAX_REPLICATIONS`].
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small.
    pub fn carve(arena: &mut Arena<'a>) -> Result<Self, NoRoom> {
        Ok(Self {
            replications: arena.slice("replications", MAX_REPLICATIONS)?,
            texts: arena.slice("replication texts", MAX_REPLICATIONS * LINE_LIMIT as u32)?,
        })
    }

    /// May another repair begin?
    pub fn takes_repair(&self) -> bool {
        self.count(REPAIR) < REPAIRS && self.count(0) > 0
    }

    /// How many serve `purpose`; 0 counts the vacancies.
    pub fn count(&self, purpose: u8) -> u32 {
        self.replications.iter().filter(|replication| replication.purpose == purpose).count() as u32
    }

    /// The replication at `slot`, with its text.
    pub fn at(&mut self, slot: usize) -> Option<(&mut Replication, &[u8])> {
        let replication = self.replications.get_mut(slot)?;
        let text = self.texts.chunks_exact(LINE_LIMIT).nth(slot)?.get(..usize::from(replication.length))?;
        Some((replication, text))
    }

    /// Begins a replication; says where, if there is a slot.
    pub fn begin(&mut self, replication: Replication, text: &str) -> Option<usize> {
        let slot = self.replications.iter().position(|replication| replication.purpose == 0)?;
        let bytes = self.texts.chunks_exact_mut(LINE_LIMIT).nth(slot)?;
        let length = text.floor_char_boundary(LINE_LIMIT);
        bytes.get_mut(..length)?.copy_from_slice(text.as_bytes().get(..length)?);
        *self.replications.get_mut(slot)? = Replication { length: length as u16, ..replication };
        Some(slot)
    }

    /// The replication for `item` that waits for chip `id`.
    pub fn waiting(&self, id: u16, mut is_meant: impl FnMut(ItemId) -> bool) -> Option<usize> {
        self.replications.iter().position(|replication| {
            replication.purpose != 0 && replication.waits_for() == Some(id) && is_meant(replication.item())
        })
    }

    /// Is a replication for `item` under way?
    pub fn is_under_way(&self, item: ItemId) -> bool {
        self.replications.iter().any(|replication| replication.purpose != 0 && replication.item() == item)
    }

    /// When something is due next.
    pub fn wake_at(&self) -> Option<Micros> {
        let used = self.replications.iter().filter(|replication| replication.purpose != 0);
        used.map(|replication| Micros(replication.retry_at.min(replication.deadline))).min()
    }
}
