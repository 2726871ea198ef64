//! The stack's high-water mark.
//!
//! Paint the stack before a run, look how far down the paint is gone afterwards. A program that happens to write the paint itself hides that word; a single such word changes nothing, because the
//! mark is the lowest word that differs.

use super::bus::Bus;

/// What unused stack is filled with.
const PAINT: u32 = 0x5aa5_c33c;

/// Fills the words from `low` up to `high` (exclusive, both multiples of 4); the first address that is not memory
/// otherwise.
pub fn paint(bus: &mut Bus, low: u32, high: u32) -> Result<(), u32> {
    (low..high).step_by(4).try_for_each(|address| bus.poke(address, &PAINT.to_le_bytes()))
}

/// Bytes used of a stack that was painted from `low` and grows down from `high`.
pub fn high_water(bus: &Bus, low: u32, high: u32) -> u32 {
    let lowest = (low..high).step_by(4).find(|&address| bus.inspect(address, 4) != Some(PAINT));
    lowest.map_or(0, |address| high - address)
}

#[cfg(test)]
mod tests {
    use super::super::assemble::{A1, EBREAK, SP, ZERO, addi, bytes, sw};
    use super::super::{Machine, Pace, chip};
    use super::*;

    #[test]
    fn the_mark_is_the_deepest_word_written() {
        let (low, high) = (0x3fc9_0000, 0x3fc9_1000);
        let mut machine = Machine::new(&chip::ESP32C3, Pace::Untimed);
        paint(&mut machine.bus, low, high).unwrap();
        assert_eq!(high_water(&machine.bus, low, high), 0);
        // A frame of 64 bytes of which the lowest word is written, and a deeper one that is only reserved.
        let program = [addi(SP, SP, -64), sw(A1, SP, 0), addi(SP, SP, -64), addi(A1, ZERO, 1), EBREAK];
        machine.bus.poke(0x4038_0000, &bytes(&program)).unwrap();
        machine.hart.integers[SP as usize] = high;
        machine.hart.pc = 0x4038_0000;
        machine.run(100);
        assert_eq!(high_water(&machine.bus, low, high), 64);
        assert_eq!(paint(&mut machine.bus, 0x1000_0000, 0x1000_0010), Err(0x1000_0000));
    }
}
