//! Where the firmware's source lies, and of which commit it is.
//!
//! An installed program has no source beside it, so the directory is looked for where a person would: the option, the
//! environment, the checkout around the working directory, the checkout that this program was built in.

use crate::error::CliError;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The variable that names the firmware's directory.
pub const FIRMWARE: &str = "RUVLLM_ESP_FIRMWARE";

/// The package that has to be there.
const PACKAGE: &str = "name = \"ruvllm-esp-firmware\"";

/// The time that an image carries where no commit gives one: 2023-11-14T22:13:20Z.
const FIXED_EPOCH: u64 = 1_700_000_000;

/// The firmware's source.
#[derive(Clone, Debug)]
pub struct FirmwareSource {
    /// The directory with its `Cargo.toml`.
    pub directory: PathBuf,
}

/// Of which commit the source is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// The commit, where there is one.
    pub id: Option<String>,
    /// Are there changes beside it?
    pub modified: bool,
    /// Seconds since 1970 that the image carries.
    pub epoch: u64,
}

impl FirmwareSource {
    /// Finds it: `option`, then [`FIRMWARE`], then upwards from the working directory, then where this was built.
    ///
    /// # Errors
    /// `build::no-firmware`.
    pub fn find(option: Option<&Path>) -> Result<Self, CliError> {
        if let Some(directory) = option {
            return Self::at(directory, "--firmware");
        }
        if let Some(directory) = env::var_os(FIRMWARE).filter(|value| !value.is_empty()) {
            return Self::at(Path::new(&directory), FIRMWARE);
        }
        let here = env::current_dir().unwrap_or_default();
        let built = Path::new(env!("CARGO_MANIFEST_DIR"));
        let found = here.ancestors().chain(built.ancestors()).map(|dir| dir.join("firmware"));
        match found.into_iter().find(|dir| is_firmware(dir)) {
            Some(directory) => Self::at(&directory, "the checkout"),
            None => Err(CliError::usage(
                "build::no-firmware",
                format!("no firmware source in {} or above it", here.display()),
            )
            .help(format!("clone the repository and name its directory: --firmware DIR, or {FIRMWARE}=DIR"))),
        }
    }

    fn at(directory: &Path, origin: &str) -> Result<Self, CliError> {
        let inner = directory.join("firmware");
        let directory = if is_firmware(directory) {
            directory
        } else if is_firmware(&inner) {
            &inner
        } else {
            let text = format!("{origin}: {} holds no ruvllm-esp-firmware", directory.display());
            return Err(CliError::usage("build::no-firmware", text)
                .help("name the directory `firmware` of a checkout of the repository"));
        };
        let directory = directory.canonicalize().unwrap_or_else(|_| directory.to_path_buf());
        // Windows writes a canonical path in a form that compilers do not take.
        let plain = directory.to_str().and_then(|text| text.strip_prefix(r"\\?\")).map(PathBuf::from);
        Ok(Self { directory: plain.unwrap_or(directory) })
    }

    /// The directory that holds the firmware and the core it is built on.
    pub fn root(&self) -> &Path {
        self.directory.parent().unwrap_or(&self.directory)
    }

    /// Is everything there that a build copies? A manifest alone builds nothing.
    ///
    /// # Errors
    /// `build::no-firmware`.
    pub fn whole(&self) -> Result<(), CliError> {
        let parts = ["src", "partitions.csv", "../core", "../Cargo.toml"];
        let Some(missing) = parts.into_iter().find(|part| !self.directory.join(part).exists()) else {
            return Ok(());
        };
        let text = format!("the firmware in {} is not whole: it has no {missing}", self.directory.display());
        Err(CliError::usage("build::no-firmware", text)
            .help("name the directory `firmware` of a whole checkout of the repository"))
    }

    /// The partition table.
    pub fn partitions(&self) -> PathBuf {
        self.directory.join("partitions.csv")
    }

    /// Has its manifest a feature of this name?
    pub fn has_feature(&self, feature: &str) -> bool {
        let text = std::fs::read_to_string(self.directory.join("Cargo.toml")).unwrap_or_default();
        let table: toml::Table = text.parse().unwrap_or_default();
        table.get("features").and_then(|features| features.get(feature)).is_some()
    }

    /// Of which commit it is. `SOURCE_DATE_EPOCH` wins over the time of the commit.
    pub fn commit(&self) -> Commit {
        let id = self.git(&["rev-parse", "HEAD"]);
        let modified = id.is_some() && self.git(&["status", "--porcelain", "--", "."]).is_some();
        let of_commit = self.git(&["log", "-1", "--format=%ct"]);
        let resolved = env::var("SOURCE_DATE_EPOCH").ok();
        let epoch = resolved.or(of_commit).and_then(|text| text.trim().parse().ok()).unwrap_or(FIXED_EPOCH);
        Commit { id, modified, epoch }
    }

    /// What git prints, if it prints anything and does not fail.
    fn git(&self, arguments: &[&str]) -> Option<String> {
        let mut git = Command::new("git");
        git.arg("-C").arg(self.root()).args(arguments).stdin(Stdio::null()).stderr(Stdio::null());
        let output = git.output().ok().filter(|output| output.status.success())?;
        let text = String::from_utf8(output.stdout).ok()?.trim().to_string();
        (!text.is_empty()).then_some(text)
    }
}

fn is_firmware(directory: &Path) -> bool {
    let manifest = directory.join("Cargo.toml");
    // Reading a pipe of this name would never end.
    manifest.is_file() && std::fs::read_to_string(manifest).is_ok_and(|text| text.contains(PACKAGE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_alone_is_no_firmware() {
        let folder = env::temp_dir().join(format!("ruvllm-esp-manifest-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("Cargo.toml"), format!("[package]\n{PACKAGE}\n")).unwrap();
        let error = FirmwareSource::find(Some(&folder)).unwrap().whole().unwrap_err();
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(error.message().contains("it has no src"), "{error}");
    }

    #[test]
    fn a_directory_without_firmware_is_refused_by_name() {
        let error = FirmwareSource::find(Some(Path::new("/nowhere"))).unwrap_err();
        assert_eq!(error.code(), "build::no-firmware");
        assert!(error.message().contains("--firmware: /nowhere"), "{error}");
    }

    #[test]
    fn the_checkout_around_this_program_is_found_and_dated() {
        let source = FirmwareSource::find(None).unwrap();
        assert!(source.partitions().is_file());
        assert!(source.has_feature("esp32c3") && !source.has_feature("esp33"));
        assert!(source.commit().epoch >= FIXED_EPOCH);
        source.whole().unwrap();
        let root = FirmwareSource::find(Some(source.root())).unwrap();
        assert_eq!(root.directory, source.directory);
    }
}
