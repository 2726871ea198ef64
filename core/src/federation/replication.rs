//! Items go where they belong: added, and copied again when a chip is gone.
//!
//! What is acknowledged was said to be kept by as many chips as the fleet is to keep copies. Which items are copied again,
//! and when, is decided in [`super::repair`]; both go down the same order of chips.

use super::node::{Node, Profile};
use super::rank::{MAX_REPLICAS, Pool};
use super::replication_table::{
    ADD, ALARM, FULL, MAX_REPLICATIONS, REPAIR, Replication, SELF, SILENCE, TAKEN, TEXT,
};
use super::{Turn, pace};
use crate::console::Failure;
use crate::event::ChipEvent;
use crate::item::ItemId;
use crate::limits::LINE_LIMIT;
use crate::meter::Meter;
use crate::role::shared::{ItemPayload, StoreOutcome};
use crate::role::{AnyRole, RoleKind};
use crate::units::Micros;
use crate::wire::Message;
use crate::wire::message::{Add, NAME_TAKEN, Remember, RoleCode, content_check};

/// Items that may be released to make room for one.
const MAX_RELEASES: u32 = 4;
/// How soon a message is handed over again that found no slot on the way out.
const TX_FULL_BACKOFF: Micros = Micros(5_000);
/// How soon the chips are gone through again, where another may turn up.
const RETRY_BACKOFF: Micros = Micros(400_000);

impl Node<'_> {
    /// Gives the fleet something to keep, by as many chips as it keeps copies; says its name.
    ///
    /// # Errors
    /// [`Failure::Busy`] when too much is under way.
    pub(super) fn replicate<M: Meter>(
        &mut self,
        payload: &ItemPayload<'_>,
        pool: RoleKind,
        purpose: u8,
        turn: &mut Turn<'_, M>,
    ) -> Result<ItemId, Failure> {
        let busy = Failure::Busy { limit: MAX_REPLICATIONS };
        let item = self.next_name();
        let (kind, ttl_s, text) = match *payload {
            ItemPayload::Text(text) => (TEXT, 0, text),
            ItemPayload::Memory { kind, ttl_s, text } => (kind, ttl_s, text),
        };
        let replication =
            Replication { ttl_s, ..Replication::of(item, purpose, kind, RoleCode::from(pool).0) };
        let replication = self.with_times(replication, turn.now);
        self.replications.begin(replication, text).ok_or(busy)?;
        turn.observer.event(&ChipEvent::ItemNamed { item });
        Ok(item)
    }

    pub(super) fn with_times(&self, replication: Replication, now: Micros) -> Replication {
        let wanted = self.copies();
        let (link, topology) = (self.membership.link, self.membership.topology);
        let time = pace::add_deadline(link, topology, self.members.counted(), wanted);
        Replication {
            wanted,
            retry_at: now.get(),
            deadline: now.get().saturating_add(time.get()),
            ..replication
        }
    }

    /// How many chips shall hold an item.
    pub(super) fn copies(&self) -> u8 {
        self.membership.replicas.clamp(1, MAX_REPLICAS as u8)
    }

    /// Advances every replication that is due.
    pub(super) fn tick_replications<M: Meter>(
        &mut self,
        role: &mut AnyRole<'_>,
        profile: &Profile,
        turn: &mut Turn<'_, M>,
    ) {
        for slot in 0..MAX_REPLICATIONS as usize {
            self.advance_replication(slot, role, profile, turn);
        }
    }

    /// Goes from chip to chip until one has to be waited for, or the replication is over.
    fn advance_replication<M: Meter>(
        &mut self,
        slot: usize,
        role: &mut AnyRole<'_>,
        profile: &Profile,
        turn: &mut Turn<'_, M>,
    ) {
        loop {
            let Some((replication, _)) = self.replications.at(slot) else { return };
            if replication.purpose == 0 {
                return;
            }
            if replication.copies >= replication.wanted || turn.now.get() >= replication.deadline {
                return self.finish(slot, role, turn);
            }
            if let Some(chip) = replication.waits_for() {
                if turn.now.get() < replication.retry_at {
                    return;
                }
                if replication.attempt < pace::MAX_ADDS {
                    return self.send_item(slot, chip, role, turn);
                }
                self.mark_unresponsive(slot, chip, role, turn);
                continue;
            }
            let pool = Pool::of(RoleCode(replication.pool), profile.id, profile.role.into());
            let Some(rank) = pool.next(replication.item(), replication.rank(), &self.members, turn.meter)
            else {
                let is_silent = replication.flags & SILENCE != 0;
                let may_come =
                    is_silent || self.state.has_just_booted() || pool.is_missing_one(&self.members);
                return self.pause_or_finish(slot, may_come, role, turn);
            };
            if turn.now.get() < replication.retry_at {
                return;
            }
            replication.go_to(rank, rank.id != profile.id);
            replication.retry_at = turn.now.get();
            if rank.id == profile.id {
                self.store_locally(slot, role, turn);
            }
        }
    }

    /// The current chip did not answer.
    fn mark_unresponsive<M: Meter>(
        &mut self,
        slot: usize,
        chip: u16,
        role: &mut AnyRole<'_>,
        turn: &mut Turn<'_, M>,
    ) {
        let Some((replication, _)) = self.replications.at(slot) else { return };
        replication.flags |= SILENCE;
        replication.leave_chip();
        self.suspect(chip, role, turn);
    }

    /// No chip is left to be asked: waits where another may be received yet.
    fn pause_or_finish<M: Meter>(
        &mut self,
        slot: usize,
        may_come: bool,
        role: &mut AnyRole<'_>,
        turn: &mut Turn<'_, M>,
    ) {
        let Some((replication, _)) = self.replications.at(slot) else { return };
        if !may_come || replication.flags & (FULL | TAKEN) != 0 || replication.purpose == REPAIR {
            self.finish(slot, role, turn);
        } else if turn.now.get() >= replication.retry_at {
            // A chip that holds it already confirms again.
            replication.begin_again(turn.now + RETRY_BACKOFF);
        }
    }

    fn store_locally<M: Meter>(&mut self, slot: usize, role: &mut AnyRole<'_>, turn: &mut Turn<'_, M>) {
        let Some((replication, text)) = self.replications.at(slot) else { return };
        replication.flags |= SELF;
        if replication.purpose == REPAIR {
            // It is here already, or the replication would not be.
            return replication.copies += 1;
        }
        let text = core::str::from_utf8(text).unwrap_or_default();
        let payload = match replication.kind {
            TEXT => ItemPayload::Text(text),
            kind => ItemPayload::Memory { kind, ttl_s: replication.ttl_s, text },
        };
        match keep(replication.item(), &payload, role, turn) {
            Ok(StoreOutcome::New | StoreOutcome::Already) => replication.copies += 1,
            Ok(StoreOutcome::Conflict) => replication.flags |= TAKEN,
            Err(_) => replication.flags |= FULL,
        }
    }

    /// Asks chip `to` to keep the item of a replication.
    fn send_item<M: Meter>(&mut self, slot: usize, to: u16, role: &AnyRole<'_>, turn: &mut Turn<'_, M>) {
        let (link, topology) = (self.membership.link, self.membership.topology);
        let chips = self.members.counted();
        let Some((replication, text)) = self.replications.at(slot) else { return };
        let item = replication.item();
        let mut buffer = [0; LINE_LIMIT];
        let payload = if replication.purpose == REPAIR {
            let slot = role.slot_of(item, turn.meter);
            slot.and_then(|slot| role.kept_at(slot, turn.now, &mut buffer, turn.meter))
        } else {
            let text = core::str::from_utf8(text).unwrap_or_default();
            Some(match replication.kind {
                TEXT => ItemPayload::Text(text),
                kind => ItemPayload::Memory { kind, ttl_s: replication.ttl_s, text },
            })
        };
        let message = match payload {
            Some(ItemPayload::Text(text)) => Message::Add(Add { item, text }),
            Some(ItemPayload::Memory { kind, ttl_s, text }) => {
                Message::Remember(Remember { item, kind, ttl_s, text })
            }
            // This chip has forgotten it since.
            None => return *replication = Replication::default(),
        };
        if self.endpoint.post(to, &message) {
            let wait = pace::stored_wait(link, topology, chips, replication.attempt);
            replication.retry_at = turn.now.get().saturating_add(wait.get());
            replication.attempt += 1;
        } else {
            replication.retry_at = turn.now.get().saturating_add(TX_FULL_BACKOFF.get());
        }
    }

    /// What [`content_check`] gives for the content of the replication at `slot`.
    fn check_of<M: Meter>(&mut self, slot: usize, role: &AnyRole<'_>, turn: &mut Turn<'_, M>) -> Option<u32> {
        let (replication, text) = self.replications.at(slot)?;
        if replication.purpose != REPAIR {
            let text = core::str::from_utf8(text).unwrap_or_default();
            return Some(content_check(replication.kind, text, turn.meter));
        }
        let slot = role.slot_of(replication.item(), turn.meter)?;
        let mut buffer = [0; LINE_LIMIT];
        role.kept_at(slot, turn.now, &mut buffer, turn.meter).map(|kept| kept.check(turn.meter))
    }

    /// Chip `source` says that it keeps `item` with content of this `check`. A chip that keeps other content under that
    /// name spoke to another board with this chip's number.
    pub(super) fn take_stored<M: Meter>(
        &mut self,
        source: u16,
        (item, check): (ItemId, u32),
        role: &mut AnyRole<'_>,
        profile: &Profile,
        turn: &mut Turn<'_, M>,
    ) {
        let Some(slot) = self.replications.waiting(source, |other| other == item) else { return };
        if self.check_of(slot, role, turn) != Some(check) {
            return;
        }
        let Some((replication, _)) = self.replications.at(slot) else { return };
        replication.is_held();
        if replication.purpose == REPAIR {
            turn.observer.event(&ChipEvent::Copied { item, to: source });
        }
        self.advance_replication(slot, role, profile, turn);
    }

    /// Chip `source` does not keep `item`; `is_taken` says that it keeps other content under that name.
    pub(super) fn take_refusal<M: Meter>(
        &mut self,
        source: u16,
        (item, is_taken): (ItemId, bool),
        role: &mut AnyRole<'_>,
        profile: &Profile,
        turn: &mut Turn<'_, M>,
    ) {
        let Some(slot) = self.replications.waiting(source, |other| other == item) else { return };
        let Some((replication, _)) = self.replications.at(slot) else { return };
        replication.flags |= if is_taken { TAKEN } else { FULL };
        replication.leave_chip();
        self.advance_replication(slot, role, profile, turn);
    }

    fn finish<M: Meter>(&mut self, slot: usize, role: &mut AnyRole<'_>, turn: &mut Turn<'_, M>) {
        let check = self.check_of(slot, role, turn).unwrap_or_default();
        let Some((replication, _)) = self.replications.at(slot) else { return };
        let done = core::mem::take(replication);
        let (item, copies, wanted) = (done.item(), done.copies.max(done.most), done.wanted);
        let is_kept = copies >= wanted;
        self.note_holders(&done, is_kept, role, turn);
        if done.purpose == REPAIR {
            return;
        }
        turn.observer.event(&match is_kept {
            true => ChipEvent::ItemAcknowledged { item, copies, check },
            false => ChipEvent::ItemGivenUp { item, copies },
        });
        let reason = match done.flags {
            flags if flags & TAKEN != 0 => NAME_TAKEN,
            flags if flags & FULL != 0 => "full",
            flags if flags & SILENCE != 0 => "no-answer",
            _ => "too-few-chips",
        };
        let what = if done.purpose == ALARM { "alarm " } else { "" };
        // A line that cannot be written has nowhere to be reported.
        let _ = match is_kept {
            true => writeln!(turn.out, "fleet: {what}stored item={item} copies={copies}"),
            false => {
                let line = format_args!("item={item} copies={copies} wanted={wanted} {reason}");
                writeln!(turn.out, "fleet: {what}not stored {line}")
            }
        };
    }
}

/// Keeps `item`, and releases an item that enough others hold where there is no room.
pub(super) fn keep<M: Meter>(
    item: ItemId,
    payload: &ItemPayload<'_>,
    role: &mut AnyRole<'_>,
    turn: &mut Turn<'_, M>,
) -> Result<StoreOutcome, Failure> {
    let mut outcome = role.keep(item, payload, turn.now, turn.meter);
    for _ in 0..MAX_RELEASES {
        if !matches!(outcome, Err(Failure::Full { .. } | Failure::TextFull { .. })) {
            break;
        }
        let spare = role.catalog().and_then(|catalog| catalog.names().first_spare(turn.meter));
        let Some((slot, item_let_go)) = spare else { break };
        role.release(slot, turn.meter);
        turn.observer.event(&ChipEvent::Released { item: item_let_go });
        outcome = role.keep(item, payload, turn.now, turn.meter);
    }
    if outcome == Ok(StoreOutcome::New) {
        turn.observer.event(&ChipEvent::ItemStored { item });
    }
    outcome
}

/// Whom an item that a console adds serves.
pub(super) const FROM_CONSOLE: u8 = ADD;
