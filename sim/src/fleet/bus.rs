//! Wires: one frame at a time, and who waited takes turns.
//!
//! What becomes of a frame is known when it begins, so its arrival is announced one whole frame ahead.

use super::medium::{Effect, Medium};
use crate::chip::frame::TxFrame;
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
    waiting: Vec<TxFrame>,
    free: Nanos,
    /// Who sent last.
    last: usize,
}

impl Bus {
    /// Idle wires.
    pub fn new(medium: &Medium) -> Self {
        let count = if medium.model.discipline == Discipline::Duplex { medium.members.len() } else { 1 };
        Self { wires: vec![Wire::default(); count.max(1)] }
    }

    /// Takes a frame for sending.
    pub fn offer(&mut self, frame: TxFrame) {
        let index = if self.wires.len() > 1 { frame.member } else { 0 };
        self.wires[index].waiting.push(frame);
    }

    /// Forgets what `member` wanted to send.
    pub fn silence(&mut self, member: usize) {
        self.wires.iter_mut().for_each(|wire| wire.waiting.retain(|frame| frame.member != member));
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
        let first = self.waiting.iter().map(|frame| frame.at).min()?;
        Some((first + medium.model.before.0).max(self.free))
    }

    fn carry(&mut self, medium: &mut Medium, begin: Nanos, out: &mut Vec<Effect>) {
        let ready = |frame: &TxFrame| frame.at + medium.model.before.0 <= begin;
        let turn = |member: usize| (member + medium.members.len() - self.last - 1) % medium.members.len();
        let chosen = self.waiting.iter().enumerate().filter(|(_, frame)| ready(frame));
        let Some((index, _)) = chosen.min_by_key(|(_, frame)| (turn(frame.member), frame.at)) else { return };
        let frame = self.waiting.remove(index);
        let pass = medium.model.occupied(frame.bytes.len());
        let passes = passes(medium, frame.member);
        let end = begin + Nanos(pass.get() * passes);
        self.last = frame.member;
        self.free = end + medium.model.gap;
        medium.takes(begin, frame.bytes.len(), Nanos(pass.get() * passes));
        medium.deliver(&frame, end, |_, _| false, out);
        medium.sent(frame.member, end, out);
    }
}

/// How often a frame of `member` crosses the bus: a master fetches it, and where others are meant passes it on.
fn passes(medium: &Medium, member: usize) -> u64 {
    if medium.model.discipline != Discipline::Mastered {
        return 1;
    }
    let master = medium.powered.iter().position(|powered| *powered).unwrap_or(0);
    if member == master || medium.members.len() <= 2 { 1 } else { 2 }
}
