//! What happened, as the engine keeps it until somebody wants to know.

use ruvllm_esp_core::event::ChipEvent;
use ruvllm_esp_core::units::Nanos;
use std::sync::Arc;

/// Something happened at a chip.
///
/// Records of a fleet are in the order of `at`, then `chip`, then `number`; that order, and each record, is the same on
/// any number of threads and however the run was divided into steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When.
    pub at: Nanos,
    /// The chip's index.
    pub chip: usize,
    /// How many records the chip had before.
    pub number: u64,
    /// What.
    pub what: What,
}

/// What can happen at a chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It got power or was reset, and is booting; the number counts its starts.
    Starts(u32),
    /// It has booted.
    Boots,
    /// It stopped: power cut, crash or reset.
    Stops,
    /// A line was typed at its console.
    Typed(Arc<str>),
    /// It wrote a line on its console.
    Said(Arc<str>),
    /// Its program reports something, with the text of a result.
    Event(ChipEvent, Option<Arc<str>>),
    /// It handed a frame to the driver of this port.
    Sent(u8, Arc<[u8]>),
    /// Its program took a frame from this port.
    Received(u8, Arc<[u8]>),
    /// A frame came in while the receive buffer was full, and the oldest gave way.
    Overflowed,
}

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Keep anything at all?
    pub events: bool,
    /// Keep each frame too? There may be millions.
    pub frames: bool,
    /// Keep the reply to the last line, whole, with its work?
    pub replies: bool,
}

impl Default for Keep {
    fn default() -> Self {
        Self { events: true, frames: false, replies: false }
    }
}

impl Keep {
    /// Is this kept?
    pub fn keeps(&self, what: &What) -> bool {
        match what {
            What::Sent(..) | What::Received(..) => self.frames,
            _ => self.events,
        }
    }
}
