//! Wires: one frame at a time, and who waited takes turns.
//!
//! What becomes of a frame is known when it begins, so its arrival is announced one whole frame ahead.

use super::medium::{Effect, Medium, Offer};
use crate::chip::link::Discipline;
use ruvllm_esp_core::units::Nanos;

/// The wires of one link: one for all, or one in each direction.
#[derive(Clone, Debug)]
pub struct Bus {
    wires: Vec<Wire>,
}

#[derive(Clone, Debug, Default)]
struct Wire {
    /// Frames handed over, of each sender in order.
    waiting: Vec<Offer>,
    free: Nanos,
    /// Who sent last.
    last: usize,
}

impl Bus {
    /// Idle wires.
    pub fn new(medium: &Medium) -> Self {
        let count = if medium.model.discipline == Discipline::Duplex { medium.members } else { 1 };
        Self { wires: vec![Wire::default(); count.max(1)] }
    }

    /// Takes a frame for sending.
    pub fn offer(&mut self, offer: Offer) {
        let index = if self.wires.len() > 1 { offer.member } else { 0 };
        self.wires[index].waiting.push(offer);
    }

    /// Forgets what `member` wanted to send.
    pub fn silence(&mut self, member: usize) {
        self.wires.iter_mut().for_each(|wire| wire.waiting.retain(|offer| offer.member != member));
    }

    /// When a frame begins next.
    pub fn next(&self, medium: &Medium) -> Option<Nanos> {
        self.wires.iter().filter_map(|wire| wire.next(medium)).min()
    }

    /// Carries all frames that begin before `end`, in the order in which they begin.
    pub fn run(&mut self, medium: &mut Medium, end: Nanos, out: &mut Vec<Effect>) {
        loop {
            let begins = self.wires.iter_mut().filter_map(|wire| Some((wire.next(medium)?, wire)));
            match begins.min_by_key(|(begin, _)| *begin) {
                Some((begin, wire)) if begin < end => wire.carry(medium, begin, out),
                _ => return,
            }
        }
    }
}

impl Wire {
    fn next(&self, medium: &Medium) -> Option<Nanos> {
        let first = self.waiting.iter().map(|offer| offer.at).min()?;
        Some((first + medium.model.before.0).max(self.free))
    }

    fn carry(&mut self, medium: &mut Medium, begin: Nanos, out: &mut Vec<Effect>) {
        let ready = |offer: &Offer| offer.at + medium.model.before.0 <= begin;
        let turn = |member: usize| (member + medium.members - self.last - 1) % medium.members;
        let chosen = self.waiting.iter().enumerate().filter(|(_, offer)| ready(offer));
        let Some((index, _)) = chosen.min_by_key(|(_, offer)| (turn(offer.member), offer.at)) else { return };
        let offer = self.waiting.remove(index);
        let pass = medium.model.occupied(offer.bytes.len());
        let passes = passes(medium, offer.member);
        let end = begin + Nanos(pass.get() * passes);
        self.last = offer.member;
        self.free = end + medium.model.gap;
        medium.takes(begin, offer.bytes.len(), Nanos(pass.get() * passes));
        medium.deliver(&offer, end, |_, _| false, out);
        medium.sent(offer.member, end, out);
    }
}

/// How often a frame of `member` crosses the bus: a master fetches it, and where others are meant passes it on.
fn passes(medium: &Medium, member: usize) -> u64 {
    if medium.model.discipline != Discipline::Mastered {
        return 1;
    }
    let master = medium.powered.iter().position(|powered| *powered).unwrap_or(0);
    if member == master || medium.members <= 2 { 1 } else { 2 }
}
