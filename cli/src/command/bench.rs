//! `bench SUBJECT`: how well a part does its work, measured on fixtures and on generated data.
//!
//! The evaluations live in the simulator and return plain reports; here they are run and shown, one file a subject.

mod anomaly;

use crate::error::{CliError, Exit, Outcome};
use crate::output::Output;
use crate::progress::Stage;
use ruvllm_esp_sim::evaluation;
use serde::Serialize;
use std::io::{self, Write};

const EXAMPLES: &str = "\
The same seed gives the same report, byte for byte, on any machine.

Examples:
  ruvllm-esp bench anomaly
  ruvllm-esp bench anomaly --seed 7 --json | jq '.detectors[] | {name, f1: .overall.f1}'";

/// Options of `bench`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// What is measured.
    #[command(subcommand)]
    subject: Subject,
}

/// What can be measured.
#[derive(Debug, clap::Subcommand)]
enum Subject {
    /// Faults found in sensor streams, against a moving z-score and an EWMA chart
    Anomaly {
        /// The seed of the generated series
        #[arg(long, value_name = "N", default_value_t = 2)]
        seed: u64,
    },
}

/// Measures, and prints the report.
///
/// # Errors
/// A seed that would not be honest.
pub fn run(arguments: &Arguments, output: &Output) -> Outcome {
    match arguments.subject {
        Subject::Anomaly { seed: evaluation::anomaly::TRAINING_SEED } => {
            Err(CliError::usage("cli::training-seed", "the settings were chosen on the series of this seed")
                .help("any other --seed draws series that no detector was tuned on")
                .into())
        }
        Subject::Anomaly { seed } => {
            let evaluate = || evaluation::anomaly::run(seed);
            show(output, "bench-anomaly", "finding faults in generated series", evaluate, anomaly::write)
        }
    }
}

/// Runs an evaluation, and prints its report: tables for people, all of it for scripts.
fn show<Report: Serialize>(
    output: &Output,
    kind: &str,
    stage: &str,
    evaluate: impl FnOnce() -> Report,
    write: impl FnOnce(&Report, &mut dyn Write) -> io::Result<()>,
) -> Outcome {
    let stage = Stage::begin(output, stage);
    let report = evaluate();
    drop(stage);
    if output.json {
        output.json(kind, &report)?;
    } else {
        write(&report, &mut output.text())?;
    }
    Ok(Exit::Ok)
}
