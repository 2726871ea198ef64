//! What a fleet promised: items that were acknowledged, questions that were asked.

use crate::chip::record::{Record, What};
use ruvllm_esp_core::event::ChipEvent;
use ruvllm_esp_core::item::ItemId;
use ruvllm_esp_core::units::{Micros, Nanos};
use std::collections::{BTreeMap, BTreeSet};

/// A question to the fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// The chip that asked, by its index.
    pub chip: usize,
    /// When.
    pub asked: Nanos,
    /// How long the answer took, where there was one.
    pub took: Option<Nanos>,
    /// How many chips answered, and how many could have.
    pub chips: (u16, u16),
    /// Was something missing?
    pub partial: bool,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct AckLog {
    /// The items that were acknowledged to their sender, with what tells their content from other content.
    pub acknowledged: BTreeSet<(ItemId, u32)>,
    /// How many items were given up and reported as such.
    pub given_up: u64,
    /// The questions, by the time at which they were asked.
    pub questions: Vec<Question>,
    /// The index of each open question, by chip and number.
    open: BTreeMap<(usize, u32), usize>,
}

impl AckLog {
    /// Takes note of what happened; records come in their order.
    pub fn enter(&mut self, record: &Record) {
        let What::Event(event, _) = &record.what else { return };
        match *event {
            ChipEvent::ItemAcknowledged { item, check, .. } => {
                self.acknowledged.insert((item, check));
            }
            ChipEvent::ItemGivenUp { .. } => self.given_up += 1,
            ChipEvent::Asked { request, of } => {
                self.open.insert((record.chip, request), self.questions.len());
                let (chip, asked) = (record.chip, record.at);
                self.questions.push(Question { chip, asked, took: None, chips: (0, of), partial: true });
            }
            ChipEvent::Answered { request, chips, of, partial, .. } => {
                let index = self.open.remove(&(record.chip, request));
                if let Some(question) = index.and_then(|index| self.questions.get_mut(index)) {
                    question.took = Some(record.at - question.asked);
                    (question.chips, question.partial) = ((chips, of), partial);
                }
            }
            _ => {}
        }
    }

    /// The times that answers took, ascending.
    pub fn latencies(&self) -> Vec<Nanos> {
        let mut all: Vec<Nanos> = self.questions.iter().filter_map(|question| question.took).collect();
        all.sort_unstable();
        all
    }

    /// How many answers took how long, in buckets that double; upper edges.
    pub fn histogram(&self) -> Vec<(Micros, u32)> {
        let mut buckets: BTreeMap<u64, u32> = BTreeMap::new();
        for took in self.latencies() {
            *buckets.entry((took.get() / 1_000).max(1).next_power_of_two()).or_default() += 1;
        }
        buckets.into_iter().map(|(edge, count)| (Micros(edge), count)).collect()
    }
}

/// The smallest of the ascending `times` that this share of them, in thousandths, does not exceed.
pub fn quantile(times: &[Nanos], permille: u16) -> Option<Nanos> {
    let rank = (times.len() * usize::from(permille)).div_ceil(1000).max(1);
    times.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(at: u64, event: ChipEvent) -> Record {
        Record { at: Nanos(at), chip: 3, number: 0, what: What::Event(event, None) }
    }

    fn answered(request: u32) -> ChipEvent {
        ChipEvent::Answered { request, chips: 2, of: 3, partial: true, hits: 0, elapsed: Micros(0) }
    }

    #[test]
    fn an_answer_closes_its_question_and_a_number_may_come_again() {
        let mut ack_log = AckLog::default();
        let all = [
            record(1_000, ChipEvent::Asked { request: 0, of: 3 }),
            record(5_000, ChipEvent::Asked { request: 1, of: 3 }),
            record(9_000, answered(0)),
            record(20_000, ChipEvent::Asked { request: 1, of: 3 }),
            record(50_000, answered(1)),
            record(60_000, answered(1)),
        ];
        all.iter().for_each(|record| ack_log.enter(record));
        let took: Vec<_> = ack_log.questions.iter().map(|question| question.took).collect();
        assert_eq!(took, [Some(Nanos(8_000)), None, Some(Nanos(30_000))]);
        assert_eq!(ack_log.questions[0].chips, (2, 3));
        assert_eq!(ack_log.histogram(), [(Micros(8), 1), (Micros(32), 1)]);
    }

    #[test]
    fn quantiles_are_values_that_occurred() {
        let times: Vec<Nanos> = (1..=10).map(Nanos).collect();
        let of = |permille| quantile(&times, permille).map(Nanos::get);
        assert_eq!([of(0), of(500), of(950), of(1000)], [Some(1), Some(5), Some(10), Some(10)]);
        assert_eq!(quantile(&[], 500), None);
    }
}
