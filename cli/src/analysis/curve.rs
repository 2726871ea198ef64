//! A long series in a bounded number of steps: the least and the greatest value of each.

use crate::picture::chart::number;

/// How many steps a curve has: about as many as a picture has pixels across.
pub const STEPS: usize = 1_400;

/// A curve in equal steps of the horizontal axis; a step without a value is NaN.
#[derive(Clone, Debug)]
pub struct Curve {
    pub low: Vec<f64>,
    pub high: Vec<f64>,
}

/// The horizontal axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    pub from: f64,
    pub to: f64,
    pub name: String,
    pub kind: AxisKind,
}

/// What the numbers of an axis are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AxisKind {
    /// Numbers.
    Number,
    /// Microseconds since 1970.
    Date,
    /// Microseconds since midnight.
    TimeOfDay,
}

impl Default for Curve {
    fn default() -> Self {
        Self { low: vec![f64::NAN; STEPS], high: vec![f64::NAN; STEPS] }
    }
}

impl Curve {
    /// Takes in a value at this position of the axis.
    pub fn add(&mut self, axis: &Axis, position: f64, value: f64) {
        if value.is_nan() {
            return;
        }
        let share = (position - axis.from) / (axis.to - axis.from).max(f64::MIN_POSITIVE);
        let step = ((share * STEPS as f64) as usize).min(STEPS - 1);
        // `min` and `max` pass over a NaN.
        if let (Some(low), Some(high)) = (self.low.get_mut(step), self.high.get_mut(step)) {
            (*low, *high) = (low.min(value), high.max(value));
        }
    }

    /// The curve as lines, broken where there is no value.
    pub fn pieces(&self, axis: &Axis) -> Vec<Vec<(f64, f64)>> {
        let step = (axis.to - axis.from) / self.low.len().max(1) as f64;
        let mut pieces: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
        let (mut gap, mut seen) = (0, 0);
        for (bucket, (low, high)) in self.low.iter().zip(&self.high).enumerate() {
            if low.is_nan() {
                gap += 1;
                continue;
            }
            // Rows may be farther apart than buckets; a gap is what is much longer than usual.
            let usual = bucket.checked_div(seen).unwrap_or(1).max(1);
            if gap > 12 * usual && seen > 2 {
                pieces.push(Vec::new());
            }
            (gap, seen) = (0, seen + 1);
            let position = axis.from + (bucket as f64 + 0.5) * step;
            if let Some(piece) = pieces.last_mut() {
                piece.push((position, *low));
                if high > low {
                    piece.push((position, *high));
                }
            }
        }
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }

    /// The least and the greatest value, with some room.
    pub fn bounds(&self) -> (f64, f64) {
        let values = || self.low.iter().chain(&self.high).copied().filter(|value| value.is_finite());
        let (low, high) =
            (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
        if !low.is_finite() {
            return (0.0, 1.0);
        }
        let room = if high > low { 0.06 * (high - low) } else { low.abs().max(1.0) * 0.1 };
        (low - room, high + room)
    }
}

impl Axis {
    /// What stands at a position of the axis.
    pub fn tick(&self, position: f64) -> String {
        let span = (self.to - self.from) / 1e6;
        let stamp = || jiff::Timestamp::from_microsecond(position as i64).ok();
        let zoned = || Some(stamp()?.to_zoned(jiff::tz::TimeZone::UTC));
        let format = match (self.kind, span) {
            (AxisKind::Number, _) => return number(position),
            (AxisKind::TimeOfDay, span) if span < 600.0 => "%H:%M:%S",
            (AxisKind::TimeOfDay, _) => "%H:%M",
            (AxisKind::Date, span) if span < 600.0 => "%H:%M:%S",
            (AxisKind::Date, span) if span < 100_000.0 => "%H:%M",
            (AxisKind::Date, span) if span < 800_000.0 => "%d %b %H:%M",
            (AxisKind::Date, span) if span < 40_000_000.0 => "%d %b",
            (AxisKind::Date, _) => "%b %Y",
        };
        zoned().map_or(String::new(), |zoned| zoned.strftime(format).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_keeps_its_extremes_and_a_gap_breaks_the_line() {
        let axis = Axis { from: 0.0, to: STEPS as f64, name: String::new(), kind: AxisKind::Number };
        let mut curve = Curve::default();
        for position in (0..100).chain(500..600) {
            curve.add(&axis, f64::from(position), 1.0);
        }
        curve.add(&axis, 50.2, 9.0);
        curve.add(&axis, 50.4, f64::NAN);
        assert_eq!((curve.low[50], curve.high[50]), (1.0, 9.0));
        assert_eq!(curve.pieces(&axis).len(), 2);
        assert_eq!(curve.bounds(), (1.0 - 0.48, 9.0 + 0.48));
    }

    #[test]
    fn ticks_are_as_fine_as_the_span() {
        let axis = |days: f64, kind| Axis { from: 0.0, to: days * 8.64e10, name: String::new(), kind };
        let ticks = [0.001, 0.5, 3.0, 30.0, 900.0].map(|days| axis(days, AxisKind::Date).tick(8.64e10));
        assert_eq!(ticks, ["00:00:00", "00:00", "02 Jan 00:00", "02 Jan", "Jan 1970"]);
        assert_eq!(axis(0.5, AxisKind::TimeOfDay).tick(3.6e9), "01:00");
        assert_eq!(axis(0.5, AxisKind::Number).tick(1250.0), "1250");
    }
}
