//! Binary logarithms and powers in 1/256: the scale that evidence and tails are kept on.
//!
//! Both are quadratic between powers of two, exact at them, and nowhere off by more than 5/256.

/// One octave, or one bit of evidence.
pub(super) const ONE: i32 = 256;

/// Instructions of one logarithm: these chips count leading zeros by hand. For meters.
pub(super) const LOG2_STEPS: u32 = 60;

/// The code of zero, below that of every number.
pub(super) const OF_ZERO: i32 = -1;

/// The logarithm of `value` to the base 2, in 1/256; [`OF_ZERO`] for zero.
pub(super) fn log2(value: u64) -> i32 {
    let Some(whole) = value.checked_ilog2() else { return OF_ZERO };
    let fraction = if whole >= 8 { value >> (whole - 8) } else { value << (8 - whole) } as i32 - ONE;
    // log2(1 + f) = f + 0.344 f (1 - f), nearly.
    whole as i32 * ONE + fraction + ((fraction * (ONE - fraction) * 88) >> 16)
}

/// `scale * 2^(exponent / 256)` for an exponent from 0 to 6 octaves; beyond, as for 6.
pub(super) fn scaled_exp2(scale: i32, exponent: i32) -> i32 {
    let exponent = exponent.clamp(0, 6 * ONE);
    let fraction = exponent & (ONE - 1);
    // 2^f = 1 + 0.656 f + 0.344 f^2, nearly.
    let power = ONE + ((fraction * (168 + ((88 * fraction) >> 8))) >> 8);
    (scale * (power << (exponent >> 8))) >> 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_near_the_real_ones() {
        for value in (1..70_000u64).chain([u64::MAX, 1 << 40, 999_999_999_999]) {
            let off = f64::from(log2(value)) - (value as f64).log2() * 256.0;
            assert!(off.abs() <= 5.0, "{value}: {off}");
        }
        assert_eq!((log2(0), log2(1), log2(2), log2(1 << 40)), (OF_ZERO, 0, 256, 40 * 256));
        for exponent in 0..1536 {
            let off =
                f64::from(scaled_exp2(2560, exponent)) / (2560.0 * (f64::from(exponent) / 256.0).exp2());
            assert!((off - 1.0).abs() < 0.01, "{exponent}: {off}");
        }
        assert_eq!(scaled_exp2(256, 256 * 99), 256 << 6);
    }

    #[test]
    fn the_logarithm_never_falls() {
        assert!((0..100_000u64).all(|value| log2(value) <= log2(value + 1)));
    }
}
