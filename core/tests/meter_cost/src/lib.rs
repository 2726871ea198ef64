//! Each distance kernel twice: as the core has it, metered with `()`, and written out without a meter.
//!
//! `tests/meter_cost.rs` compiles this for a chip and holds the machine code of each pair equal.
#![no_std]

/// Kernels of the core, with the meter of a chip.
pub mod metered {
    use ruvllm_esp_core::kernel::distance;

    /// See [`distance::dot`].
    #[inline(never)]
    pub fn dot(a: &[i8], b: &[i8]) -> i32 {
        distance::dot(a, b, &mut ())
    }

    /// See [`distance::squared_euclidean`].
    #[inline(never)]
    pub fn squared_euclidean(a: &[i8], b: &[i8]) -> i32 {
        distance::squared_euclidean(a, b, &mut ())
    }

    /// See [`distance::manhattan`].
    #[inline(never)]
    pub fn manhattan(a: &[i8], b: &[i8]) -> i32 {
        distance::manhattan(a, b, &mut ())
    }

    /// See [`distance::hamming`].
    #[inline(never)]
    pub fn hamming(a: &[u32], b: &[u32]) -> u32 {
        distance::hamming(a, b, &mut ())
    }
}

/// The same without a meter.
pub mod unmetered {
    /// The dot product.
    #[inline(never)]
    pub fn dot(a: &[i8], b: &[i8]) -> i32 {
        a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
    }

    /// The squared Euclidean distance.
    #[inline(never)]
    pub fn squared_euclidean(a: &[i8], b: &[i8]) -> i32 {
        a.iter()
            .zip(b)
            .map(|(a, b)| {
                let difference = i32::from(*a) - i32::from(*b);
                difference * difference
            })
            .sum()
    }

    /// The Manhattan distance.
    #[inline(never)]
    pub fn manhattan(a: &[i8], b: &[i8]) -> i32 {
        a.iter().zip(b).map(|(a, b)| (i32::from(*a) - i32::from(*b)).abs()).sum()
    }

    /// The Hamming distance.
    #[inline(never)]
    pub fn hamming(a: &[u32], b: &[u32]) -> u32 {
        a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum()
    }
}
