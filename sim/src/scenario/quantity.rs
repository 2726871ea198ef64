//! Quantities as scenario files write them: a number and its unit, in one text.
//!
//! Integers only: `12.5%` is 125 thousandths, and no float decides on a rate.

use super::plan::Permille;
use crate::script::parse_time;
use ruvllm_esp_core::units::{Bytes, Micros};

/// The shortest mean time between two events of one load or fault.
const MIN_GAP: u64 = 100;

/// The longest time.
pub const YEAR: Micros = Micros::seconds(365 * 24 * 3600);

/// Reads `5s`, `200ms`, `2h30m`; at most a year.
///
/// # Errors
/// What a time looks like.
pub fn time(text: &str) -> Result<Micros, String> {
    match parse_time(text) {
        Ok(time) if time <= YEAR => Ok(time),
        Ok(_) => Err("a time is at most a year".into()),
        Err(_) => {
            Err("a time is numbers with units us, ms, s, m, h or d: \"250ms\", \"90s\", \"2h30m\"".into())
        }
    }
}

/// Reads `12%` or `0.5%`.
///
/// # Errors
/// What a share looks like.
pub(super) fn share(text: &str) -> Result<Permille, String> {
    let wrong = || "a share is up to \"100%\", with one decimal at most: \"2%\", \"0.5%\"".to_string();
    let number = text.strip_suffix('%').ok_or_else(wrong)?;
    let tenths = tenths(number).ok_or_else(wrong)?;
    u16::try_from(tenths).ok().filter(|tenths| *tenths <= 1000).map(Permille).ok_or_else(wrong)
}

/// Reads `2/s`, `30/m`, `0.5/h`, and gives the mean time between two.
///
/// # Errors
/// What a rate looks like.
pub(super) fn gap(text: &str) -> Result<Micros, String> {
    let wrong = || "a rate is a number for a unit of time: \"2/s\", \"30/m\", \"0.5/h\"".to_string();
    let (number, unit) = text.split_once('/').ok_or_else(wrong)?;
    let tenths = tenths(number).filter(|tenths| *tenths > 0).ok_or_else(wrong)?;
    let unit = parse_time(&format!("1{unit}")).map_err(|_| wrong())?;
    let gap = unit.get().saturating_mul(10) / tenths;
    if gap < MIN_GAP {
        return Err("a rate is at most \"10000/s\"".into());
    }
    Ok(Micros(gap))
}

/// Reads `64KiB`, `100k`, `65536B`.
///
/// # Errors
/// What a size looks like.
pub(super) fn size(text: &str) -> Result<Bytes, String> {
    let wrong = || "a size is a whole number with a unit B, kB, KiB or MiB: \"64KiB\"".to_string();
    let (number, unit) = split(text);
    let factor: u32 = match unit {
        "B" => 1,
        "kB" => 1000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        _ => return Err(wrong()),
    };
    let number: u32 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(factor).map(Bytes).ok_or_else(wrong)
}

/// Reads `40ppm`, `-20ppm`.
///
/// # Errors
/// What a clock's error looks like.
pub(super) fn skew(text: &str) -> Result<i32, String> {
    const MAX: i32 = 100_000;
    let wrong = || format!("a clock is off by at most {MAX}ppm: \"40ppm\", \"-20ppm\"");
    let number: i32 = text.strip_suffix("ppm").and_then(|number| number.parse().ok()).ok_or_else(wrong)?;
    if number.unsigned_abs() > MAX.unsigned_abs() { Err(wrong()) } else { Ok(number) }
}

/// Reads `5mJ`, `300uJ`, `2J`, and gives nanojoules.
///
/// # Errors
/// What an energy looks like.
pub(super) fn energy(text: &str) -> Result<u64, String> {
    let wrong = || "an energy is a whole number with a unit nJ, uJ, mJ or J: \"5mJ\"".to_string();
    let (number, unit) = split(text);
    let factor = match unit {
        "nJ" => 1,
        "uJ" => 1_000,
        "mJ" => 1_000_000,
        "J" => 1_000_000_000,
        _ => return Err(wrong()),
    };
    number.parse().ok().and_then(|number: u64| number.checked_mul(factor)).ok_or_else(wrong)
}

/// A number with at most one decimal, in tenths.
fn tenths(text: &str) -> Option<u64> {
    let (whole, tenth) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !is_number(whole, 12) || !is_number(tenth, 1) {
        return None;
    }
    Some(whole.parse::<u64>().ok()? * 10 + tenth.parse::<u64>().ok()?)
}

fn split(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_exactly() {
        assert_eq!(
            [share("100%"), share("0.5%"), share("12%")].map(|share| share.unwrap().0),
            [1000, 5, 120]
        );
        assert_eq!(
            [gap("2/s"), gap("30/m"), gap("0.5/h")].map(|gap| gap.unwrap().0),
            [500_000, 2_000_000, 7_200_000_000]
        );
        assert_eq!(
            [size("64KiB"), size("100kB"), size("7B")].map(|size| size.unwrap().0),
            [65_536, 100_000, 7]
        );
        assert_eq!([skew("40ppm"), skew("-20ppm")], [Ok(40), Ok(-20)]);
        assert_eq!([energy("5mJ"), energy("300nJ")], [Ok(5_000_000), Ok(300)]);
        assert_eq!(time("1m500ms"), Ok(Micros(60_500_000)));
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        assert!(
            ["", "%", "5", "101%", "-1%", "0.55%", ".5%", "5 %", "\u{e4}%"]
                .iter()
                .all(|text| share(text).is_err())
        );
        assert!(
            ["", "/s", "2", "0/s", "2/", "2/min", "-1/s", "20000/s", "2/\u{e4}", "99999999999999/s"]
                .iter()
                .all(|text| gap(text).is_err())
        );
        assert!(["", "64", "1.5KiB", "5000MiB", "KiB"].iter().all(|text| size(text).is_err()));
        assert!(["", "40", "ppm", "200000ppm", "-2147483648ppm"].iter().all(|text| skew(text).is_err()));
        assert!(["", "5", "mJ", "99999999999J"].iter().all(|text| energy(text).is_err()));
        assert!(["", "5", "400d"].iter().all(|text| time(text).is_err()));
    }
}
