//! What a chip draws at 3.3 V, as a range and a value to compute with.

use super::Sourced;
use crate::units::Microamps;

/// A current and the range it is known to lie in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Current {
    /// The value to compute with: the middle of the range.
    pub typical: Microamps,
    /// The least, such as with the clocks of all peripherals off.
    pub low: Microamps,
    /// The most, such as with all of them on.
    pub high: Microamps,
}

impl Current {
    /// The range from `low` to `high`, in microamperes, with its middle as the value.
    pub const fn range(low: u32, high: u32) -> Self {
        let middle = low.saturating_add(high.saturating_sub(low) / 2);
        Self { typical: Microamps(middle), low: Microamps(low), high: Microamps(high) }
    }
}

/// What a chip draws, typically, at 3.3 V.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Power {
    /// One core computing at the highest clock, radio off.
    pub run: Sourced<Current>,
    /// Waiting for an interrupt at the highest clock, radio off; `None` where no source says.
    pub idle: Option<Sourced<Current>>,
    /// While the radio sends: over its rates and powers.
    pub send: Sourced<Current>,
    /// While the radio listens.
    pub receive: Sourced<Current>,
}
