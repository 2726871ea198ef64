//! A question to the whole fleet: scattered, gathered, answered by a deadline.
//!
//! A question goes out once to everyone; those who can answer and do not are asked again by themselves. What crosses is
//! names and scores. When all have answered, or the deadline has come, the texts of the best are fetched one after the
//! other from a chip that holds them. So the traffic of an answer grows with the number of chips and with the number of
//! results, not with the product of the two.

use super::member::Member;
use super::node::{Node, Profile};
use super::question::{FETCHING, GATHERING, QUESTIONS, Question, RECALL, SEARCH};
use super::top::Found;
use super::{Turn, pace};
use crate::console::Failure;
use crate::embed::{self, DIMENSIONS};
use crate::event::ChipEvent;
use crate::item::ItemId;
use crate::limits::{LINE_LIMIT, MAX_RESULTS};
use crate::meter::Meter;
use crate::role::AnyRole;
use crate::role::shared::{Asked, Asks};
use crate::units::{Micros, Thousandths};
use crate::wire::message::{Get, Hit, Query, Recall, RoleCode, Search};
use crate::wire::{BROADCAST, Message};
use zerocopy::{FromBytes, IntoBytes};

/// How often those who do not answer are asked again.
const MAX_REPEATS: u8 = 4;
/// How many of them at a time.
const REPEATS_AT_ONCE: usize = 8;
/// Microseconds between one such round and the next, at least.
const MIN_PAUSE: u64 = 10_000;
/// How often a text is asked of each of two holders.
const MAX_FETCHES: u8 = 4;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub enum Asking<'q> {
    /// The nearest items to a vector.
    Search(&'q [i8; DIMENSIONS]),
    /// What bears on a text.
    Recall(&'q str),
}

impl Asking<'_> {
    fn kind(&self) -> u8 {
        match self {
            Asking::Search(_) => SEARCH,
            Asking::Recall(_) => RECALL,
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Asking::Search(vector) => vector.as_bytes(),
            Asking::Recall(text) => text.as_bytes(),
        }
    }
}

/// Can a chip of this role answer a question of this kind?
fn can_answer(kind: u8, role: RoleCode) -> bool {
    let asks = if kind == SEARCH { Asks::Search } else { Asks::Recall };
    role.role().is_some_and(|role| role.can_answer(asks))
}

fn may_answer(kind: u8, member: &Member) -> bool {
    member.is_counted() && can_answer(kind, member.role()) && member.embedder() == embed::VERSION
}

impl Node<'_> {
    /// Asks the fleet; says the question's number.
    ///
    /// # Errors
    /// [`Failure::Busy`] when too many questions are open.
    pub(super) fn ask<M: Meter>(
        &mut self,
        asking: &Asking<'_>,
        count: u8,
        role: &mut AnyRole<'_>,
        profile: &Profile,
        turn: &mut Turn<'_, M>,
    ) -> Result<u32, Failure> {
        let slot = self.questions.vacancy().ok_or(Failure::Busy { limit: QUESTIONS })?;
        let kind = asking.kind();
        let question = self.question(kind, count, turn.now);
        let request = question.request;
        let mut first = None;
        let Some(mut open) = self.questions.at(slot) else { return Err(Failure::Busy { limit: QUESTIONS }) };
        open.begin(question, asking.bytes());
        for (slot, member) in self.members.slots().filter(|(_, member)| may_answer(kind, member)) {
            open.ask(slot);
            first.get_or_insert(member.id());
        }
        let others = open.question.of;
        if can_answer(kind, profile.role.into()) {
            open.question.of = open.question.of.saturating_add(1);
            open.question.answered = 1;
            open.question.searched = role.items();
            answer_here(asking, &mut open, role, profile.id, turn);
        }
        let of = open.question.of;
        turn.observer.event(&ChipEvent::Asked { request, of });
        writeln!(turn.out, "fleet: asked request={request} of={of}")?;
        match first {
            Some(only) if others == 1 => self.put(slot, only, turn),
            Some(_) => self.put(slot, BROADCAST, turn),
            None => self.conclude(slot, role, turn),
        }
        Ok(request)
    }

    /// A new question, with its times.
    fn question(&mut self, kind: u8, count: u8, now: Micros) -> Question {
        let (link, topology) = (self.membership.link, self.membership.topology);
        let chips = self.members.counted();
        let answers = pace::answer_wait(link, topology, chips, 0) + pace::answers_wait(chips);
        Question {
            asked_at: now.get(),
            deadline: (now + pace::question_deadline(link, topology, chips)).get(),
            retry_at: (now + answers).get(),
            request: self.next_request(),
            count: count.min(MAX_RESULTS as u8),
            kind,
            stage: GATHERING,
            ..Question::default()
        }
    }

    /// Puts the question at `slot` to chip `to`, or to everyone.
    fn put<M: Meter>(&mut self, slot: usize, to: u16, turn: &mut Turn<'_, M>) {
        let Some(open) = self.questions.at(slot) else { return };
        let left = open.question.deadline.saturating_sub(turn.now.get()) / 1000;
        let (request, count) = (open.question.request, open.question.count);
        let deadline_ms = u16::try_from(left).unwrap_or(u16::MAX);
        let message = match open.question.kind {
            SEARCH => Message::Search(Search {
                request,
                count,
                deadline_ms,
                with_text: false,
                query: Query::Vector(open.payload()),
            }),
            _ => {
                let text = core::str::from_utf8(open.payload()).unwrap_or_default();
                Message::Recall(Recall { request, count, deadline_ms, kind: None, text })
            }
        };
        self.endpoint.post(to, &message);
    }

    /// Chip `source` answered question `request`.
    pub(super) fn take_answer<M: Meter>(
        &mut self,
        source: u16,
        (kind, request): (u8, u32),
        (partial, searched): (bool, u32),
        hits: &[Hit<'_>],
        role: &AnyRole<'_>,
        turn: &mut Turn<'_, M>,
    ) {
        let Some(member) = self.members.slot_of(source, turn.meter) else { return };
        let Some(slot) = self.questions.find(request) else { return };
        let Some(mut open) = self.questions.at(slot) else { return };
        if open.question.kind != kind || !open.answer(member) {
            return;
        }
        open.question.partial |= u8::from(partial);
        open.question.searched = open.question.searched.saturating_add(searched);
        for hit in hits {
            open.top().offer(Found::new(hit.item, hit.score, source), turn.meter);
        }
        if open.question.answered == open.question.of {
            self.conclude(slot, role, turn);
        }
    }

    /// Asks again, concludes and fetches where it is time to.
    pub(super) fn tick_questions<M: Meter>(&mut self, role: &AnyRole<'_>, turn: &mut Turn<'_, M>) {
        for slot in 0..QUESTIONS as usize {
            let Some(open) = self.questions.at(slot) else { return };
            let Question { stage, deadline, retry_at, .. } = *open.question;
            match stage {
                GATHERING if turn.now.get() >= deadline => self.conclude(slot, role, turn),
                GATHERING if turn.now.get() >= retry_at => self.ask_again(slot, turn),
                FETCHING if turn.now.get() >= retry_at => self.fetch_again(slot, role, turn),
                _ => {}
            }
        }
    }

    fn ask_again<M: Meter>(&mut self, slot: usize, turn: &mut Turn<'_, M>) {
        let (link, topology) = (self.membership.link, self.membership.topology);
        let chips = self.members.counted();
        let mut missing = [0; REPEATS_AT_ONCE];
        let mut count = 0;
        let Some(open) = self.questions.at(slot) else { return };
        // Each time from another member on, so that more missing ones than fit this turn all get theirs.
        let skip = usize::from(open.question.attempt) * REPEATS_AT_ONCE;
        let all = self.members.slots().filter(|(slot, _)| open.is_missing(*slot)).count().max(1);
        let cycle = self.members.slots().filter(|(slot, _)| open.is_missing(*slot)).cycle();
        for ((_, member), slot) in cycle.skip(skip % all).take(all).zip(missing.iter_mut()) {
            *slot = member.id();
            count += 1;
        }
        open.question.attempt = open.question.attempt.saturating_add(1);
        let again = all.div_ceil(REPEATS_AT_ONCE) as u32 * u32::from(MAX_REPEATS);
        open.question.retry_at = if u32::from(open.question.attempt) > again {
            open.question.deadline
        } else {
            let share = all.div_ceil(REPEATS_AT_ONCE).max(1) as u64;
            turn.now.get() + (pace::answer_wait(link, topology, chips, 0).get() / share).max(MIN_PAUSE)
        };
        for id in missing.iter().take(count) {
            self.put(slot, *id, turn);
        }
    }

    /// Says what the question found, and begins to fetch the texts.
    fn conclude<M: Meter>(&mut self, slot: usize, role: &AnyRole<'_>, turn: &mut Turn<'_, M>) {
        let Some(open) = self.questions.at(slot) else { return };
        let Question { request, of, answered, asked_at, partial, found, searched, .. } = *open.question;
        (open.question.stage, open.question.fetched, open.question.attempt) = (FETCHING, 0, 0);
        let elapsed = Micros(turn.now.get().saturating_sub(asked_at));
        let partial = partial != 0 || answered < of;
        turn.observer.event(&ChipEvent::Answered {
            request,
            chips: answered,
            of,
            partial,
            hits: found,
            elapsed,
        });
        let word = if partial { " partial" } else { "" };
        // A line that cannot be written has nowhere to be reported.
        let _ = writeln!(
            turn.out,
            "fleet: answer request={request} hits={found} chips={answered}/{of} searched={searched} ms={}{word}",
            elapsed.get() / 1000
        );
        self.fetch(slot, role, turn);
    }

    /// Writes the results whose texts are here, and asks for the text of the first that is not.
    fn fetch<M: Meter>(&mut self, slot: usize, role: &AnyRole<'_>, turn: &mut Turn<'_, M>) {
        let (link, topology) = (self.membership.link, self.membership.topology);
        let chips = self.members.counted();
        let Some(open) = self.questions.at(slot) else { return };
        let mut buffer = [0; LINE_LIMIT];
        while let Some(found) = current(open.question, open.found) {
            let Some(slot) = role.slot_of(found.item(), turn.meter) else {
                let attempt = open.question.attempt;
                let holder = if attempt < MAX_FETCHES { found.holder } else { found.second };
                let wait = pace::answer_wait(link, topology, chips, attempt % MAX_FETCHES);
                open.question.retry_at = turn.now.get() + wait.get();
                let message = Message::Get(Get { request: open.question.request, item: found.item() });
                self.endpoint.post(holder, &message);
                return;
            };
            let text = role.catalog().map_or("", |catalog| catalog.read(slot, &mut buffer, turn.meter));
            write_found(open.question, &found, Some(text), turn);
            (open.question.fetched, open.question.attempt) = (open.question.fetched + 1, 0);
        }
        *open.question = Question::default();
    }

    fn fetch_again<M: Meter>(&mut self, slot: usize, role: &AnyRole<'_>, turn: &mut Turn<'_, M>) {
        let Some(open) = self.questions.at(slot) else { return };
        open.question.attempt += 1;
        if let Some(found) = current(open.question, open.found) {
            let holders = if found.holder == found.second { 1 } else { 2 };
            if open.question.attempt >= MAX_FETCHES * holders {
                write_found(open.question, &found, None, turn);
                (open.question.fetched, open.question.attempt) = (open.question.fetched + 1, 0);
            }
        }
        self.fetch(slot, role, turn);
    }

    /// The text of a result came, or the holder does not have it any more.
    pub(super) fn take_text<M: Meter>(
        &mut self,
        source: u16,
        request: u32,
        text: Option<(ItemId, &str)>,
        role: &AnyRole<'_>,
        turn: &mut Turn<'_, M>,
    ) {
        let Some(slot) = self.questions.find(request) else { return };
        let Some(open) = self.questions.at(slot).filter(|open| open.question.stage == FETCHING) else {
            return;
        };
        let Some(found) = current(open.question, open.found) else { return };
        if source != found.holder && source != found.second {
            return;
        }
        match text {
            Some((item, _)) if item != found.item() => return,
            Some((_, text)) => {
                write_found(open.question, &found, Some(text), turn);
                (open.question.fetched, open.question.attempt) = (open.question.fetched + 1, 0);
            }
            None if open.question.attempt < MAX_FETCHES && found.second != found.holder => {
                open.question.attempt = MAX_FETCHES;
            }
            None => {
                write_found(open.question, &found, None, turn);
                (open.question.fetched, open.question.attempt) = (open.question.fetched + 1, 0);
            }
        }
        self.fetch(slot, role, turn);
    }
}

/// Answers with what this chip holds.
fn answer_here<M: Meter>(
    asking: &Asking<'_>,
    open: &mut super::question::Open<'_>,
    role: &mut AnyRole<'_>,
    me: u16,
    turn: &mut Turn<'_, M>,
) {
    let count = usize::from(open.question.count);
    let mut top = open.top();
    match asking {
        Asking::Search(vector) => role.nearest(vector, me, turn.meter, |item, score, meter| {
            top.offer(Found::new(item, score, me), meter);
        }),
        Asking::Recall(text) => {
            // A text that no role can find was refused before it got here.
            let asked = Asked { text, only: None, count };
            let _ = role.recall(&asked, me, turn.now, turn.meter, |item, score| {
                top.offer(Found::new(item, score, me), &mut ());
            });
        }
    }
}

/// The result whose text is next.
fn current(question: &Question, found: &[Found]) -> Option<Found> {
    found.get(..usize::from(question.found))?.get(usize::from(question.fetched)).copied()
}

fn write_found<M: Meter>(question: &Question, found: &Found, text: Option<&str>, turn: &mut Turn<'_, M>) {
    let (item, holder, request) = (found.item(), found.holder, question.request);
    let score = match question.kind {
        SEARCH => embed::score(found.score),
        _ => Thousandths(found.score.clamp(0, 1000)),
    };
    let event = ChipEvent::Found { request, item, score: score.0, holder };
    match text {
        Some(text) => turn.observer.event_with_text(&event, text),
        None => turn.observer.event(&event),
    }
    let text = text.unwrap_or("(its text did not come)");
    // A line that cannot be written has nowhere to be reported.
    let _ = writeln!(turn.out, "  item={item} score={score} at={holder} {text}");
}

/// The vector of a search, where it is one of this chip's embedder.
pub(super) fn vector_of<'q>(query: &Query<'q>) -> Option<&'q [i8; DIMENSIONS]> {
    <[i8; DIMENSIONS]>::ref_from_bytes(query.components()?.as_bytes()).ok()
}
