//! `monitor`: what a board says, and something said back.

use crate::board::port::{self, SelectedPort};
use crate::error::{CliError, CommandResult};
use crate::monitor::decode::Decoder;
use crate::monitor::session::{self, Options};
use crate::output::Output;
use ruvllm_esp_core::chip::Chip;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Keys: Ctrl-R resets the board, Ctrl-] or Ctrl-C leaves, Ctrl-T lists the keys.

Examples:
  ruvllm-esp monitor
  ruvllm-esp monitor --port /dev/ttyUSB0 --log board.log --no-reset
  echo stats | ruvllm-esp monitor --no-reset | grep hnsw";

/// Options of `monitor`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The serial port, taken as named; $RUVLLM_ESP_PORT, or the only board there is, where it is not given
    #[arg(long, short, value_name = "PORT")]
    port: Option<String>,
    /// Append every line to this file too: plain text, with the time
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Leave the board running as it is
    #[arg(long)]
    no_reset: bool,
    /// Bytes as they come, without times and names
    #[arg(long)]
    raw: bool,
    /// Bits a second
    #[arg(long, value_name = "BAUD", default_value_t = 115_200)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    baud: u32,
    /// The program that runs on the board, for the names of its functions; dist/ruvllm-esp-CHIP.elf where it is not given
    #[arg(long, value_name = "FILE")]
    elf: Option<PathBuf>,
}

/// Listens until the user leaves.
///
/// # Errors
/// A port that cannot be opened, a log that cannot be written, an ELF that cannot be read.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    let decoder = arguments.elf.as_deref().map(decoder).transpose()?;
    let port = port::choose(arguments.port.as_deref(), output)?;
    let options = Options {
        baud: arguments.baud,
        reset: !arguments.no_reset,
        raw: arguments.raw,
        log: arguments.log.clone(),
        decoder,
        built: Some(PathBuf::from("dist")),
    };
    session::run(port, options, output)
}

/// Listens after `flash`, to the board that was just started.
///
/// # Errors
/// As [`run`].
pub fn follow(port: &str, built: &Path, chip: &Chip, output: &Output) -> CommandResult {
    let elf = built.join(format!("ruvllm-esp-{}.elf", chip.name));
    let decoder = Decoder::open(&elf).ok();
    let options = Options { baud: 115_200, reset: false, raw: false, log: None, decoder, built: None };
    let port: SelectedPort = port::named(port);
    session::run(port, options, output)
}

fn decoder(path: &Path) -> Result<Decoder, CliError> {
    Decoder::open(path).map_err(|error| {
        CliError::usage("monitor::elf", format!("{}: {error}", path.display()))
            .help("`ruvllm-esp build` writes dist/ruvllm-esp-CHIP.elf")
    })
}
