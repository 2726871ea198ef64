//! The seam between the bus and what hangs on it.
//!
//! A device sees word accesses to its registers, with the time in CPU cycles as an argument, and tells the bus which
//! interrupt lines it holds up and when it next wants to be woken. It knows neither the CPU nor other devices.

use std::fmt::Debug;

/// A peripheral behind the bus.
pub trait Device: Debug + Send {
    /// The register at `offset` (a multiple of 4) from the device's base. Reading may have side effects.
    fn read(&mut self, offset: u32, now: u64) -> u32;

    /// Writes the register at `offset`. A narrower store arrives as a word, its bytes in place and the others zero.
    fn write(&mut self, offset: u32, value: u32, now: u64);

    /// The interrupt lines held up, one bit a line, in the numbering of `mip`.
    fn interrupts(&self) -> u32 {
        0
    }

    /// When the device wants [`Device::advance`] next, in CPU cycles.
    fn next_event(&self) -> Option<u64> {
        None
    }

    /// Time has come to `now`.
    fn advance(&mut self, _now: u64) {}
}

/// What the bus does with a peripheral register that no device answers for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownRegisters {
    /// The access is a fault.
    #[default]
    Fault,
    /// The register remembers what was written, reads as zero before, and is listed afterwards.
    Remember,
}
