//! The image that is flashed, on the emulated chip: the golden transcripts, and a power that comes and goes.
//!
//! Where images and ROMs are from, `images/mod.rs` says. RUVLLM_POWER_CUTS says how often the power is cut; 100 times
//! unless told.
#![allow(clippy::unwrap_used, reason = "what cannot be read or run fails the test")]

mod images;

use images::{CHIPS, image, root};
use ruvllm_esp_core::agent::Identity;
use ruvllm_esp_core::chip::{self, Chip, Radio};
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_core::units::Bytes;
use ruvllm_esp_sim::device::{Device, Setup};
use ruvllm_esp_sim::emulator::board::{Port, Rom, Surroundings, milliseconds};
use ruvllm_esp_sim::exact::Exact;
use ruvllm_esp_sim::script::{Step, parse_step};
use std::fmt::Write;

fn session(chip: &'static Chip, role: RoleKind, script: &str, flash: Vec<u8>, rom: &Rom) -> String {
    let mut exact = Exact::boot(chip, rom, flash, Surroundings::default()).unwrap();
    exact.configure(1, role).unwrap();
    let mut text = exact.banner().to_string();
    for line in script.lines() {
        writeln!(text, "> {line}").unwrap();
        match parse_step(line).unwrap() {
            Step::Say(line) => text += &exact.line(Ok(line)).unwrap().text,
            Step::Wait(time) => exact.wait(time).unwrap(),
            Step::Remark(_) => {}
        }
    }
    text
}

/// The same session on the simulator, with an arena of `arena` bytes.
fn simulated(chip: &'static Chip, role: RoleKind, script: &str, arena: Bytes) -> String {
    let identity = Identity { chip, chip_id: 1, role, seed: 1 };
    let mut device = Device::boot(&Setup { identity, radio: Radio::Off, arena: Some(arena) }).unwrap();
    let mut text = device.banner();
    for line in script.lines() {
        writeln!(text, "> {line}").unwrap();
        match parse_step(line).unwrap() {
            Step::Say(line) => text += &device.line(Ok(line)).unwrap().text,
            Step::Wait(time) => device.wait(time),
            Step::Remark(_) => {}
        }
    }
    text
}

fn assert_same(what: &str, said: &str, expected: &str) {
    for (number, (said, expected)) in said.lines().zip(expected.lines()).enumerate() {
        assert_eq!(said, expected, "{what} line {}", number + 1);
    }
    assert_eq!(said.len(), expected.len(), "{what}");
}

/// Without the reply to `mem`: how large the arena is, the linker decides; the simulator only foretells it.
fn without_sizes(text: &str) -> String {
    let mut kept = Vec::new();
    let mut is_memory = false;
    for line in text.lines() {
        is_memory = if line.starts_with("> ") { line == "> mem" } else { is_memory };
        if !is_memory {
            kept.push(line);
        }
    }
    kept.join("\n")
}

/// The bytes of the arena that the firmware has, by its own account.
fn arena(text: &str) -> Option<Bytes> {
    let total = text.lines().find_map(|line| line.strip_prefix("arena: total="))?;
    Some(Bytes(total.split(' ').next()?.parse().ok()?))
}

#[test]
fn the_golden_transcripts_replay_on_the_image() {
    for name in CHIPS {
        let Some((flash, rom)) = image(name) else { continue };
        let chip = chip::by_name(name).unwrap();
        for role in RoleKind::ALL {
            let (folder, alias) = (root().join("fixtures/transcripts"), role.info().alias);
            let script = std::fs::read_to_string(folder.join(format!("scripts/{alias}.txt"))).unwrap();
            let golden = std::fs::read_to_string(folder.join(name).join(format!("{alias}.txt"))).unwrap();
            let said = session(chip, role, &script, flash.clone(), &rom);
            let what = format!("{name} {alias}");
            assert_same(&what, &without_sizes(&said), &without_sizes(&golden));
            // And with the firmware's own arena every byte is the simulator's.
            if let Some(arena) = arena(&said) {
                println!("{what}: the firmware's arena has {arena}");
                assert_same(&what, &said, &simulated(chip, role, &script, arena));
            }
        }
    }
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
