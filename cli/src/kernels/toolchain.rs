//! The compiler as the kernel images need it: its environment, its targets, the checkout it compiles.
//!
//! A build sees a clean environment, so that flags meant for the host do not reach the chip's code.

use super::BuildError;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

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

/// Runs a command to its end.
///
/// # Errors
/// [`BuildError::NoCompiler`] where it cannot be started.
pub fn run(command: &mut Command) -> Result<Output, BuildError> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.output().map_err(|error| BuildError::NoCompiler { program, error })
}

/// Is the target's library there?
///
/// # Errors
/// [`BuildError::NoTarget`] where it is not.
pub fn require(target: &'static str) -> Result<(), BuildError> {
    let output = run(toolchain("rustc").args(["--print", "target-libdir", "--target", target]))?;
    let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    if output.status.success() && folder.is_dir() {
        return Ok(());
    }
    Err(BuildError::NoTarget { target, command: format!("rustup target add {target}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_target_names_its_remedy() {
        let error = require("riscv32x-nowhere-none-elf").unwrap_err();
        assert_eq!(error.remedy().as_deref(), Some("rustup target add riscv32x-nowhere-none-elf"));
    }
}
