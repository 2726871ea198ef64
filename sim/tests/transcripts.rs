//! Every role on every chip says, byte for byte, what its golden transcript says.
#![allow(clippy::unwrap_used, reason = "what cannot be read or run fails the test")]

use ruvllm_esp_core::agent::Identity;
use ruvllm_esp_core::chip::{self, Chip, Radio};
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_sim::script::{Step, parse_step};
use ruvllm_esp_sim::single::{Setup, SingleChip};
use std::fmt::Write;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/transcripts")
}

/// The whole session as a terminal would show it, with a `> ` before what was typed.
fn session(chip: &'static Chip, role: RoleKind, script: &str) -> String {
    let identity = Identity { chip, chip_id: 1, role, seed: 1 };
    let mut single = SingleChip::boot(&Setup { identity, radio: Radio::Off, arena: None }).unwrap();
    let mut text = single.banner();
    for line in script.lines() {
        writeln!(text, "> {line}").unwrap();
        match parse_step(line).unwrap() {
            Step::Say(line) => text += &single.line(Ok(line)).unwrap().text,
            Step::Wait(time) => single.wait(time).unwrap(),
            Step::Remark(_) => {}
        }
    }
    text
}

#[test]
fn twenty_golden_transcripts_match() {
    let bless = std::env::var_os("BLESS").is_some();
    for role in RoleKind::ALL {
        let alias = role.alias();
        let script = std::fs::read_to_string(folder().join(format!("scripts/{alias}.txt"))).unwrap();
        for chip in chip::ALL {
            let path = folder().join(chip.name).join(format!("{alias}.txt"));
            let said = session(chip, role, &script);
            if bless {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, &said).unwrap();
            }
            let golden = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
            for (number, (said, golden)) in said.lines().zip(golden.lines()).enumerate() {
                assert_eq!(said, golden, "{} line {}", path.display(), number + 1);
            }
            assert_eq!(said.len(), golden.len(), "{}: `just bless` if this is meant", path.display());
        }
    }
}
