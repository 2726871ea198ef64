//! Colours by name or as `#rrggbb`.
//!
//! The values of names that CSS has are those of CSS Color Module Level 4, section 6.1; shades of white are
//! approximations of their colour temperatures.

use crate::nlu::letters::{Likeness, compare};

/// Names and values; `warm white` before `white`, since the first of a value gives its name.
const COLORS: [(&str, u32); 34] = [
    ("red", 0xFF_0000),
    ("green", 0x00_8000),
    ("blue", 0x00_00FF),
    ("white", 0xFF_FFFF),
    ("warm white", 0xFF_D8A8),
    ("cold white", 0xD6_E6FF),
    ("cool white", 0xD6_E6FF),
    ("yellow", 0xFF_FF00),
    ("orange", 0xFF_A500),
    ("purple", 0x80_0080),
    ("violet", 0xEE_82EE),
    ("pink", 0xFF_C0CB),
    ("hot pink", 0xFF_69B4),
    ("magenta", 0xFF_00FF),
    ("cyan", 0x00_FFFF),
    ("turquoise", 0x40_E0D0),
    ("teal", 0x00_8080),
    ("lime", 0x00_FF00),
    ("olive", 0x80_8000),
    ("brown", 0xA5_2A2A),
    ("gold", 0xFF_D700),
    ("lavender", 0xE6_E6FA),
    ("indigo", 0x4B_0082),
    ("salmon", 0xFA_8072),
    ("coral", 0xFF_7F50),
    ("crimson", 0xDC_143C),
    ("ivory", 0xFF_FFF0),
    ("beige", 0xF5_F5DC),
    ("maroon", 0x80_0000),
    ("navy", 0x00_0080),
    ("sky blue", 0x87_CEEB),
    ("light blue", 0xAD_D8E6),
    ("light green", 0x90_EE90),
    ("black", 0x00_0000),
];

/// The colour that the words name.
pub(super) fn parse(words: &[&str]) -> Option<u32> {
    if let [word] = words
        && let Some(digits) = word.strip_prefix('#')
    {
        let is_hex = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        return is_hex.then(|| u32::from_str_radix(digits, 16).ok())?;
    }
    let words = match words {
        [article, rest @ ..] if is_article(article) => rest,
        _ => words,
    };
    let of = |wanted: Likeness| {
        let is_it = move |(name, _): &&(&str, u32)| compare(words, name, &mut ()) == wanted;
        COLORS.iter().find(is_it).map(|(_, color)| *color)
    };
    of(Likeness::Equal).or_else(|| of(Likeness::Near))
}

fn is_article(word: &str) -> bool {
    ["the", "a", "to"].iter().any(|article| article.eq_ignore_ascii_case(word))
}

/// The name of a colour that has one.
pub fn name_of(color: u32) -> Option<&'static str> {
    COLORS.iter().find(|(_, one)| *one == color).map(|(name, _)| *name)
}

/// Every name, each colour's first one first.
pub fn color_names() -> impl Iterator<Item = &'static str> {
    COLORS.iter().map(|(name, _)| *name)
}
