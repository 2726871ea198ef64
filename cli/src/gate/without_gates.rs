//! The gates of images in a program that can make none: skipped, with the command that builds one that can.

use super::Gate;
use super::outcome::GateOutcome;
use crate::output::Output;
use ruvllm_esp_core::chip::Chip;
use ruvllm_esp_sim::emulator::board::Rom;
use std::marker::PhantomData;

/// Nothing is made here.
#[derive(Debug)]
pub struct BuildCache<'a>(PhantomData<&'a Output>);

impl<'a> BuildCache<'a> {
    /// An empty one.
    pub fn new(_: &'a Output, _: &[Gate]) -> Self {
        Self(PhantomData)
    }

    /// Makes nothing.
    pub fn prepare(&mut self, _: &'static Chip) {}

    /// No image, so none that boots.
    pub fn flashed(&mut self, _: &'static Chip) -> Option<(Vec<u8>, Rom)> {
        None
    }
}

macro_rules! left_out {
    ($module:ident, $gate:literal) => {
        pub mod $module {
            /// Skips.
            pub fn check(
                _: &mut super::BuildCache<'_>,
                chip: &'static ruvllm_esp_core::chip::Chip,
            ) -> super::GateOutcome {
                super::skipped($gate, chip)
            }
        }
    };
}

left_out!(size, "G4");
left_out!(boot, "G5");
left_out!(release, "G6");

fn skipped(gate: &str, chip: &Chip) -> GateOutcome {
    let run = "cargo run --release -p ruvllm-esp --features board --";
    GateOutcome::skip(
        "this program is built without the feature `board`, which makes images",
        format!("{run} bench --gates {gate} --variant {}", chip.name),
    )
}
