//! A mixing function: random-looking numbers that are the same in every run.
//!
//! Jitter, ranks and challenges come from it, so that no generator has to be kept in step.

/// The finaliser of SplitMix64: every bit of the input moves every bit of the output.
/// Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
pub(crate) fn mix(value: u64) -> u64 {
    let value = (value ^ value >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ value >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ value >> 31
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn numbers_in_a_row_are_spread_and_repeat() {
        let spread: BTreeSet<u64> = (0..100).map(|value| mix(value) % 1_000).collect();
        assert!(spread.len() > 85, "{}", spread.len());
        // The first outputs of SplitMix64 with seed 0 (its reference implementation).
        let golden = 0x9E37_79B9_7F4A_7C15_u64;
        assert_eq!(mix(golden), 0xE220_A839_7B1D_CDAF);
        assert_eq!(mix(golden.wrapping_mul(2)), 0x6E78_9E6A_A1B9_65F4);
    }
}
