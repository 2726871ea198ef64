//! What fails and when, with chance drawn.

use super::plan::{FaultKind, FaultPlan, Scenario, When};
use super::rng::{Rng, Stream};
use ruvllm_esp_core::units::Micros;

/// Something fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultEvent {
    /// When.
    pub at: Micros,
    /// What; drawn by chance, with one chip or link.
    pub fault: FaultKind,
    /// When it ends, where it ends by itself before the scenario does.
    pub ends: Option<Micros>,
}

/// Most faults that chance may bring.
pub const MAX_FAULTS: u64 = 100_000;

impl Scenario {
    /// All that fails, by ascending time; at one time in the order of the file.
    pub fn fault_events(&self) -> Vec<FaultEvent> {
        let mut events = Vec::new();
        for (index, plan) in self.faults.iter().enumerate() {
            match plan.when {
                When::At(at) => events.push(plan.event(at, plan.fault.clone())),
                When::Rng { gap, from, until } => {
                    let mut rng = Rng::new(self.seed, Stream::Fault(index));
                    let mut at = from.get().saturating_add(rng.wait(gap).get());
                    while at < until.get() && events.len() < MAX_FAULTS as usize {
                        events.push(plan.event(Micros(at), plan.fault.one(&mut rng)));
                        at = at.saturating_add(rng.wait(gap).get());
                    }
                }
            }
        }
        events.retain(|event| event.at <= self.until);
        events.sort_by_key(|event| event.at);
        events
    }
}

impl FaultPlan {
    fn event(&self, at: Micros, fault: FaultKind) -> FaultEvent {
        let ends = self.lasts.map(|lasts| Micros(at.get().saturating_add(lasts.get())));
        FaultEvent { at, fault, ends }
    }
}

impl FaultKind {
    /// The word in files.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Crash(_) => "crash",
            Self::Reboot(_) => "reboot",
            Self::PowerCut(_) => "power-cut",
            Self::Partition(_) => "partition",
            Self::Cut(_) => "cut",
            Self::Loss(..) => "loss",
            Self::Corruption(..) => "corruption",
            Self::Jam(_) => "jam",
            Self::Skew(..) => "skew",
        }
    }

    /// The same for one of the chips or links; a partition is always whole.
    fn one(&self, rng: &mut Rng) -> Self {
        let mut fault = self.clone();
        if let Self::Crash(indices)
        | Self::Reboot(indices)
        | Self::PowerCut(indices)
        | Self::Cut(indices)
        | Self::Loss(indices, _)
        | Self::Corruption(indices, _)
        | Self::Jam(indices)
        | Self::Skew(indices, _) = &mut fault
        {
            let chosen = rng.below(indices.len() as u64) as usize;
            *indices = indices.get(chosen).copied().into_iter().collect();
        }
        fault
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_strikes_all_and_chance_one_at_a_time() {
        let by_chance =
            When::Rng { gap: Micros(500_000), from: Micros::seconds(10), until: Micros::seconds(60) };
        let plan = |when, fault| FaultPlan { when, fault, lasts: Some(Micros(9)) };
        let scenario = Scenario {
            until: Micros::seconds(50),
            faults: vec![
                plan(by_chance, FaultKind::Crash(vec![3, 8])),
                plan(When::At(Micros::seconds(5)), FaultKind::Cut(vec![0, 1])),
                plan(When::At(Micros::seconds(51)), FaultKind::Cut(vec![0])),
            ],
            ..Scenario::default()
        };
        let events = scenario.fault_events();
        assert_eq!(
            (&events[0].fault, events[0].ends),
            (&FaultKind::Cut(vec![0, 1]), Some(Micros(5_000_009)))
        );
        let crashes = &events[1..];
        // Two a second for forty seconds.
        assert!(crashes.len().abs_diff(80) < 25, "{}", crashes.len());
        let struck =
            |chip| crashes.iter().filter(|event| event.fault == FaultKind::Crash(vec![chip])).count();
        assert!(struck(3) > 20 && struck(8) > 20 && struck(3) + struck(8) == crashes.len());
        assert!(events.is_sorted_by_key(|event| event.at));
        assert_eq!(scenario.fault_events(), events);
    }
}
