//! What an instruction costs on each core: one table a chip, a source on each line.
//!
//! All values are CPU cycles at 160 MHz. Where no measurement is known the value is derived, and the comment says
//! from what. Sources by short name:
//! - LLTA-Bench: nilhoel1/LLTA-Bench, RESULTS.md (ESP32-C6, 160 MHz, flash DIO 80 MHz), measured;
//! - lightplayer: PhotomancerArt/lightplayer, docs/reports/2026-09-08-esp32c6-t3-calibration.md, measured;
//! - niccle: timonvo/niccle, esp/examples/cycle_counting.rs, and
//!   <https://ctrlsrc.io/posts/2023/counting-cpu-cycles-on-esp32c3-esp32c6>, measured;
//! - WLED: WLED issue 4206, operation throughput on an ESP32-C3 at 160 MHz, measured, loop included.

use super::operation::{Kind, Operation};

/// Costs of a conditional branch in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BranchCost {
    pub not_taken: u16,
    pub taken: u16,
}

/// Cycles of each class of instruction on one core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Costs {
    /// ALU, shift, store, CSR, fence.
    pub single: u16,
    /// Cycles from a load to the first instruction that may use its result without waiting.
    pub load_latency: u16,
    pub multiply: u16,
    pub multiply_high: u16,
    pub divide: u16,
    pub atomic: u16,
    /// Target at or before the branch.
    pub backward: BranchCost,
    /// Target after the branch.
    pub forward: BranchCost,
    pub jump: u16,
    /// `jalr`, and the way into and out of a trap.
    pub jump_register: u16,
    /// Extra for a misaligned access to RAM.
    pub misaligned: u16,
    /// Extra for a read of a peripheral register.
    pub peripheral_read: u16,
    /// Extra for a data read that hits in the flash cache.
    pub flash_data: u16,
    /// Filling one flash cache line.
    pub line_fill: u16,
}

/// ESP32-C3.
pub const ESP32C3: Costs = Costs {
    single: 1,                                       // niccle
    load_latency: 2,  // niccle: 2 when the next instruction depends on it, else 1
    multiply: 1,      // WLED: 1.3 with its loop
    multiply_high: 2, // derived: as on the ESP32-C6
    divide: 35,       // WLED: 4.63 million a second at 160 MHz
    atomic: 1,        // the core has none
    backward: BranchCost { not_taken: 1, taken: 3 }, // niccle
    forward: BranchCost { not_taken: 1, taken: 3 }, // niccle
    jump: 2,          // niccle
    jump_register: 3, // derived: resolved in the same stage as a taken branch
    misaligned: 1,    // derived: as on the ESP32-C6
    peripheral_read: 9, // derived: as on the ESP32-C6
    flash_data: 0,    // not measured
    line_fill: 342,   // derived: the same 32 bytes over the same DIO 80 MHz bus as the ESP32-C6
};

/// ESP32-C6.
pub const ESP32C6: Costs = Costs {
    single: 1,                                       // LLTA-Bench, lightplayer, niccle
    load_latency: 2, // niccle; LLTA-Bench has 3 in a chain of loads, which CoreMark contradicts (docs/emulator.md)
    multiply: 1,     // LLTA-Bench, lightplayer
    multiply_high: 2, // LLTA-Bench
    divide: 10,      // LLTA-Bench, lightplayer
    atomic: 6,       // LLTA-Bench
    backward: BranchCost { not_taken: 4, taken: 1 }, // LLTA-Bench: hot loop 1, loop exit 3 to 4
    forward: BranchCost { not_taken: 1, taken: 4 }, // LLTA-Bench: mispredicted 4
    jump: 1,         // niccle; LLTA-Bench has 2 to 3
    jump_register: 4, // derived: as a mispredicted branch
    misaligned: 1,   // LLTA-Bench
    peripheral_read: 9, // lightplayer: 10, of which 9 waiting
    flash_data: 1,   // LLTA-Bench: load-use 4 from cached flash, 3 from SRAM
    line_fill: 342,  // measured 338 (lightplayer) and 347 (LLTA-Bench): the middle
};

impl Costs {
    /// Cycles of an operation at `pc` whose inputs are ready; a conditional branch counts as not taken.
    pub const fn of(&self, pc: u32, operation: Operation) -> u16 {
        match operation.kind {
            Kind::Mul => self.multiply,
            Kind::Mulh | Kind::Mulhsu | Kind::Mulhu => self.multiply_high,
            Kind::Div | Kind::Divu | Kind::Rem | Kind::Remu => self.divide,
            Kind::Jal => self.jump,
            Kind::Jalr | Kind::Mret => self.jump_register,
            Kind::Line | Kind::End => 0,
            _ if operation.is_branch() => self.branch(pc, operation.immediate).not_taken,
            kind if kind as u8 >= Kind::LrW as u8 && kind as u8 <= Kind::AmoMaxuW as u8 => self.atomic,
            _ => self.single,
        }
    }

    /// What a taken conditional branch costs beyond [`Costs::of`]; negative where the core predicts it taken.
    pub const fn taken_extra(&self, pc: u32, target: u32) -> i16 {
        let branch = self.branch(pc, target);
        branch.taken as i16 - branch.not_taken as i16
    }

    const fn branch(&self, pc: u32, target: u32) -> BranchCost {
        if target <= pc { self.backward } else { self.forward }
    }

    /// No instruction costs more than this before dynamic waits, stalls included.
    pub const fn worst(&self) -> u16 {
        let branches =
            self.backward.not_taken + self.backward.taken + self.forward.not_taken + self.forward.taken;
        self.divide + self.multiply_high + self.load_latency + branches + self.jump_register + self.atomic
    }
}
