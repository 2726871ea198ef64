//! A reading as a decimal: its digits and where the point is.
//!
//! Sensors differ by twenty powers of ten, so a reading keeps its own exponent until its channel has chosen a unit.
//! Eighteen digits are kept; further digits before the point count as zeros, further decimals are cut off. What is beyond
//! 10^308, the range of an `f64`, is an error: no channel, chart or report could hold it.

/// A decimal: `mantissa * 10^exponent`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    mantissa: i64,
    exponent: i32,
}

/// Words that stand for a reading that is missing.
const MISSING: [&str; 4] = ["-", "nan", "NaN", "NA"];

/// The exponent that the first digit of a reading has at most.
const MAX_MAGNITUDE: i32 = 307;

/// The mantissa takes no further digit from here on.
const FULL: i64 = 100_000_000_000_000_000;

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
    /// It is 10^308 or more, or as far below zero.
    TooLarge,
}

impl Reading {
    /// `value` thousandths of a unit.
    pub const fn thousandths(value: i32) -> Self {
        Self { mantissa: value as i64, exponent: -3 }
    }

    /// `mantissa * 10^exponent`.
    pub const fn decimal(mantissa: i64, exponent: i32) -> Self {
        Self { mantissa, exponent }
    }

    /// Reads `[+-]digits[.digits][e[+-]digits]`, or a word for a missing reading: `-`, `nan`, `NaN`, `NA`.
    ///
    /// # Errors
    /// [`NotANumber`] with the offset of the first byte that does not fit, or where the number is too large.
    pub fn parse(text: &str) -> Result<Option<Self>, NotANumber> {
        if MISSING.contains(&text) {
            return Ok(None);
        }
        let bytes = text.as_bytes();
        let mut at = 0;
        let negative = sign(bytes, &mut at);
        let mut number = Self::default();
        let whole = number.digits(bytes, &mut at, false);
        let mut any = whole > 0;
        if bytes.get(at) == Some(&b'.') {
            at += 1;
            any |= number.digits(bytes, &mut at, true) > 0;
        }
        if !any {
            let end = at >= bytes.len();
            return Err(if end { NotANumber::NoDigits } else { NotANumber::Unexpected { at: at as u32 } });
        }
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            at += 1;
            number.exponent = number.exponent.saturating_add(exponent(bytes, &mut at)?);
        }
        if at < bytes.len() {
            return Err(NotANumber::Unexpected { at: at as u32 });
        }
        if number.magnitude() > MAX_MAGNITUDE {
            return Err(NotANumber::TooLarge);
        }
        number.mantissa = if negative { -number.mantissa } else { number.mantissa };
        Ok(Some(number))
    }

    /// Is it zero?
    pub const fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// The exponent of its first digit: 1 for 20.5, -3 for 0.004. Zero for zero.
    pub fn magnitude(self) -> i32 {
        let digits = self.mantissa.unsigned_abs().checked_ilog10().unwrap_or(0) as i32;
        if self.is_zero() { 0 } else { self.exponent.saturating_add(digits) }
    }

    /// How many times `10^unit` it is, to nearest; within +-2^61.
    pub fn in_units(self, unit: i32) -> i64 {
        const LIMIT: i64 = 1 << 61;
        let mut value = self.mantissa.clamp(-LIMIT, LIMIT);
        let mut shift = self.exponent.saturating_sub(unit);
        while shift > 0 && value != 0 && value.unsigned_abs() < LIMIT.unsigned_abs() {
            value = value.saturating_mul(10).clamp(-LIMIT, LIMIT);
            shift -= 1;
        }
        let mut digit = 0;
        while shift < 0 && (value != 0 || digit != 0) {
            (digit, value) = (value % 10, value / 10);
            shift += 1;
        }
        value + i64::from(digit >= 5) - i64::from(digit <= -5)
    }

    /// Folds digits in from `at` on and says how many there were.
    fn digits(&mut self, bytes: &[u8], at: &mut usize, fraction: bool) -> usize {
        let start = *at;
        while let Some(digit @ b'0'..=b'9') = bytes.get(*at) {
            let room = self.mantissa < FULL;
            if room {
                self.mantissa = self.mantissa * 10 + i64::from(digit - b'0');
            }
            let shift = i32::from(!room) - i32::from(fraction);
            self.exponent = self.exponent.saturating_add(shift);
            *at += 1;
        }
        *at - start
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::format;

    fn units(text: &str, unit: i32) -> i64 {
        Reading::parse(text).unwrap().unwrap().in_units(unit)
    }

    #[test]
    fn decimals_keep_their_digits() {
        assert_eq!((units("12.375", -3), units("-12.375e0", -3), units("+7", -3)), (12_375, -12_375, 7_000));
        assert_eq!((units(".5", -3), units("5.", -3), units("1.5E3", -3)), (500, 5_000, 1_500_000));
        assert_eq!((units("0.0005", -3), units("-0.0005", -3), units("-0.0004", -3)), (1, -1, 0));
        assert_eq!((units("9999999", -3), units("-1e12", -3)), (9_999_999_000, -1_000_000_000_000_000));
        assert_eq!(
            (units("0.000000816", -13), units("1e-2000", -3), units("0e99999", -3)),
            (8_160_000, 0, 0)
        );
        assert_eq!(units("123456789012345678901234567890e-30", -3), 123);
        assert_eq!((units("1e300", -3), units("-1e300", -3)), (1 << 61, -(1 << 61)));
        let magnitude = |text: &str| Reading::parse(text).unwrap().unwrap().magnitude();
        assert_eq!(
            (magnitude("20.5"), magnitude("-0.004"), magnitude("0.00"), magnitude("1e12")),
            (1, -3, 0, 12)
        );
    }

    #[test]
    fn a_missing_reading_is_no_number_and_no_error() {
        for text in ["-", "nan", "NaN", "NA"] {
            assert_eq!(Reading::parse(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused_with_its_position() {
        for text in ["", "+", "."] {
            assert_eq!(Reading::parse(text), Err(NotANumber::NoDigits), "{text:?}");
        }
        for (text, at) in
            [("nano", 0), ("1,5", 1), ("1.2.3", 3), ("4e", 2), ("4e+", 3), ("1 2", 1), ("12V", 2), ("--1", 1)]
        {
            assert_eq!(Reading::parse(text), Err(NotANumber::Unexpected { at }), "{text:?}");
        }
    }

    #[test]
    fn what_no_one_can_hold_is_refused() {
        for text in ["1e999", "-1e308", "1e99999", "0.1e309"] {
            assert_eq!(Reading::parse(text), Err(NotANumber::TooLarge), "{text}");
        }
        assert!(Reading::parse("9.99e307").is_ok() && Reading::parse("0e999").is_ok());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*", numeric in "[0-9eE+.-]{0,40}", unit in -400i32..400) {
            for text in [text, numeric] {
                if let Ok(Some(reading)) = Reading::parse(&text) {
                    let _ = (reading.in_units(unit), reading.magnitude());
                }
            }
        }

        #[test]
        fn what_is_printed_is_read_back(value in -999_999_999_999i64..999_999_999_999, decimals in 0u32..12) {
            let size = value.unsigned_abs();
            let unit = 10u64.pow(decimals);
            let sign = if value < 0 { "-" } else { "" };
            let text = format!("{sign}{}.{:0width$}", size / unit, size % unit, width = decimals.max(1) as usize);
            let unit = if decimals == 0 { -1 } else { -(decimals as i32) };
            prop_assert_eq!(units(&text, unit), if decimals == 0 { 10 * value } else { value });
        }
    }
}
