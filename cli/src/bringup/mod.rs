//! The failures between a build and a banner, read from `docs/bring-up.md`.
//!
//! The document is the data: what people read is what `doctor` and the errors of `build` and `flash` know, and there is
//! no second list that could say something else.
//!
//! - [`document`]: its entries
//! - [`recognise`]: which of them a log speaks of

pub mod document;
pub mod recognise;

pub use document::{Entry, by_code, entries};
pub use recognise::{Explainer, Finding};

/// The entries that a text speaks of, in the order of their lines.
pub fn explain(text: &str) -> Vec<Finding> {
    let mut explainer = Explainer::new();
    text.lines().for_each(|line| explainer.line(line));
    explainer.finish()
}
