//! G3: the golden transcripts match byte for byte, in the simulator and in the emulator.

use super::Outcome;
use crate::device::{Device, DeviceError, Setup};
use crate::kernels::image::{Image, ImageError, checkout};
use crate::kernels::{console, scripts};
use crate::script::{Step, parse_step};
use ruvllm_esp_core::agent::Identity;
use ruvllm_esp_core::chip::{Chip, Radio};
use ruvllm_esp_core::workload::Script;
use std::fmt::Write;
use std::fs;

pub(super) fn check(chip: &'static Chip) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(root) = checkout() else {
        outcome.refused(&ImageError::NoSources);
        return outcome;
    };
    let image = Image::build(chip);
    for script in scripts::GOLDEN {
        let path = format!("fixtures/transcripts/{}/{}.txt", chip.name, script.role.info().alias);
        let golden = fs::read_to_string(root.join(&path)).unwrap_or_default().replace("\r\n", "\n");
        match simulated(chip, &script) {
            Ok(said) => compare(&path, "simulator", &golden, &said, &mut outcome),
            Err(error) => outcome.failures.push(format!("{path}: {error}")),
        }
        if let Ok(image) = &image {
            match console::session(image, &script) {
                Ok(session) => compare(&path, "emulator", &golden, &session.transcript, &mut outcome),
                Err(error) => outcome.failures.push(format!("{path}: {error}")),
            }
        }
    }
    outcome.summary = "4 transcripts match in the simulator and in the emulator".to_string();
    match image {
        Err(ImageError::NotEmulated { .. }) => {
            outcome.summary =
                "4 transcripts match in the simulator; no emulator runs this chip's code".to_string();
        }
        Err(error) => outcome.refused(&error),
        Ok(_) => {}
    }
    outcome
}

fn compare(path: &str, place: &str, golden: &str, said: &str, outcome: &mut Outcome) {
    if said == golden {
        outcome.evidence.push(format!("{path}: {} bytes equal in the {place}", said.len()));
        return;
    }
    let differs = golden.lines().zip(said.lines()).position(|(golden, said)| golden != said);
    let line = differs.unwrap_or_else(|| golden.lines().count().min(said.lines().count())) + 1;
    outcome.failures.push(format!("{path} differs in the {place} from line {line} on"));
}

/// The whole session as a terminal would show it, with a `> ` before what was typed.
fn simulated(chip: &'static Chip, script: &Script<'_>) -> Result<String, DeviceError> {
    let identity = Identity { chip, chip_id: 1, role: script.role, seed: 1 };
    let mut device = Device::boot(&Setup { identity, radio: Radio::Off, arena: None })?;
    let mut text = device.banner();
    for line in script.text.lines() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "> {line}");
        match parse_step(line) {
            Ok(Step::Say(line)) => text += &device.line(Ok(line))?.text,
            Ok(Step::Wait(time)) => device.wait(time),
            Ok(Step::Remark(_)) | Err(_) => {}
        }
    }
    Ok(text)
}
