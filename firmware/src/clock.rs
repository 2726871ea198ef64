//! The time since boot, from the timer that esp-hal keeps.

use esp_hal::time::Instant;
use portable_atomic::{AtomicBool, Ordering};
use ruvllm_esp_core::units::Micros;

static RUNS: AtomicBool = AtomicBool::new(false);

/// Says that the timer has been set up. Before that the time is zero: asking the timer is a panic of its own, and a panic
/// that asks it would say nothing of what went wrong.
pub fn start() {
    RUNS.store(true, Ordering::Relaxed);
}

/// The time since boot.
pub fn now() -> Micros {
    if !RUNS.load(Ordering::Relaxed) {
        return Micros(0);
    }
    Micros(Instant::now().duration_since_epoch().as_micros())
}

/// The time since boot in milliseconds. 32 bits of them would be over after 49.7 days.
pub fn millis() -> u64 {
    now().get() / 1_000
}
