//! What a link does to frames whatever its kind: who receives, what is lost, what arrives corrupted.

use crate::chip::frame::{RxFrame, TxFrame};
use crate::chip::link::{LinkModel, Position, reach};
use crate::chip::recent::Recent;
use crate::chip::rng::{Rng, Stream};
use crate::scenario::{Permille, Port};
use ruvllm_esp_core::arena::Arena;
use ruvllm_esp_core::units::Nanos;
use ruvllm_esp_core::wire::link::Framing;
use ruvllm_esp_core::wire::{FRAME_LIMIT, cobs};
use std::sync::Arc;

/// What a link brings to one of its members.
#[derive(Clone, Debug)]
pub enum Effect {
    /// A frame comes in at this member.
    Received(usize, RxFrame),
    /// The driver of this member has sent its oldest frame, and will know at that time.
    Sent(usize, Nanos),
}

/// What became of frames since the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MediumStats {
    /// Frames that took the medium.
    pub frames: u64,
    /// Their bytes on the medium.
    pub bytes: u64,
    /// Times that a frame reached one of those in reach, whole or corrupted.
    pub received: u64,
    /// Times that a frame did not reach one of those in reach.
    pub lost: u64,
    /// Of these, because two frames were on the air at once.
    pub collided: u64,
    /// Times that a frame reached somebody with bits changed.
    pub corrupted: u64,
    /// How long the medium was taken.
    pub busy: Nanos,
}

/// The part of a link that is the same for all kinds.
#[derive(Clone, Debug)]
pub struct Medium {
    /// What the kind is like.
    pub model: LinkModel,
    /// Who is on it.
    pub members: Vec<Port>,
    /// Frames lost at each receiver.
    pub loss: Permille,
    /// Frames corrupted at each receiver.
    pub corruption: Permille,
    /// Frames that arrive twice, at each receiver.
    pub duplication: Permille,
    /// Frames that others overtake, at each receiver.
    pub reordering: Permille,
    /// Extra time on the way.
    pub delay: Nanos,
    /// Does it carry nothing?
    pub is_cut: bool,
    /// The group of each member; who is in none receives from all.
    pub groups: Vec<Option<u16>>,
    /// Has the member power?
    pub powered: Vec<bool>,
    /// What became of frames.
    pub stats: MediumStats,
    /// For each member those in reach, with the share of frames that arrive; empty where all reach all.
    near: Vec<Vec<(usize, u16)>>,
    /// What leaves a driver arrives in order.
    latest: Vec<Nanos>,
    seed: u64,
    rng: Rng,
    recent: Recent,
}

impl Medium {
    /// An idle medium between `members`.
    pub fn new(model: LinkModel, members: Vec<Port>, mut rng: Rng) -> Self {
        let count = members.len();
        Self {
            model,
            members,
            loss: Permille(0),
            corruption: Permille(0),
            duplication: Permille(0),
            reordering: Permille(0),
            delay: Nanos(0),
            is_cut: false,
            groups: vec![None; count],
            powered: vec![false; count],
            stats: MediumStats::default(),
            near: Vec::new(),
            latest: vec![Nanos(0); count],
            seed: rng.number(),
            rng,
            recent: Recent::default(),
        }
    }

    /// Puts the members at positions in a plane; only who is near receives.
    pub fn set_positions(&mut self, positions: &[Position]) {
        let near = |from: &Position| {
            let shares = positions.iter().map(|to| reach(*from, *to)).enumerate();
            shares.filter(|(_, share)| *share > 0).collect()
        };
        self.near = positions.iter().map(near).collect();
    }

    /// Can a frame of `from` reach `to` at all?
    pub fn reaches(&self, from: usize, to: usize) -> bool {
        match self.near.get(from) {
            None => true,
            Some(near) => near.binary_search_by_key(&to, |(member, _)| *member).is_ok(),
        }
    }

    /// The medium is taken by a frame of `length` bytes for `time` from `at` on.
    pub fn takes(&mut self, at: Nanos, length: usize, time: Nanos) {
        self.stats.frames += 1;
        self.stats.bytes += self.model.on_line(length);
        self.stats.busy += time;
        self.recent.busy(at, time);
    }

    /// How busy the medium was lately, in thousandths; where frames pass side by side, their times add up.
    pub fn load(&self, now: Nanos) -> u16 {
        self.recent.load(now)
    }

    /// Brings a frame that has left the medium at `end` to whom it reaches; `corrupts` says at whom it collided.
    pub fn deliver(
        &mut self,
        frame: &TxFrame,
        end: Nanos,
        corrupts: impl Fn(&Self, usize) -> bool,
        out: &mut Vec<Effect>,
    ) {
        let load = self.load(end);
        let near = self.near.get(frame.member).cloned();
        let everyone = || (0..self.members.len()).map(|member| (member, 1000)).collect();
        for (member, share) in near.unwrap_or_else(everyone) {
            if member == frame.member || !self.powered[member] {
                continue;
            }
            if corrupts(self, member) {
                self.stats.collided += 1;
                self.stats.lost += 1;
            } else if self.is_lost(frame.member, member, share) {
                self.stats.lost += 1;
            } else {
                self.stats.received += 1;
                let at = self.arrives(member, end, load);
                let (from, port) = (self.members[frame.member].chip, self.members[member].port);
                let mut bring =
                    |at, bytes| out.push(Effect::Received(member, RxFrame { at, port, from, bytes }));
                let frames = if self.rng.happens(self.corruption.0) && !frame.bytes.is_empty() {
                    self.corrupted(&frame.bytes)
                } else {
                    vec![Arc::clone(&frame.bytes)]
                };
                if self.rng.happens(self.duplication.0) {
                    let (low, high) = LATE;
                    let late = at + self.rng.between(low, high);
                    frames.iter().for_each(|bytes| bring(late, Arc::clone(bytes)));
                }
                frames.into_iter().for_each(|bytes| bring(at, bytes));
            }
        }
    }

    /// Tells the sender that its driver has room again.
    pub fn sent(&mut self, member: usize, end: Nanos, out: &mut Vec<Effect>) {
        out.push(Effect::Sent(member, end + self.model.after.0));
    }

    /// What chance has in store for a frame before it takes the medium; whenever one asks, it is the same.
    pub fn chance_of(&self, frame: &TxFrame) -> Rng {
        Rng::new(self.seed, Stream::Frame(frame.member, frame.number))
    }

    fn is_lost(&mut self, from: usize, to: usize, share: u16) -> bool {
        let apart = matches!((self.groups[from], self.groups[to]), (Some(one), Some(other)) if one != other);
        self.is_cut
            || apart
            || self.rng.happens(self.loss.0)
            || (share < 1000 && self.rng.happens(1000 - share))
    }

    /// When the program of `member` has a frame that left the medium at `end`.
    fn arrives(&mut self, member: usize, end: Nanos, load: u16) -> Nanos {
        let (low, high) = self.model.after;
        let mut at = end + self.delay + self.rng.between(low, high);
        if low < high && self.rng.happens(load / TAIL_SHARE) {
            at += self.rng.between(TAIL.0, TAIL.1);
        }
        if self.rng.happens(self.reordering.0) {
            return at + self.rng.between(LATE.0, LATE.1);
        }
        // A driver hands frames on in the order in which they came in.
        let latest = &mut self.latest[member];
        *latest = at.max(*latest);
        *latest
    }

    /// What a receiver takes off the link for a frame of which bits were changed on the way. On a byte stream they are bits of
    /// the stuffed bytes: a frame may come out cut in two, or not at all.
    fn corrupted(&mut self, bytes: &[u8]) -> Vec<Arc<[u8]>> {
        self.stats.corrupted += 1;
        if self.model.kind.framing() != Framing::Stream {
            let mut bytes = bytes.to_vec();
            self.flip_bits(&mut bytes);
            return vec![bytes.into()];
        }
        let mut line = vec![0; cobs::stuffed_length(bytes.len())];
        let length = cobs::encode(bytes, &mut line, &mut ()).unwrap_or(0);
        line.truncate(length);
        self.flip_bits(&mut line);
        unstuffed(&line, self.model.kind.frame_limit())
    }

    fn flip_bits(&mut self, bytes: &mut [u8]) {
        for _ in 0..=self.rng.below(3) {
            let bit = self.rng.below(bytes.len() as u64 * 8) as usize;
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

/// The frames between the delimiters of a byte stream.
fn unstuffed(line: &[u8], limit: u16) -> Vec<Arc<[u8]>> {
    let mut memory = vec![0; FRAME_LIMIT + 64];
    let mut frames = Vec::new();
    if let Ok(mut decoder) = cobs::Decoder::carve(&mut Arena::new(&mut memory), limit) {
        for byte in line.iter().chain(&[cobs::DELIMITER]) {
            // What is no frame is dropped by the driver.
            frames.extend(decoder.push(*byte).ok().flatten().map(Arc::from));
        }
    }
    frames
}

/// How much later a frame comes that is overtaken, or comes again.
const LATE: (Nanos, Nanos) = (Nanos(1_000_000), Nanos(100_000_000));

/// What a busy radio adds now and then: round trips of 50 to 100 ms were seen when a chip sent each 30 ms (esp-now issue
/// 115), half of it each way. How often is assumed: one frame in ten when the air is full, in proportion below.
const TAIL: (Nanos, Nanos) = (Nanos(10_000_000), Nanos(45_000_000));
const TAIL_SHARE: u16 = 10;
