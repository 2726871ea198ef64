//! Which items are copied again: those of which fewer copies are known than the fleet keeps.
//!
//! Each holder remembers, for each of its items, whether its copies were counted and which chips held them, as a set of
//! 13 bits beside the name. A chip that dies, boots or takes another role takes its copies with it: every item that it
//! may have held is uncounted at once, and its copies are counted again by asking the chips in their order to hold it.
//! So a repair follows the copies that exist, wherever they lie, and an item whose copies are counted can always be found
//! on as many chips. A chip that comes is asked to hold the items for which it is among the first.
//!
//! All chips repair at once when one is gone. Each begins with one item at a time and then pauses
//! ([`pace::repair_pause`]), so that repairs never fill the link.

use super::node::{Node, Profile};
use super::rank::Pool;
use super::replication_table::{FULL, REPAIR, Replication, SELF, TEXT};
use super::{Turn, pace};
use crate::event::ChipEvent;
use crate::item::ItemId;
use crate::meter::{Meter, Op};
use crate::mix::mix;
use crate::role::{AnyRole, RoleKind};
use crate::units::Micros;
use crate::wire::message::RoleCode;

/// Items checked in one tick of a pass over all of them.
const CHECKED_A_TICK: u32 = 16;
/// How soon the next few items of a pass are checked.
const NEXT_CHECK: Micros = Micros(10_000);
/// How soon a pass begins that new items alone ask for: their other copies are being made, and more may come.
const NEW_ITEMS_WAIT: Micros = Micros(500_000);

impl Node<'_> {
    /// Chip `id` did not answer. What it holds is taken for gone until it is seen, unless a frame of it came lately: then
    /// the link is busy or lossy, and taking its items for gone would add to that.
    pub(super) fn suspect<M: Meter>(&mut self, id: u16, role: &mut AnyRole<'_>, turn: &mut Turn<'_, M>) {
        let limit = pace::probe_after(self.members.counted().saturating_add(1));
        let age = self.members.get(id, turn.meter).map(|member| member.age(turn.now));
        if age.is_none_or(|age| age < limit) {
            return;
        }
        if self.members.suspect(id, turn.meter) {
            turn.observer.event(&ChipEvent::PeerSuspected { id });
            self.recount_items_of(id, role, turn);
        }
    }

    /// The copies that chip `id` held are gone, or may be.
    pub(super) fn recount_items_of<M: Meter>(
        &mut self,
        id: u16,
        role: &mut AnyRole<'_>,
        turn: &mut Turn<'_, M>,
    ) {
        if role.items() > 0
            && let Some(catalog) = role.catalog_mut()
        {
            catalog.names_mut().forget_holder(id, turn.meter);
        }
        self.rebalance(role, turn.now);
    }

    /// A chip came, went or took another role: every item is to be checked.
    pub(super) fn rebalance(&mut self, role: &AnyRole<'_>, now: Micros) {
        self.state.changes = self.state.changes.wrapping_add(1);
        if self.state.to_look == 0 {
            // All chips may have noticed it in the same frame, and the one that came would be asked by all at once.
            let spread = mix(u64::from(self.id) << 48 ^ now.get()) % self.repair_pause().get().max(1);
            self.begin_pass(NEXT_CHECK + Micros(spread), role, now);
        }
    }

    fn repair_pause(&self) -> Micros {
        pace::repair_pause(self.membership.link, self.members.counted().saturating_add(1))
    }

    /// Some items are uncounted. Chips that came are not looked at again for them: two chips would keep each other busy.
    fn recheck(&mut self, role: &AnyRole<'_>, now: Micros) {
        match self.state.to_look {
            0 => self.begin_pass(NEW_ITEMS_WAIT, role, now),
            _ => self.state.recheck = 1,
        }
    }

    fn begin_pass(&mut self, wait: Micros, role: &AnyRole<'_>, now: Micros) {
        self.state.looked_for = self.state.changes;
        let slots = role.catalog().map_or(0, |catalog| catalog.names().capacity());
        self.state.to_look = if role.items() == 0 { 0 } else { slots };
        self.state.next_look = now.get().saturating_add(wait.get());
    }

    /// Checks the next few items, and sees to those of which copies are missing or that another chip should hold now.
    pub(super) fn tick_pass<M: Meter>(
        &mut self,
        role: &mut AnyRole<'_>,
        profile: &Profile,
        turn: &mut Turn<'_, M>,
    ) {
        if self.state.to_look == 0 || turn.now.get() < self.state.next_look {
            return;
        }
        self.state.next_look = turn.now.get().saturating_add(NEXT_CHECK.get());
        let Some(catalog) = role.catalog_mut() else { return self.state.to_look = 0 };
        let names = catalog.names_mut();
        let pool = Pool::of(profile.role.into(), profile.id, profile.role.into());
        let replicas = self.copies();
        turn.meter.record(Op::Scan, CHECKED_A_TICK);
        if !self.replications.takes_repair() {
            return;
        }
        let mut begun = None;
        for _ in 0..CHECKED_A_TICK.min(self.state.to_look) {
            let slot = self.state.look_slot % names.capacity().max(1);
            if let Some(item) = names.get(slot)
                && !self.replications.is_under_way(item)
                && (replicas > 1 && !names.is_counted(slot)
                    || pool.is_moved(item, replicas, &self.members, turn.meter))
            {
                names.mark_spare(slot, false);
                begun = Some(item);
            }
            self.state.look_slot = slot.wrapping_add(1);
            self.state.to_look -= 1;
            if begun.is_some() {
                break;
            }
        }
        if let Some(item) = begun {
            self.repair(item, profile.role, turn.now);
            self.state.next_look = turn.now.get().saturating_add(self.repair_pause().get());
        }
        if self.state.to_look == 0 {
            self.end_pass(role, turn.now);
        }
    }

    fn end_pass(&mut self, role: &AnyRole<'_>, now: Micros) {
        if self.state.looked_for != self.state.changes {
            return self.begin_pass(NEXT_CHECK, role, now);
        }
        self.members.settle();
        if core::mem::take(&mut self.state.recheck) != 0 {
            self.begin_pass(NEW_ITEMS_WAIT, role, now);
        }
    }

    fn repair(&mut self, item: ItemId, role: RoleKind, now: Micros) {
        let replication = Replication::of(item, REPAIR, TEXT, RoleCode::from(role).0);
        // Without a vacancy the item stays uncounted, and is checked at a heartbeat.
        let _ = self.replications.begin(self.with_times(replication, now), "");
    }

    /// Checks one item: one that is uncounted, where there is such, else any in its turn every few heartbeats.
    pub(super) fn check_one<M: Meter>(
        &mut self,
        role: &AnyRole<'_>,
        profile: &Profile,
        turn: &mut Turn<'_, M>,
    ) {
        let Some(catalog) = role.catalog().filter(|_| self.state.to_look == 0) else { return };
        let names = catalog.names();
        let capacity = names.capacity();
        if capacity == 0 || self.copies() < 2 || self.replications.count(REPAIR) > 0 {
            return;
        }
        let from = self.state.look_slot % capacity;
        turn.meter.record(Op::Scan, capacity);
        let any = || {
            let slots = (from..capacity).chain(0..from);
            slots.take(4 * CHECKED_A_TICK as usize).find_map(|slot| Some((slot, names.get(slot)?)))
        };
        let is_due = self.state.beats.is_multiple_of(pace::ANTI_ENTROPY_PERIOD);
        match names.uncounted(from).next().or_else(|| any().filter(|_| is_due)) {
            Some((slot, item)) => {
                self.state.look_slot = slot.wrapping_add(1);
                self.repair(item, profile.role, turn.now);
            }
            None if is_due => self.state.look_slot = from.wrapping_add(4 * CHECKED_A_TICK),
            None => {}
        }
    }

    /// This chip told `source` that it holds `item`. Who asks for an item that it did not give the fleet itself holds it.
    pub(super) fn note_copy<M: Meter>(
        &mut self,
        source: u16,
        item: ItemId,
        role: &mut AnyRole<'_>,
        profile: &Profile,
        turn: &mut Turn<'_, M>,
    ) {
        let replicas = self.copies();
        let Some(slot) = role.slot_of(item, turn.meter).filter(|_| replicas > 1) else { return };
        let pool = Pool::of(profile.role.into(), profile.id, profile.role.into());
        let is_first = pool.is_first(item, source, replicas, &self.members, turn.meter);
        let Some(catalog) = role.catalog_mut() else { return };
        let names = catalog.names_mut();
        match (source == item.origin, is_first) {
            (true, _) => {}
            (false, true) => names.add_holder(slot, source, replicas == 2),
            // The chips before it are full, and it was counted: nothing is new. Without this two such holders uncount each
            // other forever, and where half of the chips are full that is a quarter of all items.
            (false, false) if names.counts_on(slot, source) => {}
            // It may release the item, once it knows of enough others: they are not to count on it.
            (false, false) => names.uncount(slot),
        }
        if !names.is_counted(slot) {
            self.recheck(role, turn.now);
        }
    }

    /// Keeps what a replication learnt of the copies of its item, where this chip holds one of them.
    pub(super) fn note_holders<M: Meter>(
        &mut self,
        done: &Replication,
        is_kept: bool,
        role: &mut AnyRole<'_>,
        turn: &mut Turn<'_, M>,
    ) {
        let Some(slot) = role.slot_of(done.item(), turn.meter) else { return };
        let Some(catalog) = role.catalog_mut() else { return };
        let names = catalog.names_mut();
        let is_spare = done.purpose == REPAIR && done.flags & SELF == 0;
        match (is_kept, done.purpose) {
            (true, _) if is_spare || done.flags & SELF != 0 => names.count(slot, done.flags, is_spare),
            (false, REPAIR) => {
                names.uncount(slot);
                // Out of time or unanswered, and not for lack of room or chips: soon again.
                let pool = Pool { role: RoleCode(done.pool), me: Some(0) };
                if done.flags & FULL == 0 && pool.alive(&self.members) >= usize::from(done.wanted) {
                    self.recheck(role, turn.now);
                }
            }
            _ => {}
        }
    }

    /// How many items of this chip have fewer copies than the fleet keeps, as far as it knows.
    pub(super) fn short(&self, role: &AnyRole<'_>) -> u32 {
        let names = role.catalog().map(|catalog| catalog.names()).filter(|_| self.copies() > 1);
        names.map_or(0, |names| names.uncounted(0).count() as u32)
    }
}
