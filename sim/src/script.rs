//! What is typed at a simulated chip: console lines, and directives for the simulator.
//!
//! A line that begins with `@` is for the simulator (`@wait 2h30m` lets time pass), one that begins with `#` is for the
//! reader, and everything else is for the chip, exactly as it stands.

use ruvllm_esp_core::units::Micros;
use thiserror::Error;

/// One line of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'s> {
    /// Typed at the console.
    Say(&'s str),
    /// Time passes without work.
    Wait(Micros),
    /// A remark for the reader.
    Remark(&'s str),
}

/// Why a directive cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ScriptError {
    /// Not a directive.
    #[error("`{0}` is not a directive; the only one is `@wait TIME`")]
    UnknownDirective(String),
    /// Not a span of time.
    #[error("`{0}` is not a duration: numbers with units us, ms, s, m, h or d, as in 250ms, 90s, 2h30m")]
    BadTime(String),
}

/// Reads one line of a script.
///
/// # Errors
/// [`ScriptError`] for a line that begins with `@` and is no directive.
pub fn parse_step(line: &str) -> Result<Step<'_>, ScriptError> {
    if let Some(remark) = line.strip_prefix('#') {
        return Ok(Step::Remark(remark.trim()));
    }
    let Some(directive) = line.strip_prefix('@') else { return Ok(Step::Say(line)) };
    match directive.split_once(char::is_whitespace) {
        Some(("wait", time)) => parse_time(time.trim()).map(Step::Wait),
        _ => Err(ScriptError::UnknownDirective(line.to_string())),
    }
}

/// Reads a span of time: `2h30m`, `90s`, `250ms`. The units are us, ms, s, m, h and d.
///
/// # Errors
/// [`ScriptError::BadTime`], also where the sum exceeds 64 bits of microseconds.
pub fn parse_time(text: &str) -> Result<Micros, ScriptError> {
    let (mut rest, mut total) = (text, Some(0u64));
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let letters = rest.bytes().skip(digits).take_while(u8::is_ascii_alphabetic).count();
        let (term, after) = rest.split_at(digits + letters);
        let (number, unit) = term.split_at(digits);
        let span = number
            .parse()
            .ok()
            .zip(factor(unit))
            .and_then(|(number, unit): (u64, u64)| number.checked_mul(unit));
        total = total.zip(span).and_then(|(total, span)| total.checked_add(span));
        if total.is_none() {
            break;
        }
        rest = after;
    }
    total.filter(|_| !text.is_empty()).map(Micros).ok_or_else(|| ScriptError::BadTime(text.to_string()))
}

/// Microseconds in a unit of time.
fn factor(unit: &str) -> Option<u64> {
    Some(match unit {
        "us" => 1,
        "ms" => 1_000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_step_is_reported_by_its_first_character() {
        assert_eq!(parse_step("add @home #1"), Ok(Step::Say("add @home #1")));
        assert_eq!(parse_step("# a remark"), Ok(Step::Remark("a remark")));
        assert_eq!(parse_step("@wait 2h30m"), Ok(Step::Wait(Micros::seconds(9000))));
        assert!(matches!(parse_step("@sleep 1s"), Err(ScriptError::UnknownDirective(_))));
    }

    #[test]
    fn times_that_are_none_are_refused() {
        for wrong in
            ["", "5", "h", "5x", "-5s", "1.5s", "99999999999999999999s", "18446744073709551615d", "5s ", "ä"]
        {
            assert!(parse_time(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parse_time("1d1h1m1s1ms1us"), Ok(Micros(90_061_001_001)));
    }

    proptest! {
        #[test]
        fn any_line_is_a_step_or_an_error(line in "\\PC{0,40}") {
            let _ = parse_step(&line);
        }
    }
}
