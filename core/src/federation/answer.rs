//! What a chip does with a message of another.
//!
//! A message lies in the memory of the wire, so what follows from it is worked out first and sent after. Every message
//! costs a bounded amount of work, and one that makes no sense does nothing.

use super::Turn;
use super::gather::vector_of;
use super::node::{Node, Profile, hello_of};
use super::question::{RECALL, SEARCH};
use super::replication::keep;
use super::top::{Found, Top};
use crate::event::ChipEvent;
use crate::item::ItemId;
use crate::limits::{LINE_LIMIT, MAX_RESULTS};
use crate::meter::Meter;
use crate::role::AnyRole;
use crate::role::shared::{Asked, Asks, ItemPayload, StoreOutcome};
use crate::wire::Message;
use crate::wire::frame::Header;
use crate::wire::list::List;
use crate::wire::message::{
    Error, Hit, NAME_TAKEN, Recall, RecallReply, Refused, Search, SearchReply, Stored, Text,
};

/// What follows from a message for its sender.
pub(super) enum FrameReply {
    Nothing,
    Hello,
    Stored(ItemId, u32),
    Declined(ItemId, &'static str),
    Refused(u32, &'static str),
    Hits { request: u32, searched: Option<u32>, found: [Found; MAX_RESULTS], length: u8 },
    Text { request: u32, item: ItemId, text: [u8; LINE_LIMIT], length: u16 },
}

/// What a message means for what this chip has under way.
#[expect(clippy::large_enum_variant, reason = "nothing is allocated, and it lives for one call")]
pub(super) enum News {
    None,
    Stored(ItemId, u32),
    Declined { item: ItemId, is_taken: bool },
    Missing(u32),
    Answer { kind: u8, request: u32, partial: bool, searched: u32, hits: List<Hit<'static>, MAX_RESULTS> },
    Text { request: u32, item: ItemId, text: [u8; LINE_LIMIT], length: u16 },
}

/// Keeps, looks up or reads what a message asks of the role.
#[inline(never)]
pub(super) fn serve<M: Meter>(
    header: &Header,
    message: &Message<'_>,
    role: &mut AnyRole<'_>,
    profile: &Profile,
    turn: &mut Turn<'_, M>,
) -> FrameReply {
    // Who is to hold an item is asked by itself.
    let is_for_me = header.destination == profile.id;
    match message {
        Message::Hello(hello) if hello.wants_reply => FrameReply::Hello,
        Message::Add(add) if is_for_me => store(add.item, &ItemPayload::Text(add.text), role, turn),
        Message::Remember(remember) if is_for_me => {
            let (kind, ttl_s, text) = (remember.kind, remember.ttl_s, remember.text);
            store(remember.item, &ItemPayload::Memory { kind, ttl_s, text }, role, turn)
        }
        Message::Search(search) if header.embedder == crate::embed::VERSION => {
            search_here(search, role, profile, turn)
        }
        Message::Recall(recall) => recall_here(recall, role, profile, turn),
        Message::Get(get) if is_for_me => {
            let mut text = [0; LINE_LIMIT];
            let slot = role.slot_of(get.item, turn.meter).filter(|_| holds(get.item, profile.id));
            let Some((slot, catalog)) = slot.zip(role.catalog()) else {
                return FrameReply::Refused(get.request, NOT_FOUND);
            };
            let length = catalog.read(slot, &mut text, turn.meter).len() as u16;
            FrameReply::Text { request: get.request, item: get.item, text, length }
        }
        _ => FrameReply::Nothing,
    }
}

const NOT_FOUND: &str = "not-found";

/// Can chip `me` hold `item`? What another chip holds alone has an id that means something else here.
fn holds(item: ItemId, me: u16) -> bool {
    item.own_id().is_none() || item.origin == me
}

#[inline(never)]
fn store<M: Meter>(
    item: ItemId,
    payload: &ItemPayload<'_>,
    role: &mut AnyRole<'_>,
    turn: &mut Turn<'_, M>,
) -> FrameReply {
    if item.own_id().is_some() {
        return FrameReply::Nothing;
    }
    match keep(item, payload, role, turn) {
        Ok(StoreOutcome::New | StoreOutcome::Already) => FrameReply::Stored(item, payload.check(turn.meter)),
        Ok(StoreOutcome::Conflict) => FrameReply::Declined(item, NAME_TAKEN),
        Err(failure) => FrameReply::Declined(item, failure.code()),
    }
}

#[inline(never)]
fn search_here<M: Meter>(
    search: &Search<'_>,
    role: &AnyRole<'_>,
    profile: &Profile,
    turn: &mut Turn<'_, M>,
) -> FrameReply {
    let vector = vector_of(&search.query).filter(|_| role.kind().can_answer(Asks::Search));
    let Some(vector) = vector else { return FrameReply::Nothing };
    let (mut found, mut length) = ([Found::default(); MAX_RESULTS], 0);
    let mut top = Top::new(&mut found, &mut length, search.count);
    role.nearest(vector, profile.id, turn.meter, |item, score, meter| {
        top.offer(Found::new(item, score, profile.id), meter);
    });
    FrameReply::Hits { request: search.request, searched: Some(role.items()), found, length }
}

#[inline(never)]
fn recall_here<M: Meter>(
    recall: &Recall<'_>,
    role: &mut AnyRole<'_>,
    profile: &Profile,
    turn: &mut Turn<'_, M>,
) -> FrameReply {
    if !role.kind().can_answer(Asks::Recall) {
        return FrameReply::Nothing;
    }
    let (mut found, mut length) = ([Found::default(); MAX_RESULTS], 0);
    let mut top = Top::new(&mut found, &mut length, recall.count);
    let me = profile.id;
    let count = usize::from(recall.count).min(MAX_RESULTS);
    let asked = Asked { text: recall.text, only: recall.kind, count };
    // A text without letters bears on nothing.
    let _ = role.recall(&asked, me, turn.now, turn.meter, |item, score| {
        top.offer(Found::new(item, score, me), &mut ());
    });
    FrameReply::Hits { request: recall.request, searched: None, found, length }
}

/// What a message means for what this chip has under way.
pub(super) fn news(message: &Message<'_>) -> News {
    match *message {
        Message::Stored(Stored { item, check }) => News::Stored(item, check),
        Message::Refused(Refused { item, code }) => News::Declined { item, is_taken: code == NAME_TAKEN },
        Message::Error(Error { request, code: NOT_FOUND }) => News::Missing(request),
        Message::SearchReply(SearchReply { request, partial, searched, hits }) => {
            News::Answer { kind: SEARCH, request, partial, searched, hits: without_texts(&hits) }
        }
        Message::RecallReply(RecallReply { request, partial, hits }) => {
            News::Answer { kind: RECALL, request, partial, searched: 0, hits: without_texts(&hits) }
        }
        Message::Text(Text { request, item, text }) => {
            let length = text.floor_char_boundary(LINE_LIMIT);
            let mut bytes = [0; LINE_LIMIT];
            bytes
                .iter_mut()
                .zip(text.as_bytes().iter().take(length))
                .for_each(|(target, byte)| *target = *byte);
            News::Text { request, item, text: bytes, length: length as u16 }
        }
        _ => News::None,
    }
}

fn without_texts(hits: &[Hit<'_>]) -> List<Hit<'static>, MAX_RESULTS> {
    hits.iter().fold(List::default(), |mut list, hit| {
        list.push(Hit { item: hit.item, score: hit.score, text: "" });
        list
    })
}

/// Tells of an alarm of chip `from`.
pub(super) fn tell_alarm<M: Meter>(from: u16, score: i32, is_shown: bool, turn: &mut Turn<'_, M>) {
    turn.observer.event(&ChipEvent::Alarm { from, score });
    if is_shown {
        let score = crate::units::Thousandths(score);
        // A line that cannot be written has nowhere to be reported.
        let _ = writeln!(turn.out, "fleet: alarm from={from} score={score}");
    }
}

impl Node<'_> {
    /// Carries on with what this chip has under way.
    #[inline(never)]
    pub(super) fn take_news<M: Meter>(
        &mut self,
        source: u16,
        news: News,
        role: &mut AnyRole<'_>,
        profile: &Profile,
        turn: &mut Turn<'_, M>,
    ) {
        match news {
            News::None => {}
            News::Stored(item, check) => self.take_stored(source, (item, check), role, profile, turn),
            News::Declined { item, is_taken } => {
                self.take_refusal(source, (item, is_taken), role, profile, turn);
            }
            News::Missing(request) => self.take_text(source, request, None, role, turn),
            News::Answer { kind, request, partial, searched, hits } => {
                self.take_answer(source, (kind, request), (partial, searched), &hits, role, turn);
            }
            News::Text { request, item, text, length } => {
                let text = text.get(..usize::from(length)).unwrap_or_default();
                let text = core::str::from_utf8(text).unwrap_or_default();
                self.take_text(source, request, Some((item, text)), role, turn);
            }
        }
    }

    /// Sends what follows from a message to its sender.
    #[inline(never)]
    pub(super) fn reply(&mut self, to: u16, reply: &FrameReply, profile: &Profile) {
        let message = match reply {
            FrameReply::Nothing => return,
            FrameReply::Hello => hello_of(profile, false),
            FrameReply::Stored(item, check) => Message::Stored(Stored { item: *item, check: *check }),
            FrameReply::Declined(item, code) => Message::Refused(Refused { item: *item, code }),
            FrameReply::Refused(request, code) => Message::Error(Error { request: *request, code }),
            FrameReply::Hits { request, searched, found, length } => {
                hits_message(*request, *searched, found.get(..usize::from(*length)).unwrap_or_default())
            }
            FrameReply::Text { request, item, text, length } => {
                let text = text.get(..usize::from(*length)).unwrap_or_default();
                let text = core::str::from_utf8(text).unwrap_or_default();
                Message::Text(Text { request: *request, item: *item, text })
            }
        };
        self.endpoint.post(to, &message);
    }
}

fn hits_message(request: u32, searched: Option<u32>, found: &[Found]) -> Message<'static> {
    let mut hits = List::default();
    for found in found {
        hits.push(Hit { item: found.item(), score: found.score, text: "" });
    }
    match searched {
        Some(searched) => Message::SearchReply(SearchReply { request, partial: false, searched, hits }),
        None => Message::RecallReply(RecallReply { request, partial: false, hits }),
    }
}
