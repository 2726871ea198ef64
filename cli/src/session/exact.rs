//! Starts the chip of `sim --exact`: finds image and ROM, and gives the chip its number and role.

use super::chip::{Emulated, exact_error};
use super::lines::unreadable;
use crate::error::{CliError, Stop};
use crate::output::Output;
use crate::style::faint;
use ruvllm_esp_core::agent::Identity;
use ruvllm_esp_core::chip::Chip;
use ruvllm_esp_sim::emulator::board::{BoardConfig, Rom};
use ruvllm_esp_sim::exact::{Exact, ExactError};
use std::path::{Path, PathBuf};

/// The options of `sim --exact`.
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
    let flash = image(sources.image, chip)?;
    let rom = rom(sources.rom, chip.name)?;
    let board_config = BoardConfig { seed: identity.seed.into(), ..BoardConfig::default() };
    let show =
        |said: &str| said.lines().filter(|_| output.verbose).for_each(|line| output.info(&faint(line)));
    let failed = |error: ExactError| {
        if let ExactError::NoConsole(failure) = &error {
            show(&failure.said);
        }
        exact_error(&error)
    };
    let mut exact = Exact::boot(chip, &rom, flash, board_config).map_err(failed)?;
    show(exact.log());
    exact.configure(identity.chip_id, identity.role).map_err(failed)?;
    Ok(Emulated::new(exact, identity, output.verbose))
}

/// The bytes of the image, checked as `flash` checks it.
fn image(path: Option<&Path>, chip: &'static Chip) -> Result<Vec<u8>, CliError> {
    let built = || PathBuf::from(format!("dist/ruvllm-esp-{}.bin", chip.name));
    let path = path.map_or_else(built, Path::to_path_buf);
    let name = path.display().to_string();
    let help = format!("`ruvllm-esp build --variant {}` makes one; --image FILE names another", chip.name);
    checked(&path, &name, chip, &help)
}

#[cfg(feature = "board")]
fn checked(path: &Path, name: &str, chip: &'static Chip, help: &str) -> Result<Vec<u8>, CliError> {
    use crate::board::image::{self, Image};
    let bytes = image::read(path).map_err(|error| unreadable(name, &error).help(help))?;
    let image = Image::check(bytes, name)?;
    if image.chip != chip {
        let (is, wanted) = (image.chip.name, chip.name);
        let text = format!("{name} is for {is}, not for {wanted}");
        return Err(CliError::usage("sim::wrong-chip", text)
            .help(format!("run it with --variant {is}, or name the image of {wanted} with --image")));
    }
    check_revision(&image, name)?;
    Ok(image.into_bytes())
}

/// Does the image start on the revision that is emulated?
#[cfg(feature = "board")]
fn check_revision(image: &crate::board::image::Image, name: &str) -> Result<(), CliError> {
    use crate::board::program::dotted;
    let Some((major, minor)) = ruvllm_esp_sim::emulator::board::revision(image.chip.name) else {
        return Ok(());
    };
    let have = u16::try_from(major * 100 + minor).unwrap_or(u16::MAX);
    if image.revisions.contains(&have) {
        return Ok(());
    }
    let (first, last) = (dotted(*image.revisions.start()), dotted(*image.revisions.end()));
    let text = format!("{name} is for revisions {first} to {last}, the emulated chip has {}", dotted(have));
    Err(CliError::usage("sim::wrong-revision", text)
        .help("build the image for the revision that is emulated"))
}

#[cfg(not(feature = "board"))]
fn checked(path: &Path, name: &str, _: &'static Chip, help: &str) -> Result<Vec<u8>, CliError> {
    std::fs::read(path).map_err(|error| unreadable(name, &error).help(help))
}

/// The ROM of a chip: the file that is named, else the one in `RUVLLM_ROM_DIR`, else the one that came along.
///
/// # Errors
/// Where there is none, or the file is no ROM.
pub fn rom(path: Option<&Path>, chip: &str) -> Result<Rom, CliError> {
    let folder = std::env::var_os("RUVLLM_ROM_DIR").filter(|folder| !folder.is_empty());
    let (name, bytes) = match path.map(Path::to_path_buf) {
        Some(path) => read(&path)?,
        None if folder.is_none() && cfg!(feature = "board") => {
            came_along(chip).ok_or_else(|| no_rom(chip))?
        }
        None => read(&Rom::find(chip).ok_or_else(|| no_rom(chip))?)?,
    };
    Rom::parse(&bytes).map_err(|error| {
        CliError::usage("sim::bad-rom", format!("{name}: {error}"))
            .help("it is an ELF file of Espressif's esp-rom-elfs")
    })
}

fn read(path: &Path) -> Result<(String, Vec<u8>), CliError> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| unreadable(&name, &error).help(FETCH))?;
    Ok((name, bytes))
}

#[cfg(feature = "board")]
fn came_along(chip: &str) -> Option<(String, Vec<u8>)> {
    Some(("the flasher's ROM".into(), crate::board::rom::of(chip)?))
}

#[cfg(not(feature = "board"))]
fn came_along(_: &str) -> Option<(String, Vec<u8>)> {
    None
}

/// Where the files come from.
const FETCH: &str = "--rom FILE names one, RUVLLM_ROM_DIR a folder of them; `curl -L \
https://github.com/espressif/esp-rom-elfs/releases/download/20241011/esp-rom-elfs-20241011.tar.gz | tar xz` fetches them";

fn no_rom(chip: &str) -> CliError {
    CliError::usage("sim::no-rom", format!("there is no ROM image for {chip}")).help(FETCH)
}
