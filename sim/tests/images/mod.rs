//! The images that are flashed, for the tests that run them.
//!
//! Images are taken from the folder that RUVLLM_EXACT_IMAGES names, as `ruvllm-esp-<chip>.bin`; ROMs as [`Rom::find`]
//! finds them. These tests are ignored by default, because images take minutes to build; run without images they fail.
//! `dist/` is not looked into: what lies there may be of another day.
#![allow(dead_code, reason = "each test takes what it needs")]
#![allow(clippy::expect_used, reason = "what is missing fails the test")]

use ruvllm_esp_sim::emulator::board::Rom;
use std::path::{Path, PathBuf};

pub const CHIPS: [&str; 2] = ["esp32c3", "esp32c6"];

/// The checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Where the images are.
pub fn folder() -> PathBuf {
    let folder = std::env::var_os("RUVLLM_EXACT_IMAGES");
    PathBuf::from(
        folder.expect("RUVLLM_EXACT_IMAGES names the folder of images; `ruvllm-esp build` makes them"),
    )
}

/// The image and the ROM of a chip.
pub fn image(chip: &str) -> (Vec<u8>, Rom) {
    let path = folder().join(format!("ruvllm-esp-{chip}.bin"));
    let flash = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let rom =
        Rom::find(chip).unwrap_or_else(|| panic!("{chip}: no ROM; set RUVLLM_ROM_DIR to a folder of them"));
    (flash, Rom::parse(&std::fs::read(rom).unwrap()).unwrap())
}
