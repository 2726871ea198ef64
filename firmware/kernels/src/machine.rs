//! ESP32-C3 and ESP32-C6 without their peripherals, but for the UART and the performance counter.

use core::arch::{asm, global_asm};
use core::fmt;
use ruvllm_esp_core::chip::{self, Chip, Radio};

global_asm!(
    ".section .text.start, \"ax\"",
    ".global _start",
    "_start:",
    ".option push",
    ".option norelax",
    "la gp, __global_pointer$",
    ".option pop",
    "la sp, _stack_top",
    "la t0, _bss_start",
    "la t1, _bss_end",
    "1: bgeu t0, t1, 2f",
    "sw zero, 0(t0)",
    "addi t0, t0, 4",
    "j 1b",
    "2: call {main}",
    main = sym start,
);

/// The chip of this image: the ESP32-C6 is the one whose core has the A extension.
pub const CHIP: &Chip = if cfg!(target_feature = "a") { &chip::esp32c6::CHIP } else { &chip::esp32c3::CHIP };

/// The memory of the agent, as the chip's budget has it.
const ARENA: usize = CHIP.arena_budget(Radio::Off).arena.0 as usize;

/// Registers of UART0 on both chips: what was received or is to be sent, and how much of it (esp-idf `uart_reg.h`).
const UART_FIFO: *mut u32 = 0x6000_0000 as *mut u32;
const UART_STATUS: *const u32 = 0x6000_001c as *const u32;

/// What the performance counter counts: bits of `mpcer` (ESP32-C3 technical reference manual 1.4).
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum Event {
    Cycles = 1 << 0,
    Instructions = 1 << 1,
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

/// Where text goes.
pub struct Uart;

impl fmt::Write for Uart {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            // SAFETY: the UART's transmit register; a write to it has no other effect.
            unsafe { UART_FIFO.write_volatile(u32::from(byte)) };
        }
        Ok(())
    }
}

/// Waits for a byte.
pub fn receive() -> u8 {
    // SAFETY: reading the status has no effect, reading the FIFO takes a byte out of it.
    unsafe {
        while UART_STATUS.read_volatile() & 0x3ff == 0 {
            idle();
        }
        UART_FIFO.read_volatile() as u8
    }
}

/// Nothing has been received: where an emulator finds the program waiting.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn idle() {
    // SAFETY: an instruction without an effect.
    unsafe { asm!("nop") };
}

/// How many events `work` takes, and a few of the counting itself. Not inlined: every count is by the same code.
#[inline(never)]
pub fn count(event: Event, work: &mut dyn FnMut(&mut ()) -> u32) -> u32 {
    select(event);
    let before = counter();
    work(&mut ());
    counter().wrapping_sub(before)
}

fn select(event: Event) {
    // SAFETY: the performance counter of these chips: 0x7e0 event, 0x7e1 mode.
    unsafe {
        asm!("csrw 0x7e0, {}", in(reg) event as u32);
        asm!("csrw 0x7e1, {}", in(reg) 1);
    }
}

fn counter() -> u32 {
    let value: u32;
    // SAFETY: reading a counter has no effect.
    unsafe { asm!("csrr {}, 0x7e2", out(reg) value) };
    value
}

/// Time since it was started, by the cycle counter; it must be asked before the counter has gone round.
pub struct Clock {
    last: u32,
    cycles: u64,
}

impl Clock {
    pub fn start() -> Self {
        select(Event::Cycles);
        Self { last: counter(), cycles: 0 }
    }

    pub fn micros(&mut self) -> u64 {
        let now = counter();
        self.cycles += u64::from(now.wrapping_sub(core::mem::replace(&mut self.last, now)));
        self.cycles / u64::from(CHIP.clock.value.get() / 1_000_000).max(1)
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
    unsafe { asm!("mv {}, sp", out(reg) value) };
    value
}

/// Set to 1 for success and to another odd number for failure: how a test program ends in an emulator.
#[unsafe(no_mangle)]
static mut tohost: u32 = 0;

/// Ends the run.
pub fn exit(code: u32) -> ! {
    // SAFETY: the one write to this word; the emulator watches it.
    unsafe { core::ptr::write_volatile(&raw mut tohost, code << 1 | 1) };
    loop {
        // SAFETY: waits for an interrupt that never comes.
        unsafe { asm!("wfi") };
    }
}
