//! A chip's own clock, which begins at each boot and runs a little fast or slow.

use ruvllm_esp_core::units::{Micros, Nanos};

/// Turns true time into a chip's time and back.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// A true time, and what the clock showed then, in nanoseconds.
    anchor: (Nanos, u64),
    /// How much faster than true it runs, in millionths.
    skew: i32,
}

const MILLION: i128 = 1_000_000;

impl Clock {
    /// A clock that shows zero at `boot`.
    pub fn new(boot: Nanos, skew: i32) -> Self {
        Self::showing(Micros(0), boot, skew)
    }

    /// A clock that shows `shown` at `boot`.
    pub fn showing(shown: Micros, boot: Nanos, skew: i32) -> Self {
        Self { anchor: (boot, shown.get().saturating_mul(1_000)), skew }
    }

    /// What it shows, in microseconds.
    pub fn shows(&self, at: Nanos) -> Micros {
        Micros(self.nanos(at) / 1_000)
    }

    fn nanos(&self, at: Nanos) -> u64 {
        let (then, shown) = self.anchor;
        let passed = i128::from((at - then).get()) * self.rate() / MILLION;
        shown.saturating_add(u64::try_from(passed).unwrap_or(u64::MAX))
    }

    /// The first true time at which it shows `local`.
    pub fn when(&self, local: Micros) -> Nanos {
        let (then, shown) = self.anchor;
        let ahead = i128::from(local.get()) * 1_000 - i128::from(shown);
        let wait = (ahead.max(0) * MILLION + self.rate() - 1) / self.rate();
        then + Nanos(u64::try_from(wait).unwrap_or(u64::MAX))
    }

    /// How much faster than true it runs.
    pub fn skew(&self) -> i32 {
        self.skew
    }

    /// Runs at another rate from `at` on; what it shows does not jump.
    pub fn skew_from(&mut self, at: Nanos, skew: i32) {
        self.anchor = (at, self.nanos(at));
        self.skew = skew;
    }

    /// A clock that stood still would never wake anybody.
    fn rate(&self) -> i128 {
        (MILLION + i128::from(self.skew)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_fast_clock_gains_and_does_not_jump_when_its_rate_changes() {
        let mut clock = Clock::new(Nanos(5_000), 100);
        let day = Nanos(86_400_000_000_000);
        assert_eq!(clock.shows(Nanos(5_000) + day), Micros(86_400_000_000 + 8_640_000));
        clock.skew_from(Nanos(5_000) + day, -100);
        assert_eq!(clock.shows(Nanos(5_000) + day), Micros(86_408_640_000));
        assert_eq!(clock.shows(Nanos(5_000) + day + day), Micros(2 * 86_400_000_000));
    }

    proptest! {
        #[test]
        fn when_is_the_first_time_at_which_it_shows(boot in 0u64..1 << 50, skew in -900_000i32..900_000, local in 0u64..1 << 40) {
            let clock = Clock::new(Nanos(boot), skew);
            let when = clock.when(Micros(local));
            prop_assert!(clock.shows(when) >= Micros(local));
            prop_assert!(when == Nanos(boot) || clock.shows(when - Nanos(1)) < Micros(local));
        }
    }
}
