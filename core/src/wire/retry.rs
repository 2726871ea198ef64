//! When to say it again: exponential back-off with repeatable jitter.
//!
//! The wait doubles with each attempt up to a limit, and a part that depends on who sends what to whom is added, so
//! that two chips that collided do not collide again in step. No generator is asked: the same message waits as long
//! in every run.

use super::sessions::FORGET_AFTER;
use crate::units::Micros;

/// How long to wait for an acknowledgement, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// The first wait: a round trip of the link with some slack.
    pub first: Micros,
    /// No wait without jitter is longer.
    pub longest: Micros,
    /// After this many transmissions without a sign of progress the message is given up.
    pub attempts: u8,
}

impl Timing {
    /// Waits suited to a link whose round trip takes about `round_trip`.
    pub const fn for_round_trip(round_trip: Micros) -> Self {
        Self { first: Micros(round_trip.get() * 2), longest: Micros::seconds(2), attempts: 16 }
    }

    /// How long to wait after transmission `attempt`, counted from 1, of a message of `sender`.
    pub fn wait(&self, attempt: u8, sender: u16, receiver: u16, sequence: u32) -> Micros {
        let doublings = u32::from(attempt.saturating_sub(1)).min(32);
        let wait = self.first.get().saturating_mul(1 << doublings).min(self.longest.get());
        let index = u64::from(sender) << 48 | u64::from(receiver) << 32 | u64::from(sequence);
        let jitter = mix(index ^ u64::from(attempt) << 56) % (wait / 2 + 1);
        Micros(wait.saturating_add(jitter))
    }

    /// The longest that a message is tried without a sign of progress.
    pub fn patience(&self) -> Micros {
        let attempts = u64::from(self.attempts);
        Micros(self.longest.get().max(self.first.get()).saturating_mul(attempts).saturating_mul(3) / 2)
    }

    /// Is every message given up before its receiver may forget that it came?
    pub fn is_safe(&self) -> bool {
        self.attempts > 0 && self.patience() < FORGET_AFTER
    }
}

/// The finaliser of SplitMix64: every bit of the input moves every bit of the output.
/// Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
pub(crate) fn mix(value: u64) -> u64 {
    let value = (value ^ value >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ value >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ value >> 31
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const TIMING: Timing = Timing::for_round_trip(Micros(10_000));

    #[test]
    fn waits_double_up_to_the_limit_and_end() {
        for attempt in 1..=TIMING.attempts {
            let least = (20_000u64 << (attempt - 1)).min(2_000_000);
            let wait = TIMING.wait(attempt, 1, 2, 7).get();
            assert!((least..=least + least / 2).contains(&wait), "attempt {attempt}: {wait} us");
        }
        assert!(TIMING.is_safe());
        assert!(TIMING.wait(255, 1, 2, 7) <= Micros::seconds(3));
    }

    #[test]
    fn jitter_parts_what_collided_and_repeats() {
        let waits: BTreeSet<u64> = (0..20).map(|sender| TIMING.wait(1, sender, 99, 0).get() / 100).collect();
        assert!(waits.len() > 15, "{waits:?}");
        assert_eq!(TIMING.wait(3, 4, 5, 6), TIMING.wait(3, 4, 5, 6));
    }
}
