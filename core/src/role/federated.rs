//! What a role does for its fleet: keep items by name, find them, remove them.
//!
//! What each role keeps and answers is in its description; here is what is the same for all.

use super::catalog::Catalog;
use super::catalog::TextBuffer;
use super::contract::{Alarm, Role, View};
use super::shared::{Asked, Asks, ItemPayload, Keeps, StoreOutcome};
use super::{AnyRole, dispatch, with_role};
use crate::console::Failure;
use crate::embed::DIMENSIONS;
use crate::for_each_role;
use crate::index::AnyIndex;
use crate::item::ItemId;
use crate::limits::{LINE_LIMIT, MAX_RESULTS};
use crate::meter::Meter;
use crate::role_kind::RoleKind;
use crate::units::Micros;

impl RoleKind {
    /// The first role that keeps such items.
    pub fn keeper(keeps: Keeps) -> RoleKind {
        RoleKind::keepers(keeps).next().unwrap_or(RoleKind::ALL[0])
    }

    /// The roles that keep such items, in the order of the table.
    pub fn keepers(keeps: Keeps) -> impl Iterator<Item = RoleKind> {
        RoleKind::ALL.into_iter().filter(move |kind| kind.info().keeps == Some(keeps))
    }

    /// Does the role take sensor samples?
    pub fn takes_samples(self) -> bool {
        self.info().view == View::Signal
    }

    /// The first role that answers such questions.
    pub fn answering(asks: Asks) -> Option<RoleKind> {
        RoleKind::ALL.into_iter().find(|kind| kind.can_answer(asks))
    }

    /// Does the role answer such questions?
    pub fn can_answer(self, asks: Asks) -> bool {
        self.info().answers == Some(asks)
    }
}

impl<'a> AnyRole<'a> {
    /// Its items, where it has items that a fleet can name.
    pub fn catalog(&self) -> Option<&Catalog<'a>> {
        with_role!(self, role => role.catalog())
    }

    /// As [`AnyRole::catalog`].
    pub fn catalog_mut(&mut self) -> Option<&mut Catalog<'a>> {
        with_role!(self, role => role.catalog_mut())
    }

    /// The index of its texts, where it has one.
    pub fn index(&self) -> Option<&AnyIndex<'a>> {
        with_role!(self, role => role.index())
    }

    /// The alarm that the current command raised.
    pub fn alarm(&self) -> Option<Alarm> {
        with_role!(self, role => role.alarm())
    }

    /// Keeps `item`, once.
    ///
    /// # Errors
    /// [`Failure::Full`], [`Failure::TextFull`] and what else the role's own command fails with; `wrong-role` where it keeps
    /// no such items.
    pub fn keep<M: Meter>(
        &mut self,
        item: ItemId,
        given: &ItemPayload<'_>,
        now: Micros,
        meter: &mut M,
    ) -> Result<StoreOutcome, Failure> {
        if let Some(slot) = self.slot_of(item, meter) {
            let mut buffer = [0; LINE_LIMIT];
            let is_same = self.kept_at(slot, now, &mut buffer, meter).is_some_and(|kept| kept.says(given));
            return Ok(if is_same { StoreOutcome::Already } else { StoreOutcome::Conflict });
        }
        if self.kind().info().keeps != Some(given.kind()) {
            return Err(Failure::WrongRole { wants: RoleKind::keeper(given.kind()) });
        }
        let slot = with_role!(self, role => role.keep(given, seconds(now), meter))?;
        if let Some(catalog) = self.catalog_mut() {
            catalog.names_mut().set(slot, item);
        }
        Ok(StoreOutcome::New)
    }

    /// Where it holds `item`.
    pub fn slot_of<M: Meter>(&self, item: ItemId, meter: &mut M) -> Option<u32> {
        let catalog = self.catalog()?;
        match item.own_id() {
            Some(id) => catalog.find(id, meter).ok(),
            None => catalog.names().find(item, meter),
        }
    }

    /// What it keeps at `slot`, its text copied into `buffer`.
    pub fn kept_at<'b, M: Meter>(
        &self,
        slot: u32,
        now: Micros,
        buffer: &'b mut TextBuffer,
        meter: &mut M,
    ) -> Option<ItemPayload<'b>> {
        let text = self.catalog()?.read(slot, buffer, meter);
        Some(with_role!(self, role => role.kept(slot, seconds(now), text)))
    }

    /// Removes the item at `slot`.
    pub fn release<M: Meter>(&mut self, slot: u32, meter: &mut M) {
        with_role!(self, role => role.release(slot, meter));
    }

    /// Offers the items nearest to `vector` with their dot products.
    pub fn nearest<M: Meter>(
        &self,
        vector: &[i8; DIMENSIONS],
        me: u16,
        meter: &mut M,
        mut offer: impl FnMut(ItemId, i32, &mut M),
    ) {
        with_role!(self, role => {
            let names = role.catalog();
            role.search_for(vector, meter, |slot, score, meter| offer(name_at(names, me, slot), score, meter));
        });
    }

    /// Offers what bears on a text, with the role's own score in thousandths.
    ///
    /// # Errors
    /// As those of the role's `recall`.
    pub fn recall<M: Meter>(
        &mut self,
        asked: &Asked<'_>,
        me: u16,
        now: Micros,
        meter: &mut M,
        mut offer: impl FnMut(ItemId, i32),
    ) -> Result<(), Failure> {
        let mut found = [(0, 0); MAX_RESULTS];
        let mut length = 0;
        with_role!(self, role => role.recall_for(asked, seconds(now), meter, |slot, score| {
            if let Some(index) = found.get_mut(length) {
                *index = (slot, score);
                length += 1;
            }
        }))?;
        let names = self.catalog();
        found.iter().take(length).for_each(|(slot, score)| offer(name_at(names, me, *slot), *score));
        Ok(())
    }
}

/// What the fleet calls the item at `slot` of chip `me`.
fn name_at(catalog: Option<&Catalog<'_>>, me: u16, slot: u32) -> ItemId {
    let own = || ItemId::own(me, catalog.and_then(|catalog| catalog.id(slot)).unwrap_or_default());
    catalog.and_then(|catalog| catalog.names().get(slot)).unwrap_or_else(own)
}

fn seconds(now: Micros) -> u32 {
    u32::try_from(now.as_seconds()).unwrap_or(u32::MAX)
}
