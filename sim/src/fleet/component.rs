//! Chips that can reach each other, run in windows of time.
//!
//! No chip can learn of what another does sooner than the shortest lookahead of the links. So from the next thing that
//! happens anywhere, all chips run alone for that long, in any order and on any thread; then the links carry what was
//! offered, and what they bring lies behind the window. This is the conservative scheme of Chandy and Misra with one
//! barrier a window. What chips and links do follows from their own state and from the times of what reaches them, never
//! from where windows begin: dividing a run differently, or among more threads, changes nothing.

use super::channel::Channel;
use super::medium::Effect;
use crate::chip::Chip;
use rayon::prelude::*;
use ruvllm_esp_core::units::Nanos;

/// See the module.
#[derive(Debug)]
pub struct LinkComponent {
    /// The chips, by ascending index.
    pub chips: Vec<Chip>,
    /// The links, by ascending index.
    pub channels: Vec<Channel>,
    /// For each link its members as indices here.
    chip_locations: Vec<Vec<usize>>,
    lookahead: Nanos,
    /// When each chip and each link does something next.
    due: (Vec<Nanos>, Vec<Nanos>),
    effects: Vec<Effect>,
}

const NEVER: Nanos = Nanos(u64::MAX);

/// This many chips must have work in a window for it to be worth sharing out.
const WORTH_SHARING: usize = 24;

impl LinkComponent {
    /// A component of these; the members of the links are indices in the scenario.
    pub fn new(chips: Vec<Chip>, channels: Vec<Channel>) -> Self {
        let lookahead = channels.iter().map(|channel| channel.medium.model.lookahead()).min();
        let due = (vec![NEVER; chips.len()], vec![NEVER; channels.len()]);
        let local =
            |index| chips.binary_search_by_key(&index, |chip: &Chip| chip.index).unwrap_or(usize::MAX);
        let home = |channel: &Channel| channel.medium.members.iter().map(|port| local(port.chip)).collect();
        let chip_locations = channels.iter().map(home).collect();
        Self {
            chips,
            channels,
            chip_locations,
            lookahead: lookahead.unwrap_or(NEVER),
            due,
            effects: Vec::new(),
        }
    }

    /// The chip at `index` in the scenario, as an index here.
    pub fn local(&self, index: usize) -> Option<usize> {
        self.chips.binary_search_by_key(&index, |chip| chip.index).ok()
    }

    /// When something happens here next.
    pub fn next(&self) -> Option<Nanos> {
        let next = self.due.0.iter().chain(&self.due.1).min().copied();
        next.filter(|next| *next < NEVER)
    }

    /// Something was done to a chip from outside.
    pub fn touched(&mut self, local: usize) {
        self.due.0[local] = self.chips[local].next().unwrap_or(NEVER);
        for port in &self.chips[local].ports.all {
            self.due.1[port.channel] = self.channels[port.channel].next().unwrap_or(NEVER);
        }
    }

    /// Tells the links of a chip whether it has power.
    pub fn power(&mut self, local: usize, on: bool) {
        for port in &self.chips[local].ports.all {
            self.channels[port.channel].power(port.member, on);
        }
        self.touched(local);
    }

    /// Runs until `end`, which itself lies ahead; chips are shared out among threads where that is `worth` it.
    pub fn run(&mut self, end: Nanos, worth: bool) {
        while let Some(next) = self.next().filter(|next| *next < end) {
            let stop = (next + self.lookahead).min(end);
            self.run_chips(stop, worth);
            self.run_channels(stop);
        }
    }

    fn run_chips(&mut self, stop: Nanos, worth: bool) {
        let Self { chips, channels, due: (due, links), .. } = self;
        let active: Vec<usize> = (0..due.len()).filter(|index| due[*index] < stop).collect();
        let run = |chip: &mut Chip, due: &mut Nanos| {
            chip.run(stop);
            *due = chip.next().unwrap_or(NEVER);
        };
        if worth && active.len() >= WORTH_SHARING {
            let all = chips.par_iter_mut().zip(due.par_iter_mut()).with_min_len(WORTH_SHARING);
            all.filter(|(_, due)| **due < stop).for_each(|(chip, due)| run(chip, due));
        } else {
            active.iter().for_each(|index| run(&mut chips[*index], &mut due[*index]));
        }
        for index in active {
            for (at, frame) in chips[index].offered.drain(..) {
                let channel = &mut channels[at];
                channel.offer(frame);
                links[at] = channel.next().unwrap_or(NEVER);
            }
        }
    }

    fn run_channels(&mut self, stop: Nanos) {
        for index in 0..self.channels.len() {
            if self.due.1[index] >= stop {
                continue;
            }
            let mut effects = std::mem::take(&mut self.effects);
            self.channels[index].run(stop, &mut effects);
            self.due.1[index] = self.channels[index].next().unwrap_or(NEVER);
            effects.drain(..).for_each(|effect| self.bring(index, effect));
            self.effects = effects;
        }
    }

    fn bring(&mut self, channel: usize, effect: Effect) {
        let (Effect::Received(member, _) | Effect::Sent(member, _)) = effect;
        let local = self.chip_locations[channel][member];
        let chip = &mut self.chips[local];
        match effect {
            Effect::Sent(member, at) => {
                let port = self.channels[channel].medium.members[member].port;
                chip.ports.sent(port, at);
            }
            Effect::Received(_, frame) => chip.arrives(frame),
        }
        self.due.0[local] = chip.next().unwrap_or(NEVER);
    }
}
