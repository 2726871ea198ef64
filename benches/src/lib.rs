//! What every benchmark here shares: short runs, so that all of them together take a minute.

use criterion::Criterion;
use std::time::Duration;

/// Short warm-up and measurement; `cargo bench -- --measurement-time 5` takes longer.
pub fn quick() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(400))
}
