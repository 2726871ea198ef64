//! A unit is a type: bytes, cycles, hertz and microseconds cannot be mixed up.
//!
//! Each holds a plain unsigned integer, in the unit its name says, and prints itself with that unit.

use core::fmt;
use core::ops::{Add, AddAssign, Sub};

macro_rules! unit {
    ($(#[$doc:meta])* $name:ident($inner:ty), $suffix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl $name {
            /// The bare number, in the unit of the type.
            pub const fn get(self) -> $inner {
                self.0
            }

            /// The difference, or zero where `other` is larger.
            pub const fn saturating_sub(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0))
            }
        }

        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0.saturating_add(other.0))
            }
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                *self = *self + other;
            }
        }

        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                self.saturating_sub(other)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("{} ", $suffix), self.0)
            }
        }
    };
}

unit!(
    /// A size in memory. Arithmetic saturates: a chip's address space is 32 bits wide.
    Bytes(u32), "B"
);
unit!(
    /// A span of a processor's clock.
    Cycles(u64), "cycles"
);
unit!(
    /// A clock rate.
    Hertz(u32), "Hz"
);
unit!(
    /// A point in time since boot, or a span of time.
    Micros(u64), "us"
);
unit!(
    /// A span of time too short for microseconds: what one command costs.
    Nanos(u64), "ns"
);
unit!(
    /// An electric current.
    Microamps(u32), "uA"
);
unit!(
    /// An amount of energy.
    Nanojoules(u64), "nJ"
);

impl Bytes {
    /// `n` KiB.
    pub const fn kib(n: u32) -> Self {
        Self(n.saturating_mul(1024))
    }
}

impl Hertz {
    /// `n` MHz.
    pub const fn mhz(n: u32) -> Self {
        Self(n.saturating_mul(1_000_000))
    }
}

impl Micros {
    /// `n` seconds.
    pub const fn seconds(n: u64) -> Self {
        Self(n.saturating_mul(1_000_000))
    }

    /// Whole seconds, rounded down.
    pub const fn as_seconds(self) -> u64 {
        self.0 / 1_000_000
    }
}

/// A ratio in thousandths, printed with three decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Thousandths(pub i32);

impl fmt::Display for Thousandths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:03}", magnitude / 1000, magnitude % 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn arithmetic_saturates_instead_of_wrapping() {
        assert_eq!(Bytes(1) - Bytes(2), Bytes(0));
        assert_eq!(Bytes(u32::MAX) + Bytes(1), Bytes(u32::MAX));
        assert_eq!(Bytes::kib(u32::MAX), Bytes(u32::MAX));
    }

    #[test]
    fn a_unit_prints_itself() {
        assert_eq!(format!("{} {}", Thousandths(-7), Thousandths(1234)), "-0.007 1.234");
        assert_eq!(format!("{} {}", Bytes::kib(2), Micros::seconds(3)), "2048 B 3000000 us");
    }
}
