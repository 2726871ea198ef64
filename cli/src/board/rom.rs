//! The mask ROMs of the chips that can be emulated, out of the flasher's own store.
//!
//! The flasher carries them to name functions in a backtrace, and hands them out for a board of a kind and revision;
//! so a program that was installed needs no folder of cargo's. The call is not part of what the flasher promises, and
//! a test says so when it goes.

use espflash::flasher::{DeviceInfo, FlashSize};
use espflash::target::{Chip, XtalFrequency};

/// The ROM of the revision that is emulated, an ELF file.
pub fn of(chip: &str) -> Option<Vec<u8>> {
    let (chip, revision) = match chip {
        "esp32c3" => (Chip::Esp32c3, (3, 0)),
        "esp32c6" => (Chip::Esp32c6, (0, 0)),
        _ => return None,
    };
    // Only kind and revision count.
    let board = DeviceInfo {
        chip,
        revision: Some(revision),
        crystal_frequency: XtalFrequency::_40Mhz,
        flash_size: FlashSize::_4Mb,
        features: Vec::new(),
        mac_address: None,
    };
    board.rom()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruvllm_esp_sim::emulator::board::Rom;

    #[test]
    fn both_roms_are_there_and_are_those_that_cargo_keeps() {
        for chip in ["esp32c3", "esp32c6"] {
            let bytes = of(chip).unwrap();
            assert!(!Rom::parse(&bytes).unwrap().pieces.is_empty(), "{chip}");
            if let Some(path) = Rom::find(chip) {
                assert_eq!(std::fs::read(path).unwrap(), bytes, "{chip}");
            }
        }
        assert!(of("esp32s3").is_none());
    }
}
