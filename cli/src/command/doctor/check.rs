//! What is looked at, one function a thing.
//!
//! `bad` keeps something from working at all, `missing` only part of it (the Xtensa chips, a board), and each names its
//! cure. Nothing is changed by looking.

use crate::machine::{self, said};
use anstyle::AnsiColor;
use ruvllm_esp_core::chip;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;
use std::process::Command;

/// What a clean build of the firmware takes, with room to spare.
const BUILD_BYTES: u64 = 2 << 30;

/// The oldest compiler that esp-hal takes.
const RUSTC: (u32, u32) = (1, 95);

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CheckStatus {
    /// As it should be.
    Good,
    /// Some things will not work.
    Missing,
    /// Nothing will.
    Bad,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Check {
    /// What.
    pub name: String,
    /// How it stands.
    pub verdict: CheckStatus,
    /// What was found.
    pub found: String,
    /// What to do about it.
    pub cure: Option<String>,
}

impl CheckStatus {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            CheckStatus::Good => "good",
            CheckStatus::Missing => "missing",
            CheckStatus::Bad => "bad",
        }
    }

    /// The colour for it.
    pub fn color(self) -> AnsiColor {
        match self {
            CheckStatus::Good => AnsiColor::Green,
            CheckStatus::Missing => AnsiColor::Yellow,
            CheckStatus::Bad => AnsiColor::Red,
        }
    }
}

impl Check {
    fn good(name: &str, found: impl Into<String>) -> Self {
        Self { name: name.into(), verdict: CheckStatus::Good, found: found.into(), cure: None }
    }

    fn missing(name: &str, found: impl Into<String>, cure: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            verdict: CheckStatus::Missing,
            found: found.into(),
            cure: Some(cure.into()),
        }
    }

    fn bad(name: &str, found: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { name: name.into(), verdict: CheckStatus::Bad, found: found.into(), cure: Some(cure.into()) }
    }
}

/// Looks at everything.
pub fn all() -> Vec<Check> {
    let mut checks = vec![
        Check::good(
            "ruvllm-esp",
            format!("{} on {} {}", env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH),
        ),
        compiler(),
    ];
    checks.extend(targets());
    checks.extend([xtensa(), flags(), configured_flags(), disk()]);
    #[cfg(feature = "board")]
    checks.extend([firmware(), permissions(), ports()]);
    checks
}

fn stable(arguments: &[&str]) -> Option<String> {
    let mut rustc = Command::new("rustc");
    rustc.args(arguments);
    if said("rustup", &["--version"]).is_some() {
        rustc.env("RUSTUP_TOOLCHAIN", "stable");
    }
    machine::output_of(rustc)
}

fn compiler() -> Check {
    let name = "stable Rust";
    match stable(&["--version"]) {
        None => Check::bad(
            name,
            "no rustc",
            "install it from https://rustup.rs, or run: rustup toolchain install stable",
        ),
        Some(version) if is_old(&version) => {
            Check::bad(name, format!("{version}; 1.95 or later is needed"), "rustup update stable")
        }
        Some(version) => Check::good(name, version),
    }
}

/// Is `rustc 1.94.0 (...)` older than what esp-hal takes?
fn is_old(version: &str) -> bool {
    let mut numbers = version.split([' ', '.']).filter_map(|word| word.parse::<u32>().ok());
    let (Some(major), Some(minor)) = (numbers.next(), numbers.next()) else { return false };
    (major, minor) < RUSTC
}

fn targets() -> Vec<Check> {
    let riscv = chip::ALL.into_iter().filter(|chip| !chip.isa.value.is_xtensa());
    riscv
        .map(|chip| {
            let (name, target) = (format!("target of {}", chip.name), chip.target.value);
            let library = stable(&["--print", "target-libdir", "--target", target]).map(PathBuf::from);
            if library.is_some_and(|dir| dir.is_dir()) {
                return Check::good(&name, target);
            }
            let cure = format!("rustup target add --toolchain stable {target}");
            Check::bad(&name, format!("{target} is not installed"), cure)
        })
        .collect()
}

fn xtensa() -> Check {
    let name = "toolchain `esp` of esp32, esp32s2, esp32s3";
    let list = said("rustup", &["toolchain", "list"]).unwrap_or_default();
    if list.lines().any(|line| line.split_whitespace().next() == Some("esp")) {
        return Check::good(name, "installed");
    }
    Check::missing(
        name,
        "not installed; these chips are skipped",
        "cargo install espup --locked && espup install",
    )
}

fn flags() -> Check {
    let name = "RUSTFLAGS";
    let set: Vec<String> = ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS"]
        .iter()
        .filter(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
        .map(|name| name.to_string())
        .collect();
    if set.is_empty() {
        return Check::good(name, "not set");
    }
    let cure = format!(
        "`ruvllm-esp build` leaves it out; for cargo itself: env -u {} cargo build ...",
        set.join(" -u ")
    );
    Check::missing(name, format!("{} set, and would reach the chip's linker (N2)", set.join(", ")), cure)
}

fn configured_flags() -> Check {
    let name = "cargo's configuration";
    let files =
        machine::cargo_home().into_iter().flat_map(|home| [home.join("config.toml"), home.join("config")]);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        if let Some(line) = build_flags(&text) {
            let found =
                format!("{}:{line} sets build.rustflags, which reach every target (N2)", file.display());
            let cure = "`ruvllm-esp build` overrides it; for cargo itself move it under [target.HOST]";
            return Check::missing(name, found, cure);
        }
    }
    Check::good(name, "sets no flags for every target")
}

/// The line on which the table `build` sets `rustflags`.
fn build_flags(text: &str) -> Option<usize> {
    let mut table = "";
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            table = line;
        }
        let key = line.split('=').next().unwrap_or_default().trim();
        if (table == "[build]" && key == "rustflags") || (table.is_empty() && key == "build.rustflags") {
            return Some(number + 1);
        }
    }
    None
}

fn disk() -> Check {
    let name = "free disk";
    let here = std::env::current_dir().unwrap_or_default();
    match machine::free_bytes(&here) {
        None => Check::good(name, "not known here"),
        Some(free) if free < BUILD_BYTES => Check::bad(
            name,
            format!("{} MiB; a build takes up to 2 GiB", free >> 20),
            "cargo clean, in checkouts not in use",
        ),
        Some(free) => Check::good(name, format!("{} GiB", free >> 30)),
    }
}

#[cfg(feature = "board")]
fn firmware() -> Check {
    let name = "firmware source";
    match crate::firmware::source::FirmwareSource::find(None) {
        Ok(source) => Check::good(name, source.directory.display().to_string()),
        Err(error) => {
            Check::missing(name, error.message(), "clone the repository, and set RUVLLM_ESP_FIRMWARE to it")
        }
    }
}

/// May this user open serial ports? Linux alone asks for a group.
#[cfg(feature = "board")]
fn permissions() -> Check {
    let name = "permission for serial ports";
    if !cfg!(target_os = "linux") {
        return Check::good(name, "no group is needed on this system");
    }
    let groups = machine::groups();
    let has = |name: &str| groups.iter().any(|group| group == name);
    // Debian, Fedora and openSUSE call it dialout, Arch uucp; some distributions give it to plugdev.
    if has("root") || has("dialout") || has("uucp") {
        return Check::good(name, format!("groups: {}", groups.join(" ")));
    }
    let known = std::fs::read_to_string("/etc/group").unwrap_or_default();
    let group = if known.lines().any(|line| line.starts_with("uucp:")) && !known.contains("dialout:") {
        "uucp"
    } else {
        "dialout"
    };
    let cure = format!("sudo usermod -aG {group} $USER, then log in again");
    Check::missing(name, format!("this user is not in the group {group}"), cure)
}

#[cfg(feature = "board")]
fn ports() -> Check {
    let name = "boards";
    let seen = match crate::board::port::seen() {
        Ok(seen) => seen,
        Err(error) => return Check::missing(name, error.message(), "name the port with --port"),
    };
    let boards: Vec<&str> = seen.iter().filter(|port| port.board).map(|port| port.port.as_str()).collect();
    if !boards.is_empty() {
        return Check::good(name, boards.join(", "));
    }
    let cure = match std::env::consts::OS {
        "windows" => {
            "plug one in with a data cable; a bridge needs the driver of its maker (CP210x, CH34x, FTDI)"
        }
        "macos" => "plug one in with a data cable; a CH34x bridge needs the driver of its maker",
        _ => "plug one in with a data cable; the kernel's cp210x, ch341 or cdc_acm module must be there",
    };
    Check::missing(name, format!("none among {} serial ports", seen.len()), cure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(is_old("rustc 1.94.1 (abc 2026-01-01)"));
        assert!(is_old("rustc 1.9.0"));
        assert!(!is_old("rustc 1.95.0 (abc 2026-01-01)"));
        assert!(!is_old("rustc 2.0.0") && !is_old("something else"));
    }

    #[test]
    fn flags_for_every_target_are_found_in_a_configuration() {
        let text = "[net]\nretry = 2\n[build]\njobs = 2\nrustflags = [\"-Clink-arg=-fuse-ld=mold\"]\n";
        assert_eq!(build_flags(text), Some(5));
        assert_eq!(build_flags("build.rustflags = []"), Some(1));
        assert_eq!(build_flags("[target.x86_64-unknown-linux-gnu]\nrustflags = []"), None);
    }

    #[test]
    fn what_is_not_good_names_its_cure() {
        for check in all() {
            assert_eq!(check.verdict == CheckStatus::Good, check.cure.is_none(), "{check:?}");
        }
    }
}
