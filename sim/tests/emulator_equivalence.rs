//! The block interpreter against the plain one, over random programs.
//!
//! Programs mix arithmetic, loads and stores through pointers to every kind of memory (misaligned ones too), branches
//! that loop, calls, CSRs, traps, atomics, stores over their own code, and arbitrary bits. A device raises interrupts
//! while they run. Registers, CSRs, memory, cache, cycles and instructions must be equal at the end, however the run
//! was cut into pieces.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use proptest::collection::vec;
use proptest::prelude::*;
use ruvllm_esp_sim::emulator::assemble::*;
use ruvllm_esp_sim::emulator::device::Device;
use ruvllm_esp_sim::emulator::{EmulatedChip, Machine, Pace, Stop, chip};

/// Registers that point somewhere and are not written on purpose.
const S0: u32 = 8;
const S1: u32 = 9;
const S2: u32 = 18;
const S3: u32 = 19;

const TICKER: u32 = 0x6002_3000;

/// Raises line 7 every `period` cycles until its register is written.
#[derive(Debug)]
struct Ticker {
    period: u64,
    next: u64,
    is_up: bool,
}

impl Device for Ticker {
    fn read(&mut self, _offset: u32, now: u64) -> u32 {
        now as u32
    }

    fn write(&mut self, _offset: u32, _value: u32, _now: u64) {
        self.is_up = false;
    }

    fn interrupts(&self) -> u32 {
        u32::from(self.is_up) << 7
    }

    fn next_event(&self) -> Option<u64> {
        Some(self.next)
    }

    fn advance(&mut self, now: u64) {
        self.is_up = true;
        self.next = now + self.period;
    }
}

fn register() -> impl Strategy<Value = u32> {
    prop_oneof![5u32..8, 10u32..16, 28u32..32]
}

fn pointer() -> impl Strategy<Value = u32> {
    prop_oneof![6 => Just(S0), 1 => Just(S1), 1 => Just(S2), 1 => Just(S3)]
}

fn instruction() -> impl Strategy<Value = u32> {
    let arithmetic =
        (register(), register(), register(), 0u32..8, 0u32..3).prop_map(|(rd, rs1, rs2, function, upper)| {
            r(0x33, function, [0, 1, 0x20][upper as usize], rd, rs1, rs2)
        });
    let immediate =
        (register(), register(), -2048i32..2048, 0u32..8).prop_map(|(rd, rs1, value, function)| {
            i(0x13, function, rd, rs1, if function & 3 == 1 { value & 31 } else { value })
        });
    let load = (register(), pointer(), -64i32..64, 0u32..6)
        .prop_map(|(rd, rs1, offset, function)| i(0x03, function, rd, rs1, offset));
    let store = (register(), pointer(), -64i32..64, 0u32..3)
        .prop_map(|(rs2, rs1, offset, function)| s(function, rs1, rs2, offset));
    let branch = (register(), register(), -16i32..16, 0u32..8)
        .prop_map(|(rs1, rs2, offset, function)| b(function, rs1, rs2, offset * 4));
    let jump = (prop_oneof![Just(ZERO), Just(RA)], -16i32..16).prop_map(|(rd, offset)| jal(rd, offset * 4));
    let csr = (
        register(),
        register(),
        prop_oneof![Just(0xb00), Just(0x7e2), Just(0x340), Just(0x300), Just(0xc02)],
    )
        .prop_map(|(rd, rs1, number)| csrrs(rd, number, rs1));
    let atomic = (register(), register(), 0u32..32)
        .prop_map(|(rd, rs2, function)| r(0x2f, 2, function << 2, rd, S0, rs2));
    let other = prop_oneof![
        Just(ECALL),
        Just(FENCE_I),
        Just(0x0000_000f),
        Just(jalr(ZERO, RA, 0)),
        Just(MRET),
        Just(WFI)
    ];
    // `c.addi`, `c.mv`, `c.lw` and the like in pairs: two halfwords whose lower bits are not 3.
    let compressed = (any::<u16>(), any::<u16>(), 0u32..3, 0u32..3)
        .prop_map(|(a, b, c, d)| (u32::from(a) & !3 | c) | (u32::from(b) & !3 | d) << 16);
    prop_oneof![
        12 => arithmetic, 8 => immediate, 8 => load, 6 => store, 8 => branch, 2 => jump, 2 => csr, 1 => atomic,
        1 => other, 4 => compressed, 1 => any::<u32>(),
    ]
}

/// Mostly short programs that loop and trap; some straight ones that are longer than a block, full of loads.
fn program() -> impl Strategy<Value = Vec<u32>> {
    let load = (register(), -16i32..16).prop_map(|(rd, offset)| lw(rd, S0, offset * 4));
    let user = (register(), register(), register()).prop_map(|(rd, rs1, rs2)| add(rd, rs1, rs2));
    prop_oneof![4 => vec(instruction(), 4..80), 1 => vec(prop_oneof![load, user], 62..140)]
}

/// Where a program runs, on which chip, and what S0 points to.
fn target() -> impl Strategy<Value = (&'static EmulatedChip, u32, u32)> {
    prop_oneof![
        Just((&chip::ESP32C3, 0x4038_1000, 0x3fc8_2000)),
        Just((&chip::ESP32C3, 0x4200_1006, 0x3fc8_2000)),
        Just((&chip::ESP32C6, 0x4080_1000, 0x4080_2000)),
        Just((&chip::ESP32C6, 0x4080_1000, 0x4080_1000 + 80)), // stores land in the program
        Just((&chip::ESP32C6, 0x4200_1002, 0x4080_2000)),
    ]
}

/// Skips the trapping instruction (as if it had four bytes), lowers the ticker, counts in mscratch.
fn handler() -> Vec<u8> {
    bytes(&[
        csrrs(31, 0x342, ZERO),
        b(4, 31, ZERO, 16), // interrupts are negative
        csrrs(31, 0x341, ZERO),
        addi(31, 31, 4),
        csrrw(ZERO, 0x341, 31),
        sw(ZERO, S3, 0x100),
        csrrs(31, 0x340, ZERO),
        addi(31, 31, 1),
        csrrw(ZERO, 0x340, 31),
        MRET,
    ])
}

fn machine(target: (&'static EmulatedChip, u32, u32), pace: Pace, program: &[u32], seed: u32) -> Machine {
    // Long blocks run only when no event is near.
    let period = [97, 1013][seed as usize & 1];
    let (chip, code, data) = target;
    let mut machine = Machine::new(chip, pace);
    let trap =
        chip.windows.iter().find(|window| window.bank == 0 && window.access.execute).unwrap().base + 0x100;
    machine.bus.poke(trap, &handler()).unwrap();
    let mut bytes = bytes(program);
    bytes.extend([0x01, 0xa0]); // c.j 0
    machine.bus.poke(code, &bytes).unwrap();
    for at in 0..64 {
        machine.bus.poke(0x4200_8000 - 128 + at * 4, &at.wrapping_mul(seed).to_le_bytes()).unwrap();
    }
    machine.attach(TICKER, 0x200, Box::new(Ticker { period, next: period, is_up: false }));
    let mut random = oorandom::Rand32::new(u64::from(seed));
    machine.hart.integers[1..32].iter_mut().for_each(|register| *register = random.rand_u32());
    machine.hart.integers[RA as usize] = code + 16;
    for (register, value) in [(S0, data), (S1, 0x4200_8000), (S2, code + 40), (S3, TICKER - 0x100)] {
        machine.hart.integers[register as usize] = value;
    }
    machine.hart.csr.mtvec = trap;
    machine.hart.csr.mie = 1 << 7;
    machine.hart.csr.mstatus |= 1 << 3;
    machine.hart.pc = code;
    machine
}

/// Runs in pieces until `end` cycles or another stop.
fn run_in_pieces(machine: &mut Machine, end: u64, pieces: &[u64]) -> Stop {
    for &piece in pieces {
        let piece = piece.min(end.saturating_sub(machine.hart.clock.cycles));
        let stop = machine.run(piece);
        if stop != Stop::CycleLimit {
            return stop;
        }
    }
    machine.run(end.saturating_sub(machine.hart.clock.cycles))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_interpreters_reach_the_same_state(
        target in target(),
        timed in any::<bool>(),
        program in program(),
        seed in any::<u32>(),
        pieces in vec(1u64..500, 0..4),
    ) {
        const END: u64 = 6_000;
        let pace = if timed { Pace::Timed } else { Pace::Untimed };
        let mut plain = machine(target, pace, &program, seed);
        let mut blocks = machine(target, pace, &program, seed);
        let expected = plain.run_observed(END, &mut ());
        let stop = run_in_pieces(&mut blocks, END, &pieces);
        prop_assert_eq!(stop, expected);
        prop_assert_eq!(blocks.hart.registers(), plain.hart.registers());
        prop_assert_eq!(blocks.hart.pc, plain.hart.pc);
        prop_assert_eq!(blocks.stats(), plain.stats());
        prop_assert_eq!(&blocks.hart.csr, &plain.hart.csr);
        // All pointers lead into the first part of the SRAM.
        prop_assert!(blocks.bus.main[..0x4000] == plain.bus.main[..0x4000], "memory differs");
    }
}
