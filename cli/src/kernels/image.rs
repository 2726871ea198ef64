//! Builds the kernel image of a chip from `firmware/kernels` with the current compiler.

use super::BuildError;
use super::toolchain::{checkout, require, run, toolchain};
use ruvllm_esp_core::chip::Chip;
use ruvllm_esp_sim::emulator;
use ruvllm_esp_sim::kernels::image::Image;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The image's package, and the profile of the workspace that it is compiled with.
const PACKAGE: &str = "ruvllm-esp-kernels";
const PROFILE: &str = "kernels";
/// Where cargo builds it, in the checkout.
const FOLDER: &str = "target/kernels";

/// The compiler's target for a chip whose code is emulated.
pub fn target(chip: &Chip) -> Option<&'static str> {
    match chip.name {
        "esp32c3" => Some("riscv32imc-unknown-none-elf"),
        "esp32c6" => Some("riscv32imac-unknown-none-elf"),
        _ => None,
    }
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
    let paths = home.map(|home| (home, "/cargo")).into_iter().chain([(root.to_path_buf(), "/ruvllm-esp")]);
    let remap = paths.map(|(path, short)| format!("--remap-path-prefix={}={short}", path.display()));
    let flags: Vec<String> = remap.chain(flags.iter().map(|flag| flag.to_string())).collect();
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    cargo
}

/// What [`cargo`] builds for `target`.
pub(super) fn program(root: &Path, target: &str) -> PathBuf {
    root.join(FOLDER).join(target).join(PROFILE).join(PACKAGE)
}

/// Builds the image of `chip`, or finds it built.
///
/// # Errors
/// [`BuildError`]; [`BuildError::remedy`] tells what is lacking from what is wrong.
pub fn build(chip: &Chip) -> Result<Image, BuildError> {
    let not_emulated = BuildError::NotEmulated { chip: chip.name };
    let (Some(target), Some(emulated)) = (target(chip), emulator::chip::by_name(chip.name)) else {
        return Err(not_emulated);
    };
    let root = checkout().ok_or(BuildError::NoSources)?;
    require(target)?;
    let output = run(&mut cargo(&root, None, target, &[]))?;
    if !output.status.success() {
        return Err(BuildError::Build(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(Image { chip: emulated, path: program(&root, target) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruvllm_esp_core::chip;

    #[test]
    #[ignore = "builds an image: rustup target add riscv32imc-unknown-none-elf"]
    fn nothing_in_an_image_tells_where_it_was_built() {
        let image = build(&chip::esp32c3::CHIP).unwrap();
        let bytes = std::fs::read(&image.path).unwrap();
        let root = checkout().unwrap();
        let root = root.to_str().unwrap().as_bytes();
        assert!(!bytes.windows(root.len()).any(|window| window == root), "{}", image.path.display());
    }

    #[test]
    fn only_risc_v_is_emulated() {
        let emulated = chip::ALL.into_iter().filter(|chip| target(chip).is_some()).map(|chip| chip.name);
        assert_eq!(emulated.collect::<Vec<_>>(), ["esp32c3", "esp32c6"]);
        assert!(matches!(build(&chip::esp32::CHIP), Err(BuildError::NotEmulated { chip: "esp32" })));
    }
}
