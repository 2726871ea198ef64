//! The kernel images of the chips: built here, run by the simulator (`ruvllm_esp_sim::kernels`).
//!
//! Whatever needs a compiler, git or a checkout is in the program; the simulator takes finished images. A target that is
//! not installed is no failure of an image: the error says so, with the command that installs it.

pub mod image;
pub mod rewrite;
#[cfg(test)]
mod tests;
pub mod toolchain;
#[cfg(test)]
mod xtensa;

use ruvllm_esp_sim::kernels::image::ImageError;
use std::io;
use thiserror::Error;

/// Why there is no image, or none that runs.
#[derive(Debug, Error)]
pub enum BuildError {
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
    /// The image does not run.
    #[error(transparent)]
    Image(#[from] ImageError),
}

impl BuildError {
    /// The command that would lift it, if it is something that this machine merely lacks.
    pub fn remedy(&self) -> Option<String> {
        match self {
            BuildError::NoTarget { command, .. } => Some(command.clone()),
            BuildError::NoSources => Some("git clone https://github.com/ruvllm-esp/ruvllm-esp".to_string()),
            BuildError::NoCompiler { .. } => Some("install Rust from https://rustup.rs".to_string()),
            _ => None,
        }
    }
}
