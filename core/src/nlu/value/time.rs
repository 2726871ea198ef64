//! Times of day, in minutes since midnight: "half past six", "quarter to nine pm", "18:30", "noon".
//!
//! Without "am" or "pm" the hour is taken as said: "half past six" is 06:30.

use super::number;
use super::token::{Cursor, Token};

const HOUR: i32 = 60;
const DAY: i32 = 24 * HOUR;

/// A time of day that fills the span.
pub(super) fn parse(mut cursor: Cursor<'_>) -> Option<i32> {
    for (word, minutes) in [("noon", 12 * HOUR), ("midday", 12 * HOUR), ("midnight", 0)] {
        if cursor.eat(word) {
            return cursor.done(minutes);
        }
    }
    let (minutes, may_be_halved) = clock(&mut cursor)?;
    let minutes = half_of_day(&mut cursor, minutes, may_be_halved)?;
    cursor.done(minutes)
}

/// Minutes as the clock says them, and whether "am" or "pm" may follow.
fn clock(cursor: &mut Cursor<'_>) -> Option<(i32, bool)> {
    let mut ahead = *cursor;
    if let Some(minutes) = past_or_to(&mut ahead) {
        *cursor = ahead;
        return Some(minutes);
    }
    let hour = small(cursor, 24)?;
    if cursor.eat_sign(':') {
        let Some(Token::Number { thousandths, digits: 2, is_whole: true }) = cursor.next() else {
            return None;
        };
        let minute = i32::try_from(thousandths / 1000).ok().filter(|minute| *minute < 60)?;
        return time(hour, minute);
    }
    if cursor.eat_one_of(&["o'clock", "o\u{2019}clock", "oclock"]) {
        return time(hour, 0);
    }
    if cursor.eat("hundred") {
        cursor.eat("hours");
        return time(hour, 0).map(|(minutes, _)| (minutes, false));
    }
    let mut ahead = *cursor;
    ahead.eat("oh");
    if let Some(minute) = small(&mut ahead, 59) {
        *cursor = ahead;
        return time(hour, minute);
    }
    time(hour, 0)
}

fn time(hour: i32, minute: i32) -> Option<(i32, bool)> {
    let minutes = if hour == 24 && minute == 0 { 0 } else { hour * HOUR + minute };
    (minutes < DAY).then_some((minutes, (1..=12).contains(&hour)))
}

/// "half past six", "quarter to nine", "ten minutes past four", "half six".
fn past_or_to(cursor: &mut Cursor<'_>) -> Option<(i32, bool)> {
    cursor.eat("a");
    let is_half = cursor.eat("half");
    let minute = if is_half {
        30
    } else if cursor.eat("quarter") {
        15
    } else {
        small(cursor, 59)?
    };
    cursor.eat_one_of(&["minutes", "minute"]);
    let is_past = cursor.eat_one_of(&["past", "after"]);
    let is_before = !is_past && cursor.eat_one_of(&["to", "before", "till"]);
    if !is_past && !is_before && !is_half {
        return None;
    }
    let hour = if cursor.eat("midnight") {
        0
    } else if cursor.eat_one_of(&["noon", "midday"]) {
        12
    } else {
        small(cursor, 23)?
    };
    cursor.eat("o'clock");
    let minutes = hour * HOUR + if is_before { -minute } else { minute };
    Some((minutes.rem_euclid(DAY), (1..=12).contains(&hour)))
}

/// "am", "p.m.", "in the evening".
fn half_of_day(cursor: &mut Cursor<'_>, minutes: i32, may_be_halved: bool) -> Option<i32> {
    let is_morning = cursor.eat_one_of(&["am"]) || cursor.eat_all(&["a", "m"]);
    let is_morning =
        is_morning || cursor.eat_all(&["in", "the", "morning"]) || cursor.eat_all(&["this", "morning"]);
    let is_evening = !is_morning
        && (cursor.eat_one_of(&["pm", "tonight"])
            || cursor.eat_all(&["p", "m"])
            || cursor.eat_all(&["in", "the", "evening"])
            || cursor.eat_all(&["in", "the", "afternoon"])
            || cursor.eat_all(&["this", "evening"])
            || cursor.eat_all(&["this", "afternoon"])
            || cursor.eat_all(&["at", "night"]));
    if !is_morning && !is_evening {
        return Some(minutes);
    }
    if !may_be_halved {
        return None;
    }
    // 12 am is midnight, 12 pm is noon; "quarter to one pm" is 12:45.
    let of_half = minutes % (12 * HOUR);
    Some(of_half + if is_evening { 12 * HOUR } else { 0 })
}

/// A whole number of at most `most`, in digits or words.
fn small(cursor: &mut Cursor<'_>, most: i32) -> Option<i32> {
    let mut ahead = *cursor;
    let number = match ahead.peek() {
        Some(Token::Number { thousandths, digits: 1..=2, is_whole: true }) => {
            ahead.next();
            i32::try_from(thousandths / 1000).ok()?
        }
        Some(Token::Word(_)) => number::below_hundred(&mut ahead)?,
        _ => return None,
    };
    if number > most {
        return None;
    }
    *cursor = ahead;
    Some(number)
}
