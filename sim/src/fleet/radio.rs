//! The air: who receives nobody may send, and who receives two at once receives neither.
//!
//! CSMA with a random back-off as in IEEE 802.11 for frames that nobody acknowledges, which is what broadcasts of
//! ESP-NOW are: an interframe space, a number of slots that only count while the air is idle, and no second try. Two
//! chips that begin within one slot do not notice each other; two that are out of each other's reach never do.

use super::medium::{Effect, Medium};
use crate::chip::frame::TxFrame;
use crate::chip::link::{MAX_SLOTS, SLOT};
use ruvllm_esp_core::units::Nanos;

/// One channel.
#[derive(Clone, Debug, Default)]
pub struct Radio {
    waiting: Vec<Contender>,
    air: Vec<Transmission>,
}

#[derive(Clone, Debug)]
struct Contender {
    frame: TxFrame,
    /// When its slots began to count.
    counts: Nanos,
    slots: u64,
}

#[derive(Clone, Debug)]
struct Transmission {
    frame: TxFrame,
    begin: Nanos,
    end: Nanos,
    /// Who else was on the air meanwhile.
    clashes: Vec<usize>,
}

impl Contender {
    fn begins(&self) -> Nanos {
        self.counts + Nanos(self.slots * SLOT.get())
    }

    /// Stops counting at `begin`, and goes on when the air has rested after `end`.
    fn waits(&mut self, begin: Nanos, end: Nanos, gap: Nanos) {
        self.slots = self.slots.saturating_sub(begin.saturating_sub(self.counts).get() / SLOT.get());
        self.counts = self.counts.max(end + gap);
    }
}

impl Radio {
    /// Takes a frame for sending.
    pub fn offer(&mut self, medium: &Medium, frame: TxFrame) {
        let mut rng = medium.chance_of(&frame);
        let (low, high) = medium.model.before;
        let ready = frame.at + rng.between(low, high);
        let slots = rng.below(MAX_SLOTS + 1);
        self.waiting.push(Contender { frame, counts: ready + medium.model.gap, slots });
    }

    /// Forgets what `member` wanted to send; what it has on the air reaches nobody.
    pub fn silence(&mut self, member: usize) {
        self.waiting.retain(|contender| contender.frame.member != member);
        self.air.retain(|transmission| transmission.frame.member != member);
    }

    /// When a frame begins or ends next.
    pub fn next(&self) -> Option<Nanos> {
        let begins = self.waiting.iter().map(Contender::begins);
        begins.chain(self.air.iter().map(|transmission| transmission.end)).min()
    }

    /// Lets all frames begin and end that do so before `end`.
    pub fn run(&mut self, medium: &mut Medium, end: Nanos, out: &mut Vec<Effect>) {
        while let Some(next) = self.next().filter(|next| *next < end) {
            let ends =
                |transmission: &Transmission| (transmission.end == next).then_some(transmission.frame.member);
            // At one instant frames end before others begin, each in the order of the members.
            let ended = self.air.iter().enumerate().filter_map(|(index, on)| Some((ends(on)?, index))).min();
            if let Some((_, index)) = ended {
                let transmission = self.air.swap_remove(index);
                finish(medium, &transmission, out);
                continue;
            }
            let begins =
                |contender: &Contender| (contender.begins() == next).then_some(contender.frame.member);
            let begun =
                self.waiting.iter().enumerate().filter_map(|(index, one)| Some((begins(one)?, index))).min();
            if let Some((_, index)) = begun {
                self.begin(medium, index, next);
            }
        }
    }

    /// The contender's slots are over: it sends, or waits on where it has received somebody begin.
    fn begin(&mut self, medium: &mut Medium, index: usize, now: Nanos) {
        let gap = medium.model.gap;
        let member = self.waiting[index].frame.member;
        let received = self.air.iter().filter(|on| medium.reaches(on.frame.member, member));
        // A chip always knows of its own frame.
        let noticed = received.filter(|on| on.begin + SLOT <= now || on.frame.member == member);
        if let Some((begin, end)) = noticed.map(|on| (on.begin, on.end)).max_by_key(|(_, end)| *end) {
            self.waiting[index].waits(begin, end, gap);
            return;
        }
        let frame = self.waiting.swap_remove(index).frame;
        let end = now + medium.model.occupied(frame.bytes.len());
        medium.takes(now, frame.bytes.len(), end - now);
        // Those that will notice stop counting now: asked one by one later, a full air would cost the square of them.
        // A frame of later than now must not be looked at here, for it may not have been made yet.
        for other in self.waiting.iter_mut().filter(|other| other.frame.at <= now) {
            let own = other.frame.member == member;
            if own || (now + SLOT <= other.begins() && medium.reaches(member, other.frame.member)) {
                other.waits(now, end, gap);
            }
        }
        let clashes = self.air.iter().map(|on| on.frame.member).collect();
        self.air.iter_mut().for_each(|on| on.clashes.push(member));
        self.air.push(Transmission { frame, begin: now, end, clashes });
    }
}

fn finish(medium: &mut Medium, transmission: &Transmission, out: &mut Vec<Effect>) {
    let Transmission { frame, end, clashes, .. } = transmission;
    let corrupts = |medium: &Medium, member: usize| {
        clashes.iter().any(|other| *other == member || medium.reaches(*other, member))
    };
    medium.deliver(frame, *end, corrupts, out);
    medium.sent(frame.member, *end, out);
}
