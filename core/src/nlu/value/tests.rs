//! What people say, and the values that it stands for.

use super::*;
use proptest::prelude::*;
use std::format;
use std::string::String;
use std::vec::Vec;

fn value(kind: Kind, text: &str) -> Option<Value> {
    let words: Vec<&str> = text.split_whitespace().collect();
    parse(kind, true, &words, &mut ())
}

fn check(kind: Kind, cases: &[(&str, i32)]) {
    for (text, wanted) in cases {
        assert_eq!(value(kind, text), Some(Value::Scalar(*wanted)), "{text}");
    }
}

fn refused(kind: Kind, cases: &[&str]) {
    for text in cases {
        assert_eq!(value(kind, text), None, "{text}");
    }
}

#[test]
fn numbers_in_words_and_digits() {
    let whole = [
        ("zero", 0),
        ("a hundred and five", 105),
        ("twenty-one", 21),
        ("Twenty one", 21),
        ("one hundred", 100),
        ("hundred", 100),
        ("twelve hundred", 1200),
        ("nine hundred ninety nine thousand nine hundred and ninety nine", 999_999),
        ("a thousand and one", 1001),
        ("two hundred thousand", 200_000),
        ("twenty first", 21),
        ("third", 3),
        ("21st", 21),
        ("hundredth", 100),
        ("3 thousand", 3000),
        ("a dozen", 12),
        ("minus five", -5),
        ("-40", -40),
        ("42", 42),
        ("the 7", 7),
    ];
    check(Kind::Number, &whole.map(|(text, number)| (text, number * 1000)));
    check(
        Kind::Number,
        &[
            ("two and a half", 2500),
            ("three point one four", 3140),
            ("21.5", 21_500),
            ("21,5", 21_500),
            ("a half", 500),
            ("three quarters", 750),
            ("1/4", 250),
            ("one and three quarters", 1750),
            ("twenty one point oh five", 21_050),
        ],
    );
    refused(
        Kind::Number,
        &[
            "",
            "one million",
            "a",
            "and",
            "twenty twenty",
            "one two",
            "five apples",
            "1,000",
            "1/0",
            "point",
            "twenty eleven",
            "seven-teen-",
            "1234567",
            "\u{bd}",
            "thousand thousand",
            "1 2",
        ],
    );
}

#[test]
fn every_whole_number_is_read_from_its_words() {
    for number in (0..1000).chain((1000..1_000_000).step_by(977)).chain([999_999]) {
        let words = in_words(number);
        assert_eq!(value(Kind::Number, &words), Some(Value::Scalar(number as i32 * 1000)), "{words}");
    }
}

/// The words of a number, as a reference that is written the other way round.
fn in_words(number: u32) -> String {
    const ONES: [&str; 20] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    match number {
        0..20 => ONES[number as usize].into(),
        20..100 if number.is_multiple_of(10) => TENS[number as usize / 10 - 2].into(),
        20..100 => format!("{}-{}", TENS[number as usize / 10 - 2], ONES[number as usize % 10]),
        100..1000 if number.is_multiple_of(100) => format!("{} hundred", ONES[number as usize / 100]),
        100..1000 => format!("{} hundred and {}", ONES[number as usize / 100], in_words(number % 100)),
        _ if number.is_multiple_of(1000) => format!("{} thousand", in_words(number / 1000)),
        _ => format!("{} thousand {}", in_words(number / 1000), in_words(number % 1000)),
    }
}

#[test]
fn percentages() {
    check(
        Kind::Percent,
        &[
            ("20%", 20_000),
            ("20 percent", 20_000),
            ("to fifty per cent", 50_000),
            ("half", 50_000),
            ("a hundred", 100_000),
            ("12.5 %", 12_500),
        ],
    );
    refused(Kind::Percent, &["percent", "20 degrees", "half past six"]);
}

#[test]
fn temperatures() {
    check(
        Kind::Temperature,
        &[
            ("21 degrees", 21_000),
            ("21.5C", 21_500),
            ("21\u{b0}C", 21_000),
            ("twenty one and a half degrees", 21_500),
            ("70 fahrenheit", 21_100),
            ("minus 5 degrees celsius", -5_000),
            ("32F", 0),
            ("nineteen", 19_000),
        ],
    );
    refused(Kind::Temperature, &["21 percent", "warm", "degrees"]);
}

#[test]
fn durations() {
    check(
        Kind::Duration,
        &[
            ("an hour and a half", 5400),
            ("90 s", 90),
            ("90s", 90),
            ("1h30m", 5400),
            ("half an hour", 1800),
            ("a quarter of an hour", 900),
            ("three quarters of an hour", 2700),
            ("two and a half hours", 9000),
            ("1 hour and 20 minutes", 4800),
            ("for ten minutes", 600),
            ("a minute and 30 seconds", 90),
            ("twenty-five mins", 1500),
            ("two days", 172_800),
            ("a week", 604_800),
            ("a couple of minutes", 120),
            ("1.5 hours", 5400),
        ],
    );
    refused(
        Kind::Duration,
        &[
            "ninety",
            "minutes",
            "hour half",
            "0 s",
            "two years",
            "900000 days",
            "an hour and",
            "half past six",
        ],
    );
}

#[test]
fn times_of_day() {
    let at = |hour: i32, minute: i32| hour * 60 + minute;
    check(
        Kind::Time,
        &[
            ("half past six", at(6, 30)),
            ("half six", at(6, 30)),
            ("quarter to nine pm", at(20, 45)),
            ("a quarter past seven in the morning", at(7, 15)),
            ("18:30", at(18, 30)),
            ("7:05 pm", at(19, 5)),
            ("7pm", at(19, 0)),
            ("6 p.m.", at(18, 0)),
            ("six o'clock", at(6, 0)),
            ("six thirty", at(6, 30)),
            ("seven oh five am", at(7, 5)),
            ("twelve am", 0),
            ("12 pm", at(12, 0)),
            ("half past twelve pm", at(12, 30)),
            ("quarter to one pm", at(12, 45)),
            ("ten minutes to midnight", at(23, 50)),
            ("five past noon", at(12, 5)),
            ("noon", at(12, 0)),
            ("midnight", 0),
            ("at eight in the evening", at(20, 0)),
            ("twenty to ten", at(9, 40)),
            ("0:00", 0),
            ("nineteen hundred hours", at(19, 0)),
        ],
    );
    refused(Kind::Time, &["", "25:00", "12:60", "18 pm", "half", "soon", "quarter past", "6:3", "noon pm"]);
}

#[test]
fn colours() {
    let color = |text| match value(Kind::Color, text) {
        Some(Value::Color(color)) => Some(color),
        _ => None,
    };
    assert_eq!(color("red"), Some(0xFF_0000));
    assert_eq!(color("Warm White"), Some(0xFF_D8A8));
    assert_eq!(color("turqoise"), Some(0x40_E0D0));
    assert_eq!(color("#12aBef"), Some(0x12_ABEF));
    for text in ["reddish thing", "#12345", "#+12345", "", "bed"] {
        assert_eq!(color(text), None, "{text}");
    }
}

#[test]
fn changes() {
    for (kind, text, wanted) in [
        (Kind::Temperature, "a bit warmer", Value::Steps(1)),
        (Kind::Temperature, "warmer", Value::Steps(2)),
        (Kind::Temperature, "a lot colder", Value::Steps(-4)),
        (Kind::Temperature, "two degrees warmer", Value::Change(2000)),
        (Kind::Temperature, "down by 9 fahrenheit", Value::Change(-5000)),
        (Kind::Percent, "less bright", Value::Steps(-2)),
        (Kind::Percent, "a little less dark", Value::Steps(1)),
        (Kind::Percent, "up by ten percent", Value::Change(10_000)),
        (Kind::Percent, "10% louder", Value::Change(10_000)),
        (Kind::Percent, "down a little", Value::Steps(-1)),
    ] {
        assert_eq!(value(kind, text), Some(wanted), "{text}");
    }
    refused(Kind::Duration, &["longer", "a bit"]);
    assert_eq!(parse(Kind::Percent, false, &["brighter"], &mut ()), None);
}

/// Any value that can be printed.
fn shown() -> impl Strategy<Value = Shown> {
    let scalar = |kind, range: core::ops::Range<i32>| {
        range.prop_map(move |number| Shown { kind, value: Value::Scalar(number) })
    };
    let relative = proptest::sample::select(&[Kind::Number, Kind::Percent, Kind::Temperature][..]);
    let sizes = prop_oneof![-999_999_000..-1_i32, 1..999_999_000_i32];
    prop_oneof![
        scalar(Kind::Number, -999_999_999..1_000_000_000),
        scalar(Kind::Percent, 0..100_001),
        scalar(Kind::Temperature, -80_000..200_000),
        scalar(Kind::Duration, 1..31_536_001),
        scalar(Kind::Time, 0..1440),
        (0..0x100_0000_u32).prop_map(|color| Shown { kind: Kind::Color, value: Value::Color(color) }),
        (relative.clone(), sizes).prop_map(|(kind, size)| Shown { kind, value: Value::Change(size) }),
        (relative, prop_oneof![-4..0_i8, 1..5_i8])
            .prop_map(|(kind, steps)| Shown { kind, value: Value::Steps(steps) }),
    ]
}

proptest! {
    /// What is printed means the same when it is read.
    #[test]
    fn printed_values_are_read_back(shown in shown()) {
        let text = format!("{shown}");
        prop_assert_eq!(value(shown.kind, text.trim_matches('"')), Some(shown.value), "{}", text);
    }

    /// Any text is a value or none.
    #[test]
    fn any_words_are_read(text in "(\\PC{0,6}|a|half|past|hundred|and|point|-|[0-9]{1,4}|%|to|by| ){0,20}") {
        let words: Vec<&str> = text.split(' ').collect();
        for kind in Kind::ALL {
            for relative in [false, true] {
                let _ = parse(kind, relative, &words, &mut ());
            }
        }
    }
}
