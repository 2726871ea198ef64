//! Whether the nearest item has anything to do with the query.
//!
//! Some item is always nearest. Its similarity alone separates poorly: a few misspelt words are no nearer to their own
//! sentence than a long unrelated one that shares the small words. But the own sentence stands out from the rest, so
//! what counts is the similarity plus its lead over the runner-up. `docs/embedder.md` has the rates of both rules.

use super::NORM;

/// A lead is counted from this similarity at least (a cosine of 0.3), about where the nearest of a few dozen unrelated
/// items lies: in a store of one or two items the runner-up says nothing.
pub const CROWD: i32 = NORM * NORM * 30 / 100;

/// How relevant the nearest item is: `nearest`, its dot product with the query, plus its lead over `runner_up`, the dot
/// product of the next item, or over [`CROWD`] where that is more. At most twice the squared [`NORM`].
pub fn relevance(nearest: i32, runner_up: Option<i32>) -> i32 {
    let rest = runner_up.map_or(CROWD, |runner_up| runner_up.max(CROWD));
    nearest.saturating_add(nearest.saturating_sub(rest))
}

/// From which [`relevance`] on the nearest item counts as found, for vectors of `dimensions`: the values calibrated
/// for 64, 128 and 256, where false accepts and misses add up to the least.
pub const fn relevance_threshold(dimensions: usize) -> i32 {
    let hundredths = match dimensions {
        0..128 => 62,
        128..256 => 56,
        _ => 53,
    };
    NORM * NORM * hundredths / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_out_is_more_relevant_than_what_is_one_of_many() {
        assert!(relevance(8000, Some(5000)) > relevance(8000, Some(7900)));
        assert_eq!(relevance(8000, Some(8000)), 8000);
    }

    #[test]
    fn a_small_store_gives_no_lead_away() {
        assert_eq!(relevance(8000, None), relevance(8000, Some(-3000)));
        assert!(relevance(CROWD, None) < relevance_threshold(64));
        assert!(relevance(i32::MIN, Some(i32::MAX)) < 0);
    }
}
