//! Every kernel of the core, counted on the host and clocked in the emulator.
//!
//! Both sides run the same source over the same inputs ([`ruvllm_esp_core::workload`]): the host with a meter that counts
//! operations, the emulator with the chip's own machine code, built from `firmware/kernels`. The checksums of the
//! outputs must be equal, or nothing else that is said about the two means anything.

pub mod calibration;
pub mod console;
pub mod counted;
pub mod emulated;
pub mod firmware_calibration;
pub mod image;
pub mod least_squares;
pub mod scripts;

use ruvllm_esp_core::meter::Counts;
use schemars::JsonSchema;
use serde::Serialize;

/// What one kernel took on the emulated chip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Measurement {
    /// The kernel.
    pub kernel: String,
    /// The size of its input.
    pub size: u32,
    /// Cycles; a line that is missing in the flash cache costs nothing.
    pub cycles: u32,
    /// Instructions.
    pub instructions: u32,
    /// Bytes of stack below the caller.
    pub stack: u32,
    /// Of the output.
    pub checksum: u32,
}

/// What one kernel did, on the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// The kernel.
    pub kernel: &'static str,
    /// The size of its input.
    pub size: u32,
    /// The operations.
    pub counts: Counts,
    /// Of the output.
    pub checksum: u32,
}
