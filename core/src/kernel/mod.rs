//! Free functions over flat slices: the arithmetic that everything else is built of.
//!
//! Each kernel reports its work to a [`crate::meter::Meter`] and is held equal to a plain reference by a property test.

pub mod distance;
