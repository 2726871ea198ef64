//! One chip's part in a fleet: frames and the time in, frames, lines and events out.

use super::member::{Liveness, Members};
use super::question::Questions;
use super::relay::Relay;
use super::replication_table::{ADD, ALARM, REPAIR, ReplicationTable};
use super::{Membership, Outgoing, Topology, Turn, pace};
use crate::arena::{Arena, NoRoom};
use crate::embed;
use crate::event::ChipEvent;
use crate::item::ItemId;
use crate::meter::Meter;
use crate::role::{AnyRole, RoleKind};
use crate::units::Micros;
use crate::wire::endpoint::Traffic;
use crate::wire::keyring::{KeyChange, Keyring};
use crate::wire::message::{Heartbeat, Hello, RoleCode};
use crate::wire::{BROADCAST, Capacity, Endpoint, MESSAGE_LIMIT, Message, Settings};
use core::fmt;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Slots for messages on their way out.
const OUTGOING: u32 = 8;
/// Slots for messages of which not all fragments have come.
const UNFINISHED: u32 = 4;

/// What a chip says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// Its address.
    pub id: u16,
    /// Decides whatever is left to chance.
    pub seed: u32,
    /// Its role.
    pub role: RoleKind,
    /// The kind of chip.
    pub variant: &'static str,
    /// How many items it can hold.
    pub capacity: u32,
    /// Bytes of its arena that no structure took.
    pub free_arena: u32,
    /// How busy it was lately, in hundredths.
    pub load: u8,
}

/// What a chip knows beside its tables. All zeros is before the first tick.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub(super) struct State {
    /// When the next heartbeat is due, in microseconds.
    next_beat: u64,
    /// When the next few items are looked at, in microseconds.
    pub(super) next_look: u64,
    /// Until when no further alarm goes out, in microseconds.
    pub(super) quiet_until: u64,
    /// Items named.
    pub(super) named: u64,
    /// When the console was last told of another board with this number, in microseconds.
    pub(super) duplicate_told: u64,
    /// Heartbeats sent.
    pub(super) beats: u32,
    /// Questions asked.
    requests: u32,
    /// Alarms raised.
    alarms: u32,
    /// How often a chip came, went or took another role.
    pub(super) changes: u32,
    /// [`State::changes`] when items were begun to be looked at.
    pub(super) looked_for: u32,
    /// How many slots are still to be looked at.
    pub(super) to_look: u32,
    /// The slot that is looked at next.
    pub(super) look_slot: u32,
    pub(super) coordinator: u16,
    /// 1 once there is a coordinator.
    pub(super) has_coordinator: u16,
    /// 1 where items are to be checked again once the pass that runs is over.
    pub(super) recheck: u32,
    /// The chip that was last asked whether it lives, and how often.
    pub(super) probed: u16,
    pub(super) probes: u16,
    /// When the next one is asked, in microseconds.
    pub(super) probe_at: u64,
}
const _: () = assert!(size_of::<State>() == 88);

/// Heartbeats after which a chip takes what it received for all there is.
const LISTENED: u32 = 3;

impl State {
    /// Has the chip not listened for long enough to know the others?
    pub(super) fn has_just_booted(&self) -> bool {
        self.beats < LISTENED
    }
}

/// How a chip sees its fleet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The coordinator, once one is chosen.
    pub coordinator: Option<u16>,
    /// Chips that are alive, this one not included.
    pub alive: u32,
    /// Chips that are suspected.
    pub suspected: u32,
    /// Chips that are lost.
    pub lost: u32,
    /// Questions that are open.
    pub questions: u32,
    /// Items on their way to their holders.
    pub adding: u32,
    /// Items that are copied again.
    pub repairing: u32,
    /// Items that this chip holds and of which it does not know as many copies as the fleet keeps.
    pub short: u32,
    /// Items that are still to be checked since a chip came or went.
    pub to_look: u32,
    /// Alarms that this chip raised.
    pub alarms: u32,
    /// Frames forwarded for others.
    pub relayed: u32,
}

/// One chip's part in a fleet.
#[derive(Debug)]
pub struct Node<'a> {
    pub(super) membership: Membership,
    pub(super) id: u16,
    pub(super) state: &'a mut State,
    pub(super) endpoint: Endpoint<'a>,
    pub(super) members: Members<'a>,
    pub(super) questions: Questions<'a>,
    pub(super) replications: ReplicationTable<'a>,
    pub(super) relay: Relay<'a>,
}

impl<'a> Node<'a> {
    /// Takes the node's structures. All zeros is before its first tick.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small.
    pub fn carve(arena: &mut Arena<'a>, id: u16, membership: Membership) -> Result<Self, NoRoom> {
        let Membership { link, boot, nonce, entropy, keys, peers, topology, .. } = membership;
        let settings = Settings {
            address: id,
            boot,
            nonce,
            entropy,
            embedder: embed::VERSION,
            frame_limit: link.frame_limit(),
        };
        let capacity = Capacity { peers, outgoing: OUTGOING, unfinished: UNFINISHED };
        Ok(Self {
            membership,
            id,
            state: arena.one("fleet state")?,
            endpoint: Endpoint::carve(arena, settings, keys.as_ref(), capacity)?,
            members: Members::carve(arena, peers)?,
            questions: Questions::carve(arena, peers)?,
            replications: ReplicationTable::carve(arena)?,
            relay: Relay::carve(arena, link.frame_limit(), topology != Topology::Mesh)?,
        })
    }

    /// The chips that were seen.
    pub fn members(&self) -> &Members<'a> {
        &self.members
    }

    /// What crossed the link.
    pub fn traffic(&self) -> &Traffic {
        self.endpoint.traffic()
    }

    /// The chip's keys, to be kept in flash.
    pub fn keyring(&self) -> Option<Keyring> {
        self.endpoint.keyring()
    }

    /// How this chip sees its fleet.
    pub fn status(&self, role: &AnyRole<'_>) -> Status {
        let count =
            |liveness| self.members.iter().filter(|member| member.liveness() == liveness).count() as u32;
        Status {
            coordinator: (self.state.has_coordinator != 0).then_some(self.state.coordinator),
            alive: count(Liveness::Alive),
            suspected: count(Liveness::Suspected),
            lost: count(Liveness::Lost),
            questions: self.questions.open_count(),
            adding: self.replications.count(ADD) + self.replications.count(ALARM),
            repairing: self.replications.count(REPAIR),
            short: self.short(role),
            to_look: self.state.to_look,
            alarms: self.state.alarms,
            relayed: self.relay.counts().0,
        }
    }

    /// Does what is due.
    #[inline(never)]
    pub fn tick<M: Meter>(&mut self, role: &mut AnyRole<'_>, profile: &Profile, turn: &mut Turn<'_, M>) {
        self.tick_keys(turn);
        if self.state.next_beat == 0 {
            // Chips that get their power together do not all speak at once.
            let spread = pace::first_word(self.id, profile.seed, self.members.capacity());
            self.state.next_beat = turn.now.get().saturating_add(spread.get()).max(1);
        }
        if turn.now.get() >= self.state.next_beat {
            self.beat(role, profile, turn);
        }
        self.tick_probe(role, profile, turn);
        self.tick_pass(role, profile, turn);
        self.tick_replications(role, profile, turn);
        self.tick_questions(role, turn);
    }

    /// Changes the keys where that is due, and says so on the console.
    fn tick_keys<M: Meter>(&mut self, turn: &mut Turn<'_, M>) {
        // A line that cannot be written has nowhere to be reported.
        let _ = match self.endpoint.tick_keys(turn.now) {
            Some(KeyChange::InUse(epoch)) => writeln!(turn.out, "fleet: sends with the key of epoch {epoch}"),
            Some(KeyChange::Alone(epoch)) => {
                writeln!(turn.out, "fleet: takes the key of epoch {epoch} alone")
            }
            None => Ok(()),
        };
    }

    /// Says that this chip lives, and looks who else does.
    fn beat<M: Meter>(&mut self, role: &mut AnyRole<'_>, profile: &Profile, turn: &mut Turn<'_, M>) {
        let interval = pace::interval(self.members.counted().saturating_add(1));
        let wait = pace::jittered(interval, self.id, profile.seed, self.state.beats);
        self.state.next_beat = turn.now.get().saturating_add(wait.get());
        if self.state.beats == 0 {
            self.endpoint.post(BROADCAST, &hello_of(profile, true));
            if self.membership.keys.is_some() {
                self.endpoint.sessions().ask_all(turn.now);
            }
        }
        let patience = pace::MIN_PATIENCE.get().max(interval.get().saturating_mul(pace::PATIENCE));
        self.endpoint.sessions().set_patience(Micros(patience));
        let sessions = self.endpoint.sessions();
        self.members.clear_duplicates(|id| sessions.is_duplicate(id, turn.now));
        self.state.beats = self.state.beats.saturating_add(1);
        let heartbeat = self.heartbeat(role.items(), profile, turn.now);
        self.endpoint.post(BROADCAST, &heartbeat);
        let mut is_missing_one = false;
        let Turn { now, meter, observer, .. } = turn;
        self.members.check(*now, *meter, |id, was, liveness| {
            // Nothing was counted on a chip since it was suspected.
            if was == Liveness::Alive {
                is_missing_one = true;
                if let Some(catalog) = role.catalog_mut() {
                    catalog.names_mut().forget_holder(id, &mut ());
                }
            }
            observer.event(&match liveness {
                Liveness::Lost => ChipEvent::PeerLost { id },
                _ => ChipEvent::PeerSuspected { id },
            });
        });
        if is_missing_one {
            self.rebalance(role, turn.now);
        }
        self.check_one(role, profile, turn);
        self.elect(turn);
    }

    /// The lowest address that is not lost coordinates.
    fn elect<M: Meter>(&mut self, turn: &mut Turn<'_, M>) {
        let lowest = self.members.lowest().map_or(self.id, |lowest| lowest.min(self.id));
        // A chip that has just booted listens before it takes itself for the first.
        if lowest == self.id && self.state.has_just_booted() {
            return;
        }
        if self.state.has_coordinator == 0 || self.state.coordinator != lowest {
            (self.state.has_coordinator, self.state.coordinator) = (1, lowest);
            turn.observer.event(&ChipEvent::CoordinatorChosen { id: lowest });
        }
    }

    /// Writes the next frame for a link to `out`, and says which link; `None` when there is nothing to send now.
    #[inline(never)]
    pub fn transmit<M: Meter>(&mut self, out: &mut [u8], now: Micros, meter: &mut M) -> Option<Outgoing> {
        if let Some((length, port)) = self.relay.pop(out, meter) {
            return Some(Outgoing { length, port });
        }
        let length = self.endpoint.transmit(out, now, meter)?;
        if self.membership.topology != Topology::Ring {
            return Some(Outgoing { length, port: 0 });
        }
        let frame = out.get(..length)?;
        let way = destination(frame).and_then(|id| self.members.get(id, meter)).map(|member| member.port());
        if way.is_none() {
            self.relay.push(frame, 1, meter);
        }
        Some(Outgoing { length, port: way.unwrap_or(0) })
    }

    /// When to call [`Node::tick`] and [`Node::transmit`] next, if nothing comes in before.
    pub fn wake_at(&self, now: Micros) -> Micros {
        let mut wake = Micros(self.state.next_beat);
        if self.state.to_look > 0 && self.replications.takes_repair() {
            wake = wake.min(Micros(self.state.next_look));
        }
        if self.copies() > 1 {
            wake = wake.min(Micros(self.state.probe_at));
        }
        let waits = [
            self.endpoint.wake_at(now),
            self.questions.wake_at(),
            self.replications.wake_at(),
            (!self.relay.is_empty()).then_some(now),
        ];
        waits.into_iter().flatten().fold(wake, Micros::min).max(now)
    }

    /// The number of the next question.
    pub(super) fn next_request(&mut self) -> u32 {
        self.state.requests = self.state.requests.wrapping_add(1);
        self.state.requests
    }

    /// The name of the next item. The nonce counts on where 2^32 names of one boot are used up.
    pub(super) fn next_name(&mut self) -> ItemId {
        self.state.named = self.state.named.saturating_add(1);
        let nonce = self.membership.nonce.wrapping_add((self.state.named >> 32) as u16);
        // A boot of 0 would make it an item that no other chip can hold.
        let boot = self.membership.boot.max(1);
        ItemId { origin: self.id, nonce, boot, count: self.state.named as u32 }
    }

    /// The number of the next alarm.
    pub(super) fn next_alarm(&mut self) -> u32 {
        self.state.alarms = self.state.alarms.saturating_add(1);
        self.state.alarms
    }

    /// Writes the reply to `fleet`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_status(&self, role: &AnyRole<'_>, out: &mut dyn fmt::Write) -> fmt::Result {
        let status = self.status(role);
        write!(out, "fleet: id={} topology={} ", self.id, self.membership.topology.name())?;
        match status.coordinator {
            Some(id) => write!(out, "coordinator={id} ")?,
            None => out.write_str("coordinator=none ")?,
        }
        write!(out, "alive={} suspected={} lost={} ", status.alive, status.suspected, status.lost)?;
        write!(out, "replicas={} open={} ", self.copies(), status.questions)?;
        write!(out, "adding={} repairing={} short={}", status.adding, status.repairing, status.short)?;
        if let Some(keys) = self.endpoint.keyring() {
            write!(out, " epoch={}{}", keys.epoch, if keys.encrypts { " encrypt=on" } else { "" })?;
        }
        out.write_str("\n")
    }

    fn heartbeat(&self, items: u32, profile: &Profile, now: Micros) -> Message<'static> {
        let traffic = self.endpoint.traffic();
        Message::Heartbeat(Heartbeat {
            role: profile.role.into(),
            load: profile.load,
            free_arena: profile.free_arena,
            items,
            uptime_s: u32::try_from(now.as_seconds()).unwrap_or(u32::MAX),
            sent: traffic.sent,
            received: traffic.received,
            dropped: traffic.drops.total(),
        })
    }
}

/// For whom a frame is, by its header.
pub(super) fn destination(frame: &[u8]) -> Option<u16> {
    frame.get(6..8)?.try_into().ok().map(u16::from_le_bytes)
}

/// Under which number a frame was sent, by its header.
pub(super) fn source(frame: &[u8]) -> u16 {
    frame.get(4..6).and_then(|bytes| bytes.try_into().ok()).map_or(BROADCAST, u16::from_le_bytes)
}

pub(super) fn hello_of(profile: &Profile, wants_reply: bool) -> Message<'static> {
    Message::Hello(Hello {
        role: RoleCode::from(profile.role),
        wants_reply,
        message_limit: MESSAGE_LIMIT as u16,
        capacity: profile.capacity,
        variant: profile.variant,
        version: env!("CARGO_PKG_VERSION"),
    })
}
