//! Starts the chip of `sim --exact`: finds image and ROM, and gives the chip its number and role.

use super::chip::{Emulated, exact_error};
use super::lines::unreadable;
use crate::error::{CliError, Stop};
use crate::output::{Output, faint};
use ruvllm_esp_core::agent::Identity;
use ruvllm_esp_sim::emulator::board::{Rom, Surroundings};
use ruvllm_esp_sim::exact::{Exact, ExactError};
use std::path::{Path, PathBuf};

/// What `sim --exact` was told.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// The merged flash image; `dist/` is looked into otherwise.
    pub image: Option<&'a Path>,
    /// The ROM, an ELF file; looked for otherwise.
    pub rom: Option<&'a Path>,
}

/// Starts the image, as the chip that `identity` says.
///
/// # Errors
/// Files that are missing or wrong, an image that does not come up.
pub fn boot(sources: Sources<'_>, identity: Identity, output: &Output) -> Result<Emulated, Stop> {
    let chip = identity.chip;
    if ruvllm_esp_sim::emulator::chip::by_name(chip.name).is_none() {
        return Err(exact_error(&ExactError::NoEmulator(chip.name)).into());
    }
    let flash = image(sources.image, chip.name)?;
    let rom = rom(sources.rom, chip.name)?;
    let surroundings = Surroundings { seed: identity.seed.into(), ..Surroundings::default() };
    let mut exact = Exact::boot(chip, &rom, flash, surroundings).map_err(|error| exact_error(&error))?;
    if output.verbose {
        exact.log().lines().for_each(|line| output.say(&faint(line)));
    }
    exact.configure(identity.chip_id, identity.role).map_err(|error| exact_error(&error))?;
    Ok(Emulated::new(exact, identity, output.verbose))
}

fn image(path: Option<&Path>, chip: &str) -> Result<Vec<u8>, CliError> {
    let path = path.map_or_else(|| PathBuf::from(format!("dist/ruvllm-esp-{chip}.bin")), Path::to_path_buf);
    let name = path.display().to_string();
    let help = format!("`ruvllm-esp build --variant {chip}` makes one; --image FILE names another");
    std::fs::read(&path).map_err(|error| unreadable(&name, &error).help(help))
}

/// The ROM of a chip: `path`, or one found.
///
/// # Errors
/// Where there is none, or the file is no ROM.
pub fn rom(path: Option<&Path>, chip: &str) -> Result<Rom, CliError> {
    let found = path.map(Path::to_path_buf).or_else(|| Rom::find(chip)).ok_or_else(|| {
        CliError::usage("sim::no-rom", format!("there is no ROM image for {chip}")).help(
            "--rom FILE or RUVLLM_ROM_DIR names one; https://github.com/espressif/esp-rom-elfs publishes them",
        )
    })?;
    let name = found.display().to_string();
    let bytes = std::fs::read(&found).map_err(|error| unreadable(&name, &error))?;
    Rom::parse(&bytes).map_err(|error| {
        CliError::usage("sim::bad-rom", format!("{name}: {error}"))
            .help("it is an ELF file of Espressif's esp-rom-elfs")
    })
}
