//! Registers that are not modelled: they keep what is written, and every one that was used is on a list.
//!
//! Nothing is invented: what was never written reads as it does after a reset where that is known, and as zero
//! otherwise. The list says how often each register was read and written, so that it can be judged what a program
//! might have expected of it.

use super::layout::Layout;
use std::collections::BTreeMap;

/// What happened to a register that is not modelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct RegisterUse {
    pub reads: u64,
    pub writes: u64,
    /// It was read before anything was written to it, and what it holds after a reset is not known.
    pub assumed_zero: bool,
}

/// A register that is not modelled and was used.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct UnmodelledRegister {
    pub address: u32,
    /// The block it belongs to, or none that is known.
    pub block: Option<&'static str>,
    #[serde(flatten)]
    pub used: RegisterUse,
}

/// The registers.
#[derive(Debug, Default)]
pub struct UnmodelledRegisters {
    values: BTreeMap<u32, u32>,
    uses: BTreeMap<u32, RegisterUse>,
}

impl UnmodelledRegisters {
    /// Reads the register at `address`.
    pub fn read(&mut self, address: u32, layout: &Layout) -> u32 {
        let used = self.uses.entry(address).or_default();
        used.reads += 1;
        if let Some(value) = self.values.get(&address) {
            return *value;
        }
        match layout.reset_value(address) {
            Some(value) => value,
            None => {
                used.assumed_zero = true;
                0
            }
        }
    }

    /// Writes the bits of `mask` of the register at `address`.
    pub fn write(&mut self, address: u32, value: u32, mask: u32, layout: &Layout) {
        self.uses.entry(address).or_default().writes += 1;
        let word = self.values.entry(address).or_insert_with(|| layout.reset_value(address).unwrap_or(0));
        *word = *word & !mask | value & mask;
    }

    /// What a register holds, without a use of it.
    pub fn peek(&self, address: u32, layout: &Layout) -> u32 {
        self.values.get(&address).copied().or_else(|| layout.reset_value(address)).unwrap_or(0)
    }

    /// The chip is reset: nothing is kept but the list, and what `survives`.
    pub fn reset(&mut self, survives: impl Fn(u32) -> bool) {
        self.values.retain(|address, _| survives(*address));
    }

    /// Every register that was used.
    pub fn list(&self, layout: &Layout) -> Vec<UnmodelledRegister> {
        let block = |address: u32| {
            let region = layout.regions.iter().find(|region| address.wrapping_sub(region.base) < region.size);
            region.map(|region| region.name)
        };
        let entry = |(&address, &used): (&u32, &RegisterUse)| UnmodelledRegister {
            address,
            block: block(address),
            used,
        };
        self.uses.iter().map(entry).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout::ESP32C3;
    use super::*;

    #[test]
    fn what_was_used_is_on_the_list() {
        let mut kept = UnmodelledRegisters::default();
        assert_eq!(kept.read(0x6000_9004, &ESP32C3), 0);
        kept.write(0x6000_9004, 0x1234, 0xff00, &ESP32C3);
        assert_eq!(kept.read(0x6000_9004, &ESP32C3), 0x1200);
        let used = RegisterUse { reads: 2, writes: 1, assumed_zero: true };
        let expected = UnmodelledRegister { address: 0x6000_9004, block: Some("IO_MUX"), used };
        assert_eq!(kept.list(&ESP32C3), [expected]);
    }
}
