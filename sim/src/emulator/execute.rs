//! The plain interpreter: fetch, decode and execute one instruction.
//!
//! It keeps no decoded code and takes no short cut, so it is what the block interpreter is compared with, and what
//! runs whatever that one leaves out: system instructions, atomics, faults and traps. `TIMED` chooses at compile
//! time whether cycles are modelled; without it an instruction is one cycle.

use super::alu;
use super::bus::{Bus, Unmapped};
use super::csr::Clock;
use super::decode::{self, Decoded};
use super::fault::{Cause, Fault};
use super::hart::Hart;
use super::operation::{Kind, Operation};
use super::timing::Costs;
use super::trap;

/// One executed instruction, as an observer sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retired {
    pub pc: u32,
    pub operation: Operation,
    /// Length of the instruction in bytes.
    pub length: u8,
    /// Where the program goes on.
    pub next_pc: u32,
    /// Cycles spent, all waits included.
    pub cycles: u64,
    /// What the destination register holds now.
    pub result: u32,
    /// The exception taken instead of completing.
    pub trapped: Option<Fault>,
}

/// What the plain interpreter needs to know besides the state.
#[derive(Clone, Copy, Debug)]
pub struct Core {
    pub atomics: bool,
    pub costs: &'static Costs,
}

/// Where the program goes on after an instruction, and what it waited for.
struct Outcome {
    next_pc: u32,
    wait: u32,
    is_taken: bool,
}

/// Executes the instruction at the program counter, or takes its exception. `Err` is an exception that nobody
/// handles; registers and program counter are then as before the instruction.
pub fn step<const TIMED: bool>(hart: &mut Hart, bus: &mut Bus, core: Core) -> Result<Retired, Fault> {
    let start = hart.clock;
    let pc = hart.pc;
    let fetched = bus.fetch(pc);
    let raw = fetched.unwrap_or(0);
    let Decoded { operation, length } = decode::decode(pc, raw, core.atomics);
    let mut cycles = 1;
    if TIMED && fetched.is_ok() {
        cycles = u64::from(hart.pipeline.issue(pc, operation, core.costs));
        cycles += u64::from(fetch_wait(bus, pc, length));
    }
    let now = start.cycles.wrapping_add(cycles);
    let outcome = match fetched {
        Ok(_) => execute(hart, bus, pc, operation, length, now),
        Err(Unmapped) => Err((Cause::InstructionAccess, pc)),
    };
    let (outcome, trapped) = match outcome {
        Ok(outcome) => (outcome, None),
        Err((cause, address)) => {
            let fault = Fault { cause, pc, instruction: raw, address };
            let handler = trap::enter_exception(&mut hart.csr, fault).ok_or(fault)?;
            (Outcome { next_pc: handler, wait: 0, is_taken: true }, Some(fault))
        }
    };
    if TIMED {
        cycles = timed(hart, pc, operation, core.costs, cycles, &outcome);
    }
    hart.pc = outcome.next_pc;
    let instructions = start.instructions + u64::from(trapped.is_none());
    hart.clock = Clock { cycles: start.cycles.wrapping_add(cycles), instructions };
    let result = hart.integers[usize::from(operation.rd)];
    Ok(Retired { pc, operation, length, next_pc: outcome.next_pc, cycles, result, trapped })
}

/// Cycles of an instruction once it is known where it went.
fn timed(
    hart: &mut Hart,
    pc: u32,
    operation: Operation,
    costs: &Costs,
    issued: u64,
    outcome: &Outcome,
) -> u64 {
    let mut cycles = issued.wrapping_add(u64::from(outcome.wait));
    if outcome.is_taken {
        hart.pipeline.drain();
        if operation.is_branch() {
            cycles = cycles.wrapping_add_signed(i64::from(costs.taken_extra(pc, operation.immediate)));
        }
    }
    cycles
}

/// Cycles until the flash lines that the instruction lies in are there.
fn fetch_wait(bus: &mut Bus, pc: u32, length: u8) -> u32 {
    match bus.outer.lines_of(pc, u32::from(length)) {
        Some((first, last)) => bus.outer.fetch_lines(first, last),
        None => 0,
    }
}

type Executed = Result<Outcome, (Cause, u32)>;

fn execute(hart: &mut Hart, bus: &mut Bus, pc: u32, operation: Operation, length: u8, now: u64) -> Executed {
    let Operation { kind, rd, rs1, rs2, immediate } = operation;
    let next_pc = pc.wrapping_add(u32::from(length));
    let (a, b) = (hart.integers[usize::from(rs1)], hart.integers[usize::from(rs2)]);
    let follow = Outcome { next_pc, wait: 0, is_taken: false };
    let jump = |next_pc| Outcome { next_pc, wait: 0, is_taken: true };
    if let Some(value) = compute(kind, a, b, immediate) {
        hart.integers[usize::from(rd)] = value;
        return Ok(follow);
    }
    match kind {
        _ if operation.is_branch() => Ok(if is_taken(kind, a, b) { jump(immediate) } else { follow }),
        Kind::Jal => {
            hart.integers[usize::from(rd)] = next_pc;
            Ok(jump(immediate))
        }
        Kind::Jalr => {
            hart.integers[usize::from(rd)] = next_pc;
            Ok(jump(a.wrapping_add(immediate) & !1))
        }
        _ if operation.is_load() || matches!(kind, Kind::Sb | Kind::Sh | Kind::Sw) => {
            Ok(Outcome { wait: access(hart, bus, operation, now)?, ..follow })
        }
        _ => system(hart, bus, pc, operation, follow, now),
    }
}

/// A load or store: the wait of its memory access.
fn access(hart: &mut Hart, bus: &mut Bus, operation: Operation, now: u64) -> Result<u32, (Cause, u32)> {
    let Operation { kind, rd, rs1, rs2, immediate } = operation;
    let address = hart.integers[usize::from(rs1)].wrapping_add(immediate);
    if operation.is_load() {
        let loaded = bus.load(address, width(kind), now).map_err(|_| (Cause::LoadAccess, address))?;
        hart.integers[usize::from(rd)] = extend(kind, loaded.value);
        return Ok(loaded.wait);
    }
    let stored = bus.store(address, width(kind), hart.integers[usize::from(rs2)], now);
    Ok(stored.map_err(|_| (Cause::StoreAccess, address))?.wait)
}

/// Bytes that a load or store moves.
const fn width(kind: Kind) -> u32 {
    match kind {
        Kind::Lb | Kind::Lbu | Kind::Sb => 1,
        Kind::Lh | Kind::Lhu | Kind::Sh => 2,
        _ => 4,
    }
}

const fn extend(kind: Kind, value: u32) -> u32 {
    match kind {
        Kind::Lb => value as u8 as i8 as u32,
        Kind::Lh => value as u16 as i16 as u32,
        _ => value,
    }
}

const fn is_taken(kind: Kind, a: u32, b: u32) -> bool {
    match kind {
        Kind::Beq => a == b,
        Kind::Bne => a != b,
        Kind::Blt => (a as i32) < b as i32,
        Kind::Bge => a as i32 >= b as i32,
        Kind::Bltu => a < b,
        _ => a >= b,
    }
}

/// The result of an operation that only computes; `None` for all others.
const fn compute(kind: Kind, a: u32, b: u32, immediate: u32) -> Option<u32> {
    Some(match kind {
        Kind::Constant => immediate,
        Kind::Addi => a.wrapping_add(immediate),
        Kind::Slti => ((a as i32) < immediate as i32) as u32,
        Kind::Sltiu => (a < immediate) as u32,
        Kind::Xori => a ^ immediate,
        Kind::Ori => a | immediate,
        Kind::Andi => a & immediate,
        Kind::Slli => a << (immediate & 31),
        Kind::Srli => a >> (immediate & 31),
        Kind::Srai => (a as i32 >> (immediate & 31)) as u32,
        Kind::Add => a.wrapping_add(b),
        Kind::Sub => a.wrapping_sub(b),
        Kind::Sll => a << (b & 31),
        Kind::Slt => ((a as i32) < b as i32) as u32,
        Kind::Sltu => (a < b) as u32,
        Kind::Xor => a ^ b,
        Kind::Srl => a >> (b & 31),
        Kind::Sra => (a as i32 >> (b & 31)) as u32,
        Kind::Or => a | b,
        Kind::And => a & b,
        Kind::Mul => a.wrapping_mul(b),
        Kind::Mulh => alu::multiply_high(a, b),
        Kind::Mulhsu => alu::multiply_high_signed_unsigned(a, b),
        Kind::Mulhu => alu::multiply_high_unsigned(a, b),
        Kind::Div => alu::divide(a, b),
        Kind::Divu => alu::divide_unsigned(a, b),
        Kind::Rem => alu::remainder(a, b),
        Kind::Remu => alu::remainder_unsigned(a, b),
        _ => return None,
    })
}

fn system(
    hart: &mut Hart,
    bus: &mut Bus,
    pc: u32,
    operation: Operation,
    mut outcome: Outcome,
    now: u64,
) -> Executed {
    match operation.kind {
        Kind::Fence => {}
        Kind::FenceI => bus.outer.code_changed = true,
        Kind::Ecall => return Err((Cause::EnvironmentCall, 0)),
        Kind::Ebreak => return Err((Cause::Breakpoint, pc)),
        Kind::Wfi => hart.is_waiting = true,
        Kind::Mret => {
            outcome = Outcome { next_pc: trap::leave(&mut hart.csr), wait: 0, is_taken: true };
        }
        Kind::Csrrw | Kind::Csrrs | Kind::Csrrc | Kind::Csrrwi | Kind::Csrrsi | Kind::Csrrci => {
            access_csr(hart, operation).ok_or((Cause::IllegalInstruction, 0))?;
        }
        Kind::Illegal | Kind::Line | Kind::End => return Err((Cause::IllegalInstruction, 0)),
        _ => outcome.wait = atomic(hart, bus, operation, now)?,
    }
    Ok(outcome)
}

/// `None` if the register does not exist or may not be written.
fn access_csr(hart: &mut Hart, operation: Operation) -> Option<()> {
    let Operation { kind, rd, rs1, rs2, immediate } = operation;
    let number = immediate as u16;
    let is_immediate = matches!(kind, Kind::Csrrwi | Kind::Csrrsi | Kind::Csrrci);
    let source = if is_immediate { u32::from(rs1) } else { hart.integers[usize::from(rs1)] };
    let old = hart.csr.read(number, hart.clock)?;
    if rs2 != 0 {
        let new = match kind {
            Kind::Csrrw | Kind::Csrrwi => source,
            Kind::Csrrs | Kind::Csrrsi => old | source,
            _ => old & !source,
        };
        hart.csr.write(number, new, hart.clock)?;
    }
    hart.integers[usize::from(rd)] = old;
    Some(())
}

/// Atomics: the wait of their memory access. They must be aligned.
fn atomic(hart: &mut Hart, bus: &mut Bus, operation: Operation, now: u64) -> Result<u32, (Cause, u32)> {
    let Operation { kind, rd, rs1, rs2, .. } = operation;
    let (address, register) = (hart.integers[usize::from(rs1)], hart.integers[usize::from(rs2)]);
    let (misaligned, denied) = match kind {
        Kind::LrW => (Cause::LoadMisaligned, Cause::LoadAccess),
        _ => (Cause::StoreMisaligned, Cause::StoreAccess),
    };
    if address & 3 != 0 {
        return Err((misaligned, address));
    }
    if kind == Kind::ScW {
        let holds = hart.reservation.take() == Some(address);
        let wait =
            if holds { bus.store(address, 4, register, now).map_err(|_| (denied, address))?.wait } else { 0 };
        hart.integers[usize::from(rd)] = u32::from(!holds);
        return Ok(wait);
    }
    let loaded = bus.load(address, 4, now).map_err(|_| (denied, address))?;
    let mut wait = loaded.wait;
    if kind == Kind::LrW {
        hart.reservation = Some(address);
    } else {
        let value = alu::atomic(kind, loaded.value, register);
        wait += bus.store(address, 4, value, now).map_err(|_| (denied, address))?.wait;
    }
    hart.integers[usize::from(rd)] = loaded.value;
    Ok(wait)
}
