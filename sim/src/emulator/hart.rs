//! The processor's own state.

use super::chip::EmulatedChip;
use super::csr::{self, Clock};
use super::pipeline::Pipeline;

/// Storage for the integer registers. Indexed by a byte so that no access needs a bounds check; only the first 33
/// registers are used: `x0` to `x31` and the sink for writes to `x0`.
pub type Integers = [u32; 256];

/// One RISC-V hardware thread.
#[derive(Clone, Debug)]
pub struct Hart {
    pub integers: Box<Integers>,
    pub pc: u32,
    pub csr: csr::Registers,
    pub clock: Clock,
    pub pipeline: Pipeline,
    /// The word that `lr.w` reserved.
    pub reservation: Option<u32>,
    /// Stopped by `wfi` until an interrupt is up.
    pub is_waiting: bool,
}

impl Hart {
    /// The state after reset.
    pub fn new(chip: &EmulatedChip) -> Self {
        Self {
            integers: Box::new([0; 256]),
            pc: 0,
            csr: csr::Registers::new(chip),
            clock: Clock::default(),
            pipeline: Pipeline::default(),
            reservation: None,
            is_waiting: false,
        }
    }

    /// `x0` to `x31`.
    pub fn registers(&self) -> [u32; 32] {
        std::array::from_fn(|index| self.integers.get(index).copied().unwrap_or(0))
    }
}
