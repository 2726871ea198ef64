//! A frame on its way: from a chip to its link, and from the link to a chip.
//!
//! Chips have two kinds of number. In the scenario and in everything that is told about a run it is the index of the chip;
//! on a link it is the index among the link's members. A port (0, or 1 for the second link of a ring) is the core's name
//! for an end of a link.

use ruvllm_esp_core::units::Nanos;
use std::sync::Arc;

/// A frame that a chip handed to its driver.
#[derive(Clone, Debug)]
pub struct TxFrame {
    /// When.
    pub at: Nanos,
    /// Who sends, as an index among the members of the link.
    pub member: usize,
    /// How many frames this end of the link had been handed before.
    pub number: u64,
    /// The bytes, without the framing of the link.
    pub bytes: Arc<[u8]>,
}

/// A frame that a link brings to a chip.
#[derive(Clone, Debug)]
pub struct RxFrame {
    /// When the driver has it.
    pub at: Nanos,
    /// The port at which it comes in.
    pub port: u8,
    /// The chip that sent it.
    pub from: usize,
    /// The bytes, without the framing of the link.
    pub bytes: Arc<[u8]>,
}
