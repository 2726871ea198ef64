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
pub enum Standing {
    /// Never seen.
    New,
    /// Seen before.
    Seen,
    /// Too old to tell.
    Stale,
}

/// The numbers seen. All zeros is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Window {
    /// Bit `n`: the number `n` below the highest was seen.
    seen: u64,
    highest: u32,
    /// 0 until the first number.
    begun: u32,
}
const _: () = assert!(size_of::<Window>() == 16);

impl Window {
    /// What is known of `number`.
    pub fn standing(&self, number: u32) -> Standing {
        if self.begun == 0 || number > self.highest {
            return Standing::New;
        }
        match self.highest - number {
            distance if distance >= WINDOW => Standing::Stale,
            distance if self.seen >> distance & 1 == 1 => Standing::Seen,
            _ => Standing::New,
        }
    }

    /// Remembers `number`; a stale one is ignored.
    pub fn mark(&mut self, number: u32) {
        if self.begun == 0 {
            *self = Self { seen: 1, highest: number, begun: 1 };
        } else if number > self.highest {
            self.seen = self.seen.checked_shl(number - self.highest).unwrap_or(0) | 1;
            self.highest = number;
        } else {
            self.seen |= 1u64.checked_shl(self.highest - number).unwrap_or(0);
        }
    }

    /// A window in which everything up to `number` is seen or stale.
    pub fn up_to(number: u32) -> Self {
        Self { seen: u64::MAX, highest: number, begun: 1 }
    }

    /// The highest number seen.
    pub fn highest(&self) -> Option<u32> {
        (self.begun != 0).then_some(self.highest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn no_number_is_new_twice(numbers in proptest::collection::vec(0u32..300, 0..400)) {
            let mut window = Window::default();
            let mut seen = BTreeSet::new();
            for number in numbers {
                let standing = window.standing(number);
                match standing {
                    Standing::New => prop_assert!(seen.insert(number)),
                    Standing::Seen => prop_assert!(seen.contains(&number)),
                    Standing::Stale => prop_assert!(seen.range(number + WINDOW..).next().is_some()),
                }
                window.mark(number);
                if standing != Standing::Stale {
                    prop_assert_eq!(window.standing(number), Standing::Seen);
                }
            }
        }
    }

    #[test]
    fn the_ends_of_the_number_line() {
        let mut window = Window::default();
        window.mark(u32::MAX);
        assert_eq!(window.standing(u32::MAX), Standing::Seen);
        assert_eq!(window.standing(0), Standing::Stale);
        window.mark(0);
        assert_eq!(window.highest(), Some(u32::MAX));
        assert_eq!(Window::up_to(7).standing(7), Standing::Seen);
        assert_eq!(Window::up_to(7).standing(8), Standing::New);
    }
}
