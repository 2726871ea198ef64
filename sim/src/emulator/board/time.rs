//! Chip time, and how the CPU's cycles become it.
//!
//! A tick is one cycle of the fastest CPU clock, 1/160 of a microsecond. At a lower clock a CPU cycle is several
//! ticks; at every change of the clock the account so far is closed. All dividers of these chips give whole ticks.

/// Time since power-on.
pub type Ticks = u64;

pub const MICROSECOND: Ticks = 160;
pub const MILLISECOND: Ticks = 1000 * MICROSECOND;

/// The relation between cycles and ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timebase {
    cycles: u64,
    ticks: Ticks,
    ticks_per_cycle: u64,
}

impl Timebase {
    /// From power-on, at `megahertz`.
    pub fn new(megahertz: u64) -> Self {
        Self { cycles: 0, ticks: 0, ticks_per_cycle: MICROSECOND / megahertz.clamp(1, MICROSECOND) }
    }

    /// The time at `cycles`.
    pub fn at(&self, cycles: u64) -> Ticks {
        self.ticks + cycles.saturating_sub(self.cycles) * self.ticks_per_cycle
    }

    /// The first cycle at or after `ticks`.
    pub fn cycle_of(&self, ticks: Ticks) -> u64 {
        self.cycles + ticks.saturating_sub(self.ticks).div_ceil(self.ticks_per_cycle)
    }

    /// From `cycles` on the CPU runs at `megahertz`.
    pub fn change(&mut self, cycles: u64, megahertz: u64) {
        self.ticks = self.at(cycles);
        self.cycles = cycles;
        self.ticks_per_cycle = MICROSECOND / megahertz.clamp(1, MICROSECOND);
    }

    /// Time passes while the CPU stands still.
    pub fn skip(&mut self, ticks: Ticks) {
        self.ticks += ticks;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slower_clock_makes_longer_cycles() {
        let mut base = Timebase::new(20);
        assert_eq!(base.at(20), MICROSECOND);
        base.change(20, 160);
        assert_eq!(base.at(180), 2 * MICROSECOND);
        assert_eq!(base.cycle_of(2 * MICROSECOND), 180);
        base.skip(MILLISECOND);
        assert_eq!(base.at(180), 2 * MICROSECOND + MILLISECOND);
    }
}
