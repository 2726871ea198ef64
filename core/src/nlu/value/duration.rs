//! Spans of time, in seconds: "an hour and a half", "90 s", "1h30m", "two days".

use super::number;
use super::token::Cursor;

/// The longest span: a year.
pub(super) const MAX_SECONDS: i64 = 365 * 86_400;

/// A span of time that fills the span of words.
pub(super) fn parse(mut cursor: Cursor<'_>) -> Option<i32> {
    let mut seconds = part(&mut cursor)?;
    while !cursor.is_done() {
        cursor.eat("and");
        seconds += part(&mut cursor)?;
    }
    i32::try_from(seconds).ok().filter(|seconds| (1..=MAX_SECONDS).contains(&i64::from(*seconds)))
}

/// A number with its unit, and a fraction of the unit behind it.
fn part(cursor: &mut Cursor<'_>) -> Option<i64> {
    let mut ahead = *cursor;
    let (number, unit) = fraction_of_unit(&mut ahead).or_else(|| {
        ahead = *cursor;
        let mut one = ahead;
        if one.eat_one_of(&["a", "an"])
            && let Some(unit) = one.eat_mapped(unit)
        {
            ahead = one;
            return Some((1000, unit));
        }
        let number = number::unsigned(&mut ahead)?;
        Some((i64::from(number), ahead.eat_mapped(unit)?))
    })?;
    let more = fraction_behind(&mut ahead);
    *cursor = ahead;
    Some((number + more) * unit / 1000)
}

/// "and a half" behind a unit, in thousandths of it. Before a unit of its own it is another part.
fn fraction_behind(cursor: &mut Cursor<'_>) -> i64 {
    for (words, fraction) in [(["and", "a", "half"], 500), (["and", "a", "quarter"], 250)] {
        let mut ahead = *cursor;
        if ahead.eat_all(&words) && ahead.is_done() {
            *cursor = ahead;
            return fraction;
        }
    }
    0
}

/// "half an hour", "a quarter of an hour", "three quarters of an hour".
fn fraction_of_unit(cursor: &mut Cursor<'_>) -> Option<(i64, i64)> {
    let number = if cursor.eat("half") || cursor.eat_all(&["a", "half"]) {
        500
    } else if cursor.eat_all(&["a", "quarter"]) || cursor.eat("quarter") {
        250
    } else if cursor.eat_all(&["three", "quarters"]) {
        750
    } else {
        return None;
    };
    cursor.eat("of");
    cursor.eat_one_of(&["a", "an"]);
    Some((number, cursor.eat_mapped(unit)?))
}

/// The seconds of a unit.
fn unit(word: &str) -> Option<i64> {
    const UNITS: [(&[&str], i64); 5] = [
        (&["s", "sec", "secs", "second", "seconds"], 1),
        (&["m", "min", "mins", "minute", "minutes"], 60),
        (&["h", "hr", "hrs", "hour", "hours"], 3600),
        (&["d", "day", "days"], 86_400),
        (&["w", "week", "weeks"], 7 * 86_400),
    ];
    let is_it = |(words, _): &&(&[&str], i64)| words.iter().any(|one| one.eq_ignore_ascii_case(word));
    UNITS.iter().find(is_it).map(|(_, seconds)| *seconds)
}
