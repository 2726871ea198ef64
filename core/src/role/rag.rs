//! The retriever: finds the texts that bear on a question, and says so when none does.
//!
//! A text is found by any part of it and shown whole: no answer is cut off.

use super::catalog::{Catalog, DELETE, GET, LIST, parse_id};
use super::contract::{CLEAR, Plan, Role, RoleInfo, View, confirm};
use super::question::{Answer, Answers, Question, written};
use super::shared::{Asked, Asks, ItemPayload, Keeps};
use crate::arena::{Arena, NoRoom};
use crate::console::{CommandInfo, Failure, Session, count_and_text};
use crate::event::ChipEvent;
use crate::meter::Meter;

/// Results of `recall` without K.
const DEFAULT_RESULTS: usize = 3;

const ADD: CommandInfo =
    CommandInfo { name: "add", usage: "add TEXT", summary: "store a text and give it an id" };
const RECALL: CommandInfo = CommandInfo {
    name: "recall",
    usage: "recall [K] TEXT",
    summary: "the texts that bear on TEXT, if any does [default K: 3]",
};

/// What there is to know about the role.
pub const INFO: RoleInfo = RoleInfo {
    summary: "stores knowledge and finds the texts that bear on a question",
    counter: "rag",
    item: "text",
    default_on: &["esp32"],
    min_capacity: 16,
    commands: &[ADD, RECALL, GET, DELETE, LIST, CLEAR],
    keeps: Some(Keeps::Texts),
    answers: Some(Asks::Recall),
    view: View::Questions,
    store: "add ",
    find: "recall ",
    measured: &[("command-ask", "recall 2 which hall is the pump in")],
};

/// The role over its arena.
#[derive(Debug)]
pub struct RagRetriever<'a> {
    documents: Catalog<'a>,
}

impl<'a> Role<'a> for RagRetriever<'a> {
    fn carve(arena: &mut Arena<'a>, plan: Plan) -> Result<Self, NoRoom> {
        Ok(Self { documents: Catalog::carve(arena, plan.capacity, plan.named)? })
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

    fn catalog(&self) -> Option<&Catalog<'a>> {
        Some(&self.documents)
    }

    fn catalog_mut(&mut self) -> Option<&mut Catalog<'a>> {
        Some(&mut self.documents)
    }

    fn keep<M: Meter>(&mut self, given: &ItemPayload<'_>, _now: u32, meter: &mut M) -> Result<u32, Failure> {
        let ItemPayload::Text(text) = *given else { return Err(Failure::UnknownCommand) };
        self.store(text, meter)
    }

    fn release<M: Meter>(&mut self, slot: u32, meter: &mut M) {
        self.documents.remove(slot, meter);
    }

    /// The texts that bear on the question, as `recall` finds them. A text has no type.
    fn recall_for<M: Meter>(
        &mut self,
        asked: &Asked<'_>,
        _now: u32,
        meter: &mut M,
        mut offer: impl FnMut(u32, i32),
    ) -> Result<(), Failure> {
        let Asked { text, only: None, count } = *asked else { return Ok(()) };
        let mut question = Question::default();
        question.read(text, RECALL.usage, meter)?;
        self.bearing_on(&mut question, meter).offer_to_fleet(count, &mut offer);
        Ok(())
    }
}

impl RagRetriever<'_> {
    #[inline(never)]
    fn add<M: Meter>(&mut self, text: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        let known = self.documents.find_text(text, |_| true, session.meter);
        if let Some(slot) = known {
            return self.documents.write_known(slot, session);
        }
        let slot = self.store(text, session.meter)?;
        let id = self.documents.id(slot).unwrap_or_default();
        session.observer.event(&ChipEvent::Stored { id });
        Ok(writeln!(session.out, "added id={id}")?)
    }

    /// Stores a text; its slot.
    ///
    /// # Errors
    /// As those of `add`.
    #[inline(never)]
    fn store<M: Meter>(&mut self, text: &str, meter: &mut M) -> Result<u32, Failure> {
        Question::check(text, ADD.usage, meter)?;
        let full = Failure::Full { capacity: self.documents.capacity() };
        let slot = self.documents.free_slot(meter).ok_or(full)?;
        let stored = self.documents.store(text, meter)?;
        self.documents.put(slot, stored);
        Ok(slot)
    }

    #[inline(never)]
    fn recall<M: Meter>(&mut self, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        let (count, text) = count_and_text(rest, DEFAULT_RESULTS, RECALL.usage)?;
        let mut question = Question::default();
        question.read(text, RECALL.usage, session.meter)?;
        let answers = self.bearing_on(&mut question, session.meter);
        let hits = answers.relevant().take(count).count() as u8;
        session.observer.event(&ChipEvent::Results { hits });
        for (position, answer) in answers.relevant().take(count).enumerate() {
            self.write_answer(position == 0, answer, session)?;
        }
        if answers.relevant().next().is_none() {
            session.out.write_str("top: (no match)\n")?;
            question.write_unknown(text, session)?;
        }
        Ok(())
    }

    #[inline(never)]
    fn bearing_on<M: Meter>(&self, question: &mut Question, meter: &mut M) -> Answers {
        let mut answers = question.ask(&self.documents, |_| true, meter);
        answers.supersede(&self.documents, |slot| self.documents.id(slot).map_or(0, u64::from), meter);
        answers
    }

    fn write_answer<M: Meter>(
        &self,
        is_first: bool,
        answer: Answer,
        session: &mut Session<'_, M>,
    ) -> Result<(), Failure> {
        if is_first {
            session.out.write_str("top: ")?;
            self.documents.write(answer.slot, session)?;
            session.out.write_str("\n")?;
        }
        let id = self.documents.id(answer.slot).unwrap_or_default();
        session.observer.event(&ChipEvent::Hit { id, score: answer.score as i32 });
        write!(session.out, "  id={id} score={} ", written(answer.score))?;
        self.documents.write_superseded(answer.superseded_by, session)?;
        self.documents.write(answer.slot, session)?;
        Ok(session.out.write_str("\n")?)
    }

    fn delete<M: Meter>(&mut self, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        let id = parse_id(rest)?;
        let slot = self.documents.find(id, session.meter)?;
        self.documents.remove(slot, session.meter);
        session.observer.event(&ChipEvent::Removed { id });
        Ok(writeln!(session.out, "deleted id={id}")?)
    }

    fn clear<M: Meter>(&mut self, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        let items = confirm(self.items(), rest)?;
        self.documents.clear();
        session.observer.event(&ChipEvent::Cleared { items });
        Ok(writeln!(session.out, "cleared {items} items")?)
    }
}
