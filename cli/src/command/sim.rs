//! `sim`: a simulated chip, talked to by a person, a pipe, a file or a bundled scenario.

pub mod fleet;

pub use fleet::report::frames_line;

use crate::error::{CliError, CommandResult, Exit, Stop};
use crate::output::Output;
use crate::session::chip_options::ChipOptions;
use crate::session::lines::{Lines, unreadable};
use crate::session::log_options::LogArguments;
use crate::session::running::Running;
use crate::session::samples::{Samples, check_role};
use crate::session::serve::Transport;
use crate::session::tcp::Tcp;
use crate::session::watch::Watch;
use crate::session::{ChipSession, LineSource, SessionOptions, demo, exact, interactive, serve};
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_sim::sensor_log::{LogOptions, beginning, looks_like_log};
use ruvllm_esp_sim::single::Setup;
use std::fs::File;
use std::io::{self, Cursor, IsTerminal, Read, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

const EXAMPLES: &str = "\
On a terminal this is a console with history and completion; from a pipe it reads lines to the end. \
Standard output is what the chip writes, byte for byte. A line that begins with `@` is for the simulator \
(`@wait 2h30m` lets time pass), one that begins with `#` is a comment. A sensor log (CSV) becomes `sample` \
lines on the anomaly role.

A command that the chip answers with `err:` does not fail the session: it exits with 0, or with 1 under --strict.

With --tcp or --pty the console is a serial line that others connect to: bytes in, bytes out, echo and editing after \
Ctrl-E. The chip's output goes to the client; standard error shows the lines and their cost.

Examples:
  ruvllm-esp sim --variant esp32s2 --demo
  ruvllm-esp sim --variant esp32c6
  ruvllm-esp sim --variant esp32c3 --exact --image dist/ruvllm-esp-esp32c3.bin
  ruvllm-esp sim --variant esp32s2 --input vibration.csv
  ruvllm-esp sim --variant esp32c3 --tcp 7000
  ruvllm-esp sim --fleet house.toml --trace house.trace
  ruvllm-esp sim --variant esp32c3 --input notes.txt --expect 'hall 3' --trace notes.trace
  echo add the pump is in hall 3 | ruvllm-esp sim --variant esp32c3
  ruvllm-esp sim --variant esp32 --input notes.txt --json | jq .reply";

/// Options of `sim`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    chip: ChipOptions,
    /// Run the image that is flashed on an emulated chip, instruction by instruction (esp32c3, esp32c6)
    #[arg(long, conflicts_with_all = ["arena", "radio"], help_heading = "The chip")]
    exact: bool,
    /// The merged image for --exact [default: dist/ruvllm-esp-CHIP.bin]
    #[arg(long, value_name = "FILE", requires = "exact", help_heading = "The chip")]
    image: Option<PathBuf>,
    /// The chip's ROM for --exact, an ELF file [default: that in RUVLLM_ROM_DIR, or the one built in]
    #[arg(long, value_name = "FILE", requires = "exact", help_heading = "The chip")]
    rom: Option<PathBuf>,
    /// Play the bundled scenario of the role
    #[arg(long, conflicts_with_all = ["input", "stdin"], help_heading = "What is typed")]
    demo: bool,
    /// Read lines, or a sensor log (CSV), from a file; `-` is standard input
    #[arg(long, value_name = "FILE", help_heading = "What is typed")]
    input: Option<PathBuf>,
    /// Read standard input, even if it is a terminal
    #[arg(value_name = "-", value_parser = ["-"], hide_possible_values = true, conflicts_with = "input")]
    #[arg(help_heading = "What is typed")]
    stdin: Option<String>,
    /// Open the console on this TCP port, to one client at a time, until Ctrl-C; 0 takes any that is free
    #[arg(long, value_name = "PORT", conflicts_with_all = ["demo", "input", "stdin", "pty"])]
    #[arg(help_heading = "Who talks to it")]
    tcp: Option<u16>,
    /// The address for --tcp; anybody who reaches it can use the console
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", requires = "tcp")]
    #[arg(help_heading = "Who talks to it")]
    bind: IpAddr,
    /// Seconds without input after which a client of --tcp gives way to the next that connects
    #[arg(long, value_name = "SECONDS", default_value_t = 300, requires = "tcp")]
    #[arg(help_heading = "Who talks to it")]
    idle: u32,
    /// Open the console on a pseudo-terminal, as a serial port for any terminal program (not on Windows)
    #[arg(long, conflicts_with_all = ["demo", "input", "stdin"], help_heading = "Who talks to it")]
    pty: bool,
    /// The random seed, shown in the summary [default: 0, or the scenario's]
    #[arg(long, value_name = "N", help_heading = "The session", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    seed: Option<u64>,
    /// Print what is the same as on a chip, what is modelled and with which band, and what is left out
    #[arg(long, help_heading = "The session")]
    fidelity: bool,
    /// Exit with 1 when a command failed
    #[arg(long, help_heading = "The session")]
    strict: bool,
    #[command(flatten)]
    log: LogArguments,
    #[command(flatten)]
    running: Running,
    #[command(flatten)]
    fleet: fleet::Options,
}

/// Runs the session.
///
/// # Errors
/// Wrong names, inputs that cannot be read, a role that does not fit.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    if arguments.fidelity {
        return fidelity(output);
    }
    if let Some(path) = &arguments.fleet.fleet {
        return fleet::run(path, &arguments.fleet, &arguments.running, arguments.seed, output);
    }
    arguments.fleet.none_is_given()?;
    let seed = arguments.seed()?;
    let setup = arguments.chip.setup(seed)?;
    let role = setup.identity.role;
    let story = arguments.demo;
    let echo = arguments.demo || arguments.input.is_some() || !io::stdin().is_terminal();
    let remote = arguments.tcp.is_some() || arguments.pty;
    let echo = echo || remote;
    let options = SessionOptions { seed, strict: arguments.strict, echo, story, remote };
    if remote {
        return arguments.serve(&setup, options, output);
    }
    if arguments.demo {
        return arguments.boot(&setup, options, output)?.run(demo::source(role)?.as_mut());
    }
    let input = arguments.input.as_deref().filter(|path| *path != Path::new("-"));
    if let Some(path) = input {
        let mut source = open(path, role, &arguments.log.options(), output)?;
        return arguments.boot(&setup, options, output)?.run(source.as_mut());
    }
    let asked_for_stdin = arguments.input.is_some() || arguments.stdin.is_some();
    let session = arguments.boot(&setup, options, output)?;
    if output.interactive && io::stdout().is_terminal() && !asked_for_stdin {
        return interactive::run(session, output);
    }
    session.run(standard_input(role, &arguments.log.options())?.as_mut())
}

/// The statement on which every figure of a simulation rests.
const FIDELITY: &str = include_str!("../../../docs/fidelity.md");

#[derive(serde::Serialize, schemars::JsonSchema)]
pub struct Statement {
    text: &'static str,
}

fn fidelity(output: &Output) -> CommandResult {
    if output.json {
        output.json("fidelity", &Statement { text: FIDELITY })?;
    } else {
        output.text().write_all(FIDELITY.as_bytes())?;
    }
    Ok(Exit::Ok)
}

impl Arguments {
    /// Opens the console to others. A failure to open is reported before the chip starts.
    fn serve(&self, setup: &Setup, options: SessionOptions, output: &Output) -> CommandResult {
        let mut transport: Box<dyn Transport> = match self.tcp {
            Some(port) => Box::new(Tcp::listen(self.bind, port, Duration::from_secs(self.idle.into()))?),
            None => pseudo_terminal()?,
        };
        serve::run(self.boot(setup, options, output)?, transport.as_mut(), output)
    }

    /// Starts the chip that was asked for.
    fn boot(&self, setup: &Setup, options: SessionOptions, output: &Output) -> Result<ChipSession, Stop> {
        if !self.exact {
            let inputs: Vec<PathBuf> = self.input.iter().cloned().collect();
            return ChipSession::boot(setup, options, &self.running, &inputs, output);
        }
        let sources = exact::Sources { image: self.image.as_deref(), rom: self.rom.as_deref() };
        let chip = exact::boot(sources, setup.identity, output)?;
        let watch = Watch::new(&self.running, setup.scenario());
        ChipSession::with(Box::new(chip), setup.radio, options, watch, output)
    }

    /// The seed of a chip, which has 32 bits; a scenario's has more.
    fn seed(&self) -> Result<u32, CliError> {
        u32::try_from(self.seed.unwrap_or(0)).map_err(|_| {
            let message =
                format!("--seed {}: the seed of one chip is at most {}", self.seed.unwrap_or(0), u32::MAX);
            CliError::usage("cli::seed-too-large", message).help("only a fleet's may be larger")
        })
    }
}

#[cfg(unix)]
fn pseudo_terminal() -> Result<Box<dyn Transport>, CliError> {
    Ok(Box::new(crate::session::pty::Pty::open()?))
}

#[cfg(not(unix))]
fn pseudo_terminal() -> Result<Box<dyn Transport>, CliError> {
    Err(CliError::usage("sim::no-pty", "this system has no pseudo-terminals")
        .help("--tcp 0 opens the console to programs on this machine"))
}

/// A file: a sensor log or a script, by its name and its first lines.
fn open(
    path: &Path,
    role: RoleKind,
    options: &LogOptions,
    output: &Output,
) -> Result<Box<dyn LineSource>, Stop> {
    let name = path.display().to_string();
    let fault = |error: &io::Error| unreadable(&name, error).help("name a file that exists");
    let mut file = File::open(path).map_err(|error| fault(&error))?;
    let is_regular = file.metadata().map_err(|error| fault(&error))?.is_file();
    let beginning = beginning(&mut file).map_err(|error| fault(&error))?;
    if !is_log(Some(path), &beginning, role) {
        return Ok(Box::new(Lines::new(Cursor::new(beginning).chain(file), name)));
    }
    check_role(&name, role)?;
    if is_regular {
        return Ok(Box::new(Samples::open_file(path, options, output)?));
    }
    Ok(Box::new(Samples::live(Cursor::new(beginning).chain(file), &name, options)?))
}

/// Standard input, which is looked into only where it may be a sensor log: a script's lines are taken as they come.
fn standard_input(role: RoleKind, options: &LogOptions) -> Result<Box<dyn LineSource>, Stop> {
    let name = "standard input";
    if !role.takes_samples() || io::stdin().is_terminal() {
        return Ok(Box::new(Lines::new(io::stdin(), name)));
    }
    let beginning = beginning(&mut io::stdin()).map_err(|error| unreadable(name, &error))?;
    let is_log = is_log(None, &beginning, role);
    let input = Cursor::new(beginning).chain(io::stdin());
    if is_log {
        return Ok(Box::new(Samples::live(input, name, options)?));
    }
    Ok(Box::new(Lines::new(input, name)))
}

/// A file that is named so, or for a role that takes samples one that looks so.
fn is_log(path: Option<&Path>, beginning: &[u8], role: RoleKind) -> bool {
    looks_like_log(path, if role.takes_samples() { beginning } else { b"" })
}
