//! RV32C: the 32-bit instruction that a 16-bit one stands for.
//!
//! Expanding first keeps a single decoder. `None` is an encoding that RV32C defines as illegal or reserves, or one
//! that needs the floating-point registers these cores lack; hints expand to operations without effect.
//! Source: The RISC-V Instruction Set Manual, volume I, chapter "C" (tables of the three quadrants).

const OPCODE_LOAD: u32 = 0x03;
const OPCODE_IMMEDIATE: u32 = 0x13;
const OPCODE_STORE: u32 = 0x23;
const OPCODE_REGISTER: u32 = 0x33;
const OPCODE_LUI: u32 = 0x37;
const OPCODE_BRANCH: u32 = 0x63;
const OPCODE_JALR: u32 = 0x67;
const OPCODE_JAL: u32 = 0x6f;
const EBREAK: u32 = 0x0010_0073;

const ZERO: u32 = 0;
const LINK: u32 = 1;
const STACK: u32 = 2;

/// Bits `low..=high` of `word`, moved to bit `to`.
const fn bits(word: u32, high: u32, low: u32, to: u32) -> u32 {
    ((word >> low) & ((1 << (high - low + 1)) - 1)) << to
}

/// Sign extension of the lowest `width` bits.
const fn extend(value: u32, width: u32) -> u32 {
    (((value << (32 - width)) as i32) >> (32 - width)) as u32
}

const fn immediate_type(opcode: u32, function: u32, rd: u32, rs1: u32, immediate: u32) -> u32 {
    opcode | rd << 7 | function << 12 | rs1 << 15 | immediate << 20
}

const fn register_type(function: u32, rd: u32, rs1: u32, rs2: u32, upper: u32) -> u32 {
    OPCODE_REGISTER | rd << 7 | function << 12 | rs1 << 15 | rs2 << 20 | upper << 25
}

const fn store_type(rs1: u32, rs2: u32, offset: u32) -> u32 {
    OPCODE_STORE | bits(offset, 4, 0, 7) | 2 << 12 | rs1 << 15 | rs2 << 20 | bits(offset, 11, 5, 25)
}

const fn branch_type(function: u32, rs1: u32, offset: u32) -> u32 {
    OPCODE_BRANCH
        | bits(offset, 11, 11, 7)
        | bits(offset, 4, 1, 8)
        | function << 12
        | rs1 << 15
        | bits(offset, 10, 5, 25)
        | bits(offset, 12, 12, 31)
}

const fn jump_type(rd: u32, offset: u32) -> u32 {
    OPCODE_JAL
        | rd << 7
        | bits(offset, 19, 12, 12)
        | bits(offset, 11, 11, 20)
        | bits(offset, 10, 1, 21)
        | bits(offset, 20, 20, 31)
}

/// The three-bit register field at bit `low`: `x8` to `x15`.
const fn short_register(word: u32, low: u32) -> u32 {
    8 + bits(word, low + 2, low, 0)
}

/// The 32-bit form of the compressed instruction `half`, or `None` where it is illegal on RV32IMC.
pub const fn expand(half: u16) -> Option<u32> {
    let word = half as u32;
    match word & 3 {
        0 => quadrant_0(word),
        1 => quadrant_1(word),
        2 => quadrant_2(word),
        _ => None,
    }
}

const fn quadrant_0(word: u32) -> Option<u32> {
    let (rd, rs1) = (short_register(word, 2), short_register(word, 7));
    let offset = bits(word, 12, 10, 3) | bits(word, 6, 6, 2) | bits(word, 5, 5, 6);
    match word >> 13 {
        0 => {
            let immediate =
                bits(word, 12, 11, 4) | bits(word, 10, 7, 6) | bits(word, 6, 6, 2) | bits(word, 5, 5, 3);
            // c.addi4spn; an immediate of zero is reserved, and the all-zero halfword is defined as illegal.
            if immediate == 0 {
                None
            } else {
                Some(immediate_type(OPCODE_IMMEDIATE, 0, rd, STACK, immediate))
            }
        }
        2 => Some(immediate_type(OPCODE_LOAD, 2, rd, rs1, offset)),
        6 => Some(store_type(rs1, rd, offset)),
        _ => None,
    }
}

const fn quadrant_1(word: u32) -> Option<u32> {
    let rd = bits(word, 11, 7, 0);
    let immediate = extend(bits(word, 12, 12, 5) | bits(word, 6, 2, 0), 6);
    match word >> 13 {
        0 => Some(immediate_type(OPCODE_IMMEDIATE, 0, rd, rd, immediate & 0xfff)),
        1 => Some(jump_type(LINK, jump_offset(word))),
        2 => Some(immediate_type(OPCODE_IMMEDIATE, 0, rd, ZERO, immediate & 0xfff)),
        3 if immediate == 0 => None,
        3 if rd == STACK => {
            let offset = bits(word, 12, 12, 9)
                | bits(word, 6, 6, 4)
                | bits(word, 5, 5, 6)
                | bits(word, 4, 3, 7)
                | bits(word, 2, 2, 5);
            Some(immediate_type(OPCODE_IMMEDIATE, 0, STACK, STACK, extend(offset, 10) & 0xfff))
        }
        3 => Some(OPCODE_LUI | rd << 7 | immediate << 12),
        4 => arithmetic(word),
        5 => Some(jump_type(ZERO, jump_offset(word))),
        function => Some(branch_type(function - 6, short_register(word, 7), branch_offset(word))),
    }
}

const fn jump_offset(word: u32) -> u32 {
    let offset = bits(word, 12, 12, 11)
        | bits(word, 11, 11, 4)
        | bits(word, 10, 9, 8)
        | bits(word, 8, 8, 10)
        | bits(word, 7, 7, 6)
        | bits(word, 6, 6, 7)
        | bits(word, 5, 3, 1)
        | bits(word, 2, 2, 5);
    extend(offset, 12)
}

const fn branch_offset(word: u32) -> u32 {
    let offset = bits(word, 12, 12, 8)
        | bits(word, 11, 10, 3)
        | bits(word, 6, 5, 6)
        | bits(word, 4, 3, 1)
        | bits(word, 2, 2, 5);
    extend(offset, 9)
}

/// Quadrant 1, function 4: shifts, `c.andi` and the register-register group.
const fn arithmetic(word: u32) -> Option<u32> {
    let rd = short_register(word, 7);
    let rs2 = short_register(word, 2);
    let immediate = bits(word, 12, 12, 5) | bits(word, 6, 2, 0);
    match (bits(word, 11, 10, 0), bits(word, 12, 12, 0), bits(word, 6, 5, 0)) {
        // Shifts by 32 and more are reserved on RV32.
        (0 | 1, 1, _) => None,
        (0, _, _) => Some(immediate_type(OPCODE_IMMEDIATE, 5, rd, rd, immediate)),
        (1, _, _) => Some(immediate_type(OPCODE_IMMEDIATE, 5, rd, rd, immediate | 0x400)),
        (2, _, _) => Some(immediate_type(OPCODE_IMMEDIATE, 7, rd, rd, extend(immediate, 6) & 0xfff)),
        (_, 1, _) => None,
        (_, _, 0) => Some(register_type(0, rd, rd, rs2, 0x20)),
        (_, _, 1) => Some(register_type(4, rd, rd, rs2, 0)),
        (_, _, 2) => Some(register_type(6, rd, rd, rs2, 0)),
        _ => Some(register_type(7, rd, rd, rs2, 0)),
    }
}

const fn quadrant_2(word: u32) -> Option<u32> {
    let rd = bits(word, 11, 7, 0);
    let rs2 = bits(word, 6, 2, 0);
    let high = bits(word, 12, 12, 0);
    match (word >> 13, high) {
        (0, 1) => None,
        (0, _) => Some(immediate_type(OPCODE_IMMEDIATE, 1, rd, rd, rs2)),
        (2, _) if rd == 0 => None,
        (2, _) => {
            let offset = bits(word, 12, 12, 5) | bits(word, 6, 4, 2) | bits(word, 3, 2, 6);
            Some(immediate_type(OPCODE_LOAD, 2, rd, STACK, offset))
        }
        (4, 0) if rs2 == 0 && rd == 0 => None,
        (4, 0) if rs2 == 0 => Some(immediate_type(OPCODE_JALR, 0, ZERO, rd, 0)),
        (4, 0) => Some(register_type(0, rd, ZERO, rs2, 0)),
        (4, _) if rs2 == 0 && rd == 0 => Some(EBREAK),
        (4, _) if rs2 == 0 => Some(immediate_type(OPCODE_JALR, 0, LINK, rd, 0)),
        (4, _) => Some(register_type(0, rd, rd, rs2, 0)),
        (6, _) => Some(store_type(STACK, rs2, bits(word, 12, 9, 2) | bits(word, 8, 7, 6))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_encodings_expand() {
        // Left: GNU assembler output for the compressed form; right: for the same instruction without C.
        for (half, word) in [
            (0x0505, 0x0015_0513), // addi a0, a0, 1
            (0x157d, 0xfff5_0513), // addi a0, a0, -1
            (0x4108, 0x0005_2503), // lw a0, 0(a0)
            (0xc10c, 0x00b5_2023), // sw a1, 0(a0)
            (0x8082, 0x0000_8067), // ret
            (0x9002, EBREAK),
            (0x852e, 0x00b0_0533), // mv a0, a1
            (0x8d0d, 0x40b5_0533), // sub a0, a0, a1
            (0x1141, 0xff01_0113), // addi sp, sp, -16
            (0x7139, 0xfc01_0113), // addi sp, sp, -64
            (0x6505, 0x0000_1537), // lui a0, 1
        ] {
            assert_eq!(expand(half), Some(word), "{half:#06x}");
        }
    }

    #[test]
    fn reserved_and_floating_point_encodings_are_illegal() {
        for half in [
            0x0000, // defined as illegal
            0x2000, // c.fld
            0x6000, // c.flw
            0x8000, // reserved in quadrant 0
            0x6081, // c.lui ra, 0
            0x6101, // c.addi16sp sp, 0
            0x9101, // c.srli a0, 32 and above
            0x9c01, // c.subw
            0x1502, // c.slli with bit 5 set
            0x4002, // c.lwsp x0
            0x8002, // c.jr x0
            0xe002, // c.fswsp
        ] {
            assert_eq!(expand(half), None, "{half:#06x}");
        }
    }

    #[test]
    fn every_expansion_is_a_32_bit_instruction() {
        for half in 0..=u16::MAX {
            if let Some(word) = expand(half) {
                assert_eq!(word & 3, 3, "{half:#06x}");
            }
        }
    }
}
