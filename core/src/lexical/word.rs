//! Text to words: folded letters, cut where a reader would cut.
//!
//! Letters and digits make words, as in the embedder (`embed::fold`). Scripts that put no spaces between words (Han,
//! kana, Thai, Lao, Khmer, Burmese) are cut into overlapping pairs of letters, so that 東京 is a word of 東京タワー; a
//! letter that stands alone is a word by itself.

use crate::embed::fold::{Folded, fold};
use crate::meter::{Meter, Op};

/// How many letters of a word are kept; two words that agree in these and in their length and hash are equal.
pub(super) const MAX_LETTERS: usize = 20;

/// How the letters of a word are to be compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Script {
    /// Letters that spell: a wrong one can be recognised, long words can be compounds.
    #[default]
    Alphabet,
    /// Hangul syllables: each is several letters, and particles follow the stem.
    Syllables,
    /// A pair of letters from a script without spaces.
    Unspaced,
    /// A digit is among the letters: another digit is another thing.
    Number,
}

/// A word of a text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Word {
    /// The first letters, as 16 bits of their code points.
    letters: [u16; MAX_LETTERS],
    /// How many letters it has, those that are not kept included.
    pub(super) length: u16,
    pub(super) script: Script,
    /// One bit for each letter that occurs, by code point modulo 32.
    pub(super) mask: u32,
    /// FNV-1a over all letters.
    pub(super) hash: u32,
}

const FNV_OFFSET: u32 = 0x811C_9DC5;
const FNV_PRIME: u32 = 0x0100_0193;

/// [`Word::hash`] of a word of these ASCII letters.
pub(super) const fn hash_of(letters: &[u8]) -> u32 {
    let (mut hash, mut rest) = (FNV_OFFSET, letters);
    while let Some((letter, others)) = rest.split_first() {
        hash = (hash ^ *letter as u32).wrapping_mul(FNV_PRIME);
        rest = others;
    }
    hash
}

impl Word {
    /// The letters that are kept.
    pub(super) fn letters(&self) -> &[u16] {
        self.letters.get(..usize::from(self.length).min(MAX_LETTERS)).unwrap_or_default()
    }

    fn push(&mut self, letter: u32) {
        let kept = (letter ^ (letter >> 16)) as u16;
        if self.length == 0 {
            self.hash = FNV_OFFSET;
        }
        if let Some(slot) = self.letters.get_mut(usize::from(self.length)) {
            *slot = kept;
        }
        self.length = self.length.saturating_add(1);
        self.mask |= 1 << (letter % 32);
        self.hash = (self.hash ^ letter).wrapping_mul(FNV_PRIME);
        match letter {
            0x30..=0x39 => self.script = Script::Number,
            0xAC00..=0xD7A3 if self.script == Script::Alphabet => self.script = Script::Syllables,
            _ => {}
        }
    }
}

/// Is `letter` of a script that puts no spaces between words?
fn is_unspaced(letter: u32) -> bool {
    // Most letters are below all of these.
    letter > 0x0E00
        && matches!(letter,
        0x0E01..=0x0EDF | 0x1000..=0x109F | 0x1780..=0x17DD | 0x3041..=0x30FF | 0x3400..=0x9FFF | 0xF900..=0xFAFF
        | 0x20000..=0x323AF)
}

/// Cuts a text into words, from pieces of whole characters.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    word: Word,
    /// The letter before, of a script without spaces.
    before: Option<u32>,
    /// Is `before` part of a pair already?
    is_paired: bool,
}

impl Cutter {
    /// Hands the words of `text` to `take`; the last one may go on in the next piece.
    pub(super) fn cut<M: Meter>(&mut self, text: &str, meter: &mut M, take: &mut impl FnMut(&Word, &mut M)) {
        meter.record(Op::Byte, text.len() as u32);
        for character in text.chars() {
            match fold(character) {
                Folded::Break => self.end(meter, take),
                Folded::Mark => {}
                Folded::Letter(letter) => self.letter(letter, meter, take),
                Folded::Pair(first, second) => {
                    [first, second].into_iter().for_each(|letter| self.letter(letter, meter, take));
                }
                Folded::Triple(first, second, third) => {
                    [first, second, third].into_iter().for_each(|letter| self.letter(letter, meter, take));
                }
            }
        }
    }

    /// Ends the current word, as the end of a text does.
    pub(super) fn end<M: Meter>(&mut self, meter: &mut M, take: &mut impl FnMut(&Word, &mut M)) {
        if let Some(letter) = self.before.take().filter(|_| !self.is_paired) {
            self.word.push(letter);
            self.word.script = Script::Unspaced;
        }
        self.is_paired = false;
        if self.word.length > 0 {
            meter.record(Op::Call, 1);
            take(&self.word, meter);
            meter.record(Op::Fill, (size_of::<Word>() / 4) as u32);
            self.word = Word::default();
        }
    }

    fn letter<M: Meter>(&mut self, letter: u32, meter: &mut M, take: &mut impl FnMut(&Word, &mut M)) {
        meter.record(Op::Hash, 1);
        meter.record(Op::Alu, 5);
        meter.record(Op::Store, 2);
        if !is_unspaced(letter) {
            if self.before.is_some() {
                self.end(meter, take);
            }
            self.word.push(letter);
            return;
        }
        let Some(before) = self.before else {
            self.end(meter, take);
            self.before = Some(letter);
            return;
        };
        let mut pair = Word::default();
        pair.push(before);
        pair.push(letter);
        pair.script = Script::Unspaced;
        take(&pair, meter);
        (self.before, self.is_paired) = (Some(letter), true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;
    use std::vec::Vec;

    fn words(pieces: &[&str]) -> Vec<String> {
        let mut words = Vec::new();
        let mut cutter = Cutter::default();
        let mut take = |word: &Word, _: &mut ()| {
            words.push(word.letters().iter().filter_map(|letter| char::from_u32((*letter).into())).collect());
        };
        pieces.iter().for_each(|piece| cutter.cut(piece, &mut (), &mut take));
        cutter.end(&mut (), &mut take);
        words
    }

    #[test]
    fn a_word_is_whole_across_pieces_and_ends_with_the_text() {
        assert_eq!(words(&["The pu", "mp, V12", "! oﬃce"]), ["the", "pump", "v12", "office"]);
        assert_eq!(words(&["", " ?! "]), [""; 0]);
    }

    #[test]
    fn scripts_without_spaces_are_cut_into_pairs() {
        assert_eq!(words(&["東京タ", "ワー 水"]), ["東京", "京タ", "タワ", "ワー", "水"]);
        assert_eq!(words(&["部屋101の鍵"]), ["部屋", "101", "の鍵"]);
    }

    #[test]
    fn a_long_word_counts_all_its_letters() {
        let mut cutter = Cutter::default();
        let mut take = |word: &Word, _: &mut ()| {
            assert_eq!((word.length, word.letters().len()), (21, MAX_LETTERS));
        };
        cutter.cut("Donaudampfschifffahrt", &mut (), &mut take);
        cutter.end(&mut (), &mut take);
    }
}
