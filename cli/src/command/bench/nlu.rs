//! The report on a model that understands commands: what it gets right, and what a sentence costs on each chip.

use crate::error::CliError;
use crate::quantity::count;
use crate::style::strong;
use crate::table::{Align, Table};
use ruvllm_esp_core::meter::Op;
use ruvllm_esp_core::nlu::container::{MAX_BYTES, Model};
use ruvllm_esp_sim::cost::{self, Cost, CostTable};
use ruvllm_esp_sim::figure::Kind;
use ruvllm_esp_train::augment::misspelt;
use ruvllm_esp_train::corpus::{CorpusError, Folder, Labels, Sentence, out_of_scope};
use ruvllm_esp_train::quantise::{ARENA, measure};
use ruvllm_esp_train::random::Random;
use serde::Serialize;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// What was measured.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Report {
    sentences: usize,
    /// Words that were misspelt first, in percent.
    typos: u32,
    intent_accuracy: f64,
    slot_f1: f64,
    whole_accuracy: f64,
    /// Expected, over ten classes of confidence.
    calibration_error: f64,
    /// Sentences with a confidence of 0.9 or more.
    confident: usize,
    /// Of those, wholly right.
    confident_accuracy: f64,
    /// Share of the commands that are not acted on.
    refused_commands: f64,
    /// The same of sentences that are no commands, where some were given.
    refused_others: Option<f64>,
    bytes: usize,
    arena_bytes: usize,
    words_per_sentence: f64,
    macs_per_sentence: u64,
    /// A sentence on each chip.
    costs: Vec<ChipCost>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct ChipCost {
    chip: &'static str,
    #[serde(flatten)]
    cost: Cost,
}

impl Report {
    /// Reads every sentence of the folder `data` with the model in `file`, `typos` percent of its words misspelt, and those
    /// of the file `others`, which are no commands.
    ///
    /// # Errors
    /// A folder or a model that cannot be read.
    pub fn new(data: &Path, file: &Path, typos: u32, others: Option<&Path>) -> Result<Self, CliError> {
        let bytes = read(file)?;
        let unreadable = |error: &dyn std::fmt::Display| {
            CliError::usage("model::unreadable", format!("{}: {error}", file.display()))
                .help("`ruvllm-esp model train` writes a model")
        };
        let model = Model::open(&bytes, &mut ()).map_err(|error| unreadable(&error))?;
        let labels = Labels::of(&model);
        let mut sentences = Folder::read(data).map_err(bad_sentences)?.sentences(&labels);
        misspell(&mut sentences, typos);
        let (score, counts) = measure(&bytes, &sentences).map_err(|error| unreadable(&error))?;
        let others = others.map(|path| out_of_scope(path, &labels)).transpose().map_err(bad_sentences)?;
        let refused = others.map(|others| measure(&bytes, &others).map(|(score, _)| score.refusal()));
        let refused_others = refused.transpose().map_err(|error| unreadable(&error))?;
        let number = u32::try_from(sentences.len()).unwrap_or(u32::MAX);
        let cost = |table: &&'static CostTable| {
            Some(ChipCost { chip: table.chip, cost: table.cost(&counts).ok()?.divided_by(number) })
        };
        let words: usize = sentences.iter().map(|sentence| sentence.words.len()).sum();
        Ok(Self {
            sentences: score.sentences,
            typos,
            intent_accuracy: score.intent_accuracy(),
            slot_f1: score.slot_f1(),
            whole_accuracy: score.whole_accuracy(),
            calibration_error: score.calibration_error(),
            confident: score.confident,
            confident_accuracy: score.confident_accuracy(),
            refused_commands: score.refusal(),
            refused_others,
            bytes: bytes.len(),
            arena_bytes: ARENA,
            words_per_sentence: words as f64 / score.sentences.max(1) as f64,
            macs_per_sentence: counts.of(Op::Mac) / score.sentences.max(1) as u64,
            costs: cost::ALL.iter().filter_map(cost).collect(),
        })
    }

    /// Writes what is right, then what it costs.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let title = format!("What the model understands of {} sentences", count(self.sentences as u64));
        writeln!(out, "{}\n{}% of words misspelt; measured\n", strong(&title), self.typos)?;
        for (name, share) in [
            ("intents right", self.intent_accuracy),
            ("slot F1", self.slot_f1),
            ("whole sentences right", self.whole_accuracy),
            ("right of those with confidence 0.9 or more", self.confident_accuracy),
            ("share of those", self.confident as f64 / self.sentences.max(1) as f64),
            ("expected calibration error", self.calibration_error),
            ("commands not acted on", self.refused_commands),
        ] {
            writeln!(out, "  {name:<43} {share:.3}")?;
        }
        if let Some(share) = self.refused_others {
            writeln!(out, "  {:<43} {share:.3}", "other sentences not acted on")?;
        }
        writeln!(
            out,
            "\n{}\n{} bytes of flash, up to {} bytes of RAM, {} multiply-accumulates for {:.1} words\n",
            strong("One sentence"),
            count(self.bytes as u64),
            count(self.arena_bytes as u64),
            count(self.macs_per_sentence),
            self.words_per_sentence
        )?;
        let mut table = Table::new([("chip", Align::Left), ("time", Align::Left), ("energy", Align::Left)]);
        for ChipCost { chip, cost } in &self.costs {
            let time = cost.time.tagged(Kind::Modelled).to_string();
            table.row([(*chip).into(), time, cost.energy.tagged(Kind::Modelled).to_string()]);
        }
        table.write(out)
    }
}

fn bad_sentences(error: CorpusError) -> CliError {
    CliError::usage("model::bad-sentences", error.to_string())
        .help("a folder with seq.in, seq.out and label, one sentence a line")
}

/// The bytes of a model; of a file that is too large, as many as show that.
fn read(file: &Path) -> Result<Vec<u8>, CliError> {
    let mut bytes = Vec::new();
    let read = File::open(file).and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes));
    read.map_err(|error| {
        CliError::usage("model::unreadable", format!("{}: {error}", file.display()))
            .help("`ruvllm-esp model train` writes a model")
    })?;
    Ok(bytes)
}

/// Misspells `percent` of the words, the same ones each time.
fn misspell(sentences: &mut [Sentence], percent: u32) {
    let mut random = Random::new(1);
    for word in sentences.iter_mut().flat_map(|sentence| &mut sentence.words) {
        if random.below(100) < percent as usize {
            *word = misspelt(word, &mut random);
        }
    }
}
