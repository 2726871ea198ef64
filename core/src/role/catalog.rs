//! What belongs to the items of a role: an id that is never given twice, and a text.
//!
//! Slots are numbered as the role's index numbers them. Ids count up from 0 and outlive no item: a deleted item's id
//! stays unused, so no command can reach another item by an old id.

use super::name::Names;
use super::rank::Best;
use crate::arena::{Arena, NoRoom};
use crate::console::{CommandInfo, Failure, Session, number};
use crate::limits::{LINE_LIMIT, MAX_RESULTS};
use crate::meter::{Meter, Op};
use crate::text::{BLOCK_TEXT, PoolFull, TextHandle, TextPool};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Blocks of text for every four items. The 628 sentences of `fixtures/text`, 49 bytes on average, take 2.16 blocks each;
/// `fit` says how many texts of other lengths fit.
const BLOCKS_FOR_FOUR: u32 = 9;

/// The longest text that a role stores: all that a line can hold.
pub type TextBuffer = [u8; LINE_LIMIT];

/// `get`, as every role with a catalog has it.
pub const GET: CommandInfo = CommandInfo { name: "get", usage: "get ID", summary: "the text of an id" };
/// `delete`, as every role with a catalog has it.
pub const DELETE: CommandInfo =
    CommandInfo { name: "delete", usage: "delete ID", summary: "remove an item; its id is not given again" };
/// `list`, as every role with a catalog has it.
pub const LIST: CommandInfo = CommandInfo {
    name: "list",
    usage: "list [FROM]",
    summary: "how many items, and 16 of them from id FROM",
};

/// One slot: zeros where it is free.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
struct Entry {
    /// The id plus one.
    tag: u32,
    text: TextHandle,
}
const _: () = assert!(size_of::<Entry>() == 8);

/// Blocks of text in a catalog of `capacity` slots.
fn blocks(capacity: u32) -> u32 {
    capacity.saturating_mul(BLOCKS_FOR_FOUR).div_ceil(4)
}

/// How many texts of `bytes` bytes each a catalog of `capacity` slots holds.
pub fn texts_that_fit(capacity: u32, bytes: u32) -> u32 {
    capacity.min(blocks(capacity) / bytes.div_ceil(BLOCK_TEXT as u32).max(1))
}

/// Ids and texts by slot. All zeros is an empty catalog.
#[derive(Debug)]
pub struct Catalog<'a> {
    /// The id plus one of the newest item.
    newest: &'a mut u32,
    entries: &'a mut [Entry],
    texts: TextPool<'a>,
    names: Names<'a>,
}

impl<'a> Catalog<'a> {
    /// Takes a catalog of `capacity` slots, each with a name in the fleet where `named`.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena has fewer bytes left.
    pub fn carve(arena: &mut Arena<'a>, capacity: u32, named: bool) -> Result<Self, NoRoom> {
        Ok(Self {
            newest: arena.one("newest id")?,
            entries: arena.slice("items", capacity)?,
            texts: TextPool::carve(arena, blocks(capacity))?,
            names: Names::carve(arena, if named { capacity } else { 0 })?,
        })
    }

    /// Stores a text, before its slot is known.
    ///
    /// # Errors
    /// [`PoolFull`] when it does not fit.
    pub fn store<M: Meter>(&mut self, text: &str, meter: &mut M) -> Result<TextHandle, PoolFull> {
        self.texts.store(text, meter)
    }

    /// Gives back a text that got no slot.
    pub fn discard<M: Meter>(&mut self, text: TextHandle, meter: &mut M) {
        self.texts.free(text, meter);
    }

    /// Puts a stored text at a free `slot`, and says its new id.
    pub fn put(&mut self, slot: u32, text: TextHandle) -> u32 {
        *self.newest = self.newest.saturating_add(1);
        if let Some(entry) = self.entries.get_mut(slot as usize) {
            *entry = Entry { tag: *self.newest, text };
        }
        *self.newest - 1
    }

    /// Frees `slot` and its text.
    pub fn remove<M: Meter>(&mut self, slot: u32, meter: &mut M) {
        if let Some(entry) = self.entries.get_mut(slot as usize) {
            self.texts.free(core::mem::take(entry).text, meter);
        }
        self.names.clear(slot);
    }

    /// The names that the fleet gave items, by slot.
    pub fn names(&self) -> &Names<'a> {
        &self.names
    }

    /// The names that the fleet gave items, by slot.
    pub fn names_mut(&mut self) -> &mut Names<'a> {
        &mut self.names
    }

    /// The slot of the item with this id.
    ///
    /// # Errors
    /// [`Failure::NotFound`].
    pub fn find<M: Meter>(&self, id: u32, meter: &mut M) -> Result<u32, Failure> {
        let tag = id.checked_add(1).ok_or(Failure::NotFound { id })?;
        let slot = self.entries.iter().position(|entry| entry.tag == tag);
        meter.record(Op::Scan, slot.unwrap_or(self.entries.len()) as u32);
        slot.map(|slot| slot as u32).ok_or(Failure::NotFound { id })
    }

    /// The first slot without an item.
    pub fn free_slot<M: Meter>(&self, meter: &mut M) -> Option<u32> {
        let slot = self.entries.iter().position(|entry| entry.tag == 0);
        meter.record(Op::Scan, slot.unwrap_or(self.entries.len()) as u32);
        slot.map(|slot| slot as u32)
    }

    /// The id of the item at `slot`.
    pub fn id(&self, slot: u32) -> Option<u32> {
        self.entries.get(slot as usize)?.tag.checked_sub(1)
    }

    /// The slots that hold an item, ascending.
    pub fn slots(&self) -> impl Iterator<Item = u32> + '_ {
        (0u32..).zip(self.entries.iter()).filter(|(_, entry)| entry.tag != 0).map(|(slot, _)| slot)
    }

    /// How many slots hold an item.
    pub fn len(&self) -> u32 {
        self.slots().count() as u32
    }

    /// Does no slot hold an item?
    pub fn is_empty(&self) -> bool {
        self.slots().next().is_none()
    }

    /// How many slots there are.
    pub fn capacity(&self) -> u32 {
        self.entries.len() as u32
    }

    /// The text at `slot`, and the pool that holds it.
    pub fn text(&self, slot: u32) -> (TextHandle, &TextPool<'a>) {
        (self.entries.get(slot as usize).map_or(TextHandle::default(), |entry| entry.text), &self.texts)
    }

    /// The text at `slot`, in pieces of whole characters.
    pub fn pieces(&self, slot: u32) -> impl Iterator<Item = &str> + Clone {
        let (handle, texts) = self.text(slot);
        texts.pieces(handle)
    }

    /// The slot of the first item with this very text that `is_meant` says yes to.
    pub fn find_text<M: Meter>(
        &self,
        text: &str,
        is_meant: impl Fn(u32) -> bool,
        meter: &mut M,
    ) -> Option<u32> {
        meter.record(Op::Scan, self.capacity());
        self.slots().find(|slot| {
            let (handle, texts) = self.text(*slot);
            is_meant(*slot) && texts.equals(handle, text, meter)
        })
    }

    /// Replies that the item at `slot` was stored before.
    ///
    /// # Errors
    /// [`Failure::Output`].
    pub fn write_known<M: Meter>(&self, slot: u32, session: &mut Session<'_, M>) -> Result<(), Failure> {
        Ok(writeln!(session.out, "already known as id={}", self.id(slot).unwrap_or_default())?)
    }

    /// Writes which item supersedes the current one.
    ///
    /// # Errors
    /// [`Failure::Output`].
    pub fn write_superseded<M: Meter>(
        &self,
        by: Option<u32>,
        session: &mut Session<'_, M>,
    ) -> Result<(), Failure> {
        match by.and_then(|slot| self.id(slot)) {
            Some(id) => Ok(write!(session.out, "superseded-by={id} ")?),
            None => Ok(()),
        }
    }

    /// Copies the text at `slot` into `buffer`.
    pub fn read<'b, M: Meter>(&self, slot: u32, buffer: &'b mut TextBuffer, meter: &mut M) -> &'b str {
        let (handle, texts) = self.text(slot);
        texts.read(handle, 0..usize::from(handle.length()), buffer, meter)
    }

    /// Writes the text at `slot`.
    ///
    /// # Errors
    /// [`Failure::Output`].
    pub fn write<M: Meter>(&self, slot: u32, session: &mut Session<'_, M>) -> Result<(), Failure> {
        let (handle, texts) = self.text(slot);
        Ok(texts.write(handle, session.out, session.meter)?)
    }

    /// Replies to `get ID`.
    ///
    /// # Errors
    /// [`Failure::BadNumber`], [`Failure::NotFound`].
    pub fn get<M: Meter>(&self, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        let id = parse_id(rest)?;
        let slot = self.find(id, session.meter)?;
        write!(session.out, "id={id} ")?;
        self.write(slot, session)?;
        Ok(session.out.write_str("\n")?)
    }

    /// Replies to `list [FROM]`: how many items there are, then the next [`MAX_RESULTS`] from id FROM up.
    ///
    /// # Errors
    /// [`Failure::BadNumber`].
    pub fn list<M: Meter>(&self, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        let from = if rest.is_empty() { 0 } else { number(rest, "FROM", 0, u32::MAX)? };
        let mut page: Best = Best::new(MAX_RESULTS);
        let mut beyond = 0;
        session.meter.record(Op::Scan, 2 * self.capacity());
        for (slot, id) in self.slots().filter_map(|slot| Some((slot, self.id(slot)?))) {
            if id >= from {
                beyond += 1;
                page.offer(-i64::from(id), slot, session.meter);
            }
        }
        writeln!(session.out, "items: {}", self.len())?;
        for (score, slot) in page.entries() {
            write!(session.out, "  id={} ", -score)?;
            self.write(*slot, session)?;
            session.out.write_str("\n")?;
        }
        if let Some((score, _)) = page.entries().last().filter(|_| beyond > MAX_RESULTS) {
            writeln!(session.out, "  more: list {}", 1 - score)?;
        }
        Ok(())
    }

    /// Removes everything; ids go on counting.
    pub fn clear(&mut self) {
        self.entries.fill(Entry::default());
        self.texts.clear();
        self.names.clear_all();
    }
}

/// Reads the id of an item.
///
/// # Errors
/// [`Failure::BadNumber`].
pub fn parse_id(word: &str) -> Result<u32, Failure> {
    number(word, "ID", 0, u32::MAX - 1)
}

impl From<PoolFull> for Failure {
    fn from(full: PoolFull) -> Self {
        Failure::TextFull { needs: full.needs, free: full.free }
    }
}
