//! What each operation executes on ESP32, ESP32-S2 and ESP32-S3.
//!
//! Read off the machine code of the core built for `xtensa-esp32-none-elf` and `xtensa-esp32s2-none-elf` with rustc
//! 1.101 (LLVM 23), opt-level `s`; the two are equal instruction for instruction. The compiler emits neither hardware
//! loops nor MAC16 nor the ESP32-S3's vector instructions, so no cost here counts on them. There is no load of a
//! signed byte: each costs a `sext` more. Bytes are compared through constants that it keeps on the stack.

use super::CycleCost;
use super::sequence::{Sequence, Spread};
use super::steps;
use ruvllm_esp_core::meter::Op;

const NONE: Sequence = Sequence::NONE;

/// A single instruction: never less, and up to half as much again for the moves around it.
const ONE: Spread = Spread::Between(100, 150);

/// By the discriminant of [`Op`].
pub const SEQUENCES: [Option<Sequence>; Op::ALL.len()] = {
    let mut all = [None; Op::ALL.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = sequence(Op::ALL[at]);
        at += 1;
    }
    all
};

const fn sequence(op: Op) -> Option<Sequence> {
    Some(match op {
        Op::Call => CALL,
        Op::Mac => MAC,
        Op::Difference => DIFFERENCE,
        Op::Absolute => ABSOLUTE,
        Op::Popcount => POPCOUNT,
        Op::Hash => HASH,
        Op::Byte => BYTE,
        Op::Copy => COPY,
        Op::Compare => COMPARE,
        Op::Load => LOAD,
        Op::Store => STORE,
        Op::Alu => Sequence { listing: "add", alu: 1, spread: ONE, ..NONE },
        Op::Mul => Sequence { listing: "mull", multiply: 1, spread: ONE, ..NONE },
        Op::MulWide => MUL_WIDE,
        // The divider's cycles are unpublished (see DIVISION) and 64-bit division is a library routine.
        Op::Div | Op::DivWide => return None,
        _ => return steps::sequence(op),
    })
}

/// A 32-bit division: nobody has published its cycles, two sources bound them.
///
/// WLED issue #4206 measured 2 cycles of something the compiler may have folded; GCC's cost model for these cores says
/// 32 instructions (`TARGET_DIV32` in gcc/config/xtensa/xtensa.c), and the check for zero adds 2. The cost is the
/// middle of the two.
pub const DIVISION: CycleCost = CycleCost {
    cycles: 18_000,
    low: 2_000,
    high: 34_000,
    sequence: "beqz quou",
    source: "between WLED issue #4206 (2 cycles, perhaps folded) and GCC's model for Xtensa (32)",
};

/// A line of the flash cache filled: what ESP32-C3 takes, half as much again for the clock. The band reaches from a cache
/// that is twice as large and holds it all to twice the cost.
pub const ICACHE_FILL: CycleCost = CycleCost {
    cycles: 500_000,
    low: 10_000,
    high: 1_000_000,
    sequence: "line fill",
    source: "derived from the emulated ESP32-C3",
};

/// Around the loop of `dot`: the literal with its address, four arguments moved, call, window entry, the shorter
/// length, loop set up, return. Register window overflows are not in it.
const CALL: Sequence = Sequence {
    listing: "or x4 l32r callx8 | entry or movi minu beqz .. retw",
    spread: Spread::Varied,
    alu: 8,
    load: 1,
    load_use: 1,
    not_taken: 1,
    jump: 2,
    loop_exit: 1,
    ..NONE
};

/// `dot`.
const MAC: Sequence = Sequence {
    listing: "l8ui sext l8ui sext mull add addi addi addi bnez",
    alu: 6,
    multiply: 1,
    multiply_use: 1,
    load: 2,
    load_use: 2,
    back: 1,
    ..NONE
};

/// `squared_euclidean`.
const DIFFERENCE: Sequence = Sequence {
    listing: "l8ui sext l8ui sext sub mull add addi addi addi bnez",
    alu: 7,
    multiply: 1,
    multiply_use: 1,
    load: 2,
    load_use: 2,
    back: 1,
    ..NONE
};

/// `manhattan`.
const ABSOLUTE: Sequence = Sequence {
    listing: "l8ui sext l8ui sext min max sub add addi addi addi bnez",
    alu: 9,
    load: 2,
    load_use: 2,
    back: 1,
    ..NONE
};

/// `hamming`: without a population count instruction, the bits are added in parallel.
const POPCOUNT: Sequence = Sequence {
    listing: "l32i l32i xor srli and sub and srli and add srli add and mull extui add addi addi addi bnez",
    alu: 16,
    multiply: 1,
    multiply_use: 1,
    load: 2,
    load_use: 1,
    back: 1,
    ..NONE
};

/// FNV-1a, the usual byte hash.
const HASH: Sequence = Sequence {
    listing: "l8ui xor mull addi addi bnez",
    alu: 3,
    multiply: 1,
    load: 1,
    load_use: 1,
    back: 1,
    ..NONE
};

/// A byte tested for letter or digit and folded to lower case: four letters and one other of five bytes.
///
/// letter: `l8ui or l32i bltu* or l32i bltu* addi and or bgeu* or bgeu or bgeu or beqz addi and movi l32i bltu or or
/// s8i addi addi addi bnez*`; other: `l8ui or l32i bltu* or l32i bltu* addi and or bgeu* or bgeu* bltu bnez j addi addi
/// bnez*`; `*` is taken.
const BYTE: Sequence = Sequence {
    listing: "l8ui or l32i bltu or l32i bltu addi and or bgeu or bgeu or bgeu or beqz \
        addi and movi l32i bltu or or s8i addi addi addi bnez",
    spread: Spread::Varied,
    steps: 5,
    alu: 4 * 16 + 8,
    load: 4 * 4 + 3,
    load_use: 5 * 2,
    store: 4,
    back: 5,
    forward: 4 * 3 + 4,
    not_taken: 4 * 4 + 2,
    jump: 1,
    ..NONE
};

/// Four bytes as one word and four singly, by eight. The band reaches from the ROM's `memcpy`, measured at 0.66 cycles
/// a byte on ESP32-S3 (project-x51/esp32-s3-memorycopy), to a `memcmp` of single bytes.
const COPY: Sequence = Sequence {
    listing: "l32i s32i addi addi bnez | l8ui s8i addi addi bnez x4",
    spread: Spread::Between(12, 200),
    steps: 8,
    alu: 10,
    load: 5,
    load_use: 5,
    store: 5,
    back: 5,
    ..NONE
};

/// A search for the largest: once not larger, once larger, halved.
///
/// not larger: `l32i bge* max addi addi addi bnez*`; larger: `l32i bge or max addi addi addi bnez*`; `*` is taken.
const COMPARE: Sequence = Sequence {
    listing: "l32i bge or max addi addi addi bnez",
    spread: Spread::Varied,
    steps: 2,
    alu: 4 + 5,
    load: 2,
    load_use: 2,
    back: 2,
    forward: 1,
    not_taken: 1,
    mispredict: 1,
    ..NONE
};

/// Index checked, address computed, value used right after.
const LOAD: Sequence = Sequence {
    listing: "bgeu addx4 l32i",
    spread: Spread::Varied,
    alu: 1,
    load: 1,
    load_use: 1,
    not_taken: 1,
    ..NONE
};

/// Index checked, address computed.
const STORE: Sequence =
    Sequence { listing: "bgeu addx4 s32i", spread: Spread::Varied, alu: 1, store: 1, not_taken: 1, ..NONE };

/// `a * b + c` of 64 bits; the carry is found with a branch: once taken, once not, halved.
const MUL_WIDE: Sequence = Sequence {
    listing: "mull add bltu movi j mull muluh add mull add add add",
    spread: Spread::Varied,
    steps: 2,
    alu: 2 * 6,
    multiply: 2 * 3,
    multiply_use: 2 * 3,
    multiply_high: 2,
    forward: 1,
    not_taken: 1,
    jump: 1,
    ..NONE
};
