//! Sizes and spans of time, as people write and read them.

use ruvllm_esp_core::units::{Bytes, Micros};

/// Reads a size: `65536`, `64KiB`, `100k`. KiB and MiB are powers of 1024, k, kB, M and MB powers of 1000.
///
/// # Errors
/// What a size looks like.
pub fn parse_bytes(text: &str) -> Result<Bytes, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "ki" | "kib" => 1 << 10,
        "m" | "mb" => 1_000_000,
        "mi" | "mib" => 1 << 20,
        _ => return Err("a size is a whole number with an optional unit: 65536, 64KiB, 100k, 1MiB".into()),
    };
    let number: u32 = number.parse().map_err(|_| "a size is a whole number of at most 4 GiB".to_string())?;
    number.checked_mul(factor).map(Bytes).ok_or_else(|| "a size is at most 4 GiB".into())
}

/// A size with at most four digits before the point: `812 B`, `292.7 KiB`.
pub fn bytes(size: Bytes) -> String {
    match size.get() {
        small @ 0..1024 => format!("{small} B"),
        large if large < 10 << 20 => format!("{:.1} KiB", f64::from(large) / 1024.0),
        huge => format!("{:.1} MiB", f64::from(huge) / f64::from(1 << 20)),
    }
}

/// A span of time with three digits or so: `812 us`, `3.42 ms`, `12.5 s`, `2 h 30 min`.
pub fn duration(span: Micros) -> String {
    let micros = span.get();
    match micros {
        0..1_000 => format!("{micros} us"),
        1_000..1_000_000 => format!("{} ms", three_digits(micros as f64 / 1e3)),
        1_000_000..120_000_000 => format!("{} s", three_digits(micros as f64 / 1e6)),
        120_000_000..7_200_000_000 => format!("{} min", three_digits(micros as f64 / 6e7)),
        7_200_000_000..172_800_000_000 => format!("{} h", three_digits(micros as f64 / 3.6e9)),
        _ => format!("{} d", three_digits(micros as f64 / 8.64e10)),
    }
}

/// A number with three significant digits, or all of them before the point.
pub fn three_digits(value: f64) -> String {
    match value {
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 100.0 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

/// A count with its digits in groups: `1,234,567`.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_of_both_kinds() {
        let sizes = ["65536", "64KiB", "64 kib", "100k", "1MiB", "2MB", "7B"]
            .map(|text| parse_bytes(text).unwrap().0);
        assert_eq!(sizes, [65_536, 65_536, 65_536, 100_000, 1 << 20, 2_000_000, 7]);
        for wrong in ["", "KiB", "1.5k", "-1", "12GB", "5000000000", "4096MiB"] {
            assert!(parse_bytes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_read_is_short() {
        assert_eq!([bytes(Bytes(812)), bytes(Bytes(299_680))], ["812 B", "292.7 KiB"]);
        let spans = [812, 3_420, 12_500_000, 9_000_000_000].map(|micros| duration(Micros(micros)));
        assert_eq!(spans, ["812 us", "3.42 ms", "12.5 s", "2.50 h"]);
        assert_eq!([count(7), count(1_234_567), count(100)], ["7", "1,234,567", "100"]);
    }
}
