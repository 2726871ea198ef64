//! What each operation executes on ESP32-C3 and ESP32-C6.
//!
//! Read off the machine code of the core built for `riscv32imc-unknown-none-elf` with rustc 1.95 (LLVM 22), release;
//! opt-level `s` emits the same loops. The compiler unrolls none of them. Operations that stand for many pieces of
//! code (`Byte`, `Compare`, `Copy`) were read off typical ones, compiled the same way.

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
        Op::Alu => Sequence { listing: "addi", alu: 1, spread: ONE, ..NONE },
        Op::Mul => Sequence { listing: "mul", multiply: 1, spread: ONE, ..NONE },
        Op::MulWide => MUL_WIDE,
        Op::Div => Sequence { listing: "beqz divu", not_taken: 1, divide: 1, ..NONE },
        // A library routine whose length depends on its operands: only a measurement costs it.
        Op::DivWide => return None,
        _ => return steps::sequence(op),
    })
}

/// Around the loop of `dot`: four arguments moved, call, the shorter length, loop set up, left, result moved, return.
const CALL: Sequence = Sequence {
    listing: "mv x4 auipc jalr | bltu mv li beqz add .. mv ret",
    spread: Spread::Varied,
    alu: 9,
    not_taken: 2,
    jump: 2,
    loop_exit: 1,
    ..NONE
};

/// `dot`. The second load's value waits one instruction for its use.
const MAC: Sequence = Sequence {
    listing: "lb lb addi mul add addi bne",
    alu: 3,
    multiply: 1,
    load: 2,
    load_near: 1,
    back: 1,
    ..NONE
};

/// `squared_euclidean`.
const DIFFERENCE: Sequence = Sequence {
    listing: "lb lb addi sub mul add addi bne",
    alu: 4,
    multiply: 1,
    load: 2,
    load_near: 1,
    back: 1,
    ..NONE
};

/// `manhattan`.
const ABSOLUTE: Sequence = Sequence {
    listing: "lb lb addi sub srai xor sub sub addi bne",
    alu: 7,
    load: 2,
    load_near: 1,
    back: 1,
    ..NONE
};

/// `hamming`: without a population count instruction, the bits are added in parallel.
const POPCOUNT: Sequence = Sequence {
    listing: "lw lw addi xor srli and sub and srli and add srli add and mul srli add addi bne",
    alu: 15,
    multiply: 1,
    load: 2,
    load_near: 1,
    back: 1,
    ..NONE
};

/// FNV-1a, the usual byte hash.
const HASH: Sequence =
    Sequence { listing: "lbu addi xor mul bne", alu: 2, multiply: 1, load: 1, load_near: 1, back: 1, ..NONE };

/// A byte tested for letter or digit and folded to lower case: four letters and one other of five bytes.
///
/// letter: `lbu addi bltu andi addi bgeu j | addi addi sltiu slli or sb addi addi beqz`
/// other: `lbu addi bltu andi addi bgeu | addi addi beqz`
const BYTE: Sequence = Sequence {
    listing: "lbu addi bltu andi addi bgeu j addi addi sltiu slli or sb addi addi beqz",
    spread: Spread::Varied,
    steps: 5,
    alu: 4 * 10 + 5,
    load: 5,
    load_use: 5,
    store: 4,
    not_taken: 4 * 3 + 2,
    jump: 4,
    back: 1,
    ..NONE
};

/// Four bytes as one word and four singly, by eight: `memcpy` of a short text. The band reaches from word by word (two
/// fifths of it) to a `memcmp` of single bytes (twice).
const COPY: Sequence = Sequence {
    listing: "lw sw addi addi bltu | lb sb addi addi bltu x4",
    spread: Spread::Between(40, 200),
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
/// not larger: `lw mv blt mv mv j | addi addi addi mv mv beqz`; larger: `lw mv blt | addi addi addi mv mv beqz`
const COMPARE: Sequence = Sequence {
    listing: "lw mv blt mv mv j addi addi addi mv mv beqz",
    spread: Spread::Varied,
    steps: 2,
    alu: 8 + 6,
    load: 2,
    load_near: 2,
    not_taken: 3,
    jump: 1,
    back: 1,
    mispredict: 1,
    ..NONE
};

/// Index checked, address computed, value used right after.
const LOAD: Sequence = Sequence {
    listing: "bgeu slli add lw",
    spread: Spread::Varied,
    alu: 2,
    load: 1,
    load_use: 1,
    not_taken: 1,
    ..NONE
};

/// Index checked, address computed.
const STORE: Sequence =
    Sequence { listing: "bgeu slli add sw", spread: Spread::Varied, alu: 2, store: 1, not_taken: 1, ..NONE };

/// `a * b + c` of 64 bits.
const MUL_WIDE: Sequence = Sequence {
    listing: "mul mulhu mul mul add add add sltu add add",
    spread: Spread::Varied,
    alu: 6,
    multiply: 3,
    multiply_high: 1,
    ..NONE
};
