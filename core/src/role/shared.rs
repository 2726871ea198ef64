//! What a role does for its fleet: keep items by name, find them, let go of them.
//!
//! The indexer and the retriever keep texts, the archivist keeps memories, the sentinel keeps nothing of others.

use super::AnyRole;
use super::anomaly::Alarm;
use super::catalog::{Catalog, TextBuffer};
use crate::console::Failure;
use crate::embed::DIMENSIONS;
use crate::index::choice::{Kind, TEXT_EFFORT};
use crate::index::{AnyIndex, Hit, Index};
use crate::item::ItemId;
use crate::kernel::distance::dot;
use crate::limits::{LINE_LIMIT, MAX_RESULTS};
use crate::meter::{Meter, Op};
use crate::units::Micros;
use crate::wire::message::{TEXT_KIND, content_check};

/// What is to be kept of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping<'t> {
    /// A text.
    Text(&'t str),
    /// A memory.
    Memory {
        /// Its type, by its number on the wire.
        kind: u8,
        /// Seconds until it expires; 0 leaves that to its type.
        lives_s: u32,
        /// What is remembered.
        text: &'t str,
    },
}

impl Keeping<'_> {
    /// Its [`content_check`].
    pub fn check<M: Meter>(&self, meter: &mut M) -> u32 {
        match *self {
            Keeping::Text(text) => content_check(TEXT_KIND, text, meter),
            Keeping::Memory { kind, text, .. } => content_check(kind, text, meter),
        }
    }

    /// Do both say the same? The time that a memory has left does not count.
    fn says(&self, other: &Keeping<'_>) -> bool {
        match (*self, *other) {
            (Keeping::Text(one), Keeping::Text(two)) => one == two,
            (Keeping::Memory { kind, text, .. }, Keeping::Memory { kind: other, text: two, .. }) => {
                kind == other && text == two
            }
            _ => false,
        }
    }
}

/// What a recall asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked<'t> {
    /// The question.
    pub text: &'t str,
    /// Only memories of this type, by its number on the wire.
    pub only: Option<u8>,
    /// How many results are wanted.
    pub count: usize,
}

/// What a role did with an item that it was told to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It holds it now.
    New,
    /// It held it already.
    Already,
    /// It holds something else under that name, and keeps it.
    Conflict,
}

impl<'a> AnyRole<'a> {
    /// Its items, where it has items that a fleet can name.
    pub fn catalog(&self) -> Option<&Catalog<'a>> {
        match self {
            AnyRole::HnswIndexer(role) => Some(&role.catalog),
            AnyRole::RagRetriever(role) => Some(&role.documents),
            AnyRole::MemoryArchivist(role) => Some(&role.catalog),
            AnyRole::AnomalySentinel(_) => None,
        }
    }

    /// Its items, where it has items that a fleet can name.
    pub fn catalog_mut(&mut self) -> Option<&mut Catalog<'a>> {
        match self {
            AnyRole::HnswIndexer(role) => Some(&mut role.catalog),
            AnyRole::RagRetriever(role) => Some(&mut role.documents),
            AnyRole::MemoryArchivist(role) => Some(&mut role.catalog),
            AnyRole::AnomalySentinel(_) => None,
        }
    }

    /// The index of the vectors of its texts, where it has one.
    pub fn index(&self) -> Option<&AnyIndex<'a>> {
        match self {
            AnyRole::HnswIndexer(role) => Some(&role.index),
            AnyRole::RagRetriever(_) | AnyRole::MemoryArchivist(_) | AnyRole::AnomalySentinel(_) => None,
        }
    }

    /// The alarm that the command at hand raised.
    pub fn alarm(&self) -> Option<Alarm> {
        match self {
            AnyRole::AnomalySentinel(role) => role.alarm(),
            _ => None,
        }
    }

    /// Keeps `item`, once.
    ///
    /// # Errors
    /// [`Failure::Full`], [`Failure::TextFull`] and what else the role's own command fails with; `wrong-role` where it keeps
    /// no such items.
    pub fn keep<M: Meter>(
        &mut self,
        item: ItemId,
        keeping: &Keeping<'_>,
        now: Micros,
        meter: &mut M,
    ) -> Result<Kept, Failure> {
        let seconds = seconds(now);
        let wants = match keeping {
            Keeping::Text(_) => super::RoleKind::HnswIndexer,
            Keeping::Memory { .. } => super::RoleKind::MemoryArchivist,
        };
        if let Some(slot) = self.slot_of(item, meter) {
            let mut buffer = [0; LINE_LIMIT];
            let is_same = self.kept_at(slot, now, &mut buffer, meter).is_some_and(|kept| kept.says(keeping));
            return Ok(if is_same { Kept::Already } else { Kept::Conflict });
        }
        let slot = match (&mut *self, *keeping) {
            (AnyRole::HnswIndexer(role), Keeping::Text(text)) => role.store(text, meter)?.0,
            (AnyRole::RagRetriever(role), Keeping::Text(text)) => role.store(text, meter)?,
            (AnyRole::MemoryArchivist(role), Keeping::Memory { kind, lives_s, text }) => {
                role.remove_expired(seconds, meter);
                role.store(kind, lives_s, text, seconds, meter)?
            }
            _ => return Err(Failure::WrongRole { wants }),
        };
        if let Some(catalog) = self.catalog_mut() {
            catalog.names_mut().set(slot, item);
        }
        Ok(Kept::New)
    }

    /// Where it holds `item`.
    pub fn slot_of<M: Meter>(&self, item: ItemId, meter: &mut M) -> Option<u32> {
        let catalog = self.catalog()?;
        match item.own_id() {
            Some(id) => catalog.find(id, meter).ok(),
            None => catalog.names().find(item, meter),
        }
    }

    /// What it keeps at `slot`, its text copied into `buffer`.
    pub fn kept_at<'b, M: Meter>(
        &self,
        slot: u32,
        now: Micros,
        buffer: &'b mut TextBuffer,
        meter: &mut M,
    ) -> Option<Keeping<'b>> {
        let text = self.catalog()?.read(slot, buffer, meter);
        Some(match self {
            AnyRole::MemoryArchivist(role) => {
                let (kind, lives_s) = role.terms(slot, seconds(now));
                Keeping::Memory { kind, lives_s, text }
            }
            _ => Keeping::Text(text),
        })
    }

    /// Removes the item at `slot`.
    pub fn release<M: Meter>(&mut self, slot: u32, meter: &mut M) {
        match self {
            AnyRole::HnswIndexer(role) => {
                role.index.remove(slot, meter);
                role.catalog.remove(slot, meter);
            }
            AnyRole::RagRetriever(role) => role.documents.remove(slot, meter),
            AnyRole::MemoryArchivist(role) => role.remove(slot, meter),
            AnyRole::AnomalySentinel(_) => {}
        }
    }

    /// Offers the items nearest to `vector` with their dot products. An exact index offers every item, so that equals are
    /// told apart by their names and not by where they lie; a graph offers the nearest that it finds.
    pub fn nearest<M: Meter>(
        &self,
        vector: &[i8; DIMENSIONS],
        me: u16,
        meter: &mut M,
        mut offer: impl FnMut(ItemId, i32, &mut M),
    ) {
        let AnyRole::HnswIndexer(role) = self else { return };
        let name = |slot| name_at(&role.catalog, me, slot);
        if role.index.kind() == Kind::Flat {
            meter.record(Op::Scan, role.catalog.capacity());
            for slot in role.catalog.slots() {
                let similarity = dot(vector, role.index.vector(slot).unwrap_or_default(), meter);
                offer(name(slot), similarity, meter);
            }
            return;
        }
        let mut hits = [Hit::default(); 3 * MAX_RESULTS];
        let found = role.index.search(vector, TEXT_EFFORT, &mut hits, meter);
        hits.iter().take(found).for_each(|hit| offer(name(hit.slot), hit.similarity, meter));
    }

    /// Offers what bears on `text`, with the role's own score in thousandths.
    ///
    /// # Errors
    /// As those of the role's `recall`.
    pub fn recall<M: Meter>(
        &mut self,
        asked: &Asked<'_>,
        me: u16,
        now: Micros,
        meter: &mut M,
        mut offer: impl FnMut(ItemId, i32),
    ) -> Result<(), Failure> {
        let (now, Asked { text, only, count }) = (seconds(now), *asked);
        match self {
            AnyRole::RagRetriever(role) if only.is_none() => {
                role.recall_for(text, count, meter, |slot, score| {
                    offer(name_at(&role.documents, me, slot), score);
                })
            }
            AnyRole::MemoryArchivist(role) => {
                role.remove_expired(now, meter);
                let role = &*role;
                role.recall_for(text, only, count, now, meter, |slot, score| {
                    offer(name_at(&role.catalog, me, slot), score);
                })
            }
            _ => Ok(()),
        }
    }
}

/// What the fleet calls the item at `slot` of chip `me`.
fn name_at(catalog: &Catalog<'_>, me: u16, slot: u32) -> ItemId {
    let own = || ItemId::own(me, catalog.id(slot).unwrap_or_default());
    catalog.names().get(slot).unwrap_or_else(own)
}

fn seconds(now: Micros) -> u32 {
    u32::try_from(now.as_seconds()).unwrap_or(u32::MAX)
}
