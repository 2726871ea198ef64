//! Where one index overtakes another on a chip.
//!
//! The times of two indexes at equal recall are compared at each size that was measured, and the size at which they are
//! equal is interpolated. Whether this many items fit a chip is for its memory to say: [`Crossover::max_items`] tells.

use super::{IndexReport, Row, Work};
use crate::cost::CostTable;
use crate::evaluation::dataset::Dataset;
use ruvllm_esp_core::index::{Kind, MAX_ITEMS};
use ruvllm_esp_core::meter::Op;
use schemars::JsonSchema;
use serde::Serialize;

/// One index becomes faster than another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Overtaking {
    /// The index that becomes faster.
    pub index: &'static str,
    /// The one that it overtakes.
    pub other: &'static str,
    /// From this many items on, up to the largest size measured; `None` if it never does.
    pub items: Option<u32>,
}

/// What is fastest on a chip for one kind of data: modelled.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Crossover {
    /// The data.
    pub dataset: Dataset,
    /// For each size the modelled cycles of a query with each index that reaches the floor of recall.
    pub cycles: Vec<(u32, Vec<(&'static str, f64)>)>,
    /// Who overtakes whom, and when.
    pub overtakings: Vec<Overtaking>,
    /// For each index the bytes that an item takes at the largest size.
    pub bytes_per_item: Vec<(&'static str, f64)>,
}

/// The pairs that are compared.
const PAIRS: [(Kind, Kind); 5] = [
    (Kind::Hnsw, Kind::Flat),
    (Kind::Binary, Kind::Flat),
    (Kind::ProductQuantizer, Kind::Flat),
    (Kind::Hnsw, Kind::Binary),
    (Kind::Hnsw, Kind::ProductQuantizer),
];

/// The modelled cycles of one step of an operation on a chip, or `None` where it is unknown.
pub fn cycles(table: &CostTable) -> impl Fn(Op) -> Option<f64> + '_ {
    |op| table.cycle_cost(op).ok().map(|cycle_cost| f64::from(cycle_cost.cycles) / 1_000.0)
}

impl IndexReport {
    /// Compares the indexes at these costs, in cycles; an operation without one leaves its index out. With each query
    /// `inserts` inserts are done: 0 compares queries alone, 1 a store that is written as often as it is read.
    pub fn crossover(&self, inserts: f64, cycle_cost: impl Fn(Op) -> Option<f64>) -> Vec<Crossover> {
        let cycles = |row: &Row| Some(row.cycles(&cycle_cost)? + inserts * row.insert_cycles(&cycle_cost)?);
        Dataset::ALL.into_iter().map(|dataset| self.crossover_on(dataset, &cycles)).collect()
    }

    fn crossover_on(&self, dataset: Dataset, cycles: &impl Fn(&Row) -> Option<f64>) -> Crossover {
        let rows: Vec<&Row> = self.rows.iter().filter(|row| row.dataset == dataset).collect();
        let mut sizes: Vec<u32> = rows.iter().map(|row| row.items).collect();
        sizes.dedup();
        let at = |items: u32| {
            let rows = rows.iter().filter(|row| row.items == items && row.reaches_floor());
            rows.filter_map(|row| Some((row.index, cycles(row)?))).collect()
        };
        let cycles: Vec<_> = sizes.iter().map(|items| (*items, at(*items))).collect();
        let overtaking = |(index, other): (Kind, Kind)| Overtaking {
            index: index.name(),
            other: other.name(),
            items: overtakes(&cycles, index.name(), other.name()),
        };
        let overtakings = PAIRS.into_iter().map(overtaking).collect();
        let largest = rows.iter().filter(|row| sizes.last() == Some(&row.items));
        let bytes_per_item = largest.map(|row| (row.index, row.bytes_per_item)).collect();
        Crossover { dataset, cycles, overtakings, bytes_per_item }
    }
}

impl Row {
    /// The modelled cycles of a query, or `None` where an operation has no cost.
    pub fn cycles(&self, cycle_cost: impl Fn(Op) -> Option<f64>) -> Option<f64> {
        costed(&self.search, cycle_cost)
    }

    /// The modelled cycles of an insert, or `None` where an operation has no cost.
    pub fn insert_cycles(&self, cycle_cost: impl Fn(Op) -> Option<f64>) -> Option<f64> {
        costed(&self.insert, cycle_cost)
    }
}

fn costed(work: &[Work], cycle_cost: impl Fn(Op) -> Option<f64>) -> Option<f64> {
    work.iter().map(|work| Some(work.steps * cycle_cost(work.op)?)).sum()
}

impl Crossover {
    /// How many items of `index` fit `bytes` of memory.
    pub fn max_items(&self, index: Kind, bytes: u32) -> Option<u32> {
        let each = self.bytes_per_item.iter().find(|(name, _)| *name == index.name())?.1;
        Some(((f64::from(bytes) / each) as u32).min(MAX_ITEMS))
    }

    /// The fastest index at the largest size measured that is not above `items`.
    pub fn fastest(&self, items: u32) -> Option<&'static str> {
        let (_, times) = self.cycles.iter().rev().find(|(size, _)| *size <= items)?;
        times.iter().min_by(|a, b| a.1.total_cmp(&b.1)).map(|(name, _)| *name)
    }
}

/// The size from which `index` takes fewer cycles than `other` at all larger sizes.
fn overtakes(cycles: &[(u32, Vec<(&'static str, f64)>)], index: &str, other: &str) -> Option<u32> {
    let gap = |(items, times): &(u32, Vec<(&'static str, f64)>)| {
        let of = |name: &str| times.iter().find(|(kind, _)| *kind == name).map(|(_, cycles)| *cycles);
        Some((f64::from(*items), of(index)? - of(other)?))
    };
    let gaps: Vec<(f64, f64)> = cycles.iter().filter_map(gap).collect();
    let behind = gaps.iter().rposition(|(_, gap)| *gap >= 0.0);
    let Some(behind) = behind else { return gaps.first().map(|(items, _)| *items as u32) };
    let ((from, lag), (to, lead)) = (gaps.get(behind)?, gaps.get(behind + 1)?);
    Some((from + (to - from) * lag / (lag - lead)).round() as u32)
}
