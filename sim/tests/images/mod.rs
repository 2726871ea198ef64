//! The images that are flashed, for the tests that run them.
//!
//! Images are taken from the folder that RUVLLM_EXACT_IMAGES names, as `ruvllm-esp-<chip>.bin`; ROMs as [`Rom::find`]
//! finds them. Where either is missing, a test says so and passes. `dist/` is not looked into: what lies there may be of
//! another day.
#![allow(dead_code, reason = "each test takes what it needs")]

use ruvllm_esp_sim::emulator::board::Rom;
use std::path::{Path, PathBuf};

pub const CHIPS: [&str; 2] = ["esp32c3", "esp32c6"];

/// The checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Where the images are.
pub fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("RUVLLM_EXACT_IMAGES").map(PathBuf::from);
    if folder.is_none() {
        println!("SKIPPED: RUVLLM_EXACT_IMAGES names no folder of images; `ruvllm-esp build` makes them");
    }
    folder
}

/// The image and the ROM of a chip, or why there is no test.
pub fn image(chip: &str) -> Option<(Vec<u8>, Rom)> {
    let path = folder()?.join(format!("ruvllm-esp-{chip}.bin"));
    let Ok(flash) = std::fs::read(&path) else {
        println!(
            "SKIPPED {chip}: there is no {}; `ruvllm-esp build --variant {chip}` makes it",
            path.display()
        );
        return None;
    };
    let Some(rom) = Rom::find(chip) else {
        println!("SKIPPED {chip}: no ROM image; set RUVLLM_ROM_DIR to a folder of them");
        return None;
    };
    Some((flash, Rom::parse(&std::fs::read(rom).unwrap()).unwrap()))
}
