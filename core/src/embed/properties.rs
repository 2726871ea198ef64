//! What every embedding keeps to, and the published vectors.
//!
//! `BLESS=1 cargo test -p ruvllm-esp-core published` rewrites `fixtures/embed/v2.tsv`; that is right only together with
//! a new [`VERSION`].

use super::*;
use proptest::prelude::*;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

const PUBLISHED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/embed/v2.tsv");

/// The texts of the published vectors. `xN ` before a text repeats it N times.
const TEXTS: [&str; 17] = [
    "",
    " \t.,;:!?-()",
    "a",
    "pump",
    "The pump in hall three whistles when it starts cold",
    "THE PUMP IN HALL THREE WHISTLES WHEN IT STARTS COLD",
    "E42 at 21.5 C, 1013 hPa",
    "Straße überqueren, Größe prüfen",
    "mañana café naïve Œuvre",
    "Łożysko wentylatora głośno piszczy",
    "Η αντλία στο υπόγειο στάζει από χθες",
    "Насос в подвале не работает",
    "ポンプが止まった",
    "oﬃce m² ｶﾞｽ wo\u{2060}rd",
    "🔥🚒",
    "x400 vibration on fan four ",
    "x5000 a",
];

fn spelled_out(text: &str) -> String {
    match text.strip_prefix('x').and_then(|rest| rest.split_once(' ')) {
        Some((count, part)) if count.parse::<usize>().is_ok() => part.repeat(count.parse().unwrap()),
        _ => text.to_string(),
    }
}

fn hexadecimal(vector: &[i8]) -> String {
    vector.iter().map(|component| format!("{:02x}", *component as u8)).collect()
}

#[test]
fn published_vectors_hold() {
    let mut table = String::from("text\tvector\n");
    for text in TEXTS {
        let escaped = text.replace('\t', "\\t");
        table += &format!("{escaped}\t{}\n", hexadecimal(&embed(&spelled_out(text), &mut ())));
    }
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(PUBLISHED, &table).unwrap();
    }
    let published = std::fs::read_to_string(PUBLISHED).unwrap().replace("\r\n", "\n");
    assert_eq!(published, table, "a changed vector needs a new embed::VERSION");
}

#[test]
fn text_without_letters_is_all_zeros() {
    for text in ["", " \t\n", "?!... -- \u{2014}", "\u{301}\u{200d}"] {
        assert_eq!(embed(text, &mut ()), [0; DIMENSIONS], "{text:?}");
    }
}

#[test]
fn other_spellings_of_a_word_have_the_same_vector() {
    for (one, other) in [
        ("Straße", "STRASSE"),
        ("café", "CAFE\u{301}"),
        ("Ёлка", "елка"),
        ("σεισμός", "ΣΕΙΣΜΟΣ"),
        ("re-use", "re use"),
    ] {
        assert_eq!(embed(one, &mut ()), embed(other, &mut ()), "{one} {other}");
    }
}

#[test]
fn half_as_many_dimensions_are_the_folded_sums_of_twice_as_many() {
    let (mut wide, mut narrow) = ([0i32; 128], [0i32; 64]);
    pattern::add_words("Gearbox oil looked milky", &mut wide, &mut ());
    pattern::add_words("Gearbox oil looked milky", &mut narrow, &mut ());
    let folded: [i32; 64] = core::array::from_fn(|at| wide[at] + wide[at + 64]);
    assert_eq!(folded, narrow);
}

fn within_tolerance(vector: &[i8]) -> bool {
    let squares: i32 = vector.iter().map(|component| i32::from(*component).pow(2)).sum();
    let tolerance = norm_tolerance(vector.len());
    squares == 0 || ((NORM - tolerance).pow(2)..=(NORM + tolerance).pow(2)).contains(&squares)
}

proptest! {
    #[test]
    fn any_text_gives_a_vector_of_the_stated_length(text in any::<String>()) {
        prop_assert!(within_tolerance(&embed(&text, &mut ())));
        prop_assert!(within_tolerance(&embed_into::<128, ()>(&text, &mut ())));
        prop_assert!(within_tolerance(&embed_into::<256, ()>(&text, &mut ())));
    }

    #[test]
    fn word_order_does_not_matter(words in proptest::collection::vec("\\PC{0,9}", 0..9), turn in 0usize..9) {
        let mut turned: Vec<&str> = words.iter().map(String::as_str).rev().collect();
        let turn = turn.min(turned.len());
        turned.rotate_left(turn);
        prop_assert_eq!(embed(&words.join(" "), &mut ()), embed(&turned.join(" , "), &mut ()));
    }

    #[test]
    fn case_does_not_matter(text in "[a-zA-Zà-öø-ÿšžœąęłńśźżğşα-ωάέήίόύώа-яёїєґ0-9 ,.']{0,60}") {
        prop_assert_eq!(embed(&text, &mut ()), embed(&text.to_uppercase(), &mut ()));
        prop_assert_eq!(embed(&text, &mut ()), embed(&text.to_lowercase(), &mut ()));
    }

    #[test]
    fn the_meter_changes_nothing(text in any::<String>()) {
        let mut counts = crate::meter::Counts::default();
        prop_assert_eq!(embed(&text, &mut counts), embed(&text, &mut ()));
    }
}
