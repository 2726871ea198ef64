//! G4, G5 and G6 are about firmware images: that they fit, boot, and can be fetched. No gate looks at one yet.

use super::Outcome;
use ruvllm_esp_core::chip::Chip;

pub(super) fn check(chip: &'static Chip) -> Outcome {
    let lift = format!("ruvllm-esp build --variant {}", chip.name);
    let why = "this gate does not look at images yet; the command builds one".to_string();
    Outcome { skipped: Some((why, Some(lift))), ..Outcome::default() }
}
