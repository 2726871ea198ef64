//! Cargo in a clean environment, and what it says while it works.
//!
//! The flags are given whole, so that neither the host's `RUSTFLAGS` nor a `build.rustflags` of somebody's
//! configuration reach the chip, and paths in panic messages are cut to what is the same on every machine. What is
//! compiled is the copy of [`Staged`].

use super::source::{Commit, Source};
use super::stage::Staged;
use super::toolchain::Toolchain;
use crate::error::{CliError, Stop};
use crate::machine;
use crate::output::Output;
use crate::progress::Stage;
use ruvllm_esp_core::chip::Chip;
use ruvllm_esp_core::role::RoleKind;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// The firmware, as cargo knows it.
const PACKAGE: &str = "ruvllm-esp-firmware";

/// The lines of a failed build that are shown.
const SHOWN: usize = 25;

/// How to build.
#[derive(Clone, Debug)]
pub struct Recipe<'a> {
    /// The source.
    pub source: &'a Source,
    /// Its commit.
    pub commit: &'a Commit,
    /// The chip.
    pub chip: &'static Chip,
    /// The role that the image starts with where the settings name none.
    pub role: Option<RoleKind>,
    /// What the image uses the radio for.
    pub radio: Option<Radio>,
    /// The profile of the firmware's manifest.
    pub profile: &'a str,
}

/// The feature of the firmware's manifest that links the radio.
pub const RADIO_FEATURE: &str = "radio";

/// What the radio can be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Radio {
    /// ESP-NOW frames from chip to chip
    Espnow,
}

impl Recipe<'_> {
    /// The features beside the chip's.
    pub fn features(&self) -> &'static [&'static str] {
        match self.radio {
            None => &[],
            Some(Radio::Espnow) => &[RADIO_FEATURE],
        }
    }

    /// What the names of the image's files begin with. That of the image without the radio is the plain one, which other
    /// commands look for.
    pub fn image_name(&self) -> String {
        match self.radio {
            None => format!("ruvllm-esp-{}", self.chip.name),
            Some(Radio::Espnow) => format!("ruvllm-esp-{}-espnow", self.chip.name),
        }
    }

    /// Builds the firmware, and gives the path of the ELF.
    ///
    /// # Errors
    /// `build::stage`, `build::cargo` when cargo cannot be started, `build::failed` with the compiler's words.
    pub fn compile(&self, toolchain: &Toolchain, output: &Output) -> Result<PathBuf, Stop> {
        let name = self.chip.name;
        let stage = Stage::begin(output, &format!("building {name}"));
        let staged = Staged::of(self.source)?;
        let mut child = self.command(toolchain, &staged).spawn().map_err(|error| {
            CliError::runtime("build::cargo", format!("cannot start cargo: {error}"))
                .help("install Rust from https://rustup.rs")
        })?;
        let words = child.stderr.take().map(|stderr| listen(stderr, output.verbose));
        let program = follow(&mut child, |count, package| {
            stage.at(&format!("building {name}: {count} crates, {package}"));
        });
        let ended = child.wait().map_err(Stop::from)?;
        drop(stage);
        let words = words.and_then(|words| words.join().ok()).unwrap_or_default();
        match program {
            Some(program) if ended.success() => Ok(program),
            _ => Err(failed(name, &words).into()),
        }
    }

    fn command(&self, toolchain: &Toolchain, staged: &Staged) -> Command {
        let mut cargo = toolchain.cargo();
        let features: Vec<&str> =
            [self.chip.name].into_iter().chain(self.features().iter().copied()).collect();
        cargo.current_dir(&staged.directory).arg("build").arg("--target-dir").arg(&staged.target);
        cargo.args(["--locked", "--no-default-features", "--package", PACKAGE, "--bin", PACKAGE]);
        cargo.args(["--message-format", "json-render-diagnostics", "--profile", self.profile]);
        cargo.args(["--features", &features.join(","), "--target", self.chip.target.value]);
        if toolchain.build_std {
            cargo.args(["-Z", "build-std=core,alloc"]);
        }
        cargo.env("CARGO_ENCODED_RUSTFLAGS", self.flags(staged));
        cargo.env("SOURCE_DATE_EPOCH", self.commit.epoch.to_string());
        if let Some(role) = self.role {
            cargo.env("RUVLLM_ROLE", role.alias());
        }
        cargo.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        cargo
    }

    /// The compiler's flags, separated as cargo wants them.
    fn flags(&self, staged: &Staged) -> OsString {
        // Of two that fit, the compiler takes the later one.
        let homes = [
            (machine::cargo_home(), "/cargo"),
            (Some(self.source.root().to_path_buf()), "/ruvllm-esp"),
            (Some(staged.directory.clone()), "/ruvllm-esp"),
        ];
        let mut flags = Vec::new();
        for (place, short) in homes {
            let Some(place) = place else { continue };
            let mut flag = OsString::from("--remap-path-prefix=");
            flag.push(place);
            flag.push(format!("={short}"));
            flags.push(flag);
        }
        if self.chip.isa.value.is_xtensa() {
            // Its linker is the driver of a C compiler, which must not bring a start of its own.
            flags.push("-Clink-arg=-nostartfiles".into());
        }
        flags.join(&OsString::from("\u{1f}"))
    }
}

/// Reads cargo's messages: tells of each crate, and gives the program built.
fn follow(child: &mut Child, mut tell: impl FnMut(usize, &str)) -> Option<PathBuf> {
    let (mut program, mut count) = (None, 0);
    for line in BufReader::new(child.stdout.take()?).lines().map_while(Result::ok) {
        let Ok(message) = serde_json::from_str::<serde_json::Value>(&line) else { continue };
        if message["reason"] == "compiler-artifact" {
            count += 1;
            tell(count, message["target"]["name"].as_str().unwrap_or_default());
            program = message["executable"].as_str().map(PathBuf::from).or(program);
        }
    }
    program
}

/// Collects what is said on standard error, and repeats it if `aloud`.
fn listen(stderr: impl Read + Send + 'static, aloud: bool) -> std::thread::JoinHandle<Vec<String>> {
    std::thread::spawn(move || {
        let mut lines = Vec::new();
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if aloud {
                eprintln!("{line}");
            }
            lines.push(line);
        }
        lines
    })
}

fn failed(chip: &str, words: &[String]) -> CliError {
    let begin = words.iter().position(|line| line.starts_with("error")).unwrap_or(0);
    let shown: Vec<&str> = words.iter().skip(begin).take(SHOWN).map(String::as_str).collect();
    let text = format!("the firmware for {chip} does not build:\n{}", shown.join("\n"));
    let help = match crate::bringup::explain(&words.join("\n")).first() {
        Some(entry) => format!("{}: `ruvllm-esp doctor --explain {}` says more", entry.code, entry.code),
        None => "run again with --verbose for all of it".into(),
    };
    CliError::runtime("build::failed", text).help(help)
}
