//! Letters out of text: case, accents and punctuation taken away.
//!
//! Two spellings that a person would call the same word must reach the hash as the same letters: `CAFÉ`, `café` and
//! `cafe` + combining acute all become `c a f e`, `Straße` and `STRASSE` the same seven letters. Covered are Latin
//! (Latin-1, Extended-A, Vietnamese and Romanian letters, ligatures, full-width), Greek, Cyrillic and Armenian; kana
//! lose their voicing marks and half-width kana become full-width (`ｶﾞｽ` and `ガス` are one word); every other script
//! passes through unchanged, since it has no case. The tables are 560 bytes of flash; `char::to_lowercase` alone would
//! add 12 KB, and would leave the accents.
//!
//! Letters and digits make words. ASCII, Latin-1 and general punctuation, spaces and controls separate them; combining
//! marks, joiners and variation selectors are ignored. Symbols beyond those, emoji among them, count as letters.

/// What one character means to the embedder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Folded {
    /// The end of a word.
    Break,
    /// Nothing: a combining mark, a joiner.
    Mark,
    /// A letter, a digit or a symbol, as a code point.
    Letter(u32),
    /// A ligature: two letters.
    Pair(u32, u32),
    /// A ligature: three letters.
    Triple(u32, u32, u32),
}

use Folded::{Break, Letter, Mark, Pair, Triple};

/// Base letters of U+00C0..U+0180. A blank separates words, a star is a ligature.
const LATIN: &[u8; 192] = b"aaaaaa*ceeeeiiiidnooooo ouuuuyt*aaaaaa*ceeeeiiiidnooooo ouuuuyty\
aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii**jjkkkllllllllllnnnnnnnnnoooooo**rrrrrrsssssssstttttt\
uuuuuuuuuuuuwwyyyzzzzzzs";

/// Base letters of U+1E00..U+1F00, mostly Vietnamese. A star is a ligature, a question mark stands for itself.
const LATIN_ADDITIONAL: &[u8; 256] = b"aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllll\
mmmmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvvwwwwwwwwwwxxxxyyzzzzzzhtwyas??*?\
aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeeeeeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy??????";

/// What `character` is to the embedder.
pub(crate) fn fold(character: char) -> Folded {
    let code = character as u32;
    match code {
        0x30..=0x39 | 0x61..=0x7A => Letter(code),
        0x41..=0x5A => Letter(code + 0x20),
        0..=0xBF => fold_latin1_symbol(code),
        0xC0..0x180 => from_table(LATIN, code, 0xC0),
        0x1E00..0x1F00 => from_table(LATIN_ADDITIONAL, code, 0x1E00),
        0x180..0x250 => Letter(fold_latin_extended_b(code)),
        0x300..=0x36F | 0x200B..=0x200F | 0x20D0..=0x20FF | 0xFE00..=0xFE0F | 0x1F3FB..=0x1F3FF => Mark,
        // Word joiner, invisible operators and the zero-width no-break space: inside a word, like a joiner.
        0x2060..=0x2064 | 0x180E | 0xFEFF | 0x3099 | 0x309A | 0xFF9E | 0xFF9F => Mark,
        0x2070..=0x2079 => Letter(fold_superscript(code)),
        0x2080..=0x2089 => Letter(code - 0x2050),
        0x2B0..=0x2FF | 0x2010..=0x206F | 0x2000..=0x200A | 0x3000..=0x3004 | 0x3008..=0x3020 => Break,
        0x370..0x400 => fold_greek(code),
        0x400..=0x52F => Letter(fold_cyrillic(code)),
        0x531..=0x556 => Letter(code + 0x30),
        0xFF10..=0xFF19 | 0xFF41..=0xFF5A => Letter(code - 0xFEE0),
        0xFF21..=0xFF3A => Letter(code - 0xFEC0),
        0xFF00..=0xFF0F
        | 0xFF1A..=0xFF20
        | 0xFF3B..=0xFF40
        | 0xFF5B..=0xFF65
        | 0xFFFD
        | 0x309B
        | 0x309C
        | 0x30FB => Break,
        0x3041..=0x3096 => Letter(fold_kana(code)),
        0x30A1..=0x30F6 => Letter(fold_kana(code - 0x60) + 0x60),
        0xFB00..=0xFB06 => latin_ligature(code),
        0xFF66..=0xFF9D => Letter(full_width_kana(code)),
        _ => Letter(code),
    }
}

/// The symbols of ASCII and Latin-1: micro and the superscripts are letters and digits, the soft hyphen is nothing.
fn fold_latin1_symbol(code: u32) -> Folded {
    match code {
        0xAA => Letter('a' as u32),
        0xAD => Mark,
        0xB2 => Letter('2' as u32),
        0xB3 => Letter('3' as u32),
        0xB9 => Letter('1' as u32),
        0xB5 => Letter(0x3BC),
        0xBA => Letter('o' as u32),
        _ => Break,
    }
}

/// The digit of U+2070 and U+2074..=U+2079; U+2071 is the letter i.
fn fold_superscript(code: u32) -> u32 {
    match code {
        0x2070 => 0x30,
        0x2074..=0x2079 => code - 0x2040,
        _ => 'i' as u32,
    }
}

/// The ligatures of typesetting: ff, fi, fl, ffi, ffl, long st, st.
fn latin_ligature(code: u32) -> Folded {
    let [f, i, l] = ['f', 'i', 'l'].map(|letter| letter as u32);
    match code {
        0xFB00 => Pair(f, f),
        0xFB01 => Pair(f, i),
        0xFB02 => Pair(f, l),
        0xFB03 => Triple(f, f, i),
        0xFB04 => Triple(f, f, l),
        _ => Pair('s' as u32, 't' as u32),
    }
}

/// A hiragana letter without its voicing mark, small letters as large ones.
fn fold_kana(code: u32) -> u32 {
    match code {
        // Small a to o, then ka/ga to chi/di in pairs of plain and voiced.
        0x3041..=0x304A => code + (code & 1),
        0x304B..=0x3062 => code - (code + 1) % 2,
        0x3063 | 0x3065 => 0x3064,
        0x3067 | 0x3069 => code - 1,
        0x306F..=0x307D => 0x306F + (code - 0x306F) / 3 * 3,
        0x3083 | 0x3085 | 0x3087 | 0x308E => code + 1,
        0x3094 => 0x3046,
        0x3095 => 0x304B,
        0x3096 => 0x3051,
        _ => code,
    }
}

/// Katakana of U+FF66..=U+FF9D in full width, small letters as large ones.
fn full_width_kana(code: u32) -> u32 {
    const TABLE: &[u8; 56] = &[
        0xF2, 0xA2, 0xA4, 0xA6, 0xA8, 0xAA, 0xE4, 0xE6, 0xE8, 0xC4, 0xFC, 0xA2, 0xA4, 0xA6, 0xA8, 0xAA, 0xAB,
        0xAD, 0xAF, 0xB1, 0xB3, 0xB5, 0xB7, 0xB9, 0xBB, 0xBD, 0xBF, 0xC1, 0xC4, 0xC6, 0xC8, 0xCA, 0xCB, 0xCC,
        0xCD, 0xCE, 0xCF, 0xD2, 0xD5, 0xD8, 0xDB, 0xDE, 0xDF, 0xE0, 0xE1, 0xE2, 0xE4, 0xE6, 0xE8, 0xE9, 0xEA,
        0xEB, 0xEC, 0xED, 0xEF, 0xF3,
    ];
    0x3000 + u32::from(TABLE.get((code - 0xFF66) as usize).copied().unwrap_or(0xFB))
}

/// Looks `code` up in a table of base letters that starts at `first`.
fn from_table(table: &[u8], code: u32, first: u32) -> Folded {
    match table.get((code - first) as usize) {
        Some(b' ') => Break,
        Some(b'*') => ligature(code),
        Some(b'?') | None => Letter(code),
        Some(base) => Letter(u32::from(*base)),
    }
}

/// The two letters of a ligature.
fn ligature(code: u32) -> Folded {
    let (first, second) = match code {
        0xC6 | 0xE6 => ('a', 'e'),
        0x132 | 0x133 => ('i', 'j'),
        0x152 | 0x153 => ('o', 'e'),
        _ => ('s', 's'),
    };
    Pair(first as u32, second as u32)
}

/// Vietnamese horned letters, Romanian comma letters and the letters with caron of Pinyin.
fn fold_latin_extended_b(code: u32) -> u32 {
    let base = match code {
        0x1CD | 0x1CE => 'a',
        0x1CF | 0x1D0 => 'i',
        0x1A0 | 0x1A1 | 0x1D1 | 0x1D2 => 'o',
        0x1AF | 0x1B0 | 0x1D3..=0x1DC => 'u',
        0x218 | 0x219 => 's',
        0x21A | 0x21B => 't',
        _ => return code,
    };
    base as u32
}

/// Greek: the tonos and the dialytika go, capitals become small, the final sigma becomes a sigma.
fn fold_greek(code: u32) -> Folded {
    Letter(match code {
        0x37A | 0x37E | 0x384 | 0x385 | 0x387 => return Break,
        0x386 | 0x3AC => 0x3B1,
        0x388 | 0x3AD => 0x3B5,
        0x389 | 0x3AE => 0x3B7,
        0x38A | 0x390 | 0x3AA | 0x3AF | 0x3CA => 0x3B9,
        0x38C | 0x3CC => 0x3BF,
        0x38E | 0x3AB | 0x3B0 | 0x3CB | 0x3CD => 0x3C5,
        0x38F | 0x3CE => 0x3C9,
        0x3C2 => 0x3C3,
        0x391..=0x3A9 => code + 0x20,
        _ => code,
    })
}

/// Cyrillic: capitals become small; io becomes ie, as Russian print does.
fn fold_cyrillic(code: u32) -> u32 {
    match code {
        0x401 | 0x451 | 0x400 | 0x450 => 0x435,
        0x402..=0x40F => code + 0x50,
        0x410..=0x42F => code + 0x20,
        0x4C0 | 0x4CF => 0x4CF,
        0x4C1..=0x4CE => code + (code & 1),
        0x460..=0x481 | 0x48A..=0x4BF | 0x4D0..=0x52F => code | 1,
        _ => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    fn folded(text: &str) -> String {
        let mut out = String::new();
        for character in text.chars() {
            match fold(character) {
                Break => out.push(' '),
                Mark => {}
                Letter(code) => out.extend(char::from_u32(code)),
                Pair(first, second) => out.extend([first, second].into_iter().filter_map(char::from_u32)),
                Triple(first, second, third) => {
                    out.extend([first, second, third].into_iter().filter_map(char::from_u32));
                }
            }
        }
        out
    }

    #[test]
    fn spellings_a_reader_calls_the_same_fold_to_the_same_letters() {
        assert_eq!(folded("CAFÉ"), folded("cafe\u{301}"));
        assert_eq!(folded("Straße"), folded("STRASSE"));
        assert_eq!(folded("Œuvre, ÆTHER"), "oeuvre  aether");
        assert_eq!(folded("Ο ΣΕΙΣΜΌΣ"), folded("ο σεισμός"));
        assert_eq!(folded("Щёлк ЇЖАК"), folded("щелк їжак"));
        assert_eq!(folded("Łódź Gdańsk TIẾNG VIỆT Ștefan"), "lodz gdansk tieng viet stefan");
        assert_eq!(folded("oﬃce, ﬁne, ﬂow, ﬆop"), "office  fine  flow  stop");
        assert_eq!(folded("wo\u{2060}rd \u{FEFF}bom"), "word bom");
        assert_eq!(folded("ｶﾞｽ ﾎﾟﾝﾌﾟ ｯｬ"), folded("ガス ポンプ ッャ"));
        assert_eq!(folded("ぽんぷがざだばぱゔ"), "ほんふかさたははう");
        assert_eq!(folded("m² H₂O 10⁶"), folded("m2 h2o 106"));
        assert_eq!(folded("l'eau\u{2014}tiède×2"), "l eau tiede 2");
    }

    #[test]
    fn the_tables_agree_with_the_standard_library_on_case() {
        for code in 0..0x1F00u32 {
            let Some(character) = char::from_u32(code) else { continue };
            let lower = character.to_lowercase();
            let covered = matches!(code, 0..0x180 | 0x386..0x3CF | 0x400..0x557 | 0x1E00..0x1EFA);
            if covered && lower.len() == 1 && character.is_alphabetic() {
                let small = lower.into_iter().next().map(fold);
                assert_eq!(Some(fold(character)), small, "U+{code:04X} {character}");
            }
        }
    }
}
