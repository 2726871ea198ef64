//! The retriever: finds the passages that bear on a question, and says so when none does.

use super::catalog::{Catalog, DELETE, GET, LIST, parse_id};
use super::passage::passages;
use super::question::{CANDIDATES, Question, TextBuffer, cosine};
use super::{CLEAR, Plan, Role, RoleInfo, confirm, embed_text};
use crate::arena::{Arena, NoRoom};
use crate::console::{CommandInfo, Failure, LINE_LIMIT, MOST_RESULTS, Session, count_and_text};
use crate::index::choice::TEXT_EFFORT;
use crate::index::{AnyIndex, Hit, Index};
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
    name: "RagRetriever",
    alias: "rag",
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

/// The role over its arena. Capacity counts passages; there are as many places for texts.
#[derive(Debug)]
pub struct RagRetriever<'a> {
    index: AnyIndex<'a>,
    passages: &'a mut [Passage],
    documents: Catalog<'a>,
}

impl<'a> Role<'a> for RagRetriever<'a> {
    fn carve(arena: &mut Arena<'a>, plan: Plan) -> Result<Self, NoRoom> {
        Ok(Self {
            index: AnyIndex::for_texts(arena, plan.index, plan.capacity, plan.seed)?,
            passages: arena.slice("passages", plan.capacity)?,
            documents: Catalog::carve(arena, plan.capacity)?,
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
    fn add<M: Meter>(&mut self, text: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        embed_text(text, ADD.usage, session.meter)?;
        let full = Failure::Full { capacity: self.index.capacity() };
        let count = passages(text).count() as u32;
        let slot = self.documents.free_slot(session.meter).ok_or(full)?;
        if self.index.len() + count > self.index.capacity() {
            return Err(full);
        }
        let stored = self.documents.store(text, session.meter)?;
        for range in passages(text) {
            self.add_passage(slot, text, range, session)?;
        }
        let id = self.documents.put(slot, stored);
        write!(session.out, "added id={id}")?;
        if count > 1 {
            write!(session.out, " passages={count}")?;
        }
        Ok(session.out.write_str("\n")?)
    }

    fn add_passage<M: Meter>(
        &mut self,
        document: u32,
        text: &str,
        range: Range<usize>,
        session: &mut Session<'_, M>,
    ) -> Result<(), Failure> {
        let vector = crate::embed::embed(text.get(range.clone()).unwrap_or_default(), session.meter);
        let inserted = self.index.insert(&vector, session.meter);
        let slot = inserted.map_err(|full| Failure::Full { capacity: full.capacity })?;
        if let Some(passage) = self.passages.get_mut(slot as usize) {
            *passage =
                Passage { document: document as u16, start: range.start as u16, end: range.end as u16 };
        }
        Ok(())
    }

    fn recall<M: Meter>(&mut self, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        let (count, text) = count_and_text(rest, DEFAULT_RESULTS, RECALL.usage)?;
        let question = Question::new(text, RECALL.usage, session.meter)?;
        let mut hits = [Hit::default(); CANDIDATES];
        let found = self.index.search(&question.vector, TEXT_EFFORT, &mut hits, session.meter);
        let candidates = hits.iter().take(found).map(|hit| hit.slot);
        let answers = question.rank(
            candidates,
            |slot, buffer, meter| self.read_passage(self.passage(slot), buffer, meter),
            session.meter,
        );
        // Overlapping passages of one text can all be near; only its best is shown.
        let mut seen = [u16::MAX; MOST_RESULTS];
        let mut rank = 0;
        for hit in answers.relevant(|a, b| self.passage(a).document == self.passage(b).document) {
            let passage = self.passage(hit.slot);
            if rank == count || seen.contains(&passage.document) {
                continue;
            }
            if let Some(place) = seen.get_mut(rank) {
                *place = passage.document;
            }
            rank += 1;
            self.write_hit(rank, passage, hit.similarity, session)?;
        }
        if rank == 0 {
            session.out.write_str("top: (no match)\n")?;
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
        session.meter.record(Op::Compare, self.passages.len() as u32);
        for (slot, passage) in (0u32..).zip(self.passages.iter()) {
            if u32::from(passage.document) == document && self.index.vector(slot).is_some() {
                self.index.remove(slot, session.meter);
            }
        }
        self.documents.remove(document, session.meter);
        Ok(writeln!(session.out, "deleted id={id}")?)
    }

    fn clear<M: Meter>(&mut self, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        let items = confirm(self.items(), rest)?;
        self.index.clear();
        self.documents.clear();
        Ok(writeln!(session.out, "cleared {items} items")?)
    }
}
