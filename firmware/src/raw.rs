//! Registers touched without a driver: before there is one, and after a panic.
//!
//! What the `unsafe` here rests on: the addresses are those of [`ruvllm_esp_core::chip`]'s table, each with its source;
//! they are device registers of the chip in question, so no Rust value lies there; writing a byte to a transmit register
//! has no effect but to send it. The ROM's word is readable on every chip, that is how flashing tools tell them apart.
#![allow(unsafe_code)]

use core::fmt;
use ruvllm_esp_core::chip::Chip;
use ruvllm_esp_firmware_logic::magic;

/// Where a UART counts the bytes in its transmit queue.
const UART_STATUS: usize = 0x1c;

/// How many bytes a UART's queue may hold before this waits: less than its 128.
const UART_FULL: u32 = 100;

/// The configuration of the USB endpoint: bit 0 sends, bit 1 says that there is room.
const USB_CONFIG: usize = 4;

/// How often a register is asked for room before a byte is dropped: some milliseconds.
const TRIES: u32 = 100_000;

/// The word of the ROM that tells which chip this is.
pub fn rom_word() -> u32 {
    // SAFETY: an aligned word of ROM on every chip.
    unsafe { (magic::ADDRESS as *const u32).read_volatile() }
}

/// Writes to both ports of a chip without a driver; bytes that find no room are dropped.
#[derive(Clone, Copy, Debug)]
pub struct RawPorts {
    uart: usize,
    usb: Option<usize>,
    usb_is_read: bool,
}

impl RawPorts {
    /// UART0 where all RISC-V chips of the family have it, for one that [`ruvllm_esp_core::chip`] does not list.
    pub fn of_unlisted() -> Self {
        Self { uart: 0x6000_0000, usb: None, usb_is_read: true }
    }

    /// The ports of `chip`, which must be the chip that this runs on.
    pub fn of(chip: &Chip) -> Self {
        let uart = chip.uarts.value.first().copied().unwrap_or_default() as usize;
        let usb = chip.usb_serial_jtag.value.map(|base| base as usize);
        Self { uart, usb, usb_is_read: true }
    }

    fn put_uart(&self, byte: u8) {
        // SAFETY: registers of the UART, see above.
        let waiting = || unsafe { ((self.uart + UART_STATUS) as *const u32).read_volatile() >> 16 & 0xff };
        if (0..TRIES).any(|_| waiting() < UART_FULL) {
            // SAFETY: its transmit register.
            unsafe { (self.uart as *mut u32).write_volatile(u32::from(byte)) };
        }
    }

    fn put_usb(&mut self, base: usize, byte: u8) {
        // SAFETY: registers of the USB port, see above.
        let room = || unsafe { ((base + USB_CONFIG) as *const u32).read_volatile() } & 2 != 0;
        self.usb_is_read = self.usb_is_read && (0..TRIES).any(|_| room());
        if self.usb_is_read {
            // SAFETY: its transmit register.
            unsafe { (base as *mut u32).write_volatile(u32::from(byte)) };
        }
    }

    /// Sends what the USB port holds back, and waits until the UART has sent all, or for too long.
    pub fn flush(&self) {
        if let Some(base) = self.usb {
            // SAFETY: the configuration register of the USB port.
            unsafe { ((base + USB_CONFIG) as *mut u32).write_volatile(1) };
        }
        // SAFETY: a register of the UART.
        let waiting = || unsafe { ((self.uart + UART_STATUS) as *const u32).read_volatile() >> 16 & 0xff };
        let _ = (0..TRIES).any(|_| waiting() == 0);
    }
}

impl fmt::Write for RawPorts {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.put_uart(byte);
            if let Some(base) = self.usb {
                self.put_usb(base, byte);
            }
        }
        Ok(())
    }
}
