//! What a chip in a fleet does beside its role: frames and time go in, frames and events come out.
//!
//! A chip without a link has all of this too, and it does nothing there.

use super::{Agent, Identity, lay_out};
use crate::arena::{Arena, NoRoom};
use crate::console::{Failure, Session};
use crate::federation::member::Liveness;
use crate::federation::node::{Node, Profile, Status};
use crate::federation::{Membership, Outgoing, Turn};
use crate::item::ItemId;
use crate::limits::LINE_LIMIT;
use crate::meter::{Meter, Op};
use crate::role::catalog::Catalog;
use crate::role::{AnyRole, RoleKind};
use crate::units::Micros;
use crate::wire::endpoint::Traffic;
use crate::wire::keyring::Keyring;

/// What a chip received of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerView {
    /// Its address.
    pub id: u16,
    /// Its role, where it said one that is known here.
    pub role: Option<RoleKind>,
    /// How many items it said that it holds.
    pub items: u32,
    /// How long ago it was seen.
    pub age: Micros,
    /// Does it live?
    pub liveness: Liveness,
}

impl<Memory: AsMut<[u8]>> Agent<Memory> {
    /// Starts a role in a fleet: what the network needs is taken of `memory` first, and the role gets the rest, all zeroed.
    ///
    /// # Errors
    /// [`NoRoom`] when the network's structures or the role's least capacity do not fit.
    pub fn join(mut memory: Memory, identity: Identity, membership: Membership) -> Result<Self, NoRoom> {
        let (plan, _) = lay_out(identity, Some(membership), memory.as_mut())?;
        memory.as_mut().fill(0);
        Ok(Self { memory, identity, plan, operations: 0, membership: Some(membership), load: 0 })
    }

    /// [`Agent::join`] over memory that is all zeros already, none of which is written: on a host with thousands of chips,
    /// what is not written to takes no room.
    ///
    /// # Errors
    /// As [`Agent::join`].
    pub fn join_blank(
        mut memory: Memory,
        identity: Identity,
        membership: Membership,
    ) -> Result<Self, NoRoom> {
        let (plan, _) = lay_out(identity, Some(membership), memory.as_mut())?;
        Ok(Self { memory, identity, plan, operations: 0, membership: Some(membership), load: 0 })
    }

    /// The fleet it is in, if it is in one.
    pub fn membership(&self) -> Option<Membership> {
        self.membership
    }

    /// Takes a frame that came in at `port`, without the link's framing. A chip without a link does nothing.
    pub fn receive<M: Meter>(&mut self, port: u8, frame: &[u8], turn: &mut Turn<'_, M>) {
        if let Some((mut node, mut role, profile)) = self.in_fleet() {
            node.receive(port, frame, &mut role, &profile, turn);
        }
    }

    /// Does what is due in the fleet.
    pub fn tick<M: Meter>(&mut self, turn: &mut Turn<'_, M>) {
        if let Some((mut node, mut role, profile)) = self.in_fleet() {
            node.tick(&mut role, &profile, turn);
        }
    }

    /// Writes the next frame for a link to `out`, of [`FRAME_LIMIT`](crate::wire::FRAME_LIMIT) bytes; to be called until
    /// it says `None`.
    pub fn transmit<M: Meter>(&mut self, out: &mut [u8], now: Micros, meter: &mut M) -> Option<Outgoing> {
        self.node()?.transmit(out, now, meter)
    }

    /// When to call [`Agent::tick`] and [`Agent::transmit`] next, if nothing comes in before.
    pub fn wake_at(&mut self, now: Micros) -> Option<Micros> {
        Some(self.node()?.wake_at(now))
    }

    /// How busy the chip was lately, in hundredths, for its heartbeats.
    pub fn report_load(&mut self, hundredths: u8) {
        self.load = hundredths;
    }

    /// How the chip sees its fleet.
    pub fn fleet(&mut self) -> Option<Status> {
        self.in_fleet().map(|(node, role, _)| node.status(&role))
    }

    /// Its keys, to be kept in flash: they change when a new epoch begins.
    pub fn keyring(&mut self) -> Option<Keyring> {
        self.in_fleet().and_then(|(node, _, _)| node.keyring())
    }

    /// What crossed its link.
    pub fn traffic(&mut self) -> Option<Traffic> {
        self.node().map(|node| *node.traffic())
    }

    /// Shows each chip that was seen, in no order.
    pub fn peers(&mut self, now: Micros, mut show: impl FnMut(PeerView)) {
        let Some(node) = self.node() else { return };
        node.members().iter().for_each(|member| {
            show(PeerView {
                id: member.id(),
                role: member.role().role(),
                items: member.items(),
                age: member.age(now),
                liveness: member.liveness(),
            });
        });
    }

    /// Shows the name of each item that the fleet gave this chip to hold, in no order.
    pub fn held(&mut self, show: impl FnMut(ItemId)) {
        let Some((_, role, _)) = self.in_fleet() else { return };
        let Some(catalog) = role.catalog() else { return };
        let names = catalog.names();
        (0..names.capacity()).filter_map(|slot| names.get(slot)).for_each(show);
    }

    /// Shows the text of each item that the fleet gave this chip to hold, in no order.
    pub fn held_texts(&mut self, mut show: impl FnMut(ItemId, &str)) {
        let Some((_, role, _)) = self.in_fleet() else { return };
        let Some(catalog) = role.catalog() else { return };
        let names = catalog.names();
        let mut buffer = [0; LINE_LIMIT];
        for (slot, item) in (0..names.capacity()).filter_map(|slot| Some((slot, names.get(slot)?))) {
            show(item, catalog.read(slot, &mut buffer, &mut ()));
        }
    }

    /// Shows each item that the fleet gave this chip to hold, in no order: its name, and
    /// [`content_check`](crate::wire::message::content_check) of what is read under that name.
    pub fn held_content(&mut self, now: Micros, mut show: impl FnMut(ItemId, u32)) {
        let Some((_, role, _)) = self.in_fleet() else { return };
        let Some(names) = role.catalog().map(Catalog::names) else { return };
        let mut buffer = [0; LINE_LIMIT];
        for slot in 0..names.capacity() {
            if let Some(item) = names.get(slot)
                && let Some(kept) = role.kept_at(slot, now, &mut buffer, &mut ())
            {
                show(item, kept.check(&mut ()));
            }
        }
    }

    /// The view of the node alone, where the chip is in a fleet.
    fn node(&mut self) -> Option<Node<'_>> {
        let (chip_id, membership) = (self.identity.chip_id, self.membership?);
        Node::carve(&mut Arena::new(self.memory.as_mut()), chip_id, membership).ok()
    }

    /// The views of the node and the role, where the chip is in a fleet.
    pub(super) fn in_fleet(&mut self) -> Option<(Node<'_>, AnyRole<'_>, Profile)> {
        let Identity { chip, chip_id, role: kind, seed } = self.identity;
        let (plan, load) = (self.plan, self.load);
        let mut arena = Arena::new(self.memory.as_mut());
        let node = Node::carve(&mut arena, chip_id, self.membership?).ok()?;
        let role = AnyRole::carve(kind, &mut arena, plan).ok()?;
        let profile = Profile {
            id: chip_id,
            seed,
            role: kind,
            variant: chip.name,
            capacity: plan.capacity,
            free_arena: arena.free().get(),
            load,
        };
        Some((node, role, profile))
    }

    pub(super) fn write_peers<M: Meter>(&mut self, session: &mut Session<'_, M>) -> Result<(), Failure> {
        match self.node() {
            Some(node) => Ok(node.members().write(session.now, session.out)?),
            None => Ok(session.out.write_str("peers: (none)\n")?),
        }
    }

    pub(super) fn fleet_command<M: Meter>(
        &mut self,
        rest: &str,
        line: &str,
        turn: &mut Turn<'_, M>,
    ) -> Result<(), Failure> {
        turn.meter.record(Op::Command, 1);
        turn.meter.record(Op::Byte, line.len() as u32);
        self.operations = self.operations.saturating_add(1);
        match self.in_fleet() {
            Some((mut node, mut role, profile)) => node.command(rest, &mut role, &profile, turn),
            None => Err(Failure::UnknownCommand),
        }
    }
}
