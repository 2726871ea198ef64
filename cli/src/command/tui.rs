//! `tui`: a fleet in the terminal, to look at and to play with.

use crate::error::{CliError, Outcome};
use crate::output::Output;
use crate::tui::{self, source::Source};

const EXAMPLES: &str = "\
Keys: ? lists them, q leaves. Arrows select, Enter opens, Space pauses, x breaks things.

Examples:
  ruvllm-esp tui --port /dev/ttyUSB0 --port /dev/ttyUSB1";

/// Options of `tui`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Boards on these serial ports, taken as named
    #[cfg(feature = "board")]
    #[arg(long, short, value_name = "PORT", num_args = 1..)]
    port: Vec<String>,
    /// Bits a second on the serial ports
    #[cfg(feature = "board")]
    #[arg(long, value_name = "BAUD", default_value_t = 115_200, requires = "port")]
    baud: u32,
}

/// Shows it until somebody leaves.
///
/// # Errors
/// No terminal, nothing to show, a port that cannot be opened.
pub fn run(arguments: &Arguments, output: &Output) -> Outcome {
    if !output.interactive {
        return Err(tui::no_terminal().into());
    }
    tui::require_terminal()?;
    tui::run(source(arguments)?)
}

fn source(arguments: &Arguments) -> Result<Box<dyn Source>, CliError> {
    #[cfg(feature = "board")]
    if !arguments.port.is_empty() {
        return Ok(Box::new(tui::source::serial::Serial::open(&arguments.port, arguments.baud)?));
    }
    Err(CliError::usage("tui::nothing-to-show", "say what to show"))
}
