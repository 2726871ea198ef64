//! G4, G5 and G6 look at firmware images, of which there are none yet.

use super::Outcome;
use ruvllm_esp_core::chip::Chip;

pub(super) fn check(chip: &'static Chip) -> Outcome {
    let lift = format!("just firmware {}", chip.name);
    Outcome { skipped: Some(("no firmware image yet".to_string(), Some(lift))), ..Outcome::default() }
}
