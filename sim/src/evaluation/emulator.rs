//! How fast the emulator is, here and against the chip's own time.
//!
//! The program is a mixed loop written here in instructions: arithmetic, loads and stores over 1 KiB of SRAM, a
//! multiplication, a call and a data-dependent branch in each round, so that no single fast path flatters the figure.
//! Rates are measured and so differ from run to run; instruction and cycle counts do not.

use super::host_clock::HostClock;
use crate::emulator::assemble::{A0, A1, A2, A3, A4, A5, RA, SP, T0, T1, T2, ZERO};
use crate::emulator::assemble::{
    add, addi, beq, bne, bytes, i, jal, jalr, lui, lw, mul, slli, srli, sw, xor,
};
use crate::emulator::{EmulatedChip, Machine, Pace, Stop};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// What one run showed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Rate {
    pub instructions: u64,
    /// Cycles of the chip; equal to the instructions in an untimed run.
    pub cycles: u64,
    /// Seconds of one processor of this machine.
    pub host_seconds: f64,
    /// Million instructions a second on this machine.
    pub million_per_second: f64,
    /// Chip time over host time: above 1 the emulator is faster than the chip.
    pub real_time_ratio: f64,
}

/// Both paces on one chip.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct EmulatorSpeed {
    pub chip: &'static str,
    pub untimed: Rate,
    pub timed: Rate,
}

impl fmt::Display for EmulatorSpeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, rate) in [("untimed", self.untimed), ("timed", self.timed)] {
            let Rate { million_per_second, real_time_ratio, .. } = rate;
            let chip = self.chip;
            writeln!(
                f,
                "{chip} {name:<8} {million_per_second:>6.0} million instructions/s, \
                 {real_time_ratio:.1} times real time (measured)"
            )?;
        }
        Ok(())
    }
}

/// The loop: `rounds` times about 40 instructions over the words at the start of the main SRAM.
pub fn loop_program(data: u32, rounds: u32) -> Vec<u8> {
    let setup = [lui(A0, data), lui(A5, rounds & 0xffff_f000), addi(A2, ZERO, 1), addi(SP, A0, 1024)];
    // One round: 4 steps over consecutive words, then a call.
    let step = [
        lw(T0, A1, 0),
        slli(T1, A2, 5),
        xor(A2, A2, T1),
        add(T0, T0, A2),
        sw(T0, A1, 0),
        srli(T2, A2, 7),
        xor(A2, A2, T2),
        addi(A1, A1, 4),
        i(0x13, 7, T1, A2, 1), // andi t1, a2, 1
    ];
    let mut round = vec![i(0x13, 7, T0, A5, 0xf), slli(T0, T0, 5), add(A1, A0, T0)];
    for _ in 0..4 {
        round.extend(step);
        round.extend([beq(T1, ZERO, 8), mul(A3, A3, A2)]);
    }
    round.push(jal(RA, 12));
    round.push(addi(A5, A5, -1));
    let back = -4 * (round.len() as i32);
    round.push(bne(A5, ZERO, back));
    // The loop ends in the last two instructions; the callee stands behind a jump over it.
    let callee = [addi(A4, A4, 1), jalr(ZERO, RA, 0)];
    let mut program = setup.to_vec();
    // `jal ra, 12` reaches the instruction after `bne`, which is the callee only while the loop runs.
    program.extend(round);
    program.extend(callee);
    bytes(&program)
}

fn measure(chip: &'static EmulatedChip, pace: Pace, cycles: u64) -> Rate {
    let mut machine = Machine::new(chip, pace);
    let code = chip.windows.iter().find(|window| window.bank == 0 && window.access.execute);
    let data = chip.windows.first().map_or(0, |window| window.base);
    let code = code.map_or(0, |window| window.base) + 0x8000;
    let _ = machine.bus.poke(code, &loop_program(data, u32::MAX));
    machine.hart.pc = code;
    // Decoding and the first pages are not what is measured.
    let warm_up = machine.run(100_000);
    debug_assert_eq!(warm_up, Stop::CycleLimit);
    let before = machine.stats();
    let clock = HostClock::start();
    machine.run(cycles);
    let host_seconds = clock.seconds().max(1e-9);
    let after = machine.stats();
    let instructions = after.instructions - before.instructions;
    let cycles = after.cycles - before.cycles;
    let chip_seconds = cycles as f64 / f64::from(chip.clock_hz);
    let million_per_second = instructions as f64 / host_seconds / 1e6;
    Rate {
        instructions,
        cycles,
        host_seconds,
        million_per_second,
        real_time_ratio: chip_seconds / host_seconds,
    }
}

/// Runs the loop for `cycles` cycles at both paces.
pub fn speed(chip: &'static EmulatedChip, cycles: u64) -> EmulatorSpeed {
    let untimed = measure(chip, Pace::Untimed, cycles);
    EmulatorSpeed { chip: chip.name, untimed, timed: measure(chip, Pace::Timed, cycles) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::chip;

    #[test]
    fn the_loop_keeps_running_and_its_counts_repeat() {
        let counts = |chip| {
            let speed = speed(chip, 1_000_000);
            (speed.untimed.instructions, speed.timed.instructions, speed.timed.cycles)
        };
        let (untimed, timed, cycles) = counts(&chip::ESP32C3);
        assert!(untimed >= 1_000_000 && timed < cycles, "{untimed} {timed} {cycles}");
        assert_eq!(counts(&chip::ESP32C3), (untimed, timed, cycles));
    }

    #[test]
    fn a_line_says_what_the_figure_is() {
        let text = speed(&chip::ESP32C6, 100_000).to_string();
        assert!(
            text.lines().all(|line| line.starts_with("esp32c6 ") && line.ends_with("(measured)")),
            "{text}"
        );
        assert_eq!(text.lines().count(), 2);
    }
}
