//! Control and status registers of the machine mode.
//!
//! Registers that a program may expect but that change nothing here (physical memory protection and attributes) keep
//! what is written. Anything else unknown is `None`, which makes the instruction illegal.
//! Sources: The RISC-V Instruction Set Manual, volume II; ESP32-C3 and ESP32-C6 technical reference manuals, chapter
//! "High-Performance CPU" (identity registers, performance counter `mpcer`/`mpcmr`/`mpccr`).

use super::chip::EmulatedChip;
use std::collections::BTreeMap;

pub const MSTATUS_MIE: u32 = 1 << 3;
pub const MSTATUS_MPIE: u32 = 1 << 7;
/// Machine mode is the only one, so the previous privilege is always machine.
const MSTATUS_MPP: u32 = 3 << 11;

const ESPRESSIF: u32 = 0x612;
/// Extensions I, M and C, and 32-bit registers.
const MISA_BASE: u32 = 1 << 30 | 1 << 2 | 1 << 8 | 1 << 12;

/// `mpcer` bits: which event the counter counts.
const COUNT_CYCLES: u32 = 1 << 0;
const COUNT_INSTRUCTIONS: u32 = 1 << 1;

/// How far the program has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// CPU cycles since reset. In an untimed run an instruction is one cycle.
    pub cycles: u64,
    /// Instructions retired since reset.
    pub instructions: u64,
}

/// Espressif's own performance counter: one counter, one selection of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct PerformanceCounter {
    events: u32,
    mode: u32,
    /// The counter less what the clock showed when it was last set.
    base: u32,
}

/// The registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registers {
    pub mstatus: u32,
    pub mie: u32,
    /// Interrupt lines held up by devices.
    pub mip: u32,
    /// A controller outside of the CPU decides which lines interrupt, `mie` has no say.
    pub lines_are_filtered: bool,
    pub mtvec: u32,
    pub mscratch: u32,
    pub mepc: u32,
    pub mcause: u32,
    pub mtval: u32,
    misa: u32,
    identity: (u32, u32),
    cycle_offset: u64,
    instruction_offset: u64,
    counter: PerformanceCounter,
    /// Has the core the counters of the specification?
    has_counters: bool,
    kept: BTreeMap<u16, u32>,
}

impl Registers {
    /// The state after reset.
    pub fn new(chip: &EmulatedChip) -> Self {
        Self {
            mstatus: MSTATUS_MPP,
            mie: 0,
            mip: 0,
            lines_are_filtered: false,
            mtvec: 0,
            mscratch: 0,
            mepc: 0,
            mcause: 0,
            mtval: 0,
            misa: MISA_BASE | chip.atomics as u32,
            identity: chip.identity,
            cycle_offset: 0,
            instruction_offset: 0,
            counter: PerformanceCounter::default(),
            has_counters: chip.standard_counters,
            kept: BTreeMap::new(),
        }
    }

    /// The register `number` as an instruction at `clock` reads it; `None` if there is none.
    pub fn read(&self, number: u16, clock: Clock) -> Option<u32> {
        let cycles = clock.cycles.wrapping_add(self.cycle_offset);
        let instructions = clock.instructions.wrapping_add(self.instruction_offset);
        if !self.has_counters && is_counter(number) {
            return None;
        }
        Some(match number {
            0x300 => self.mstatus,
            0x301 => self.misa,
            0x304 => self.mie,
            0x305 => self.mtvec,
            0x340 => self.mscratch,
            0x341 => self.mepc,
            0x342 => self.mcause,
            0x343 => self.mtval,
            0x344 => self.mip,
            0xb00 | 0xc00 => cycles as u32,
            0xb02 | 0xc02 => instructions as u32,
            0xb80 | 0xc80 => (cycles >> 32) as u32,
            0xb82 | 0xc82 => (instructions >> 32) as u32,
            0xf11 => ESPRESSIF,
            0xf12 => self.identity.0,
            0xf13 => self.identity.1,
            0x7e0 | 0x800 => self.counter.events,
            0x7e1 | 0x801 => self.counter.mode,
            0x7e2 | 0x802 => self.counter.base.wrapping_add(self.events(clock)),
            // mhartid and mconfigptr, the upper halves of mstatus, and the debug triggers of which there are none.
            0xf14 | 0xf15 | 0x310 | 0x7a0..=0x7a3 => 0,
            _ if is_kept(number) => self.kept.get(&number).copied().unwrap_or(0),
            _ => return None,
        })
    }

    /// Writes the register `number`; `None` if there is none or it is read-only.
    pub fn write(&mut self, number: u16, value: u32, clock: Clock) -> Option<()> {
        let cycles = clock.cycles.wrapping_add(self.cycle_offset);
        let instructions = clock.instructions.wrapping_add(self.instruction_offset);
        if !self.has_counters && is_counter(number) {
            return None;
        }
        match number {
            0x300 => self.mstatus = value & (MSTATUS_MIE | MSTATUS_MPIE) | MSTATUS_MPP,
            0x304 => self.mie = value,
            // Mode 0 is direct, 1 vectored; the other two are reserved.
            0x305 => self.mtvec = value & !2,
            0x340 => self.mscratch = value,
            0x341 => self.mepc = value & !1,
            0x342 => self.mcause = value,
            0x343 => self.mtval = value,
            0xb00 => self.cycle_offset = low(cycles, value).wrapping_sub(clock.cycles),
            0xb80 => self.cycle_offset = high(cycles, value).wrapping_sub(clock.cycles),
            // The writing instruction does not count, so the next one reads what was written.
            0xb02 => self.instruction_offset = low(instructions, value).wrapping_sub(clock.instructions + 1),
            0xb82 => self.instruction_offset = high(instructions, value).wrapping_sub(clock.instructions + 1),
            0x7e0 | 0x800 => self.set_counter(clock, |counter| counter.events = value & 0x7ff),
            0x7e1 | 0x801 => self.set_counter(clock, |counter| counter.mode = value & 3),
            0x7e2 | 0x802 => self.counter.base = value.wrapping_sub(self.events(clock)),
            0x301 | 0x310 | 0x344 | 0x7a0..=0x7a3 => {}
            _ if is_kept(number) => {
                self.kept.insert(number, value);
            }
            _ => return None,
        }
        Some(())
    }

    /// Events of the selected kind since reset; those that the model does not count are none.
    fn events(&self, clock: Clock) -> u32 {
        let PerformanceCounter { events, mode, .. } = self.counter;
        match mode & 1 {
            0 => 0,
            _ if events & COUNT_CYCLES != 0 => clock.cycles as u32,
            _ if events & COUNT_INSTRUCTIONS != 0 => clock.instructions as u32,
            _ => 0,
        }
    }

    /// Changes what is counted without changing the count.
    fn set_counter(&mut self, clock: Clock, change: impl FnOnce(&mut PerformanceCounter)) {
        let count = self.counter.base.wrapping_add(self.events(clock));
        change(&mut self.counter);
        self.counter.base = count.wrapping_sub(self.events(clock));
    }

    /// The lines that are up and enabled.
    #[inline]
    pub fn ready(&self) -> u32 {
        if self.lines_are_filtered { self.mip } else { self.mip & self.mie }
    }

    /// The number of the interrupt to take now, the lowest that is up and enabled.
    pub fn interrupt(&self) -> Option<u32> {
        let ready = self.ready();
        if ready == 0 || self.mstatus & MSTATUS_MIE == 0 { None } else { Some(ready.trailing_zeros()) }
    }
}

/// The counters of the specification, what inhibits and selects them, and their copies for user mode.
const fn is_counter(number: u16) -> bool {
    matches!(
        number,
        0x306 | 0x320..=0x33f | 0xb00..=0xb1f | 0xb80..=0xb9f | 0xc00..=0xc1f | 0xc80..=0xc9f
    )
}

/// Registers without an effect here that keep what is written: memory protection (0x3a0-0x3ef), counter inhibit and
/// event selection (0x320-0x33f), unused event counters, dedicated GPIO (0x803-0x805), Espressif's memory attributes
/// (0xbc0-0xbdf).
const fn is_kept(number: u16) -> bool {
    matches!(
        number,
        0x000 | 0x004..=0x005 | 0x040..=0x044 | 0x306 | 0x7a4..=0x7ab | 0x320..=0x33f | 0x3a0..=0x3ef | 0x803..=0x805 | 0xb03..=0xb1f | 0xb83..=0xb9f | 0xbc0..=0xbdf
    )
}

/// `counter` with its lower word replaced.
const fn low(counter: u64, value: u32) -> u64 {
    counter & !0xffff_ffff | value as u64
}

/// `counter` with its upper word replaced.
const fn high(counter: u64, value: u32) -> u64 {
    counter & 0xffff_ffff | (value as u64) << 32
}

#[cfg(test)]
mod tests {
    use super::super::chip;
    use super::*;

    fn at(cycles: u64) -> Clock {
        Clock { cycles, instructions: cycles / 2 }
    }

    #[test]
    fn the_performance_counter_counts_the_chosen_event() {
        let mut registers = Registers::new(&chip::ESP32C3);
        registers.write(0x7e0, COUNT_CYCLES, at(0));
        assert_eq!(registers.read(0x7e2, at(50)), Some(0), "not enabled");
        registers.write(0x7e1, 1, at(100));
        assert_eq!(registers.read(0x7e2, at(150)), Some(50));
        registers.write(0x7e1, 0, at(160));
        assert_eq!(registers.read(0x802, at(999)), Some(60), "paused");
        registers.write(0x7e0, COUNT_INSTRUCTIONS, at(1000));
        registers.write(0x7e1, 1, at(1000));
        registers.write(0x7e2, 0, at(1000));
        assert_eq!(registers.read(0x7e2, at(1100)), Some(50));
    }

    #[test]
    fn writing_a_counter_half_keeps_the_other() {
        let mut registers = Registers::new(&chip::ESP32C6);
        registers.write(0xb80, 5, at(10));
        assert_eq!((registers.read(0xb80, at(10)), registers.read(0xb00, at(10))), (Some(5), Some(10)));
        registers.write(0xb02, 100, at(10));
        assert_eq!(registers.read(0xc02, Clock { cycles: 0, instructions: 6 }), Some(100));
    }

    #[test]
    fn unknown_and_read_only_registers_are_refused() {
        let mut registers = Registers::new(&chip::ESP32C3);
        assert_eq!(registers.read(0x5c0, at(0)), None);
        assert_eq!(registers.write(0xc00, 0, at(0)), None);
        assert_eq!(registers.write(0xf14, 0, at(0)), None);
    }

    #[test]
    fn a_core_without_the_standard_counters_has_none_of_their_registers() {
        let mut c3 = Registers::new(&chip::ESP32C3);
        let mut c6 = Registers::new(&chip::ESP32C6);
        // cycle, cycleh, instret, mcycle, minstret, mhpmcounter3, mhpmcounter3h, mhpmevent3, mcountinhibit, mcounteren.
        for number in [0xc00, 0xc80, 0xc02, 0xb00, 0xb02, 0xb03, 0xb83, 0x323, 0x320, 0x306] {
            assert_eq!(c3.read(number, at(5)), None, "{number:#x}");
            assert_eq!(c3.write(number, 1, at(5)), None, "{number:#x}");
            assert!(c6.read(number, at(5)).is_some(), "{number:#x}");
        }
        assert_eq!(c6.write(0x320, 1, at(5)), Some(()));
    }

    #[test]
    fn only_an_enabled_line_interrupts_and_only_when_allowed() {
        let mut registers = Registers::new(&chip::ESP32C3);
        registers.mip = 0b1100;
        assert_eq!(registers.interrupt(), None);
        registers.mie = 0b1000;
        assert_eq!(registers.interrupt(), None);
        registers.write(0x300, MSTATUS_MIE, at(0));
        assert_eq!(registers.interrupt(), Some(3));
    }
}
