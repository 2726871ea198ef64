//! How good the core's parts are: measured on data, not asserted.
//!
//! Each file evaluates one part of the core and returns a report that prints and serialises; the tests beside it hold the
//! floors. Evaluations run on the host, with the very code that runs on a chip, and are deterministic: the same seed
//! gives the same report, byte for byte.

pub mod anomaly;
mod bench_chip;
#[cfg(feature = "compare")]
pub mod compare;
pub mod dataset;
pub mod embed;
pub mod emulator;
pub mod fleet;
pub mod host_clock;
pub mod household;
pub mod index;
pub mod others;
pub mod recall;
pub mod reliability;
pub mod sentences;
pub mod tfidf;
pub mod threshold;
