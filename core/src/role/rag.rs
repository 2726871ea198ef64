//! The retriever: finds the passages that bear on a question, and says so when none does.

use super::catalog::{Catalog, DELETE, GET, LIST, parse_id};
use super::contract::{CLEAR, Plan, Role, RoleInfo, confirm, embed_text};
use super::passage::passages;
use super::question::{CANDIDATES, Question, TextBuffer, cosine};
use crate::arena::{Arena, NoRoom};
use crate::console::{CommandInfo, Failure, Session, count_and_text};
use crate::index::choice::TEXT_EFFORT;
use crate::index::{AnyIndex, Hit, Index};
use crate::limits::{LINE_LIMIT, MAX_RESULTS};
use crate::meter::{Meter, Op};
use core::ops::Range;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Results of `recall` without K.
const DEFAULT_RESULTS: usize = 3;

const ADD: CommandInfo = CommandInfo {
    name: "add",
    usage: "add TEXT",
    summary: "store a text, split into overlapping passages if it is long",
};
const RECALL: CommandInfo = CommandInfo {
    name: "recall",
    usage: "recall [K] TEXT",
    summary: "the passages that bear on TEXT (3 unless told), if any does",
};

/// What there is to know about the role.
pub const INFO: RoleInfo = RoleInfo {
    summary: "stores knowledge and finds the passages that bear on a question",
    counter: "rag",
    item: "passage",
    default_on: &["esp32"],
    least_capacity: 16,
    commands: &[ADD, RECALL, GET, DELETE, LIST, CLEAR],
};

/// Where a passage lies in its text. Kept at the slot that the index gave it.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
struct Passage {
    /// The text's slot in the catalog.
    document: u16,
    start: u16,
    end: u16,
}
const _: () = assert!(size_of::<Passage>() == 6);

/// A text that was stored.
pub(super) struct Stored {
    /// Its slot in the catalog.
    pub(super) slot: u32,
    /// Its id.
    pub(super) id: u32,
    /// How many passages it has.
    pub(super) passages: u32,
}

/// The role over its arena. Capacity counts passages; there are as many places for texts.
#[derive(Debug)]
pub struct RagRetriever<'a> {
    pub(super) index: AnyIndex<'a>,
    passages: &'a mut [Passage],
    pub(super) documents: Catalog<'a>,
}

impl<'a> Role<'a> for RagRetriever<'a> {
    fn carve(arena: &mut Arena<'a>, plan: Plan) -> Result<Self, NoRoom> {
        Ok(Self {
            index: AnyIndex::for_texts(arena, plan.index, plan.capacity, plan.seed)?,
            passages: arena.slice("passages", plan.capacity)?,
            documents: Catalog::carve(arena, plan.capacity, plan.named)?,
        })
    }

    fn items(&self) -> u32 {
        self.documents.len()
    }

    fn run<M: Meter>(&mut self, verb: &str, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        match verb {
            "add" => self.add(rest, session),
            "recall" => self.recall(rest, session),
            "get" => self.documents.get(rest, session),
            "delete" => self.delete(rest, session),
            "list" => self.documents.list(rest, session),
            "clear" => self.clear(rest, session),
            _ => Err(Failure::UnknownCommand),
        }
    }
}

impl RagRetriever<'_> {
    #[inline(never)]
    fn add<M: Meter>(&mut self, text: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        let Stored { id, passages, .. } = self.store(text, session.meter)?;
        write!(session.out, "added id={id}")?;
        if passages > 1 {
            write!(session.out, " passages={passages}")?;
        }
        Ok(session.out.write_str("\n")?)
    }

    /// Stores a text with its passages.
    ///
    /// # Errors
    /// As those of `add`.
    #[inline(never)]
    pub(super) fn store<M: Meter>(&mut self, text: &str, meter: &mut M) -> Result<Stored, Failure> {
        embed_text(text, ADD.usage, meter)?;
        let full = Failure::Full { capacity: self.index.capacity() };
        let count = passages(text).count() as u32;
        let slot = self.documents.free_slot(meter).ok_or(full)?;
        if self.index.len() + count > self.index.capacity() {
            return Err(full);
        }
        let stored = self.documents.store(text, meter)?;
        for range in passages(text) {
            self.add_passage(slot, text, range, meter)?;
        }
        Ok(Stored { slot, id: self.documents.put(slot, stored), passages: count })
    }

    fn add_passage<M: Meter>(
        &mut self,
        document: u32,
        text: &str,
        range: Range<usize>,
        meter: &mut M,
    ) -> Result<(), Failure> {
        let vector = crate::embed::embed(text.get(range.clone()).unwrap_or_default(), meter);
        let inserted = self.index.insert(&vector, meter);
        let slot = inserted.map_err(|full| Failure::Full { capacity: full.capacity })?;
        if let Some(passage) = self.passages.get_mut(slot as usize) {
            *passage =
                Passage { document: document as u16, start: range.start as u16, end: range.end as u16 };
        }
        Ok(())
    }

    #[inline(never)]
    fn recall<M: Meter>(&mut self, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        let (count, text) = count_and_text(rest, DEFAULT_RESULTS, RECALL.usage)?;
        let question = Question::new(text, RECALL.usage, session.meter)?;
        let mut found = [(Passage::default(), 0); MAX_RESULTS];
        let length = self.bearing_on(&question, count, &mut found, session.meter);
        for (rank, (passage, similarity)) in found.iter().take(length).enumerate() {
            self.write_hit(rank + 1, *passage, *similarity, session)?;
        }
        if length == 0 {
            session.out.write_str("top: (no match)\n")?;
        }
        Ok(())
    }

    /// Fills `found` with the best passage of each of at most `count` texts that bear on the question, and its similarity in
    /// [`super::question::WIDE`] dimensions, best first; how many there are.
    #[inline(never)]
    fn bearing_on<M: Meter>(
        &self,
        question: &Question,
        count: usize,
        found: &mut [(Passage, i32); MAX_RESULTS],
        meter: &mut M,
    ) -> usize {
        let mut hits = [Hit::default(); CANDIDATES];
        let near = self.index.search(&question.vector, TEXT_EFFORT, &mut hits, meter);
        let candidates = hits.iter().take(near).map(|hit| hit.slot);
        let answers = question.rank(
            candidates,
            |slot, buffer, meter| self.read_passage(self.passage(slot), buffer, meter),
            meter,
        );
        // Overlapping passages of one text can all be near; only its best is shown.
        let mut length = 0;
        for hit in answers.relevant(|a, b| self.passage(a).document == self.passage(b).document) {
            let passage = self.passage(hit.slot);
            let known = found.iter().take(length).any(|(other, _)| other.document == passage.document);
            if length == count || known {
                continue;
            }
            if let Some(place) = found.get_mut(length) {
                *place = (passage, hit.similarity);
            }
            length += 1;
        }
        length
    }

    /// Offers the texts that bear on the question, as `recall` finds them: slot and cosine in thousandths.
    ///
    /// # Errors
    /// As those of `recall`.
    pub(super) fn recall_for<M: Meter>(
        &self,
        text: &str,
        count: usize,
        meter: &mut M,
        mut offer: impl FnMut(u32, i32),
    ) -> Result<(), Failure> {
        let question = Question::new(text, RECALL.usage, meter)?;
        let mut found = [(Passage::default(), 0); MAX_RESULTS];
        let length = self.bearing_on(&question, count.min(MAX_RESULTS), &mut found, meter);
        for (passage, similarity) in found.iter().take(length) {
            offer(u32::from(passage.document), cosine(*similarity).0);
        }
        Ok(())
    }

    fn write_hit<M: Meter>(
        &self,
        rank: usize,
        passage: Passage,
        similarity: i32,
        session: &mut Session<'_, M>,
    ) -> Result<(), Failure> {
        if rank == 1 {
            session.out.write_str("top: ")?;
            self.write_passage(passage, session)?;
        }
        let slot = u32::from(passage.document);
        let id = self.documents.id(slot).unwrap_or_default();
        write!(session.out, "  id={id} relevance={} ", cosine(similarity))?;
        self.write_passage(passage, session)
    }

    fn write_passage<M: Meter>(&self, passage: Passage, session: &mut Session<'_, M>) -> Result<(), Failure> {
        let mut buffer = [0; LINE_LIMIT];
        let text = self.read_passage(passage, &mut buffer, session.meter);
        Ok(writeln!(session.out, "{text}")?)
    }

    fn read_passage<'b, M: Meter>(
        &self,
        passage: Passage,
        buffer: &'b mut TextBuffer,
        meter: &mut M,
    ) -> &'b str {
        let (handle, texts) = self.documents.text(u32::from(passage.document));
        texts.read(handle, usize::from(passage.start)..usize::from(passage.end), buffer, meter)
    }

    fn passage(&self, slot: u32) -> Passage {
        self.passages.get(slot as usize).copied().unwrap_or_default()
    }

    fn delete<M: Meter>(&mut self, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        let id = parse_id(rest)?;
        let document = self.documents.find(id, session.meter)?;
        self.remove(document, session.meter);
        Ok(writeln!(session.out, "deleted id={id}")?)
    }

    /// Removes a text with its passages.
    pub(super) fn remove<M: Meter>(&mut self, document: u32, meter: &mut M) {
        meter.record(Op::Compare, self.passages.len() as u32);
        for (slot, passage) in (0u32..).zip(self.passages.iter()) {
            if u32::from(passage.document) == document && self.index.vector(slot).is_some() {
                self.index.remove(slot, meter);
            }
        }
        self.documents.remove(document, meter);
    }

    fn clear<M: Meter>(&mut self, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        let items = confirm(self.items(), rest)?;
        self.index.clear();
        self.documents.clear();
        Ok(writeln!(session.out, "cleared {items} items")?)
    }
}
