//! `bench SUBJECT`: how well a part does its work, measured on fixtures and on generated data.
//!
//! The evaluations live in the simulator and return plain reports; here they are run and shown, one file a subject.

mod anomaly;
pub mod calibrate;
#[cfg(feature = "compare")]
mod compare;
mod embed;
pub mod emulator;
mod field;
pub mod figures;
pub mod fleet;
pub mod gates;
pub mod index;
pub mod kernels;
pub mod nlu;
pub mod recall;
mod reliability;
mod spread;

use self::figures::Bench;
use crate::configuration;
use crate::error::{CliError, CommandResult};
use crate::output::Output;
use crate::progress::Stage;
use crate::selection::{Names, ResolvedOption, VARIANT, list};
use ruvllm_esp_core::chip::{self, Chip};
use ruvllm_esp_sim::evaluation;
use ruvllm_esp_sim::evaluation::index::Plan;
use ruvllm_esp_sim::evaluation::others::Others;
use schemars::JsonSchema;
use serde::Serialize;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
The same seed gives the same report, byte for byte, on any machine; but `compare`, `emulator` and `fleet` measure this one.

Examples:
  ruvllm-esp bench anomaly
  ruvllm-esp bench anomaly --export-to anomaly.json; ruvllm-esp bench anomaly --baseline anomaly.json
  ruvllm-esp bench anomaly --data nab --export md
  ruvllm-esp bench embed
  ruvllm-esp bench emulator
  ruvllm-esp bench fleet --chips 1000 --threads 2
  ruvllm-esp bench fleet --chips 250,500,1000 --field 1000 --idle --seconds 60 --threads 1
  ruvllm-esp bench index --sizes 256,1000
  ruvllm-esp bench nlu --data snips/test --model snips.model
  ruvllm-esp bench recall --data ../sentences
  ruvllm-esp bench kernels --on emulator --variant esp32c3
  ruvllm-esp bench reliability --seeds 200
  ruvllm-esp bench --gates G1-G3 --variant all --evidence evidence
  ruvllm-esp bench --gates G4-G6 --variant esp32c3,esp32c6
  ruvllm-esp bench --gates G5 --variant esp32s3 --port /dev/ttyACM0
  ruvllm-esp bench anomaly --seed 7 --json | jq '.detectors[] | {name, f1: .overall.f1}'";

/// Options of `bench`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Arguments {
    /// Look at gates, as in G1-G3, G2,G5 or all; exits with 1 if one fails
    #[arg(long, value_name = "GATES")]
    gates: Option<String>,
    /// The chips of the gates: names with commas between, or `all` [default: all] [env: RUVLLM_VARIANT]
    #[arg(long, requires = "gates", value_name = "CHIP,...", value_parser = Names::CHIPS)]
    variant: Option<String>,
    /// Write what each gate looked at into this folder
    #[arg(long, value_name = "DIR", requires = "gates")]
    evidence: Option<PathBuf>,
    /// For G5, the port of a board: it is flashed with the image and has to answer
    #[arg(long, value_name = "PORT", requires = "gates")]
    port: Option<String>,
    #[command(flatten)]
    reporting: figures::Reporting,
    /// What is measured.
    #[command(subcommand)]
    subject: Option<Subject>,
}

/// What can be measured.
#[derive(Debug, clap::Subcommand)]
enum Subject {
    /// Faults found in sensor streams, against a moving z-score and an EWMA chart
    #[command(
        after_help = "Examples:\n  ruvllm-esp bench anomaly\n  ruvllm-esp bench anomaly --seed 7 --export-to anomaly.json\n  ruvllm-esp bench anomaly --data ../nab"
    )]
    Anomaly {
        /// The seed of the generated series
        #[arg(long, value_name = "N", default_value_t = 2)]
        seed: u64,
        /// Recordings of the NAB or SKAB layout instead of generated series
        #[arg(long, value_name = "DIR", conflicts_with = "seed")]
        data: Option<PathBuf>,
        /// The labelled windows of NAB recordings [default: DIR/windows.json]
        #[arg(long, value_name = "FILE", requires = "data")]
        labels: Option<PathBuf>,
        /// Print the table for another tool
        #[arg(long, value_name = "FORM", requires = "data")]
        export: Option<field::Export>,
    },
    /// HNSW search and distances beside two published libraries and f32 loops, at equal recall
    #[command(after_help = "Examples:\n  ruvllm-esp bench compare --sizes 1000 --turns 3")]
    Compare {
        /// The seed of the data
        #[arg(long, value_name = "N", default_value_t = 1)]
        seed: u32,
        /// Numbers of items, with commas between
        #[arg(long, value_name = "N,...", value_delimiter = ',', default_values_t = [1_000, 10_000])]
        #[arg(value_parser = clap::value_parser!(u32).range(100..=20_000))]
        sizes: Vec<u32>,
        /// Queries for each number of items
        #[arg(long, value_name = "N", default_value_t = 500)]
        #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
        queries: u32,
        /// How often each library takes its turn
        #[arg(long, value_name = "N", default_value_t = 7)]
        #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000))]
        turns: u32,
    },
    /// Sentences found by their vectors alone, from whole, partial, reordered, misspelt and paraphrased queries
    #[command(after_help = "Examples:\n  ruvllm-esp bench embed\n  ruvllm-esp bench embed --dimensions 256")]
    Embed {
        /// Components of a vector: 64 on a chip; 128, 256 and 512 to compare
        #[arg(long, value_name = "N", default_value_t = 64)]
        dimensions: usize,
        /// The seed of the queries
        #[arg(long, value_name = "N", default_value_t = 1)]
        seed: u64,
        /// A folder with sentences of other people: `sentences.tsv`, group TAB sentence on each line
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
    /// Instructions a second of the emulated chips, with and without timing, against real time
    #[command(
        after_help = "Examples:\n  ruvllm-esp bench emulator\n  ruvllm-esp bench emulator --runs 10 --export-to before.json\n  ruvllm-esp bench emulator --runs 10 --baseline before.json"
    )]
    Emulator {
        /// Million cycles of the chip at each pace
        #[arg(long, value_name = "N", default_value_t = 50)]
        #[arg(value_parser = clap::value_parser!(u64).range(1..=100_000))]
        cycles: u64,
        /// How often each is measured, after a run that is not; the median is shown, with mean and deviation of all
        #[arg(long, value_name = "N", default_value_t = 5)]
        #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000))]
        runs: u32,
    },
    /// Chip-seconds a second of simulated fleets, and how that grows with their size
    #[command(
        after_help = "Examples:\n  ruvllm-esp bench fleet --chips 100,1000 --seconds 60\n  ruvllm-esp bench fleet --chips 1000 --field 1000 --idle --threads 1"
    )]
    Fleet {
        /// Numbers of chips, with commas between
        #[arg(long, value_name = "N,...", value_delimiter = ',', default_values_t = [10, 100, 1_000])]
        #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
        chips: Vec<u32>,
        /// Virtual seconds that are measured, after twenty that are not
        #[arg(long, value_name = "N", default_value_t = 30)]
        #[arg(value_parser = clap::value_parser!(u64).range(1..=86_000))]
        seconds: u64,
        /// Chips of one field, all on one link
        #[arg(long, value_name = "N", default_value_t = evaluation::fleet::FIELD as u32)]
        #[arg(value_parser = clap::value_parser!(u32).range(2..=10_000))]
        field: u32,
        /// Chips that only find one another, measured from the moment they get power
        #[arg(long)]
        idle: bool,
        /// Threads; the course of a fleet is the same on any number [default: one for each core]
        #[arg(long, value_name = "N")]
        #[arg(value_parser = clap::value_parser!(u16).range(1..=256))]
        threads: Option<u16>,
    },
    /// Recall, memory and work of each index, and where one overtakes another on each chip
    #[command(after_help = "Examples:\n  ruvllm-esp bench index --sizes 256,1000")]
    Index {
        /// The seed of the data
        #[arg(long, value_name = "N", default_value_t = 1)]
        seed: u32,
        /// Numbers of items, with commas between
        #[arg(long, value_name = "N,...", value_delimiter = ',', default_values_t = evaluation::index::SIZES)]
        #[arg(value_parser = clap::value_parser!(u32).range(1..=20_000))]
        sizes: Vec<u32>,
        /// Queries for each number of items
        #[arg(long, value_name = "N", default_value_t = 100)]
        queries: usize,
        /// A folder with sentences of other people: `sentences.tsv`, group TAB sentence on each line
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
    /// What `search` and `recall` return: right, stale and false answers, beside trigram TF-IDF, and what they cost
    #[command(
        after_help = "Examples:\n  ruvllm-esp bench recall\n  ruvllm-esp bench recall --data ../sentences --export-to recall.csv"
    )]
    Recall {
        /// The seed of the queries
        #[arg(long, value_name = "N", default_value_t = 1)]
        seed: u64,
        /// A folder with sentences of other people: `sentences.tsv`, group TAB sentence on each line, and optionally
        /// `out-of-scope.tsv`
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
    /// Commands understood: intents, slots, whole sentences, confidence, and what a sentence costs on each chip
    #[command(
        after_help = "Examples:\n  ruvllm-esp bench nlu --data snips/valid --model snips.model\n  ruvllm-esp bench nlu --data snips/valid --model snips.model --typos 20 --json"
    )]
    Nlu {
        /// A folder with labelled sentences: seq.in, seq.out, label
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// The model that `model train` wrote
        #[arg(long, value_name = "FILE")]
        model: PathBuf,
        /// Words that are misspelt first, in percent
        #[arg(long, value_name = "PERCENT", default_value_t = 0)]
        #[arg(value_parser = clap::value_parser!(u32).range(0..=100))]
        typos: u32,
        /// A file of sentences that are no commands, one a line
        #[arg(long, value_name = "FILE")]
        out_of_scope: Option<PathBuf>,
    },
    /// Every kernel, modelled and emulated side by side
    Kernels(kernels::Arguments),
    /// Acknowledged texts that fleets lose under each kind of fault; exits with 1 if one is promised
    #[command(
        after_help = "Examples:\n  ruvllm-esp bench reliability --seeds 200\n  ruvllm-esp bench reliability --kind loss --seeds 1000"
    )]
    Reliability {
        /// Runs of each kind; a kind of long runs takes fewer
        #[arg(long, value_name = "N", default_value_t = 20)]
        #[arg(value_parser = clap::value_parser!(u64).range(1..=100_000))]
        seeds: u64,
        /// The first seed: with --seeds 1, that run alone
        #[arg(long, value_name = "N", default_value_t = 1)]
        #[arg(value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
        first_seed: u64,
        /// One kind alone, by its name in the table
        #[arg(long, value_name = "KIND")]
        kind: Option<String>,
        /// Threads; the report is the same on any number [default: one for each core]
        #[arg(long, value_name = "N")]
        #[arg(value_parser = clap::value_parser!(u16).range(1..=256))]
        threads: Option<u16>,
    },
    /// Fit the costs of the emulated chips to their cycles
    Calibrate(calibrate::Arguments),
}

/// Measures, and prints the report.
///
/// # Errors
/// A seed that would not be honest.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    if let Some(gates) = &arguments.gates {
        if arguments.subject.is_some() {
            return Err(CliError::usage("cli::usage", "bench: a subject and --gates at once")
                .help("run the measurement and the gates separately")
                .into());
        }
        let chips = chips(arguments.variant.as_deref())?;
        let (evidence, port) = (arguments.evidence.as_deref(), arguments.port.as_deref());
        return gates::run(&gates::Request { gates, chips: &chips, evidence, port }, output);
    }
    let Some(subject) = &arguments.subject else {
        return Err(CliError::usage("cli::usage", "bench: nothing to measure")
            .help("name a subject or --gates; `ruvllm-esp bench --help` lists them")
            .into());
    };
    let bench = &Bench { output, reporting: &arguments.reporting };
    match subject {
        Subject::Kernels(kernels) => kernels::run(kernels, &chips(kernels.variant())?, bench),
        Subject::Calibrate(calibrate) => calibrate::run(calibrate, output),
        Subject::Anomaly { data: Some(data), labels, export, .. } => {
            let stage = Stage::begin(output, "judging recordings");
            let report = evaluation::anomaly::field::run(data, labels.as_deref());
            drop(stage);
            let report = report.map_err(|error| {
                CliError::usage("cli::data", error.to_string())
                    .help("a folder of NAB (`timestamp,value` and windows.json) or SKAB recordings (`;`, anomaly, changepoint)")
            })?;
            show(
                bench,
                "bench-anomaly-data",
                "writing",
                |_| report,
                |report, out| field::write(report, *export, out),
            )
        }
        Subject::Anomaly { seed: evaluation::anomaly::TRAINING_SEED, .. } => {
            Err(CliError::usage("cli::training-seed", "the settings were tuned on the series of this seed")
                .help("any other --seed draws series that no detector was tuned on")
                .into())
        }
        Subject::Anomaly { seed, .. } => {
            let evaluate = |_: &Stage| evaluation::anomaly::run(*seed);
            show(bench, "bench-anomaly", "finding faults in generated series", evaluate, anomaly::write)
        }
        Subject::Compare { seed, sizes, queries, turns } => compare(*seed, sizes, *queries, *turns, bench),
        Subject::Emulator { cycles, runs } => {
            let evaluate = |_: &Stage| emulator::Report::measure(cycles * 1_000_000, *runs);
            show(bench, "bench-emulator", "running a loop", evaluate, emulator::Report::write)
        }
        Subject::Fleet { chips, seconds, field, idle, threads } => {
            let shape = evaluation::fleet::Shape { field: *field as usize, idle: *idle };
            fleet::run(chips, *seconds, shape, *threads, bench)
        }
        Subject::Reliability { seeds, first_seed, kind, threads } => {
            reliability::run(*first_seed, *seeds, kind.as_deref(), *threads, bench)
        }
        Subject::Embed { dimensions, .. } if !evaluation::embed::DIMENSIONS.contains(dimensions) => {
            let message = format!("--dimensions: there is no embedder of {dimensions}");
            Err(CliError::usage("cli::unknown-dimensions", message)
                .help("there are 64, 128, 256 and 512")
                .into())
        }
        Subject::Embed { dimensions, seed, data } => {
            let others = others(data.as_deref())?;
            let evaluate = |_: &Stage| evaluation::embed::run(*dimensions, *seed, others.as_ref()).ok();
            show(bench, "bench-embed", "asking for every sentence", evaluate, |report, out| {
                report.iter().try_for_each(|report| embed::write(report, out))
            })
        }
        Subject::Nlu { data, model, typos, out_of_scope } => {
            let stage = Stage::begin(output, "reading sentences");
            let report = nlu::Report::new(data, model, *typos, out_of_scope.as_deref());
            drop(stage);
            bench.finish("bench-nlu", &report?, nlu::Report::write)
        }
        Subject::Recall { seed, data } => {
            let others = others(data.as_deref())?;
            let evaluate = |_: &Stage| recall::Report::new(*seed, others.as_ref());
            show(bench, "bench-recall", "asking the roles", evaluate, recall::Report::write)
        }
        Subject::Index { seed, sizes, queries, data } => {
            let others = others(data.as_deref())?;
            let mut sizes = sizes.clone();
            sizes.sort_unstable();
            let plan = Plan { sizes: &sizes, queries: *queries, seed: *seed, others: others.as_ref() };
            let evaluate = |stage: &Stage| {
                index::Report::new(evaluation::index::run(plan, |done, total| stage.reached(done, total)))
            };
            show(bench, "bench-index", "searching every index", evaluate, index::Report::write)
        }
    }
}

/// The sentences of the folder that was named.
fn others(folder: Option<&Path>) -> Result<Option<Others>, CliError> {
    let read = folder.map(Others::read).transpose();
    read.map_err(|error| {
        CliError::usage("cli::no-sentences", format!("--data: {error}"))
            .help("the folder holds `sentences.tsv`, with a group, a tab and a sentence on each line")
    })
}

/// The chips that were asked for.
fn chips(variant: Option<&str>) -> Result<Vec<&'static Chip>, CliError> {
    match configuration::find(variant, "--variant", VARIANT)? {
        Some(resolved) => list(&resolved, &chip::ALL, ResolvedOption::chip),
        None => Ok(chip::ALL.to_vec()),
    }
}

/// Holds ours against what one would take instead.
#[cfg(feature = "compare")]
fn compare(seed: u32, sizes: &[u32], queries: u32, turns: u32, bench: &Bench<'_>) -> CommandResult {
    use ruvllm_esp_sim::evaluation::compare::{self as comparison, Plan};
    let (queries, turns) = (queries as usize, turns as usize);
    let plan = Plan { sizes, queries, turns, seconds: comparison::SECONDS, seed };
    let stage = Stage::begin(bench, "searching ours and theirs in turn");
    let compared = comparison::run(plan, |done, total| stage.reached(done, total));
    drop(stage);
    let compared = compared.map_err(|error| CliError::runtime("cli::no-thread", error.to_string()))?;
    show(bench, "bench-compare", "writing", |_| compared, compare::write)
}

/// Says how to get what was left out.
#[cfg(not(feature = "compare"))]
fn compare(seed: u32, sizes: &[u32], queries: u32, turns: u32, _: &Bench<'_>) -> CommandResult {
    let sizes: Vec<String> = sizes.iter().map(u32::to_string).collect();
    let options = format!("--seed {seed} --sizes {} --queries {queries} --turns {turns}", sizes.join(","));
    let command = format!("cargo run --release -p ruvllm-esp --features compare -- bench compare {options}");
    Err(CliError::usage("cli::left-out", "this build is without the libraries that ours is compared with")
        .help(format!("in the source folder, run `{command}`"))
        .into())
}

/// Runs an evaluation, and prints its report: tables for people, all of it for scripts.
fn show<Report: Serialize + JsonSchema>(
    bench: &Bench<'_>,
    kind: &str,
    stage: &str,
    evaluate: impl FnOnce(&Stage) -> Report,
    write: impl FnOnce(&Report, &mut dyn Write) -> io::Result<()>,
) -> CommandResult {
    let stage = Stage::begin(bench, stage);
    let report = evaluate(&stage);
    drop(stage);
    bench.finish(kind, &report, write)
}
