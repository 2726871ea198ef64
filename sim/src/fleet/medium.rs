//! What a link does to frames whatever its kind: who receives, what is lost, what arrives corrupted.

use crate::chip::link::{LinkModel, Position, reach};
use crate::chip::recent::Recent;
use crate::chip::rng::{Rng, Stream};
use crate::scenario::Permille;
use ruvllm_esp_core::units::Nanos;
use std::sync::Arc;

/// A frame that a chip's program handed to its driver.
#[derive(Clone, Debug)]
pub struct Offer {
    /// When it was handed over.
    pub at: Nanos,
    /// Who sends, as an index among the members of the link.
    pub member: usize,
    /// How many frames the member had offered before.
    pub number: u64,
    /// The bytes, without the framing of the link.
    pub bytes: Arc<[u8]>,
}

/// What a link brings to a chip.
#[derive(Clone, Debug)]
pub struct Effect {
    /// When the chip's program can know.
    pub at: Nanos,
    /// The chip, as an index among the members.
    pub member: usize,
    /// A frame, or that the driver has room again.
    pub what: Brought,
}

/// See [`Effect`].
#[derive(Clone, Debug)]
pub enum Brought {
    /// A frame came in.
    Frame {
        /// Who sent it, as an index among the members.
        from: usize,
        /// Its bytes.
        bytes: Arc<[u8]>,
    },
    /// The oldest frame of this chip has left its driver.
    Sent,
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
    /// How many chips are on it.
    pub members: usize,
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
    /// An idle medium between `members` chips.
    pub fn new(model: LinkModel, members: usize, mut rng: Rng) -> Self {
        Self {
            model,
            members,
            loss: Permille(0),
            corruption: Permille(0),
            duplication: Permille(0),
            reordering: Permille(0),
            delay: Nanos(0),
            is_cut: false,
            groups: vec![None; members],
            powered: vec![false; members],
            stats: MediumStats::default(),
            near: Vec::new(),
            latest: vec![Nanos(0); members],
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

    /// Can `to` receive `from` at all?
    pub fn hears(&self, from: usize, to: usize) -> bool {
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
        offer: &Offer,
        end: Nanos,
        corrupts: impl Fn(&Self, usize) -> bool,
        out: &mut Vec<Effect>,
    ) {
        let load = self.load(end);
        let near = self.near.get(offer.member).cloned();
        let everyone = || (0..self.members).map(|member| (member, 1000)).collect();
        for (member, share) in near.unwrap_or_else(everyone) {
            if member == offer.member || !self.powered[member] {
                continue;
            }
            if corrupts(self, member) {
                self.stats.collided += 1;
                self.stats.lost += 1;
            } else if self.is_lost(offer.member, member, share) {
                self.stats.lost += 1;
            } else {
                self.stats.received += 1;
                let at = self.arrives(member, end, load);
                let bytes = self.maybe_corrupted(&offer.bytes);
                if self.rng.happens(self.duplication.0) {
                    let (low, high) = LATE;
                    let at = at + self.rng.between(low, high);
                    let what = Brought::Frame { from: offer.member, bytes: Arc::clone(&bytes) };
                    out.push(Effect { at, member, what });
                }
                let what = Brought::Frame { from: offer.member, bytes };
                out.push(Effect { at, member, what });
            }
        }
    }

    /// Tells the sender that its driver has room again.
    pub fn sent(&mut self, member: usize, end: Nanos, out: &mut Vec<Effect>) {
        out.push(Effect { at: end + self.model.after.0, member, what: Brought::Sent });
    }

    /// What chance has in store for a frame before it takes the medium; whenever one asks, it is the same.
    pub fn chance_of(&self, offer: &Offer) -> Rng {
        Rng::new(self.seed, Stream::Frame(offer.member, offer.number))
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

    fn maybe_corrupted(&mut self, bytes: &Arc<[u8]>) -> Arc<[u8]> {
        if !self.rng.happens(self.corruption.0) || bytes.is_empty() {
            return Arc::clone(bytes);
        }
        self.stats.corrupted += 1;
        let mut corrupted = bytes.to_vec();
        for _ in 0..=self.rng.below(3) {
            let bit = self.rng.below(corrupted.len() as u64 * 8) as usize;
            corrupted[bit / 8] ^= 1 << (bit % 8);
        }
        corrupted.into()
    }
}

/// How much later a frame comes that is overtaken, or comes again.
const LATE: (Nanos, Nanos) = (Nanos(1_000_000), Nanos(100_000_000));

/// What a busy radio adds now and then: round trips of 50 to 100 ms were seen when a chip sent each 30 ms (esp-now issue
/// 115), half of it each way. How often is assumed: one frame in ten when the air is full, in proportion below.
const TAIL: (Nanos, Nanos) = (Nanos(10_000_000), Nanos(45_000_000));
const TAIL_SHARE: u16 = 10;
