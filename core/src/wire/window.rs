//! Which of a peer's numbers were seen: the memory behind "once".
//!
//! A window remembers the highest number and the 63 below it. What is older counts as stale and is refused, because
//! nobody remembers any more whether it was seen. It serves duplicate suppression (message sequences) and replay
//! protection (frame counters) alike.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// How many numbers a window remembers.
pub const WINDOW: u32 = 64;

/// What a window says of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowVerdict {
    /// Never seen.
    New,
    /// Seen before.
    Seen,
    /// Too old to tell.
    Stale,
}

/// The numbers seen. All zeros: unused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Window {
    /// Bit `n`: the number `n` below the highest was seen. 0 until the first number.
    seen: u64,
    highest: u64,
}
const _: () = assert!(size_of::<Window>() == 16);

impl Window {
    /// What is known of `number`.
    pub fn verdict(&self, number: u64) -> WindowVerdict {
        if self.seen == 0 || number > self.highest {
            return WindowVerdict::New;
        }
        match self.highest - number {
            distance if distance >= u64::from(WINDOW) => WindowVerdict::Stale,
            distance if self.seen >> distance & 1 == 1 => WindowVerdict::Seen,
            _ => WindowVerdict::New,
        }
    }

    /// Remembers `number`; a stale one is ignored.
    pub fn mark(&mut self, number: u64) {
        let shift = |distance: u64| u32::try_from(distance).unwrap_or(u32::MAX);
        if self.seen == 0 {
            *self = Self { seen: 1, highest: number };
        } else if number > self.highest {
            self.seen = self.seen.checked_shl(shift(number - self.highest)).unwrap_or(0) | 1;
            self.highest = number;
        } else {
            self.seen |= 1u64.checked_shl(shift(self.highest - number)).unwrap_or(0);
        }
    }

    /// A window in which everything up to `number` is seen or stale.
    pub fn up_to(number: u64) -> Self {
        Self { seen: u64::MAX, highest: number }
    }

    /// Counts every number as seen that is `distance` or more below the highest.
    pub fn close_from(&mut self, distance: u32) {
        if self.seen != 0 {
            self.seen |= u64::MAX.checked_shl(distance).unwrap_or(0);
        }
    }

    /// The highest number seen.
    pub fn highest(&self) -> Option<u64> {
        (self.seen != 0).then_some(self.highest)
    }

    /// The number whose lower half is `low` that is nearest to the highest seen: counts of 32 bits that begin again at 0
    /// go on here.
    pub fn extend(&self, low: u32) -> u64 {
        if self.seen == 0 {
            // Above 0, so that older numbers have somewhere to be.
            return 1 << 32 | u64::from(low);
        }
        let distance = low.wrapping_sub(self.highest as u32).cast_signed();
        self.highest.saturating_add_signed(distance.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn no_number_is_new_twice(numbers in proptest::collection::vec(0u64..300, 0..400)) {
            let mut window = Window::default();
            let mut seen = BTreeSet::new();
            for number in numbers {
                let verdict = window.verdict(number);
                match verdict {
                    WindowVerdict::New => prop_assert!(seen.insert(number)),
                    WindowVerdict::Seen => prop_assert!(seen.contains(&number)),
                    WindowVerdict::Stale => prop_assert!(seen.range(number + u64::from(WINDOW)..).next().is_some()),
                }
                window.mark(number);
                if verdict != WindowVerdict::Stale {
                    prop_assert_eq!(window.verdict(number), WindowVerdict::Seen);
                }
            }
        }
    }

    #[test]
    fn counts_of_32_bits_go_on_past_their_end_and_their_middle() {
        for start in [0, u32::MAX >> 1, u32::MAX - 50, 7] {
            let mut window = Window::default();
            for step in 0..200 {
                let number = window.extend(u32::wrapping_add(start, step));
                assert_eq!(window.verdict(number), WindowVerdict::New, "{start} + {step}");
                window.mark(number);
                assert_eq!(window.verdict(window.extend(start.wrapping_add(step))), WindowVerdict::Seen);
            }
            assert_eq!(window.verdict(window.extend(start)), WindowVerdict::Stale);
        }
    }

    #[test]
    fn the_ends_of_the_number_line() {
        let mut window = Window::default();
        window.mark(u64::MAX);
        assert_eq!(window.verdict(u64::MAX), WindowVerdict::Seen);
        assert_eq!(window.verdict(0), WindowVerdict::Stale);
        window.mark(0);
        assert_eq!(window.highest(), Some(u64::MAX));
        assert_eq!(Window::up_to(7).verdict(7), WindowVerdict::Seen);
        assert_eq!(Window::up_to(7).verdict(8), WindowVerdict::New);
        let mut window = Window::default();
        [1, 2, 5, 9].into_iter().for_each(|number| window.mark(number));
        window.close_from(4);
        let open = (0..=9).filter(|number| window.verdict(*number) == WindowVerdict::New);
        assert!(open.eq([6, 7, 8]));
    }
}
