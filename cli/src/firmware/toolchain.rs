//! The compiler that a chip needs: stable Rust for RISC-V, Espressif's for Xtensa.
//!
//! What is missing is said together with the one command that brings it; nothing is installed without being asked.

use crate::machine::{self, said};
use ruvllm_esp_core::chip::Chip;
use std::path::PathBuf;
use std::process::Command;

/// The variable that names the toolchain for RISC-V, as rustup knows it; `stable` without it.
pub const TOOLCHAIN: &str = "RUVLLM_ESP_TOOLCHAIN";

/// A compiler that can build for a chip.
#[derive(Clone, Debug)]
pub struct Toolchain {
    /// The name that rustup knows it by; none where there is no rustup.
    pub name: Option<String>,
    /// What `rustc --version` says.
    pub version: String,
    /// Does the standard library have to be built?
    pub build_std: bool,
    /// Where the linker lies, if it is not where programs usually are.
    pub linker: Option<PathBuf>,
}

/// What a chip's build lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// What it is.
    pub what: String,
    /// The command that brings it.
    pub cure: String,
}

impl Toolchain {
    /// Finds the compiler for `chip`.
    ///
    /// # Errors
    /// What is missing.
    pub fn find(chip: &Chip) -> Result<Self, Missing> {
        if chip.isa.value.is_xtensa() { Self::xtensa() } else { Self::riscv(chip.target.value) }
    }

    fn riscv(target: &str) -> Result<Self, Missing> {
        let chosen = || std::env::var(TOOLCHAIN).ok().filter(|name| !name.is_empty());
        let name = said("rustup", &["--version"]).map(|_| chosen().unwrap_or("stable".into()));
        let rustc = |arguments: &[&str]| said_by(name.as_deref(), arguments);
        let Some(version) = rustc(&["--version"]) else {
            let (what, cure) = match &name {
                Some(name) => {
                    (format!("the toolchain {name} of Rust"), format!("rustup toolchain install {name}"))
                }
                None => ("Rust".into(), "install rustup from https://rustup.rs".into()),
            };
            return Err(Missing { what, cure });
        };
        let library = rustc(&["--print", "target-libdir", "--target", target]).map(PathBuf::from);
        if !library.is_some_and(|dir| dir.is_dir()) {
            let toolchain = name.as_deref().unwrap_or("stable");
            let cure = format!("rustup target add --toolchain {toolchain} {target}");
            return Err(Missing { what: format!("the target {target}"), cure });
        }
        Ok(Self { name, version, build_std: false, linker: None })
    }

    fn xtensa() -> Result<Self, Missing> {
        let what = || "Espressif's Xtensa toolchain `esp`".to_string();
        let installed = said("rustup", &["toolchain", "list"])
            .is_some_and(|list| list.lines().any(|line| line.split_whitespace().next() == Some("esp")));
        if !installed {
            let cure = "cargo install espup --locked && espup install".to_string();
            return Err(Missing { what: what(), cure });
        }
        let Some(version) = said_by(Some("esp"), &["--version"]) else {
            return Err(Missing { what: what(), cure: "espup update".into() });
        };
        Ok(Self { name: Some("esp".into()), version, build_std: true, linker: xtensa_linker() })
    }

    /// `cargo`, as this toolchain has it.
    pub fn cargo(&self) -> Command {
        let mut cargo = Command::new("cargo");
        clean(&mut cargo);
        if let Some(name) = &self.name {
            cargo.env("RUSTUP_TOOLCHAIN", name);
        }
        if let Some(linker) = &self.linker {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let paths = [linker.clone()].into_iter().chain(std::env::split_paths(&path));
            if let Ok(path) = std::env::join_paths(paths) {
                cargo.env("PATH", path);
            }
        }
        cargo
    }
}

/// What `rustc` of a toolchain prints.
fn said_by(toolchain: Option<&str>, arguments: &[&str]) -> Option<String> {
    let mut rustc = Command::new("rustc");
    clean(&mut rustc);
    if let Some(name) = toolchain {
        rustc.env("RUSTUP_TOOLCHAIN", name);
    }
    rustc.args(arguments);
    machine::output_of(rustc)
}

/// Removes the settings of host builds that must not reach a chip's build.
fn clean(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| !is_wanted(name)) {
            command.env_remove(name);
        }
    }
}

/// May a build for a chip see this variable?
pub fn is_wanted(name: &str) -> bool {
    let settings = ["CARGO_BUILD_", "CARGO_TARGET_", "CARGO_PROFILE_", "CARGO_UNSTABLE_", "ESP_", "RUVLLM_"];
    let exact = [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTDOCFLAGS",
        "CARGO_ENCODED_RUSTDOCFLAGS",
        "RUSTC",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTC_BOOTSTRAP",
        "RUSTUP_TOOLCHAIN",
        "CARGO",
        "CARGO_INCREMENTAL",
        "CARGO_MAKEFLAGS",
        "CARGO_MANIFEST_DIR",
        "CARGO_MANIFEST_PATH",
        "MAKEFLAGS",
        "MFLAGS",
        "SOURCE_DATE_EPOCH",
    ];
    !exact.contains(&name) && !settings.iter().any(|prefix| name.starts_with(prefix))
}

/// Where `espup` puts the linker: the newest `xtensa-esp-elf` under the toolchain.
fn xtensa_linker() -> Option<PathBuf> {
    let home = machine::rustup_home()?.join("toolchains").join("esp").join("xtensa-esp-elf");
    let mut versions: Vec<PathBuf> =
        std::fs::read_dir(home).ok()?.flatten().map(|entry| entry.path()).collect();
    versions.sort();
    versions.pop().map(|version| version.join("xtensa-esp-elf").join("bin"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_a_host_build_apart_does_not_reach_a_chip() {
        for name in
            ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_PROFILE_RELEASE_LTO"]
        {
            assert!(!is_wanted(name), "{name}");
        }
        for name in ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME", "CARGO_NET_OFFLINE", "http_proxy"] {
            assert!(is_wanted(name), "{name}");
        }
    }
}
