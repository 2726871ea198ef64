//! The unit in which a channel keeps its readings: chosen by the first two that differ, made coarser when they outgrow it.
//!
//! A reading becomes a whole number of `10^unit`: at least six digits finer than the first reading that is not zero, and
//! four digits finer than its distance from the first reading that differs. Only digits count, not where the point is: a
//! stream multiplied by a power of ten has the same steps. The ring keeps the distance from an origin, in steps of
//! `2^shift` units, within +-2^26.

use super::reading::Reading;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Digits kept below the first of the first reading.
const DIGITS: i32 = 6;
/// Digits kept below the first of the difference between the first two readings that differ.
const DIGITS_OF_DIFFERENCE: i32 = 4;
/// Digits kept below the first of the first reading, at most: room for 20,000 times as much is left above it.
const MAX_DIGITS: i32 = 14;
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
    /// Power of ten of a unit; meaningful from [`HELD`] on.
    unit: i16,
    /// Binary digits of a unit that are dropped.
    shift: u16,
    /// [`HELD`] while the readings are equal, [`CHOSEN`] from then on; zero while they are zero.
    stage: u16,
    /// Readings out of range in a row.
    clamped: u16,
}
const _: () = assert!(size_of::<FixedPoint>() == 24);

/// The first reading is the origin, in the finest unit: the next one that differs chooses.
const HELD: u16 = 1;
const CHOSEN: u16 = 2;

impl FixedPoint {
    /// Turns a reading into steps from the origin.
    pub fn take(&mut self, reading: Reading, first: bool) -> i32 {
        if self.stage != CHOSEN && !reading.is_zero() {
            self.choose(reading, first);
        } else if self.stage == HELD {
            self.choose(reading, false);
        }
        self.latest = if self.stage == 0 { 0 } else { reading.in_units(self.unit.into()) };
        if first {
            self.origin = self.latest;
        }
        let steps = self.latest.saturating_sub(self.origin) >> self.shift.min(62);
        self.clamped = if steps.saturating_abs() > RANGE { self.clamped.saturating_add(1) } else { 0 };
        steps.clamp(-RANGE, RANGE) as i32
    }

    /// Chooses the unit as far as the readings so far and this one allow.
    fn choose(&mut self, reading: Reading, first: bool) {
        let unit = |power: i32| power.clamp(-20_000, 20_000) as i16;
        let magnitude = reading.magnitude();
        if first {
            (self.unit, self.stage) = (unit(magnitude.saturating_sub(MAX_DIGITS)), HELD);
        } else if self.stage == 0 {
            (self.unit, self.stage) = (unit(magnitude.saturating_sub(DIGITS)), CHOSEN);
        } else {
            let held = Reading::decimal(self.origin, self.unit.into());
            let difference = reading.in_units(self.unit.into()).saturating_sub(self.origin);
            if difference != 0 {
                let apart = Reading::decimal(difference, self.unit.into()).magnitude() - DIGITS_OF_DIFFERENCE;
                self.unit = self.unit.max(unit(apart.min(held.magnitude() - DIGITS)));
                (self.origin, self.stage) = (held.in_units(self.unit.into()), CHOSEN);
            }
        }
    }

    /// Moves the origin so that the latest reading is `then` steps from it.
    pub fn continue_at(&mut self, then: i32) {
        self.origin = self.latest.saturating_sub(i64::from(then) << self.shift.min(32));
    }

    /// Is the reading further from the origin than steps reach?
    pub fn is_beyond(&self, reading: Reading) -> bool {
        let distance = reading.in_units(self.unit.into()).saturating_sub(self.origin) >> self.shift.min(62);
        self.stage == CHOSEN && distance.saturating_abs() > RANGE
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
    fn the_first_readings_that_differ_choose_the_unit() {
        let mut fixed = FixedPoint::default();
        assert_eq!(steps(&mut fixed, "20.5", true), 0);
        assert_eq!((steps(&mut fixed, "20.6", false), steps(&mut fixed, "20.50001", false)), (10_000, 1));
        let mut tiny = FixedPoint::default();
        assert_eq!((steps(&mut tiny, "0", true), steps(&mut tiny, "0.000000816", false)), (0, 8_160_000));
        let mut huge = FixedPoint::default();
        assert_eq!((steps(&mut huge, "1e12", true), steps(&mut huge, "1000000000000.25", false)), (0, 25));
        let mut fine = FixedPoint::default();
        assert_eq!((steps(&mut fine, "5", true), steps(&mut fine, "5", false)), (0, 0));
        assert_eq!((steps(&mut fine, "5.001", false), steps(&mut fine, "5", false)), (10_000, 0));
    }

    #[test]
    fn a_power_of_ten_changes_no_step() {
        let readings = ["1234.5", "1234.5", "1236.25", "-7", "0", "1234.512345678", "90000000"];
        let steps_of = |power: i32| {
            let mut fixed = FixedPoint::default();
            let mut at = 0;
            readings.map(|text| {
                at += 1;
                fixed.take(Reading::parse(&std::format!("{text}e{power}")).unwrap().unwrap(), at == 1)
            })
        };
        assert!((-9..=9).all(|power| steps_of(power) == steps_of(0)), "{:?}", steps_of(0));
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
