//! From a peripheral's interrupt to a line of the CPU: the matrix and the controller behind it.
//!
//! Each source is mapped to one of 31 lines; a line has a priority, is level or edge triggered, and interrupts when it
//! is enabled and its priority is not below the threshold. The ESP32-C3 has matrix and controller in one block; the
//! ESP32-C6 has the controller at the CPU (PLIC) and shows it at a second address (INTPRI). User mode's copy of the
//! controller is not modelled.

use super::layout::Block;

const MAX_SOURCES: usize = 96;

/// A register of the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Register {
    Map(u32),
    /// Which sources are up, 32 a register.
    Sources(u32),
    Enable,
    Type,
    Clear,
    Pending,
    Priority(u32),
    Threshold,
}

/// Matrix and controller.
#[derive(Debug)]
pub struct Interrupts {
    map: [u8; MAX_SOURCES],
    sources: u128,
    enable: u32,
    edge: u32,
    latched: u32,
    priority: [u8; 32],
    threshold: u32,
    levels: u32,
}

impl Default for Interrupts {
    fn default() -> Self {
        Self {
            map: [0; MAX_SOURCES],
            sources: 0,
            enable: 0,
            edge: 0,
            latched: 0,
            priority: [0; 32],
            threshold: 0,
            levels: 0,
        }
    }
}

impl Interrupts {
    /// The sources that are up now.
    #[inline]
    pub fn set_sources(&mut self, sources: u128) {
        if sources != self.sources {
            self.sources = sources;
            self.follow();
        }
    }

    /// Works out the lines again.
    fn follow(&mut self) {
        let (mut levels, mut sources) = (0, self.sources);
        while sources != 0 {
            let source = sources.trailing_zeros();
            sources &= sources - 1;
            levels |= 1 << (self.map.get(source as usize).copied().unwrap_or(0) & 31);
        }
        // Line 0 is where sources go that nobody wants.
        levels &= !1;
        self.latched |= levels & !self.levels & self.edge;
        self.levels = levels;
    }

    fn pending(&self) -> u32 {
        (self.levels & !self.edge | self.latched & self.edge) & self.enable
    }

    /// The line to interrupt with, as a bit: of the highest priority, and of those the highest number.
    #[inline]
    pub fn line(&self) -> u32 {
        let mut pending = self.pending();
        let mut best = (0, 0);
        while pending != 0 {
            let line = pending.trailing_zeros();
            pending &= pending - 1;
            let priority = u32::from(self.priority.get(line as usize).copied().unwrap_or(0));
            if priority != 0 && priority >= self.threshold && priority >= best.0 {
                best = (priority, 1 << line);
            }
        }
        best.1
    }

    /// Reads a register.
    pub fn read(&self, register: Register) -> u32 {
        match register {
            Register::Map(source) => self.map.get(source as usize).copied().unwrap_or(0).into(),
            Register::Sources(index) => (self.sources >> (32 * index.min(3))) as u32,
            Register::Enable => self.enable,
            Register::Type => self.edge,
            Register::Clear => 0,
            Register::Pending => self.pending(),
            Register::Priority(line) => self.priority.get(line as usize).copied().unwrap_or(0).into(),
            Register::Threshold => self.threshold,
        }
    }

    /// Writes a register.
    pub fn write(&mut self, register: Register, value: u32) {
        match register {
            Register::Map(source) => {
                self.map.get_mut(source as usize).into_iter().for_each(|line| *line = value as u8 & 31);
            }
            Register::Enable => self.enable = value,
            Register::Type => self.edge = value,
            Register::Clear => self.latched &= !value,
            Register::Priority(line) => {
                self.priority
                    .get_mut(line as usize)
                    .into_iter()
                    .for_each(|priority| *priority = value as u8 & 15);
            }
            Register::Threshold => self.threshold = value & 0xff,
            Register::Sources(_) | Register::Pending => {}
        }
        self.follow();
    }
}

/// The register at `offset` of a block, on the ESP32-C3 or the other.
pub fn register(block: Block, is_c3: bool, offset: u32) -> Option<Register> {
    use Register as R;
    let word = offset / 4;
    Some(match (block, is_c3, offset) {
        (Block::InterruptMatrix, true, 0x00..0xf8) => R::Map(word),
        (Block::InterruptMatrix, true, 0xf8 | 0xfc) => R::Sources((offset - 0xf8) / 4),
        (Block::InterruptMatrix, true, 0x104) => R::Enable,
        (Block::InterruptMatrix, true, 0x108) => R::Type,
        (Block::InterruptMatrix, true, 0x10c) => R::Clear,
        (Block::InterruptMatrix, true, 0x110) => R::Pending,
        (Block::InterruptMatrix, true, 0x114..0x194) => R::Priority((offset - 0x114) / 4),
        (Block::InterruptMatrix, true, 0x194) => R::Threshold,
        (Block::InterruptMatrix, false, 0x00..0x134) => R::Map(word),
        (Block::InterruptMatrix, false, 0x134..0x140) => R::Sources((offset - 0x134) / 4),
        (Block::Plic, _, 0x00) | (Block::InterruptPriority, _, 0x00) => R::Enable,
        (Block::Plic, _, 0x04) | (Block::InterruptPriority, _, 0x04) => R::Type,
        (Block::Plic, _, 0x08) | (Block::InterruptPriority, _, 0xa8) => R::Clear,
        (Block::Plic, _, 0x0c) | (Block::InterruptPriority, _, 0x08) => R::Pending,
        (Block::Plic, _, 0x10..0x90) => R::Priority((offset - 0x10) / 4),
        (Block::InterruptPriority, _, 0x0c..0x8c) => R::Priority((offset - 0x0c) / 4),
        (Block::Plic, _, 0x90) | (Block::InterruptPriority, _, 0x8c) => R::Threshold,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_priority_wins_and_the_threshold_holds_back() {
        let mut interrupts = Interrupts::default();
        for (source, line, priority) in [(21, 4, 2), (37, 7, 5)] {
            interrupts.write(Register::Map(source), line);
            interrupts.write(Register::Priority(line), priority);
        }
        interrupts.set_sources(1 << 21 | 1 << 37);
        assert_eq!(interrupts.line(), 0, "not enabled");
        interrupts.write(Register::Enable, 1 << 4 | 1 << 7);
        assert_eq!(interrupts.line(), 1 << 7);
        interrupts.set_sources(1 << 21);
        assert_eq!(interrupts.line(), 1 << 4);
        interrupts.write(Register::Threshold, 3);
        assert_eq!(interrupts.line(), 0);
    }

    #[test]
    fn an_edge_is_remembered_until_it_is_cleared() {
        let mut interrupts = Interrupts::default();
        interrupts.write(Register::Map(50), 3);
        interrupts.write(Register::Priority(3), 1);
        interrupts.write(Register::Enable, 1 << 3);
        interrupts.write(Register::Type, 1 << 3);
        interrupts.set_sources(1 << 50);
        interrupts.set_sources(0);
        assert_eq!(interrupts.line(), 1 << 3);
        interrupts.write(Register::Clear, 1 << 3);
        assert_eq!(interrupts.line(), 0);
    }
}
