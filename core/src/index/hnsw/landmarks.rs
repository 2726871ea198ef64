//! A few nodes far from each other, one of which is near to whatever is searched for.
//!
//! The layers of the paper lead through data that changes gradually. Tight clusters far from each other have no such way
//! between them: a search that enters the wrong one never leaves it. So every search also compares the query with a small
//! set of landmarks, and starts from the nearest as well. The set is kept spread out as items come and go: a node farther
//! from all landmarks than some two of them are from each other replaces one of the two. So as long as there are
//! fewer clusters than landmarks, each cluster has one (the idea of incremental k-centre clustering: Charikar, Chekuri,
//! Feder, Motwani, "Incremental clustering and dynamic information retrieval", 1997).

use super::graph::{Graph, Query};
use crate::arena::{Arena, NoRoom};
use crate::meter::{Meter, Op};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// One slot for a landmark.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub(super) struct Landmark {
    /// The slot of the node, plus one, or zero.
    link: u16,
    /// At most its distance to the nearest other landmark: what that was, or zero if nobody has looked.
    gap: u16,
}
const _: () = assert!(size_of::<Landmark>() == 4);

/// The root of the capacity: if there are more clusters than that, they are so small that the candidates lead out of them.
pub(super) fn carve<'a>(arena: &mut Arena<'a>, capacity: u32) -> Result<&'a mut [Landmark], NoRoom> {
    arena.slice("landmarks", capacity.isqrt())
}

impl Graph<'_> {
    /// The landmark nearest to `query`, with its distance, other than the one at `except`.
    pub(super) fn nearest_landmark<M: Meter>(
        &self,
        query: Query<'_>,
        except: usize,
        meter: &mut M,
    ) -> Option<(u32, u32)> {
        let mut nearest = (u32::MAX, 0);
        for (index, landmark) in self.landmarks.iter().enumerate() {
            let Some(slot) = u32::from(landmark.link).checked_sub(1).filter(|_| index != except) else {
                continue;
            };
            meter.record(Op::Load, 1);
            meter.record(Op::Compare, 2);
            nearest = nearest.min((self.distance(query, slot, meter), slot));
        }
        (nearest.0 < u32::MAX).then_some(nearest)
    }

    /// Makes a landmark of `slot` if that spreads them farther.
    pub(super) fn offer_landmark<M: Meter>(&mut self, slot: u32, meter: &mut M) {
        let own = self.gap_of(slot, usize::MAX, meter);
        meter.record(Op::Compare, 2 * self.landmarks.len() as u32);
        if let Some(free) = self.landmarks.iter().position(|landmark| landmark.link == 0) {
            return self.set_landmark(free, slot, own, meter);
        }
        let closest = self.landmarks.iter().enumerate().min_by_key(|(_, landmark)| landmark.gap);
        let Some((index, landmark)) = closest.filter(|(_, landmark)| landmark.gap < own) else { return };
        let gap = self.gap_of(u32::from(landmark.link).saturating_sub(1), index, meter);
        if gap < own {
            self.set_landmark(index, slot, own, meter);
        } else if let Some(landmark) = self.landmarks.get_mut(index) {
            landmark.gap = gap;
        }
    }

    /// Puts `heir` instead of the landmark `slot`, if it is one.
    pub(super) fn replace_landmark<M: Meter>(&mut self, slot: u32, heir: Option<u32>, meter: &mut M) {
        meter.record(Op::Compare, self.landmarks.len() as u32);
        let holds = |landmark: &Landmark, slot: u32| u32::from(landmark.link) == slot + 1;
        let heir = heir.filter(|heir| !self.landmarks.iter().any(|landmark| holds(landmark, *heir)));
        if let Some(landmark) = self.landmarks.iter_mut().find(|landmark| holds(landmark, slot)) {
            *landmark = Landmark { link: heir.map_or(0, |heir| heir as u16 + 1), gap: 0 };
        }
    }

    fn gap_of<M: Meter>(&self, slot: u32, index: usize, meter: &mut M) -> u16 {
        let nearest = self.nearest_landmark(self.query_of(slot), index, meter);
        nearest.map_or(u16::MAX, |(distance, _)| u16::try_from(distance).unwrap_or(u16::MAX))
    }

    fn set_landmark<M: Meter>(&mut self, index: usize, slot: u32, gap: u16, meter: &mut M) {
        if let Some(landmark) = self.landmarks.get_mut(index) {
            *landmark = Landmark { link: slot as u16 + 1, gap };
            meter.record(Op::Store, 1);
        }
    }
}
