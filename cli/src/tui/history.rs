//! What chips and links did lately, for the small curves.
//!
//! A view tells the present only. Here each keeps its last values, so that every source has curves, and none has to
//! remember.

use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::fleet::view::{ChipView, FleetView};
use std::collections::VecDeque;

/// How many values are kept: the longest curve there is room for.
const KEPT: usize = 120;

/// How many views make one value: half a second at ten views a second, so that a curve can be followed.
const VIEWS: u32 = 5;

/// The last values of one thing, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Track {
    values: VecDeque<u32>,
    sum: u64,
    last_total: u64,
}

impl Track {
    /// The values, oldest first.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = u32> + '_ {
        self.values.iter().copied()
    }

    /// The greatest value.
    pub fn most(&self) -> u32 {
        self.values.iter().copied().max().unwrap_or(0)
    }

    /// Takes a count as it is: what it grew by belongs to no value.
    fn skip(&mut self, total: u64) {
        self.last_total = total;
    }

    fn push(&mut self, value: u32) {
        if self.values.len() == KEPT {
            self.values.pop_front();
        }
        self.values.push_back(value);
    }

    /// Adds to what becomes the next value.
    fn add(&mut self, value: u32) {
        self.sum += u64::from(value);
    }

    /// Adds by how much a count that only grows has grown.
    fn count(&mut self, total: u64) {
        // A chip that boots counts from nothing.
        self.sum += if total >= self.last_total { total - self.last_total } else { total };
        self.last_total = total;
    }

    fn finish(&mut self, views: u32) {
        let value = u32::try_from(self.sum / u64::from(views.max(1))).unwrap_or(u32::MAX);
        self.push(value);
        self.sum = 0;
    }
}

/// The last values of a fleet.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// How busy each chip was, in hundredths.
    pub load: Vec<Track>,
    /// Frames that each chip sent and received.
    pub traffic: Vec<Track>,
    /// How busy each link was, in hundredths.
    pub links: Vec<Track>,
    now: Option<Micros>,
    views: u32,
}

impl History {
    /// Takes in a view at the end of a jump: what happened on the way would be one spike, and is left out.
    pub fn skip(&mut self, view: &FleetView) {
        if self.now.is_none_or(|now| view.now > now) {
            self.now = Some(view.now);
            self.fit(view);
        }
        for (traffic, chip) in self.traffic.iter_mut().zip(&view.chips) {
            traffic.skip(frames(chip));
        }
    }

    fn fit(&mut self, view: &FleetView) {
        self.load.resize(view.chips.len(), Track::default());
        self.traffic.resize(view.chips.len(), Track::default());
        self.links.resize(view.links.len(), Track::default());
    }

    /// Takes in a view. While time stands still nothing is added.
    pub fn update(&mut self, view: &FleetView) {
        let first = self.now.is_none();
        if self.now.is_some_and(|now| view.now <= now) {
            return;
        }
        self.now = Some(view.now);
        self.fit(view);
        for ((load, traffic), chip) in self.load.iter_mut().zip(&mut self.traffic).zip(&view.chips) {
            load.add(u32::from(chip.load.unwrap_or(0)));
            traffic.count(frames(chip));
            if first {
                // What was before is no traffic of now.
                traffic.sum = 0;
            }
        }
        for (track, link) in self.links.iter_mut().zip(&view.links) {
            track.add(u32::from(link.load));
        }
        self.views += 1;
        if self.views >= VIEWS {
            self.load.iter_mut().chain(&mut self.links).for_each(|track| track.finish(self.views));
            self.traffic.iter_mut().for_each(|track| track.finish(1));
            self.views = 0;
        }
    }
}

/// The frames that a chip sent and received.
fn frames(chip: &ChipView) -> u64 {
    let (sent, received, _) = chip.frames.unwrap_or_default();
    u64::from(sent) + u64::from(received)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_the_mean_load_and_the_traffic_since_the_last() {
        let mut history = History::default();
        for tenth in 0..=10 {
            let chip =
                ChipView { load: Some(40), frames: Some((tenth * 3, tenth, 0)), ..ChipView::default() };
            let view = FleetView {
                now: Micros(u64::from(tenth) * 100_000),
                chips: vec![chip],
                ..FleetView::default()
            };
            history.update(&view);
            // The same instant again changes nothing.
            history.update(&view);
        }
        assert_eq!(history.load[0].values().collect::<Vec<_>>(), [40, 40]);
        assert_eq!(history.traffic[0].values().collect::<Vec<_>>(), [16, 20]);
    }

    #[test]
    fn a_jump_is_no_spike() {
        let mut history = History::default();
        let view = |second: u32, sent| FleetView {
            now: Micros(u64::from(second) * 1_000_000),
            chips: vec![ChipView { frames: Some((sent, 0, 0)), ..ChipView::default() }],
            ..FleetView::default()
        };
        (1..=5).for_each(|second| history.update(&view(second, second)));
        history.skip(&view(1_000, 1_000));
        (1..=5).for_each(|later| history.update(&view(1_000 + later, 1_000 + later)));
        assert_eq!(history.traffic[0].values().collect::<Vec<_>>(), [4, 5]);
    }
}
