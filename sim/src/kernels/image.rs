//! The kernel image of a chip: built from `firmware/kernels` with the compiler at hand.
//!
//! The build sees a clean environment, so that flags meant for the host do not reach the chip's code. A target that is
//! not installed is no failure of the image: the error says so, with the command that installs it.

use crate::emulator::{self, LoadError, Machine, Pace, Stop};
use ruvllm_esp_core::chip::Chip;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs, io};
use thiserror::Error;

/// The image's package, and the profile of the workspace that it is compiled with.
const PACKAGE: &str = "ruvllm-esp-kernels";
const PROFILE: &str = "kernels";
/// Where cargo builds it, in the checkout.
const FOLDER: &str = "target/kernels";

/// What the host's build may have set, and the image's must not see.
const HOST_ONLY: [&str; 8] = [
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_TARGET_DIR",
    "CARGO_BUILD_TARGET_DIR",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
];

/// The image of one chip.
#[derive(Clone, Debug)]
pub struct Image {
    /// The emulated chip.
    pub chip: &'static emulator::Chip,
    /// The ELF file.
    pub path: PathBuf,
}

/// Why there is no image, or none that runs.
#[derive(Debug, Error)]
pub enum ImageError {
    /// No emulator runs this chip's code.
    #[error("no emulator here runs the code of {chip}")]
    NotEmulated {
        /// The chip.
        chip: &'static str,
    },
    /// The compiler's target is not installed.
    #[error("the target {target} is not installed: `{command}`")]
    NoTarget {
        /// The target.
        target: &'static str,
        /// What installs it.
        command: String,
    },
    /// There is no `firmware/kernels` here.
    #[error("there is no firmware/kernels here: run this in a checkout of the repository")]
    NoSources,
    /// The compiler could not be started.
    #[error("cannot run {program}: {error}")]
    NoCompiler {
        /// The program.
        program: String,
        /// Why not.
        error: io::Error,
    },
    /// The image does not build.
    #[error("the kernel image does not build:\n{0}")]
    Build(String),
    /// The image cannot be read.
    #[error("cannot read {path}: {error}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The image does not fit the emulator.
    #[error("cannot load {path}: {error}")]
    Load {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: LoadError,
    },
    /// The image did not run to its end.
    #[error("the image of {chip} stopped with {stop:?} after `{last}`")]
    Stopped {
        /// The chip.
        chip: &'static str,
        /// How.
        stop: Stop,
        /// The last line it said.
        last: String,
    },
    /// The process of an image did not run to its end.
    #[error("the process of {chip} ended after `{last}`")]
    Unfinished {
        /// The chip.
        chip: &'static str,
        /// The last line it said, and how it ended.
        last: String,
    },
    /// The image said something else than a measurement.
    #[error("`{0}` is no measurement")]
    NoMeasurement(String),
}

impl ImageError {
    /// The command that would lift it, if it is something that this machine merely lacks.
    pub fn remedy(&self) -> Option<String> {
        match self {
            ImageError::NoTarget { command, .. } => Some(command.clone()),
            ImageError::NoSources => Some("git clone https://github.com/ruvllm-esp/ruvllm-esp".to_string()),
            ImageError::NoCompiler { .. } => Some("install Rust from https://rustup.rs".to_string()),
            _ => None,
        }
    }
}

/// The compiler's target for a chip whose code is emulated.
pub fn target(chip: &Chip) -> Option<&'static str> {
    match chip.name {
        "esp32c3" => Some("riscv32imc-unknown-none-elf"),
        "esp32c6" => Some("riscv32imac-unknown-none-elf"),
        _ => None,
    }
}

/// The checkout: the nearest folder with the image's sources, from the working directory upwards, or where this program
/// was built.
pub fn checkout() -> Option<PathBuf> {
    let is_checkout = |folder: &&Path| folder.join("firmware/kernels/Cargo.toml").is_file();
    let here = env::current_dir().unwrap_or_default();
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    here.ancestors().find(is_checkout).or(built.filter(is_checkout)).map(Path::to_path_buf)
}

/// A command of the toolchain with the host's flags taken out of its environment.
pub fn toolchain(program: &str) -> Command {
    let mut command = Command::new(program);
    for name in HOST_ONLY {
        command.env_remove(name);
    }
    // How the compiler divides the crates decides what it inlines, and with it cycles and stack.
    command.env("CARGO_INCREMENTAL", "0");
    command
}

/// The command that builds the image for `target`, by the compiler that `channel` names, as in `+nightly`, if it does.
///
/// The image has to be the same wherever the checkout and cargo's home lie: where functions come to lie decides how they
/// share the cache, and a session that just fits it takes two thirds longer in another order.
pub(super) fn cargo(root: &Path, channel: Option<&str>, target: &str, flags: &[&str]) -> Command {
    let mut cargo = toolchain("cargo");
    cargo.current_dir(root).args(channel);
    cargo.args(["build", "--locked", "--package", PACKAGE, "--features", "bare-metal"]);
    cargo.args(["--profile", PROFILE, "--target", target, "--target-dir"]).arg(root.join(FOLDER));
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(env::home_dir()?.join(".cargo")));
    let places = home.map(|home| (home, "/cargo")).into_iter().chain([(root.to_path_buf(), "/ruvllm-esp")]);
    let remap = places.map(|(place, short)| format!("--remap-path-prefix={}={short}", place.display()));
    let flags: Vec<String> = remap.chain(flags.iter().map(|flag| flag.to_string())).collect();
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    cargo
}

/// What [`cargo`] builds for `target`.
pub(super) fn program(root: &Path, target: &str) -> PathBuf {
    root.join(FOLDER).join(target).join(PROFILE).join(PACKAGE)
}

/// Runs a command to its end.
///
/// # Errors
/// [`ImageError::NoCompiler`] where it cannot be started.
pub fn run(command: &mut Command) -> Result<Output, ImageError> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.output().map_err(|error| ImageError::NoCompiler { program, error })
}

impl Image {
    /// Builds the image of `chip`, or finds it built.
    ///
    /// # Errors
    /// [`ImageError`]; [`ImageError::remedy`] tells what is lacking from what is wrong.
    pub fn build(chip: &Chip) -> Result<Self, ImageError> {
        let not_emulated = ImageError::NotEmulated { chip: chip.name };
        let (Some(target), Some(emulated)) = (target(chip), emulator::chip::by_name(chip.name)) else {
            return Err(not_emulated);
        };
        let root = checkout().ok_or(ImageError::NoSources)?;
        require(target)?;
        let output = run(&mut cargo(&root, None, target, &[]))?;
        if !output.status.success() {
            return Err(ImageError::Build(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        Ok(Self { chip: emulated, path: program(&root, target) })
    }

    /// A machine with the image in its memory.
    ///
    /// # Errors
    /// [`ImageError::Read`] and [`ImageError::Load`].
    pub fn load(&self, pace: Pace) -> Result<Machine, ImageError> {
        let path = || self.path.clone();
        let bytes = fs::read(&self.path).map_err(|error| ImageError::Read { path: path(), error })?;
        let mut machine = Machine::new(self.chip, pace);
        machine.load_elf(&bytes).map_err(|error| ImageError::Load { path: path(), error })?;
        Ok(machine)
    }
}

/// Is the target's library there?
///
/// # Errors
/// [`ImageError::NoTarget`] where it is not.
pub fn require(target: &'static str) -> Result<(), ImageError> {
    let output = run(toolchain("rustc").args(["--print", "target-libdir", "--target", target]))?;
    let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    if output.status.success() && folder.is_dir() {
        return Ok(());
    }
    Err(ImageError::NoTarget { target, command: format!("rustup target add {target}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruvllm_esp_core::chip;

    #[test]
    fn a_missing_target_names_its_remedy() {
        let error = require("riscv32x-nowhere-none-elf").unwrap_err();
        assert_eq!(error.remedy().as_deref(), Some("rustup target add riscv32x-nowhere-none-elf"));
    }

    #[test]
    fn nothing_in_an_image_tells_where_it_was_built() {
        let image = match Image::build(&chip::esp32c3::CHIP) {
            Ok(image) => image,
            Err(error) => return println!("SKIPPED: {error}"),
        };
        let bytes = fs::read(&image.path).unwrap();
        let root = checkout().unwrap();
        let root = root.to_str().unwrap().as_bytes();
        assert!(!bytes.windows(root.len()).any(|window| window == root), "{}", image.path.display());
    }

    #[test]
    fn only_risc_v_is_emulated() {
        let emulated = chip::ALL.into_iter().filter(|chip| target(chip).is_some()).map(|chip| chip.name);
        assert_eq!(emulated.collect::<Vec<_>>(), ["esp32c3", "esp32c6"]);
        assert!(matches!(Image::build(&chip::esp32::CHIP), Err(ImageError::NotEmulated { chip: "esp32" })));
    }
}
