//! The report on the embedder as tables.

use crate::output::strong;
use crate::quantity::count;
use crate::table::{Align, Table};
use ruvllm_esp_sim::evaluation::embed::{Accuracy, EmbedReport};
use ruvllm_esp_sim::evaluation::threshold::Calibration;
use std::io::{self, Write};

/// Writes how queries of each kind find their sentence, the same by language, and what a byte of text costs.
pub fn write(report: &EmbedReport, out: &mut dyn Write) -> io::Result<()> {
    let EmbedReport { version, dimensions, norm, seed, sentences, kinds, cost, .. } = report;
    writeln!(
        out,
        "embedder {version}: {dimensions} x i8 of norm {norm}; {sentences} sentences, seed {seed}; measured\n"
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
