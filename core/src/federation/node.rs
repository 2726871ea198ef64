//! One chip's part in a fleet: frames and the time in, frames, lines and events out.

use super::member::{Heard, Members, Standing};
use super::{FleetEvent, Membership, Outgoing, Turn, pace};
use crate::arena::{Arena, NoRoom};
use crate::embed;
use crate::meter::Meter;
use crate::role::RoleKind;
use crate::units::Micros;
use crate::wire::endpoint::Traffic;
use crate::wire::frame::Header;
use crate::wire::message::{Heartbeat, Hello, RoleCode};
use crate::wire::{BROADCAST, Capacity, Delivery, Endpoint, Event, MESSAGE_LIMIT, Message, Settings};
use core::fmt;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Places for messages on their way out.
const OUTGOING: u32 = 8;
/// Places for messages of which not all fragments have come.
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
    /// How many items it holds.
    pub items: u32,
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
struct State {
    /// When the next heartbeat is due, in microseconds.
    next_beat: u64,
    /// Heartbeats and hellos sent.
    beats: u32,
    coordinator: u16,
    /// 1 once there is a coordinator.
    has_coordinator: u16,
}
const _: () = assert!(size_of::<State>() == 16);

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
}

/// One chip's part in a fleet.
#[derive(Debug)]
pub struct Node<'a> {
    membership: Membership,
    id: u16,
    state: &'a mut State,
    endpoint: Endpoint<'a>,
    members: Members<'a>,
}

impl<'a> Node<'a> {
    /// Takes the node's structures. All zeros is before its first tick.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small.
    pub fn carve(arena: &mut Arena<'a>, id: u16, membership: Membership) -> Result<Self, NoRoom> {
        let Membership { link, boot, key, peers, .. } = membership;
        let settings = Settings {
            address: id,
            boot,
            embedder: embed::VERSION,
            frame_limit: link.frame_limit(),
            timing: link.timing(),
            key,
        };
        let capacity = Capacity { peers, outgoing: OUTGOING, unfinished: UNFINISHED };
        Ok(Self {
            membership,
            id,
            state: arena.one("fleet state")?,
            endpoint: Endpoint::carve(arena, settings, capacity)?,
            members: Members::carve(arena, peers)?,
        })
    }

    /// The chips that were heard.
    pub fn members(&self) -> &Members<'a> {
        &self.members
    }

    /// What crossed the link.
    pub fn traffic(&self) -> &Traffic {
        self.endpoint.traffic()
    }

    /// How this chip sees its fleet.
    pub fn status(&self) -> Status {
        let count =
            |standing| self.members.iter().filter(|member| member.standing() == standing).count() as u32;
        Status {
            coordinator: (self.state.has_coordinator != 0).then_some(self.state.coordinator),
            alive: count(Standing::Alive),
            suspected: count(Standing::Suspected),
            lost: count(Standing::Lost),
        }
    }

    /// Takes a frame that came in at `port`, its framing removed.
    pub fn receive<M: Meter>(&mut self, port: u8, frame: &[u8], profile: &Profile, turn: &mut Turn<'_, M>) {
        let Ok(event) = self.endpoint.receive(frame, turn.now, turn.meter) else { return };
        let Event::Message { header, message } = event else { return };
        let heard = self.members.hear(&header, port, turn.now, turn.meter);
        tell_heard(heard, &header, turn);
        let source = header.source;
        match message {
            Message::Heartbeat(beat) => {
                self.members.beat(source, &beat, turn.now, turn.meter);
            }
            Message::Hello(hello) => {
                self.members.greet(source, hello.role, hello.capacity, turn.meter);
                if hello.wants_reply {
                    self.send(source, &hello_of(profile, false), turn);
                }
            }
            _ => {}
        }
    }

    /// Does what is due.
    pub fn tick<M: Meter>(&mut self, profile: &Profile, turn: &mut Turn<'_, M>) {
        while self.endpoint.expire(turn.now).is_some() {}
        if turn.now.get() < self.state.next_beat {
            return;
        }
        let interval = pace::interval(self.members.counted().saturating_add(1));
        let wait = pace::jittered(interval, self.id, profile.seed, self.state.beats);
        self.state.next_beat = turn.now.get().saturating_add(wait.get());
        let first = self.state.beats == 0;
        self.state.beats = self.state.beats.saturating_add(1);
        if first {
            self.send(BROADCAST, &hello_of(profile, true), turn);
        }
        self.send(BROADCAST, &self.heartbeat(profile, turn.now), turn);
        let Turn { now, meter, observer, .. } = turn;
        self.members.check(*now, *meter, |id, standing| {
            observer.event(&match standing {
                Standing::Lost => FleetEvent::PeerLost { id },
                _ => FleetEvent::PeerSuspected { id },
            });
        });
        self.elect(turn);
    }

    /// The lowest address that is not lost coordinates.
    fn elect<M: Meter>(&mut self, turn: &mut Turn<'_, M>) {
        let lowest = self.members.lowest().map_or(self.id, |lowest| lowest.min(self.id));
        // A chip that has just booted listens before it takes itself for the first.
        if lowest == self.id && self.state.beats < 3 {
            return;
        }
        if self.state.has_coordinator == 0 || self.state.coordinator != lowest {
            (self.state.has_coordinator, self.state.coordinator) = (1, lowest);
            turn.observer.event(&FleetEvent::CoordinatorChosen { id: lowest });
        }
    }

    /// Writes the next frame for a link to `out`, and says which link; `None` when there is nothing to send now.
    pub fn transmit<M: Meter>(&mut self, out: &mut [u8], now: Micros, meter: &mut M) -> Option<Outgoing> {
        let length = self.endpoint.transmit(out, now, meter)?;
        Some(Outgoing { length, port: 0 })
    }

    /// When to call [`Node::tick`] and [`Node::transmit`] next, if nothing comes in before.
    pub fn wake_at(&self, now: Micros) -> Micros {
        let beat = Micros(self.state.next_beat.max(now.get()));
        self.endpoint.wake_at(now).map_or(beat, |wake| wake.min(beat))
    }

    /// Writes the reply to `fleet`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_status(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let status = self.status();
        write!(out, "fleet: id={} topology={} ", self.id, self.membership.topology.name())?;
        match status.coordinator {
            Some(id) => write!(out, "coordinator={id} ")?,
            None => out.write_str("coordinator=none ")?,
        }
        write!(out, "alive={} suspected={} lost={} ", status.alive, status.suspected, status.lost)?;
        writeln!(out, "replicas={}", self.membership.replicas)
    }

    fn heartbeat(&self, profile: &Profile, now: Micros) -> Message<'static> {
        let traffic = self.endpoint.traffic();
        Message::Heartbeat(Heartbeat {
            role: profile.role.into(),
            load: profile.load,
            free_arena: profile.free_arena,
            items: profile.items,
            uptime_s: u32::try_from(now.as_seconds()).unwrap_or(u32::MAX),
            sent: traffic.sent,
            received: traffic.received,
            dropped: traffic.drops.total(),
        })
    }

    /// Sends `message` once; what is lost is asked for again by whoever needs it.
    fn send<M: Meter>(&mut self, to: u16, message: &Message<'_>, turn: &mut Turn<'_, M>) -> bool {
        self.endpoint.send(to, Delivery::Plain, message, turn.now, turn.meter).is_ok()
    }
}

fn hello_of(profile: &Profile, wants_reply: bool) -> Message<'static> {
    Message::Hello(Hello {
        role: RoleCode::from(profile.role),
        wants_reply,
        message_limit: MESSAGE_LIMIT as u16,
        capacity: profile.capacity,
        variant: profile.variant,
        version: env!("CARGO_PKG_VERSION"),
    })
}

fn tell_heard<M: Meter>(heard: Heard, header: &Header, turn: &mut Turn<'_, M>) {
    let id = header.source;
    match heard {
        Heard::New => turn.observer.event(&FleetEvent::PeerHeard { id }),
        Heard::Rebooted => turn.observer.event(&FleetEvent::PeerRebooted { id }),
        Heard::Again | Heard::NoPlace => {}
    }
}
