//! `sim --fleet`: a scenario, run to its verdict.

mod report;

use crate::command::fleet;
use crate::error::{CliError, CommandResult, Exit, Stop};
use crate::fleet_key::KeyOptions;
use crate::output::Output;
use crate::progress::Stage;
use crate::session::running::{Pace, Running, TraceFile};
use crate::session::watch;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::run::verdict::ScenarioVerdict;
use ruvllm_esp_sim::run::{Run, RunError};
use ruvllm_esp_sim::scenario::Scenario;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Options of `sim --fleet`.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "A fleet")]
pub struct Options {
    /// Run the fleet of a scenario; docs/scenarios.md has the format
    #[arg(long, value_name = "FILE")]
    #[arg(conflicts_with_all = ["variant", "role", "chip_id", "radio", "arena", "exact", "image", "rom", "strict"])]
    #[arg(conflicts_with_all = ["demo", "input", "stdin", "tcp", "bind", "pty"])]
    pub fleet: Option<PathBuf>,
    /// Number of threads; the result does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256), requires = "fleet")]
    threads: Option<u16>,
    #[command(flatten)]
    key: KeyOptions,
}

/// Set by Ctrl-C.
static STOP: AtomicBool = AtomicBool::new(false);
/// Virtual time between two looks at Ctrl-C and the clock.
const SLICE: Micros = Micros(250_000);
/// The same in real time, where that is slower.
const TICK: Duration = Duration::from_millis(50);

/// Runs the scenario at `path`.
///
/// # Errors
/// A scenario that is wrong or cannot be built, a trace that cannot be written.
pub fn run(
    path: &Path,
    options: &Options,
    running: &Running,
    seed: Option<u64>,
    output: &Output,
) -> CommandResult {
    let scenario = Arc::new(scenario(path, options, running, seed, output)?);
    let (out, file) = running.open_trace(&inputs(path, &scenario))?.unzip();
    let mut tape = Tape { out, file, lost: None };
    let threads = options.threads.map_or_else(threads, usize::from);
    let mut run = Run::new(Arc::clone(&scenario), threads, tape.out.take())
        .map_err(|error| tape.failed(&error, &scenario))?;
    // Without the handler an interrupt ends the program all the same, only without a summary.
    let _ = ctrlc::set_handler(|| STOP.store(true, Ordering::SeqCst));
    output.info(&report::banner(&scenario));
    let interrupted = drive(&mut run, &scenario, running.pace(), &mut tape, output)?;
    let ended = run.end_trace();
    tape.note(ended, &scenario)?;
    let verdict = run.finish().map_err(|error| tape.failed(&error, &scenario))?;
    // The verdict is printed even where its trace is lost.
    report::report(&verdict, &scenario, interrupted, output)?;
    tape.keep()?;
    Ok(exit(&verdict, &scenario, interrupted))
}

/// Lets time pass to the end; was it interrupted?
fn drive(
    run: &mut Run<'_>,
    scenario: &Scenario,
    pace: Pace,
    tape: &mut Tape,
    output: &Output,
) -> Result<bool, Stop> {
    let stage = Stage::quiet(output, &scenario.name);
    let begun = Instant::now();
    while !run.is_over() && !STOP.load(Ordering::SeqCst) {
        let to = match pace {
            Pace::Max => run.now() + SLICE,
            Pace::Times(factor) => Micros((begun.elapsed().as_micros() as f64 * factor) as u64),
        };
        if to <= run.now() {
            thread::sleep(TICK);
            continue;
        }
        let news = run.advance(to.min(run.now() + SLICE));
        for judged in tape.note(news, scenario)? {
            report::news(&judged, output);
        }
        let (done, whole) = (run.now().get() / 1000, scenario.until.get() / 1000);
        stage.reached(done.try_into().unwrap_or(u32::MAX), whole.try_into().unwrap_or(u32::MAX));
    }
    Ok(!run.is_over())
}

fn exit(verdict: &ScenarioVerdict, scenario: &Scenario, interrupted: bool) -> Exit {
    if interrupted { Exit::Interrupted } else { watch::exit(&scenario.expectations, &verdict.expectations) }
}

impl Options {
    /// Without a fleet there is nothing to share out. The parser of the command line does not see that where the
    /// options of one chip stand beside it.
    ///
    /// # Errors
    /// `cli::needs-fleet`.
    pub fn none_is_given(&self) -> Result<(), CliError> {
        if self.key.is_given() {
            let error =
                CliError::usage("cli::needs-fleet", "a single chip has no fleet whose key it could use");
            return Err(error.help("leave the key out, or run a fleet with --fleet FILE"));
        }
        if self.threads.is_none() {
            return Ok(());
        }
        let error =
            CliError::usage("cli::needs-fleet", "a single chip runs on one thread, and --threads was given");
        Err(error.help("leave it out, or run a fleet with --fleet FILE"))
    }
}

fn scenario(
    path: &Path,
    options: &Options,
    running: &Running,
    seed: Option<u64>,
    output: &Output,
) -> Result<Scenario, CliError> {
    let mut scenario = fleet::read(path, running.until)?;
    scenario.seed = seed.unwrap_or(scenario.seed);
    fleet::give_key(&mut scenario, &options.key, output)?;
    running.expect(&mut scenario);
    Ok(scenario)
}

/// The files that a scenario is read from.
fn inputs(path: &Path, scenario: &Scenario) -> Vec<PathBuf> {
    let data = scenario.bundle.files.iter().map(|(name, _)| path.with_file_name(name));
    data.chain([path.to_path_buf()]).collect()
}

/// A trace on its way to its file.
#[derive(Default)]
struct Tape {
    out: Option<Box<dyn Write>>,
    file: Option<TraceFile>,
    /// Why it could not be written; the run went on.
    lost: Option<CliError>,
}

impl Tape {
    /// What the run gave; that its trace is lost is noted, and the run goes on.
    fn note<T: Default>(&mut self, outcome: Result<T, RunError>, scenario: &Scenario) -> Result<T, CliError> {
        match outcome {
            Err(error @ RunError::Trace(_)) => {
                self.lost = Some(self.failed(&error, scenario));
                Ok(T::default())
            }
            other => other.map_err(|error| self.failed(&error, scenario)),
        }
    }

    /// The trace is whole, and takes its name.
    fn keep(self) -> Result<(), CliError> {
        match (self.lost, self.file) {
            (Some(lost), _) => Err(lost),
            (None, file) => file.map_or(Ok(()), TraceFile::keep),
        }
    }

    fn failed(&self, error: &RunError, scenario: &Scenario) -> CliError {
        match (error, &self.file) {
            (RunError::Fleet(error), _) => fleet::check::cannot_build(error, scenario),
            (RunError::Trace(error), Some(file)) => file.lost(error),
            (RunError::Forgotten(_) | RunError::Trace(_), _) => {
                CliError::runtime("fleet::too-much", error.to_string()).help("fewer chips, or less load")
            }
        }
    }
}

fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}
