//! The Xtensa chips as a process: their code, and system calls of Linux instead of the peripherals.
//!
//! `qemu-xtensa` runs the machine code of a program and serves its system calls. So the text goes to standard output, the
//! requests come from standard input, and nothing here knows cycles: they are given as 0. Instructions can be counted from
//! outside, by the emulator that sees the system calls: each [`count`] of them stands between two calls of `getpid`.

use core::arch::{asm, global_asm};
use core::fmt;
use ruvllm_esp_core::chip::{self, Chip, Radio};

// One block: the compiler may put several in another order.
global_asm!(
    ".section .literal.start, \"ax\"",
    ".align 4",
    ".Lstack: .4byte _stack_top",
    ".Lmain: .4byte {main}",
    ".section .text.start, \"ax\"",
    ".global _start",
    ".align 4",
    "_start:",
    "movi a0, 0",
    "l32r a1, .Lstack",
    "l32r a8, .Lmain",
    "callx8 a8",
    main = sym start,
);

/// The chip of this image, as the build names it.
pub const CHIP: &Chip = match env!("RUVLLM_VARIANT").as_bytes() {
    b"esp32s2" => &chip::esp32s2::CHIP,
    b"esp32s3" => &chip::esp32s3::CHIP,
    _ => &chip::esp32::CHIP,
};

/// The memory of the agent, as the chip's budget has it.
const ARENA: usize = CHIP.arena_budget(Radio::Off).arena.0 as usize;

/// What may be counted.
#[derive(Clone, Copy)]
pub enum Event {
    Cycles,
    Instructions,
}

/// System calls, by their numbers on Xtensa (linux `arch/xtensa/kernel/syscalls/syscall.tbl`).
#[derive(Clone, Copy)]
#[repr(u32)]
enum Call {
    Read = 12,
    Write = 13,
    Exit = 118,
    GetPid = 120,
}

#[repr(C, align(16))]
struct Memory([u8; ARENA]);

static mut MEMORY: Memory = Memory([0; ARENA]);

unsafe extern "C" {
    static _stack_bottom: u8;
    static _stack_top: u8;
}

extern "C" fn start() -> ! {
    crate::run();
    exit(0)
}

/// The memory of the agent; handed out once, by `run`.
pub fn memory() -> &'static mut [u8] {
    let memory = &raw mut MEMORY;
    // SAFETY: called once, from `run`; nothing else names MEMORY.
    unsafe { core::slice::from_raw_parts_mut(memory.cast::<u8>(), ARENA) }
}

/// Asks the system; the result is negative where it refuses.
///
/// # Safety
/// The arguments must be what the call takes.
unsafe fn system(call: Call, first: u32, second: u32, third: u32) -> i32 {
    let result: i32;
    // SAFETY: the convention of Linux on Xtensa: the number and the result in a2, the arguments in a6, a3, a4.
    unsafe {
        asm!("syscall", inlateout("a2") call as u32 => result, in("a6") first, in("a3") second, in("a4") third);
    }
    result
}

/// Where text goes.
pub struct Uart;

impl fmt::Write for Uart {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            // SAFETY: the address and the length of a slice, to be read.
            let written = unsafe { system(Call::Write, 1, rest.as_ptr().addr() as u32, rest.len() as u32) };
            rest = usize::try_from(written).ok().and_then(|written| rest.get(written..)).ok_or(fmt::Error)?;
        }
        Ok(())
    }
}

/// Waits for a byte; ends the run when there are no more.
pub fn receive() -> u8 {
    let mut byte = 0u8;
    // SAFETY: the address of one byte, to be written.
    let count = unsafe { system(Call::Read, 0, (&raw mut byte).addr() as u32, 1) };
    if count == 1 { byte } else { exit(0) }
}

/// Does `work`, between two marks for the emulator that counts instructions; this side counts nothing.
pub fn count(event: Event, work: &mut dyn FnMut(&mut ()) -> u32) -> u32 {
    mark(event);
    work(&mut ());
    mark(event);
    0
}

fn mark(event: Event) {
    if matches!(event, Event::Instructions) {
        // SAFETY: takes no arguments and has no effect.
        unsafe { system(Call::GetPid, 0, 0, 0) };
    }
}

/// Time stands still here, but for what a session waits.
pub struct Clock;

impl Clock {
    pub fn start() -> Self {
        Self
    }

    pub fn micros(&mut self) -> u64 {
        0
    }
}

/// The bounds of the stack.
pub fn stack() -> (usize, usize) {
    ((&raw const _stack_bottom).addr(), (&raw const _stack_top).addr())
}

/// Where the stack ends at the moment.
#[inline(always)]
pub fn stack_pointer() -> usize {
    let value: usize;
    // SAFETY: reading a register has no effect.
    unsafe { asm!("mov {}, a1", out(reg) value) };
    value
}

/// Ends the run.
pub fn exit(code: u32) -> ! {
    loop {
        // SAFETY: ends the process.
        unsafe { system(Call::Exit, code, 0, 0) };
    }
}
