//! The RAM that the linker leaves: the agent's arena below, the stack above it.
//!
//! esp-hal's linker script gives all RAM after the static data to the stack, from `_stack_start` downwards to
//! `_stack_end`. Of that the upper [`STACK_BYTES`] stay the stack and the rest is the arena. Nothing is typed in: a larger
//! program has a smaller arena.
//!
//! What the `unsafe` here rests on:
//! - The two symbols bound one stretch of RAM that holds no static and no code, whatever the chip: that is what the
//!   linker script says of its `.stack` section.
//! - The only other user of that stretch is the stack of the first core; the second core is never started.
//! - The arena is handed out once, and ends where the reserved stack begins. The stack stays above that: a data
//!   watchpoint on the lowest word of the reserve turns an overflow into a panic.
//! - What is read or painted of the reserve lies below the frame of the caller, where no live value is.
#![allow(unsafe_code)]

use portable_atomic::{AtomicBool, Ordering};
use ruvllm_esp_core::arena::ALIGNMENT;
use ruvllm_esp_core::chip::STACK_RESERVE;

/// The bytes reserved for the stack, as the simulator reserves them.
pub const STACK_BYTES: usize = STACK_RESERVE.get() as usize;

const PAINT: u32 = 0x5AFE_57AC;

/// How far below the caller's frame painting stops: room for its own frame, and for what is spilled around it.
const MARGIN: usize = 256;

unsafe extern "C" {
    static _stack_end_cpu0: u8;
    static _stack_start_cpu0: u8;
}

/// The first address of what the linker leaves, and the one after the last.
fn left_by_the_linker() -> (usize, usize) {
    ((&raw const _stack_end_cpu0) as usize, (&raw const _stack_start_cpu0) as usize)
}

/// The lowest address of the reserved stack.
fn stack_bottom() -> usize {
    let (low, high) = left_by_the_linker();
    (high - STACK_BYTES).max(low) & !(ALIGNMENT - 1)
}

/// The agent's memory; nothing when it was handed out before.
pub fn arena() -> Option<&'static mut [u8]> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    if TAKEN.swap(true, Ordering::AcqRel) {
        return None;
    }
    let low = left_by_the_linker().0.next_multiple_of(ALIGNMENT);
    let length = stack_bottom().saturating_sub(low);
    // SAFETY: RAM that nothing else uses, handed out once, see above. It is cleared first, so its bytes have values.
    unsafe {
        core::ptr::write_bytes(low as *mut u8, 0, length);
        Some(core::slice::from_raw_parts_mut(low as *mut u8, length))
    }
}

/// Paints the unused part of the stack and sets the watchpoint on its end. To be called before [`arena`] is.
#[inline(never)]
pub fn guard_stack() {
    let frame = 0u32;
    let end = ((&raw const frame) as usize - MARGIN) & !3;
    for address in (stack_bottom()..end).step_by(4) {
        // SAFETY: within the reserve and below this frame, see above.
        unsafe { (address as *mut u32).write_volatile(PAINT) };
    }
    // SAFETY: the address is aligned to a word.
    unsafe { esp_hal::debugger::set_stack_watchpoint(stack_bottom()) };
}

/// The most bytes of the stack that were in use at once since [`guard_stack`].
pub fn stack_used() -> usize {
    let (_, high) = left_by_the_linker();
    // SAFETY: aligned words of the reserve, see above; values in use are read as numbers and not interpreted.
    let painted = |address: &usize| unsafe { (*address as *const u32).read_volatile() } == PAINT;
    let unused = (stack_bottom()..high).step_by(4).take_while(painted).count() * 4;
    high - stack_bottom() - unused
}

/// The words on the stack that may be return addresses, from the caller outwards: for `monitor` to name.
#[inline(never)]
pub fn addresses_on_stack() -> impl Iterator<Item = usize> {
    let frame = 0u32;
    let (_, high) = left_by_the_linker();
    // SAFETY: aligned words between this frame and the top of the stack, read as numbers.
    let word = |address: usize| unsafe { (address as *const u32).read_volatile() } as usize;
    (((&raw const frame) as usize & !3)..high).step_by(4).map(word).filter(|word| is_code(*word))
}

/// Is it an address in the 4 MiB of flash where this code lies? The two upper bits are left out: on Xtensa they hold the
/// size of the register window.
fn is_code(address: usize) -> bool {
    const WINDOW: usize = 0x3fc0_0000;
    address & WINDOW == arena as *const () as usize & WINDOW
}
