//! `sim --fleet`: a scenario, run to its verdict.

mod report;

use crate::command::fleet;
use crate::error::{CliError, Exit, Outcome, Stop};
use crate::output::Output;
use crate::progress::Stage;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::scenario::run::{Run, RunError};
use ruvllm_esp_sim::scenario::verdict::Verdict;
use ruvllm_esp_sim::scenario::{Expectation, Expected, Scenario};
use ruvllm_esp_sim::script::parse_time;
use std::fs::File;
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
    #[arg(conflicts_with_all = ["variant", "role", "chip_id", "arena", "exact", "demo", "input", "stdin", "strict"])]
    pub fleet: Option<PathBuf>,
    /// How fast virtual time passes: max, realtime, or how many times real time
    #[arg(long, value_name = "PACE", default_value = "max", value_parser = parse_pace, requires = "fleet")]
    pace: Pace,
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
pub fn run(path: &Path, options: &Options, seed: Option<u32>, output: &Output) -> Outcome {
    let scenario = options.scenario(path, seed)?;
    let trace = options.open_trace()?;
    let threads = options.threads.map_or_else(threads, usize::from);
    let mut run = Run::new(Arc::new(scenario.clone()), threads, trace).map_err(|error| failed(&error))?;
    // Without the handler an interrupt ends the program all the same, only without a summary.
    let _ = ctrlc::set_handler(|| STOP.store(true, Ordering::SeqCst));
    output.say(&report::banner(&scenario));
    let interrupted = drive(&mut run, &scenario, options.pace, output)?;
    let verdict = run.finish().map_err(|error| failed(&error))?;
    report::tell(&verdict, &scenario, interrupted, output)?;
    Ok(exit(&verdict, &scenario, interrupted))
}

/// Lets time pass to the end; was it interrupted?
fn drive(run: &mut Run<'_>, scenario: &Scenario, pace: Pace, output: &Output) -> Result<bool, Stop> {
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
        for judged in run.advance(to.min(run.now() + SLICE)).map_err(|error| failed(&error))? {
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
        all.filter(|(expected, judged)| !judged.met && is_waited_for(expected) == is_wait).count() > 0
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
    fn scenario(&self, path: &Path, seed: Option<u32>) -> Result<Scenario, CliError> {
        let mut scenario = fleet::read(path)?;
        scenario.seed = seed.map_or(scenario.seed, u64::from);
        scenario.until = self.until.unwrap_or(scenario.until);
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

    /// The file is opened before the long run.
    fn open_trace(&self) -> Result<Option<Box<dyn Write>>, CliError> {
        let Some(path) = &self.trace else { return Ok(None) };
        let file = File::create(path).map_err(|error| {
            CliError::runtime("trace::cannot-write", format!("{}: {error}", path.display()))
        })?;
        Ok(Some(Box::new(BufWriter::new(file))))
    }
}

fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

fn failed(error: &RunError) -> CliError {
    match error {
        RunError::Fleet(error) => fleet::check::cannot_build(error),
        RunError::Trace(_) => CliError::runtime("trace::cannot-write", error.to_string()),
        RunError::Forgotten(_) => {
            CliError::runtime("fleet::too-much", error.to_string()).help("fewer chips, or less load")
        }
    }
}

fn parse_until(text: &str) -> Result<Micros, String> {
    let time = parse_time(text).map_err(|error| error.to_string())?;
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
