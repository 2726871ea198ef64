//! Time that a measurement has had on this machine.
//!
//! Where the system tells how long a thread has had a processor (Linux), that is the clock, so that other work on the
//! host does not count; elsewhere it is the wall clock. Linux counts in ticks of a few milliseconds: measure tens of them.

use std::time::Instant;

/// How long the calling thread has worked.
#[derive(Debug)]
pub struct HostClock {
    wall: Instant,
    processor_nanoseconds: Option<u64>,
}

impl HostClock {
    /// Starts it for the calling thread.
    pub fn start() -> Self {
        Self { wall: Instant::now(), processor_nanoseconds: processor_nanoseconds() }
    }

    /// Seconds that the thread has worked since.
    pub fn seconds(&self) -> f64 {
        match (self.processor_nanoseconds, processor_nanoseconds()) {
            (Some(start), Some(now)) => now.saturating_sub(start) as f64 / 1e9,
            _ => self.wall.elapsed().as_secs_f64(),
        }
    }
}

/// Time that this thread has had a processor: the first number of Linux's `schedstat`.
fn processor_nanoseconds() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok()
}
