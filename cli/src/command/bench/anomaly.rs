//! The report on anomaly detection as tables.

use crate::quantity::count;
use crate::style::strong;
use crate::table::{Align, Table};
use ruvllm_esp_sim::evaluation::anomaly::protocol::Score;
use ruvllm_esp_sim::evaluation::anomaly::{AnomalyReport, DetectorReport};
use std::fmt::Debug;
use std::io::{self, Write};

/// Writes the figures of all detectors, then ours by fault and by signal, then what each of our tests adds.
pub fn write(report: &AnomalyReport, out: &mut dyn Write) -> io::Result<()> {
    let AnomalyReport { series, length, warm_up, seed, training_seed, provenance, .. } = report;
    let (series, length) = (count(*series as u64), count(*length as u64));
    writeln!(
        out,
        "{series} series of {length} samples, one fault in each, none in the first {warm_up}; seed {seed}"
    )?;
    writeln!(out, "settings were chosen on the series of seed {training_seed}; all figures {provenance}\n")?;
    write_scores(out, "Detectors", report.detectors.iter().map(|one| (one.name.clone(), one.overall)))?;
    for DetectorReport { name, settings, .. } in &report.detectors {
        writeln!(out, "{name}: {settings}")?;
    }
    if let Some(ours) = report.detectors.first() {
        let faults = ours.by_fault.iter().map(|(fault, score)| (words(fault), *score));
        write_scores(out, "\nOurs by fault", faults)?;
        let signals = ours.by_signal.iter().map(|(signal, score)| (words(signal), *score));
        write_scores(out, "\nOurs by signal", signals)?;
    }
    let ablations = report.ablations.iter().map(|one| (one.name.clone(), one.overall));
    write_scores(out, "\nOurs with one test switched off", ablations)
}

fn write_scores(
    out: &mut dyn Write,
    title: &str,
    scores: impl Iterator<Item = (String, Score)>,
) -> io::Result<()> {
    writeln!(out, "{}", strong(title))?;
    let numbers = ["faults", "found", "false alarms", "precision", "recall", "F1", "delay in samples"];
    let [faults, found, alarms, precision, recall, f1, delay] = numbers.map(|name| (name, Align::Right));
    let mut table = Table::new([("", Align::Left), faults, found, alarms, precision, recall, f1, delay]);
    for (name, score) in scores {
        table.row([
            name,
            count(score.faults as u64),
            count(score.found as u64),
            count(score.false_alarms as u64),
            format!("{:.3}", score.precision),
            format!("{:.3}", score.recall),
            format!("{:.3}", score.f1),
            format!("{:.1}", score.mean_delay),
        ]);
    }
    table.write(out)
}

/// The name of a variant as words: `LevelShift` is "level shift".
fn words(variant: &impl Debug) -> String {
    let mut words = String::new();
    for letter in format!("{variant:?}").chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_read_as_words() {
        assert_eq!(words(&ruvllm_esp_sim::signal::Fault::LevelShift), "level shift");
    }
}
