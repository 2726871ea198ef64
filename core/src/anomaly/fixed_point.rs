//! The unit in which a channel keeps its readings: chosen by the first, made coarser when they outgrow it.
//!
//! A reading becomes a whole number of `10^unit`, at least six digits finer than the first reading that is not zero and
//! at least a thousandth. The ring keeps its distance from an origin, in steps of `2^shift` of these, within +-2^26.

use super::reading::Reading;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Digits kept below the first of the first reading.
const DIGITS: i32 = 6;
/// The coarsest unit: a thousandth.
const MAX_UNIT: i32 = -3;
/// Steps that a reading may be from the origin.
const RANGE: i64 = (1 << 26) - 1;
/// Readings out of range, in a row, after which the origin moves.
const PATIENCE: u16 = 3;
/// Binary digits dropped when the steps become coarser.
pub(super) const STEPS_BITS: u32 = 4;

/// How a channel's readings become steps. All zeros: no reading yet.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub(super) struct FixedPoint {
    /// In units.
    origin: i64,
    /// The latest reading, in units.
    latest: i64,
    /// Power of ten of a unit; meaningful once `chosen`.
    unit: i16,
    /// Binary digits of a unit that are dropped.
    shift: u16,
    chosen: u16,
    /// Readings out of range in a row.
    clamped: u16,
}
const _: () = assert!(size_of::<FixedPoint>() == 24);

impl FixedPoint {
    /// Turns a reading into steps from the origin.
    pub fn take(&mut self, reading: Reading, first: bool) -> i32 {
        if self.chosen == 0 && !reading.is_zero() {
            let unit = reading.magnitude().saturating_sub(DIGITS).clamp(-10_000, MAX_UNIT);
            (self.unit, self.chosen) = (unit as i16, 1);
        }
        self.latest = if self.chosen == 0 { 0 } else { reading.in_units(self.unit.into()) };
        if first {
            self.origin = self.latest;
        }
        let steps = self.latest.saturating_sub(self.origin) >> self.shift.min(62);
        self.clamped = if steps.saturating_abs() > RANGE { self.clamped.saturating_add(1) } else { 0 };
        steps.clamp(-RANGE, RANGE) as i32
    }

    /// Moves the origin so that the latest reading is `then` steps from it.
    pub fn continue_at(&mut self, then: i32) {
        self.origin = self.latest.saturating_sub(i64::from(then) << self.shift.min(32));
    }

    /// Have several readings in a row been out of range?
    pub fn is_clamping(&self) -> bool {
        self.clamped >= PATIENCE
    }

    /// Moves the origin to the latest reading and says by how many steps, at most the range.
    pub fn recentre(&mut self) -> i32 {
        let by = self.latest.saturating_sub(self.origin) >> self.shift.min(62);
        (self.origin, self.clamped) = (self.latest, 0);
        by.clamp(-2 * RANGE, 2 * RANGE) as i32
    }

    /// Makes the steps 16 times as coarse, if they can be.
    pub fn coarsen(&mut self) -> bool {
        let can = u32::from(self.shift) + STEPS_BITS < 56;
        if can {
            self.shift += STEPS_BITS as u16;
        }
        can
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(fixed: &mut FixedPoint, text: &str, first: bool) -> i32 {
        fixed.take(Reading::parse(text).unwrap().unwrap(), first)
    }

    #[test]
    fn the_first_reading_chooses_the_unit() {
        let mut fixed = FixedPoint::default();
        assert_eq!(steps(&mut fixed, "20.5", true), 0);
        assert_eq!((steps(&mut fixed, "20.6", false), steps(&mut fixed, "20.50001", false)), (10_000, 1));
        let mut tiny = FixedPoint::default();
        assert_eq!((steps(&mut tiny, "0", true), steps(&mut tiny, "0.000000816", false)), (0, 8_160_000));
        let mut huge = FixedPoint::default();
        assert_eq!((steps(&mut huge, "1e12", true), steps(&mut huge, "1000000000000.25", false)), (0, 250));
    }

    #[test]
    fn what_outgrows_the_range_moves_the_origin_or_the_steps() {
        let mut fixed = FixedPoint::default();
        steps(&mut fixed, "1", true);
        (0..3).for_each(|_| assert_eq!(i64::from(steps(&mut fixed, "1000", false)), RANGE));
        assert!(fixed.is_clamping());
        assert_eq!(fixed.recentre(), 2 * RANGE as i32);
        assert_eq!(steps(&mut fixed, "1000.00016", false), 160);
        assert!(fixed.coarsen());
        assert_eq!(steps(&mut fixed, "1000.00016", false), 10);
        fixed.continue_at(500);
        assert_eq!(steps(&mut fixed, "1000.00016", false), 500);
    }
}
