//! Arithmetic beyond one operator: high products, division, atomics.
//!
//! Division by zero and overflow have the defined results of the M extension; nothing here can panic.

use super::operation::Kind;

/// Upper word of the signed product.
pub const fn multiply_high(a: u32, b: u32) -> u32 {
    ((a as i32 as i64 * b as i32 as i64) >> 32) as u32
}

/// Upper word of the product of signed `a` and unsigned `b`.
pub const fn multiply_high_signed_unsigned(a: u32, b: u32) -> u32 {
    ((a as i32 as i64 * b as i64) >> 32) as u32
}

/// Upper word of the unsigned product.
pub const fn multiply_high_unsigned(a: u32, b: u32) -> u32 {
    ((a as u64 * b as u64) >> 32) as u32
}

/// Signed quotient; all ones on division by zero.
pub const fn divide(a: u32, b: u32) -> u32 {
    if b == 0 { u32::MAX } else { (a as i32).wrapping_div(b as i32) as u32 }
}

/// Unsigned quotient; all ones on division by zero.
pub const fn divide_unsigned(a: u32, b: u32) -> u32 {
    match a.checked_div(b) {
        Some(quotient) => quotient,
        None => u32::MAX,
    }
}

/// Signed remainder; the dividend on division by zero.
pub const fn remainder(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { (a as i32).wrapping_rem(b as i32) as u32 }
}

/// Unsigned remainder; the dividend on division by zero.
pub const fn remainder_unsigned(a: u32, b: u32) -> u32 {
    match a.checked_rem(b) {
        Some(remainder) => remainder,
        None => a,
    }
}

/// What an atomic operation writes back, given the word in memory and the register.
pub const fn atomic(kind: Kind, memory: u32, register: u32) -> u32 {
    let signed_less = (memory as i32) < (register as i32);
    let pick_memory = match kind {
        Kind::AmoAddW => return memory.wrapping_add(register),
        Kind::AmoXorW => return memory ^ register,
        Kind::AmoAndW => return memory & register,
        Kind::AmoOrW => return memory | register,
        Kind::AmoMinW => signed_less,
        Kind::AmoMaxW => !signed_less,
        Kind::AmoMinuW => memory < register,
        Kind::AmoMaxuW => memory >= register,
        _ => false,
    };
    if pick_memory { memory } else { register }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_has_the_defined_corner_cases() {
        assert_eq!(divide(7, 0), u32::MAX);
        assert_eq!(divide(0x8000_0000, u32::MAX), 0x8000_0000);
        assert_eq!(remainder(7, 0), 7);
        assert_eq!(remainder(0x8000_0000, u32::MAX), 0);
        assert_eq!(divide_unsigned(7, 0), u32::MAX);
        assert_eq!(remainder_unsigned(7, 0), 7);
        assert_eq!(divide((-7i32) as u32, 2), (-3i32) as u32);
    }

    #[test]
    fn high_products_differ_by_signedness() {
        let minus_one = u32::MAX;
        assert_eq!(multiply_high(minus_one, minus_one), 0);
        assert_eq!(multiply_high_signed_unsigned(minus_one, minus_one), minus_one);
        assert_eq!(multiply_high_unsigned(minus_one, minus_one), 0xffff_fffe);
    }

    #[test]
    fn atomics_pick_the_right_side() {
        let (low, high) = (1, u32::MAX);
        assert_eq!(atomic(Kind::AmoMinW, low, high), high);
        assert_eq!(atomic(Kind::AmoMinuW, low, high), low);
        assert_eq!(atomic(Kind::AmoMaxW, low, high), low);
        assert_eq!(atomic(Kind::AmoMaxuW, low, high), high);
        assert_eq!(atomic(Kind::AmoSwapW, low, high), high);
    }
}
