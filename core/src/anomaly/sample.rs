//! A reading in thousandths: the fixed-point number a sensor stream is made of.
//!
//! Three decimals are what common sensors resolve, and 32 bits reach to two million units. Text beyond the range
//! saturates, decimals beyond the third are rounded to nearest, and nothing that is not a number is taken for one.

use core::fmt;

/// How many steps of a [`Sample`] make one unit.
pub const SCALE: i32 = 1000;

/// A reading, in thousandths of the sensor's unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sample(pub i32);

/// Why a text is not a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotANumber {
    /// There is no digit in it.
    NoDigits,
    /// The byte at this position belongs to no decimal number.
    Unexpected {
        /// Offset in bytes from the start of the text.
        at: u32,
    },
}

impl fmt::Display for NotANumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDigits => write!(f, "a number needs at least one digit"),
            Self::Unexpected { at } => write!(f, "byte {at} does not belong to a decimal number"),
        }
    }
}

impl core::error::Error for NotANumber {}

/// What has been read of a decimal: its digits as one integer, and how far they must be shifted.
#[derive(Default)]
struct Decimal {
    negative: bool,
    digits: i64,
    exponent: i32,
}

impl Sample {
    /// Reads `[+-]digits[.digits][e[+-]digits]`, with spaces around it allowed.
    ///
    /// # Errors
    /// [`NotANumber`] with the offset of the first byte that does not fit.
    pub fn parse(text: &str) -> Result<Self, NotANumber> {
        let bytes = text.as_bytes();
        let end = bytes.trim_ascii_end().len();
        let bytes = bytes.get(..end).unwrap_or_default();
        let mut at = bytes.len() - bytes.trim_ascii_start().len();
        let mut number = Decimal { negative: sign(bytes, &mut at), ..Decimal::default() };
        let whole = number.digits(bytes, &mut at, false);
        let mut any = whole > 0;
        if bytes.get(at) == Some(&b'.') {
            at += 1;
            any |= number.digits(bytes, &mut at, true) > 0;
        }
        if !any {
            return Err(if at >= end {
                NotANumber::NoDigits
            } else {
                NotANumber::Unexpected { at: at as u32 }
            });
        }
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            at += 1;
            number.exponent = number.exponent.saturating_add(exponent(bytes, &mut at)?);
        }
        if at < end {
            return Err(NotANumber::Unexpected { at: at as u32 });
        }
        Ok(number.into_sample())
    }
}

impl Decimal {
    /// Folds digits in from `at` on and says how many there were. Those beyond the range of 32 bits only shift.
    fn digits(&mut self, bytes: &[u8], at: &mut usize, fraction: bool) -> usize {
        let start = *at;
        while let Some(digit @ b'0'..=b'9') = bytes.get(*at) {
            let room = self.digits < 1_000_000_000_000;
            if room {
                self.digits = self.digits * 10 + i64::from(digit - b'0');
            }
            let shift = i32::from(!room) - i32::from(fraction);
            self.exponent = self.exponent.saturating_add(shift);
            *at += 1;
        }
        *at - start
    }

    fn into_sample(self) -> Sample {
        let mut value = self.digits;
        let mut shift = self.exponent.saturating_add(3);
        while shift > 0 && value != 0 && value <= i64::from(u32::MAX) {
            value *= 10;
            shift -= 1;
        }
        let mut half = false;
        while shift < 0 && (value != 0 || half) {
            half = value % 10 >= 5;
            value /= 10;
            shift += 1;
        }
        value += i64::from(half);
        let value = if self.negative { -value } else { value };
        Sample(value.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32)
    }
}

fn sign(bytes: &[u8], at: &mut usize) -> bool {
    let sign = bytes.get(*at);
    *at += usize::from(matches!(sign, Some(b'+' | b'-')));
    sign == Some(&b'-')
}

fn exponent(bytes: &[u8], at: &mut usize) -> Result<i32, NotANumber> {
    let negative = sign(bytes, at);
    let start = *at;
    let mut value = 0i32;
    while let Some(digit @ b'0'..=b'9') = bytes.get(*at) {
        value = value.saturating_mul(10).saturating_add(i32::from(digit - b'0')).min(10_000);
        *at += 1;
    }
    if *at == start {
        return Err(NotANumber::Unexpected { at: start as u32 });
    }
    Ok(if negative { -value } else { value })
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (scale, size) = (SCALE.unsigned_abs(), self.0.unsigned_abs());
        write!(f, "{sign}{}.{:03}", size / scale, size % scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::format;

    #[test]
    fn decimals_are_read_rounded_and_saturated() {
        let cases = [
            ("12.375", 12_375),
            ("-12.375e0", -12_375),
            (" +7 ", 7_000),
            (".5", 500),
            ("5.", 5_000),
            ("0.0005", 1),
            ("-0.0004", 0),
            ("1.5E3", 1_500_000),
            ("25e-3", 25),
            ("1e-2000", 0),
            ("9999999", i32::MAX),
            ("-1e300", i32::MIN),
            ("0e99999", 0),
            ("123456789012345678901234567890e-30", 123),
        ];
        for (text, expected) in cases {
            assert_eq!(Sample::parse(text), Ok(Sample(expected)), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused_with_its_place() {
        for text in ["", "-", " ", "."] {
            assert_eq!(Sample::parse(text), Err(NotANumber::NoDigits), "{text:?}");
        }
        for (text, at) in
            [("nan", 0), ("1,5", 1), ("1.2.3", 3), ("4e", 2), ("4e+", 3), ("1 2", 1), ("12V", 2)]
        {
            assert_eq!(Sample::parse(text), Err(NotANumber::Unexpected { at }), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(value in any::<i32>()) {
            prop_assert_eq!(Sample::parse(&format!("{}", Sample(value))), Ok(Sample(value)));
        }

        #[test]
        fn no_text_panics(text in "\\PC*", numeric in "[0-9eE+.-]{0,40}") {
            let _ = Sample::parse(&text);
            let _ = Sample::parse(&numeric);
        }
    }
}
