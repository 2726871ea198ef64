//! The baseline: letter trigrams, weighted by how rare they are (TF-IDF), compared by cosine, every text looked at.
//!
//! What one would take from a library (scikit-learn's `char_wb` analyser does the same): floating point, all vectors in
//! memory. It runs on the host only, to hold the chip's search against.

use std::collections::HashMap;

/// An index of all stored texts.
#[derive(Clone, Debug)]
pub struct Tfidf {
    /// By trigram, the texts that have it with its share of their vector.
    postings: HashMap<[char; 3], Vec<(usize, f64)>>,
    /// By trigram, how rare it is.
    rarity: HashMap<[char; 3], f64>,
    texts: usize,
}

impl Tfidf {
    /// Indexes `texts`.
    pub fn new<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let counts: Vec<HashMap<[char; 3], f64>> = texts.into_iter().map(trigrams).collect();
        let mut frequency: HashMap<[char; 3], f64> = HashMap::new();
        counts.iter().flat_map(HashMap::keys).for_each(|gram| *frequency.entry(*gram).or_default() += 1.0);
        let all = counts.len() as f64;
        let rarity: HashMap<_, _> = frequency
            .into_iter()
            .map(|(gram, count)| (gram, ((all + 1.0) / (count + 1.0)).ln() + 1.0))
            .collect();
        let mut postings: HashMap<[char; 3], Vec<(usize, f64)>> = HashMap::new();
        for (row, grams) in counts.iter().enumerate() {
            let norm = grams.iter().map(|(gram, count)| (count * rarity[gram]).powi(2)).sum::<f64>().sqrt();
            for (gram, count) in grams {
                postings.entry(*gram).or_default().push((row, count * rarity[gram] / norm));
            }
        }
        Self { postings, rarity, texts: counts.len() }
    }

    /// The similarity of `query` to every text, up to the length of the query's own vector.
    pub fn similarities(&self, query: &str) -> Vec<f64> {
        let mut sums = vec![0.0; self.texts];
        let mut grams: Vec<([char; 3], f64)> = trigrams(query).into_iter().collect();
        grams.sort_unstable_by_key(|(gram, _)| *gram);
        for (gram, count) in grams {
            let weight = count * self.rarity.get(&gram).copied().unwrap_or(0.0);
            for (row, share) in self.postings.get(&gram).into_iter().flatten() {
                sums[*row] += weight * share;
            }
        }
        sums
    }

    /// The rank of text `row` among all, from 1; whatever ties with it comes first, and what shares nothing is last.
    pub fn rank(&self, row: usize, query: &str) -> u32 {
        let all = self.similarities(query);
        if all[row] == 0.0 {
            all.len() as u32
        } else {
            all.iter().filter(|other| **other >= all[row]).count() as u32
        }
    }

    /// The nearest text, if any has anything in common with `query`.
    pub fn nearest(&self, query: &str) -> Option<usize> {
        let all = self.similarities(query).into_iter().enumerate();
        all.filter(|(_, similarity)| *similarity > 0.0).max_by(|a, b| a.1.total_cmp(&b.1)).map(|(row, _)| row)
    }
}

/// The trigrams of each word with a space before and after it, counted.
fn trigrams(text: &str) -> HashMap<[char; 3], f64> {
    let mut counts = HashMap::new();
    let lower = text.to_lowercase();
    for word in lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let padded: Vec<char> = std::iter::once(' ').chain(word.chars()).chain([' ']).collect();
        padded.windows(3).for_each(|gram| *counts.entry([gram[0], gram[1], gram[2]]).or_default() += 1.0);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_nearest_to_itself_and_a_rare_word_decides() {
        let texts = ["the pump in the hall", "the fan in the hall", "the pumps of the mill"];
        let index = Tfidf::new(texts);
        for (row, text) in texts.iter().enumerate() {
            assert_eq!((index.nearest(text), index.rank(row, text)), (Some(row), 1));
        }
        assert_eq!(index.nearest("fan of the hall"), Some(1));
        assert_eq!(index.nearest("xyz"), None);
    }
}
