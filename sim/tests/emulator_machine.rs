//! What a program sees of the emulated chips.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use ruvllm_esp_sim::emulator::assemble::*;
use ruvllm_esp_sim::emulator::device::UnknownRegisters;
use ruvllm_esp_sim::emulator::elf::LoadError;
use ruvllm_esp_sim::emulator::profile::Profile;
use ruvllm_esp_sim::emulator::trace::Trace;
use ruvllm_esp_sim::emulator::{Cause, EmulatedChip, Fault, Machine, Pace, Stop, chip, elf_file};

const C3: &EmulatedChip = &chip::ESP32C3;
const C6: &EmulatedChip = &chip::ESP32C6;
const MCYCLE: i32 = 0xb00;

/// Where instructions run from SRAM, and where data lies.
fn addresses(chip: &EmulatedChip) -> (u32, u32) {
    if chip.name == "esp32c3" { (0x4038_4000, 0x3fc9_0000) } else { (0x4080_4000, 0x4081_0000) }
}

/// A machine about to run `program` from `address`, with A0 pointing to data.
fn machine_at(chip: &'static EmulatedChip, address: u32, program: &[u32]) -> Machine {
    let mut machine = Machine::new(chip, Pace::Timed);
    machine.bus.poke(address, &bytes(program)).unwrap();
    machine.hart.pc = address;
    machine.hart.integers[A0 as usize] = addresses(chip).1;
    machine
}

fn machine(chip: &'static EmulatedChip, program: &[u32]) -> Machine {
    machine_at(chip, addresses(chip).0, program)
}

fn register(machine: &Machine, register: u32) -> u32 {
    machine.hart.registers()[register as usize]
}

/// Cycles of `body` in SRAM: runs it up to the `ebreak` behind it.
fn cycles(chip: &'static EmulatedChip, body: &[u32]) -> u64 {
    let mut machine = machine(chip, &[body, &[EBREAK]].concat());
    assert!(matches!(machine.run(1_000_000), Stop::Fault(Fault { cause: Cause::Breakpoint, .. })));
    machine.stats().cycles
}

#[test]
fn the_c3_shows_its_sram_on_both_buses() {
    let mut machine = machine(C3, &[lui(A1, 0x1234_5000), sw(A1, A0, 4), lw(A2, A0, 4), EBREAK]);
    machine.run(100);
    assert_eq!(register(&machine, A2), 0x1234_5000);
    let through_instruction_bus = 0x4038_0000 + (0x3fc9_0004 - 0x3fc8_0000);
    assert_eq!(machine.bus.inspect(through_instruction_bus, 4), Some(0x1234_5000));
    // The data bus does not fetch.
    machine.hart.pc = 0x3fc9_0000;
    assert!(matches!(machine.run(100), Stop::Fault(Fault { cause: Cause::InstructionAccess, .. })));
}

#[test]
fn a_fault_without_a_handler_names_pc_instruction_and_address() {
    let load = lw(A1, A0, 8);
    let mut machine = machine(C3, &[lui(A0, 0x1000_0000), load]);
    let pc = addresses(C3).0 + 4;
    let fault = Fault { cause: Cause::LoadAccess, pc, instruction: load, address: 0x1000_0008 };
    assert_eq!(machine.run(100), Stop::Fault(fault));
    let text = "load from an address where nothing can be read: \
                pc 0x40384004, instruction 0x00852583, address 0x10000008";
    assert_eq!(fault.to_string(), text);
}

#[test]
fn flash_and_rom_cannot_be_written() {
    for address in [0x4200_0000, 0x4000_0000] {
        let mut machine = machine(C6, &[lui(A0, address), sw(A0, A0, 0)]);
        assert!(matches!(machine.run(100), Stop::Fault(Fault { cause: Cause::StoreAccess, .. })));
    }
}

#[test]
fn atomics_are_illegal_on_the_c3_and_work_on_the_c6() {
    let program = [addi(A1, ZERO, 5), sw(A1, A0, 0), amoadd(A2, A0, A1), lw(A3, A0, 0), EBREAK];
    let mut without = machine(C3, &program);
    assert!(matches!(without.run(100), Stop::Fault(Fault { cause: Cause::IllegalInstruction, .. })));
    let mut with = machine(C6, &program);
    with.run(100);
    assert_eq!((register(&with, A2), register(&with, A3)), (5, 10));
}

#[test]
fn misaligned_accesses_work_and_cost_one_more() {
    let aligned = [sw(A0, A0, 0), lw(A1, A0, 0)];
    let misaligned = [sw(A0, A0, 1), lw(A1, A0, 3)];
    assert_eq!(cycles(C6, &misaligned), cycles(C6, &aligned) + 2);
    let mut machine = machine(C6, &[sw(A0, A0, 1), lw(A1, A0, 1), EBREAK]);
    machine.run(100);
    assert_eq!(register(&machine, A1), register(&machine, A0));
}

#[test]
fn a_handler_takes_the_trap_and_mret_returns() {
    let (code, _) = addresses(C3);
    // The handler stands at +0x100: it reads the cause, skips the instruction and returns.
    let handler =
        [csrrs(A1, 0x342, ZERO), csrrs(T0, 0x341, ZERO), addi(T0, T0, 4), csrrw(ZERO, 0x341, T0), MRET];
    let program = [lui(T1, code), addi(T1, T1, 0x100), csrrw(ZERO, 0x305, T1), ECALL, addi(A2, ZERO, 7)];
    let mut machine = machine(C3, &program);
    machine.bus.poke(code + 0x100, &bytes(&handler)).unwrap();
    machine.add_breakpoint(code + 20);
    assert_eq!(machine.run(100), Stop::Breakpoint { pc: code + 20 });
    assert_eq!((register(&machine, A1), register(&machine, A2)), (11, 7));
}

#[test]
fn wfi_wakes_on_an_interrupt_line() {
    let (code, _) = addresses(C3);
    let handler = [addi(A1, A1, 1), csrrs(A2, 0x342, ZERO), csrrw(ZERO, 0x304, ZERO), MRET];
    let program = [WFI, addi(A3, ZERO, 9), EBREAK];
    let mut machine = machine(C3, &program);
    machine.bus.poke(code + 0x200 + 4 * 7, &bytes(&handler)).unwrap();
    machine.hart.csr.mtvec = (code + 0x200) | 1;
    machine.hart.csr.mie = 1 << 7;
    machine.hart.csr.mstatus |= 1 << 3;
    assert_eq!(machine.run(1000), Stop::WaitingForInterrupt);
    assert_eq!(machine.run(1000), Stop::WaitingForInterrupt);
    machine.set_interrupt_lines(1 << 7);
    machine.run(40);
    assert_eq!((register(&machine, A1), register(&machine, A2), register(&machine, A3)), (1, 0x8000_0007, 9));
}

#[test]
fn a_program_may_overwrite_itself() {
    // The second round runs the `addi` that the first round wrote.
    let program = [
        addi(A2, A2, 1), // becomes addi a2, a2, 64
        sw(A1, A4, 0),
        addi(A3, A3, 1),
        addi(T0, ZERO, 2),
        bne(A3, T0, -16),
        EBREAK,
    ];
    let mut machine = machine(C6, &program);
    machine.hart.integers[A1 as usize] = addi(A2, A2, 64);
    machine.hart.integers[A4 as usize] = addresses(C6).0;
    machine.run(1000);
    assert_eq!(register(&machine, A2), 65);
}

#[test]
fn the_uart_carries_bytes_both_ways() {
    // Echo: wait for a byte, send it back plus one.
    let program = [
        lui(A0, 0x6000_0000),
        lw(A1, A0, 0x1c),
        beq(A1, ZERO, -4),
        lw(A2, A0, 0),
        addi(A2, A2, 1),
        sw(A2, A0, 0),
        jal(ZERO, -20),
    ];
    for chip in chip::ALL {
        let mut machine = machine(chip, &program);
        assert_eq!(machine.run(1000), Stop::CycleLimit);
        assert_eq!(machine.take_uart_output(), b"");
        machine.uart_input(b"HAL");
        machine.run(1000);
        assert_eq!(machine.take_uart_output(), b"IBM");
    }
}

#[test]
fn unknown_registers_fault_by_default() {
    let program = [lui(A1, 0x6000_4000), lw(A2, A1, 0), sw(A0, A1, 4), lw(A3, A1, 4), EBREAK];
    let mut strict = machine(C3, &program);
    assert!(matches!(strict.run(100), Stop::Fault(Fault { address: 0x6000_4000, .. })));
    let mut lenient = machine(C3, &program);
    lenient.bus.outer.peripherals.unknown_registers = UnknownRegisters::Remember;
    lenient.run(100);
    assert_eq!((register(&lenient, A2), register(&lenient, A3)), (0, addresses(C3).1));
    let used: Vec<u32> = lenient.bus.outer.peripherals.unknown_registers_used().collect();
    assert_eq!(used, [0x6000_4000, 0x6000_4004]);
}

#[test]
fn instructions_cost_what_the_table_says() {
    let one = cycles(C3, &[addi(A1, ZERO, 1)]);
    let extra = |chip, body: &[u32]| cycles(chip, body) - one;
    assert_eq!(extra(C3, &[div(A1, A1, A1), addi(A1, ZERO, 1)]), 35);
    assert_eq!(extra(C6, &[div(A1, A1, A1), addi(A1, ZERO, 1)]), 10);
    assert_eq!(extra(C6, &[amoadd(A1, A0, ZERO), addi(A1, ZERO, 1)]), 6);
    // A load and its user: 1 + stall + 1.
    assert_eq!(extra(C3, &[lw(A1, A0, 0), addi(A1, A1, 1)]), 2);
    assert_eq!(extra(C6, &[lw(A1, A0, 0), addi(A1, A1, 1)]), 2);
    assert_eq!(extra(C6, &[jal(ZERO, 4), addi(A1, ZERO, 1)]), 1);
    // A taken branch over one instruction.
    assert_eq!(extra(C3, &[beq(ZERO, ZERO, 8), addi(A1, ZERO, 1), addi(A1, ZERO, 1)]), 3);
    assert_eq!(extra(C6, &[beq(ZERO, ZERO, 8), addi(A1, ZERO, 1), addi(A1, ZERO, 1)]), 4);
    assert_eq!(extra(C3, &[jal(ZERO, 4), addi(A1, ZERO, 1)]), 2);
}

#[test]
fn a_hot_loop_costs_what_was_measured_on_the_chips() {
    // `addi; bne` a hundred times. Measured by niccle on hardware: 4 cycles a round on the C3, 2 on the C6.
    let body = [addi(A1, ZERO, 100), addi(A1, A1, -1), bne(A1, ZERO, -4)];
    let overhead = cycles(C3, &[]);
    assert_eq!(cycles(C3, &body) - overhead, 1 + 100 * 4 - 2, "the last branch falls through");
    assert_eq!(cycles(C6, &body) - cycles(C6, &[]), 1 + 100 * 2 + 3, "the last branch is mispredicted");
}

#[test]
fn flash_code_pays_for_its_lines_once() {
    let program = [addi(A1, ZERO, 100), addi(A1, A1, -1), bne(A1, ZERO, -4), EBREAK];
    let ram = cycles(C6, &program[..3]);
    let mut flash = machine_at(C6, 0x4200_0000, &program);
    flash.run(1_000_000);
    assert_eq!(flash.stats().cycles, ram + u64::from(C6.costs.line_fill));
    assert_eq!(flash.stats().cache_misses, 1);
}

#[test]
fn data_larger_than_the_cache_misses_and_smaller_hits() {
    // Reads every line of `kib` KiB of flash twice.
    let misses = |chip: &'static EmulatedChip, kib: u32| {
        let base = if chip.name == "esp32c3" { 0x3c10_0000 } else { 0x4210_0000 };
        let program = [
            addi(A4, ZERO, 2),
            lui(A1, base),
            lui(A2, kib * 1024),
            add(A2, A1, A2),
            lw(A3, A1, 0),
            addi(A1, A1, 32),
            bne(A1, A2, -8),
            addi(A4, A4, -1),
            bne(A4, ZERO, -28),
            EBREAK,
        ];
        let mut machine = machine(chip, &program);
        machine.run(100_000_000);
        machine.stats().cache_misses
    };
    // Its replacement is random: some of what is read again is still there.
    let (fits, twice) = (misses(C3, 16), misses(C3, 32));
    assert!(fits == 16 * 32 && (1_700..2 * 32 * 32).contains(&twice), "{fits} {twice}");
    assert_eq!((misses(C6, 32), misses(C6, 64)), (32 * 32, 2 * 64 * 32));
}

#[test]
fn programs_can_time_themselves() {
    let program =
        [csrrs(A1, MCYCLE, ZERO), addi(A3, ZERO, 1), addi(A3, ZERO, 2), csrrs(A2, MCYCLE, ZERO), EBREAK];
    let mut machine = machine(C6, &program);
    machine.run(100);
    assert_eq!(register(&machine, A2) - register(&machine, A1), 3);
}

#[test]
fn a_chip_without_the_standard_counters_does_not_know_their_registers() {
    let program = [csrrs(A1, MCYCLE, ZERO), EBREAK];
    let is_illegal = |stop| matches!(stop, Stop::Fault(fault) if fault.cause == Cause::IllegalInstruction);
    assert!(is_illegal(machine(C3, &program).run(100)));
    assert!(!is_illegal(machine(C6, &program).run(100)));
}

#[test]
fn the_cycle_limit_is_exact_and_resumable() {
    let program = [addi(A1, A1, 1), jal(ZERO, -4)];
    let mut pieces = machine(C3, &program);
    for _ in 0..100 {
        assert_eq!(pieces.run(9), Stop::CycleLimit);
    }
    let mut whole = machine(C3, &program);
    assert_eq!(whole.run(900), Stop::CycleLimit);
    assert_eq!(whole.stats(), pieces.stats());
    assert_eq!(register(&whole, A1), register(&pieces, A1));
}

#[test]
fn an_elf_ends_through_tohost() {
    let (code, data) = addresses(C3);
    let program = [lui(A0, data), addi(A1, ZERO, 7), sw(A1, A0, 0), jal(ZERO, 0)];
    let mut machine = Machine::new(C3, Pace::Untimed);
    machine.load_elf(&elf_file::write(code, &bytes(&program), &[("tohost", data)])).unwrap();
    assert_eq!(machine.run(100), Stop::Exited { code: 3 });
}

#[test]
fn an_elf_at_the_test_address_gets_memory_there() {
    let mut machine = Machine::new(C6, Pace::Timed);
    let program = [auipc(A0, 0x1000), addi(A1, ZERO, 1), sw(A1, A0, 0), jal(ZERO, 0)];
    let file = elf_file::write(0x8000_0000, &bytes(&program), &[("tohost", 0x8000_1000)]);
    machine.load_elf(&file).unwrap();
    assert_eq!(machine.run(100), Stop::Exited { code: 0 });
}

/// Offsets of fields in the ELF that `elf_file` writes: the entry point, and the segment's size in memory.
const ENTRY_AT: usize = 24;
const MEMORY_SIZE_AT: usize = 52 + 20;

#[test]
fn memory_that_a_segment_only_clears_has_to_be_there_too() {
    let mut file = elf_file::write(0x3fc8_0000, &bytes(&[EBREAK]), &[]);
    file[ENTRY_AT..ENTRY_AT + 4].copy_from_slice(&0x4038_0000_u32.to_le_bytes());
    for (size, is_there) in [(0x6_0000_u32, true), (0x6_0001, false), (0x40_0000, false), (u32::MAX, false)] {
        file[MEMORY_SIZE_AT..MEMORY_SIZE_AT + 4].copy_from_slice(&size.to_le_bytes());
        let loaded = Machine::new(C3, Pace::Untimed).load_elf(&file);
        let refused = matches!(loaded, Err(LoadError::Unmapped { address: 0x3fc8_0000, bytes, .. }) if bytes == u64::from(size));
        assert_eq!((loaded.is_ok(), refused), (is_there, !is_there), "{size:#x}: {loaded:?}");
    }
}

#[test]
fn an_odd_entry_point_is_refused() {
    let mut file = elf_file::write(0x4038_0000, &bytes(&[EBREAK]), &[]);
    file[ENTRY_AT] |= 1;
    assert_eq!(Machine::new(C3, Pace::Untimed).load_elf(&file), Err(LoadError::OddEntry(0x4038_0001)));
}

#[test]
fn an_elf_that_does_not_fit_is_refused() {
    let mut machine = Machine::new(C3, Pace::Timed);
    let file = elf_file::write(0x4038_0000, &[0; 0x6_0004], &[]);
    let refused = LoadError::Unmapped { address: 0x4038_0000, bytes: 0x6_0004, chip: "esp32c3" };
    assert_eq!(machine.load_elf(&file), Err(refused));
}

/// `main` calls `inner` three times and ends.
fn calling_program() -> (Vec<u8>, Vec<(&'static str, u32)>) {
    let (code, data) = addresses(C3);
    let program = [
        lui(A0, data),
        addi(A1, ZERO, 3),
        jal(RA, 24), // inner
        addi(A1, A1, -1),
        bne(A1, ZERO, -8),
        addi(A1, ZERO, 1),
        sw(A1, A0, 0),
        jal(ZERO, 0),
        addi(A2, A2, 1), // inner
        jalr(ZERO, RA, 0),
    ];
    (bytes(&program), vec![("main", code), ("inner", code + 32), ("tohost", data)])
}

#[test]
fn breakpoints_stop_before_and_resume_after() {
    let (code, symbols) = calling_program();
    let mut machine = Machine::new(C3, Pace::Timed);
    machine.load_elf(&elf_file::write(addresses(C3).0, &code, &symbols)).unwrap();
    let inner = machine.symbols().address("inner").unwrap();
    machine.add_breakpoint(inner);
    for round in 0..3 {
        assert_eq!(machine.run(1000), Stop::Breakpoint { pc: inner });
        assert_eq!(register(&machine, A2), round);
    }
    assert_eq!(machine.run(1000), Stop::Exited { code: 0 });
}

#[test]
fn the_profile_adds_up_and_knows_the_callers() {
    let (code, symbols) = calling_program();
    let mut machine = Machine::new(C3, Pace::Timed);
    machine.load_elf(&elf_file::write(addresses(C3).0, &code, &symbols)).unwrap();
    let mut profile = Profile::new(machine.symbols().clone());
    assert_eq!(machine.run_observed(1000, &mut profile), Stop::Exited { code: 0 });
    let functions = profile.functions();
    let total: u64 = functions.iter().map(|function| function.cycles).sum();
    assert_eq!(total, machine.stats().cycles);
    let inner = functions.iter().find(|function| function.name == "inner").unwrap();
    assert_eq!((inner.instructions, inner.cycles), (6, 3 * (1 + 3)));
    let mut folded = Vec::new();
    profile.write_folded(&mut folded).unwrap();
    let main = total - inner.cycles;
    assert_eq!(String::from_utf8(folded).unwrap(), format!("main {main}\nmain;inner {}\n", inner.cycles));
}

#[test]
fn the_trace_has_a_line_an_instruction() {
    let mut machine = machine(C3, &[addi(A1, ZERO, 3), sw(A1, A0, 4), beq(A1, A1, 8), 0, ECALL]);
    let mut lines = Vec::new();
    let mut trace = Trace::new(&mut lines);
    machine.run_observed(5, &mut trace);
    trace.finish().unwrap();
    let expected = "           1 0x40384000 constant x11, 0x3 = 0x3\n           \
                    2 0x40384004 sw x11, 4(x10)\n           \
                    5 0x40384008 beq x11, x11, 0x40384010 taken\n";
    assert_eq!(String::from_utf8(lines).unwrap(), expected);
}
