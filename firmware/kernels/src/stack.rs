//! How deep the stack was: painted below the caller, and searched for what was overwritten.

use crate::machine;

const PAINT: u32 = 0x5ac3_a53c;
/// Left alone just below the stack pointer: the painter's own frame and what an interrupt may push.
const MARGIN: usize = 256;

/// Paints the unused stack.
#[inline(never)]
pub fn paint() {
    let (bottom, _) = machine::stack();
    let here = machine::stack_pointer();
    let mut address = bottom;
    while address + MARGIN < here {
        // SAFETY: `bottom..here` is the unused part of the one stack there is, and no interrupt is enabled.
        unsafe { core::ptr::write_volatile(address as *mut u32, PAINT) };
        address += 4;
    }
}

/// Bytes of stack that were used below the caller since it was painted.
#[inline(never)]
pub fn high_water() -> usize {
    let (bottom, _) = machine::stack();
    let here = machine::stack_pointer();
    let mut address = bottom;
    // SAFETY: as in `paint`.
    while address + MARGIN < here && unsafe { core::ptr::read_volatile(address as *const u32) } == PAINT {
        address += 4;
    }
    here.saturating_sub(address)
}
