//! The archivist: typed memories, ranked by what they say first, that give way when they are worth least.
//!
//! Recall ranks by what a memory says (`question`), then by type, recency and use, with the weights below. A memory that
//! does not bear on the question at all is not recalled, whatever its type; one that a newer memory supersedes comes
//! after that. At capacity the memory of least value gives way; its slot and its text's blocks serve the next one. A
//! memory that is recalled is as recent as a new one. Memories of passing kinds expire.

mod kind;

pub use kind::MemoryType;
pub(crate) use kind::{FOR_EVER, parse_time_to_live, parse_type};

use self::kind::TYPES;
use super::catalog::{Catalog, LIST, parse_id};
use super::contract::{CLEAR, Plan, Role, RoleInfo, View, confirm};
use super::question::{Answer, Answers, Question, written};
use super::rank::Best;
use super::shared::{Asked, Asks, ItemPayload, Keeps};
use crate::arena::{Arena, NoRoom};
use crate::console::{CommandInfo, Failure, Session, count_and_text, number};
use crate::event::ChipEvent;
use crate::limits::MAX_RESULTS;
use crate::meter::{Meter, Op};
use crate::text::TextHandle;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Results of `recall`, `recall-type` and `recent` without K.
const DEFAULT_RESULTS: usize = 3;

/// The share of each component in the rank of a recalled memory, in hundredths. Each component is 0 to 1000.
const SCORE_WEIGHT: i64 = 80;
const PRIORITY_WEIGHT: i64 = 8;
const RECENCY_WEIGHT: i64 = 8;
const USE_WEIGHT: i64 = 4;

/// What use weighs where a memory has to give way: one of the lowest type that was recalled [`MAX_USES`] times outlasts
/// any that never was.
const USE_WEIGHT_KEPT: i64 = 14;

/// Uses beyond this many count no more.
const MAX_USES: u16 = 50;
/// After this many hours without use a memory's recency has halved.
const HALF_RECENCY_HOURS: u32 = 24;

const REMEMBER: CommandInfo = CommandInfo {
    name: "remember",
    usage: "remember TYPE [ttl=SECONDS] TEXT",
    summary: "keep a memory; TYPE is fact, event, context, preference, procedure, entity, emotion or state",
};
const RECALL: CommandInfo = CommandInfo {
    name: "recall",
    usage: "recall [K] TEXT",
    summary: "the memories that bear on TEXT, if any does [default K: 3]",
};
const RECALL_TYPE: CommandInfo = CommandInfo {
    name: "recall-type",
    usage: "recall-type TYPE [K] TEXT",
    summary: "as recall, among the memories of one type",
};
const RECENT: CommandInfo =
    CommandInfo { name: "recent", usage: "recent [K]", summary: "the newest memories [default K: 3]" };
const FORGET: CommandInfo =
    CommandInfo { name: "forget", usage: "forget ID", summary: "remove a memory; its id is not given again" };

/// What there is to know about the role.
pub const INFO: RoleInfo = RoleInfo {
    summary: "remembers typed memories and forgets the least valuable",
    counter: "mem",
    item: "memory",
    default_on: &["esp32c6"],
    min_capacity: 16,
    commands: &[REMEMBER, RECALL, RECALL_TYPE, RECENT, FORGET, LIST, CLEAR],
    keeps: Some(Keeps::Memories),
    answers: Some(Asks::Recall),
    view: View::Questions,
    store: "remember fact ",
    find: "recall ",
    measured: &[("command-recall", "recall 3 which hall is the pump in"), ("command-recent", "recent 3")],
};

/// What a memory is worth, beside its text. Kept at the slot that the index gave it.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
struct Memory {
    /// Seconds since boot when it was remembered, or remembered again.
    created: u32,
    /// Seconds since boot when it was remembered or recalled last.
    used: u32,
    /// Seconds since boot when it expires; 0 is never.
    expires: u32,
    uses: u16,
    /// The position in [`TYPES`].
    kind: u8,
    padding: u8,
}
const _: () = assert!(size_of::<Memory>() == 16);

impl Memory {
    fn type_name(&self) -> &'static str {
        TYPES.get(usize::from(self.kind)).map_or("fact", |(_, name, ..)| name)
    }

    /// Its value whatever the question: the weighted sum of priority, recency and use, in hundred-thousandths.
    fn value<M: Meter>(&self, use_weight: i64, now: u32, meter: &mut M) -> i64 {
        meter.record(Op::Div, 2);
        meter.record(Op::Mul, 4);
        let priority = TYPES.get(usize::from(self.kind)).map_or(0, |(_, _, priority, _)| *priority);
        let hours = now.saturating_sub(self.used) / 3600;
        let recency = 1000 * HALF_RECENCY_HOURS / HALF_RECENCY_HOURS.saturating_add(hours);
        let uses = 1000 / MAX_USES * self.uses.min(MAX_USES);
        PRIORITY_WEIGHT * 10 * i64::from(priority)
            + RECENCY_WEIGHT * i64::from(recency)
            + use_weight * i64::from(uses)
    }

    fn has_expired(&self, now: u32) -> bool {
        self.expires != 0 && now >= self.expires
    }
}

/// The role over its arena.
#[derive(Debug)]
pub struct MemoryArchivist<'a> {
    memories: &'a mut [Memory],
    catalog: Catalog<'a>,
}

impl<'a> Role<'a> for MemoryArchivist<'a> {
    fn carve(arena: &mut Arena<'a>, plan: Plan) -> Result<Self, NoRoom> {
        Ok(Self {
            memories: arena.slice("memories", plan.capacity)?,
            catalog: Catalog::carve(arena, plan.capacity, plan.named)?,
        })
    }

    fn items(&self) -> u32 {
        self.catalog.len()
    }

    fn run<M: Meter>(&mut self, verb: &str, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        self.remove_expired(seconds(session), session.meter);
        match verb {
            "remember" => self.remember(rest, session),
            "recall" => self.recall(rest, None, RECALL.usage, session),
            "recall-type" => self.recall_type(rest, session),
            "recent" => self.recent(rest, session),
            "forget" => self.forget(rest, session),
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

    fn keep<M: Meter>(&mut self, given: &ItemPayload<'_>, now: u32, meter: &mut M) -> Result<u32, Failure> {
        let ItemPayload::Memory { kind, ttl_s, text } = *given else { return Err(Failure::UnknownCommand) };
        self.remove_expired(now, meter);
        self.store(kind, ttl_s, text, now, meter)
    }

    fn kept<'t>(&self, slot: u32, now: u32, text: &'t str) -> ItemPayload<'t> {
        let (kind, ttl_s) = self.terms(slot, now);
        ItemPayload::Memory { kind, ttl_s, text }
    }

    fn release<M: Meter>(&mut self, slot: u32, meter: &mut M) {
        self.remove(slot, meter);
    }

    /// The memories that bear on the question, as `recall` finds them. None counts as used: whether it is shown is for the
    /// asker to say.
    fn recall_for<M: Meter>(
        &mut self,
        asked: &Asked<'_>,
        now: u32,
        meter: &mut M,
        mut offer: impl FnMut(u32, i32),
    ) -> Result<(), Failure> {
        let Asked { text, only, count } = *asked;
        self.remove_expired(now, meter);
        let mut question = Question::default();
        question.read(text, RECALL.usage, meter)?;
        let answers = self.bearing_on(&mut question, only, now, meter);
        answers.offer_to_fleet(count, &mut offer);
        Ok(())
    }
}

impl MemoryArchivist<'_> {
    #[inline(never)]
    fn remember<M: Meter>(&mut self, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        let (kind, rest) = parse_type(rest, REMEMBER.usage)?;
        let (time_to_live, text) = parse_time_to_live(rest, kind)?;
        Question::check(text, REMEMBER.usage, session.meter)?;
        let now = seconds(session);
        let expires = time_to_live.map_or(0, |ttl| now.saturating_add(ttl));
        let kind = kind as u8;
        let same = |slot: u32| self.memory(slot).kind == kind;
        let known = self.catalog.find_text(text, same, session.meter);
        let slot = match known {
            Some(slot) => slot,
            None => self.insert(text, now, session.meter)?,
        };
        let uses = known.map_or(0, |slot| self.memory(slot).uses);
        self.put(slot, Memory { created: now, used: now, expires, uses, kind, padding: 0 });
        if known.is_some() {
            return self.catalog.write_known(slot, session);
        }
        let id = self.catalog.id(slot).unwrap_or_default();
        session.observer.event(&ChipEvent::Stored { id });
        Ok(writeln!(session.out, "remembered id={id}")?)
    }

    fn put(&mut self, slot: u32, memory: Memory) {
        if let Some(index) = self.memories.get_mut(slot as usize) {
            *index = memory;
        }
    }

    /// Stores a text, whatever has to give way for it.
    #[inline(never)]
    fn insert<M: Meter>(&mut self, text: &str, now: u32, meter: &mut M) -> Result<u32, Failure> {
        let (slot, stored) = self.make_room(text, now, meter)?;
        self.catalog.put(slot, stored);
        Ok(slot)
    }

    /// Keeps a memory that the fleet gave, beside any other of the same text; its slot.
    ///
    /// # Errors
    /// [`Failure::UnknownType`], [`Failure::NothingToEmbed`], or that it does not fit.
    fn store<M: Meter>(
        &mut self,
        kind: u8,
        ttl_s: u32,
        text: &str,
        now: u32,
        meter: &mut M,
    ) -> Result<u32, Failure> {
        let (.., default) = TYPES.get(usize::from(kind)).ok_or(Failure::UnknownType)?;
        Question::check(text, REMEMBER.usage, meter)?;
        let slot = self.insert(text, now, meter)?;
        let lives = if ttl_s == 0 { *default } else { Some(ttl_s) };
        let expires = lives.map_or(0, |lives| now.saturating_add(lives));
        self.put(slot, Memory { created: now, used: now, expires, uses: 0, kind, padding: 0 });
        Ok(slot)
    }

    /// The type of the memory at `slot`, and how many seconds it has left; 0 where that follows from its type.
    fn terms(&self, slot: u32, now: u32) -> (u8, u32) {
        let memory = self.memory(slot);
        let default = TYPES.get(usize::from(memory.kind)).and_then(|(.., lives)| *lives);
        let ttl_s = match (memory.expires, default) {
            (0, None) => 0,
            (0, Some(_)) => FOR_EVER,
            (expires, _) => expires.saturating_sub(now).max(1),
        };
        (memory.kind, ttl_s)
    }

    /// Stores `text` and finds it a free slot, removing memories of least value until both are had.
    fn make_room<M: Meter>(
        &mut self,
        text: &str,
        now: u32,
        meter: &mut M,
    ) -> Result<(u32, TextHandle), Failure> {
        loop {
            let full = match (self.catalog.free_slot(meter), self.catalog.store(text, meter)) {
                (Some(slot), Ok(stored)) => return Ok((slot, stored)),
                (None, Ok(stored)) => {
                    self.catalog.discard(stored, meter);
                    Failure::Full { capacity: self.catalog.capacity() }
                }
                (_, Err(full)) => full.into(),
            };
            let least = self.least_valuable(now, meter).ok_or(full)?;
            self.remove(least, meter);
        }
    }

    /// The slot of least value; among equals the lowest id.
    fn least_valuable<M: Meter>(&self, now: u32, meter: &mut M) -> Option<u32> {
        meter.record(Op::Scan, self.catalog.capacity());
        self.catalog.slots().min_by_key(|slot| {
            meter.record(Op::Compare, 1);
            (self.memory(*slot).value(USE_WEIGHT_KEPT, now, meter), self.catalog.id(*slot))
        })
    }

    fn recall_type<M: Meter>(&mut self, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        let (kind, rest) = parse_type(rest, RECALL_TYPE.usage)?;
        self.recall(rest, Some(kind), RECALL_TYPE.usage, session)
    }

    #[inline(never)]
    fn recall<M: Meter>(
        &mut self,
        rest: &str,
        only: Option<MemoryType>,
        usage: &'static str,
        session: &mut Session<'_, M>,
    ) -> Result<(), Failure> {
        let (count, text) = count_and_text(rest, DEFAULT_RESULTS, usage)?;
        let mut question = Question::default();
        question.read(text, usage, session.meter)?;
        let now = seconds(session);
        let answers = self.bearing_on(&mut question, only.map(|kind| kind as u8), now, session.meter);
        let hits = answers.relevant().take(count).count() as u8;
        session.observer.event(&ChipEvent::Results { hits });
        let Some(top) = answers.relevant().next() else {
            session.out.write_str("top: (no recall)\n")?;
            return question.write_unknown(text, session);
        };
        if let Some(memory) = self.memories.get_mut(top.slot as usize) {
            memory.uses = memory.uses.saturating_add(1);
            memory.used = now;
        }
        session.out.write_str("top: ")?;
        self.catalog.write(top.slot, session)?;
        session.out.write_str("\n")?;
        answers
            .relevant()
            .take(count)
            .try_for_each(|answer| self.write_memory(answer.slot, Some(answer), session))
    }

    /// The memories that bear on the question, of one type where told.
    #[inline(never)]
    fn bearing_on<M: Meter>(
        &self,
        question: &mut Question,
        only: Option<u8>,
        now: u32,
        meter: &mut M,
    ) -> Answers {
        let is_wanted = |slot: u32| only.is_none_or(|kind| self.memory(slot).kind == kind);
        let mut answers = question.ask(&self.catalog, is_wanted, meter);
        let rank = |answer: &Answer| {
            let value = self.memory(answer.slot).value(USE_WEIGHT, now, &mut ());
            (answer.is_relevant, SCORE_WEIGHT * i64::from(answer.score) + value)
        };
        answers.rank_by(rank, meter);
        let age = |slot: u32| u64::from(self.memory(slot).created) << 32 | self.age_by_id(slot);
        answers.supersede(&self.catalog, age, meter);
        answers
    }

    fn age_by_id(&self, slot: u32) -> u64 {
        self.catalog.id(slot).map_or(0, u64::from)
    }

    #[inline(never)]
    fn recent<M: Meter>(&mut self, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        let count = if rest.is_empty() {
            DEFAULT_RESULTS
        } else {
            number(rest, "K", 1, MAX_RESULTS as u32)? as usize
        };
        let mut best: Best = Best::new(count);
        session.meter.record(Op::Scan, self.catalog.capacity());
        for slot in self.catalog.slots() {
            let id = i64::from(self.catalog.id(slot).unwrap_or_default());
            best.offer(i64::from(self.memory(slot).created) << 32 | id, slot, session.meter);
        }
        if best.entries().is_empty() {
            return Ok(session.out.write_str("recent: (none)\n")?);
        }
        writeln!(session.out, "recent: {}", best.entries().len())?;
        best.entries().iter().try_for_each(|(_, slot)| self.write_memory(*slot, None, session))
    }

    fn forget<M: Meter>(&mut self, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        let id = parse_id(rest)?;
        let slot = self.catalog.find(id, session.meter)?;
        self.remove(slot, session.meter);
        session.observer.event(&ChipEvent::Removed { id });
        Ok(writeln!(session.out, "forgot id={id}")?)
    }

    fn clear<M: Meter>(&mut self, rest: &str, session: &mut Session<'_, M>) -> Result<(), Failure> {
        let items = confirm(self.items(), rest)?;
        self.catalog.clear();
        session.observer.event(&ChipEvent::Cleared { items });
        Ok(writeln!(session.out, "cleared {items} items")?)
    }

    /// Removes what has expired `now` seconds after boot.
    fn remove_expired<M: Meter>(&mut self, now: u32, meter: &mut M) {
        meter.record(Op::Scan, 2 * self.memories.len() as u32);
        for slot in 0..self.memories.len() as u32 {
            if self.catalog.id(slot).is_some() && self.memory(slot).has_expired(now) {
                self.remove(slot, meter);
            }
        }
    }

    fn remove<M: Meter>(&mut self, slot: u32, meter: &mut M) {
        self.catalog.remove(slot, meter);
    }

    fn memory(&self, slot: u32) -> Memory {
        self.memories.get(slot as usize).copied().unwrap_or_default()
    }

    fn write_memory<M: Meter>(
        &self,
        slot: u32,
        answer: Option<Answer>,
        session: &mut Session<'_, M>,
    ) -> Result<(), Failure> {
        let id = self.catalog.id(slot).unwrap_or_default();
        write!(session.out, "  id={id} type={} ", self.memory(slot).type_name())?;
        if let Some(answer) = answer {
            session.observer.event(&ChipEvent::Hit { id, score: answer.score as i32 });
            write!(session.out, "score={} ", written(answer.score))?;
            self.catalog.write_superseded(answer.superseded_by, session)?;
        }
        self.catalog.write(slot, session)?;
        Ok(session.out.write_str("\n")?)
    }
}

fn seconds<M: Meter>(session: &Session<'_, M>) -> u32 {
    u32::try_from(session.now.as_seconds()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifty_uses_outlast_whatever_was_never_used() {
        let long_ago = |kind, uses| Memory { created: 0, used: 0, expires: 0, uses, kind, padding: 0 };
        let now = 365 * 24 * 3600;
        let entity = long_ago(MemoryType::Entity as u8, MAX_USES);
        let context = Memory { used: now, created: now, ..long_ago(MemoryType::State as u8, 0) };
        let value = |memory: Memory| memory.value(USE_WEIGHT_KEPT, now, &mut ());
        assert!(value(entity) > value(context), "{} {}", value(entity), value(context));
    }

    #[test]
    fn the_weights_are_hundredths() {
        assert_eq!(SCORE_WEIGHT + PRIORITY_WEIGHT + RECENCY_WEIGHT + USE_WEIGHT, 100);
    }
}
