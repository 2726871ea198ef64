//! Finding what is unlike the past: in sensor streams and in texts.
//!
//! Both detectors work alike. What is new is as anomalous as its nearest neighbour among what was learned is far away;
//! how far is too far comes from the distances that the learned things had themselves; and what is learned is a sliding
//! window, so a detector runs for ever in the memory it was given. All arithmetic is integer and saturates.

mod channel;
mod history;
mod nearest;
mod ring;
pub mod sample;
pub mod stream;
pub mod text;

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

impl State {
    /// The word on the console.
    pub const fn name(self) -> &'static str {
        match self {
            State::WarmingUp { .. } => "WARMUP",
            State::Normal => "NORMAL",
            State::Anomaly => "ANOMALY",
        }
    }
}
