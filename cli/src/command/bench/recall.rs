//! The report on the roles that find texts: what `search` and `recall` return, on their own consoles.

use crate::quantity::count;
use crate::style::strong;
use crate::table::{Align, Table};
use ruvllm_esp_sim::cost::{self, Cost, CostTable};
use ruvllm_esp_sim::evaluation::household::{Answered, Household};
use ruvllm_esp_sim::evaluation::others::Others;
use ruvllm_esp_sim::evaluation::recall::{self, Found, RecallReport, SetReport, Verdicts};
use ruvllm_esp_sim::evaluation::threshold::{Calibration, Point};
use ruvllm_esp_sim::figure::Kind;
use schemars::JsonSchema;
use serde::Serialize;
use std::io::{self, Write};

/// What was measured, and what a search costs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    #[serde(flatten)]
    measured: RecallReport,
    /// What one search of the indexer costs with every own sentence stored.
    search_cost: Vec<ChipCost>,
}

/// What a search costs on one chip.
#[derive(Debug, Serialize, JsonSchema)]
struct ChipCost {
    chip: &'static str,
    #[serde(flatten)]
    cost: Cost,
}

impl Report {
    /// Asks the roles.
    pub fn new(seed: u64, others: Option<&Others>) -> Self {
        let measured = recall::run(seed, others);
        let cost = |table: &&'static CostTable| {
            let cost = table.cost(&measured.work).ok()?.divided_by(measured.searches);
            Some(ChipCost { chip: table.chip, cost })
        };
        let search_cost = cost::ALL.iter().filter_map(cost).collect();
        Self { measured, search_cost }
    }

    /// Writes one table a question.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let RecallReport { seed, sets, household, threshold, .. } = &self.measured;
        for set in sets {
            write_set(set, *seed, out)?;
        }
        write_household(household, out)?;
        write_threshold(threshold, out)?;
        let sentences = sets.first().map_or(0, |set| set.sentences);
        writeln!(out, "\n{}", strong(&format!("One search among {sentences} own sentences")))?;
        for ChipCost { chip, cost } in &self.search_cost {
            writeln!(out, "  {chip:<8} {}", cost.time.tagged(Kind::Modelled))?;
        }
        Ok(())
    }
}

fn write_set(set: &SetReport, seed: u64, out: &mut dyn Write) -> io::Result<()> {
    let SetReport { name, sentences, search, recall } = set;
    let title = format!("What the roles find among {} {name} sentences", count(*sentences as u64));
    writeln!(out, "{}\nseed {seed}; measured\n", strong(&title))?;
    let headings = ["queries", "P@1", "MRR", "TF-IDF P@1", "TF-IDF MRR"];
    let [queries, first, mrr, base_first, base_mrr] = headings.map(|heading| (heading, Align::Right));
    let mut table = Table::new([("search", Align::Left), queries, first, mrr, base_first, base_mrr]);
    for Found { kind, search, tfidf } in search {
        let shares = [search.p_at_1, search.mrr, tfidf.p_at_1, tfidf.mrr].map(|share| format!("{share:.3}"));
        let [first, mrr, base_first, base_mrr] = shares;
        let name = format!("{kind:?}").to_lowercase();
        table.row([name, count(search.queries.into()), first, mrr, base_first, base_mrr]);
    }
    table.write(out)?;
    let headings =
        ["stored", "not its sentence", "unanswered", "same words in a row", "not stored", "answered"];
    let [stored, missed, unanswered, ambiguous, strange, accepted] =
        headings.map(|heading| (heading, Align::Right));
    let mut table =
        Table::new([("recall", Align::Left), stored, missed, unanswered, ambiguous, strange, accepted]);
    for (kind, verdicts) in recall {
        let Verdicts { questions, strange, false_reject, unanswered, ambiguous, false_accept } = *verdicts;
        let shares = [false_reject, unanswered, ambiguous, false_accept].map(|share| format!("{share:.3}"));
        let [missed, unanswered, ambiguous, accepted] = shares;
        let name = format!("{kind:?}").to_lowercase();
        let (questions, strange) = (count(questions.into()), count(strange.into()));
        table.row([name, questions, missed, unanswered, ambiguous, strange, accepted]);
    }
    writeln!(out)?;
    table.write(out)?;
    writeln!(out)
}

fn write_household(household: &Household, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "{}\n",
        strong("Ordinary questions about 60 household facts, 12 of them updated; measured")
    )?;
    let headings = ["questions", "right", "stale", "wrong", "no answer", "updated", "right of updated"];
    let [questions, right, stale, wrong, none, updated, updated_right] =
        headings.map(|heading| (heading, Align::Right));
    let mut table =
        Table::new([("", Align::Left), questions, right, stale, wrong, none, updated, updated_right]);
    let Household { retriever, archivist, tfidf } = household;
    for (name, answered) in [("retriever", retriever), ("archivist", archivist), ("TF-IDF", tfidf)] {
        let Answered { questions, right, stale, wrong, none, updated, updated_right } = *answered;
        let [questions, right, stale, wrong, none, updated, updated_right] =
            [questions, right, stale, wrong, none, updated, updated_right].map(|number| count(number.into()));
        table.row([name.into(), questions, right, stale, wrong, none, updated, updated_right]);
    }
    table.write(out)
}

/// Writes what the threshold in use does on the rows it was chosen on, and on the others.
fn write_threshold(threshold: &Calibration, out: &mut dyn Write) -> io::Result<()> {
    let used = f64::from(threshold.in_use) / 1000.0;
    let title = format!("Three words of own sentences, threshold {used:.2} of their weight; measured");
    writeln!(out, "\n{}\n", strong(&title))?;
    let [missed, accepted] = ["missed", "false accept"].map(|heading| (heading, Align::Right));
    let mut table = Table::new([("rows", Align::Left), missed, accepted]);
    for (name, point) in ["even, chosen on", "odd, held out"].into_iter().zip(threshold.at_use()) {
        let Some(Point { false_accept, missed, .. }) = point else { continue };
        table.row([name.into(), format!("{missed:.3}"), format!("{false_accept:.3}")]);
    }
    table.write(out)
}
