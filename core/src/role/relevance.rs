//! When a stored text bears on a question, and how that is written.

use crate::embed::NORM;
use crate::units::Thousandths;

/// The cosine of two embeddings whose dot product is `similarity`.
pub fn cosine(similarity: i32) -> Thousandths {
    Thousandths(similarity * 1000 / (NORM * NORM))
}

/// The least dot product at which a stored text bears on the question `text`.
pub fn threshold(text: &str) -> i32 {
    let _ = text;
    NORM * NORM * 45 / 100
}
