//! Numbers in words and digits, 0 to 999,999, with fractions, in thousandths.

use super::MAX_NUMBER;
use super::token::{Cursor, Token};

/// Below twenty: the word, and the word of its ordinal.
const UNITS: [(&str, &str); 20] = [
    ("zero", "zeroth"),
    ("one", "first"),
    ("two", "second"),
    ("three", "third"),
    ("four", "fourth"),
    ("five", "fifth"),
    ("six", "sixth"),
    ("seven", "seventh"),
    ("eight", "eighth"),
    ("nine", "ninth"),
    ("ten", "tenth"),
    ("eleven", "eleventh"),
    ("twelve", "twelfth"),
    ("thirteen", "thirteenth"),
    ("fourteen", "fourteenth"),
    ("fifteen", "fifteenth"),
    ("sixteen", "sixteenth"),
    ("seventeen", "seventeenth"),
    ("eighteen", "eighteenth"),
    ("nineteen", "nineteenth"),
];

/// Tens from twenty: the word, and the word of its ordinal.
const TENS: [(&str, &str); 8] = [
    ("twenty", "twentieth"),
    ("thirty", "thirtieth"),
    ("forty", "fortieth"),
    ("fifty", "fiftieth"),
    ("sixty", "sixtieth"),
    ("seventy", "seventieth"),
    ("eighty", "eightieth"),
    ("ninety", "ninetieth"),
];

/// A number that fills the span, with its sign.
pub(super) fn whole(mut cursor: Cursor<'_>) -> Option<i32> {
    let number = signed(&mut cursor)?;
    cursor.done(number)
}

/// A percentage that fills the span; the sign or word may be missing.
pub(super) fn percent(mut cursor: Cursor<'_>) -> Option<i32> {
    let number = if cursor.eat("half") { 50_000 } else { signed(&mut cursor)? };
    eat_percent(&mut cursor);
    cursor.done(number)
}

/// Takes a percent sign or word.
pub(super) fn eat_percent(cursor: &mut Cursor<'_>) -> bool {
    cursor.eat_sign('%') || cursor.eat("percent") || cursor.eat_all(&["per", "cent"])
}

/// A number with its sign.
pub(super) fn signed(cursor: &mut Cursor<'_>) -> Option<i32> {
    let is_negative = cursor.eat_sign('-') || cursor.eat_one_of(&["minus", "negative"]);
    if !is_negative {
        cursor.eat_sign('+');
    }
    let number = unsigned(cursor)?;
    Some(if is_negative { -number } else { number })
}

/// A number without a sign.
pub(super) fn unsigned(cursor: &mut Cursor<'_>) -> Option<i32> {
    let mut ahead = *cursor;
    let number = fraction_alone(&mut ahead).or_else(|| {
        ahead = *cursor;
        let whole = counted(&mut ahead)?;
        let number = whole + after_whole(&mut ahead)?;
        Some(number)
    })?;
    let number = i32::try_from(number).ok().filter(|number| *number <= MAX_NUMBER * 1000 + 999)?;
    *cursor = ahead;
    Some(number)
}

/// "a half", "three quarters", "half a", "1/2".
fn fraction_alone(cursor: &mut Cursor<'_>) -> Option<i64> {
    let mut ahead = *cursor;
    let number = if ahead.eat_all(&["a", "half"]) || ahead.eat_all(&["one", "half"]) {
        500
    } else if ahead.eat_all(&["a", "quarter"]) || ahead.eat_all(&["one", "quarter"]) {
        250
    } else if ahead.eat_all(&["three", "quarters"]) {
        750
    } else {
        let Some(Token::Number { thousandths: above, is_whole: true, .. }) = ahead.next() else {
            return None;
        };
        let is_divided = ahead.eat_sign('/');
        let Some(Token::Number { thousandths: below @ 1..=100_000, is_whole: true, .. }) = ahead.next()
        else {
            return None;
        };
        is_divided.then_some(above * 1000 / below)?
    };
    *cursor = ahead;
    Some(number)
}

/// What may follow a whole number: "and a half", "point five". None where it begins like that and is not.
fn after_whole(cursor: &mut Cursor<'_>) -> Option<i64> {
    let mut ahead = *cursor;
    if ahead.eat("point") {
        let number = decimals(&mut ahead)?;
        *cursor = ahead;
        return Some(number);
    }
    if ahead.eat("and")
        && let Some(number) = fraction_alone(&mut ahead)
    {
        *cursor = ahead;
        return Some(number);
    }
    Some(0)
}

/// Digits behind "point", said one by one or written.
fn decimals(cursor: &mut Cursor<'_>) -> Option<i64> {
    let (mut number, mut scale) = (0, 1000);
    let mut ahead = *cursor;
    let one = |ahead: &mut Cursor<'_>| -> Option<i64> {
        if ahead.eat("oh") {
            return Some(0);
        }
        if let Some(Token::Number { thousandths, digits: 1, is_whole: true }) = ahead.peek() {
            ahead.next();
            return Some(thousandths / 1000);
        }
        ahead.eat_mapped(|word| index(&UNITS, word, false)).filter(|digit| *digit < 10)
    };
    if let Some(Token::Number { thousandths, digits: digits @ 2..=3, is_whole: true }) = ahead.peek() {
        ahead.next();
        *cursor = ahead;
        return Some(thousandths / 10_i64.pow(u32::from(digits)));
    }
    while let Some(digit) = one(&mut ahead) {
        scale /= 10;
        number += digit * scale;
        *cursor = ahead;
    }
    (scale < 1000).then_some(number)
}

/// A whole number, or digits with their fraction.
fn counted(cursor: &mut Cursor<'_>) -> Option<i64> {
    if let Some(Token::Number { thousandths, is_whole, .. }) = cursor.peek() {
        cursor.next();
        if is_whole && cursor.eat("thousand") {
            return thousandths.checked_mul(1000);
        }
        if is_whole && cursor.eat("hundred") {
            return thousandths.checked_mul(100);
        }
        cursor.eat_one_of(&["st", "nd", "rd", "th"]);
        return Some(thousandths);
    }
    if cursor.eat_all(&["a", "dozen"]) || cursor.eat("dozen") {
        return Some(12_000);
    }
    if cursor.eat_all(&["a", "couple", "of"]) || cursor.eat_all(&["a", "couple"]) {
        return Some(2_000);
    }
    thousands(cursor).map(|number| number * 1000)
}

/// "a hundred and five thousand two hundred and one".
fn thousands(cursor: &mut Cursor<'_>) -> Option<i64> {
    let (first, is_ordinal) = hundreds(cursor, true)?;
    if is_ordinal {
        return Some(first);
    }
    if cursor.eat("thousandth") {
        return Some(first * 1000);
    }
    if first < 1000 && cursor.eat("thousand") {
        return Some(first * 1000 + rest_after(cursor, |cursor| hundreds(cursor, false)).0);
    }
    Some(first)
}

/// "two hundred and one", "twelve hundred", "a hundred"; and whether it ended as an ordinal.
fn hundreds(cursor: &mut Cursor<'_>, with_article: bool) -> Option<(i64, bool)> {
    let mut ahead = *cursor;
    let article = with_article && ahead.eat_one_of(&["a", "an"]);
    let is_bare = matches!(ahead.peek(), Some(Token::Word(word)) if is_hundred(word));
    let (first, is_ordinal) = if article || is_bare { (1, false) } else { tens(&mut ahead)? };
    if !is_ordinal && ahead.eat("hundredth") {
        *cursor = ahead;
        return Some((first * 100, true));
    }
    if !is_ordinal && ahead.eat("hundred") {
        let (rest, is_ordinal) = rest_after(&mut ahead, tens);
        *cursor = ahead;
        return Some((first * 100 + rest, is_ordinal));
    }
    // "a" counts only before hundred or thousand.
    if article && !matches!(ahead.peek(), Some(Token::Word(word)) if is_thousand(word)) {
        return None;
    }
    *cursor = ahead;
    Some((first, is_ordinal))
}

fn is_hundred(word: &str) -> bool {
    word.eq_ignore_ascii_case("hundred") || word.eq_ignore_ascii_case("hundredth")
}

fn is_thousand(word: &str) -> bool {
    word.eq_ignore_ascii_case("thousand") || word.eq_ignore_ascii_case("thousandth")
}

/// What follows "hundred" or "thousand", with "and" or without; 0 where nothing does.
fn rest_after(cursor: &mut Cursor<'_>, read: impl Fn(&mut Cursor<'_>) -> Option<(i64, bool)>) -> (i64, bool) {
    let mut ahead = *cursor;
    ahead.eat("and");
    match read(&mut ahead) {
        Some(rest) => {
            *cursor = ahead;
            rest
        }
        None => (0, false),
    }
}

/// Below a hundred, and whether it is an ordinal.
fn tens(cursor: &mut Cursor<'_>) -> Option<(i64, bool)> {
    let cardinal = |list: &'static [(&str, &str)]| move |word: &str| index(list, word, false);
    let ordinal = |list: &'static [(&str, &str)]| move |word: &str| index(list, word, true);
    if let Some(unit) = cursor.eat_mapped(cardinal(&UNITS)) {
        return Some((unit, false));
    }
    if let Some(unit) = cursor.eat_mapped(ordinal(&UNITS)) {
        return Some((unit, true));
    }
    if let Some(ten) = cursor.eat_mapped(ordinal(&TENS)) {
        return Some((20 + 10 * ten, true));
    }
    let ten = 20 + 10 * cursor.eat_mapped(cardinal(&TENS))?;
    let digit = |list| move |word: &str| index(list, word, false).filter(|unit| (1..10).contains(unit));
    if let Some(unit) = cursor.eat_mapped(digit(&UNITS)) {
        return Some((ten + unit, false));
    }
    let nth = |word: &str| index(&UNITS, word, true).filter(|unit| (1..10).contains(unit));
    // "twenty second" is an ordinal; "twenty seconds" is not.
    if let Some(unit) = cursor.eat_mapped(nth) {
        return Some((ten + unit, true));
    }
    Some((ten, false))
}

/// The index of a word, or of the ordinal's, in a table.
fn index(list: &[(&str, &str)], word: &str, ordinal: bool) -> Option<i64> {
    let is_it =
        |(cardinal, nth): &(&str, &str)| if ordinal { *nth } else { *cardinal }.eq_ignore_ascii_case(word);
    list.iter().position(is_it).map(|at| at as i64)
}

/// A cardinal below a hundred, in words.
pub(super) fn below_hundred(cursor: &mut Cursor<'_>) -> Option<i32> {
    let mut ahead = *cursor;
    let (number, is_ordinal) = tens(&mut ahead)?;
    if is_ordinal {
        return None;
    }
    *cursor = ahead;
    i32::try_from(number).ok()
}
