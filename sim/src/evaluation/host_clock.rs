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

/// Seconds that all threads of this process have worked, where the system says so (Linux). The system counts in ticks of
/// 10 ms.
pub fn process_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in brackets and may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field)?.parse::<u64>().ok();
    Some((ticks(11)? + ticks(12)?) as f64 / 100.0)
}

/// Memory of this process that takes up room, where the system says so (Linux).
pub fn resident_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}
