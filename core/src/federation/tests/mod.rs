//! Fleets in memory, on links that lose, repeat and reorder.

mod alarms;
mod discovery;
mod encryption;
mod freshness;
mod hostile;
mod keys;
mod losses;
mod names;
mod net;
mod replication;
mod scatter;
mod topology;
