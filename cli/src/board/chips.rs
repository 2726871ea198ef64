//! The chips of this project as the flasher names them.

use crate::error::CliError;
use espflash::target::Chip as Flashed;
use ruvllm_esp_core::chip::{self, Chip};

/// The flasher's word for a chip.
///
/// # Errors
/// `board::unknown-chip` when it has none.
pub fn espflash(chip: &Chip) -> Result<Flashed, CliError> {
    Ok(match chip.name {
        "esp32" => Flashed::Esp32,
        "esp32s2" => Flashed::Esp32s2,
        "esp32s3" => Flashed::Esp32s3,
        "esp32c3" => Flashed::Esp32c3,
        "esp32c6" => Flashed::Esp32c6,
        name => {
            return Err(CliError::runtime("board::unknown-chip", format!("espflash does not know {name}")));
        }
    })
}

/// The chip with this number in the header of an image.
pub fn by_image_id(id: u16) -> Option<&'static Chip> {
    chip::ALL.into_iter().find(|chip| espflash(chip).is_ok_and(|known| known.id() == id))
}

/// Where the chip's ROM looks for the bootloader in flash.
pub fn boot_address(chip: &Chip) -> u32 {
    espflash(chip).map_or(0, |chip| chip.boot_address())
}

/// What the flasher calls a chip, where it is not one of ours.
pub fn name(flashed: Flashed) -> String {
    flashed.to_string()
}
