//! The report on the indexes as tables, with the crossover points of every chip.

use crate::quantity::count;
use crate::style::strong;
use crate::table::{Align, Table};
use ruvllm_esp_sim::cost;
use ruvllm_esp_sim::evaluation::index::{Crossover, FLOOR, IndexReport, NEIGHBOURS, cycles};
use schemars::JsonSchema;
use serde::Serialize;
use std::io::{self, Write};

/// What was measured, and what follows from it on each chip.
#[derive(Serialize, JsonSchema)]
pub struct Report {
    neighbours: usize,
    recall_floor: f64,
    #[serde(flatten)]
    measured: IndexReport,
    chips: Vec<Chip>,
}

/// Where the indexes overtake each other on a chip: metered work at the costs of its table.
#[derive(Serialize, JsonSchema)]
struct Chip {
    variant: &'static str,
    kind: &'static str,
    crossovers: Vec<Crossover>,
}

impl Report {
    /// Costs what was measured with the table of every chip.
    pub fn new(measured: IndexReport) -> Self {
        let chip = |table: &'static cost::CostTable| Chip {
            variant: table.chip,
            kind: "modelled",
            crossovers: measured.crossover(0.0, cycles(table)),
        };
        let chips = cost::ALL.into_iter().map(chip).collect();
        Self { neighbours: NEIGHBOURS, recall_floor: FLOOR, measured, chips }
    }

    /// Writes recall and memory, then the crossover points.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", strong(&format!("Recall of {NEIGHBOURS} neighbours and memory, measured")))?;
        let numbers = ["items", "ef_search", "recall", "B per item"].map(|heading| (heading, Align::Right));
        let [items, ef_search, recall, bytes] = numbers;
        let mut table =
            Table::new([("data", Align::Left), ("index", Align::Left), items, ef_search, recall, bytes]);
        for row in &self.measured.rows {
            let mark = if row.reaches_floor() { "" } else { " below" };
            table.row([
                row.dataset.name().into(),
                row.index.into(),
                count(row.items.into()),
                count(row.ef_search.into()),
                format!("{:.3}{mark}", row.recall),
                format!("{:.1}", row.bytes_per_item),
            ]);
        }
        table.write(out)?;
        writeln!(out, "{}", strong("\nRecall of the indexer's own setting, measured"))?;
        let numbers = ["items", "ef_search", "recall"].map(|heading| (heading, Align::Right));
        let [items, ef_search, recall] = numbers;
        let mut table = Table::new([("data", Align::Left), items, ef_search, recall]);
        for role in &self.measured.roles {
            let (items, ef_search) = (count(role.items.into()), count(role.ef_search.into()));
            table.row([role.dataset.name().into(), items, ef_search, format!("{:.3}", role.recall)]);
        }
        table.write(out)?;
        let title = format!("\nFrom how many items on an index searches faster at recall {FLOOR}, modelled");
        writeln!(out, "{}", strong(&title))?;
        self.crossovers().write(out)
    }

    fn crossovers(&self) -> Table<5> {
        let names = ["chip", "data", "index", "beats"].map(|heading| (heading, Align::Left));
        let [chip, data, index, beats] = names;
        let mut table = Table::new([chip, data, index, beats, ("from items", Align::Right)]);
        for chip in &self.chips {
            for crossover in &chip.crossovers {
                for overtaking in &crossover.overtakings {
                    table.row([
                        chip.variant.into(),
                        crossover.dataset.name().into(),
                        overtaking.index.into(),
                        overtaking.other.into(),
                        overtaking.items.map_or("never".into(), |items| count(items.into())),
                    ]);
                }
            }
        }
        table
    }
}
