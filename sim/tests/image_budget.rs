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

#[test]
fn the_arena_is_what_the_linker_leaves() {
    let Some(folder) = folder() else { return };
    for name in CHIPS {
        for (radio, ending) in [(Radio::Off, ""), (Radio::EspNow, "-espnow")] {
            let path = folder.join(format!("ruvllm-esp-{name}{ending}.elf"));
            let Ok(program) = std::fs::read(&path) else {
                println!("SKIPPED {name} {}: there is no {}", radio.name(), path.display());
                continue;
            };
            let (left, promised) = (arena(&program), chip::by_name(name).unwrap().arena_budget(radio).arena);
            println!("{name} {}: the linker leaves {left} B, `fit` says {promised}", radio.name());
            assert!(left.abs_diff(promised.get()) <= TOLERANCE, "{name} {}", radio.name());
        }
    }
}
