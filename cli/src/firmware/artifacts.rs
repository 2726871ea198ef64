//! What a build came to: the program, its images, and what they take of a chip.

use super::compile::BuildOptions;
use super::image::{self, Images, Ram, Sizes};
use super::manifest::{Built, File};
use super::source::{Commit, FirmwareSource};
use super::toolchain::Toolchain;
use crate::error::Stop;
use crate::output::Output;
use ruvllm_esp_core::chip::Chip;
use ruvllm_esp_core::role::RoleKind;
use std::fmt::Write;
use std::io;
use std::path::Path;

/// The firmware of one chip, built.
#[derive(Clone, Debug)]
pub struct Artifacts {
    /// The chip.
    pub chip: &'static Chip,
    /// The source it was built from.
    pub source: FirmwareSource,
    /// Its commit.
    pub commit: Commit,
    /// The profile.
    pub profile: String,
    /// The role that it starts with where the settings name none.
    pub role: Option<RoleKind>,
    /// What the names of its files begin with.
    pub name: String,
    /// The features beside the chip's.
    pub features: &'static [&'static str],
    /// What compiled it.
    pub rustc: String,
    /// The program with its names.
    pub elf: Vec<u8>,
    /// The images.
    pub images: Images,
    /// The bytes of the program, by where they go.
    pub sizes: Sizes,
    /// What the linker made of the RAM.
    pub ram: Ram,
}

impl Artifacts {
    /// Compiles, and makes the images.
    ///
    /// # Errors
    /// Those of [`BuildOptions::compile`], `build::image`, `build::elf`.
    pub fn make(
        build_options: &BuildOptions<'_>,
        toolchain: &Toolchain,
        output: &Output,
    ) -> Result<Self, Stop> {
        let program = build_options.compile(toolchain, output)?;
        let elf = std::fs::read(&program).map_err(Stop::from)?;
        Ok(Self {
            chip: build_options.chip,
            source: build_options.source.clone(),
            commit: build_options.commit.clone(),
            profile: build_options.profile.into(),
            role: build_options.role,
            features: build_options.features(),
            name: build_options.image_name(),
            rustc: toolchain.version.clone(),
            images: image::make(build_options.chip, &elf, &build_options.source.partitions())?,
            sizes: image::sizes(&elf)?,
            ram: image::ram(&elf)?,
            elf,
        })
    }

    /// Writes the files, and describes them.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(&self, directory: &Path) -> io::Result<Built> {
        let file = |ending: &str, part: &str, bytes: &[u8]| {
            File::write(directory, &format!("{}{ending}", self.name), part, bytes)
        };
        let files = vec![
            file(".bin", "merged", &self.images.merged)?,
            file("-app.bin", "application", &self.images.application)?,
            file(".elf", "elf", &self.elf)?,
            file("-sizes.txt", "sizes", self.size_report().as_bytes())?,
        ];
        Ok(Built {
            chip: self.chip.name.into(),
            target: self.chip.target.value.into(),
            rustc: self.rustc.clone(),
            profile: self.profile.clone(),
            role: self.role.map(|role| role.alias().into()),
            features: self.features.iter().map(ToString::to_string).collect(),
            application_offset: self.images.application_offset,
            sizes: self.sizes,
            files,
        })
    }

    /// What it takes of flash and RAM, a line each.
    fn size_report(&self) -> String {
        let Sizes { text, rodata, data, bss } = self.sizes;
        let ram = self.ram;
        let lines = [
            ("text", text),
            ("rodata", rodata),
            ("data", data),
            ("bss", bss),
            ("application image", self.images.application.len() as u64),
            ("merged image", self.images.merged.len() as u64),
            ("RAM of the program", ram.before(self.chip)),
            ("RAM of the arena", ram.arena()),
            ("RAM of the stack", ram.stack()),
        ];
        let mut report = format!("{} {}\n", self.chip.name, self.profile);
        for (what, bytes) in lines {
            // Writing to a string cannot fail.
            let _ = writeln!(report, "{what:<20}{bytes:>9} B");
        }
        report
    }
}
