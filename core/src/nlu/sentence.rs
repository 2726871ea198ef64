//! A line cut into words: at blanks, without the punctuation around each.
//!
//! Signs that belong to values stay: `20%`, `-5`, `#ff8800`, `21\u{b0}`. A word of punctuation alone is none.

use super::limits::MAX_WORDS;
use crate::meter::{Meter, Op};

/// More words than a sentence may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyWords {
    /// The limit.
    pub limit: usize,
}

/// The words of a line.
#[derive(Clone, Copy, Debug)]
pub struct Sentence<'l> {
    words: [&'l str; MAX_WORDS],
    count: usize,
}

impl<'l> Sentence<'l> {
    /// Cuts `line`.
    ///
    /// # Errors
    /// [`TooManyWords`].
    pub fn split<M: Meter>(line: &'l str, meter: &mut M) -> Result<Self, TooManyWords> {
        meter.record(Op::Byte, line.len() as u32);
        let mut sentence = Self { words: [""; MAX_WORDS], count: 0 };
        let words = line.split_whitespace().map(trimmed).filter(|word| !word.is_empty());
        for word in words {
            let slot = sentence.words.get_mut(sentence.count).ok_or(TooManyWords { limit: MAX_WORDS })?;
            *slot = word;
            sentence.count += 1;
        }
        meter.record(Op::Store, sentence.count as u32);
        Ok(sentence)
    }

    /// The words.
    pub fn words(&self) -> &[&'l str] {
        self.words.get(..self.count).unwrap_or_default()
    }
}

fn trimmed(word: &str) -> &str {
    let is_open = |letter: char| !letter.is_alphanumeric() && !"#+-\u{2212}%\u{b0}".contains(letter);
    let is_close = |letter: char| !letter.is_alphanumeric() && !"%\u{b0}".contains(letter);
    word.trim_start_matches(is_open).trim_end_matches(is_close)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lose_punctuation_and_keep_signs() {
        let sentence =
            Sentence::split(" \u{201c}Dim\u{201d} it, to 20%! (-5\u{b0}) #ff8800 - wi-fi 21.5. ", &mut ());
        let words = ["Dim", "it", "to", "20%", "-5\u{b0}", "#ff8800", "wi-fi", "21.5"];
        assert_eq!(sentence.unwrap().words(), words);
    }

    #[test]
    fn a_sentence_has_a_limit() {
        assert_eq!(Sentence::split(&"word ".repeat(MAX_WORDS), &mut ()).unwrap().words().len(), MAX_WORDS);
        let long = "word ".repeat(MAX_WORDS + 1);
        let refused = Sentence::split(&long, &mut ());
        assert_eq!(refused.unwrap_err(), TooManyWords { limit: MAX_WORDS });
    }
}
