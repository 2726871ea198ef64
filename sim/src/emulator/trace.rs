//! The instruction trace: one line for each instruction executed.
//!
//! `cycle pc operation operands result`, the cycle being that of its end. Two runs of the same program give the same
//! bytes, so traces can be compared.

use super::execute::Retired;
use super::machine::Observer;
use super::operation::{Kind, Operation, SINK};
use std::io::Write;

/// An observer that writes lines. The first error ends the writing and is kept.
#[derive(Debug)]
pub struct Trace<W> {
    out: W,
    cycles: u64,
    error: Option<std::io::Error>,
}

impl<W: Write> Trace<W> {
    /// Writes to `out`.
    pub fn new(out: W) -> Self {
        Self { out, cycles: 0, error: None }
    }

    /// Flushes; the first error that writing met.
    pub fn finish(mut self) -> std::io::Result<()> {
        match self.error.take() {
            Some(error) => Err(error),
            None => self.out.flush(),
        }
    }
}

impl<W: Write> Observer for Trace<W> {
    fn retired(&mut self, retired: &Retired) {
        self.cycles += retired.cycles;
        if self.error.is_none() {
            self.error = writeln!(self.out, "{:>12} {}", self.cycles, line(retired)).err();
        }
    }
}

fn line(retired: &Retired) -> String {
    let operation = retired.operation;
    let mut line = format!("{:#010x} {}", retired.pc, text(operation));
    if let Some(fault) = retired.trapped {
        line += &format!(" ! {}", fault.cause);
    } else if operation.rd != SINK {
        line += &format!(" = {:#x}", retired.result);
    } else if operation.is_branch() && retired.next_pc == operation.immediate {
        line += " taken";
    }
    line
}

/// The operation and its operands, such as `addi x10, x10, 0x1`.
fn text(operation: Operation) -> String {
    let Operation { kind, rd, rs1, rs2, immediate } = operation;
    let name = format!("{kind:?}").to_lowercase();
    let rd = if rd == SINK { 0 } else { rd };
    match kind {
        Kind::Constant => format!("{name} x{rd}, {immediate:#x}"),
        Kind::Jal => format!("{name} x{rd}, {immediate:#x}"),
        Kind::Jalr => format!("{name} x{rd}, {}(x{rs1})", immediate as i32),
        Kind::Csrrw | Kind::Csrrs | Kind::Csrrc => format!("{name} x{rd}, {immediate:#x}, x{rs1}"),
        Kind::Csrrwi | Kind::Csrrsi | Kind::Csrrci => format!("{name} x{rd}, {immediate:#x}, {rs1}"),
        Kind::Illegal => format!("{name} {immediate:#x}"),
        Kind::Fence | Kind::FenceI | Kind::Ecall | Kind::Ebreak | Kind::Mret | Kind::Wfi => name,
        _ if operation.is_load() => format!("{name} x{rd}, {}(x{rs1})", immediate as i32),
        Kind::Sb | Kind::Sh | Kind::Sw => format!("{name} x{rs2}, {}(x{rs1})", immediate as i32),
        _ if operation.is_branch() => format!("{name} x{rs1}, x{rs2}, {immediate:#x}"),
        _ if (kind as u8) < Kind::Add as u8 => format!("{name} x{rd}, x{rs1}, {}", immediate as i32),
        _ => format!("{name} x{rd}, x{rs1}, x{rs2}"),
    }
}
