//! From instruction bits to a compact [`Operation`].
//!
//! Total: every bit pattern decodes, those that a core does not have to [`Kind::Illegal`]. The A extension is a
//! parameter because the ESP32-C3 lacks it. Source: The RISC-V Instruction Set Manual, volumes I and II.

use super::compressed;
use super::operation::{Kind, Operation};

/// An operation and the length of its instruction in bytes, 2 or 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decoded {
    pub operation: Operation,
    pub length: u8,
}

/// Whether the instruction that begins with `half` is a compressed one.
pub const fn is_compressed(half: u16) -> bool {
    half & 3 != 3
}

/// Decodes the instruction at `pc`. `word` holds its 32 bits, or its 16 bits in the lower half.
pub const fn decode(pc: u32, word: u32, atomics: bool) -> Decoded {
    if is_compressed(word as u16) {
        let raw = word & 0xffff;
        let operation = match compressed::expand(raw as u16) {
            Some(expanded) => decode_word(pc, expanded, 2, raw, atomics),
            None => Operation::illegal(raw),
        };
        return Decoded { operation, length: 2 };
    }
    Decoded { operation: decode_word(pc, word, 4, word, atomics), length: 4 }
}

const fn rd(word: u32) -> u8 {
    ((word >> 7) & 31) as u8
}

const fn rs1(word: u32) -> u8 {
    ((word >> 15) & 31) as u8
}

const fn rs2(word: u32) -> u8 {
    ((word >> 20) & 31) as u8
}

const fn immediate_i(word: u32) -> u32 {
    ((word as i32) >> 20) as u32
}

const fn immediate_s(word: u32) -> u32 {
    (((word as i32) >> 25) << 5) as u32 | ((word >> 7) & 31)
}

const fn immediate_b(word: u32) -> u32 {
    (((word as i32) >> 31) << 12) as u32
        | ((word >> 7) & 1) << 11
        | ((word >> 25) & 0x3f) << 5
        | ((word >> 8) & 0xf) << 1
}

const fn immediate_j(word: u32) -> u32 {
    (((word as i32) >> 31) << 20) as u32
        | ((word >> 12) & 0xff) << 12
        | ((word >> 20) & 1) << 11
        | ((word >> 21) & 0x3ff) << 1
}

/// `raw` is what stands in memory, for the report of an illegal instruction.
const fn decode_word(pc: u32, word: u32, length: u8, raw: u32, atomics: bool) -> Operation {
    let function = (word >> 12) & 7;
    match word & 0x7f {
        0x03 => load(word, function, raw),
        0x0f => fence(function, raw),
        0x13 => arithmetic_immediate(word, function, raw),
        0x17 => Operation::new(Kind::Constant, rd(word), 0, 0, pc.wrapping_add(word & 0xffff_f000)),
        0x23 => store(word, function, raw),
        0x2f if atomics => atomic(word, function, raw),
        0x33 => arithmetic(word, function, raw),
        0x37 => Operation::new(Kind::Constant, rd(word), 0, 0, word & 0xffff_f000),
        0x63 => branch(pc, word, function, raw),
        0x67 if function == 0 => Operation::new(Kind::Jalr, rd(word), rs1(word), length, immediate_i(word)),
        0x6f => Operation::new(Kind::Jal, rd(word), 0, length, pc.wrapping_add(immediate_j(word))),
        0x73 => system(word, function, raw),
        _ => Operation::illegal(raw),
    }
}

const fn load(word: u32, function: u32, raw: u32) -> Operation {
    let kind = match function {
        0 => Kind::Lb,
        1 => Kind::Lh,
        2 => Kind::Lw,
        4 => Kind::Lbu,
        5 => Kind::Lhu,
        _ => return Operation::illegal(raw),
    };
    Operation::new(kind, rd(word), rs1(word), 0, immediate_i(word))
}

const fn store(word: u32, function: u32, raw: u32) -> Operation {
    let kind = match function {
        0 => Kind::Sb,
        1 => Kind::Sh,
        2 => Kind::Sw,
        _ => return Operation::illegal(raw),
    };
    Operation::new(kind, 0, rs1(word), rs2(word), immediate_s(word))
}

const fn fence(function: u32, raw: u32) -> Operation {
    // Reserved fields of both fences are ignored, as the manual asks.
    match function {
        0 => Operation::new(Kind::Fence, 0, 0, 0, 0),
        1 => Operation::new(Kind::FenceI, 0, 0, 0, 0),
        _ => Operation::illegal(raw),
    }
}

const fn arithmetic_immediate(word: u32, function: u32, raw: u32) -> Operation {
    let immediate = immediate_i(word);
    let (kind, immediate) = match (function, word >> 25) {
        (0, _) => (Kind::Addi, immediate),
        (2, _) => (Kind::Slti, immediate),
        (3, _) => (Kind::Sltiu, immediate),
        (4, _) => (Kind::Xori, immediate),
        (6, _) => (Kind::Ori, immediate),
        (7, _) => (Kind::Andi, immediate),
        (1, 0) => (Kind::Slli, immediate & 31),
        (5, 0) => (Kind::Srli, immediate & 31),
        (5, 0x20) => (Kind::Srai, immediate & 31),
        _ => return Operation::illegal(raw),
    };
    // `li` is common enough to be worth a form that reads no register.
    match (kind, rs1(word)) {
        (Kind::Addi, 0) => Operation::new(Kind::Constant, rd(word), 0, 0, immediate),
        _ => Operation::new(kind, rd(word), rs1(word), 0, immediate),
    }
}

const fn arithmetic(word: u32, function: u32, raw: u32) -> Operation {
    let kind = match (word >> 25, function) {
        (0x00, 0) => Kind::Add,
        (0x20, 0) => Kind::Sub,
        (0x00, 1) => Kind::Sll,
        (0x00, 2) => Kind::Slt,
        (0x00, 3) => Kind::Sltu,
        (0x00, 4) => Kind::Xor,
        (0x00, 5) => Kind::Srl,
        (0x20, 5) => Kind::Sra,
        (0x00, 6) => Kind::Or,
        (0x00, 7) => Kind::And,
        (0x01, 0) => Kind::Mul,
        (0x01, 1) => Kind::Mulh,
        (0x01, 2) => Kind::Mulhsu,
        (0x01, 3) => Kind::Mulhu,
        (0x01, 4) => Kind::Div,
        (0x01, 5) => Kind::Divu,
        (0x01, 6) => Kind::Rem,
        (0x01, 7) => Kind::Remu,
        _ => return Operation::illegal(raw),
    };
    Operation::new(kind, rd(word), rs1(word), rs2(word), 0)
}

const fn branch(pc: u32, word: u32, function: u32, raw: u32) -> Operation {
    let kind = match function {
        0 => Kind::Beq,
        1 => Kind::Bne,
        4 => Kind::Blt,
        5 => Kind::Bge,
        6 => Kind::Bltu,
        7 => Kind::Bgeu,
        _ => return Operation::illegal(raw),
    };
    Operation::new(kind, 0, rs1(word), rs2(word), pc.wrapping_add(immediate_b(word)))
}

const fn atomic(word: u32, function: u32, raw: u32) -> Operation {
    let kind = match (word >> 27, function) {
        (0x00, 2) => Kind::AmoAddW,
        (0x01, 2) => Kind::AmoSwapW,
        (0x02, 2) if rs2(word) == 0 => Kind::LrW,
        (0x03, 2) => Kind::ScW,
        (0x04, 2) => Kind::AmoXorW,
        (0x08, 2) => Kind::AmoOrW,
        (0x0c, 2) => Kind::AmoAndW,
        (0x10, 2) => Kind::AmoMinW,
        (0x14, 2) => Kind::AmoMaxW,
        (0x18, 2) => Kind::AmoMinuW,
        (0x1c, 2) => Kind::AmoMaxuW,
        _ => return Operation::illegal(raw),
    };
    Operation::new(kind, rd(word), rs1(word), rs2(word), 0)
}

const fn system(word: u32, function: u32, raw: u32) -> Operation {
    let kind = match (function, word) {
        (0, 0x0000_0073) => Kind::Ecall,
        (0, 0x0010_0073) => Kind::Ebreak,
        (0, 0x3020_0073) => Kind::Mret,
        (0, 0x1050_0073) => Kind::Wfi,
        (1, _) => Kind::Csrrw,
        (2, _) => Kind::Csrrs,
        (3, _) => Kind::Csrrc,
        (5, _) => Kind::Csrrwi,
        (6, _) => Kind::Csrrsi,
        (7, _) => Kind::Csrrci,
        _ => return Operation::illegal(raw),
    };
    let writes = matches!(kind, Kind::Csrrw | Kind::Csrrwi) || rs1(word) != 0;
    let is_csr = function != 0;
    let rd = if is_csr { rd(word) } else { 0 };
    let rs1 = if is_csr { rs1(word) } else { 0 };
    Operation::new(kind, rd, rs1, (is_csr && writes) as u8, word >> 20)
}
