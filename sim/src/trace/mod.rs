//! What happened in a fleet, written down: to be looked at, run again, and compared.
//!
//! A trace is text, one JSON value a line: a header that holds the whole scenario with its data, one line for each event,
//! and an end with the number of events and a checksum. So a trace says where it is cut off or changed, everything up to
//! there can be read, and a run can be repeated from it alone.
//!
//! - [`event`]: the lines
//! - [`mod@write`]: a run into a trace
//! - [`read`]: a trace back, as far as it is whole
//! - [`player`]: views of the fleet at any time of a trace
//! - [`record`]: what an engine tells, as lines of a trace
//! - [`perfetto`]: for the trace viewers of Chrome and Perfetto

pub mod event;
pub mod perfetto;
pub mod player;
pub mod read;
pub mod record;
#[cfg(test)]
mod tests;
pub mod write;

pub use event::{Event, Header, What};
pub use player::Player;
pub use read::{Damage, Trace};
pub use write::Writer;

/// The version of the format that is written, and the only one that is read.
pub const VERSION: u32 = 2;

/// A running checksum of bytes: FNV-1a, 64 bits.
/// Source: Fowler, Noll, Vo, <http://www.isthe.com/chongo/tech/comp/fnv/>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checksum(pub u64);

impl Default for Checksum {
    fn default() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }
}

impl Checksum {
    /// Takes more bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
    }
}
