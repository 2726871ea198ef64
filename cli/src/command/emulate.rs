//! `emulate`: run a RISC-V ELF as a chip would, and count its cycles.
//!
//! UART output goes to standard output as it is; what the run came to goes to standard error, or with `--json` as
//! one object to standard output, the UART output in it. The exit code says how the run ended.

use crate::error::{CliError, CommandResult, Exit, Stop as CommandStop};
use crate::json::envelope;
use crate::output::Output;
use clap::Args;
use ruvllm_esp_sim::emulator::elf::LoadError;
use ruvllm_esp_sim::emulator::execute::Retired;
use ruvllm_esp_sim::emulator::profile::{FunctionCost, Profile};
use ruvllm_esp_sim::emulator::trace::Trace;
use ruvllm_esp_sim::emulator::{Machine, Observer, Pace, Stats, Stop, chip};
use schemars::JsonSchema;
use serde::Serialize;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Functions that `--profile` lists.
const LISTED: usize = 25;

const EXAMPLES: &str = "\
Examples:
  ruvllm-esp emulate program.elf --chip esp32c3
  ruvllm-esp emulate program.elf --chip esp32c6 --profile --folded stacks.txt
  ruvllm-esp emulate program.elf --max-cycles 1000000 --json | jq .cycles

It ends with 0 when the program reports success, 1 when it reports failure, 3 at a fault that
no handler takes, 4 when the cycles run out.";

/// Options of `emulate`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The program: a 32-bit RISC-V ELF file
    pub file: PathBuf,

    /// The chip that runs it
    #[arg(long, default_value = "esp32c3", value_name = "CHIP")]
    pub chip: String,

    /// Stop after this many cycles
    #[arg(long, default_value_t = 10_000_000_000, value_name = "N")]
    pub max_cycles: u64,

    /// Do not model time: one instruction is one cycle
    #[arg(long)]
    pub untimed: bool,

    /// Print the cycles of each function
    #[arg(long)]
    pub profile: bool,

    /// Write the cycles of each call stack, as flame graph tools read them
    #[arg(long, value_name = "FILE")]
    pub folded: Option<PathBuf>,

    /// Write a line for each instruction
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,

    /// Stop when this function or address is next
    #[arg(long = "break", value_name = "SYMBOL")]
    pub breakpoint: Vec<String>,
}

/// Why the program could not be run.
#[derive(Debug)]
pub enum EmulateError {
    UnknownChip { name: String },
    UnknownSymbol { name: String },
    Read { path: PathBuf, error: io::Error },
    Write { path: PathBuf, error: io::Error },
    Output(io::Error),
    Load { path: PathBuf, error: LoadError },
}

impl From<EmulateError> for CommandStop {
    fn from(error: EmulateError) -> Self {
        let names = || chip::ALL.iter().map(|chip| chip.name).collect::<Vec<_>>().join(" and ");
        match error {
            EmulateError::UnknownChip { name } => {
                CliError::usage("emulate::unknown-chip", format!("no emulated chip is called `{name}`"))
                    .help(format!("there are {}", names()))
            }
            EmulateError::UnknownSymbol { name } => {
                CliError::usage("emulate::unknown-symbol", format!("the program has no symbol `{name}`"))
                    .help("name a symbol of the ELF, or an address such as 0x42000020")
            }
            EmulateError::Read { path, error } => {
                CliError::usage("emulate::cannot-read", format!("cannot read {}: {error}", path.display()))
                    .help("name a 32-bit RISC-V ELF file")
            }
            EmulateError::Load { path, error } => {
                CliError::usage("emulate::not-a-program", format!("cannot load {}: {error}", path.display()))
                    .help("link a 32-bit RISC-V ELF for the memory of the chip, or at 0x80000000")
            }
            EmulateError::Write { path, error } => CliError::runtime(
                "emulate::cannot-write",
                format!("cannot write {}: {error}", path.display()),
            ),
            EmulateError::Output(error) => return error.into(),
        }
        .into()
    }
}

/// What a run came to, as `--json` prints it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    file: PathBuf,
    chip: &'static str,
    /// Where the figures come from.
    figures: &'static str,
    timed: bool,
    #[serde(flatten)]
    stop: Stop,
    #[serde(flatten)]
    stats: Stats,
    microseconds: u64,
    uart: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    functions: Vec<FunctionCost>,
}

/// Both observers of a run, each only when it was asked for.
struct Observers {
    profile: Option<Profile>,
    trace: Option<Trace<BufWriter<File>>>,
}

impl Observer for Observers {
    fn retired(&mut self, retired: &Retired) {
        if let Some(profile) = &mut self.profile {
            profile.retired(retired);
        }
        if let Some(trace) = &mut self.trace {
            trace.retired(retired);
        }
    }

    fn interrupted(&mut self) {
        if let Some(profile) = &mut self.profile {
            profile.interrupted();
        }
    }
}

/// Runs the program as `arguments` say.
///
/// # Errors
/// What cannot be read, loaded or written, and unknown chips and symbols.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    let mut out = io::stdout().lock();
    if output.quiet {
        return Ok(emulate(arguments, output.json, &mut out, &mut io::sink())?);
    }
    Ok(emulate(arguments, output.json, &mut out, &mut anstream::stderr().lock())?)
}

/// Runs the program; UART output and JSON go to `out`, messages to `err`.
fn emulate(
    args: &Arguments,
    json: bool,
    out: &mut impl Write,
    err: &mut impl Write,
) -> Result<Exit, EmulateError> {
    let mut machine = prepare(args)?;
    // Output files are opened before the run, which may be long.
    let folded = args.folded.as_deref().map(create).transpose()?;
    let observes = args.profile || folded.is_some() || args.trace.is_some();
    let profile = (args.profile || folded.is_some()).then(|| Profile::new(machine.symbols().clone()));
    let trace = args.trace.as_deref().map(create).transpose()?.map(Trace::new);
    let mut observers = Observers { profile, trace };
    let stop = if observes {
        machine.run_observed(args.max_cycles, &mut observers)
    } else {
        machine.run(args.max_cycles)
    };
    let Observers { profile, trace } = observers;
    if let (Some(profile), Some(mut file), Some(path)) = (&profile, folded, &args.folded) {
        let written = profile.write_folded(&mut file).and_then(|()| file.flush());
        written.map_err(|error| EmulateError::Write { path: path.clone(), error })?;
    }
    if let (Some(trace), Some(path)) = (trace, &args.trace) {
        trace.finish().map_err(|error| EmulateError::Write { path: path.clone(), error })?;
    }
    let functions = profile.filter(|_| args.profile).map(|profile| profile.functions()).unwrap_or_default();
    report(args, json, &mut machine, stop, functions, out, err).map_err(EmulateError::Output)?;
    Ok(exit_code(stop))
}

fn prepare(args: &Arguments) -> Result<Machine, EmulateError> {
    let chip =
        chip::by_name(&args.chip).ok_or_else(|| EmulateError::UnknownChip { name: args.chip.clone() })?;
    let path = || args.file.clone();
    let bytes = std::fs::read(&args.file).map_err(|error| EmulateError::Read { path: path(), error })?;
    let mut machine = Machine::new(chip, if args.untimed { Pace::Untimed } else { Pace::Timed });
    machine.load_elf(&bytes).map_err(|error| EmulateError::Load { path: path(), error })?;
    for name in &args.breakpoint {
        let address = machine.symbols().address(name).or_else(|| parse_address(name));
        machine.add_breakpoint(address.ok_or_else(|| EmulateError::UnknownSymbol { name: name.clone() })?);
    }
    Ok(machine)
}

fn parse_address(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

fn create(path: &Path) -> Result<BufWriter<File>, EmulateError> {
    let file = File::create(path).map_err(|error| EmulateError::Write { path: path.to_owned(), error })?;
    Ok(BufWriter::new(file))
}

/// The exit code that says how a run ended.
const fn exit_code(stop: Stop) -> Exit {
    match stop {
        Stop::Exited { code: 0 } | Stop::Breakpoint { .. } | Stop::WaitingForInterrupt | Stop::Reset => {
            Exit::Ok
        }
        Stop::Exited { .. } => Exit::No,
        Stop::Fault(_) => Exit::Runtime,
        Stop::CycleLimit => Exit::Timeout,
    }
}

fn report(
    args: &Arguments,
    json: bool,
    machine: &mut Machine,
    stop: Stop,
    functions: Vec<FunctionCost>,
    out: &mut impl Write,
    err: &mut impl Write,
) -> io::Result<()> {
    let (stats, chip) = (machine.stats(), machine.chip());
    let microseconds = (u128::from(stats.cycles) * 1_000_000 / u128::from(chip.clock_hz)) as u64;
    let uart = machine.take_uart_output();
    if json {
        let uart = String::from_utf8_lossy(&uart).into_owned();
        let (file, timed) = (args.file.clone(), !args.untimed);
        let report = Report {
            file,
            chip: chip.name,
            figures: "emulated",
            timed,
            stop,
            stats,
            microseconds,
            uart,
            functions,
        };
        return writeln!(out, "{}", envelope("emulation", &report)?);
    }
    out.write_all(&uart)?;
    out.flush()?;
    writeln!(err, "{}", ending(machine, stop))?;
    let Stats { cycles, instructions, cache_hits, cache_misses } = stats;
    if args.untimed {
        writeln!(err, "{}: {instructions} instructions, time not modelled", chip.name)?;
    } else {
        writeln!(
            err,
            "{}: {cycles} cycles = {microseconds} us, {instructions} instructions (emulated)",
            chip.name
        )?;
        writeln!(err, "flash cache: {cache_hits} hits, {cache_misses} line fills")?;
    }
    for FunctionCost { name, cycles: own, instructions } in functions.iter().take(LISTED) {
        let percent = *own as f64 * 100.0 / cycles.max(1) as f64;
        writeln!(err, "{percent:6.2} % {own:>12} cycles {instructions:>12} instructions  {name}")?;
    }
    Ok(())
}

/// How a run ended, for people.
fn ending(machine: &Machine, stop: Stop) -> String {
    let function = |pc| {
        let symbols = machine.symbols();
        let symbol = symbols.function_at(pc).and_then(|index| symbols.get(index));
        symbol.map_or_else(String::new, |symbol| format!(" in {}+{:#x}", symbol.name, pc - symbol.address))
    };
    match stop {
        Stop::Exited { code: 0 } => "passed".to_owned(),
        Stop::Exited { code } => format!("failed with code {code}"),
        Stop::Breakpoint { pc } => format!("breakpoint at {pc:#010x}{}", function(pc)),
        Stop::Fault(fault) => format!("fault: {fault}{}", function(fault.pc)),
        Stop::CycleLimit => {
            format!("cycle limit reached at {:#010x}{}", machine.hart.pc, function(machine.hart.pc))
        }
        Stop::Reset => "resetting itself".to_owned(),
        Stop::WaitingForInterrupt => "waiting for an interrupt that will not come".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruvllm_esp_sim::emulator::assemble::{A0, A1, ZERO, addi, bytes, jal, lui, sw};
    use ruvllm_esp_sim::emulator::{Cause, Fault, elf_file};

    #[test]
    fn each_ending_has_its_exit_code() {
        let fault = Fault { cause: Cause::LoadAccess, pc: 0, instruction: 0, address: 0 };
        assert_eq!(exit_code(Stop::Exited { code: 0 }), Exit::Ok);
        assert_eq!(exit_code(Stop::Exited { code: 3 }), Exit::No);
        assert_eq!(exit_code(Stop::Fault(fault)), Exit::Runtime);
        assert_eq!(exit_code(Stop::CycleLimit), Exit::Timeout);
    }

    /// Greets on UART0 and ends with `code`.
    fn program(code: i32) -> Vec<u8> {
        let program = [
            lui(A0, 0x6000_0000),
            addi(A1, ZERO, i32::from(b'o')),
            sw(A1, A0, 0),
            addi(A1, ZERO, i32::from(b'k')),
            sw(A1, A0, 0),
            lui(A0, 0x3fc8_0000),
            addi(A1, ZERO, code << 1 | 1),
            sw(A1, A0, 0),
            jal(ZERO, 0),
        ];
        elf_file::write(0x4038_0000, &bytes(&program), &[("main", 0x4038_0000), ("tohost", 0x3fc8_0000)])
    }

    /// Runs a program with further arguments: exit code, standard output, standard error.
    fn emulated(
        name: &str,
        program: &[u8],
        further: &[&str],
    ) -> (Result<Exit, EmulateError>, String, String) {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            args: Arguments,
            #[arg(long)]
            json: bool,
        }
        let path = std::env::temp_dir().join(format!("ruvllm-esp-{}-{name}.elf", std::process::id()));
        std::fs::write(&path, program).unwrap();
        let words = ["emulate", path.to_str().unwrap()].into_iter().chain(further.iter().copied());
        let line: Line = clap::Parser::parse_from(words);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = emulate(&line.args, line.json, &mut out, &mut err);
        std::fs::remove_file(&path).unwrap();
        (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    #[test]
    fn a_program_prints_and_passes() {
        let (code, out, err) = emulated("passes", &program(0), &[]);
        assert_eq!((code.unwrap(), out.as_str()), (Exit::Ok, "ok"));
        assert_eq!(err.lines().next(), Some("passed"));
        assert!(err.contains("8 instructions (emulated)"), "{err}");
    }

    #[test]
    fn json_holds_everything() {
        let (code, out, err) = emulated("json", &program(7), &["--json", "--profile"]);
        assert_eq!((code.unwrap(), err.as_str()), (Exit::No, ""));
        let value: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(
            (&value["stop"], &value["code"], &value["uart"]),
            (&"exited".into(), &7.into(), &"ok".into())
        );
        assert_eq!((&value["figures"], &value["functions"][0]["name"]), (&"emulated".into(), &"main".into()));
    }

    #[test]
    fn a_fault_and_a_breakpoint_say_where() {
        let file = elf_file::write(0x4038_0000, &bytes(&[addi(A0, ZERO, 1), 0]), &[("main", 0x4038_0000)]);
        let (code, _, err) = emulated("fault", &file, &[]);
        assert_eq!(code.unwrap(), Exit::Runtime);
        assert!(err.starts_with("fault: illegal instruction: pc 0x40380004"), "{err}");
        assert!(err.lines().next().is_some_and(|line| line.ends_with(" in main+0x4")), "{err}");
        let (code, _, err) = emulated("break", &program(0), &["--break", "0x40380008"]);
        assert_eq!(code.unwrap(), Exit::Ok);
        assert!(err.starts_with("breakpoint at 0x40380008 in main+0x8"), "{err}");
    }

    #[test]
    fn the_cycle_limit_and_bad_input_have_their_codes() {
        let (code, ..) = emulated("limit", &program(0), &["--max-cycles", "3"]);
        assert_eq!(code.unwrap(), Exit::Timeout);
        let (code, ..) = emulated("not-elf", b"hello", &[]);
        assert!(matches!(code, Err(EmulateError::Load { .. })));
        let (code, ..) = emulated("chip", &program(0), &["--chip", "esp32"]);
        assert!(matches!(code, Err(EmulateError::UnknownChip { .. })));
        let (code, ..) = emulated("symbol", &program(0), &["--break", "nowhere"]);
        assert!(matches!(code, Err(EmulateError::UnknownSymbol { .. })));
    }

    #[test]
    fn addresses_are_hexadecimal() {
        assert_eq!(parse_address("0x42000020"), Some(0x4200_0020));
        assert_eq!((parse_address("main"), parse_address("0xzz")), (None, None));
    }
}
