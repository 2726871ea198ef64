//! The image that is flashed, on the emulated chip, while its power comes and goes. Gate G3 replays transcripts on it.
//!
//! Images are taken from RUVLLM_EXACT_IMAGES, or `dist/` where `build` leaves them, as `ruvllm-esp-<chip>.bin`; ROMs as
//! [`Rom::find`] finds them. Where either is missing, a test says so and passes. RUVLLM_POWER_CUTS says how often the
//! power is cut; 100 times unless told.
#![allow(clippy::unwrap_used, reason = "what cannot be read or run fails the test")]

use ruvllm_esp_core::chip;
use ruvllm_esp_sim::emulator::board::{Port, Rom, Surroundings, milliseconds};
use ruvllm_esp_sim::exact::Exact;
use std::path::{Path, PathBuf};

const CHIPS: [&str; 2] = ["esp32c3", "esp32c6"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The image and the ROM of a chip, or why there is no test.
fn image(chip: &str) -> Option<(Vec<u8>, Rom)> {
    let folder = std::env::var_os("RUVLLM_EXACT_IMAGES").map_or_else(|| root().join("dist"), PathBuf::from);
    let path = folder.join(format!("ruvllm-esp-{chip}.bin"));
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

#[test]
fn no_power_cut_keeps_it_from_starting() {
    let cuts: u32 =
        std::env::var("RUVLLM_POWER_CUTS").ok().and_then(|count| count.parse().ok()).unwrap_or(100);
    for name in CHIPS {
        let Some((flash, rom)) = image(name) else { continue };
        let chip = chip::by_name(name).unwrap();
        let mut exact = Exact::boot(chip, &rom, flash, Surroundings::default()).unwrap();
        let board = exact.board();
        let mut random = oorandom::Rand32::new(7);
        for cut in 0..cuts {
            // Settings are written over and over, which takes the flash 45 ms each.
            let lines = b"chip config id 3\nchip config role rag\nchip config id 4\nchip config role hnsw\n";
            board.serial_in(Port::Usb, lines);
            board.run_for(
                milliseconds(1) * u64::from(random.rand_range(0..200))
                    + u64::from(random.rand_range(0..160_000)),
            );
            board.power_cycle();
            board.drop_input();
            board.take_serial_out(Port::Usb);
            // Every second time it goes again while the chip starts.
            if cut % 2 == 1 {
                board.run_for(milliseconds(1) * u64::from(random.rand_range(0..300)));
                board.power_cycle();
                board.take_serial_out(Port::Usb);
            }
            let starts = board.starts().len();
            let is_up = |board: &ruvllm_esp_sim::emulator::board::Board| {
                board.is_waiting_for_input(Port::Usb)
                    && String::from_utf8_lossy(board.serial_out(Port::Usb)).contains("[ready]")
            };
            let halt = board.run_until(milliseconds(5_000), is_up);
            let said = String::from_utf8_lossy(board.serial_out(Port::Usb)).into_owned();
            assert_eq!(halt, ruvllm_esp_sim::emulator::board::Halt::Reached, "{name} cut {cut}: {said}");
            assert_eq!(board.starts().len(), starts, "{name} cut {cut}: it started more than once: {said}");
            board.take_serial_out(Port::Usb);
        }
        assert!(
            board.wear().sectors_erased > u64::from(cuts) / 10,
            "the cuts fell where nothing was written"
        );
    }
}
