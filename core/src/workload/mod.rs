//! Fixed workloads, the same everywhere: what benchmarks and calibration run.
//!
//! Each kernel runs over inputs that follow from its size alone. A [`Probe`] decides what is recorded: the host counts
//! operations, a chip or its emulator reads its cycle counter. The checksum is of the output, so two machines are held
//! equal without exchanging the outputs.

mod checksum;
mod commands;
mod detectors;
mod distances;
mod frames;
mod indexes;
mod sessions;
mod texts;

pub use checksum::Checksum;
pub use sessions::{Step, run_session, step};

use crate::chip::Chip;
use crate::meter::Meter;
use crate::role::RoleKind;

/// How often a probe runs each work: what changes from run to run (a window that moves on) then changes alike everywhere.
pub const RUNS: u32 = 4;

/// Which of the runs is the one whose cycles are counted on a chip and whose operations are counted on the host.
pub const COUNTED_RUN: u32 = 2;

/// Measures one workload.
pub trait Probe {
    /// What the kernels report to.
    type Meter: Meter;

    /// Runs `work` [`RUNS`] times and records it as `kernel` at `size`. `work` gives the checksum of its output, that of
    /// the last run counts.
    fn measure(&mut self, kernel: &'static str, size: u32, work: &mut dyn FnMut(&mut Self::Meter) -> u32);
}

/// The console session of a role: what is typed, with `@wait TIME` between.
#[derive(Clone, Copy, Debug)]
pub struct Script<'s> {
    /// What it is measured as.
    pub name: &'static str,
    /// The role.
    pub role: RoleKind,
    /// One line each.
    pub text: &'s str,
}

/// Runs every kernel at every size. `memory` holds the structures: those that it is too small for are left out.
pub fn run_kernels<P: Probe>(memory: &mut [u8], probe: &mut P) {
    distances::run(memory, probe);
    texts::run(memory, probe);
    indexes::run(memory, probe);
    detectors::run(memory, probe);
    frames::run(memory, probe);
}

/// Runs single commands of each role, as `chip` in `memory`.
pub fn run_commands<P: Probe>(chip: &'static Chip, memory: &mut [u8], probe: &mut P) {
    commands::run(chip, memory, probe);
}

/// Runs the whole session of a script, as `chip` in `memory`.
pub fn run_script<P: Probe>(chip: &'static Chip, memory: &mut [u8], script: Script<'_>, probe: &mut P) {
    sessions::run(chip, memory, script, probe);
}
