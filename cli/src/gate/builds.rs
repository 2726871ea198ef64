//! G1: the core builds without std, for the host and for the chip's own target.

use super::GateOutcome;
use crate::kernels::toolchain::{checkout, require, run, toolchain};
use crate::kernels::{BuildError, image};
use ruvllm_esp_core::chip::Chip;
use std::path::Path;

/// The compiler of which Xtensa code comes out right without Espressif's toolchain.
const NIGHTLY: &str = "nightly-2026-10-30";

/// How that compiler is told to build for Xtensa: soft float and level 2 are the ways round its open faults. At `s` and `z` it
/// finds no register to spill to in the core ("cannot scavenge register without an emergency spill slot").
const XTENSA: [&str; 8] = [
    "-Zbuild-std=core",
    "-Zbuild-std-features=compiler-builtins-mem",
    "--config",
    "profile.release.opt-level=2",
    "--config",
    "profile.release.lto=false",
    "--config",
    "profile.release.panic='abort'",
];

/// Builds the core without std, twice.
pub fn check(chip: &'static Chip) -> GateOutcome {
    let mut outcome = GateOutcome { summary: "builds without std".to_string(), ..GateOutcome::default() };
    let Some(root) = checkout() else {
        outcome.refused(&BuildError::NoSources);
        return outcome;
    };
    build(&root, "the host", &[], &mut outcome);
    match image::target(chip) {
        Some(target) => match require(target) {
            Ok(()) => build(&root, target, &["--target", target], &mut outcome),
            Err(error) => outcome.refused(&error),
        },
        None => xtensa(&root, chip, &mut outcome),
    }
    outcome
}

fn xtensa(root: &Path, chip: &Chip, outcome: &mut GateOutcome) {
    let probe = run(toolchain("rustc").arg(format!("+{NIGHTLY}")).args(["--print", "sysroot"]));
    let library = probe.ok().filter(|output| output.status.success()).map(|output| {
        let sysroot = String::from_utf8_lossy(&output.stdout).trim().to_string();
        Path::new(&sysroot).join("lib/rustlib/src/rust/library/core/Cargo.toml")
    });
    if !library.is_some_and(|library| library.is_file()) {
        let reason = format!("{NIGHTLY} with rust-src, which builds for Xtensa, is not installed");
        let lift = format!("rustup toolchain install {NIGHTLY} --profile minimal -c rust-src");
        outcome.skipped = Some((reason, Some(lift)));
        return;
    }
    let toolchain = format!("+{NIGHTLY}");
    let target = format!("xtensa-{}-none-elf", chip.name);
    let mut arguments = vec![toolchain.as_str(), "--target", target.as_str()];
    arguments.extend(XTENSA);
    build(root, &target, &arguments, outcome);
}

/// Builds the core with these arguments, the toolchain first if there is one among them.
fn build(root: &Path, what: &str, arguments: &[&str], outcome: &mut GateOutcome) {
    let (toolchains, rest): (Vec<&str>, Vec<&str>) = arguments.iter().partition(|one| one.starts_with('+'));
    let mut cargo = toolchain("cargo");
    cargo.current_dir(root).args(&toolchains);
    cargo.args(["build", "--release", "-p", "ruvllm-esp-core"]).args(rest);
    cargo.arg("--target-dir").arg(root.join("target/gates"));
    if !toolchains.is_empty() {
        // A toolchain that was asked for by the caller would take precedence.
        cargo.env_remove("RUSTUP_TOOLCHAIN").env("RUSTFLAGS", "-Ctarget-feature=-fp");
    }
    match run(&mut cargo) {
        Ok(output) if output.status.success() => outcome.evidence.push(format!("builds for {what}")),
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stderr);
            let error = text.lines().find(|line| line.starts_with("error")).unwrap_or("error");
            outcome.failures.push(format!("does not build for {what}: {error}"));
        }
        Err(error) => outcome.refused(&error),
    }
}
