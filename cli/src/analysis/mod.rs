//! A sensor log looked at as a whole: what a chip would say of it, as a picture, a page, a chart and a list.

pub mod collect;
pub mod curve;
pub mod page;
pub mod series;
#[cfg(feature = "tui")]
pub mod terminal;
