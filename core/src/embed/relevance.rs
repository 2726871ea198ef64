//! Whether the nearest item has anything to do with the query.
//!
//! Some item is always nearest. Its similarity alone separates poorly: a few misspelt words are no nearer to their own
//! sentence than a long unrelated one that shares the small words. But the own sentence stands out from the rest, so
//! what counts is the similarity plus its lead over the runner-up. The thresholds are for vectors of 512 dimensions;
//! `docs/embedder.md` has the rates of both rules, and a test holds the constants to the calibration.

use super::NORM;

/// A lead is counted from this similarity at least (a cosine of 0.3), about where the nearest of a few dozen unrelated
/// items lies: in a store of one or two items the runner-up says nothing.
pub const CROWD: i32 = NORM * NORM * 30 / 100;

/// From this [`score`] on the nearest item bears on the query: the least at which 100 unrelated sentences of the query's
/// language answer at most one query in twenty.
pub const THRESHOLD: i32 = NORM * NORM * 59 / 100;

/// From this similarity on an item bears on the query, whatever else is near: likewise, at most one in a hundred.
pub const NEAR: i32 = NORM * NORM * 56 / 100;

/// How relevant the nearest item is: `nearest`, its dot product with the query, plus its lead over `runner_up`, the dot
/// product of the next item, or over [`CROWD`] where that is more. At most twice the squared [`NORM`].
pub fn score(nearest: i32, runner_up: Option<i32>) -> i32 {
    let rest = runner_up.map_or(CROWD, |runner_up| runner_up.max(CROWD));
    nearest.saturating_add(nearest.saturating_sub(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_out_is_more_relevant_than_what_is_one_of_many() {
        assert!(score(8000, Some(5000)) > score(8000, Some(7900)));
        assert_eq!(score(8000, Some(8000)), 8000);
    }

    #[test]
    fn a_small_store_gives_no_lead_away() {
        assert_eq!(score(8000, None), score(8000, Some(-3000)));
        assert!(score(CROWD, None) < THRESHOLD);
        assert!(score(i32::MIN, Some(i32::MAX)) < 0);
    }
}
