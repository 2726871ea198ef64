//! Items go where they belong: added, and copied again when a chip is gone.
//!
//! What is acknowledged was said to be kept by as many chips as the fleet is to keep copies. Which items are copied again,
//! and when, is decided in [`super::repair`]; both go down the same order of chips.

use super::errand::{ADD, ALARM, ERRANDS, Errand, FULL, REPAIR, SELF, SILENCE, TAKEN, TEXT};
use super::node::{Node, Profile};
use super::rank::{MOST_REPLICAS, Pool};
use super::{Turn, pace};
use crate::console::Failure;
use crate::event::ChipEvent;
use crate::item::ItemId;
use crate::limits::LINE_LIMIT;
use crate::meter::Meter;
use crate::role::shared::{Keeping, Kept};
use crate::role::{AnyRole, RoleKind};
use crate::units::Micros;
use crate::wire::Message;
use crate::wire::message::{Add, NAME_TAKEN, Remember, RoleCode, content_check};

/// Items that may be let go of to make room for one.
const MOST_RELEASES: u32 = 4;
/// How soon a message is handed over again that found no place on the way out.
const NO_PLACE: Micros = Micros(5_000);
/// How soon the chips are gone through again, where another may turn up.
const LULL: Micros = Micros(400_000);

impl Node<'_> {
    /// Gives the fleet something to keep, by as many chips as it keeps copies; says its name.
    ///
    /// # Errors
    /// [`Failure::Busy`] when too much is under way.
    pub(super) fn give<M: Meter>(
        &mut self,
        keeping: &Keeping<'_>,
        pool: RoleKind,
        purpose: u8,
        turn: &mut Turn<'_, M>,
    ) -> Result<ItemId, Failure> {
        let busy = Failure::Busy { limit: ERRANDS };
        let item = self.next_name();
        let (kind, lives_s, text) = match *keeping {
            Keeping::Text(text) => (TEXT, 0, text),
            Keeping::Memory { kind, lives_s, text } => (kind, lives_s, text),
        };
        let errand = Errand { lives_s, ..Errand::of(item, purpose, kind, RoleCode::from(pool).0) };
        let errand = self.with_times(errand, turn.now);
        self.errands.begin(errand, text).ok_or(busy)?;
        turn.observer.event(&ChipEvent::ItemNamed { item });
        Ok(item)
    }

    pub(super) fn with_times(&self, errand: Errand, now: Micros) -> Errand {
        let wanted = self.copies();
        let (link, topology) = (self.membership.link, self.membership.topology);
        let time = pace::add_deadline(link, topology, self.members.counted(), wanted);
        Errand { wanted, retry_at: now.get(), deadline: now.get().saturating_add(time.get()), ..errand }
    }

    /// How many chips shall hold an item.
    pub(super) fn copies(&self) -> u8 {
        self.membership.replicas.clamp(1, MOST_REPLICAS as u8)
    }

    /// Carries on every errand for which something is due.
    pub(super) fn tick_errands<M: Meter>(
        &mut self,
        role: &mut AnyRole<'_>,
        profile: &Profile,
        turn: &mut Turn<'_, M>,
    ) {
        for place in 0..ERRANDS as usize {
            self.carry_on(place, role, profile, turn);
        }
    }

    /// Goes from chip to chip until one has to be waited for, or the errand is over.
    fn carry_on<M: Meter>(
        &mut self,
        place: usize,
        role: &mut AnyRole<'_>,
        profile: &Profile,
        turn: &mut Turn<'_, M>,
    ) {
        loop {
            let Some((errand, _)) = self.errands.at(place) else { return };
            if errand.purpose == 0 {
                return;
            }
            if errand.copies >= errand.wanted || turn.now.get() >= errand.deadline {
                return self.finish(place, role, turn);
            }
            if let Some(chip) = errand.waits_for() {
                if turn.now.get() < errand.retry_at {
                    return;
                }
                if errand.attempt < pace::MOST_ADDS {
                    return self.send_item(place, chip, role, turn);
                }
                self.despair_of(place, chip, role, turn);
                continue;
            }
            let pool = Pool::of(RoleCode(errand.pool), profile.id, profile.role.into());
            let Some(rank) = pool.next(errand.item(), errand.rank(), &self.members, turn.meter) else {
                let may_come = self.state.has_just_booted() || pool.is_missing_one(&self.members);
                return self.pause_or_finish(place, may_come, role, turn);
            };
            if turn.now.get() < errand.retry_at {
                return;
            }
            errand.go_to(rank, rank.id != profile.id);
            errand.retry_at = turn.now.get();
            if rank.id == profile.id {
                self.keep_here(place, role, turn);
            }
        }
    }

    /// The chip at hand did not answer.
    fn despair_of<M: Meter>(
        &mut self,
        place: usize,
        chip: u16,
        role: &mut AnyRole<'_>,
        turn: &mut Turn<'_, M>,
    ) {
        let Some((errand, _)) = self.errands.at(place) else { return };
        errand.met |= SILENCE;
        errand.leave_chip();
        self.suspect(chip, role, turn);
    }

    /// No chip is left to be asked: waits where another may be heard yet.
    fn pause_or_finish<M: Meter>(
        &mut self,
        place: usize,
        may_come: bool,
        role: &mut AnyRole<'_>,
        turn: &mut Turn<'_, M>,
    ) {
        let Some((errand, _)) = self.errands.at(place) else { return };
        if !may_come || errand.met & (FULL | TAKEN) != 0 || errand.purpose == REPAIR {
            self.finish(place, role, turn);
        } else if turn.now.get() >= errand.retry_at {
            // Whoever holds it already says so again.
            errand.begin_again(turn.now + LULL);
        }
    }

    fn keep_here<M: Meter>(&mut self, place: usize, role: &mut AnyRole<'_>, turn: &mut Turn<'_, M>) {
        let Some((errand, text)) = self.errands.at(place) else { return };
        errand.met |= SELF;
        if errand.purpose == REPAIR {
            // It is here already, or the errand would not be.
            return errand.copies += 1;
        }
        let text = core::str::from_utf8(text).unwrap_or_default();
        let keeping = match errand.kind {
            TEXT => Keeping::Text(text),
            kind => Keeping::Memory { kind, lives_s: errand.lives_s, text },
        };
        match keep(errand.item(), &keeping, role, turn) {
            Ok(Kept::New | Kept::Already) => errand.copies += 1,
            Ok(Kept::Conflict) => errand.met |= TAKEN,
            Err(_) => errand.met |= FULL,
        }
    }

    /// Asks chip `to` to keep the item of an errand.
    fn send_item<M: Meter>(&mut self, place: usize, to: u16, role: &AnyRole<'_>, turn: &mut Turn<'_, M>) {
        let (link, topology) = (self.membership.link, self.membership.topology);
        let chips = self.members.counted();
        let Some((errand, text)) = self.errands.at(place) else { return };
        let item = errand.item();
        let mut buffer = [0; LINE_LIMIT];
        let keeping = if errand.purpose == REPAIR {
            let slot = role.slot_of(item, turn.meter);
            slot.and_then(|slot| role.kept_at(slot, turn.now, &mut buffer, turn.meter))
        } else {
            let text = core::str::from_utf8(text).unwrap_or_default();
            Some(match errand.kind {
                TEXT => Keeping::Text(text),
                kind => Keeping::Memory { kind, lives_s: errand.lives_s, text },
            })
        };
        let message = match keeping {
            Some(Keeping::Text(text)) => Message::Add(Add { item, text }),
            Some(Keeping::Memory { kind, lives_s, text }) => {
                Message::Remember(Remember { item, kind, lives_s, text })
            }
            // This chip has forgotten it since.
            None => return *errand = Errand::default(),
        };
        if self.endpoint.post(to, &message, turn.now, turn.meter) {
            let wait = pace::stored_wait(link, topology, chips, errand.attempt);
            errand.retry_at = turn.now.get().saturating_add(wait.get());
            errand.attempt += 1;
        } else {
            errand.retry_at = turn.now.get().saturating_add(NO_PLACE.get());
        }
    }

    /// What [`content_check`] gives for the content of the errand at `place`.
    fn check_of<M: Meter>(
        &mut self,
        place: usize,
        role: &AnyRole<'_>,
        turn: &mut Turn<'_, M>,
    ) -> Option<u32> {
        let (errand, text) = self.errands.at(place)?;
        if errand.purpose != REPAIR {
            let text = core::str::from_utf8(text).unwrap_or_default();
            return Some(content_check(errand.kind, text, turn.meter));
        }
        let slot = role.slot_of(errand.item(), turn.meter)?;
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
        let Some(place) = self.errands.waiting(source, |other| other == item) else { return };
        if self.check_of(place, role, turn) != Some(check) {
            return;
        }
        let Some((errand, _)) = self.errands.at(place) else { return };
        errand.is_held();
        if errand.purpose == REPAIR {
            turn.observer.event(&ChipEvent::Copied { item, to: source });
        }
        self.carry_on(place, role, profile, turn);
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
        let Some(place) = self.errands.waiting(source, |other| other == item) else { return };
        let Some((errand, _)) = self.errands.at(place) else { return };
        errand.met |= if is_taken { TAKEN } else { FULL };
        errand.leave_chip();
        self.carry_on(place, role, profile, turn);
    }

    fn finish<M: Meter>(&mut self, place: usize, role: &mut AnyRole<'_>, turn: &mut Turn<'_, M>) {
        let check = self.check_of(place, role, turn).unwrap_or_default();
        let Some((errand, _)) = self.errands.at(place) else { return };
        let done = core::mem::take(errand);
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
        let reason = match done.met {
            met if met & TAKEN != 0 => NAME_TAKEN,
            met if met & FULL != 0 => "full",
            met if met & SILENCE != 0 => "no-answer",
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

/// Keeps `item`, and lets go of what enough others hold where there is no room.
pub(super) fn keep<M: Meter>(
    item: ItemId,
    keeping: &Keeping<'_>,
    role: &mut AnyRole<'_>,
    turn: &mut Turn<'_, M>,
) -> Result<Kept, Failure> {
    let mut outcome = role.keep(item, keeping, turn.now, turn.meter);
    for _ in 0..MOST_RELEASES {
        if !matches!(outcome, Err(Failure::Full { .. } | Failure::TextFull { .. })) {
            break;
        }
        let spare = role.catalog().and_then(|catalog| catalog.names().first_spare(turn.meter));
        let Some((slot, item_let_go)) = spare else { break };
        role.release(slot, turn.meter);
        turn.observer.event(&ChipEvent::Released { item: item_let_go });
        outcome = role.keep(item, keeping, turn.now, turn.meter);
    }
    if outcome == Ok(Kept::New) {
        turn.observer.event(&ChipEvent::ItemStored { item });
    }
    outcome
}

/// Whom an item that a console adds serves.
pub(super) const FROM_CONSOLE: u8 = ADD;
