//! A tiny assembler: instructions as functions.
//!
//! It lets built-in programs and tests read like assembly, and has only what those need.
//!
//! Registers are numbers (`A0` is 10), branch and jump offsets are in bytes from the
//! instruction itself. Immediates are cut to their fields.

pub const ZERO: u32 = 0;
pub const RA: u32 = 1;
pub const SP: u32 = 2;
pub const T0: u32 = 5;
pub const T1: u32 = 6;
pub const T2: u32 = 7;
pub const A0: u32 = 10;
pub const A1: u32 = 11;
pub const A2: u32 = 12;
pub const A3: u32 = 13;
pub const A4: u32 = 14;
pub const A5: u32 = 15;

/// Register-register form.
pub const fn r(opcode: u32, function: u32, upper: u32, rd: u32, rs1: u32, rs2: u32) -> u32 {
    opcode | (rd & 31) << 7 | function << 12 | (rs1 & 31) << 15 | (rs2 & 31) << 20 | upper << 25
}

/// Immediate form.
pub const fn i(opcode: u32, function: u32, rd: u32, rs1: u32, immediate: i32) -> u32 {
    opcode | (rd & 31) << 7 | function << 12 | (rs1 & 31) << 15 | (immediate as u32) << 20
}

/// Store form.
pub const fn s(function: u32, rs1: u32, rs2: u32, offset: i32) -> u32 {
    let offset = offset as u32;
    0x23 | (offset & 31) << 7
        | function << 12
        | (rs1 & 31) << 15
        | (rs2 & 31) << 20
        | (offset >> 5 & 0x7f) << 25
}

/// Branch form.
pub const fn b(function: u32, rs1: u32, rs2: u32, offset: i32) -> u32 {
    let offset = offset as u32;
    let low = (offset >> 11 & 1) << 7 | (offset >> 1 & 15) << 8;
    let high = (offset >> 5 & 0x3f) << 25 | (offset >> 12 & 1) << 31;
    0x63 | low | function << 12 | (rs1 & 31) << 15 | (rs2 & 31) << 20 | high
}

pub const fn lui(rd: u32, value: u32) -> u32 {
    0x37 | rd << 7 | value & 0xffff_f000
}

pub const fn auipc(rd: u32, value: u32) -> u32 {
    0x17 | rd << 7 | value & 0xffff_f000
}

pub const fn addi(rd: u32, rs1: u32, immediate: i32) -> u32 {
    i(0x13, 0, rd, rs1, immediate)
}

pub const fn xori(rd: u32, rs1: u32, immediate: i32) -> u32 {
    i(0x13, 4, rd, rs1, immediate)
}

pub const fn slli(rd: u32, rs1: u32, amount: i32) -> u32 {
    i(0x13, 1, rd, rs1, amount & 31)
}

pub const fn srli(rd: u32, rs1: u32, amount: i32) -> u32 {
    i(0x13, 5, rd, rs1, amount & 31)
}

pub const fn add(rd: u32, rs1: u32, rs2: u32) -> u32 {
    r(0x33, 0, 0, rd, rs1, rs2)
}

pub const fn xor(rd: u32, rs1: u32, rs2: u32) -> u32 {
    r(0x33, 4, 0, rd, rs1, rs2)
}

pub const fn mul(rd: u32, rs1: u32, rs2: u32) -> u32 {
    r(0x33, 0, 1, rd, rs1, rs2)
}

pub const fn div(rd: u32, rs1: u32, rs2: u32) -> u32 {
    r(0x33, 4, 1, rd, rs1, rs2)
}

pub const fn amoadd(rd: u32, rs1: u32, rs2: u32) -> u32 {
    r(0x2f, 2, 0, rd, rs1, rs2)
}

pub const fn lb(rd: u32, rs1: u32, offset: i32) -> u32 {
    i(0x03, 0, rd, rs1, offset)
}

pub const fn lw(rd: u32, rs1: u32, offset: i32) -> u32 {
    i(0x03, 2, rd, rs1, offset)
}

pub const fn sb(rs2: u32, rs1: u32, offset: i32) -> u32 {
    s(0, rs1, rs2, offset)
}

pub const fn sw(rs2: u32, rs1: u32, offset: i32) -> u32 {
    s(2, rs1, rs2, offset)
}

pub const fn beq(rs1: u32, rs2: u32, offset: i32) -> u32 {
    b(0, rs1, rs2, offset)
}

pub const fn bne(rs1: u32, rs2: u32, offset: i32) -> u32 {
    b(1, rs1, rs2, offset)
}

pub const fn jal(rd: u32, offset: i32) -> u32 {
    let offset = offset as u32;
    let low = (offset >> 12 & 0xff) << 12 | (offset >> 11 & 1) << 20;
    0x6f | rd << 7 | low | (offset >> 1 & 0x3ff) << 21 | (offset >> 20 & 1) << 31
}

pub const fn jalr(rd: u32, rs1: u32, offset: i32) -> u32 {
    i(0x67, 0, rd, rs1, offset)
}

pub const fn csrrw(rd: u32, csr: i32, rs1: u32) -> u32 {
    i(0x73, 1, rd, rs1, csr)
}

pub const fn csrrs(rd: u32, csr: i32, rs1: u32) -> u32 {
    i(0x73, 2, rd, rs1, csr)
}

pub const FENCE_I: u32 = 0x0000_100f;
pub const ECALL: u32 = 0x0000_0073;
pub const EBREAK: u32 = 0x0010_0073;
pub const MRET: u32 = 0x3020_0073;
pub const WFI: u32 = 0x1050_0073;

/// Instructions as the bytes that stand in memory.
pub fn bytes(program: &[u32]) -> Vec<u8> {
    program.iter().flat_map(|word| word.to_le_bytes()).collect()
}
