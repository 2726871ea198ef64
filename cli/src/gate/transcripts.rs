//! G3: the golden transcripts match byte for byte, in the simulator and in the emulator.
//!
//! The emulator runs the kernel image, which has exactly the arena of the transcripts, and where there is one the image
//! that is flashed. That one has the arena that its linker left, so the sizes that it tells may differ from the golden
//! ones; with the same arena in the simulator every byte has to be the same again.

use super::GateOutcome;
use crate::kernels::toolchain::checkout;
use crate::kernels::{BuildError, image};
use ruvllm_esp_core::agent::Identity;
use ruvllm_esp_core::chip::{Chip, Radio};
use ruvllm_esp_core::units::Bytes;
use ruvllm_esp_core::workload::Script;
use ruvllm_esp_sim::emulator::board::{BoardConfig, Rom};
use ruvllm_esp_sim::exact::{Exact, ExactError};
use ruvllm_esp_sim::kernels::{console, scripts};
use ruvllm_esp_sim::script::{Step, parse_step};
use ruvllm_esp_sim::single::{Setup, SingleChip, SingleError};
use std::fmt::Write;
use std::fs;

/// A merged image, and the mask ROM that boots it.
pub type Flashed<'a> = (&'a [u8], &'a Rom);

/// Replays every golden session; on `flashed` too, where there is one.
pub fn check(chip: &'static Chip, flashed: Option<Flashed<'_>>) -> GateOutcome {
    let mut outcome = GateOutcome::default();
    let Some(root) = checkout() else {
        outcome.refused(&BuildError::NoSources);
        return outcome;
    };
    let image = image::build(chip);
    for script in scripts::GOLDEN {
        let path = format!("fixtures/transcripts/{}/{}.txt", chip.name, script.role.alias());
        let golden = fs::read_to_string(root.join(&path)).unwrap_or_default().replace("\r\n", "\n");
        match simulated(chip, &script, None) {
            Ok(said) => compare(&path, "simulator", &golden, &said, &mut outcome),
            Err(error) => outcome.failures.push(format!("{path}: {error}")),
        }
        if let Ok(image) = &image {
            match console::session(image, &script) {
                Ok(session) => compare(&path, "emulator", &golden, &session.transcript, &mut outcome),
                Err(error) => outcome.failures.push(format!("{path}: {error}")),
            }
        }
        if let Some(flashed) = flashed {
            replay(chip, &script, &path, &golden, flashed, &mut outcome);
        }
    }
    let dir = if flashed.is_some() { "emulator, and on the image that is flashed" } else { "emulator" };
    outcome.summary = format!("4 transcripts match in the simulator and in the {dir}");
    match image {
        Err(BuildError::NotEmulated { .. }) => {
            outcome.summary =
                "4 transcripts match in the simulator; no emulator runs this chip's code".to_string();
        }
        Err(error) => outcome.refused(&error),
        Ok(_) => {}
    }
    outcome
}

fn compare(path: &str, dir: &str, golden: &str, said: &str, outcome: &mut GateOutcome) {
    if said == golden {
        outcome.evidence.push(format!("{path}: {} bytes equal in the {dir}", said.len()));
        return;
    }
    let differs = golden.lines().zip(said.lines()).position(|(golden, said)| golden != said);
    let line = differs.unwrap_or_else(|| golden.lines().count().min(said.lines().count())) + 1;
    outcome.failures.push(format!("{path} differs in the {dir} from line {line} on"));
}

/// The session on the image that is flashed: beside the golden one without the sizes, and beside the simulator's whole.
fn replay(
    chip: &'static Chip,
    script: &Script<'_>,
    path: &str,
    golden: &str,
    flashed: Flashed<'_>,
    outcome: &mut GateOutcome,
) {
    let said = match session(chip, script, flashed) {
        Ok(said) => said,
        Err(error) => return outcome.failures.push(format!("{path}: on the image that is flashed: {error}")),
    };
    compare(
        path,
        "image that is flashed, sizes apart",
        &without_sizes(golden),
        &without_sizes(&said),
        outcome,
    );
    let Some(arena) = arena(&said) else { return };
    match simulated(chip, script, Some(arena)) {
        Ok(duplicate) => {
            let dir = format!("image that is flashed, beside the simulator with its arena of {arena}");
            compare(path, &dir, &duplicate, &said, outcome);
        }
        Err(error) => outcome.failures.push(format!("{path}: {error}")),
    }
}

/// The whole session as a terminal would show it, with a `> ` before what was typed.
fn simulated(chip: &'static Chip, script: &Script<'_>, arena: Option<Bytes>) -> Result<String, SingleError> {
    let identity = Identity { chip, chip_id: 1, role: script.role, seed: 1 };
    let mut single = SingleChip::boot(&Setup { identity, radio: Radio::Off, arena })?;
    let mut text = single.banner();
    for line in script.text.lines() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "> {line}");
        match parse_step(line) {
            Ok(Step::Say(line)) => text += &single.line(Ok(line))?.text,
            Ok(Step::Wait(time)) => single.wait(time)?,
            Ok(Step::Remark(_)) | Err(_) => {}
        }
    }
    Ok(text)
}

/// The same on an emulated board that boots the image.
fn session(
    chip: &'static Chip,
    script: &Script<'_>,
    (flash, rom): Flashed<'_>,
) -> Result<String, ExactError> {
    let mut exact = Exact::boot(chip, rom, flash.to_vec(), BoardConfig::default())?;
    exact.configure(1, script.role)?;
    let mut text = exact.banner().to_string();
    for line in script.text.lines() {
        let _ = writeln!(text, "> {line}");
        match parse_step(line) {
            Ok(Step::Say(line)) => text += &exact.line(Ok(line))?.text,
            Ok(Step::Wait(time)) => exact.wait(time)?,
            Ok(Step::Remark(_)) | Err(_) => {}
        }
    }
    Ok(text)
}

/// Without the reply to `mem`: how large the arena is, the linker decides; the simulator only predicts it.
fn without_sizes(text: &str) -> String {
    let mut kept = String::new();
    let mut is_memory = false;
    for line in text.split_inclusive('\n') {
        is_memory = if line.starts_with("> ") { line == "> mem\n" } else { is_memory };
        if !is_memory {
            kept += line;
        }
    }
    kept
}

/// The bytes of the arena that a chip has, by its own reply to `mem`.
pub fn arena(text: &str) -> Option<Bytes> {
    let total = text.lines().find_map(|line| line.strip_prefix("arena: total="))?;
    Some(Bytes(total.split(' ').next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_more_is_a_failure_that_names_its_line() {
        let mut outcome = GateOutcome::default();
        compare("a.txt", "simulator", "x\ny\n", "x\ny\n", &mut outcome);
        assert_eq!((outcome.evidence.len(), outcome.failures.len()), (1, 0));
        compare("a.txt", "simulator", "x\ny\n", "x\nz\n", &mut outcome);
        compare("a.txt", "simulator", "x\ny\n", "x\ny\n\n", &mut outcome);
        let wrong = |line| format!("a.txt differs in the simulator from line {line} on");
        assert_eq!(outcome.failures, [wrong(2), wrong(3)]);
    }

    #[test]
    fn only_the_reply_to_mem_is_left_out() {
        let text = "> mem\narena: total=100 used=1\nx\n> role\nrole: y\n";
        assert_eq!(without_sizes(text), "> role\nrole: y\n");
        assert_eq!(arena(text), Some(Bytes(100)));
        assert_eq!(arena("arena: total=many\n"), None);
    }
}
