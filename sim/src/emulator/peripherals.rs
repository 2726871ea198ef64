//! The peripheral registers: which device answers an address.
//!
//! UART0 is always there; anything else is attached as a [`Device`]. All accesses are carried as words.

use super::board::peripherals::Peripherals as Board;
use super::device::{Device, UnknownRegisters};
use super::memory;
use super::uart::{self, Uart};
use std::collections::BTreeMap;

/// A device and the addresses it answers.
#[derive(Debug)]
struct Attached {
    base: u32,
    size: u32,
    device: Box<dyn Device>,
}

/// Everything in the peripheral address range.
#[derive(Debug)]
pub struct Peripherals {
    /// Base and size of the range.
    range: (u32, u32),
    uart0_base: u32,
    pub uart0: Uart,
    devices: Vec<Attached>,
    pub unknown_registers: UnknownRegisters,
    remembered: BTreeMap<u32, u32>,
    /// The peripherals of a whole chip; they replace everything else here.
    pub board: Option<Box<Board>>,
}

impl Peripherals {
    /// UART0 at `uart0_base` and nothing else.
    pub fn new(range: (u32, u32), uart0_base: u32) -> Self {
        Self {
            range,
            uart0_base,
            uart0: Uart::default(),
            devices: Vec::new(),
            unknown_registers: UnknownRegisters::default(),
            remembered: BTreeMap::new(),
            board: None,
        }
    }

    /// Puts `device` at `base`; it answers `size` bytes of registers.
    pub fn attach(&mut self, base: u32, size: u32, device: Box<dyn Device>) {
        self.devices.push(Attached { base, size, device });
    }

    /// The device at `address` and the offset of the register in it.
    fn device(&mut self, address: u32) -> Option<(&mut dyn Device, u32)> {
        let word = address & !3;
        let offset = word.wrapping_sub(self.uart0_base);
        if offset < uart::SIZE {
            return Some((&mut self.uart0, offset));
        }
        let attached =
            self.devices.iter_mut().find(|attached| word.wrapping_sub(attached.base) < attached.size)?;
        let offset = word.wrapping_sub(attached.base);
        Some((attached.device.as_mut(), offset))
    }

    /// Whether an access is one the peripheral bus can carry: in its range and within one word.
    fn is_register(&self, address: u32, bytes: u32) -> bool {
        let (base, size) = self.range;
        address.wrapping_sub(base) < size && (address & 3) + bytes <= 4
    }

    /// Reads `bytes` at `address`; `None` when nothing answers.
    pub fn load(&mut self, address: u32, bytes: u32, now: u64) -> Option<u32> {
        if let Some(board) = &mut self.board {
            return board.load(address, bytes, now);
        }
        if !self.is_register(address, bytes) {
            return None;
        }
        let remembers = self.unknown_registers == UnknownRegisters::Remember;
        let word = match self.device(address) {
            Some((device, offset)) => device.read(offset, now),
            None if remembers => *self.remembered.entry(address & !3).or_insert(0),
            None => return None,
        };
        memory::read(&[word], address & 3, bytes)
    }

    /// Writes `bytes` at `address`; `None` when nothing answers.
    pub fn store(&mut self, address: u32, bytes: u32, value: u32, now: u64) -> Option<()> {
        if let Some(board) = &mut self.board {
            return board.store(address, bytes, value, now);
        }
        if !self.is_register(address, bytes) {
            return None;
        }
        let mut word = [0];
        memory::write(&mut word, address & 3, bytes, value)?;
        let remembers = self.unknown_registers == UnknownRegisters::Remember;
        match self.device(address) {
            Some((device, offset)) => device.write(offset, word[0], now),
            None if remembers => {
                let register = self.remembered.entry(address & !3).or_insert(0);
                let mut kept = [*register];
                memory::write(&mut kept, address & 3, bytes, value)?;
                *register = kept[0];
            }
            None => return None,
        }
        Some(())
    }

    /// The registers that were used though no device answers for them.
    pub fn unknown_registers_used(&self) -> impl Iterator<Item = u32> + '_ {
        self.remembered.keys().copied()
    }

    /// The interrupt lines that devices hold up.
    pub fn interrupts(&self) -> u32 {
        if let Some(board) = &self.board {
            return board.lines();
        }
        self.devices.iter().fold(0, |lines, attached| lines | attached.device.interrupts())
    }

    /// When the first device wants to be woken.
    pub fn next_event(&self) -> Option<u64> {
        if let Some(board) = &self.board {
            return board.next_event();
        }
        self.devices.iter().filter_map(|attached| attached.device.next_event()).min()
    }

    /// Time has come to `now`.
    pub fn advance(&mut self, now: u64) {
        if let Some(board) = &mut self.board {
            return board.advance(now);
        }
        self.devices.iter_mut().for_each(|attached| attached.device.advance(now));
    }

    /// Whether the chip has to be reset.
    #[inline]
    pub fn is_reset_due(&self) -> bool {
        self.board.as_ref().is_some_and(|board| board.reset.is_some())
    }
}
