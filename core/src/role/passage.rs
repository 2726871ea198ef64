//! A long text, cut into overlapping passages of whole words.
//!
//! An embedding of many words is near to nothing in particular. A passage is short enough to be about one thing, and
//! overlaps the next so that no phrase is cut in two by all of them.

use core::ops::Range;

/// Words in a passage.
pub const PASSAGE_WORDS: usize = 12;
/// Words that a passage shares with the one before it.
pub const OVERLAP_WORDS: usize = 4;

/// The byte ranges of the passages of `text`. A last passage of fewer than [`OVERLAP_WORDS`] new words is joined to
/// the one before it.
pub fn passages(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let words = text.split_whitespace().count();
    let stride = PASSAGE_WORDS - OVERLAP_WORDS;
    let count = 1 + words.saturating_sub(PASSAGE_WORDS + OVERLAP_WORDS - 1).div_ceil(stride);
    (0..count).map(move |number| {
        let first = number * stride;
        let last = if number + 1 == count { words } else { first + PASSAGE_WORDS };
        word_range(text, first, last.saturating_sub(1))
    })
}

/// From the first byte of word `first` to the last byte of word `last`.
fn word_range(text: &str, first: usize, last: usize) -> Range<usize> {
    let offset = |word: &str| word.as_ptr().addr() - text.as_ptr().addr();
    let start = text.split_whitespace().nth(first).map_or(0, offset);
    let end = text.split_whitespace().nth(last).map_or(text.len(), |word| offset(word) + word.len());
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    #[test]
    fn a_short_text_is_one_passage() {
        assert_eq!(passages("the pump is in hall 3").collect::<Vec<_>>(), [0..21]);
        assert_eq!(passages("").collect::<Vec<_>>(), [0..0]);
    }

    proptest! {
        #[test]
        fn passages_cover_every_word_and_overlap(words in proptest::collection::vec("[a-zé]{1,8}", 1..60)) {
            let text = words.join(" ");
            let cut: Vec<&str> = passages(&text).map(|range| &text[range]).collect();
            let longest = PASSAGE_WORDS + OVERLAP_WORDS - 1;
            prop_assert!(cut.iter().all(|passage| passage.split(' ').count() <= longest));
            let mut rebuilt: Vec<&str> = cut[0].split(' ').collect();
            for passage in &cut[1..] {
                let next: Vec<&str> = passage.split(' ').collect();
                prop_assert_eq!(&rebuilt[rebuilt.len() - OVERLAP_WORDS..], &next[..OVERLAP_WORDS]);
                rebuilt.extend(&next[OVERLAP_WORDS..]);
            }
            prop_assert_eq!(rebuilt, words.iter().map(|word| word.as_str()).collect::<Vec<_>>());
        }
    }
}
