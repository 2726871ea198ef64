//! Finding what is unlike the past: in sensor streams and in texts.
//!
//! Both detectors work alike. What is new gets a score; how rare that score is comes from the scores that the learned
//! things had themselves; and what is learned fades, so a detector runs forever in the memory it was given. All
//! arithmetic is integer and saturates.

mod channel;
mod coarse;
mod episode;
mod fixed_point;
mod logarithm;
mod nearest;
pub mod reading;
mod relation;
mod ring;
pub mod stream;
mod tail;
pub mod text;
mod verdict;

/// What a detector thinks of what it was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It has not learned enough to judge.
    WarmingUp {
        /// How many more it wants, this one included.
        remaining: u32,
    },
    /// It is like what was learned.
    Normal,
    /// It is not.
    Anomaly,
}
