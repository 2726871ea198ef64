//! The kernel image of a chip, as a file that was built from `firmware/kernels`, and the emulated chip that runs it.

use crate::emulator::{self, LoadError, Machine, Pace, Stop};
use std::path::PathBuf;
use std::{fs, io};
use thiserror::Error;

/// The image of one chip.
#[derive(Clone, Debug)]
pub struct Image {
    /// The emulated chip.
    pub chip: &'static emulator::EmulatedChip,
    /// The ELF file.
    pub path: PathBuf,
}

/// Why an image does not run.
#[derive(Debug, Error)]
pub enum ImageError {
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
    /// The image said something else than a measurement.
    #[error("`{0}` is no measurement")]
    NoMeasurement(String),
}

impl Image {
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
