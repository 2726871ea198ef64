//! A sensor log, or a fleet's run, looked at as a whole: as a picture, a page, a chart and a list.

pub mod collect;
pub mod curve;
pub mod fleet;
pub mod fleet_page;
pub mod page;
pub mod series;
#[cfg(feature = "tui")]
pub mod terminal;
