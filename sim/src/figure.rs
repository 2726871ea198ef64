//! A number that says what it is: measured, emulated, modelled or claimed.
//!
//! A modelled time beside a measured one looks just as true. So no figure leaves the simulator as a bare number: it
//! carries its kind, its unit and its band, in print and in JSON alike. All arithmetic is on integers, so a figure is
//! the same on every host.

use ruvllm_esp_core::units::{Bytes, Cycles, Micros, Nanojoules, Nanos};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::ops::{Add, AddAssign};

/// Where a figure comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Read on silicon.
    Measured,
    /// Instructions of the real machine code, counted.
    Emulated,
    /// Metered work at the costs of a table.
    Modelled,
    /// Stated by another document.
    Claimed,
}

impl Kind {
    /// The word used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Measured => "measured",
            Kind::Emulated => "emulated",
            Kind::Modelled => "modelled",
            Kind::Claimed => "claimed",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A unit of which figures are made.
pub trait Quantity: Copy {
    /// The unit of [`Quantity::number`], as JSON states it.
    const UNIT: &'static str;
    /// The units to print in, smallest first, each with how many of the bare unit it is.
    const SCALE: &'static [(u64, &'static str)];

    /// The bare number.
    fn number(self) -> u64;
}

macro_rules! quantity {
    ($name:ident, $unit:literal, [$($factor:literal $print:literal),+]) => {
        impl Quantity for $name {
            const UNIT: &'static str = $unit;
            const SCALE: &'static [(u64, &'static str)] = &[$(($factor, $print)),+];

            fn number(self) -> u64 {
                u64::from(self.0)
            }
        }
    };
}

quantity!(Bytes, "B", [1 "B", 1_024 "KiB", 1_048_576 "MiB"]);
quantity!(Cycles, "cycles", [1 "cycles", 1_000 "kcycles", 1_000_000 "Mcycles", 1_000_000_000 "Gcycles"]);
quantity!(Micros, "us", [1 "us", 1_000 "ms", 1_000_000 "s"]);
quantity!(Nanos, "ns", [1 "ns", 1_000 "us", 1_000_000 "ms", 1_000_000_000 "s"]);
quantity!(Nanojoules, "nJ", [1 "nJ", 1_000 "uJ", 1_000_000 "mJ", 1_000_000_000 "J"]);

/// A value and the band that it is accepted to lie in: `low <= value <= high`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Banded<T> {
    /// The best estimate.
    pub value: T,
    /// Not less than this.
    pub low: T,
    /// Not more than this.
    pub high: T,
}

impl<T: Quantity> Banded<T> {
    /// A value that has no band because it is exact.
    pub const fn exact(value: T) -> Self {
        Self { value, low: value, high: value }
    }

    /// Is there no band?
    pub fn is_exact(&self) -> bool {
        self.low.number() == self.high.number()
    }

    /// This value, said to be of `kind`.
    pub const fn tagged(self, kind: Kind) -> Figure<T> {
        Figure { banded: self, kind }
    }
}

impl<T: Quantity> Banded<T> {
    /// The bounds as they are shown, each with its digits: rounded away from the value, so that the band that is shown holds
    /// the value that is shown. A band narrower than a twentieth of the value takes as many digits as the value.
    fn shown_bounds(&self) -> [(u64, u32); 2] {
        let [value, low, high] = [&self.value, &self.low, &self.high].map(|bound| bound.number());
        let digits = if high.saturating_sub(low) < value / 20 { 3 } else { 2 };
        let step = |bound| step_of(bound, digits);
        [
            (low / step(low) * step(low), digits),
            (high.div_ceil(step(high)).saturating_mul(step(high)), digits),
        ]
    }
}

impl<T: Add<Output = T>> Add for Banded<T> {
    type Output = Self;

    /// The bands add up as well: errors of one model do not cancel.
    fn add(self, other: Self) -> Self {
        Self { value: self.value + other.value, low: self.low + other.low, high: self.high + other.high }
    }
}

impl<T: Add<Output = T> + Copy> AddAssign for Banded<T> {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// A value, its band and its kind: what is printed and exported.
///
/// Prints as `1.24 ms modelled (0.9-1.6)`, and is
/// `{"value":1240000,"unit":"ns","kind":"modelled","low":900000,"high":1600000}` in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure<T> {
    /// The value and its band.
    pub banded: Banded<T>,
    /// Where it comes from.
    pub kind: Kind,
}

impl<T: Quantity> JsonSchema for Figure<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Figure of {}", T::UNIT).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let number = generator.subschema_for::<u64>();
        json_schema!({
            "description": "A value, the band that it is accepted to lie in, and where it comes from.",
            "type": "object",
            "properties": {
                "value": number,
                "unit": { "const": T::UNIT },
                "kind": generator.subschema_for::<Kind>(),
                "low": number,
                "high": number
            },
            "required": ["value", "unit", "kind", "low", "high"]
        })
    }
}

impl<T: Quantity> Serialize for Figure<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Figure", 5)?;
        fields.serialize_field("value", &self.banded.value.number())?;
        fields.serialize_field("unit", T::UNIT)?;
        fields.serialize_field("kind", &self.kind)?;
        fields.serialize_field("low", &self.banded.low.number())?;
        fields.serialize_field("high", &self.banded.high.number())?;
        fields.end()
    }
}

impl<T: Quantity> Figure<T> {
    /// The value alone with two digits, for a line of many: `~1.2 ms`, or `123 kcycles` where it is exact.
    pub fn short(&self) -> String {
        let value = rounded(self.banded.value.number(), 2);
        let (factor, unit) = scale_of::<T>(value);
        let about = if self.banded.is_exact() { "" } else { "~" };
        format!("{about}{} {unit}", decimal(value, factor, 2))
    }
}

impl<T: Quantity> fmt::Display for Figure<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = rounded(self.banded.value.number(), 3);
        let (factor, unit) = scale_of::<T>(value);
        write!(f, "{} {unit} {}", decimal(value, factor, 3), self.kind)?;
        if self.banded.is_exact() {
            return Ok(());
        }
        let [low, high] = self.banded.shown_bounds().map(|(bound, digits)| decimal(bound, factor, digits));
        write!(f, " ({}-{})", trimmed(low), trimmed(high))
    }
}

/// The largest unit of `T` of which `number` makes at least one.
fn scale_of<T: Quantity>(number: u64) -> (u64, &'static str) {
    T::SCALE
        .iter()
        .rev()
        .find(|(factor, _)| number >= *factor)
        .or(T::SCALE.first())
        .copied()
        .unwrap_or((1, ""))
}

/// `number` to `digits` significant digits, half up.
fn rounded(number: u64, digits: u32) -> u64 {
    let step = step_of(number, digits);
    if step == 1 {
        number
    } else {
        (number / step + u64::from(number % step >= step / 2)).saturating_mul(step)
    }
}

/// What the last of `digits` significant digits of `number` is worth.
fn step_of(number: u64, digits: u32) -> u64 {
    let length = number.checked_ilog10().map_or(1, |log| log + 1);
    10u64.saturating_pow(length.saturating_sub(digits))
}

/// `number / factor` with as many decimals as show `digits` significant digits, cut off after them.
fn decimal(number: u64, factor: u64, digits: u32) -> String {
    let (whole, mut rest) = (number / factor, number % factor);
    let mut shown = whole.checked_ilog10().map_or(0, |log| log + 1);
    let mut text = whole.to_string();
    if factor == 1 {
        return text;
    }
    while shown < digits && text.len() < 8 {
        if !text.contains('.') {
            text.push('.');
        }
        rest = rest.saturating_mul(10);
        let digit = rest / factor;
        text.push_str(&digit.to_string());
        shown += u32::from(shown > 0 || digit > 0);
        rest %= factor;
    }
    text
}

/// `text` without zeros at the end of its decimals.
fn trimmed(text: String) -> String {
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nanos(value: u64, low: u64, high: u64) -> Figure<Nanos> {
        Banded { value: Nanos(value), low: Nanos(low), high: Nanos(high) }.tagged(Kind::Modelled)
    }

    #[test]
    fn a_figure_prints_value_unit_kind_and_band() {
        for (figure, text) in [
            (nanos(1_240_000, 900_000, 1_600_000), "1.24 ms modelled (0.9-1.6)"),
            (nanos(12_345, 9_876, 20_040), "12.3 us modelled (9.8-21)"),
            (nanos(108_400_000, 107_900_000, 108_600_000), "108 ms modelled (107-109)"),
            (nanos(282, 281, 284), "282 ns modelled (281-284)"),
            (nanos(1_695, 1_610, 1_699), "1.70 us modelled (1.6-1.7)"),
            (nanos(999_600, 95_000, 1_200_000), "1.00 ms modelled (0.095-1.2)"),
            (nanos(640, 480, 800), "640 ns modelled (480-800)"),
            (nanos(0, 0, 0), "0 ns modelled"),
            (nanos(3_000_000_000, 2_000_000_000, 42_000_000_000), "3.00 s modelled (2-42)"),
        ] {
            assert_eq!(figure.to_string(), text);
        }
    }

    #[test]
    fn a_short_figure_has_two_digits_and_says_whether_it_is_exact() {
        assert_eq!(nanos(1_240_000, 900_000, 1_600_000).short(), "~1.2 ms");
        assert_eq!(nanos(687_000, 540_000, 830_000).short(), "~690 us");
        assert_eq!(nanos(7_000, 7_000, 7_000).short(), "7.0 us");
    }

    #[test]
    fn an_exact_figure_has_no_band() {
        let counted = Banded::exact(Cycles(123_456)).tagged(Kind::Emulated);
        assert_eq!(counted.to_string(), "123 kcycles emulated");
        assert_eq!(Banded::exact(Bytes(2_048)).tagged(Kind::Measured).to_string(), "2.00 KiB measured");
        assert_eq!(Banded::exact(Micros(7)).tagged(Kind::Claimed).to_string(), "7 us claimed");
    }

    #[test]
    fn a_figure_serialises_with_unit_kind_and_band() {
        let json = serde_json::to_string(&nanos(1_240_000, 900_000, 1_600_000)).unwrap();
        assert_eq!(json, r#"{"value":1240000,"unit":"ns","kind":"modelled","low":900000,"high":1600000}"#);
    }

    #[test]
    fn extremes_neither_panic_nor_wrap() {
        let _ = nanos(u64::MAX, u64::MAX, u64::MAX).to_string();
        let sum = Banded::exact(Nanos(u64::MAX)) + Banded::exact(Nanos(1));
        assert_eq!(sum.value, Nanos(u64::MAX));
    }
}
