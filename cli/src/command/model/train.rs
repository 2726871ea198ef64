//! `model train`: labelled sentences in, a container for a chip out.
//!
//! The same folder, options and seed give the same bytes on any number of threads. What is printed on standard output is
//! the same too; how far it is and how long it took are talk.

use crate::destination::{Destination, cannot_write};
use crate::error::{CliError, CommandResult, Exit, Stop};
use crate::interrupt;
use crate::output::Output;
use crate::progress::Stage;
use ruvllm_esp_train::corpus::Corpus;
use ruvllm_esp_train::learn::{Encoder, Options, Progress, train};
use ruvllm_esp_train::quantise::{Agreement, QuantiseError, agreement, container, measure};
use ruvllm_esp_train::score::Score;
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;

const HELP: &str = "\
The folder holds seq.in, seq.out and label, with a sentence on each line: its words, a tag for each word (O, B-slot, I-slot),
its intent. Where it holds folders train and valid of that kind, the second is held out; otherwise every tenth sentence is.

Examples:
  ruvllm-esp model train snips --out snips.model
  ruvllm-esp model train snips --out snips.model --seed 7 --epochs 30";

/// Options of `model train`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Arguments {
    /// The folder of labelled sentences
    path: PathBuf,
    /// The model to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The seed of the first weights, of the order and of what is left out
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How often each sentence is seen
    #[arg(long, value_name = "N", default_value_t = Options::default().epochs)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000))]
    epochs: u32,
    /// Threads; the model is the same on any number [default: one for each core]
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
}

/// Shares of what is held out.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Shares {
    intent_accuracy: f64,
    slot_f1: f64,
    whole_accuracy: f64,
}

impl Shares {
    fn of(score: &Score) -> Self {
        Self {
            intent_accuracy: score.intent_accuracy(),
            slot_f1: score.slot_f1(),
            whole_accuracy: score.whole_accuracy(),
        }
    }
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Report {
    file: String,
    bytes: usize,
    weights: usize,
    intents: usize,
    slots: usize,
    sentences: usize,
    held_out: usize,
    seed: u64,
    epochs: u32,
    /// The mean of the last epoch.
    loss: f64,
    floating_point: Shares,
    on_chip: Shares,
    calibration_error: f64,
    confident: usize,
    confident_right: usize,
    /// Held-out sentences whose highest intent is the same in floating point and on a chip.
    same_intents: f64,
    same_tags: f64,
}

/// Trains, and writes the model.
///
/// # Errors
/// Sentences that cannot be read, a model that is too large, an interrupt.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    let corpus = Corpus::read(&arguments.path).map_err(|error| {
        CliError::usage("model::bad-sentences", error.to_string()).help(
            "a folder with seq.in, seq.out and label, one sentence a line; `model train --help` says more",
        )
    })?;
    let name = arguments.out.display().to_string();
    let (destination, mut file) = Destination::open(&arguments.out, &[], "model::cannot-write")?;
    interrupt::note_only();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(arguments.threads.unwrap_or(0).into()).build();
    let pool = pool.map_err(|error| CliError::runtime("model::no-threads", error.to_string()))?;
    let options = Options { seed: arguments.seed, epochs: arguments.epochs, ..Options::default() };
    let (encoder, loss) = pool.install(|| learn(&corpus, &options, output))?;
    let bytes = pool.install(|| container(&encoder, &corpus.training, &corpus.held_out)).map_err(refused)?;
    file.write_all(&bytes)
        .and_then(|()| destination.keep())
        .map_err(|error| cannot_write(&arguments.out, &error, "model::cannot-write"))?;
    let unreadable = |error| refused(QuantiseError::Unreadable(error));
    let (chip, _) = pool.install(|| measure(&bytes, &corpus.held_out)).map_err(unreadable)?;
    let agreed = pool.install(|| agreement(&encoder, &bytes, &corpus.held_out)).map_err(unreadable)?;
    let float = pool.install(|| encoder.score(&corpus.held_out));
    let Agreement { intents, tags } = agreed;
    let share = |(all, same): (usize, usize)| if all == 0 { 0.0 } else { same as f64 / all as f64 };
    let report = Report {
        file: name,
        bytes: bytes.len(),
        weights: encoder.layout.len(),
        intents: corpus.labels.intents.len(),
        slots: corpus.labels.slots.len(),
        sentences: corpus.training.len(),
        held_out: corpus.held_out.len(),
        seed: options.seed,
        epochs: options.epochs,
        loss,
        floating_point: Shares::of(&float),
        on_chip: Shares::of(&chip),
        calibration_error: chip.calibration_error(),
        confident: chip.confident,
        confident_right: chip.confident_right,
        same_intents: share(intents),
        same_tags: share(tags),
    };
    if output.json {
        output.json("model-train", &report)?;
    } else {
        write(&report, &mut output.text())?;
    }
    Ok(Exit::Ok)
}

/// Trains, and tells how far it is; returns the mean loss of the last epoch too.
fn learn(corpus: &Corpus, options: &Options, output: &Output) -> Result<(Encoder, f64), Stop> {
    let stage = Stage::begin(output, &format!("training on {} sentences", corpus.training.len()));
    let mut last = 0.0;
    let mut tell = |progress: Progress| {
        stage.reached(progress.step, progress.steps);
        if let Some((epoch, loss, score)) = progress.epoch {
            last = loss;
            let line = format!(
                "epoch {epoch}: loss {loss:.3}; held out: intents {:.3}, slot F1 {:.3}, whole sentences {:.3}",
                score.intent_accuracy(),
                score.slot_f1(),
                score.whole_accuracy()
            );
            stage.beside(|| output.info(&line));
        }
        !interrupt::asked()
    };
    let encoder = train(corpus, options, &mut tell);
    drop(stage);
    let stopped = || {
        CliError::interrupted("model::interrupted", "interrupted: no model was written")
            .help("fewer --epochs take less time")
    };
    Ok((encoder.ok_or_else(stopped)?, last))
}

fn refused(error: QuantiseError) -> CliError {
    match error {
        QuantiseError::TooLarge { .. } => CliError::no("model::too-large", error.to_string())
            .help("fewer intents and slots make it smaller"),
        QuantiseError::Unreadable(_) => CliError::runtime("model::unreadable", error.to_string()),
    }
}

fn write(report: &Report, out: &mut dyn Write) -> std::io::Result<()> {
    let Report { file, bytes, weights, intents, slots, sentences, held_out, loss, .. } = report;
    writeln!(out, "{file}: {bytes} bytes, {weights} weights, {intents} intents, {slots} slots")?;
    writeln!(out, "learnt from {sentences} sentences, loss {loss:.3}; {held_out} held out; measured:")?;
    for (name, shares) in [("floating point", &report.floating_point), ("on a chip", &report.on_chip)] {
        let Shares { intent_accuracy, slot_f1, whole_accuracy } = shares;
        writeln!(
            out,
            "  {name:<15} intents {intent_accuracy:.3}  slot F1 {slot_f1:.3}  whole sentences {whole_accuracy:.3}"
        )?;
    }
    writeln!(
        out,
        "  the same highest score in both: intents {:.4}, tags {:.4}",
        report.same_intents, report.same_tags
    )?;
    writeln!(
        out,
        "  confidence 0.9 or more: {} sentences, {} right; calibration error {:.3}",
        report.confident, report.confident_right, report.calibration_error
    )
}
