//! Fleets in memory, on links that lose, repeat and reorder.

mod discovery;
mod net;
