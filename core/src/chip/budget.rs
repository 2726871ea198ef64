//! Where a chip's RAM goes: one subtraction a line, down to the arena.
//!
//! The arena is one slice, so it lies in the main region. The radio's heap moves to the reclaimed region as far as that
//! reaches; what is left there is reported and not counted.

use super::{ALL, Chip, Radio};
use crate::units::Bytes;

/// The least stack that esp-hal links a program with.
const MIN_STACK: Bytes = Bytes::kib(8);

/// What is set aside beyond the deepest stack that was emulated, in hundredths of it: for interrupts, for the windows that
/// Xtensa spills to the stack, and for a compiler that lays frames out otherwise.
const STACK_MARGIN: u32 = 50;

/// What is set aside for the stack: the deepest of any chip ([`Chip::stack_depth`]) and half of that again, in whole KiB.
pub const STACK_RESERVE: Bytes = {
    let (mut deepest, mut at) = (MIN_STACK.0, 0);
    while at < ALL.len() {
        let depth = match ALL[at].stack_depth {
            Some(depth) => depth.0,
            None => 0,
        };
        let reserve = depth * (100 + STACK_MARGIN) / 100;
        deepest = if reserve > deepest { reserve } else { deepest };
        at += 1;
    }
    Bytes(deepest.div_ceil(1024) * 1024)
};

/// Where the RAM of a chip goes.
///
/// `total = firmware + stack + radio_fixed + radio_heap_main + arena`, unless something is [missing](Budget::missing).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The main region.
    pub total: Bytes,
    /// Static data and RAM code of the firmware, its link to other chips included.
    pub firmware: Bytes,
    /// The stack, [`STACK_RESERVE`].
    pub stack: Bytes,
    /// The radio's own static data and RAM code.
    pub radio_fixed: Bytes,
    /// The heap that the radio wants, in both regions together.
    pub radio_heap: Bytes,
    /// The part of that heap which the reclaimed region holds, at no cost to the arena.
    pub radio_heap_reclaimed: Bytes,
    /// The part of that heap which the main region has to hold.
    pub radio_heap_main: Bytes,
    /// What is left: the memory an agent lives in.
    pub arena: Bytes,
    /// What the reclaimed region still has, unused.
    pub reclaimed_free: Bytes,
    /// By how much the main region is too small for all but the arena; zero on every chip of the table.
    pub missing: Bytes,
}

const fn smaller(a: Bytes, b: Bytes) -> Bytes {
    if a.0 < b.0 { a } else { b }
}

const fn sum(parts: [Bytes; 4]) -> Bytes {
    let [a, b, c, d] = parts;
    Bytes(a.0.saturating_add(b.0).saturating_add(c.0).saturating_add(d.0))
}

impl Chip {
    /// Where this chip's RAM goes when its radio is used as `radio` says.
    pub const fn arena_budget(&self, radio: Radio) -> Budget {
        let total = self.memory.main.value.size;
        let reclaimed = self.memory.reclaimed.value.size;
        let (radio_fixed, radio_heap) = match self.radio_costs.of(radio) {
            Some(cost) => (cost.fixed.value, cost.heap.value),
            None => (Bytes(0), Bytes(0)),
        };
        let radio_heap_reclaimed = smaller(radio_heap, reclaimed);
        let radio_heap_main = radio_heap.saturating_sub(radio_heap_reclaimed);
        let firmware = self.firmware.value;
        let taken = sum([firmware, STACK_RESERVE, radio_fixed, radio_heap_main]);
        Budget {
            total,
            firmware,
            stack: STACK_RESERVE,
            radio_fixed,
            radio_heap,
            radio_heap_reclaimed,
            radio_heap_main,
            arena: total.saturating_sub(taken),
            reclaimed_free: reclaimed.saturating_sub(radio_heap_reclaimed),
            missing: taken.saturating_sub(total),
        }
    }
}

impl Budget {
    /// Each part of the main region by name, the arena last; together they are the whole region.
    pub const fn parts(&self) -> [(&'static str, Bytes); 5] {
        [
            ("firmware", self.firmware),
            ("stack", self.stack),
            ("radio static", self.radio_fixed),
            ("radio heap", self.radio_heap_main),
            ("arena", self.arena),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip;

    #[test]
    fn the_parts_of_every_budget_sum_to_the_main_region() {
        for chip in ALL {
            for radio in Radio::ALL {
                let budget = chip.arena_budget(radio);
                let parts: u32 = budget.parts().iter().map(|(_, bytes)| bytes.get()).sum();
                assert_eq!(parts, chip.memory.main.value.size.get(), "{} {}", chip.name, radio.name());
                assert_eq!(budget.missing, Bytes(0));
                assert_eq!(budget.radio_heap_reclaimed + budget.radio_heap_main, budget.radio_heap);
                assert_eq!(
                    budget.reclaimed_free + budget.radio_heap_reclaimed,
                    chip.memory.reclaimed.value.size
                );
            }
        }
    }

    #[test]
    fn a_radio_costs_arena_and_wifi_costs_more_than_espnow() {
        for chip in ALL {
            let [off, espnow, wifi] = Radio::ALL.map(|radio| chip.arena_budget(radio).arena);
            assert!(off > espnow && espnow > wifi, "{}", chip.name);
        }
    }

    #[test]
    fn esp32c3_without_a_radio_keeps_279_kib() {
        // 320,512 main - 15,072 firmware - 19,456 stack
        assert_eq!(chip::esp32c3::CHIP.arena_budget(Radio::Off).arena, Bytes(285_984));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let mut small = chip::esp32s2::CHIP;
        small.memory.main.value.size = Bytes(60_000);
        let budget = small.arena_budget(Radio::Wifi);
        assert_eq!(budget.arena, Bytes(0));
        let taken = budget.firmware + budget.stack + budget.radio_fixed + budget.radio_heap_main;
        assert_eq!(budget.missing, Bytes(taken.get() - 60_000));
    }
}
