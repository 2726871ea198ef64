//! The chips and links of a fleet at a moment, as a trace keeps them.

use super::view::LinkView;
use crate::scenario::LinkPlan;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The fleet at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// The chips, by their indices.
    pub chips: Vec<ChipState>,
    /// The links, by their indices.
    pub links: Vec<LinkState>,
    /// How long questions took: upper edge of the bucket in microseconds, and how many fell into it.
    pub latency: Vec<(u64, u32)>,
}

/// A chip at a moment, as far as events do not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChipState {
    /// Bytes of its arena.
    #[serde(rename = "a")]
    pub arena: u32,
    /// Bytes that its structures take.
    #[serde(rename = "u")]
    pub used: u32,
    /// How many items it holds.
    #[serde(rename = "i")]
    pub items: u32,
    /// How many it can hold.
    #[serde(rename = "c")]
    pub capacity: u32,
    /// How busy it was lately, in hundredths.
    #[serde(rename = "l")]
    pub load: u8,
    /// What it consumed, in nanojoules, modelled: estimate, low and high.
    #[serde(rename = "e")]
    pub energy: (u64, u64, u64),
}

/// A link at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LinkState {
    /// Is it cut?
    #[serde(rename = "x")]
    pub cut: bool,
    /// Frames sent, and frames lost or corrupted.
    #[serde(rename = "f")]
    pub frames: (u64, u64),
    /// Bytes sent.
    #[serde(rename = "b")]
    pub bytes: u64,
    /// Times that a frame arrived at a chip, whole or corrupted.
    #[serde(rename = "h")]
    pub received: u64,
    /// Times that a frame did not arrive at a chip in reach.
    #[serde(rename = "d")]
    pub lost: u64,
    /// How busy it was lately, in hundredths.
    #[serde(rename = "l")]
    pub load: u8,
}

impl LinkState {
    /// The link as it is looked at.
    pub fn view(&self, plan: &LinkPlan) -> LinkView {
        let Self { cut, frames, bytes, received, lost, load } = *self;
        let members = plan.members.iter().map(|port| port.chip).collect();
        let (name, kind) = (plan.name.clone(), plan.kind.name().into());
        LinkView { name, kind, members, cut, frames, bytes, received, lost, load }
    }
}
