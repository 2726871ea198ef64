//! When the watchdog is fed: often enough that it never fires while the loop runs, however long the chip has been up.
//!
//! Time is 64 bits of milliseconds, 584 million years. With 32 bits that stood still at their end, no time passed after
//! 49.7 days, nothing was fed, and the watchdog reset a healthy chip.

/// How often it is fed, in milliseconds; its registers are slow.
pub const PERIOD: u64 = 100;

/// When it was last fed, and with which role at work.
#[derive(Clone, Copy, Debug)]
pub struct Feeding {
    fed: u64,
    role: &'static str,
}

impl Feeding {
    /// It was fed at `now`, in milliseconds since boot.
    pub fn new(now: u64) -> Self {
        Self { fed: now, role: "" }
    }

    /// Is it to be fed at `now`? It counts as fed then. A new role is noted at once, for it is kept over a reset.
    pub fn is_due(&mut self, now: u64, role: &'static str) -> bool {
        let is_due = now.saturating_sub(self.fed) >= PERIOD || self.role != role;
        if is_due {
            (self.fed, self.role) = (now, role);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The watchdog's patience, in milliseconds.
    const TIMEOUT: u64 = 10_000;

    /// Runs the loop, 3 ms a turn, for a minute around `middle`; the longest time without food.
    fn longest_wait(middle: u64) -> u64 {
        let start = middle.saturating_sub(30_000);
        let (mut feeding, mut fed, mut longest) = (Feeding::new(start), start, 0);
        for now in (start..start + 60_000).step_by(3) {
            longest = longest.max(now - fed);
            if feeding.is_due(now, "rag") {
                fed = now;
            }
        }
        longest
    }

    #[test]
    fn the_loop_feeds_it_across_every_rollover() {
        let micros = |power: u32| (1u64 << power) / 1_000;
        let rollovers = [0, 1 << 31, 1 << 32, 1 << 33, micros(31), micros(32), 7 * micros(32)];
        // Seconds, and the 16 MHz ticks of the timer.
        let more = [(1 << 31) * 1_000, (1 << 32) * 1_000, (1 << 52) / 16_000];
        for middle in rollovers.into_iter().chain(more) {
            let longest = longest_wait(middle);
            assert!(longest <= PERIOD + 3 && longest < TIMEOUT, "{longest} ms around {middle} ms");
        }
    }

    #[test]
    fn another_role_is_noted_at_once() {
        let mut feeding = Feeding::new(0);
        assert!(feeding.is_due(1, "rag"));
        assert!(!feeding.is_due(2, "rag") && feeding.is_due(3, "hnsw"));
    }
}
