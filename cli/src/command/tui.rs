//! `tui`: a fleet in the terminal, to look at and to play with.

use crate::command::fleet::give_key;
use crate::configuration;
use crate::error::{CliError, CommandResult};
use crate::fleet_key::KeyOptions;
use crate::output::Output;
use crate::session::chip_options::ChipOptions;
use crate::tui::keymap::Keymap;
use crate::tui::source::live::Live;
use crate::tui::source::replay::Replay;
use crate::tui::{self, source::FleetSource};
use ruvllm_esp_sim::scenario::{Problems, Scenario};
use std::path::PathBuf;
use std::sync::Arc;

const EXAMPLES: &str = "\
Without options it shows a house of five chips, which comes with the program.
Keys: ? lists them, q leaves. Arrows select, Enter opens, Space pauses, x injects faults.

Examples:
  ruvllm-esp tui
  ruvllm-esp tui --fleet fixtures/scenarios/search-fleet.toml
  ruvllm-esp tui --variant esp32c3 --role hnsw
  ruvllm-esp tui --trace run.trace
  ruvllm-esp tui --port /dev/ttyUSB0 --port /dev/ttyUSB1";

/// The house that comes with the program.
const HOUSE: &str = include_str!("../../../fixtures/scenarios/house.toml");

/// Options of `tui`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Simulate this scenario while it is looked at
    #[arg(long, value_name = "FILE", conflicts_with_all = CHIP)]
    fleet: Option<PathBuf>,
    /// Show what `sim --fleet FILE --trace TRACE` recorded
    #[arg(long, value_name = "TRACE", conflicts_with = "fleet", conflicts_with_all = CHIP)]
    trace: Option<PathBuf>,
    /// Show the boards on these serial ports, taken as named
    #[cfg(feature = "board")]
    #[arg(long, short, value_name = "PORT", num_args = 1.., conflicts_with_all = ["fleet", "trace"])]
    #[arg(conflicts_with_all = CHIP)]
    port: Vec<String>,
    /// Bits a second on the serial ports
    #[cfg(feature = "board")]
    #[arg(long, value_name = "BAUD", default_value_t = 115_200, requires = "port")]
    baud: u32,
    #[command(flatten)]
    chip: ChipOptions,
    #[command(flatten)]
    key: KeyOptions,
}

/// The options of one chip.
const CHIP: [&str; 5] = ["variant", "role", "chip_id", "radio", "arena"];

/// Shows it until the user leaves.
///
/// # Errors
/// No terminal, a scenario or trace that cannot be read, a port that cannot be opened.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    if !output.interactive {
        return Err(tui::no_terminal().into());
    }
    tui::require_terminal()?;
    let keymap = Keymap::custom(&configuration::get()?.keys())?;
    tui::run(source(arguments, output)?, keymap)
}

fn source(arguments: &Arguments, output: &Output) -> Result<Box<dyn FleetSource>, CliError> {
    #[cfg(feature = "board")]
    if !arguments.port.is_empty() {
        return Ok(Box::new(tui::source::serial::Serial::open(&arguments.port, arguments.baud)?));
    }
    if let Some(path) = &arguments.trace {
        return Ok(Box::new(Replay::open(path)?));
    }
    let mut scenario = match &arguments.fleet {
        Some(path) => Scenario::read(path).map_err(|problems| wrong(&problems))?,
        None if arguments.chip.is_given() => arguments.chip.setup(0)?.scenario(),
        None => house()?,
    };
    give_key(&mut scenario, &arguments.key, output)?;
    Ok(Box::new(Live::new(scenario)?))
}

/// The scenario that comes with the program.
///
/// # Errors
/// None, unless the program was built from a scenario that is none.
pub fn house() -> Result<Scenario, CliError> {
    let files: &[(String, Arc<str>)] = &[];
    Scenario::parse(HOUSE, "house", files).map_err(|problems| wrong(&problems))
}

fn wrong(problems: &Problems) -> CliError {
    CliError::usage("scenario::invalid", problems.to_string())
        .help("docs/scenarios.md lists what a scenario may say")
}
