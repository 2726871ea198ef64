//! One cell: a number, a missing reading, or some text.

use super::options::Decimal;

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Number,
    Missing,
    Text,
}

/// What loggers write where they have no reading; case does not matter.
const MISSING: [&str; 12] = ["", "-", "--", "---", "nan", "na", "n/a", "#n/a", "null", "none", "nil", "?"];

/// The minus sign of typesetters, which spreadsheets export.
const MINUS: &str = "\u{2212}";

/// What a trimmed cell holds.
pub(super) fn classify(cell: &str, decimal: Decimal) -> Cell {
    if is_number(cell, decimal) {
        Cell::Number
    } else if is_missing(cell) {
        Cell::Missing
    } else {
        Cell::Text
    }
}

/// Is it a word for a missing reading?
pub(super) fn is_missing(cell: &str) -> bool {
    MISSING.iter().any(|word| cell.eq_ignore_ascii_case(word))
}

/// `[+-]digits[.digits][e[+-]digits]`, with this decimal sign.
pub(super) fn is_number(cell: &str, decimal: Decimal) -> bool {
    let rest = cell.strip_prefix(MINUS).or_else(|| cell.strip_prefix(['+', '-'])).unwrap_or(cell);
    let bytes = rest.as_bytes();
    let digits = |from: usize| bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(0);
    let mut at = whole;
    let mut any = whole > 0;
    if bytes.get(at).is_some_and(|byte| char::from(*byte) == decimal.sign()) {
        let fraction = digits(at + 1);
        any |= fraction > 0;
        at += 1 + fraction;
    }
    if any && matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at + 1 + sign);
        if exponent == 0 {
            return false;
        }
        at += 1 + sign + exponent;
    }
    any && at == bytes.len()
}

/// Adds the cell to a line of the console, which has a decimal point. The digits stay as they are.
pub(super) fn push_number(cell: &str, decimal: Decimal, line: &mut String) {
    let (sign, rest) = match cell.strip_prefix(MINUS) {
        Some(rest) => ("-", rest),
        None => ("", cell),
    };
    line.push_str(sign);
    match decimal {
        Decimal::Point => line.push_str(rest),
        Decimal::Comma => line.extend(rest.chars().map(|sign| if sign == ',' { '.' } else { sign })),
    }
}

/// Its value, for pictures and for times.
pub(super) fn value(cell: &str, decimal: Decimal) -> Option<f64> {
    if !is_number(cell, decimal) {
        return None;
    }
    if decimal == Decimal::Point && !cell.starts_with(MINUS) {
        return cell.parse().ok();
    }
    let mut text = String::new();
    push_number(cell, decimal, &mut text);
    text.parse().ok()
}

/// Could the comma in this cell be one between thousands: `1,234`, `12,345,678`?
pub(super) fn may_be_thousands(cell: &str) -> bool {
    let mut groups = cell.trim_start_matches(['+', '-']).split(',');
    let is_digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let first = groups.next().unwrap_or_default();
    let is_first = (1..=3).contains(&first.len()) && is_digits(first) && first != "0";
    let mut rest = groups.peekable();
    is_first && rest.peek().is_some() && rest.all(|group| group.len() == 3 && is_digits(group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_decimal_sign() {
        for number in ["1", "-1.5", "+.5", "5.", "1e3", "1.5E-3", "\u{2212}2.5"] {
            assert!(is_number(number, Decimal::Point), "{number}");
        }
        for text in ["", ".", "-", "1,5", "1.5.2", "e3", "1e", "0x1f", "12 V", "inf", "1 000"] {
            assert!(!is_number(text, Decimal::Point), "{text}");
        }
        assert!(is_number("-1,5", Decimal::Comma) && !is_number("1.5", Decimal::Comma));
    }

    #[test]
    fn a_comma_may_mean_thousands() {
        for cell in ["1,234", "12,345", "-1,234,567"] {
            assert!(may_be_thousands(cell), "{cell}");
        }
        for cell in ["1,23", "1234", "0,123", "1234,567", "1,2345", "1,234.5"] {
            assert!(!may_be_thousands(cell), "{cell}");
        }
    }

    #[test]
    fn a_number_keeps_its_digits() {
        let line = |cell, decimal| {
            let mut line = String::new();
            push_number(cell, decimal, &mut line);
            line
        };
        assert_eq!(line("0,026200", Decimal::Comma), "0.026200");
        assert_eq!(line("\u{2212}2218269.0", Decimal::Point), "-2218269.0");
        assert_eq!(value("-20,5", Decimal::Comma), Some(-20.5));
    }
}
