//! From the firmware's source to an image: everything that `build` does.
//!
//! - [`source`]: where the source lies, and of which commit it is
//! - [`toolchain`]: the compiler that a chip needs
//! - [`compile`]: cargo, in a clean environment
//! - [`image`]: the merged image and the application, made in-process
//! - [`manifest`]: what was built, in JSON, with sums

pub mod compile;
pub mod image;
pub mod manifest;
pub mod source;
pub mod toolchain;
