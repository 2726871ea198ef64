//! The indexer: finds the stored texts nearest to a query.
//!
//! `search` reads the texts themselves, word by word (`question`). The vectors answer the fleet, whose questions are
//! 64 bytes instead of a text; the index decides how many of them are looked at.

use super::catalog::{Catalog, DELETE, GET, LIST, parse_id};
use super::contract::{CLEAR, Plan, Role, RoleInfo, View, confirm, embed_text};
use super::question::{Answer, Question, written};
use super::shared::{Asks, ItemPayload, Keeps};
use crate::arena::{Arena, NoRoom};
use crate::console::{CommandInfo, Failure, Session, count_and_text};
use crate::embed::DIMENSIONS;
use crate::event::ChipEvent;
use crate::index::choice::{Kind, TEXT_EF_SEARCH};
use crate::index::{AnyIndex, Hit, Index};
use crate::kernel::distance::dot;
use crate::limits::MAX_RESULTS;
use crate::meter::{Meter, Op};

/// Results of `search` without K.
const DEFAULT_RESULTS: usize = 4;

const ADD: CommandInfo =
    CommandInfo { name: "add", usage: "add TEXT", summary: "store a text and give it an id" };
const SEARCH: CommandInfo = CommandInfo {
    name: "search",
    usage: "search [K] TEXT",
    summary: "the K nearest texts, best first [default: 4]",
};

/// What there is to know about the role.
pub const INFO: RoleInfo = RoleInfo {
    summary: "stores texts and finds the nearest to a query",
    counter: "hnsw",
    item: "text",
    default_on: &["esp32c3", "esp32s3"],
    min_capacity: 16,
    commands: &[ADD, SEARCH, GET, DELETE, LIST, CLEAR],
    keeps: Some(Keeps::Texts),
    answers: Some(Asks::Search),
    view: View::Questions,
    store: "add ",
    find: "search ",
    measured: &[
        ("command-search", "search 4 where are the spare fuses of the pump"),
        ("command-list", "list"),
    ],
};

/// The role over its arena.
#[derive(Debug)]
pub struct HnswIndexer<'a> {
    index: AnyIndex<'a>,
    catalog: Catalog<'a>,
}

impl<'a> Role<'a> for HnswIndexer<'a> {
    fn carve(arena: &mut Arena<'a>, plan: Plan) -> Result<Self, NoRoom> {
        Ok(Self {
            index: AnyIndex::for_texts(arena, plan.index, plan.capacity, plan.seed)?,
            catalog: Catalog::carve(arena, plan.capacity, plan.named)?,
        })
    }

    fn items(&self) -> u32 {
        self.index.len()
    }

    fn run<M: Meter>(&mut self, verb: &str, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        match verb {
            "add" => self.add(rest, session),
            "search" => self.search(rest, session),
            "get" => self.catalog.get(rest, session),
            "delete" => self.delete(rest, session),
            "list" => self.catalog.list(rest, session),
            "clear" => self.clear(rest, session),
            _ => Err(Failure::UnknownCommand),
        }
    }

    fn catalog(&self) -> Option<&Catalog<'a>> {
        Some(&self.catalog)
    }

    fn catalog_mut(&mut self) -> Option<&mut Catalog<'a>> {
        Some(&mut self.catalog)
    }

    fn index(&self) -> Option<&AnyIndex<'a>> {
        Some(&self.index)
    }

    fn keep<M: Meter>(&mut self, given: &ItemPayload<'_>, _now: u32, meter: &mut M) -> Result<u32, Failure> {
        let ItemPayload::Text(text) = *given else { return Err(Failure::UnknownCommand) };
        Ok(self.store(text, meter)?.0)
    }

    fn release<M: Meter>(&mut self, slot: u32, meter: &mut M) {
        self.index.remove(slot, meter);
        self.catalog.remove(slot, meter);
    }

    /// An exact index offers every item, so that equals are distinguished by their names and not by where they lie; a graph
    /// offers the nearest that it finds.
    fn search_for<M: Meter>(
        &self,
        vector: &[i8; DIMENSIONS],
        meter: &mut M,
        mut offer: impl FnMut(u32, i32, &mut M),
    ) {
        if self.index.kind() == Kind::Flat {
            meter.record(Op::Scan, self.catalog.capacity());
            for slot in self.catalog.slots() {
                let similarity = dot(vector, self.index.vector(slot).unwrap_or_default(), meter);
                offer(slot, similarity, meter);
            }
            return;
        }
        let mut hits = [Hit::default(); 3 * MAX_RESULTS];
        let found = self.index.search(vector, TEXT_EF_SEARCH, &mut hits, meter);
        hits.iter().take(found).for_each(|hit| offer(hit.slot, hit.similarity, meter));
    }
}

impl HnswIndexer<'_> {
    #[inline(never)]
    fn add<M: Meter>(&mut self, text: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        if let Some(slot) = self.catalog.find_text(text, |_| true, session.meter).filter(|_| !text.is_empty())
        {
            return self.catalog.write_known(slot, session);
        }
        let (_, id) = self.store(text, session.meter)?;
        session.observer.event(&ChipEvent::Stored { id });
        Ok(writeln!(session.out, "added id={id}")?)
    }

    /// Stores a text; its slot and its id.
    ///
    /// # Errors
    /// As those of `add`.
    #[inline(never)]
    fn store<M: Meter>(&mut self, text: &str, meter: &mut M) -> Result<(u32, u32), Failure> {
        let vector = embed_text(text, ADD.usage, meter)?;
        let stored = self.catalog.store(text, meter).map_err(Failure::from)?;
        let slot = self.index.insert(&vector, meter).map_err(|full| {
            self.catalog.discard(stored, meter);
            Failure::Full { capacity: full.capacity }
        })?;
        Ok((slot, self.catalog.put(slot, stored)))
    }

    #[inline(never)]
    fn search<M: Meter>(&mut self, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        let (count, text) = count_and_text(rest, DEFAULT_RESULTS, SEARCH.usage)?;
        let mut question = Question::default();
        question.read(text, SEARCH.usage, session.meter)?;
        let answers = question.ask(&self.catalog, |_| true, session.meter);
        write_hits(&self.catalog, answers.all().take(count), session)
    }

    fn delete<M: Meter>(&mut self, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        let id = parse_id(rest)?;
        let slot = self.catalog.find(id, session.meter)?;
        self.release(slot, session.meter);
        session.observer.event(&ChipEvent::Removed { id });
        Ok(writeln!(session.out, "deleted id={id}")?)
    }

    fn clear<M: Meter>(&mut self, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        let items = confirm(self.items(), rest)?;
        self.index.clear();
        self.catalog.clear();
        session.observer.event(&ChipEvent::Cleared { items });
        Ok(writeln!(session.out, "cleared {items} items")?)
    }
}

/// Writes search results: their ids on one line, then each with its score and its text.
fn write_hits<M: Meter>(
    catalog: &Catalog<'_>,
    hits: impl Iterator<Item = Answer> + Clone,
    session: &mut Session<'_, M>,
) -> Result<(), Failure> {
    session.observer.event(&ChipEvent::Results { hits: hits.clone().count() as u8 });
    session.out.write_str("hits: ")?;
    for (position, hit) in hits.clone().enumerate() {
        let id = catalog.id(hit.slot).unwrap_or_default();
        write!(session.out, "{}{id}", if position == 0 { "" } else { "," })?;
    }
    session.out.write_str(if hits.clone().next().is_none() { "(none)\n" } else { "\n" })?;
    for hit in hits {
        let id = catalog.id(hit.slot).unwrap_or_default();
        session.observer.event(&ChipEvent::Hit { id, score: hit.score as i32 });
        write!(session.out, "  id={id} score={} ", written(hit.score))?;
        catalog.write(hit.slot, session)?;
        session.out.write_str("\n")?;
    }
    Ok(())
}
