//! What happened in a fleet, written down: to be looked at, run again, and compared.
//!
//! A trace is text, one JSON value a line: a header that holds the whole scenario with its data, one line for each event,
//! and an end with the number of events and a checksum. So a trace says where it is cut off or changed, everything up to
//! there can be read, and a run can be repeated from it alone.
//!
//! - [`event`]: the lines
//! - [`mod@write`]: a run into a trace
//! - [`checksum`]: what tells a whole trace from a damaged one
//! - [`read`]: a trace back, as far as it is whole
//! - [`player`]: views of the fleet at any time of a trace
//! - [`record`]: what an engine tells, as lines of a trace
//! - [`perfetto`]: for the trace viewers of Chrome and Perfetto

pub mod checksum;
pub mod event;
pub mod perfetto;
pub mod player;
pub mod read;
pub mod record;
#[cfg(test)]
mod tests;
pub mod write;

pub use checksum::Checksum;
pub use event::{Event, Header, VERSION, What};
pub use player::Player;
pub use read::{Damage, Trace};
pub use write::Writer;
