//! The table of peers: when each was last seen, and which are missing.
//!
//! A slot in the table is 40 bytes. A chip is looked for from the slot on that is its address modulo the number of slots,
//! so that chips numbered in a row are found at once. A chip gets a slot when it is first seen and keeps it when it falls silent, so that
//! its return is distinguished from its first word; only a lost chip gives way to another. How long a silence has to be
//! follows from how often that very chip spoke: no two chips need agree on how many they are.

use super::pace::{self, LOST_AFTER, SUSPECT_AFTER};
use crate::arena::{Arena, NoRoom};
use crate::meter::{Meter, Op};
use crate::units::Micros;
use crate::wire::frame::Header;
use crate::wire::message::{Heartbeat, RoleCode};
use core::fmt;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Whether a chip is alive, judged by the time since its last frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// It was seen recently.
    Alive,
    /// It is silent for too long, or did not answer.
    Suspected,
    /// It is taken for dead.
    Lost,
}

impl Liveness {
    /// The name used in replies.
    pub const fn name(self) -> &'static str {
        match self {
            Liveness::Alive => "alive",
            Liveness::Suspected => "suspected",
            Liveness::Lost => "lost",
        }
    }
}

const ALIVE: u8 = 1;
const SUSPECTED: u8 = 2;
const LOST: u8 = 3;

/// One peer. All zeros: unused.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Member {
    /// When a frame of it last came, in microseconds.
    received_at: u64,
    /// When its last heartbeat came, in microseconds.
    beat_at: u64,
    /// The time between its heartbeats, in milliseconds; 0 where too few came to say.
    gap_ms: u32,
    boot: u32,
    items: u32,
    nonce: u16,
    /// 1 where another board is alive under the same address.
    duplicate: u16,
    id: u16,
    role: u8,
    embedder: u8,
    load: u8,
    /// 0: unused, else as [`Liveness`].
    liveness: u8,
    /// The port at which it is seen first.
    port: u8,
    /// 1 where it came or went and not all items were checked since.
    changed: u8,
}
const _: () = assert!(size_of::<Member>() == 40);

impl Member {
    /// Its address.
    pub fn id(&self) -> u16 {
        self.id
    }

    /// Its role, where it is known here.
    pub fn role(&self) -> RoleCode {
        RoleCode(self.role)
    }

    /// The version of its embedder.
    pub fn embedder(&self) -> u8 {
        self.embedder
    }

    /// How many items it said that it holds.
    pub fn items(&self) -> u32 {
        self.items
    }

    /// How busy it said that it is, in hundredths.
    pub fn load(&self) -> u8 {
        self.load
    }

    /// How often it has booted.
    pub fn boot(&self) -> u32 {
        self.boot
    }

    /// The port at which it is seen first.
    pub fn port(&self) -> u8 {
        self.port
    }

    /// How long ago it was seen.
    pub fn age(&self, now: Micros) -> Micros {
        Micros(now.get().saturating_sub(self.received_at))
    }

    /// Does it live?
    pub fn liveness(&self) -> Liveness {
        match self.liveness {
            ALIVE => Liveness::Alive,
            SUSPECTED => Liveness::Suspected,
            _ => Liveness::Lost,
        }
    }

    /// Was it seen recently?
    pub fn is_alive(&self) -> bool {
        self.liveness == ALIVE
    }

    /// Is it not lost?
    pub fn is_counted(&self) -> bool {
        matches!(self.liveness, ALIVE | SUSPECTED)
    }

    /// Did it come or go, and were not all items looked at since?
    pub fn has_changed(&self) -> bool {
        self.changed != 0
    }

    /// How long it may be silent for each interval that is allowed it.
    fn interval(&self, slots: u32) -> Micros {
        let (least, most) = (pace::MIN_INTERVAL, pace::interval(slots.saturating_add(1)));
        match self.gap_ms {
            0 => most,
            gap => Micros((u64::from(gap) * 1000).clamp(least.get(), most.get().saturating_mul(2))),
        }
    }

    fn take_beat(&mut self, now: Micros) {
        if self.beat_at != 0 {
            let gap = now.get().saturating_sub(self.beat_at) / 1000;
            let gap = u32::try_from(gap).unwrap_or(u32::MAX);
            // A gap with a lost heartbeat in it is remembered for a while: a lossy link is given more time.
            self.gap_ms = gap.max(self.gap_ms - self.gap_ms / 8);
        }
        self.beat_at = now.get().max(1);
    }
}

/// What the arrival of a frame says of its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerChange {
    /// Nothing new.
    Again,
    /// It was not known, or missing.
    New,
    /// It booted since.
    Rebooted,
    /// No slot is left for it.
    NoSlot,
}

/// The chips that were seen.
#[derive(Debug)]
pub struct Members<'a> {
    slots: &'a mut [Member],
}

impl<'a> Members<'a> {
    /// Slots for `capacity` chips.
    ///
    /// # Errors
    /// [`NoRoom`] when the arena is too small.
    pub fn carve(arena: &mut Arena<'a>, capacity: u32) -> Result<Self, NoRoom> {
        Ok(Self { slots: arena.slice("members", capacity)? })
    }

    /// The chips that were ever seen and kept their slot, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Member> + Clone + '_ {
        self.slots.iter().filter(|member| member.liveness != 0)
    }

    /// Each chip with its slot.
    pub fn slots(&self) -> impl Iterator<Item = (usize, &Member)> + Clone + '_ {
        self.slots.iter().enumerate().filter(|(_, member)| member.liveness != 0)
    }

    /// The number of slots.
    pub fn capacity(&self) -> u32 {
        self.slots.len() as u32
    }

    /// How many chips are not lost.
    pub fn counted(&self) -> u32 {
        self.iter().filter(|member| member.is_counted()).count() as u32
    }

    /// The chip at address `id`.
    pub fn get<M: Meter>(&self, id: u16, meter: &mut M) -> Option<&Member> {
        self.slots.get(self.slot_of(id, meter)?)
    }

    /// The slot of the chip at address `id`.
    pub fn slot_of<M: Meter>(&self, id: u16, meter: &mut M) -> Option<usize> {
        // No slot becomes free again, so a chip is never behind one that is.
        let liveness = |slot: &usize| self.slots.get(*slot).map_or(0, |member| member.liveness);
        let is_it = |slot: &usize| self.slots.get(*slot).is_some_and(|member| member.id == id);
        let slots = self.slots_from_home(id).take_while(|slot| liveness(slot) != 0);
        let mut looked_at = 1;
        let found = slots.inspect(|_| looked_at += 1).find(is_it);
        meter.record(Op::Scan, looked_at);
        found
    }

    fn get_mut<M: Meter>(&mut self, id: u16, meter: &mut M) -> Option<&mut Member> {
        let slot = self.slot_of(id, meter)?;
        self.slots.get_mut(slot)
    }

    /// All slots, from the one at which the chip at address `id` is looked for first.
    fn slots_from_home(&self, id: u16) -> impl Iterator<Item = usize> + use<> {
        let count = self.slots.len();
        let home = usize::from(id) % count.max(1);
        (home..count).chain(0..home)
    }

    /// The lowest address of the chips that are not lost.
    pub fn lowest(&self) -> Option<u16> {
        self.iter().filter(|member| member.is_counted()).map(|member| member.id).min()
    }

    /// A frame came from the sender in `header`, at `port`.
    pub fn on_frame<M: Meter>(
        &mut self,
        header: &Header,
        port: u8,
        now: Micros,
        meter: &mut M,
    ) -> PeerChange {
        let fresh = Member {
            id: header.source,
            boot: header.boot,
            nonce: header.nonce,
            embedder: header.embedder,
            role: u8::MAX,
            liveness: LOST,
            ..Member::default()
        };
        let known = self.slot_of(header.source, meter);
        let slot = known.or_else(|| self.slot_for_another(header.source));
        let Some(member) = slot.and_then(|slot| self.slots.get_mut(slot)) else { return PeerChange::NoSlot };
        if known.is_none() {
            *member = fresh;
        }
        let was = member.liveness;
        let is_another = (member.boot, member.nonce) != (header.boot, header.nonce);
        // Two boards in turn are no reboot of either.
        let rebooted = is_another && member.duplicate == 0;
        if rebooted {
            *member = Member { liveness: was, ..fresh };
        }
        (member.boot, member.nonce) = (header.boot, header.nonce);
        (member.liveness, member.received_at, member.port) = (ALIVE, now.get(), port);
        member.embedder = header.embedder;
        if was != ALIVE || rebooted {
            member.changed = 1;
        }
        match (rebooted, was) {
            (true, _) => PeerChange::Rebooted,
            (false, ALIVE) => PeerChange::Again,
            (false, _) => PeerChange::New,
        }
    }

    /// The first free slot from the home of chip `id` on, or that of the chip lost longest.
    fn slot_for_another(&self, id: u16) -> Option<usize> {
        let liveness = |slot: usize| self.slots.get(slot).map(|member| (member.liveness, member.received_at));
        let free =
            self.slots_from_home(id).find(|slot| liveness(*slot).is_some_and(|(liveness, _)| liveness == 0));
        free.or_else(|| {
            let lost = self.slots_from_home(id).filter_map(|slot| Some((slot, liveness(slot)?)));
            lost.filter(|(_, (liveness, _))| *liveness == LOST)
                .min_by_key(|(_, (_, at))| *at)
                .map(|(slot, _)| slot)
        })
    }

    /// A heartbeat of chip `id` came; says whether it has another role than before.
    pub fn beat<M: Meter>(&mut self, id: u16, beat: &Heartbeat, now: Micros, meter: &mut M) -> bool {
        let Some(member) = self.get_mut(id, meter) else { return false };
        member.take_beat(now);
        (member.items, member.load) = (beat.items, beat.load);
        let has_turned = member.role != beat.role.0;
        (member.role, member.changed) = (beat.role.0, member.changed | u8::from(has_turned));
        has_turned
    }

    /// A hello of chip `id` came; says whether it has another role than before.
    pub fn greet<M: Meter>(&mut self, id: u16, role: RoleCode, meter: &mut M) -> bool {
        let Some(member) = self.get_mut(id, meter) else { return false };
        let has_turned = member.role != role.0;
        (member.role, member.changed) = (role.0, member.changed | u8::from(has_turned));
        has_turned
    }

    /// The chip that can be asked whether it lives: of those alive that `may` hold items, the one silent for longest, where
    /// that is longer than `limit`.
    pub fn silent<M: Meter>(
        &self,
        now: Micros,
        limit: Micros,
        may: impl Fn(&Member) -> bool,
        meter: &mut M,
    ) -> Option<u16> {
        meter.record(Op::Scan, self.slots.len() as u32);
        let silent = self.iter().filter(|member| member.is_alive() && member.age(now) > limit && may(member));
        silent.min_by_key(|member| (member.received_at, member.id)).map(|member| member.id)
    }

    /// Chip `id` did not answer; says whether that is news.
    pub fn suspect<M: Meter>(&mut self, id: u16, meter: &mut M) -> bool {
        match self.get_mut(id, meter) {
            Some(member) if member.liveness == ALIVE => {
                member.liveness = SUSPECTED;
                true
            }
            _ => false,
        }
    }

    /// Tells `changed` of each chip whose silence has become too long, and what it was until now.
    pub fn check<M: Meter>(
        &mut self,
        now: Micros,
        meter: &mut M,
        mut changed: impl FnMut(u16, Liveness, Liveness),
    ) {
        meter.record(Op::Scan, self.slots.len() as u32);
        let slots = self.slots.len() as u32;
        for member in self.slots.iter_mut().filter(|member| matches!(member.liveness, ALIVE | SUSPECTED)) {
            let (silence, interval) = (member.age(now).get(), member.interval(slots).get());
            if silence > interval.saturating_mul(u64::from(LOST_AFTER)) {
                let was = member.liveness();
                (member.liveness, member.changed) = (LOST, 1);
                changed(member.id, was, Liveness::Lost);
            } else if member.liveness == ALIVE && silence > interval.saturating_mul(u64::from(SUSPECT_AFTER))
            {
                member.liveness = SUSPECTED;
                changed(member.id, Liveness::Alive, Liveness::Suspected);
            }
        }
    }

    /// Two boards are alive under address `id`.
    pub fn mark_duplicate<M: Meter>(&mut self, id: u16, meter: &mut M) {
        if let Some(member) = self.get_mut(id, meter) {
            member.duplicate = 1;
        }
    }

    /// Is there another board under the same address as member `id`?
    pub fn is_duplicate(&self, id: u16) -> bool {
        self.iter().any(|member| member.id == id && member.duplicate != 0)
    }

    /// Those of whom `remains` says that two are alive under one address stay marked.
    pub fn clear_duplicates(&mut self, remains: impl Fn(u16) -> bool) {
        for member in self.slots.iter_mut().filter(|member| member.duplicate != 0) {
            member.duplicate = u16::from(remains(member.id));
        }
    }

    /// All items were checked: no member counts as changed any more.
    pub fn settle(&mut self) {
        self.slots.iter_mut().for_each(|member| member.changed = 0);
    }

    /// Writes the reply to `peers`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, now: Micros, out: &mut dyn fmt::Write) -> fmt::Result {
        if self.iter().next().is_none() {
            return out.write_str("peers: (none)\n");
        }
        writeln!(out, "peers: {}", self.counted())?;
        let mut after = None;
        while let Some(member) = self.next_by_id(after) {
            after = Some(member.id);
            let age = member.age(now).get() / 1000;
            write!(out, "  id={} role=", member.id)?;
            match member.role().role() {
                Some(role) => out.write_str(role.alias())?,
                None => out.write_str("unknown")?,
            }
            write!(out, " items={} load={} boot={}", member.items, member.load, member.boot)?;
            write!(out, " age={}.{:03} {}", age / 1000, age % 1000, member.liveness().name())?;
            out.write_str(if member.duplicate == 0 { "\n" } else { " duplicate\n" })?;
        }
        Ok(())
    }

    fn next_by_id(&self, after: Option<u16>) -> Option<&Member> {
        self.iter()
            .filter(|member| after.is_none_or(|after| member.id > after))
            .min_by_key(|member| member.id)
    }
}
