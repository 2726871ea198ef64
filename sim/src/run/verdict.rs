//! How a run ended: one value from which the exit code, the text and the JSON all come.

use super::judge::Judged;
use crate::figure::{Banded, Figure, Kind};
use ruvllm_esp_core::units::{Cycles, Micros, Nanojoules, Nanos};
use schemars::JsonSchema;
use serde::Serialize;

/// How a run ended.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ScenarioVerdict {
    /// The scenario.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// Virtual time at its end, in microseconds.
    pub ended_us: u64,
    /// Whether it went on to its end.
    pub complete: bool,
    /// Whether it was complete and no expectation that was due was missed.
    pub passed: bool,
    /// The expectations, in the order of the file.
    pub expectations: Vec<Judged>,
    /// The chips.
    pub chips: Vec<ChipReport>,
    /// How long questions to the fleet took.
    pub latency: Latency,
    /// What became of frames.
    pub frames: Frames,
    /// What became of the items that the fleet was given.
    pub items: Items,
    /// How often something failed, faults of the scenario.
    pub faults: u64,
    /// What the members consumed together.
    pub energy: Figure<Nanojoules>,
    /// The hostile chips, which count nowhere else but in `chips` and `frames`.
    pub attackers: Attackers,
}

/// The hostile chips together.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Attackers {
    /// How many there are.
    pub chips: usize,
    /// Frames that they sent.
    pub sent: u64,
    /// Frames of theirs that members took for good.
    pub accepted: u64,
    /// What they consumed.
    pub energy: Figure<Nanojoules>,
}

/// One chip at the end.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChipReport {
    /// Its name.
    pub name: String,
    /// Its address.
    pub id: u16,
    /// Its kind.
    pub variant: &'static str,
    /// Its role.
    pub role: &'static str,
    /// Is it no member of the fleet?
    pub hostile: bool,
    /// Does it run?
    pub runs: bool,
    /// How often it booted.
    pub boots: u32,
    /// How many items it holds.
    pub items: u32,
    /// Alarms since it booted.
    pub alarms: u32,
    /// Frames it sent and took.
    pub frames: (u64, u64),
    /// Cycles of its work.
    pub cycles: Figure<Cycles>,
    /// How long it computed.
    pub busy: Figure<Nanos>,
    /// What it consumed.
    pub energy: Figure<Nanojoules>,
}

/// Questions to the fleet.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Latency {
    /// How many were asked.
    pub asked: usize,
    /// How many were answered.
    pub answered: usize,
    /// Half of the answers took no longer.
    pub p50: Option<Figure<Micros>>,
    /// 95 in 100 took no longer.
    pub p95: Option<Figure<Micros>>,
    /// 99 in 100 took no longer.
    pub p99: Option<Figure<Micros>>,
    /// None took longer.
    pub max: Option<Figure<Micros>>,
}

/// Frames on all links.
#[derive(Clone, Copy, Debug, Default, Serialize, JsonSchema)]
pub struct Frames {
    /// Frames that took a link.
    pub sent: u64,
    /// Times that one arrived at a chip.
    pub received: u64,
    /// Times that one did not arrive at a chip in reach.
    pub lost: u64,
    /// Times that one arrived with bits changed.
    pub corrupted: u64,
}

/// Items of the fleet.
#[derive(Clone, Copy, Debug, Default, Serialize, JsonSchema)]
pub struct Items {
    /// Items whose storing was acknowledged.
    pub acknowledged: usize,
    /// Of these, items that no running member holds.
    pub lost: usize,
    /// Items that were given up, and reported as such to the chip that added them.
    pub given_up: u64,
}

impl Latency {
    /// Of these questions; none is one without an answer.
    pub fn of(questions: &[Option<Micros>]) -> Self {
        let mut times: Vec<Micros> = questions.iter().copied().flatten().collect();
        times.sort_unstable();
        let quantile = |permille: usize| {
            let rank = (times.len() * permille).div_ceil(1000).max(1);
            times.get(rank - 1).map(|time| Banded::exact(*time).tagged(Kind::Modelled))
        };
        Self {
            asked: questions.len(),
            answered: times.len(),
            p50: quantile(500),
            p95: quantile(950),
            p99: quantile(990),
            max: quantile(1000),
        }
    }
}
