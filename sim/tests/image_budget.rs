//! The arena that `fit` promises is the one that the linker leaves, with the radio and without.
//!
//! The firmware asks the linker for two symbols; so does this, of the ELF files that `build` leaves beside the images
//! (`images/mod.rs` says where). The radio cannot be emulated, but what it takes of the RAM is in its link map.
#![allow(clippy::unwrap_used, reason = "what cannot be read fails the test")]

mod images;

use images::{CHIPS, folder};
use ruvllm_esp_core::arena::ALIGNMENT;
use ruvllm_esp_core::chip::{self, Radio, STACK_RESERVE};
use ruvllm_esp_sim::emulator::elf;

/// How far `fit` may be off.
const TOLERANCE: u32 = 2 * 1024;

/// What `firmware/src/memory.rs` makes the arena of.
fn arena(program: &[u8]) -> u32 {
    let program = elf::parse(program).unwrap();
    let [low, high] =
        ["_stack_end_cpu0", "_stack_start_cpu0"].map(|name| program.symbols.address(name).unwrap());
    let alignment = ALIGNMENT as u32;
    ((high - STACK_RESERVE.get()) & !(alignment - 1)) - low.next_multiple_of(alignment)
}

/// Compares what `fit` promises with the program of `chip` that has that radio.
fn compare(chip: &str, radio: Radio, ending: &str) {
    let path = folder().join(format!("ruvllm-esp-{chip}{ending}.elf"));
    let program = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (left, promised) = (arena(&program), chip::by_name(chip).unwrap().arena_budget(radio).arena);
    println!("{chip} {}: the linker leaves {left} B, `fit` says {promised}", radio.name());
    assert!(
        left.abs_diff(promised.get()) <= TOLERANCE,
        "{chip} {}: {left} B, `fit` says {promised}",
        radio.name()
    );
}

#[test]
#[ignore = "runs images: `ruvllm-esp build --variant esp32c3,esp32c6 --out DIR`, then RUVLLM_EXACT_IMAGES=DIR"]
fn the_arena_is_what_the_linker_leaves() {
    CHIPS.iter().for_each(|chip| compare(chip, Radio::Off, ""));
}

#[test]
#[ignore = "runs an image: `ruvllm-esp build --variant esp32c3 --radio espnow --out DIR`, then RUVLLM_EXACT_IMAGES=DIR"]
fn nightly_the_arena_is_what_the_linker_leaves_beside_the_radio() {
    compare("esp32c3", Radio::EspNow, "-espnow");
}
