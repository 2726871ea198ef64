//! Cargo in a clean environment, and what it says while it works.
//!
//! The flags are given whole, so that neither the host's `RUSTFLAGS` nor a `build.rustflags` of somebody's
//! configuration reach the chip, and paths in panic messages are cut to what is the same on every machine. What is
//! compiled is the copy of [`Staged`].
//!
//! Cargo takes settings from `.cargo/config.toml` in its working directory and in each directory above. It is started at
//! the root of the file system, where only the settings of the whole machine are, and is given those of the firmware
//! by name. Of the user's own file (in cargo's home, which also names proxies and mirrors) a wrapper of the compiler and
//! the profile are overridden.

use super::source::{Commit, FirmwareSource};
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

/// What cargo takes for `release` where neither manifest nor configuration say anything.
const PROFILE_DEFAULTS: [(&str, bool); 4] =
    [("debug-assertions", false), ("overflow-checks", false), ("rpath", false), ("incremental", false)];

/// How to build.
#[derive(Clone, Debug)]
pub struct BuildOptions<'a> {
    /// The source.
    pub source: &'a FirmwareSource,
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

impl BuildOptions<'_> {
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
        cargo.current_dir(staged.directory.ancestors().last().unwrap_or(&staged.directory));
        cargo.arg("build").arg("--manifest-path").arg(staged.directory.join("Cargo.toml"));
        cargo.arg("--target-dir").arg(&staged.target);
        let settings = staged.directory.join("firmware/.cargo/config.toml");
        if settings.is_file() {
            cargo.arg("--config").arg(settings);
        }
        for setting in profile_settings(&staged.manifest(), self.profile) {
            cargo.arg("--config").arg(setting);
        }
        // Empty is: none, whatever a configuration says.
        cargo.env("RUSTC_WRAPPER", "").env("RUSTC_WORKSPACE_WRAPPER", "");
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
        let chip_locations = [
            (machine::cargo_home(), "/cargo"),
            (Some(self.source.root().to_path_buf()), "/ruvllm-esp"),
            (Some(staged.directory.clone()), "/ruvllm-esp"),
        ];
        let mut flags = Vec::new();
        for (path, short) in chip_locations {
            let Some(path) = path else { continue };
            let mut flag = OsString::from("--remap-path-prefix=");
            flag.push(path);
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

/// Every setting of a profile as arguments of `--config`, where they win over any file: those of the manifest, with the
/// profile that it inherits from, and the defaults of the rest that changes what is compiled.
fn profile_settings(manifest: &toml::Table, profile: &str) -> Vec<String> {
    let mut settings = toml::Table::new();
    let profiles = manifest.get("profile").and_then(toml::Value::as_table);
    let mut next = Some(profile.to_string());
    while let Some(table) = next.and_then(|name| profiles?.get(&name)?.as_table()) {
        for (key, value) in table.iter().filter(|(_, value)| !value.is_table()) {
            settings.entry(key.clone()).or_insert_with(|| value.clone());
        }
        next = table.get("inherits").and_then(toml::Value::as_str).map(str::to_string);
    }
    settings.remove("inherits");
    for (key, value) in PROFILE_DEFAULTS {
        settings.entry(key).or_insert(value.into());
    }
    settings.iter().map(|(key, value)| format!("profile.{profile}.{key}={value}")).collect()
}

/// Reads cargo's messages: tells of each crate, and gives the program built.
fn follow(child: &mut Child, mut report: impl FnMut(usize, &str)) -> Option<PathBuf> {
    let (mut program, mut count) = (None, 0);
    for line in BufReader::new(child.stdout.take()?).lines().map_while(Result::ok) {
        let Ok(message) = serde_json::from_str::<serde_json::Value>(&line) else { continue };
        if message["reason"] == "compiler-artifact" {
            count += 1;
            report(count, message["target"]["name"].as_str().unwrap_or_default());
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
        Some(found) => format!("{0}: `ruvllm-esp doctor --explain {0}` says more", found.entry.code),
        None => "run again with --verbose for all of it".into(),
    };
    CliError::runtime("build::failed", text).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruvllm_esp_core::chip;

    #[test]
    fn no_configuration_of_a_directory_above_is_read() {
        let directory = std::env::temp_dir().join("a/firmware/target/staged");
        let staged = Staged { target: directory.join(".."), directory };
        let source = FirmwareSource { directory: std::env::temp_dir().join("a/firmware") };
        let build_options = BuildOptions {
            source: &source,
            commit: &Commit::default(),
            chip: &chip::esp32c3::CHIP,
            role: None,
            radio: None,
            profile: "release",
        };
        let toolchain = Toolchain { name: None, version: String::new(), build_std: false, linker: None };
        let cargo = build_options.command(&toolchain, &staged);
        let path = cargo.get_current_dir().unwrap();
        assert_eq!(path.parent(), None, "{}", path.display());
        let value = |name: &str| {
            cargo
                .get_envs()
                .find(|(key, _)| *key == name)
                .and_then(|(_, value)| value.map(|text| text.to_owned()))
        };
        for wrapper in ["RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"] {
            assert_eq!(value(wrapper), Some("".into()));
        }
        let arguments: Vec<_> = cargo.get_args().map(|one| one.to_string_lossy().into_owned()).collect();
        assert!(arguments.contains(&"profile.release.overflow-checks=false".to_string()), "{arguments:?}");
    }

    #[test]
    fn a_profile_is_given_whole() {
        let text = "[profile.release]\nopt-level = 3\nlto = 'fat'\n[profile.small]\ninherits = 'release'\n\
                    opt-level = 's'\n[profile.small.package.x]\nopt-level = 3\n";
        let settings = profile_settings(&text.parse().unwrap(), "small");
        let expected = [
            "profile.small.debug-assertions=false",
            "profile.small.incremental=false",
            "profile.small.lto=\"fat\"",
            "profile.small.opt-level=\"s\"",
            "profile.small.overflow-checks=false",
            "profile.small.rpath=false",
        ];
        assert_eq!(settings, expected);
    }
}
