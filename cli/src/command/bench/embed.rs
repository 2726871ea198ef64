//! The reports on the embedder and on the roles that search with it, as tables.

use crate::quantity::count;
use crate::style::strong;
use crate::table::{Align, Table};
use ruvllm_esp_sim::cost::{self, Cost, CostTable};
use ruvllm_esp_sim::evaluation;
use ruvllm_esp_sim::evaluation::embed::{Accuracy, EmbedReport};
use ruvllm_esp_sim::evaluation::recall::{RecallReport, Verdicts};
use ruvllm_esp_sim::evaluation::threshold::Calibration;
use ruvllm_esp_sim::figure::Kind;
use serde::Serialize;
use std::io::{self, Write};

/// Both reports: the embedder by itself, and the roles' whole search.
#[derive(Debug, Serialize)]
pub struct Report {
    embedder: EmbedReport,
    roles: RecallReport,
    /// What one search of the indexer costs with every sentence stored.
    search_cost: Vec<ChipCost>,
}

/// What a search costs on one chip.
#[derive(Debug, Serialize)]
struct ChipCost {
    chip: &'static str,
    #[serde(flatten)]
    cost: Cost,
}

impl Report {
    /// Evaluates both; nothing where there is no embedder of so many dimensions.
    pub fn new(dimensions: usize, seed: u64) -> Option<Self> {
        let (embedder, roles) =
            (evaluation::embed::run(dimensions, seed).ok()?, evaluation::recall::run(seed));
        let cost = |table: &&'static CostTable| {
            let cost = table.cost(&roles.work).ok()?.divided_by(roles.searches);
            Some(ChipCost { chip: table.chip, cost })
        };
        let search_cost = cost::ALL.iter().filter_map(cost).collect();
        Some(Self { embedder, roles, search_cost })
    }

    /// Writes the roles' figures first: they are what a user gets.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        self.write_roles(out)?;
        write(&self.embedder, out)
    }

    fn write_roles(&self, out: &mut dyn Write) -> io::Result<()> {
        let RecallReport { seed, sentences, search, recall, .. } = &self.roles;
        writeln!(
            out,
            "{}",
            strong("What the roles find: stored vectors of 64 bytes, candidates read again")
        )?;
        writeln!(out, "{sentences} sentences, seed {seed}; measured\n")?;
        let [queries, first, mrr] = ["queries", "P@1", "MRR"].map(|heading| (heading, Align::Right));
        let mut table = Table::new([("search", Align::Left), queries, first, mrr]);
        for (kind, Accuracy { queries, p_at_1, mrr }) in search {
            let name = format!("{kind:?}").to_lowercase();
            table.row([name, count((*queries).into()), format!("{p_at_1:.3}"), format!("{mrr:.3}")]);
        }
        table.write(out)?;
        let headings = ["questions", "false reject", "false accept"];
        let [questions, reject, accept] = headings.map(|heading| (heading, Align::Right));
        let mut table = Table::new([("recall", Align::Left), questions, reject, accept]);
        for (kind, Verdicts { questions, false_reject, false_accept }) in recall {
            let name = format!("{kind:?}").to_lowercase();
            let shares = [false_reject, false_accept].map(|share| format!("{share:.3}"));
            let [reject, accept] = shares;
            table.row([name, count((*questions).into()), reject, accept]);
        }
        writeln!(out)?;
        table.write(out)?;
        writeln!(out, "\nOne search among {sentences} sentences")?;
        for ChipCost { chip, cost } in &self.search_cost {
            writeln!(out, "  {chip:<8} {}", cost.time.tagged(Kind::Modelled))?;
        }
        writeln!(out)
    }
}

/// Writes how queries of each kind find their sentence, the same by language, and what a byte of text costs.
fn write(report: &EmbedReport, out: &mut dyn Write) -> io::Result<()> {
    let EmbedReport { version, dimensions, norm, seed, sentences, kinds, cost, .. } = report;
    writeln!(
        out,
        "{}\nversion {version}: {dimensions} x i8 of norm {norm}; {sentences} sentences, seed {seed}; measured\n",
        strong("What the embedder finds by itself")
    )?;
    writeln!(out, "{}", strong("Queries"))?;
    let headings = ["queries", "P@1", "MRR", "held out P@1", "held out MRR"];
    let [queries, first, mrr, held_first, held_mrr] = headings.map(|heading| (heading, Align::Right));
    let mut table = Table::new([("", Align::Left), queries, first, mrr, held_first, held_mrr]);
    for kind in kinds {
        let Accuracy { queries, p_at_1, mrr } = kind.all;
        let held_out = kind.odd_rows;
        let name = format!("{:?}", kind.kind).to_lowercase();
        let shares = [p_at_1, mrr, held_out.p_at_1, held_out.mrr].map(|share| format!("{share:.3}"));
        let [first, mrr, held_first, held_mrr] = shares;
        table.row([name, count(queries.into()), first, mrr, held_first, held_mrr]);
    }
    table.write(out)?;
    writeln!(out, "\n{}", strong("P@1 by language"))?;
    for kind in kinds {
        let groups =
            kind.languages.iter().map(|group| format!("{} {:.3}", group.name, group.accuracy.p_at_1));
        let name = format!("{:?}", kind.kind).to_lowercase();
        writeln!(out, "{name:<12} {}", groups.collect::<Vec<_>>().join("  "))?;
    }
    write_thresholds(&report.threshold, out)?;
    writeln!(out, "\n{}", strong("Work per byte of text"))?;
    let mut table =
        Table::new([("operation", Align::Left), ("steps", Align::Right), ("per byte", Align::Right)]);
    for rate in &cost.operations {
        table.row([rate.operation.into(), count(rate.count), format!("{:.2}", rate.per_byte)]);
    }
    table.write(out)
}

/// Writes what each rule for "found" lets through by mistake, and what it misses.
fn write_thresholds(threshold: &Calibration, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "\n{}",
        strong("Found or not: false accepts from stores of unrelated sentences, and misses among 100")
    )?;
    let headings = ["from", "of 1", "of 10", "of 100", "partial", "misspelt", "paraphrased"];
    let [from, one, ten, hundred, partial, misspelt, paraphrased] = headings.map(|name| (name, Align::Right));
    let mut table =
        Table::new([("rule", Align::Left), from, one, ten, hundred, partial, misspelt, paraphrased]);
    let rules = [("similarity", &threshold.similarity), ("relevance", &threshold.relevance)];
    for (name, rule) in rules {
        for (choice, point) in [("balanced", rule.balanced), ("strict", rule.strict)] {
            let [one, ten, hundred] = point.false_accept.map(|share| format!("{share:.3}"));
            let misses = [point.missed_partial, point.missed_misspelt, point.missed_paraphrased];
            let [partial, misspelt, paraphrased] = misses.map(|share| format!("{share:.3}"));
            let from = format!("{:.2}", point.cosine);
            table.row([format!("{name}, {choice}"), from, one, ten, hundred, partial, misspelt, paraphrased]);
        }
    }
    table.write(out)
}
