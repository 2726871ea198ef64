//! The block interpreter: runs chained blocks until something needs a closer look.
//!
//! One `match` on a compact operation, no allocation, no decoding; the main SRAM is a slice of words. Whatever is
//! rare (another kind of memory, a system instruction, an unknown target) is left to the caller with the state as if
//! the plain interpreter had come there, so the two cannot be distinguished but by their speed.

use super::alu;
use super::block::{Block, Blocks};
use super::bus::Outer;
use super::csr::Clock;
use super::hart::Integers;
use super::memory::Marks;
use super::operation::{Kind, Operation};

/// Why and where the chain of blocks ended. The clock covers everything before that point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// The exit of operation `from` leads to `pc`, for which no block is decoded.
    Unknown { from: u32, pc: u32 },
    /// The next block might pass the deadline.
    Deadline { pc: u32 },
    /// The operation `operation` of `block` is next, at `pc`; it has not been executed.
    Before { block: u32, operation: u32, pc: u32, why: Why },
}

/// Why a block was left between two of its operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The next operation has to be executed by the plain interpreter.
    Fault,
    /// A device, a watched word or the clock wants attention first.
    Attention,
}

/// The state that a chain works on.
#[derive(Debug)]
pub struct Chain<'a> {
    pub blocks: &'a Blocks,
    pub integers: &'a mut Integers,
    pub main: &'a mut [u32],
    pub main_base: u32,
    pub marks: &'a Marks,
    pub outer: &'a mut Outer,
    pub clock: &'a mut Clock,
    pub deadline: u64,
}

/// How a block ended.
enum End {
    /// Through the exit of this operation (index in the block) to this address.
    Jump(usize, u32),
    /// Before this operation.
    Before(usize, Why),
}

impl Chain<'_> {
    /// Runs from the block with index `start`.
    pub fn run<const TIMED: bool>(self, start: u32) -> Leave {
        let Chain { blocks, integers, main, main_base, marks, outer, clock, deadline } = self;
        run::<TIMED>(blocks, integers, main, main_base, marks, outer, clock, deadline, start)
    }
}

/// Separate references as arguments, because the compiler may then assume that they do not overlap.
#[expect(
    clippy::too_many_arguments,
    reason = "each reference is its own argument so that none aliases another"
)]
#[expect(clippy::too_many_lines, reason = "one match over all operations is the point of it")]
#[inline(never)]
fn run<const TIMED: bool>(
    blocks: &Blocks,
    x: &mut Integers,
    main: &mut [u32],
    main_base: u32,
    marks: &Marks,
    outer: &mut Outer,
    clock: &mut Clock,
    deadline: u64,
    start: u32,
) -> Leave {
    let chunks = marks.chunks.as_slice();
    let fill = 2 * u64::from(outer.cache.fill_cycles());
    let mut current = start;
    let (mut cycles, mut instructions) = (clock.cycles, clock.instructions);
    let leave = 'chain: loop {
        let Some(&Block { pc, first, end, bound }) = blocks.blocks.get(current as usize) else {
            break Leave::Deadline { pc: 0 };
        };
        if cycles + u64::from(bound) >= deadline {
            break Leave::Deadline { pc };
        }
        let range = first as usize..end as usize;
        let (Some(operations), Some(exits)) = (blocks.operations.get(range.clone()), blocks.exits.get(range))
        else {
            break Leave::Deadline { pc };
        };
        let mut block_end = End::Before(0, Why::Fault);
        for (index, &Operation { kind, rd, rs1, rs2, immediate }) in operations.iter().enumerate() {
            let (rd, rs1, rs2) = (usize::from(rd), usize::from(rs1), usize::from(rs2));
            macro_rules! register {
                (|$a:ident, $b:ident| $value:expr) => {{
                    let ($a, $b) = (x[rs1], x[rs2]);
                    x[rd] = $value;
                }};
            }
            macro_rules! immediate {
                (|$a:ident, $i:ident| $value:expr) => {{
                    let ($a, $i) = (x[rs1], immediate);
                    x[rd] = $value;
                }};
            }
            macro_rules! branch {
                (|$a:ident, $b:ident| $taken:expr) => {{
                    let ($a, $b) = (x[rs1], x[rs2]);
                    if $taken {
                        block_end = End::Jump(index, immediate);
                        break;
                    }
                }};
            }
            // `$fast` is the value from the main SRAM, `None` for anything the slow path must see.
            macro_rules! load {
                ($bytes:literal, |$offset:ident| $fast:expr, |$value:ident| $extended:expr) => {{
                    let address = x[rs1].wrapping_add(immediate);
                    let $offset = address.wrapping_sub(main_base);
                    let mut must_leave = false;
                    let $value: u32 = match $fast {
                        Some(value) => value,
                        None => {
                            let spent = exits.get(index).map_or(0, |exit| u64::from(exit.cycles));
                            match outer.load(main, address, $bytes, cycles + spent) {
                                Ok(loaded) => {
                                    must_leave = loaded.was_device;
                                    if TIMED {
                                        cycles += u64::from(loaded.wait);
                                        must_leave |=
                                            loaded.wait != 0 && cycles + u64::from(bound) >= deadline;
                                    }
                                    loaded.value
                                }
                                Err(_) => {
                                    block_end = End::Before(index, Why::Fault);
                                    break;
                                }
                            }
                        }
                    };
                    x[rd] = $extended;
                    if must_leave {
                        block_end = End::Before(index + 1, Why::Attention);
                        break;
                    }
                }};
            }
            macro_rules! store {
                ($bytes:literal, |$offset:ident, $value:ident| $fast:expr) => {{
                    let address = x[rs1].wrapping_add(immediate);
                    let $offset = address.wrapping_sub(main_base);
                    let $value = x[rs2];
                    if !(Marks::is_clear(chunks, $offset) && $fast) {
                        let spent = exits.get(index).map_or(0, |exit| u64::from(exit.cycles));
                        match outer.store(main, marks, address, $bytes, $value, cycles + spent) {
                            Ok(stored) => {
                                let mut must_leave = stored.must_leave;
                                if TIMED {
                                    cycles += u64::from(stored.wait);
                                    must_leave |= stored.wait != 0 && cycles + u64::from(bound) >= deadline;
                                }
                                if must_leave {
                                    block_end = End::Before(index + 1, Why::Attention);
                                    break;
                                }
                            }
                            Err(_) => {
                                block_end = End::Before(index, Why::Fault);
                                break;
                            }
                        }
                    }
                }};
            }
            match kind {
                Kind::Constant => x[rd] = immediate,
                Kind::Addi => immediate!(|a, i| a.wrapping_add(i)),
                Kind::Slti => immediate!(|a, i| u32::from((a as i32) < i as i32)),
                Kind::Sltiu => immediate!(|a, i| u32::from(a < i)),
                Kind::Xori => immediate!(|a, i| a ^ i),
                Kind::Ori => immediate!(|a, i| a | i),
                Kind::Andi => immediate!(|a, i| a & i),
                Kind::Slli => immediate!(|a, i| a << (i & 31)),
                Kind::Srli => immediate!(|a, i| a >> (i & 31)),
                Kind::Srai => immediate!(|a, i| (a as i32 >> (i & 31)) as u32),
                Kind::Add => register!(|a, b| a.wrapping_add(b)),
                Kind::Sub => register!(|a, b| a.wrapping_sub(b)),
                Kind::Sll => register!(|a, b| a << (b & 31)),
                Kind::Slt => register!(|a, b| u32::from((a as i32) < b as i32)),
                Kind::Sltu => register!(|a, b| u32::from(a < b)),
                Kind::Xor => register!(|a, b| a ^ b),
                Kind::Srl => register!(|a, b| a >> (b & 31)),
                Kind::Sra => register!(|a, b| (a as i32 >> (b & 31)) as u32),
                Kind::Or => register!(|a, b| a | b),
                Kind::And => register!(|a, b| a & b),
                Kind::Mul => register!(|a, b| a.wrapping_mul(b)),
                Kind::Mulh => register!(|a, b| alu::multiply_high(a, b)),
                Kind::Mulhsu => register!(|a, b| alu::multiply_high_signed_unsigned(a, b)),
                Kind::Mulhu => register!(|a, b| alu::multiply_high_unsigned(a, b)),
                Kind::Div => register!(|a, b| alu::divide(a, b)),
                Kind::Divu => register!(|a, b| alu::divide_unsigned(a, b)),
                Kind::Rem => register!(|a, b| alu::remainder(a, b)),
                Kind::Remu => register!(|a, b| alu::remainder_unsigned(a, b)),
                Kind::Lb => load!(1, |offset| byte(main, offset), |value| value as u8 as i8 as u32),
                Kind::Lbu => load!(1, |offset| byte(main, offset), |value| value),
                Kind::Lh => load!(2, |offset| half(main, offset), |value| value as u16 as i16 as u32),
                Kind::Lhu => load!(2, |offset| half(main, offset), |value| value),
                Kind::Lw => {
                    load!(4, |offset| main.get(offset.rotate_right(2) as usize).copied(), |value| value)
                }
                Kind::Sb => store!(1, |offset, value| store_byte(main, offset, value)),
                Kind::Sh => store!(2, |offset, value| store_half(main, offset, value)),
                Kind::Sw => store!(4, |offset, value| store_word(main, offset, value)),
                Kind::Beq => branch!(|a, b| a == b),
                Kind::Bne => branch!(|a, b| a != b),
                Kind::Blt => branch!(|a, b| (a as i32) < b as i32),
                Kind::Bge => branch!(|a, b| a as i32 >= b as i32),
                Kind::Bltu => branch!(|a, b| a < b),
                Kind::Bgeu => branch!(|a, b| a >= b),
                Kind::Jal => {
                    x[rd] = exits.get(index).map_or(0, |exit| exit.pc).wrapping_add(rs2 as u32);
                    block_end = End::Jump(index, immediate);
                    break;
                }
                Kind::Jalr => {
                    let target = x[rs1].wrapping_add(immediate) & !1;
                    x[rd] = exits.get(index).map_or(0, |exit| exit.pc).wrapping_add(rs2 as u32);
                    block_end = End::Jump(index, target);
                    break;
                }
                Kind::End => {
                    block_end = End::Jump(index, immediate);
                    break;
                }
                Kind::Fence => {}
                Kind::Line => {
                    // The wait is part of the next instruction: near the deadline nothing may come in between.
                    if TIMED {
                        if cycles + u64::from(bound) + fill >= deadline {
                            block_end = End::Before(index, Why::Attention);
                            break;
                        }
                        cycles += u64::from(outer.fetch_lines(immediate, immediate + rs2 as u32));
                    }
                }
                _ => {
                    block_end = End::Before(index, Why::Fault);
                    break;
                }
            }
        }
        match block_end {
            End::Jump(index, target) => {
                let Some(exit) = exits.get(index) else { break Leave::Deadline { pc } };
                instructions += u64::from(exit.instructions);
                cycles = if TIMED {
                    let spent = cycles + u64::from(exit.cycles);
                    spent.wrapping_add_signed(i64::from(exit.taken_extra))
                } else {
                    cycles + u64::from(exit.instructions)
                };
                let linked = blocks.blocks.get(exit.next as usize).is_some_and(|next| next.pc == target);
                if linked {
                    current = exit.next;
                } else if let Some(found) = blocks.find(target) {
                    current = found;
                } else {
                    break 'chain Leave::Unknown { from: first + index as u32, pc: target };
                }
            }
            End::Before(index, why) => {
                if let Some(done) = index.checked_sub(1).and_then(|index| exits.get(index)) {
                    instructions += u64::from(done.instructions);
                    cycles += if TIMED { u64::from(done.cycles) } else { u64::from(done.instructions) };
                }
                let pc = exits.get(index).map_or(pc, |exit| exit.pc);
                break Leave::Before { block: current, operation: first + index as u32, pc, why };
            }
        }
    };
    *clock = Clock { cycles, instructions };
    leave
}

#[inline(always)]
fn byte(main: &[u32], offset: u32) -> Option<u32> {
    let word = main.get((offset >> 2) as usize)?;
    Some(word >> ((offset & 3) * 8) & 0xff)
}

#[inline(always)]
fn half(main: &[u32], offset: u32) -> Option<u32> {
    let halfword = offset.rotate_right(1);
    let word = main.get((halfword >> 1) as usize)?;
    Some(word >> ((halfword & 1) * 16) & 0xffff)
}

#[inline(always)]
fn store_byte(main: &mut [u32], offset: u32, value: u32) -> bool {
    let shift = (offset & 3) * 8;
    match main.get_mut((offset >> 2) as usize) {
        Some(word) => {
            *word = *word & !(0xff << shift) | (value & 0xff) << shift;
            true
        }
        None => false,
    }
}

#[inline(always)]
fn store_half(main: &mut [u32], offset: u32, value: u32) -> bool {
    let halfword = offset.rotate_right(1);
    let shift = (halfword & 1) * 16;
    match main.get_mut((halfword >> 1) as usize) {
        Some(word) => {
            *word = *word & !(0xffff << shift) | (value & 0xffff) << shift;
            true
        }
        None => false,
    }
}

#[inline(always)]
fn store_word(main: &mut [u32], offset: u32, value: u32) -> bool {
    match main.get_mut(offset.rotate_right(2) as usize) {
        Some(word) => {
            *word = value;
            true
        }
        None => false,
    }
}
