//! Steps larger than a loop of a few instructions: the same mix on both instruction sets.
//!
//! The compiler spreads these over more instructions than a listing could show. Their mixes were set so that
//! ESP32-C3's timing gives about what the emulator counts for them there; on ESP32-C3 and ESP32-C6 the fitted costs take
//! their place, on the Xtensa chips the mixes are taken as they stand, with the band of code that varies.

use super::sequence::{Sequence, Spread};
use ruvllm_esp_core::meter::Op;

const VARIED: Sequence = Sequence { spread: Spread::Varied, ..Sequence::NONE };

/// What a larger step executes; `None` for all others, and for those that are no instructions at all.
pub const fn sequence(op: Op) -> Option<Sequence> {
    Some(match op {
        Op::Root => ROOT,
        Op::Fill => FILL,
        Op::Scan => SCAN,
        Op::Text => TEXT,
        Op::Block => BLOCK,
        Op::Lookup => LOOKUP,
        Op::Link => LINK,
        Op::Symbol => SYMBOL,
        Op::Pattern => PATTERN,
        Op::Scale => SCALE,
        Op::Lag => LAG,
        Op::Neighbour => NEIGHBOUR,
        Op::SipBlock => SIP_BLOCK,
        Op::CipherBlock => CIPHER_BLOCK,
        Op::PolyBlock => POLY_BLOCK,
        Op::Receive => RECEIVE,
        Op::Command => COMMAND,
        Op::WriteCall => WRITE_CALL,
        Op::Memset => MEMSET,
        Op::TxByte => TX_BYTE,
        Op::PollLoop => POLL_LOOP,
        _ => return None,
    })
}

const ROOT: Sequence = Sequence {
    listing: "64-bit add, compare, subtract, shift",
    alu: 36,
    not_taken: 4,
    back: 1,
    jump: 1,
    ..VARIED
};

const FILL: Sequence = Sequence {
    listing: "store, adds, branch",
    spread: Spread::Between(25, 150),
    alu: 3,
    store: 1,
    back: 1,
    ..VARIED
};

const SCAN: Sequence =
    Sequence { listing: "load, add, compare, branch", alu: 2, load: 1, load_use: 1, back: 1, ..VARIED };

const TEXT: Sequence = Sequence {
    listing: "load, test, add, store, branch",
    alu: 6,
    load: 1,
    load_near: 1,
    store: 1,
    not_taken: 2,
    back: 1,
    ..VARIED
};

const BLOCK: Sequence = Sequence {
    listing: "link followed, character boundary found, block zeroed, copy called",
    alu: 50,
    load: 14,
    load_near: 6,
    store: 14,
    not_taken: 12,
    forward: 4,
    back: 4,
    jump: 6,
    ..VARIED
};

const LOOKUP: Sequence = Sequence {
    listing: "half a byte taken out, entry loaded, added",
    alu: 5,
    load: 1,
    load_near: 1,
    ..VARIED
};

const LINK: Sequence = Sequence {
    listing: "row walked, bit tested and set",
    alu: 18,
    load: 3,
    load_near: 2,
    store: 1,
    not_taken: 5,
    back: 1,
    ..VARIED
};

const SYMBOL: Sequence = Sequence {
    listing: "window moved by one, spans looped over",
    alu: 30,
    load: 8,
    load_near: 4,
    store: 8,
    not_taken: 10,
    forward: 4,
    back: 4,
    ..VARIED
};

const PATTERN: Sequence = Sequence {
    listing: "three hash steps, two scrambles, four saturating adds",
    alu: 70,
    multiply: 7,
    load: 8,
    load_near: 6,
    store: 4,
    not_taken: 8,
    forward: 4,
    back: 2,
    ..VARIED
};

const SCALE: Sequence = Sequence {
    listing: "magnitude, square, 64-bit product, rounding",
    alu: 22,
    multiply: 5,
    multiply_high: 2,
    load: 3,
    load_near: 2,
    store: 2,
    not_taken: 2,
    back: 2,
    ..VARIED
};

const LAG: Sequence = Sequence {
    listing: "two differences, their squares, sums carried",
    alu: 40,
    multiply: 2,
    multiply_high: 2,
    load: 6,
    load_near: 4,
    store: 3,
    not_taken: 8,
    forward: 3,
    back: 1,
    ..VARIED
};

const NEIGHBOUR: Sequence = Sequence {
    listing: "four squared differences, mean taken out, two minima",
    alu: 120,
    multiply: 8,
    multiply_high: 6,
    load: 14,
    load_near: 8,
    not_taken: 20,
    forward: 9,
    jump: 4,
    ..VARIED
};

const SIP_BLOCK: Sequence = Sequence {
    listing: "two rounds: 8 additions, 12 rotations, 8 exclusive ors of 64 bits",
    alu: 116,
    load: 2,
    load_near: 1,
    back: 1,
    ..VARIED
};

const CIPHER_BLOCK: Sequence = Sequence {
    listing: "80 quarter rounds, state and payload added",
    alu: 1_380,
    load: 80,
    load_near: 20,
    store: 80,
    back: 12,
    ..VARIED
};

const POLY_BLOCK: Sequence = Sequence {
    listing: "5 by 5 limbs multiplied, carries",
    alu: 420,
    multiply: 25,
    multiply_high: 25,
    load: 70,
    load_near: 30,
    store: 60,
    ..VARIED
};

const RECEIVE: Sequence = Sequence {
    listing: "byte classified and appended",
    alu: 18,
    load: 5,
    load_near: 2,
    store: 3,
    not_taken: 6,
    forward: 2,
    jump: 2,
    ..VARIED
};

const COMMAND: Sequence = Sequence {
    listing: "words compared, role carved",
    alu: 1_000,
    load: 250,
    load_near: 100,
    store: 250,
    not_taken: 250,
    forward: 100,
    jump: 70,
    ..VARIED
};

const WRITE_CALL: Sequence = Sequence {
    listing: "arguments walked, digits made, virtual call",
    alu: 60,
    load: 20,
    load_near: 8,
    store: 12,
    not_taken: 15,
    forward: 6,
    jump: 12,
    ..VARIED
};

const MEMSET: Sequence = Sequence {
    listing: "memset: store, its share of the loop",
    spread: Spread::Between(50, 250),
    alu: 1,
    store: 1,
    ..VARIED
};

const TX_BYTE: Sequence = Sequence {
    listing: "room looked for, byte stored, peripheral waited for",
    alu: 40,
    load: 14,
    load_near: 6,
    store: 6,
    not_taken: 12,
    forward: 4,
    back: 1,
    jump: 6,
    ..VARIED
};

const POLL_LOOP: Sequence = Sequence {
    listing: "both ports polled, interrupts held off and let in again, line handed over",
    alu: 500,
    load: 200,
    load_near: 80,
    store: 120,
    not_taken: 120,
    forward: 60,
    jump: 60,
    ..VARIED
};
