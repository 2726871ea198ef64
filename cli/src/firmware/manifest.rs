//! What was built: names, sums and sizes, in JSON and as `SHA256SUMS`.
//!
//! Nothing in it depends on when or where it was built, so the same commit gives the same manifest. Building one image
//! keeps the entries of the others for as long as their files are the ones described.

use super::image::Sizes;
use super::source::Commit;
use crate::destination;
use crate::json::SCHEMA;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io;
use std::path::Path;

/// The manifest's name.
pub const NAME: &str = "manifest.json";

/// The name of the list of sums.
pub const SUMS: &str = "SHA256SUMS";

/// What a build came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Manifest {
    /// The version of this form.
    pub schema: u8,
    /// What this is.
    pub kind: String,
    /// The version of the firmware.
    pub version: String,
    /// The commit, where there is one.
    pub commit: Option<String>,
    /// Were there changes beside the commit?
    pub modified: bool,
    /// Seconds since 1970 that the images carry.
    pub source_date_epoch: u64,
    /// What was built, by chip.
    pub images: Vec<Built>,
    /// What was not, by chip.
    pub skipped: Vec<Skipped>,
}

/// The image of one chip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Built {
    /// The chip.
    pub chip: String,
    /// The target it was compiled for.
    pub target: String,
    /// What compiled it.
    pub rustc: String,
    /// The profile.
    pub profile: String,
    /// The role it starts with where the settings name none; the chip's default if absent.
    pub role: Option<String>,
    /// The features beside the chip's.
    pub features: Vec<String>,
    /// Where the application lies in flash.
    pub application_offset: u32,
    /// The bytes of the ELF.
    pub sizes: Sizes,
    /// The files.
    pub files: Vec<File>,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct File {
    /// Its name.
    pub name: String,
    /// `merged`, `application`, `elf` or `sizes`.
    pub part: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

/// A chip that was not built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Skipped {
    /// The chip.
    pub chip: String,
    /// What is missing.
    pub reason: String,
    /// The command that brings it.
    pub cure: String,
}

impl File {
    /// Writes a file, and describes it.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(directory: &Path, name: &str, part: &str, bytes: &[u8]) -> io::Result<Self> {
        destination::write(&directory.join(name), bytes)?;
        let (length, sha256) = (bytes.len() as u64, sum(bytes));
        Ok(Self { name: name.into(), part: part.into(), bytes: length, sha256 })
    }

    /// Is the file in `directory` the one described?
    pub fn is_there(&self, directory: &Path) -> bool {
        std::fs::read(directory.join(&self.name)).is_ok_and(|bytes| sum(&bytes) == self.sha256)
    }
}

impl Built {
    /// Is it for the same chip, with the same features?
    fn is_same_kind(&self, other: &Built) -> bool {
        (&self.chip, &self.features) == (&other.chip, &other.features)
    }
}

impl Manifest {
    /// An empty one.
    pub fn new(commit: &Commit) -> Self {
        Self {
            schema: SCHEMA,
            kind: "firmware".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            commit: commit.id.clone(),
            modified: commit.modified,
            source_date_epoch: commit.epoch,
            images: Vec::new(),
            skipped: Vec::new(),
        }
    }

    /// Takes over, from the manifest in `directory`, the images that this one does not speak of.
    pub fn keep_others(&mut self, directory: &Path) {
        let Ok(text) = std::fs::read_to_string(directory.join(NAME)) else { return };
        let Ok(before) = serde_json::from_str::<Manifest>(&text) else { return };
        let of_this = |other: &Manifest| (other.commit.clone(), other.modified, other.version.clone());
        if of_this(&before) != of_this(self) || before.source_date_epoch != self.source_date_epoch {
            return;
        }
        for built in before.images {
            let known = self.images.iter().any(|image| image.is_same_kind(&built));
            if !known && built.files.iter().all(|file| file.is_there(directory)) {
                self.images.push(built);
            }
        }
        self.images.sort_by(|a, b| (&a.chip, &a.features).cmp(&(&b.chip, &b.features)));
        self.skipped.retain(|skipped| !self.images.iter().any(|image| image.chip == skipped.chip));
    }

    /// Writes it and the list of sums.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(&self, directory: &Path) -> io::Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        destination::write(&directory.join(NAME), text.as_bytes())?;
        destination::write(&directory.join(SUMS), self.sums(&text).as_bytes())
    }

    /// Every file of every chip.
    pub fn files(&self) -> impl Iterator<Item = &File> {
        self.images.iter().flat_map(|image| &image.files)
    }

    /// The list of sums; `text` is this manifest as it is written.
    pub fn sums(&self, text: &str) -> String {
        let of_files = self.files().map(|file| format!("{}  {}\n", file.sha256, file.name));
        let of_this = format!("{}  {NAME}\n", sum(text.as_bytes()));
        of_files.chain([of_this]).collect()
    }
}

/// The SHA-256 of `bytes`, in hexadecimal.
pub fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(directory: &Path, chip: &str, bytes: &[u8]) -> Built {
        let file = File::write(directory, &format!("ruvllm-esp-{chip}.bin"), "merged", bytes).unwrap();
        Built {
            chip: chip.into(),
            target: "riscv32imc-unknown-none-elf".into(),
            rustc: "rustc 1.95.0".into(),
            profile: "release".into(),
            role: None,
            features: Vec::new(),
            application_offset: 0x10000,
            sizes: Sizes::default(),
            files: vec![file],
        }
    }

    #[test]
    fn another_chips_entry_stays_while_its_file_is_the_same() {
        let directory = std::env::temp_dir().join(format!("ruvllm-esp-manifest-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let commit = Commit { id: Some("c0ffee".into()), modified: false, epoch: 7 };
        let mut first = Manifest::new(&commit);
        first.images.push(built(&directory, "esp32c6", b"six"));
        first.write(&directory).unwrap();

        let with_three = || {
            let mut second = Manifest::new(&commit);
            second.images.push(built(&directory, "esp32c3", b"three"));
            second.keep_others(&directory);
            second
        };
        let chips =
            |manifest: &Manifest| manifest.images.iter().map(|image| image.chip.clone()).collect::<Vec<_>>();
        assert_eq!(chips(&with_three()), ["esp32c3", "esp32c6"]);
        with_three().write(&directory).unwrap();
        let sums = std::fs::read_to_string(directory.join(SUMS)).unwrap();
        assert_eq!(sums.lines().count(), 3);
        assert!(sums.contains(&format!("{}  ruvllm-esp-esp32c6.bin\n", sum(b"six"))), "{sums}");

        std::fs::write(directory.join("ruvllm-esp-esp32c6.bin"), b"changed").unwrap();
        assert_eq!(chips(&with_three()), ["esp32c3"]);
        std::fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn an_image_with_the_radio_stands_beside_the_one_without() {
        let directory = std::env::temp_dir().join(format!("ruvllm-esp-radio-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let commit = Commit { id: Some("c0ffee".into()), modified: false, epoch: 7 };
        let mut plain = Manifest::new(&commit);
        plain.images.push(built(&directory, "esp32c3", b"plain"));
        plain.write(&directory).unwrap();
        let mut radio = Manifest::new(&commit);
        let of_radio = built(&directory, "esp32c3-espnow", b"radio");
        radio.images.push(Built { chip: "esp32c3".into(), features: vec!["radio".into()], ..of_radio });
        radio.keep_others(&directory);
        let names: Vec<&str> = radio.images.iter().map(|image| image.files[0].name.as_str()).collect();
        assert_eq!(names, ["ruvllm-esp-esp32c3.bin", "ruvllm-esp-esp32c3-espnow.bin"]);
        std::fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn the_sum_of_nothing_is_the_known_one() {
        assert_eq!(sum(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
