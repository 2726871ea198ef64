//! The kernel image on Xtensa: built with upstream Rust, run as a process of `qemu-xtensa`.
//!
//! Nothing here counts cycles: what it shows is that the machine code of the ESP32, ESP32-S2 and ESP32-S3 gives the bytes
//! that the host gives. The pieces are a nightly compiler with the sources of `core`, Debian's GNU linker for another
//! Xtensa core, and Debian's QEMU. That linker takes what upstream LLVM writes (calls through registers); the options
//! that are switched off are those that QEMU's cores lack. Soft floats, because upstream LLVM fails on some hard ones.

use super::BuildError;
use super::image;
use super::toolchain::{checkout, run, toolchain};
use ruvllm_esp_core::chip::Chip;
use ruvllm_esp_sim::kernels::{Measurement, emulated};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The compiler: the first whose layout, literals and assembly for Xtensa are right.
pub const TOOLCHAIN: &str = "nightly-2026-10-30";
const LINKER: &str = "xtensa-lx106-elf-ld";
const EMULATOR: &str = "qemu-xtensa";
/// QEMU's core that is nearest to the chips': windowed registers, loops, 32-bit multiplication, no FPU.
const CORE: &str = "dc233c";

/// The image of one chip.
#[derive(Clone, Debug)]
pub struct Process {
    chip: &'static str,
    path: PathBuf,
}

/// What is lacking on this machine to build and run the image, with the command that brings it; `None` if nothing is.
pub fn lacking() -> Option<(String, String)> {
    let rustup = format!("rustup toolchain install {TOOLCHAIN} --profile minimal -c rust-src");
    let sysroot = toolchain("rustc").arg(format!("+{TOOLCHAIN}")).args(["--print", "sysroot"]).output();
    let sysroot = sysroot.ok().filter(|output| output.status.success());
    let sources = sysroot.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    let sources = sources.map(|sysroot| sysroot.join("lib/rustlib/src/rust/library/core"));
    if !sources.is_some_and(|sources| sources.is_dir()) {
        return Some((format!("{TOOLCHAIN} with rust-src"), rustup));
    }
    let packages = [(LINKER, "binutils-xtensa-lx106"), (EMULATOR, "qemu-user")];
    let missing = packages.into_iter().find(|(program, _)| !starts(program));
    missing.map(|(program, package)| (program.to_string(), format!("apt-get install {package}")))
}

fn starts(program: &str) -> bool {
    let quiet = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

/// The flags for the processor of a chip. Upstream LLVM has none for the ESP32-S3: it is an ESP32 without the accelerator
/// for doubles, and its vector instructions are not used.
fn processor(chip: &Chip) -> Option<&'static [&'static str]> {
    match chip.name {
        "esp32" => Some(&["-Ctarget-feature=-fp,-mul32high"]),
        "esp32s2" => Some(&["-Ctarget-feature=-mul32high"]),
        "esp32s3" => Some(&["-Ctarget-cpu=esp32", "-Ctarget-feature=-dfpaccel,-fp,-mul32high"]),
        _ => None,
    }
}

impl Process {
    /// Builds the image of `chip`, or finds it built.
    ///
    /// # Errors
    /// [`BuildError`]; ask [`lacking`] before.
    pub fn build(chip: &Chip) -> Result<Self, BuildError> {
        let processor = processor(chip).ok_or(BuildError::NotEmulated { chip: chip.name })?;
        let root = checkout().ok_or(BuildError::NoSources)?;
        let target = format!("xtensa-{}-none-elf", chip.name);
        let output = run(&mut cargo(chip, &root, &target, processor))?;
        if !output.status.success() {
            return Err(BuildError::Build(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        Ok(Self { chip: chip.name, path: image::program(&root, &target) })
    }

    /// Every kernel: outputs and stack; cycles and instructions are zero.
    ///
    /// # Errors
    /// [`BuildError`] where the process does not run to its end.
    pub fn kernels(&self) -> Result<Vec<Measurement>, BuildError> {
        self.run("kernels\n")
    }

    /// Single commands and the whole session of each role, as [`Self::kernels`].
    ///
    /// # Errors
    /// As for [`Self::kernels`].
    pub fn sessions(&self) -> Result<Vec<Measurement>, BuildError> {
        self.run("sessions\n")
    }

    fn run(&self, request: &str) -> Result<Vec<Measurement>, BuildError> {
        let no_emulator = |error| BuildError::NoCompiler { program: EMULATOR.to_string(), error };
        let mut command = Command::new(EMULATOR);
        command.args(["-cpu", CORE]).arg(&self.path).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().map_err(no_emulator)?;
        if let Some(mut input) = process.stdin.take() {
            input.write_all(request.as_bytes()).map_err(no_emulator)?;
        }
        let output = process.wait_with_output().map_err(no_emulator)?;
        let text = String::from_utf8_lossy(&output.stdout);
        let (lines, last) = text.trim_end().rsplit_once('\n').unwrap_or_default();
        if !output.status.success() || last != "end" {
            let last = format!("{last} ({})", output.status);
            return Err(BuildError::Build(format!("the process of {} ended after `{last}`", self.chip)));
        }
        Ok(emulated::measurements(lines)?)
    }
}

fn cargo(chip: &Chip, root: &Path, target: &str, processor: &[&str]) -> Command {
    let linker = format!("-Clinker={LINKER}");
    let mut flags = vec![linker.as_str(), "-Clinker-flavor=ld", "-Clink-arg=--no-relax"];
    flags.extend(processor);
    let mut cargo = image::cargo(root, Some(&format!("+{TOOLCHAIN}")), target, &flags);
    cargo.args(["-Zbuild-std=core", "-Zbuild-std-features=compiler-builtins-mem"]);
    // `core` does not compile for Xtensa at higher levels, and link-time optimisation would compile it again.
    cargo.args(["--config", "profile.kernels.opt-level='s'", "--config", "profile.kernels.lto='off'"]);
    // Nor does this project's core at that level: the compiler finds no register to spill to.
    cargo.args(["--config", "profile.kernels.package.ruvllm-esp-core.opt-level=2"]);
    // Set when this is itself run by cargo; they would override the `+toolchain`.
    cargo.env_remove("RUSTUP_TOOLCHAIN").env_remove("RUSTC").env_remove("CARGO");
    cargo.env("RUVLLM_VARIANT", chip.name);
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruvllm_esp_core::chip;

    #[test]
    fn only_xtensa_is_built() {
        let built = chip::ALL.into_iter().filter(|chip| processor(chip).is_some()).map(|chip| chip.name);
        assert_eq!(built.collect::<Vec<_>>(), ["esp32", "esp32s2", "esp32s3"]);
        assert!(matches!(
            Process::build(&chip::esp32c3::CHIP),
            Err(BuildError::NotEmulated { chip: "esp32c3" })
        ));
    }
}
