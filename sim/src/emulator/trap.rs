//! Into a trap and back: exceptions, interrupts and `mret` in machine mode.
//!
//! Source: The RISC-V Instruction Set Manual, volume II, chapter "Machine-Level ISA".

use super::csr::{MSTATUS_MIE, MSTATUS_MPIE, Registers};
use super::fault::{Cause, Fault};

const INTERRUPT: u32 = 1 << 31;

/// The address of the handler that takes exceptions, or `None` when the program installed none.
pub const fn handler(csr: &Registers) -> Option<u32> {
    match csr.mtvec & !3 {
        0 => None,
        base => Some(base),
    }
}

/// Takes an exception: the handler's address. `None`, and nothing changed, when there is no handler or it is the
/// handler's own first instruction that fails, which would go round forever.
pub fn enter_exception(csr: &mut Registers, fault: Fault) -> Option<u32> {
    let handler = handler(csr)?;
    if handler == fault.pc && fault.cause != Cause::Breakpoint {
        return None;
    }
    csr.mtval = match fault.cause {
        Cause::IllegalInstruction => fault.instruction,
        Cause::EnvironmentCall => 0,
        _ => fault.address,
    };
    enter(csr, fault.pc, fault.cause.code());
    Some(handler)
}

/// Takes interrupt `line` before the instruction at `pc`: the address to go on at.
pub fn enter_interrupt(csr: &mut Registers, pc: u32, line: u32) -> Option<u32> {
    let base = handler(csr)?;
    csr.mtval = 0;
    enter(csr, pc, INTERRUPT | line);
    let is_vectored = csr.mtvec & 1 != 0;
    Some(if is_vectored { base.wrapping_add(4 * line) } else { base })
}

fn enter(csr: &mut Registers, pc: u32, cause: u32) {
    csr.mepc = pc;
    csr.mcause = cause;
    let was_enabled = csr.mstatus & MSTATUS_MIE != 0;
    csr.mstatus &= !(MSTATUS_MIE | MSTATUS_MPIE);
    if was_enabled {
        csr.mstatus |= MSTATUS_MPIE;
    }
}

/// `mret`: the address to go on at.
pub fn leave(csr: &mut Registers) -> u32 {
    let was_enabled = csr.mstatus & MSTATUS_MPIE != 0;
    csr.mstatus &= !MSTATUS_MIE;
    csr.mstatus |= MSTATUS_MPIE;
    if was_enabled {
        csr.mstatus |= MSTATUS_MIE;
    }
    csr.mepc
}

#[cfg(test)]
mod tests {
    use super::super::chip;
    use super::*;

    const FAULT: Fault =
        Fault { cause: Cause::LoadAccess, pc: 0x100, instruction: 0x0000_0003, address: 0xdead_0000 };

    #[test]
    fn a_trap_saves_the_interrupt_enable_and_mret_restores_it() {
        let mut csr = Registers::new(&chip::ESP32C3);
        csr.mtvec = 0x400;
        csr.mstatus |= MSTATUS_MIE;
        assert_eq!(enter_exception(&mut csr, FAULT), Some(0x400));
        assert_eq!((csr.mepc, csr.mcause, csr.mtval), (0x100, 5, 0xdead_0000));
        assert_eq!(csr.mstatus & MSTATUS_MIE, 0);
        assert_eq!(leave(&mut csr), 0x100);
        assert_ne!(csr.mstatus & MSTATUS_MIE, 0);
    }

    #[test]
    fn interrupts_are_vectored_only_when_asked() {
        let mut csr = Registers::new(&chip::ESP32C3);
        csr.mtvec = 0x400;
        assert_eq!(enter_interrupt(&mut csr, 0x100, 7), Some(0x400));
        csr.mtvec = 0x401;
        assert_eq!(enter_interrupt(&mut csr, 0x100, 7), Some(0x41c));
        assert_eq!(csr.mcause, 0x8000_0007);
    }

    #[test]
    fn without_a_handler_there_is_no_trap() {
        let mut csr = Registers::new(&chip::ESP32C3);
        assert_eq!(enter_exception(&mut csr, FAULT), None);
        csr.mtvec = FAULT.pc;
        assert_eq!(enter_exception(&mut csr, FAULT), None);
    }
}
