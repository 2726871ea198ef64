//! How a simulation runs, for a fleet and for a single chip: its pace, its end, what is expected, its trace.

use crate::destination::{Destination, cannot_write};
use crate::error::CliError;
use ruvllm_esp_core::units::Micros;
use ruvllm_esp_sim::scenario::{Expectation, Expected, Scenario, quantity};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Options of every simulation.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "The run")]
pub struct Running {
    /// How fast virtual time passes: max, realtime, or how many times real time [default: max]
    #[arg(long, value_name = "PACE", value_parser = parse_pace)]
    pace: Option<Pace>,
    /// End at this virtual time after power-on, such as 60s, instead of where the scenario or the input does
    #[arg(long, value_name = "TIME", value_parser = parse_until, visible_alias = "timeout")]
    pub until: Option<Micros>,
    /// Expect this text on some console; exit with 4 if it does not come in time
    #[arg(long, value_name = "TEXT")]
    expect: Vec<String>,
    /// Expect that this text comes on no console; exit with 1 if it does
    #[arg(long, value_name = "TEXT")]
    fail: Vec<String>,
    /// Write down what happens; `trace export`, `fleet replay` and `tui --trace` take it
    #[arg(long, value_name = "FILE", conflicts_with = "exact")]
    pub trace: Option<PathBuf>,
}

/// How fast virtual time passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// As fast as it goes.
    Max,
    /// A multiple of real time.
    Times(f64),
}

/// The code of a trace that cannot be written.
pub const CANNOT_WRITE: &str = "trace::cannot-write";

/// A trace on its way to its file: it takes its name once it is whole.
#[derive(Debug)]
pub struct TraceFile {
    path: PathBuf,
    destination: Destination,
}

/// Where a trace is written to, and the file that takes its name in the end.
pub type OpenTrace = (Box<dyn Write>, TraceFile);

impl Running {
    /// How fast virtual time passes.
    pub fn pace(&self) -> Pace {
        self.pace.unwrap_or(Pace::Max)
    }

    /// Adds what is expected on the command line, of all chips.
    pub fn expect(&self, scenario: &mut Scenario) {
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
    }

    /// Opens the trace before the run; it is none of the files that the run reads.
    ///
    /// # Errors
    /// `trace::cannot-write`.
    pub fn open_trace(&self, inputs: &[PathBuf]) -> Result<Option<OpenTrace>, CliError> {
        let Some(path) = &self.trace else { return Ok(None) };
        let (destination, file) = Destination::open(path, inputs, CANNOT_WRITE)?;
        Ok(Some((Box::new(BufWriter::new(file)), TraceFile { path: path.clone(), destination })))
    }
}

impl TraceFile {
    /// The trace is whole, and takes its name.
    ///
    /// # Errors
    /// `trace::cannot-write`.
    pub fn keep(self) -> Result<(), CliError> {
        self.destination.keep().map_err(|error| cannot_write(&self.path, &error, CANNOT_WRITE))
    }

    /// The trace is lost.
    pub fn lost(&self, error: &io::Error) -> CliError {
        lost(&self.path, error)
    }
}

/// The error of a trace that cannot be written.
pub fn lost(path: &Path, error: &io::Error) -> CliError {
    cannot_write(path, error, CANNOT_WRITE)
}

fn parse_until(text: &str) -> Result<Micros, String> {
    let time = quantity::time(text)?;
    if time == Micros(0) { Err("a run cannot end at 0s".into()) } else { Ok(time) }
}

fn parse_pace(text: &str) -> Result<Pace, String> {
    match text {
        "max" => return Ok(Pace::Max),
        "realtime" => return Ok(Pace::Times(1.0)),
        _ => {}
    }
    let factor = text.parse::<f64>().ok().filter(|factor| (0.001..=1e6).contains(factor));
    factor.map(Pace::Times).ok_or_else(|| "a pace is max, realtime, or a number from 0.001 to 1000000".into())
}
