//! Costs that were fitted to the emulator's cycles replace those read off instructions.
//!
//! `just calibrate` fits them and writes `calibrated.rs`. Their band is what the fit was off by on work that it never saw,
//! and what the emulator itself may be off by, added up.

use super::{CycleCost, CycleCosts};
use crate::cost::icache::CodeSize;
use ruvllm_esp_core::meter::Op;

/// What a fit found on one chip. All errors are relative, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calibration {
    /// The commit whose code was run.
    pub commit: &'static str,
    /// How many kernels, at their sizes, the costs were fitted to.
    pub samples: u32,
    /// The mean error on those.
    pub mean_error: u32,
    /// The largest error on kernels and sizes that the fit never saw.
    pub held_out_error: u32,
    /// The largest error on a whole console session of a role.
    pub session_error: u32,
    /// The largest error on a golden session of the firmware's image.
    pub image_error: u32,
    /// The code that commands take out of flash.
    pub code_size: CodeSize,
    /// Thousandths of a cycle, in the order of [`Op::ALL`]; zero where nothing was fitted.
    pub cycle_costs: [u32; Op::ALL.len()],
}

/// What the emulator itself may be off by, in thousandths: its CoreMark scores are 1.03 (ESP32-C3) and 0.91 (ESP32-C6) of
/// the datasheets', and the costs that nobody measured on ESP32-C3 (`docs/emulator.md`) are taken from ESP32-C6.
pub const EMULATOR_ERROR: u32 = 100;

/// Cycles that a single console line may take less or more, beyond the band of a session: about 117 lines of the flash
/// cache, which a command finds there or has to fetch. Of the lines of the golden sessions on the emulated images 95 % lie
/// within, also of those that are no sensor readings (`docs/fidelity.md`, `sim/tests/exact_image.rs`).
pub const LINE_CYCLES: u32 = 40_000;

impl Calibration {
    /// How far a time made of these costs may be off, in thousandths.
    pub const fn band(&self) -> u32 {
        let mut model = self.held_out_error;
        if model < self.session_error {
            model = self.session_error;
        }
        if model < self.image_error {
            model = self.image_error;
        }
        model + EMULATOR_ERROR
    }

    /// `cycle_costs`, each replaced by the fitted one where there is one.
    pub const fn apply(&self, mut cycle_costs: CycleCosts) -> CycleCosts {
        let mut at = 0;
        while at < cycle_costs.len() {
            if let (Some(cycle_cost), fitted) = (&mut cycle_costs[at], self.cycle_costs[at])
                && fitted > 0
            {
                let band = self.band();
                *cycle_cost = CycleCost {
                    cycles: fitted,
                    low: fitted - fitted / 1_000 * band - fitted % 1_000 * band / 1_000,
                    high: fitted + fitted / 1_000 * band + (fitted % 1_000 * band).div_ceil(1_000),
                    sequence: cycle_cost.sequence,
                    source: "fitted to emulated cycles",
                };
            }
            at += 1;
        }
        cycle_costs
    }
}
