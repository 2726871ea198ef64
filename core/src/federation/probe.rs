//! Chips that may hold copies and have fallen silent are asked whether they live.
//!
//! Heartbeats of a large fleet are far apart, and eight of them have to be missed before a chip is lost: too long for an
//! item with one copy left. So a chip that was silent for two heartbeats is asked itself, up to [`pace::MAX_ADDS`] times,
//! one chip at a time. One that does not answer is suspected, and its copies are made again. The pause between two chips is
//! a share of the interval of heartbeats, so that all of them together cannot take more of the link than a fixed share.

use super::node::{Node, Profile, hello_of};
use super::rank::Pool;
use super::{Turn, pace};
use crate::meter::Meter;
use crate::role::AnyRole;
use crate::units::Micros;

impl Node<'_> {
    /// Asks the chip that is silent for longest, or gives it up.
    pub(super) fn tick_probe<M: Meter>(
        &mut self,
        role: &mut AnyRole<'_>,
        profile: &Profile,
        turn: &mut Turn<'_, M>,
    ) {
        if self.copies() < 2 || turn.now.get() < self.state.probe_at {
            return;
        }
        let chips = self.members.counted();
        let pool = Pool::of(profile.role.into(), profile.id, profile.role.into());
        let limit = pace::probe_after(chips.saturating_add(1));
        let silent = match role.items() {
            0 => None,
            _ => self.members.silent(turn.now, limit, |member| pool.takes(member), turn.meter),
        };
        let Some(id) = silent else { return self.rest_probe(&pool, turn) };
        if self.state.probed != id {
            (self.state.probed, self.state.probes) = (id, 0);
        }
        if self.state.probes >= u16::from(pace::MAX_ADDS) {
            self.state.probes = 0;
            self.suspect(id, role, turn);
            return self.rest_probe(&pool, turn);
        }
        let (link, topology) = (self.membership.link, self.membership.topology);
        let wait = pace::stored_wait(link, topology, chips, self.state.probes as u8);
        let is_sent = self.endpoint.post(id, &hello_of(profile, true));
        self.state.probes += u16::from(is_sent);
        self.state.probe_at = turn.now.get().saturating_add(wait.get());
    }

    /// Waits for the pause, and until a chip can have been silent for too long: an idle fleet is not woken in between.
    fn rest_probe<M: Meter>(&mut self, pool: &Pool, turn: &mut Turn<'_, M>) {
        let chips = self.members.counted().saturating_add(1);
        let pause = turn.now.get().saturating_add(pace::probe_pause(chips).get());
        let longest = self.members.silent(turn.now, Micros(0), |member| pool.takes(member), turn.meter);
        let member = longest.and_then(|id| self.members.get(id, turn.meter));
        let silence = member.map_or(Micros(0), |member| member.age(turn.now));
        let left = pace::probe_after(chips).get().saturating_sub(silence.get());
        self.state.probe_at = pause.max(turn.now.get().saturating_add(left).saturating_add(1));
    }
}
