//! Where the gates get the images they look at: each chip's is built once, whatever number of gates looks at it.
//!
//! It is the build of `ruvllm-esp build`, profile `release`, no role built in, in the same `target`: what has been built
//! there is not built again.

use super::outcome::GateOutcome;
use super::{Gate, Use};
use crate::board::port::SelectedPort;
use crate::error::{CliError, Stop};
use crate::firmware::artifacts::Artifacts;
use crate::firmware::compile::BuildOptions;
use crate::firmware::manifest::{Built, Manifest};
use crate::firmware::source::{Commit, FirmwareSource};
use crate::firmware::toolchain::{Missing, Toolchain};
use crate::output::Output;
use ruvllm_esp_core::chip::Chip;
use ruvllm_esp_sim::emulator::board::Rom;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Why there is no image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildFailure {
    /// This machine lacks something.
    Lacking(Missing),
    /// It does not build.
    Broken(String),
}

/// What came of building an image; kept for every gate that asks.
pub type BuildResult = Rc<Result<Artifacts, BuildFailure>>;

/// The images made so far.
#[derive(Debug)]
pub struct BuildCache<'a> {
    output: &'a Output,
    is_building: bool,
    port: Option<SelectedPort>,
    made: BTreeMap<&'static str, BuildResult>,
    set: Option<ReleaseSet>,
}

/// The directory that a release is put together in: a new one, removed with the build cache.
#[derive(Debug)]
struct ReleaseSet {
    directory: PathBuf,
    manifest: Manifest,
}

impl BuildFailure {
    /// The outcome of a gate that has nothing to look at.
    pub fn outcome(&self) -> GateOutcome {
        match self {
            BuildFailure::Lacking(Missing { what, cure }) => {
                GateOutcome::skip(format!("needs {what}"), cure.clone())
            }
            BuildFailure::Broken(why) => GateOutcome::fail(format!("there is no image: {why}")),
        }
    }
}

impl From<CliError> for BuildFailure {
    fn from(error: CliError) -> Self {
        BuildFailure::Broken(error.message().to_string())
    }
}

impl From<Stop> for BuildFailure {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Error(error) => error.into(),
            Stop::PipeClosed => BuildFailure::Broken("a pipe was closed".into()),
        }
    }
}

impl<'a> BuildCache<'a> {
    /// For `gates`: it builds nothing if none of them needs it.
    pub fn new(output: &'a Output, gates: &[Gate]) -> Self {
        let is_building = gates.iter().any(|gate| gate.image == Use::Needed);
        Self { output, is_building, port: None, made: BTreeMap::new(), set: None }
    }

    /// With a board, on which the image is to boot.
    pub fn with_board(mut self, port: SelectedPort) -> Self {
        self.port = Some(port);
        self
    }

    /// The port of the board.
    pub fn port(&self) -> Option<&SelectedPort> {
        self.port.as_ref()
    }

    /// Builds the image of `chip`, if any gate needs it.
    pub fn prepare(&mut self, chip: &'static Chip) {
        if self.is_building {
            self.image(chip);
        }
    }

    /// The image of `chip`, built when it was not before.
    pub fn image(&mut self, chip: &'static Chip) -> BuildResult {
        let output = self.output;
        self.made.entry(chip.name).or_insert_with(|| Rc::new(build(chip, output))).clone()
    }

    /// The image as it is flashed, if it was built, and the ROM that boots it.
    pub fn flashed(&mut self, chip: &'static Chip) -> Option<(Vec<u8>, Rom)> {
        let made = self.made.get(chip.name)?.as_ref().as_ref().ok()?;
        let rom = rom(chip)?.ok()?;
        Some((made.images.merged.clone(), rom))
    }

    /// Adds a chip's files to the release, and gives its directory.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn release(&mut self, artifacts: &Artifacts) -> std::io::Result<&Path> {
        let set = match self.set.take() {
            Some(set) => set,
            None => ReleaseSet::new(&artifacts.commit)?,
        };
        let set = self.set.insert(set);
        set.add(artifacts.write(&set.directory)?)?;
        Ok(&set.directory)
    }
}

impl ReleaseSet {
    fn new(commit: &Commit) -> std::io::Result<Self> {
        let create = |number: u32| {
            let name = format!("ruvllm-esp-release-{}-{number}", std::process::id());
            let directory = std::env::temp_dir().join(name);
            std::fs::create_dir(&directory).map(|()| directory)
        };
        // One that is there is not ours, but that of a process of this number before.
        let directory = (0..8).map(create).find(Result::is_ok).unwrap_or_else(|| create(8))?;
        Ok(Self { directory, manifest: Manifest::new(commit) })
    }

    fn add(&mut self, built: Built) -> std::io::Result<()> {
        self.manifest.images.retain(|image| image.chip != built.chip);
        self.manifest.images.push(built);
        self.manifest.write(&self.directory)
    }
}

impl Drop for ReleaseSet {
    fn drop(&mut self) {
        // What cannot be removed from the system's temporary directory, the system removes.
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn build(chip: &'static Chip, output: &Output) -> Result<Artifacts, BuildFailure> {
    let source = FirmwareSource::find(None).map_err(|error| {
        let cure = "git clone https://github.com/ruvllm-esp/ruvllm-esp".to_string();
        BuildFailure::Lacking(Missing { what: format!("a checkout: {}", error.message()), cure })
    })?;
    let toolchain = Toolchain::find(chip).map_err(BuildFailure::Lacking)?;
    let commit = source.commit();
    let build_options =
        BuildOptions { source: &source, commit: &commit, chip, role: None, radio: None, profile: "release" };
    Ok(Artifacts::make(&build_options, &toolchain, output)?)
}

/// The mask ROM of `chip`, where there is an emulator that runs it.
pub fn rom(chip: &Chip) -> Option<Result<Rom, String>> {
    Some(Rom::parse(&crate::board::rom::of(chip.name)?).map_err(|error| error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::outcome::GateStatus;
    use ruvllm_esp_core::chip;

    #[test]
    fn a_lack_skips_with_its_cure_and_a_build_that_breaks_fails() {
        let lacking = BuildFailure::Lacking(Missing { what: "a compiler".into(), cure: "get one".into() });
        let finding = lacking.outcome().finding("G4", &chip::esp32::CHIP);
        assert_eq!((finding.verdict, finding.lift.as_deref()), (GateStatus::Skipped, Some("get one")));
        let broken = BuildFailure::Broken("error[E0308]".into());
        assert_eq!(broken.outcome().finding("G4", &chip::esp32::CHIP).verdict, GateStatus::Fail);
    }

    #[test]
    fn nothing_is_built_for_gates_that_need_no_image() {
        let output = Output { json: false, quiet: true, verbose: false, interactive: false };
        let gates = super::super::select("G1-G3").unwrap();
        let mut build_cache = BuildCache::new(&output, &gates);
        build_cache.prepare(&chip::esp32c3::CHIP);
        assert!(build_cache.made.is_empty());
        assert!(build_cache.flashed(&chip::esp32c3::CHIP).is_none());
    }
}
