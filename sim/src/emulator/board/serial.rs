//! A UART with its line: two FIFOs of 128 bytes, a baud rate, interrupts.
//!
//! Bytes leave and arrive one at a time at the rate that is set (a host's at 115,200), so a full transmitter is full
//! and a receiver that nobody empties overflows. Register layout: esp-idf `components/soc/<chip>/register/soc/uart_reg.h`.

use super::time::{MICROSECOND, Ticks};
use std::collections::VecDeque;

const FIFO: u32 = 0x00;
const INTERRUPT_RAW: u32 = 0x04;
const INTERRUPT_STATUS: u32 = 0x08;
const INTERRUPT_ENABLE: u32 = 0x0c;
const INTERRUPT_CLEAR: u32 = 0x10;
const DIVIDER: u32 = 0x14;
const STATUS: u32 = 0x1c;
const CONFIGURATION: u32 = 0x20;
const THRESHOLDS: u32 = 0x24;

const RECEIVER_FULL: u32 = 1 << 0;
const TRANSMITTER_EMPTY: u32 = 1 << 1;
const OVERFLOW: u32 = 1 << 4;
const RECEIVER_TIMEOUT: u32 = 1 << 8;
const TRANSMITTED: u32 = 1 << 14;

const FIFO_BYTES: usize = 128;
const WORDS: usize = 48;
/// Start, eight bits, stop.
const BITS_PER_BYTE: u64 = 10;
/// A byte from a host, at 115,200 baud.
pub const HOST_BYTE: Ticks = BITS_PER_BYTE * 1_000_000 * MICROSECOND / 115_200;
/// The idle time after which the receiver says that no more comes.
const TIMEOUT_BYTES: u64 = 2;

/// What differs between the chips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Bits of the receiver's threshold; the transmitter's follows.
    pub threshold_bits: u32,
    /// The bit of `CONF0` that empties the receiver; the next one empties the transmitter.
    pub reset_bit: u32,
    /// Where the clock's source and divider stand in the UART, or `None` when that is elsewhere.
    pub clock_register: Option<u32>,
    /// Registers that take effect by a bit that falls by itself: offset and bit.
    pub update: (u32, u32),
}

pub const ESP32C3: Layout =
    Layout { threshold_bits: 9, reset_bit: 17, clock_register: Some(0x78), update: (0x80, 31) };
pub const ESP32C6: Layout =
    Layout { threshold_bits: 8, reset_bit: 22, clock_register: None, update: (0x98, 0) };

/// The UART.
#[derive(Debug)]
pub struct Uart {
    layout: Layout,
    /// The time of a byte that arrives, or `None` where the other end keeps to the rate that is set here.
    other_end: Option<Ticks>,
    words: [u32; WORDS],
    raised: u32,
    enabled: u32,
    /// When the transmitter will have sent all it holds.
    sent_at: Ticks,
    sent: Vec<u8>,
    receiver: VecDeque<u8>,
    /// What the host sends, and when its next byte is here.
    line: VecDeque<u8>,
    next_byte: Ticks,
    last_byte: Ticks,
    /// The source clock in Hz, where the register is elsewhere.
    pub clock_hz: u64,
    /// Times that the program found no input and nothing left to send, since it last read or wrote a byte.
    pub idle_polls: u32,
    /// When the program last wrote a byte.
    pub last_written: Ticks,
}

impl Uart {
    /// After reset, with a line on which a byte takes `other_end`, or as long as one of its own.
    pub fn new(layout: Layout, other_end: Option<Ticks>) -> Self {
        let mut words = [0; WORDS];
        for (offset, value) in
            [(DIVIDER, 694), (CONFIGURATION, 0x1c), (THRESHOLDS, 96 << layout.threshold_bits | 96)]
        {
            if let Some(word) = words.get_mut(offset as usize / 4) {
                *word = value;
            }
        }
        Self {
            layout,
            other_end,
            words,
            raised: TRANSMITTER_EMPTY,
            enabled: 0,
            sent_at: 0,
            sent: Vec::new(),
            receiver: VecDeque::new(),
            line: VecDeque::new(),
            next_byte: 0,
            last_byte: 0,
            clock_hz: 80_000_000,
            idle_polls: 0,
            last_written: 0,
        }
    }

    fn word(&self, offset: u32) -> u32 {
        self.words.get(offset as usize / 4).copied().unwrap_or(0)
    }

    /// The time of one byte at the rate that is set.
    fn byte_time(&self) -> Ticks {
        let divider = self.word(DIVIDER);
        let sixteenths = u64::from(divider & 0xfff) * 16 + u64::from(divider >> 20 & 15);
        let (hz, prescaler) = match self.layout.clock_register.map(|register| self.word(register)) {
            Some(clock) => {
                let hz = match clock >> 20 & 3 {
                    1 => 80_000_000,
                    2 => 17_500_000,
                    _ => 40_000_000,
                };
                (hz, u64::from(clock >> 12 & 0xff) + 1)
            }
            None => (self.clock_hz, 1),
        };
        let time = BITS_PER_BYTE * 1_000_000 * MICROSECOND * prescaler * sixteenths / (16 * hz.max(1));
        time.clamp(MICROSECOND, 100_000 * MICROSECOND)
    }

    /// The time of one byte on its way in.
    fn arrival_time(&self) -> Ticks {
        self.other_end.unwrap_or_else(|| self.byte_time())
    }

    /// Bytes that the transmitter still holds.
    fn waiting(&self, now: Ticks) -> usize {
        self.sent_at.saturating_sub(now).div_ceil(self.byte_time()) as usize
    }

    /// The host sends `bytes`.
    pub fn receive(&mut self, bytes: &[u8], now: Ticks) {
        if self.line.is_empty() {
            self.next_byte = self.next_byte.max(now + self.arrival_time());
        }
        self.line.extend(bytes);
        self.idle_polls = 0;
    }

    /// Bytes that have not reached the program yet.
    pub fn input_left(&self) -> usize {
        self.line.len() + self.receiver.len()
    }

    /// Whether all that arrived was taken, and nothing more found `times` times.
    pub fn is_idle(&self, times: u32) -> bool {
        self.input_left() == 0 && self.idle_polls >= times
    }

    /// Everything sent since the last call.
    pub fn take_sent(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.sent)
    }

    /// What was sent and not taken yet.
    pub fn sent(&self) -> &[u8] {
        &self.sent
    }

    /// Time has come to `now`: bytes arrive, interrupts rise.
    pub fn advance(&mut self, now: Ticks) {
        let is_quiet = self.line.is_empty() && self.receiver.is_empty();
        let arrival = if is_quiet { 0 } else { self.arrival_time() };
        while self.next_byte <= now
            && let Some(byte) = self.line.pop_front()
        {
            if self.receiver.len() < FIFO_BYTES {
                self.receiver.push_back(byte);
            } else {
                self.raised |= OVERFLOW;
            }
            self.last_byte = self.next_byte;
            self.next_byte += arrival;
        }
        let threshold_mask = (1 << self.layout.threshold_bits) - 1;
        let thresholds = self.word(THRESHOLDS);
        if self.receiver.len() > (thresholds & threshold_mask) as usize {
            self.raised |= RECEIVER_FULL;
        }
        if !self.receiver.is_empty() && now >= self.last_byte + TIMEOUT_BYTES * arrival {
            self.raised |= RECEIVER_TIMEOUT;
        }
        let least = (thresholds >> self.layout.threshold_bits & threshold_mask) as usize;
        let waiting = self.waiting(now);
        if waiting <= least {
            self.raised |= TRANSMITTER_EMPTY;
        }
        if waiting == 0 && self.sent_at != 0 {
            self.raised |= TRANSMITTED;
            self.sent_at = 0;
        }
    }

    /// When [`Uart::advance`] has something to do that an enabled interrupt waits for.
    pub fn next_event(&self, now: Ticks) -> Option<Ticks> {
        if self.enabled == 0 {
            return None;
        }
        let arrival = (!self.line.is_empty()).then_some(self.next_byte);
        let is_quiet = self.raised & RECEIVER_TIMEOUT == 0 && !self.receiver.is_empty();
        let timeout = is_quiet.then(|| self.last_byte + TIMEOUT_BYTES * self.arrival_time());
        let sent = (self.sent_at > now).then(|| now + self.byte_time());
        [arrival, timeout, sent].into_iter().flatten().min()
    }

    /// Whether it holds its interrupt up.
    pub fn interrupts(&self) -> bool {
        self.raised & self.enabled != 0
    }

    /// The register at `offset`.
    pub fn read(&mut self, offset: u32, now: Ticks) -> Option<u32> {
        self.advance(now);
        Some(match offset {
            FIFO => {
                self.idle_polls = 0;
                self.receiver.pop_front().map_or(0, u32::from)
            }
            INTERRUPT_RAW => self.raised,
            INTERRUPT_STATUS => self.raised & self.enabled,
            INTERRUPT_ENABLE => self.enabled,
            STATUS => {
                let empty = self.receiver.is_empty() && self.line.is_empty() && self.waiting(now) == 0;
                self.idle_polls = if empty { self.idle_polls.saturating_add(1) } else { 0 };
                (self.waiting(now).min(FIFO_BYTES) as u32) << 16 | self.receiver.len() as u32
            }
            _ if offset == self.layout.update.0 => self.word(offset) & !(1 << self.layout.update.1),
            _ => *self.words.get(offset as usize / 4)?,
        })
    }

    /// Writes the register at `offset`; false where it has none.
    pub fn write(&mut self, offset: u32, value: u32, now: Ticks) -> bool {
        self.advance(now);
        match offset {
            FIFO => {
                if self.waiting(now) < FIFO_BYTES {
                    self.sent.push(value as u8);
                    self.sent_at = self.sent_at.max(now) + self.byte_time();
                }
                self.last_written = now;
                self.idle_polls = 0;
            }
            INTERRUPT_ENABLE => self.enabled = value,
            INTERRUPT_CLEAR => self.raised &= !value,
            _ => {
                if offset == CONFIGURATION {
                    self.empty(value);
                }
                match self.words.get_mut(offset as usize / 4) {
                    Some(word) => *word = value,
                    None => return false,
                }
            }
        }
        self.advance(now);
        true
    }

    fn empty(&mut self, configuration: u32) {
        if configuration >> self.layout.reset_bit & 1 != 0 {
            self.receiver.clear();
        }
        if configuration >> (self.layout.reset_bit + 1) & 1 != 0 {
            self.sent_at = 0;
        }
    }

    /// The chip is reset; the line and its bytes are outside of it.
    pub fn reset(&mut self) {
        let fresh = Self::new(self.layout, self.other_end);
        let old = std::mem::replace(self, fresh);
        (self.line, self.next_byte, self.sent) = (old.line, old.next_byte, old.sent);
    }

    /// The host forgets what it had still to send.
    pub fn drop_line(&mut self) {
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_take_their_time() {
        let mut uart = Uart::new(ESP32C3, Some(HOST_BYTE));
        uart.receive(b"ab", 0);
        assert_eq!(uart.read(STATUS, 0), Some(0));
        assert_eq!(uart.read(STATUS, HOST_BYTE), Some(1));
        assert_eq!(uart.read(STATUS, 2 * HOST_BYTE), Some(2));
        assert_eq!((uart.read(FIFO, 2 * HOST_BYTE), uart.input_left()), (Some(0x61), 1));
    }

    #[test]
    fn a_peers_bytes_come_at_the_rate_that_is_set() {
        let mut uart = Uart::new(ESP32C6, None);
        // 80 MHz / 921,600 = 86 and 13 sixteenths.
        uart.write(DIVIDER, 13 << 20 | 86, 0);
        uart.receive(&[0x55; 8], 0);
        let byte = 10 * 1_000_000 * MICROSECOND / 921_600;
        assert_eq!(uart.read(STATUS, 4 * byte + byte / 2), Some(4));
        assert_eq!(uart.read(STATUS, 8 * byte + byte / 2), Some(8));
    }

    #[test]
    fn a_full_transmitter_is_full() {
        let mut uart = Uart::new(ESP32C3, Some(HOST_BYTE));
        for _ in 0..200 {
            uart.write(FIFO, 0x78, 0);
        }
        assert_eq!(uart.take_sent().len(), FIFO_BYTES);
        assert_eq!(uart.read(STATUS, 0).map(|status| status >> 16), Some(128));
    }

    #[test]
    fn the_threshold_raises_an_interrupt() {
        let mut uart = Uart::new(ESP32C6, Some(HOST_BYTE));
        uart.write(THRESHOLDS, 1, 0);
        uart.write(INTERRUPT_ENABLE, RECEIVER_FULL, 0);
        uart.receive(b"abc", 0);
        assert_eq!(uart.next_event(0), Some(HOST_BYTE));
        uart.advance(2 * HOST_BYTE);
        assert!(uart.interrupts());
    }

    #[test]
    fn a_receiver_that_nobody_empties_overflows() {
        let mut uart = Uart::new(ESP32C3, Some(HOST_BYTE));
        uart.receive(&[0; 130], 0);
        uart.advance(200 * HOST_BYTE);
        assert_ne!(uart.read(INTERRUPT_RAW, 200 * HOST_BYTE).unwrap_or(0) & OVERFLOW, 0);
    }
}
