//! UART0 of these chips, as far as a console needs it.
//!
//! A byte written to the FIFO leaves at once: the transmitter has no baud rate and is never full. Received bytes wait
//! in a queue of any length, of which the status register shows at most the 128 that the hardware FIFO would hold.
//! Registers that only configure the line read back what was written. Register layout: esp-idf
//! `components/soc/esp32c3/include/soc/uart_reg.h`; the ESP32-C6 has the same one for these registers.

use super::device::Device;
use std::collections::VecDeque;

const FIFO: u32 = 0x00;
const INTERRUPT_RAW: u32 = 0x04;
const INTERRUPT_STATUS: u32 = 0x08;
const INTERRUPT_ENABLE: u32 = 0x0c;
const INTERRUPT_CLEAR: u32 = 0x10;
const STATUS: u32 = 0x1c;

const RECEIVED: u32 = 1 << 0;
const TRANSMITTER_EMPTY: u32 = 1 << 1;
const TRANSMITTED: u32 = 1 << 14;

/// Bytes that the hardware FIFO holds.
const FIFO_BYTES: usize = 128;
/// Bytes of register space.
pub const SIZE: u32 = 0x100;

/// A UART without a line behind it: bytes out, bytes in.
#[derive(Debug)]
pub struct Uart {
    sent: Vec<u8>,
    received: VecDeque<u8>,
    raised: u32,
    enabled: u32,
    registers: [u32; (SIZE / 4) as usize],
}

impl Default for Uart {
    fn default() -> Self {
        let registers = [0; (SIZE / 4) as usize];
        Self { sent: Vec::new(), received: VecDeque::new(), raised: TRANSMITTER_EMPTY, enabled: 0, registers }
    }
}

impl Uart {
    /// Everything sent since the last call.
    pub fn take_sent(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.sent)
    }

    /// What was sent and not yet taken.
    pub fn sent(&self) -> &[u8] {
        &self.sent
    }

    /// Bytes arrive on the line.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.received.extend(bytes);
    }

    /// Whether an enabled interrupt is up.
    pub fn interrupts_pending(&self) -> bool {
        self.raw() & self.enabled != 0
    }

    fn raw(&self) -> u32 {
        self.raised | if self.received.is_empty() { 0 } else { RECEIVED }
    }
}

impl Device for Uart {
    fn read(&mut self, offset: u32, _now: u64) -> u32 {
        match offset {
            FIFO => self.received.pop_front().map_or(0, u32::from),
            INTERRUPT_RAW => self.raw(),
            INTERRUPT_STATUS => self.raw() & self.enabled,
            INTERRUPT_ENABLE => self.enabled,
            STATUS => self.received.len().min(FIFO_BYTES) as u32,
            _ => self.registers.get((offset / 4) as usize).copied().unwrap_or(0),
        }
    }

    fn write(&mut self, offset: u32, value: u32, _now: u64) {
        match offset {
            FIFO => {
                self.sent.push(value as u8);
                self.raised |= TRANSMITTER_EMPTY | TRANSMITTED;
            }
            INTERRUPT_ENABLE => self.enabled = value,
            INTERRUPT_CLEAR => self.raised &= !value,
            _ => {
                if let Some(register) = self.registers.get_mut((offset / 4) as usize) {
                    *register = value;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_go_both_ways() {
        let mut uart = Uart::default();
        uart.write(FIFO, u32::from(b'h'), 0);
        uart.write(FIFO, u32::from(b'i'), 0);
        assert_eq!(uart.take_sent(), b"hi");
        uart.receive(b"ok");
        assert_eq!((uart.read(STATUS, 0), uart.read(FIFO, 0), uart.read(FIFO, 0)), (2, 0x6f, 0x6b));
        assert_eq!((uart.read(STATUS, 0), uart.read(FIFO, 0)), (0, 0));
    }

    #[test]
    fn a_received_byte_raises_its_interrupt_until_it_is_read() {
        let mut uart = Uart::default();
        uart.write(INTERRUPT_ENABLE, RECEIVED, 0);
        assert!(!uart.interrupts_pending());
        uart.receive(b"x");
        assert!(uart.interrupts_pending());
        uart.read(FIFO, 0);
        assert!(!uart.interrupts_pending());
    }
}
