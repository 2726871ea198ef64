//! Changes: "a bit warmer", "much darker", "two degrees cooler", "up by ten percent".

use super::token::Cursor;
use super::{Value, number, temperature};
use crate::nlu::kind::Kind;

const MORE: &[&str] = &[
    "more", "warmer", "hotter", "brighter", "lighter", "louder", "higher", "up", "increase", "raise",
    "faster", "stronger", "longer", "further",
];
const LESS: &[&str] = &[
    "less", "colder", "cooler", "darker", "dimmer", "quieter", "softer", "lower", "down", "decrease",
    "reduce", "slower", "weaker", "shorter", "dim",
];
/// Adjectives that may follow "more" and "less".
const OF: &[&str] =
    &["bright", "warm", "hot", "loud", "light", "heat", "volume", "dark", "cold", "cool", "quiet", "fast"];
/// Adjectives that turn "more" into less and "less" into more.
const OPPOSITE: &[&str] = &["dark", "cold", "cool", "quiet"];

/// "much more".
const MAX_STEPS: i8 = 4;

/// A change that fills the span.
pub(super) fn parse(kind: Kind, cursor: Cursor<'_>) -> Option<Value> {
    steps(cursor).map(Value::Steps).or_else(|| change(kind, cursor))
}

/// "a bit warmer", "down a little".
fn steps(mut cursor: Cursor<'_>) -> Option<i8> {
    let before = amount(&mut cursor);
    let sign = direction(&mut cursor)?;
    let size = match before {
        Some(size) => size,
        None => amount(&mut cursor).unwrap_or(2),
    };
    cursor.done(sign * size)
}

/// "two degrees warmer", "up by ten percent"; "up 4 steps", as steps are printed.
fn change(kind: Kind, mut cursor: Cursor<'_>) -> Option<Value> {
    if let Some(sign) = direction(&mut cursor) {
        cursor.eat("by");
        if let Some(steps) = counted_steps(cursor) {
            return Some(Value::Steps(sign * steps));
        }
        let size = size(kind, &mut cursor)?;
        return cursor.done(Value::Change(i32::from(sign) * size));
    }
    let size = size(kind, &mut cursor)?;
    let sign = direction(&mut cursor)?;
    cursor.done(Value::Change(i32::from(sign) * size))
}

/// "2 steps", at most four.
fn counted_steps(mut cursor: Cursor<'_>) -> Option<i8> {
    let number = number::unsigned(&mut cursor)?;
    let is_steps = cursor.eat_one_of(&["step", "steps"]);
    let steps = i8::try_from(number / 1000).ok().filter(|steps| (1..=MAX_STEPS).contains(steps))?;
    if is_steps && number % 1000 == 0 { cursor.done(steps) } else { None }
}

/// How much, in the unit of the kind.
fn size(kind: Kind, cursor: &mut Cursor<'_>) -> Option<i32> {
    if kind == Kind::Temperature {
        return temperature::difference(cursor);
    }
    let number = number::unsigned(cursor)?;
    if kind == Kind::Percent {
        number::eat_percent(cursor);
    }
    Some(number)
}

/// 1 for more, -1 for less.
fn direction(cursor: &mut Cursor<'_>) -> Option<i8> {
    let is_more = cursor.eat_one_of(MORE);
    if !is_more && !cursor.eat_one_of(LESS) {
        return None;
    }
    let is_opposite = cursor.eat_one_of(OPPOSITE);
    if !is_opposite {
        cursor.eat_one_of(OF);
    }
    Some(if is_more == is_opposite { -1 } else { 1 })
}

/// "a bit" 1, "much" 4.
fn amount(cursor: &mut Cursor<'_>) -> Option<i8> {
    const LITTLE: [&[&str]; 6] = [
        &["a", "little", "bit"],
        &["a", "bit"],
        &["a", "little"],
        &["slightly"],
        &["a", "touch"],
        &["somewhat"],
    ];
    const MUCH: [&[&str]; 4] = [&["a", "lot"], &["much"], &["way"], &["far"]];
    if LITTLE.iter().any(|words| cursor.eat_all(words)) {
        return Some(1);
    }
    MUCH.iter().any(|words| cursor.eat_all(words)).then_some(MAX_STEPS)
}
