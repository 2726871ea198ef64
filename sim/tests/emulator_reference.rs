//! The emulator against an independent interpreter, instruction by instruction.
//!
//! `rvsim` is another author's RV32IMAC: every compressed encoding there is, and random 32-bit ones, must have the
//! same effect on registers, program counter and memory, or be refused by both.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use ruvllm_esp_sim::emulator::chip::{self, Access, BankSpec, EmulatedChip, Window};
use ruvllm_esp_sim::emulator::{Cause, Machine, Pace, Stop};
use rvsim::{CpuError, CpuState, Interp, Memory, MemoryAccess, Op, SimpleClock};

const BASE: u32 = 0x8000_0000;
const SIZE: u32 = 1 << 20;
const CODE: u32 = BASE + 0x1000;
const DATA: u32 = BASE + 0x8_0000;

/// The ESP32-C6's core with nothing but memory around it.
static CORE: EmulatedChip = EmulatedChip {
    banks: &[BankSpec { name: "memory", size: SIZE, is_flash: false }],
    windows: &[Window { base: BASE, size: SIZE, bank: 0, offset: 0, access: Access::ALL }],
    peripherals: (0, 0),
    ..chip::ESP32C6
};

/// Memory of the reference: the same range.
struct Ram {
    bytes: Vec<u8>,
    /// A misaligned access was asked for, which the reference cannot do and these cores can.
    was_misaligned: bool,
}

impl Memory for Ram {
    fn access<T: Copy>(&mut self, address: u32, access: MemoryAccess<T>) -> bool {
        let offset = address.wrapping_sub(BASE);
        let is_misaligned = !(address as usize).is_multiple_of(size_of::<T>());
        self.was_misaligned |= is_misaligned;
        !is_misaligned && offset < SIZE && Memory::access(&mut self.bytes[..], offset, access)
    }
}

struct Pair {
    machine: Machine,
    state: CpuState,
    ram: Ram,
    compared: u32,
}

impl Pair {
    fn new() -> Self {
        let machine = Machine::new(&CORE, Pace::Untimed);
        let ram = Ram { bytes: vec![0; SIZE as usize], was_misaligned: false };
        Self { machine, state: CpuState::new(CODE), ram, compared: 0 }
    }

    /// Executes one instruction with these registers in both and compares.
    fn check(&mut self, instruction: u32, registers: &[u32; 32]) {
        let bytes = instruction.to_le_bytes();
        self.machine.bus.poke(CODE, &bytes).unwrap();
        let at = (CODE - BASE) as usize;
        self.ram.bytes[at..at + 4].copy_from_slice(&bytes);
        self.machine.hart.pc = CODE;
        self.machine.hart.integers[..32].copy_from_slice(registers);
        self.machine.hart.reservation = Some(registers[10]);
        self.state = CpuState { pc: CODE, x: *registers, ..self.state.clone() };
        self.state.reservation = Some(registers[10]);
        let mut clock = SimpleClock::new();
        let reference = Interp::new(&mut self.state, &mut self.ram, &mut clock).step();
        if std::mem::take(&mut self.ram.was_misaligned) {
            return;
        }
        let stop = self.machine.run(1);
        if is_reference_wrong(instruction, stop, &reference) {
            return;
        }
        let context = format!("{instruction:#010x}: {stop:?}, reference {reference:?}");
        match reference {
            Ok(_) => {
                assert_eq!(stop, Stop::CycleLimit, "{context}");
                assert_eq!(self.machine.hart.pc, self.state.pc, "{context}");
                assert_eq!(self.machine.hart.registers(), self.state.x, "{context}");
            }
            Err((error, _)) => assert!(is_same_fault(stop, error), "{context}"),
        }
        self.compared += 1;
    }

    fn compare_memory(&self) {
        let ours: Vec<u8> = self.machine.bus.main.iter().flat_map(|word| word.to_le_bytes()).collect();
        assert!(ours == self.ram.bytes, "memory differs");
    }
}

/// Where the reference departs from the manual.
fn is_reference_wrong(instruction: u32, stop: Stop, reference: &Result<Op, (CpuError, Option<Op>)>) -> bool {
    match reference {
        // `jalr` clears bit 0 of its target, so no target is misaligned.
        Err((CpuError::MisalignedFetch, Some(Op::Jalr { .. }))) => true,
        // RV32C leaves shifts by 32 and more to custom extensions; these cores have none.
        Ok(Op::Slli { .. } | Op::Srli { .. } | Op::Srai { .. }) => {
            instruction & 3 != 3 && instruction & 0x1000 != 0
        }
        // `c.lwsp` to x0 is reserved.
        Ok(Op::Lw { rd: 0, rs1: 2, .. }) | Err((_, Some(Op::Lw { rd: 0, rs1: 2, .. }))) => {
            instruction & 3 == 2
        }
        // `c.lui` of 0 is reserved, whatever the register.
        Ok(Op::Lui { u_imm: 0, .. }) => instruction & 3 == 1,
        // `c.addi16sp` by 0 is reserved.
        Ok(Op::Addi { rd: 2, rs1: 2, i_imm: 0 }) => instruction & 0xffff == 0x6101,
        // `c.jr x0` is reserved.
        Ok(Op::Jalr { rd: 0, rs1: 0, .. }) => instruction & 0xffff == 0x8002,
        // A misaligned `sc.w` is an exception whether or not it would have stored.
        Ok(Op::ScW { .. }) => matches!(stop, Stop::Fault(fault) if fault.cause == Cause::StoreMisaligned),
        _ => false,
    }
}

fn is_same_fault(stop: Stop, error: CpuError) -> bool {
    let Stop::Fault(fault) = stop else { return false };
    match error {
        CpuError::IllegalInstruction => fault.cause == Cause::IllegalInstruction,
        CpuError::IllegalAccess => matches!(fault.cause, Cause::LoadAccess | Cause::StoreAccess),
        // Atomics only: they must be aligned on every core.
        CpuError::MisalignedAccess => matches!(fault.cause, Cause::LoadMisaligned | Cause::StoreMisaligned),
        CpuError::Ecall => fault.cause == Cause::EnvironmentCall,
        CpuError::Ebreak => fault.cause == Cause::Breakpoint,
        _ => false,
    }
}

/// Registers that point into memory, so that loads and stores succeed, or that hold anything.
fn registers(random: &mut oorandom::Rand32, pointers: bool) -> [u32; 32] {
    let mut registers = [0; 32];
    for register in &mut registers[1..] {
        let special = [0, 1, u32::MAX, 0x8000_0000, 0x7fff_ffff];
        *register = match (pointers, random.rand_range(0..4)) {
            (true, _) => DATA + random.rand_range(0..0x1000) * 4,
            (false, 0) => special[random.rand_range(0..5) as usize],
            (false, _) => random.rand_u32(),
        };
    }
    registers
}

#[test]
fn every_compressed_encoding_agrees() {
    let mut pair = Pair::new();
    let mut random = oorandom::Rand32::new(1);
    for half in (0..=u16::MAX).filter(|half| half & 3 != 3) {
        for pointers in [true, false] {
            let registers = registers(&mut random, pointers);
            pair.check(u32::from(half), &registers);
        }
    }
    assert!(pair.compared > 85_000, "only {} were comparable", pair.compared);
    pair.compare_memory();
}

#[test]
fn random_full_size_instructions_agree() {
    // Loads, immediates, auipc, stores, atomics, registers, lui, branches, jalr, jal.
    const OPCODES: [u32; 10] = [0x03, 0x13, 0x17, 0x23, 0x2f, 0x33, 0x37, 0x63, 0x67, 0x6f];
    let mut pair = Pair::new();
    let mut random = oorandom::Rand32::new(2);
    for round in 0..400_000u32 {
        let opcode = OPCODES[random.rand_range(0..10) as usize];
        let mut instruction = random.rand_u32() & !0x7f | opcode;
        // Most random upper bits of register operations are illegal; half of them are made plausible.
        if matches!(opcode, 0x33 | 0x13) && round % 2 == 0 {
            instruction &= 0x01ff_ffff;
            instruction |= [0, 0x4000_0000, 0x0200_0000][random.rand_range(0..3) as usize];
        }
        if opcode == 0x2f && round % 4 != 0 {
            instruction = instruction & !0x7000 | 0x2000;
        }
        // The reference mistakes the destination for the memory operand when it is also the source, or x0.
        let (rd, rs2) = (instruction >> 7 & 31, instruction >> 20 & 31);
        if opcode == 0x2f && (rd == 0 || rd == rs2) {
            continue;
        }
        let registers = registers(&mut random, round % 3 != 0);
        pair.check(instruction, &registers);
    }
    assert!(pair.compared > 250_000, "only {} were comparable", pair.compared);
    pair.compare_memory();
}
