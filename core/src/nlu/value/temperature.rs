//! Temperatures, in thousandths of a degree Celsius: "21.5 degrees", "seventy Fahrenheit", "minus five".

use super::number;
use super::token::Cursor;

/// A temperature that fills the span.
pub(super) fn parse(mut cursor: Cursor<'_>) -> Option<i32> {
    let number = number::signed(&mut cursor)?;
    let is_fahrenheit = unit(&mut cursor)?;
    cursor.done(if is_fahrenheit { celsius(i64::from(number) - 32_000)? } else { number })
}

/// A difference of temperatures that fills the span.
pub(super) fn difference(cursor: &mut Cursor<'_>) -> Option<i32> {
    let number = number::unsigned(cursor)?;
    let is_fahrenheit = unit(cursor)?;
    if is_fahrenheit { celsius(i64::from(number)) } else { Some(number) }
}

/// Takes the unit, if there is one. Is it Fahrenheit?
fn unit(cursor: &mut Cursor<'_>) -> Option<bool> {
    cursor.eat_one_of(&["degrees", "degree", "deg"]);
    if cursor.eat_one_of(&["c", "celsius", "centigrade"]) {
        return Some(false);
    }
    Some(cursor.eat_one_of(&["f", "fahrenheit"]))
}

/// Fahrenheit above its zero of Celsius to Celsius, rounded to a tenth.
fn celsius(fahrenheit: i64) -> Option<i32> {
    let tenths = (fahrenheit * 5 + 450 * fahrenheit.signum()) / 900;
    i32::try_from(tenths * 100).ok()
}
