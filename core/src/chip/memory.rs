//! The RAM of a chip, as a linker hands it to a program.
//!
//! Not the datasheet's total: caches, ROM data and the bootloader take their share first, and what is left lies in
//! regions that cannot hold one slice together.

use super::Sourced;
use crate::units::Bytes;

/// A stretch of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// The first address, as the data bus sees it.
    pub base: u32,
    /// How long it is.
    pub size: Bytes,
}

impl Region {
    /// A region of `size` bytes at `base`.
    pub const fn new(base: u32, size: u32) -> Self {
        Self { base, size: Bytes(size) }
    }

    /// The first address after the region.
    pub const fn end(&self) -> u32 {
        self.base.saturating_add(self.size.0)
    }
}

/// The RAM regions of a chip under esp-hal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// What the datasheet promises, for comparison only.
    pub datasheet: Sourced<Bytes>,
    /// Static data, the stack and, where there is no separate instruction RAM, code that must run from RAM.
    pub main: Sourced<Region>,
    /// What the bootloader leaves behind (`dram2_seg`): usable as a heap, never for static data.
    pub reclaimed: Sourced<Region>,
    /// RAM that only holds code, where it is not a second view of `main`.
    pub instruction: Option<Sourced<Region>>,
    /// RAM that keeps its content in deep sleep and runs at the core's speed.
    pub rtc_fast: Sourced<Region>,
    /// RAM that keeps its content in deep sleep, slower.
    pub rtc_slow: Option<Sourced<Region>>,
}

/// What a cache is in front of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheKind {
    /// Code in flash.
    Instruction,
    /// Constants in flash, and external RAM.
    Data,
    /// Both.
    Unified,
}

impl CacheKind {
    /// The word used in tables and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            CacheKind::Instruction => "instruction",
            CacheKind::Data => "data",
            CacheKind::Unified => "unified",
        }
    }
}

/// A cache between a core and the flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cache {
    /// What it is in front of.
    pub kind: CacheKind,
    /// How much it holds.
    pub size: Bytes,
    /// How much it fetches at once.
    pub line: Bytes,
    /// Ways of the cache: in how many slots a line may lie; `None` where no source says.
    pub ways: Option<u8>,
}

/// The flash chip beside the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flash {
    /// What most boards carry.
    pub typical: Sourced<Bytes>,
    /// The processor cycles that one cache line from flash takes at the highest clock, where somebody measured it.
    pub line_fill: Option<Sourced<u32>>,
}
