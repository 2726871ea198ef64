//! From the firmware's source to an image: everything that `build` does.
//!
//! - [`source`]: where the source lies, and of which commit it is
//! - [`stage`]: its copy, which is built
//! - [`toolchain`]: the compiler that a chip needs
//! - [`compile`]: cargo, in a clean environment
//! - [`image`]: the merged image and the application, made in-process
//! - [`artifacts`]: program, images and sizes of one chip, as files
//! - [`manifest`]: what was built, in JSON, with sums
//! - [`release`]: whether a directory of such files is whole
//! - [`size_table`]: the sizes that the documents state

pub mod artifacts;
pub mod compile;
pub mod image;
pub mod manifest;
pub mod release;
pub mod size_table;
pub mod source;
pub mod stage;
pub mod toolchain;
