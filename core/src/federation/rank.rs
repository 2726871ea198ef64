//! Who is to hold an item: decided by each chip alone, the same by all.
//!
//! Rendezvous hashing: every chip has a weight for every item, and the chips of greatest weight among those alive are the
//! ones to hold it. No directory says who holds what, and when a chip comes or goes only the items move for which it is
//! or was among the first. Thaler and Ravishankar, "Using name-based mappings to increase hit rates", IEEE/ACM ToN 1998.

use super::member::{Member, Members};
use crate::embed;
use crate::item::ItemId;
use crate::meter::{Meter, Op};
use crate::mix::mix;
use crate::wire::message::RoleCode;

/// The most copies of an item; a fleet that asks for more gets this many.
pub const MAX_REPLICAS: usize = 8;

/// The rank of one chip for one item; the greatest comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// The weight of the chip for the item.
    pub weight: u64,
    /// The chip.
    pub id: u16,
}

impl Rank {
    /// The rank of chip `id` for `item`.
    pub fn of<M: Meter>(item: ItemId, id: u16, meter: &mut M) -> Rank {
        meter.record(Op::MulWide, 6);
        let chip = u64::from(item.origin) << 48 | u64::from(item.nonce) << 32 | u64::from(item.boot);
        let name = mix(chip) ^ u64::from(item.count);
        Rank { weight: mix(mix(name) ^ u64::from(id)), id }
    }
}

/// The chips that an item can be held by.
#[derive(Clone, Copy, Debug)]
pub struct Pool {
    /// Their role.
    pub role: RoleCode,
    /// This chip, if it is one of them.
    pub me: Option<u16>,
}

impl Pool {
    /// The chips of role `role`, seen by chip `me` of role `mine`.
    pub fn of(role: RoleCode, me: u16, mine: RoleCode) -> Pool {
        Pool { role, me: (role == mine).then_some(me) }
    }

    /// Can `member` hold items of this pool?
    pub fn takes(&self, member: &Member) -> bool {
        member.role() == self.role && member.embedder() == embed::VERSION
    }

    /// Is there a chip in it?
    pub fn is_empty(&self, members: &Members<'_>) -> bool {
        self.me.is_none() && !members.iter().any(|member| member.is_alive() && self.takes(member))
    }

    /// Is one of it suspected, and may turn out to be alive?
    pub fn is_missing_one(&self, members: &Members<'_>) -> bool {
        members.iter().any(|member| member.is_counted() && !member.is_alive() && self.takes(member))
    }

    /// The first chip that is alive, after `after` where there is such.
    pub fn next<M: Meter>(
        &self,
        item: ItemId,
        after: Option<Rank>,
        members: &Members<'_>,
        meter: &mut M,
    ) -> Option<Rank> {
        let others = members.iter().filter(|member| member.is_alive() && self.takes(member));
        let ids = others.map(Member::id).chain(self.me);
        ids.map(|id| Rank::of(item, id, meter)).filter(|rank| after.is_none_or(|after| *rank < after)).max()
    }

    /// How many chips of it are alive.
    pub fn alive(&self, members: &Members<'_>) -> usize {
        let others = members.iter().filter(|member| member.is_alive() && self.takes(member));
        others.count() + usize::from(self.me.is_some())
    }

    /// Is chip `id` one of the first `replicas` chips for `item`?
    pub fn is_first<M: Meter>(
        &self,
        item: ItemId,
        id: u16,
        replicas: u8,
        members: &Members<'_>,
        meter: &mut M,
    ) -> bool {
        let own = Rank::of(item, id, meter);
        let others = members.iter().filter(|member| member.is_alive() && self.takes(member));
        let ids = others.map(Member::id).chain(self.me);
        ids.filter(|id| Rank::of(item, *id, meter) > own).take(usize::from(replicas)).count()
            < usize::from(replicas)
    }

    /// Is one of the chips that came to be among the first for `item`? What a chip that went held is known by its copies.
    pub fn is_moved<M: Meter>(
        &self,
        item: ItemId,
        replicas: u8,
        members: &Members<'_>,
        meter: &mut M,
    ) -> bool {
        let mut first = [Rank::default(); MAX_REPLICAS];
        let limit = usize::from(replicas).clamp(1, MAX_REPLICAS);
        let stayed = members.iter().filter(|member| member.is_alive() && !member.has_changed());
        for id in stayed.filter(|member| self.takes(member)).map(Member::id).chain(self.me) {
            let rank = Rank::of(item, id, meter);
            let slot = first.iter().take(limit).position(|other| rank > *other);
            meter.record(Op::Compare, limit as u32);
            if let Some(tail) = slot.and_then(|slot| first.get_mut(slot..limit)) {
                tail.rotate_right(1);
                if let Some(slot) = tail.first_mut() {
                    *slot = rank;
                }
            }
        }
        let last = first.get(limit - 1).copied().unwrap_or_default();
        let came = members.iter().filter(|member| member.is_alive() && member.has_changed());
        let mut came = came.filter(|member| self.takes(member));
        came.any(|member| Rank::of(item, member.id(), meter) > last)
    }
}
