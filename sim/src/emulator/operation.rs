//! The compact operation that both interpreters execute.
//!
//! Decoding turns a 16- or 32-bit instruction into eight bytes that need no further work: immediates are extended,
//! `auipc` is already the sum it yields, branch and jump targets are absolute, and a write to `x0` goes to a
//! register that nothing reads. An operation is therefore only valid at the address it was decoded for.

/// The register that takes every write to `x0`, so that executing needs no test for it.
pub const SINK: u8 = 32;

/// What an operation does, named by its RISC-V mnemonic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// `rd = immediate`: `lui`, `auipc`, `c.li`.
    Constant,
    Addi,
    Slti,
    Sltiu,
    Xori,
    Ori,
    Andi,
    Slli,
    Srli,
    Srai,
    Add,
    Sub,
    Sll,
    Slt,
    Sltu,
    Xor,
    Srl,
    Sra,
    Or,
    And,
    Mul,
    Mulh,
    Mulhsu,
    Mulhu,
    Div,
    Divu,
    Rem,
    Remu,
    Lb,
    Lh,
    Lw,
    Lbu,
    Lhu,
    Sb,
    Sh,
    Sw,
    /// Branches compare `rs1` with `rs2`; the immediate is the absolute target.
    Beq,
    Bne,
    Blt,
    Bge,
    Bltu,
    Bgeu,
    /// The immediate is the absolute target, `rs2` the length of the instruction in bytes.
    Jal,
    /// The immediate is the offset from `rs1`, `rs2` the length of the instruction in bytes.
    Jalr,
    Fence,
    FenceI,
    Ecall,
    Ebreak,
    Mret,
    Wfi,
    /// CSR operations: the immediate is the CSR number, `rs1` the register or the 5-bit immediate; `rs2` is 0 when
    /// nothing is written (`csrrs`/`csrrc` with `x0` or 0).
    Csrrw,
    Csrrs,
    Csrrc,
    Csrrwi,
    Csrrsi,
    Csrrci,
    LrW,
    ScW,
    AmoSwapW,
    AmoAddW,
    AmoXorW,
    AmoAndW,
    AmoOrW,
    AmoMinW,
    AmoMaxW,
    AmoMinuW,
    AmoMaxuW,
    /// The immediate is the instruction as it stands in memory.
    Illegal,
    /// Not an instruction: the block interpreter touches the flash cache line in the immediate, and the one after it
    /// when `rs2` is 1.
    Line,
    /// Not an instruction: the block ends, and the program goes on at the immediate.
    End,
}

/// One decoded instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    pub kind: Kind,
    /// Destination, or [`SINK`].
    pub rd: u8,
    pub rs1: u8,
    pub rs2: u8,
    pub immediate: u32,
}

const _: () = assert!(size_of::<Operation>() == 8);

impl Operation {
    /// An operation whose destination `x0` is already redirected to the sink.
    pub const fn new(kind: Kind, rd: u8, rs1: u8, rs2: u8, immediate: u32) -> Self {
        let rd = if rd == 0 { SINK } else { rd };
        Self { kind, rd, rs1, rs2, immediate }
    }

    /// An instruction that this core does not have; `raw` is what stands in memory.
    pub const fn illegal(raw: u32) -> Self {
        Self::new(Kind::Illegal, 0, 0, 0, raw)
    }

    /// Whether the block interpreter leaves it to the plain one: system instructions and atomics.
    pub const fn is_system(self) -> bool {
        !matches!(self.kind, Kind::Fence | Kind::Line | Kind::End) && self.kind as u8 > Kind::Jalr as u8
    }

    /// Whether it is a conditional branch.
    pub const fn is_branch(self) -> bool {
        self.kind as u8 >= Kind::Beq as u8 && self.kind as u8 <= Kind::Bgeu as u8
    }

    /// Whether it reads memory into a register, so that a user of that register may have to wait.
    pub const fn is_load(self) -> bool {
        self.kind as u8 >= Kind::Lb as u8 && self.kind as u8 <= Kind::Lhu as u8
    }

    /// Whether the register `index` is an input. Reads of `x0` never count.
    pub const fn reads(self, index: u8) -> bool {
        if index == 0 || index == SINK {
            return false;
        }
        match self.kind {
            Kind::Constant
            | Kind::Jal
            | Kind::Fence
            | Kind::FenceI
            | Kind::Illegal
            | Kind::Line
            | Kind::End => false,
            Kind::Csrrwi | Kind::Csrrsi | Kind::Csrrci => false,
            Kind::Jalr | Kind::Csrrw | Kind::Csrrs | Kind::Csrrc => self.rs1 == index,
            _ => self.rs1 == index || self.rs2 == index,
        }
    }
}
