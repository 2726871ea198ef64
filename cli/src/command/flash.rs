//! `flash`: an image onto a board, or a fleet's onto many, and proof that it runs.

mod bars;
mod fleet;

use crate::board::image::Image;
use crate::board::install::{Installed, Job, Options, install};
use crate::board::port;
use crate::board::settings::Change;
use crate::configuration::{self, BAUD, DEFAULT_BAUD};
use crate::error::{CliError, CommandResult, Exit, Stop};
use crate::fleet_key::KeyOptions;
use crate::interrupt;
use crate::output::Output;
use crate::selection::{CHIP_ID, Names, ROLE, VARIANT};
use bars::Bars;
use ruvllm_esp_core::chip::Chip;
use schemars::JsonSchema;
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  ruvllm-esp flash --variant esp32c3
  ruvllm-esp flash --variant esp32c6 --port /dev/ttyACM0 --role memory --chip-id 7 --monitor
  ruvllm-esp flash --fleet kitchen.toml";

/// Options of `flash`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The chip, for dist/ruvllm-esp-CHIP.bin; $RUVLLM_VARIANT where it is not given
    #[arg(long, value_name = "CHIP", value_parser = Names::CHIP)]
    variant: Option<String>,
    /// The serial port, taken as named; $RUVLLM_ESP_PORT, or the only board there is, where it is not given
    #[arg(long, short, value_name = "PORT")]
    port: Option<String>,
    /// The role that the chip starts with; $RUVLLM_ROLE, or what the chip has, where it is not given
    #[arg(long, value_name = "ROLE", value_parser = Names::ROLE)]
    role: Option<String>,
    /// The number of the chip in its fleet; $RUVLLM_CHIP_ID, or what the chip has, where it is not given
    #[arg(long, value_name = "NUMBER")]
    chip_id: Option<String>,
    /// A merged image
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,
    /// Where `build` wrote
    #[arg(long, value_name = "DIR", default_value = "dist")]
    out: PathBuf,
    /// Stay connected and show the chip's console
    #[arg(long, short)]
    monitor: bool,
    /// Flash every chip of this file, all at once
    #[arg(long, value_name = "FILE", conflicts_with_all = ["variant", "port", "role", "chip_id", "image", "monitor"])]
    fleet: Option<PathBuf>,
    /// Bits a second while writing; $RUVLLM_ESP_BAUD, or 460800, where it is not given
    #[arg(long, value_name = "BAUD")]
    baud: Option<String>,
    /// Leave the reset lines alone: the chip is in its ROM's loader already
    #[arg(long)]
    no_reset: bool,
    /// How long banner and role may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    timeout: u64,
    #[command(flatten)]
    key: KeyOptions,
    /// The epoch of the fleet's keys [default: that of the fleet's file, or 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    epoch: Option<u32>,
    /// Encrypt the payloads of frames, as every chip of the fleet has to [default: as the fleet's file says, or as before]
    #[arg(long, value_enum, value_name = "on|off")]
    encrypt: Option<Switch>,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Switch {
    On,
    Off,
}

/// What came of one board.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report<'a> {
    port: &'a str,
    variant: &'a str,
    role: Option<&'a str>,
    chip_id: Option<u16>,
    version: Option<&'a str>,
    bytes_written: Option<usize>,
    seconds: Option<f64>,
    ok: bool,
    code: Option<&'a str>,
    message: Option<&'a str>,
}

impl<'a> Report<'a> {
    fn new(port: &'a str, chip: &'a Chip, outcome: &'a Result<Installed, CliError>) -> Self {
        let done = outcome.as_ref().ok();
        let failed = outcome.as_ref().err();
        Self {
            port,
            variant: chip.name,
            role: done.map(|done| done.greeting.role.as_str()),
            chip_id: done.map(|done| done.greeting.chip_id),
            version: done.map(|done| done.greeting.version.as_str()),
            bytes_written: done.map(|done| done.written),
            seconds: done.map(|done| done.took.as_secs_f64()),
            ok: done.is_some(),
            code: failed.map(CliError::code),
            message: failed.map(CliError::message),
        }
    }
}

impl Arguments {
    fn encrypts(&self) -> Option<bool> {
        self.encrypt.map(|switch| switch == Switch::On)
    }

    fn options(&self) -> Result<Options, CliError> {
        let baud = configuration::find(self.baud.as_deref(), "--baud", BAUD)?;
        let baud = baud.map_or(Ok(DEFAULT_BAUD), |resolved| resolved.baud())?;
        Ok(Options { baud, reset: !self.no_reset, patience: Duration::from_secs(self.timeout) })
    }
}

/// Flashes one board or many.
///
/// # Errors
/// Everything that an image, a port or a board can have against it, each with its code.
pub fn run(arguments: &Arguments, output: &Output) -> CommandResult {
    interrupt::leave_at_once(
        output.json,
        "if an image was being written, it may not be whole: flash it again",
    );
    match &arguments.fleet {
        Some(file) => fleet::run(file, arguments, output),
        None => one(arguments, output),
    }
}

fn one(arguments: &Arguments, output: &Output) -> CommandResult {
    let image = image(arguments)?;
    let role = configuration::find(arguments.role.as_deref(), "--role", ROLE)?
        .map(|resolved| resolved.role())
        .transpose()?;
    let chip_id = configuration::find(arguments.chip_id.as_deref(), "--chip-id", CHIP_ID)?
        .map(|resolved| resolved.chip_id())
        .transpose()?;
    let change = Change {
        role,
        chip_id,
        key: arguments.key.find(output)?.map(|key| (key, arguments.epoch.unwrap_or(1))),
        encrypts: arguments.encrypts(),
    };
    let port = port::choose(arguments.port.as_deref(), output)?;
    let job = Job { port: &port, image: &image, change, options: arguments.options()? };
    let bars = Bars::new(output);
    let outcome = install(&job, &mut bars.add(&format!("{} {}", image.chip.name, port.name)));
    drop(bars);
    if output.json && outcome.is_ok() {
        output.json("flash", &Report::new(&port.name, image.chip, &outcome))?;
    }
    let done = outcome?;
    if !output.json {
        report(&done, &port.name, &mut output.text())?;
    }
    if arguments.monitor {
        return super::monitor::follow(&port.name, &arguments.out, image.chip, output);
    }
    Ok(Exit::Ok)
}

fn report(done: &Installed, port: &str, out: &mut impl Write) -> Result<(), Stop> {
    let Installed { greeting, written, took } = done;
    writeln!(
        out,
        "{port}: {} runs ruvllm-esp {} as {}, number {}; {written} B written, {:.1} s",
        greeting.variant,
        greeting.version,
        greeting.role,
        greeting.chip_id,
        took.as_secs_f64()
    )?;
    Ok(())
}

/// The image that is meant, checked.
fn image(arguments: &Arguments) -> Result<Image, CliError> {
    let resolved = configuration::find(arguments.variant.as_deref(), "--variant", VARIANT)?;
    let chip = resolved.map(|resolved| resolved.chip()).transpose()?;
    let image = match (&arguments.image, chip) {
        (Some(file), _) => Image::read(file)?,
        (None, Some(chip)) => built(&arguments.out, chip)?,
        (None, None) => Image::read(&only_one(&arguments.out)?)?,
    };
    match chip {
        Some(chip) if chip != image.chip => {
            let text = format!("the image is for {}, not for {}", image.chip.name, chip.name);
            Err(CliError::usage("flash::wrong-chip", text)
                .help("name the image of that chip, or leave --variant out"))
        }
        _ => Ok(image),
    }
}

/// The image that `build` wrote for `chip`.
fn built(directory: &Path, chip: &Chip) -> Result<Image, CliError> {
    let file = directory.join(format!("ruvllm-esp-{}.bin", chip.name));
    if !file.is_file() {
        let text = format!("there is no {}", file.display());
        return Err(CliError::usage("flash::no-image", text)
            .help(format!("run `ruvllm-esp build --variant {}`, or name an image with --image", chip.name)));
    }
    Image::read(&file)
}

/// The only merged image of a directory.
fn only_one(directory: &Path) -> Result<PathBuf, CliError> {
    let names =
        ruvllm_esp_core::chip::ALL.map(|chip| directory.join(format!("ruvllm-esp-{}.bin", chip.name)));
    let mut there = names.into_iter().filter(|file| file.is_file());
    match (there.next(), there.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => {
            Err(CliError::usage("flash::no-image", format!("there is no image in {}", directory.display()))
                .help("run `ruvllm-esp build --variant CHIP`, or name an image with --image"))
        }
        _ => Err(CliError::usage(
            "flash::no-variant",
            format!("{} has images for several chips", directory.display()),
        )
        .help("name the chip: --variant CHIP")),
    }
}
