//! The report on the embedder by itself, as tables.

use crate::quantity::count;
use crate::style::strong;
use crate::table::{Align, Table};
use ruvllm_esp_sim::evaluation::embed::{Accuracy, EmbedReport};
use std::io::{self, Write};

/// Writes how queries of each kind find their sentence, the same by language, and what a byte of text costs.
pub fn write(report: &EmbedReport, out: &mut dyn Write) -> io::Result<()> {
    let EmbedReport { version, dimensions, norm, seed, sentences, kinds, cost, .. } = report;
    writeln!(
        out,
        "{}\nversion {version}: {dimensions} x i8 of norm {norm}; {sentences} sentences, seed {seed}; measured\n",
        strong("What the embedder finds by itself")
    )?;
    writeln!(out, "{}", strong("Queries"))?;
    let headings = ["queries", "P@1", "MRR", "held out P@1", "held out MRR", "TF-IDF P@1"];
    let [queries, first, mrr, held_first, held_mrr, tfidf] = headings.map(|heading| (heading, Align::Right));
    let mut table = Table::new([("", Align::Left), queries, first, mrr, held_first, held_mrr, tfidf]);
    for kind in kinds {
        let Accuracy { queries, p_at_1, mrr } = kind.all;
        let held_out = kind.odd_rows;
        let name = format!("{:?}", kind.kind).to_lowercase();
        let shares = [p_at_1, mrr, held_out.p_at_1, held_out.mrr, kind.tfidf.p_at_1];
        let [first, mrr, held_first, held_mrr, tfidf] = shares.map(|share| format!("{share:.3}"));
        table.row([name, count(queries.into()), first, mrr, held_first, held_mrr, tfidf]);
    }
    table.write(out)?;
    if kinds.iter().any(|kind| !kind.languages.is_empty()) {
        writeln!(out, "\n{}", strong("P@1 by language"))?;
    }
    for kind in kinds.iter().filter(|kind| !kind.languages.is_empty()) {
        let groups =
            kind.languages.iter().map(|group| format!("{} {:.3}", group.name, group.accuracy.p_at_1));
        let name = format!("{:?}", kind.kind).to_lowercase();
        writeln!(out, "{name:<12} {}", groups.collect::<Vec<_>>().join("  "))?;
    }
    writeln!(out, "\n{}", strong("Work per byte of text"))?;
    let mut table =
        Table::new([("operation", Align::Left), ("steps", Align::Right), ("per byte", Align::Right)]);
    for rate in &cost.operations {
        table.row([rate.operation.into(), count(rate.count), format!("{:.2}", rate.per_byte)]);
    }
    table.write(out)
}
