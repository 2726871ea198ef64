//! `sim --fleet`: a scenario, run to its verdict.

mod report;

use crate::command::fleet;
use crate::destination::{Destination, cannot_write};
use crate::error::{CliError, Exit, Outcome, Stop};
use crate::output::Output;
use crate::progress::Stage;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::run::verdict::Verdict;
use ruvllm_esp_sim::run::{Run, RunError};
use ruvllm_esp_sim::scenario::{Expectation, Expected, Scenario, quantity};
use std::io::{BufWriter, Write};
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
    /// How fast virtual time passes: max, realtime, or how many times real time; max unless told
    #[arg(long, value_name = "PACE", value_parser = parse_pace, requires = "fleet")]
    pace: Option<Pace>,
    /// End it then, instead of where the scenario does, such as 60s
    #[arg(long, value_name = "TIME", value_parser = parse_until, requires = "fleet")]
    until: Option<Micros>,
    /// Expect this text on some console; exit with 4 if it does not come in time
    #[arg(long, value_name = "TEXT", requires = "fleet")]
    expect: Vec<String>,
    /// Expect that this text comes on no console
    #[arg(long, value_name = "TEXT", requires = "fleet")]
    fail: Vec<String>,
    /// Write down what happens; `trace export` and `fleet replay` take it
    #[arg(long, value_name = "FILE", requires = "fleet")]
    trace: Option<PathBuf>,
    /// On so many threads; the result is the same
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256), requires = "fleet")]
    threads: Option<u16>,
}

/// How fast virtual time passes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Pace {
    /// As fast as it goes.
    Most,
    /// So many times real time.
    Times(f64),
}

/// The code of a trace that cannot be written.
const CANNOT_WRITE: &str = "trace::cannot-write";

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
pub fn run(path: &Path, options: &Options, seed: Option<u64>, output: &Output) -> Outcome {
    let scenario = Arc::new(options.scenario(path, seed)?);
    let mut tape = options.open_trace(path, &scenario)?;
    let threads = options.threads.map_or_else(threads, usize::from);
    let mut run = Run::new(Arc::clone(&scenario), threads, tape.out.take())
        .map_err(|error| tape.failed(&error, &scenario))?;
    // Without the handler an interrupt ends the program all the same, only without a summary.
    let _ = ctrlc::set_handler(|| STOP.store(true, Ordering::SeqCst));
    output.say(&report::banner(&scenario));
    let interrupted = drive(&mut run, &scenario, options.pace.unwrap_or(Pace::Most), &mut tape, output)?;
    let ended = run.end_trace();
    tape.note(ended, &scenario)?;
    let verdict = run.finish().map_err(|error| tape.failed(&error, &scenario))?;
    // The verdict is told even where its trace is lost.
    report::tell(&verdict, &scenario, interrupted, output)?;
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
            Pace::Most => run.now() + SLICE,
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

/// Interrupted before all; then what the scenario expects; then what the command line waits for.
fn exit(verdict: &Verdict, scenario: &Scenario, interrupted: bool) -> Exit {
    let missed = |is_wait: bool| {
        let all = scenario.expectations.iter().zip(&verdict.expectations);
        all.filter(|(expected, judged)| judged.due && !judged.met && is_waited_for(expected) == is_wait)
            .count()
            > 0
    };
    match () {
        () if interrupted => Exit::Interrupted,
        () if missed(false) => Exit::No,
        () if missed(true) => Exit::Timeout,
        () => Exit::Ok,
    }
}

/// Is it a text of `--expect`?
fn is_waited_for(expected: &Expectation) -> bool {
    expected.line == 0 && matches!(expected.what, Expected::Text { .. })
}

impl Options {
    fn scenario(&self, path: &Path, seed: Option<u64>) -> Result<Scenario, CliError> {
        let mut scenario = fleet::read(path, self.until)?;
        scenario.seed = seed.unwrap_or(scenario.seed);
        let chips: Vec<usize> = (0..scenario.chips.len()).collect();
        let by = scenario.until;
        let add = |name: String, what| Expectation { name, line: 0, what };
        let expected = self.expect.iter().map(|text| {
            let what =
                Expected::Text { chips: chips.clone(), any: true, text: text.clone(), from: Micros(0), by };
            add(format!("--expect `{text}`"), what)
        });
        let unwanted = self.fail.iter().map(|text| {
            add(format!("--fail `{text}`"), Expected::NoText { chips: chips.clone(), text: text.clone() })
        });
        scenario.expectations.extend(expected.chain(unwanted));
        Ok(scenario)
    }

    /// The file is opened before the long run; it is none of those that the run reads.
    fn open_trace(&self, scenario: &Path, read: &Scenario) -> Result<Tape, CliError> {
        let Some(path) = &self.trace else { return Ok(Tape::default()) };
        let data = read.bundle.files.iter().map(|(name, _)| scenario.with_file_name(name));
        let inputs: Vec<PathBuf> = data.chain([scenario.to_path_buf()]).collect();
        let (destination, file) = Destination::open(path, &inputs, CANNOT_WRITE)?;
        let out: Box<dyn Write> = Box::new(BufWriter::new(file));
        Ok(Tape { path: path.clone(), out: Some(out), destination: Some(destination), lost: None })
    }

    /// Without a fleet none of its options says anything. The parser of the command line does not see that where the
    /// options of one chip stand beside them.
    ///
    /// # Errors
    /// `cli::needs-fleet`.
    pub fn none_is_given(&self) -> Result<(), CliError> {
        let given = [
            ("--pace", self.pace.is_some()),
            ("--until", self.until.is_some()),
            ("--expect", !self.expect.is_empty()),
            ("--fail", !self.fail.is_empty()),
            ("--trace", self.trace.is_some()),
            ("--threads", self.threads.is_some()),
        ];
        let Some((name, _)) = given.iter().find(|(_, is_given)| *is_given) else { return Ok(()) };
        let error = CliError::usage("cli::needs-fleet", format!("{name} says nothing to a single chip"));
        Err(error.help("it goes with --fleet FILE, which takes the place of --variant and --role"))
    }
}

/// A trace on its way to its file.
#[derive(Default)]
struct Tape {
    path: PathBuf,
    out: Option<Box<dyn Write>>,
    destination: Option<Destination>,
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
        match (self.lost, self.destination) {
            (Some(lost), _) => Err(lost),
            (None, None) => Ok(()),
            (None, Some(destination)) => {
                destination.keep().map_err(|error| cannot_write(&self.path, &error, CANNOT_WRITE))
            }
        }
    }

    fn failed(&self, error: &RunError, scenario: &Scenario) -> CliError {
        match error {
            RunError::Fleet(error) => fleet::check::cannot_build(error, scenario),
            RunError::Trace(error) => cannot_write(&self.path, error, CANNOT_WRITE),
            RunError::Forgotten(_) => {
                CliError::runtime("fleet::too-much", error.to_string()).help("fewer chips, or less load")
            }
        }
    }
}

fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

fn parse_until(text: &str) -> Result<Micros, String> {
    let time = quantity::time(text)?;
    if time == Micros(0) { Err("a run that ends at 0s shows nothing".into()) } else { Ok(time) }
}

fn parse_pace(text: &str) -> Result<Pace, String> {
    match text {
        "max" => return Ok(Pace::Most),
        "realtime" => return Ok(Pace::Times(1.0)),
        _ => {}
    }
    let factor = text.parse::<f64>().ok().filter(|factor| (0.001..=1e6).contains(factor));
    factor.map(Pace::Times).ok_or_else(|| "a pace is max, realtime, or a number from 0.001 to 1000000".into())
}
