//! USB-Serial-JTAG: the serial port that needs no converter.
//!
//! With a host, a packet is fetched some microseconds after it is handed over, and the host's bytes come in packets of
//! 64; without one, the first packet waits forever, which is what a program must not do. JTAG is not modelled.
//! Register layout: esp-idf `components/soc/<chip>/register/soc/usb_serial_jtag_reg.h`.

use super::time::{MICROSECOND, MILLISECOND, Ticks};
use std::collections::VecDeque;

const DATA: u32 = 0x00;
const CONFIGURATION: u32 = 0x04;
const INTERRUPT_RAW: u32 = 0x08;
const INTERRUPT_STATUS: u32 = 0x0c;
const INTERRUPT_ENABLE: u32 = 0x10;
const INTERRUPT_CLEAR: u32 = 0x14;
const FRAME_NUMBER: u32 = 0x24;

const FLUSH: u32 = 1 << 0;
const HAS_ROOM: u32 = 1 << 1;
const HAS_DATA: u32 = 1 << 2;

const START_OF_FRAME: u32 = 1 << 1;
const PACKET_RECEIVED: u32 = 1 << 2;
const PACKET_SENT: u32 = 1 << 3;

const PACKET: usize = 64;
/// From handing a packet over until there is room again; not measured.
const PACKET_TIME: Ticks = 60 * MICROSECOND;
const WORDS: usize = 40;

/// The port.
#[derive(Debug)]
pub struct UsbSerial {
    /// Is a host connected that reads?
    has_host: bool,
    words: [u32; WORDS],
    raised: u32,
    enabled: u32,
    /// The packet being filled.
    packet: Vec<u8>,
    /// When the packet handed over will be gone.
    gone_at: Option<Ticks>,
    sent: Vec<u8>,
    /// The packet received, and what the host has still to send.
    received: VecDeque<u8>,
    line: VecDeque<u8>,
    frame: Ticks,
    /// Times that the program found no input and room for output, since it last read or wrote a byte.
    pub idle_polls: u32,
    /// When the program last wrote a byte.
    pub last_written: Ticks,
    /// How long the program found no room for output, ever, and how much of that was before the last byte it wrote.
    pub waited: Ticks,
    pub waited_to_write: Ticks,
    full_since: Option<Ticks>,
}

impl UsbSerial {
    /// After reset.
    pub fn new(has_host: bool) -> Self {
        Self {
            has_host,
            words: [0; WORDS],
            raised: PACKET_SENT,
            enabled: 0,
            packet: Vec::new(),
            gone_at: None,
            sent: Vec::new(),
            received: VecDeque::new(),
            line: VecDeque::new(),
            frame: 0,
            idle_polls: 0,
            last_written: 0,
            waited: 0,
            waited_to_write: 0,
            full_since: None,
        }
    }

    /// A host comes or goes.
    pub fn set_host(&mut self, has_host: bool) {
        self.has_host = has_host;
    }

    /// The host sends `bytes`.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.line.extend(bytes);
        self.idle_polls = 0;
        self.refill();
    }

    fn refill(&mut self) {
        if self.received.is_empty() && !self.line.is_empty() && self.has_host {
            let length = self.line.len().min(PACKET);
            self.received.extend(self.line.drain(..length));
            self.raised |= PACKET_RECEIVED;
        }
    }

    /// Bytes that have not reached the program yet.
    pub fn input_left(&self) -> usize {
        self.line.len() + self.received.len()
    }

    /// Everything sent since the last call.
    pub fn take_sent(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.sent)
    }

    /// What was sent and not taken yet.
    pub fn sent(&self) -> &[u8] {
        &self.sent
    }

    /// Whether bytes wait to be sent, or are being sent.
    pub fn is_sending(&self) -> bool {
        self.gone_at.is_some()
    }

    /// Time has come to `now`.
    pub fn advance(&mut self, now: Ticks) {
        if self.has_host && self.gone_at.is_some_and(|gone_at| gone_at <= now) {
            self.gone_at = None;
            self.raised |= PACKET_SENT;
        }
        let frame = now / MILLISECOND;
        if self.has_host && frame != self.frame {
            self.raised |= START_OF_FRAME;
        }
        self.frame = frame;
    }

    /// When something happens that an enabled interrupt waits for.
    pub fn next_event(&self, now: Ticks) -> Option<Ticks> {
        let frame = (self.enabled & START_OF_FRAME != 0).then_some((now / MILLISECOND + 1) * MILLISECOND);
        let gone = self.gone_at.filter(|_| self.enabled & PACKET_SENT != 0);
        [frame, gone].into_iter().flatten().filter(|_| self.has_host).min()
    }

    /// Whether it holds its interrupt up.
    pub fn interrupts(&self) -> bool {
        self.raised & self.enabled != 0
    }

    fn hand_over(&mut self, now: Ticks) {
        if self.gone_at.is_none() {
            if self.has_host {
                self.sent.append(&mut self.packet);
            } else {
                self.packet.clear();
            }
            self.gone_at = Some(now + PACKET_TIME);
        }
    }

    /// The register at `offset`.
    pub fn read(&mut self, offset: u32, now: Ticks) -> Option<u32> {
        self.advance(now);
        Some(match offset {
            DATA => {
                self.idle_polls = 0;
                let byte = self.received.pop_front().map_or(0, u32::from);
                self.refill();
                byte
            }
            CONFIGURATION => {
                let empty = self.received.is_empty();
                let room = if self.gone_at.is_none() { HAS_ROOM } else { 0 };
                // Who finds room may be about to write; who finds it again and again is not.
                self.idle_polls = if empty && room != 0 { self.idle_polls.saturating_add(1) } else { 0 };
                if room == 0 {
                    self.full_since.get_or_insert(now);
                } else if let Some(since) = self.full_since.take() {
                    self.waited += now.saturating_sub(since);
                }
                room | if empty { 0 } else { HAS_DATA }
            }
            INTERRUPT_RAW => self.raised,
            INTERRUPT_STATUS => self.raised & self.enabled,
            INTERRUPT_ENABLE => self.enabled,
            FRAME_NUMBER if self.has_host => self.frame as u32 & 0x7ff,
            _ => *self.words.get(offset as usize / 4)?,
        })
    }

    /// Writes the register at `offset`; false where it has none.
    pub fn write(&mut self, offset: u32, value: u32, now: Ticks) -> bool {
        self.advance(now);
        match offset {
            DATA => {
                self.idle_polls = 0;
                self.last_written = now;
                self.waited_to_write = self.waited;
                // A byte for which there is no room is lost.
                if self.gone_at.is_none() {
                    self.packet.push(value as u8);
                    if self.packet.len() == PACKET {
                        self.hand_over(now);
                    }
                }
            }
            CONFIGURATION if value & FLUSH != 0 => self.hand_over(now),
            CONFIGURATION => {}
            INTERRUPT_ENABLE => self.enabled = value,
            INTERRUPT_CLEAR => self.raised &= !value,
            _ => match self.words.get_mut(offset as usize / 4) {
                Some(word) => *word = value,
                None => return false,
            },
        }
        true
    }

    /// The chip is reset; the host and its bytes are outside of it.
    pub fn reset(&mut self) {
        let fresh = Self::new(self.has_host);
        let old = std::mem::replace(self, fresh);
        (self.line, self.sent) = (old.line, old.sent);
        (self.waited, self.waited_to_write) = (old.waited, old.waited_to_write);
        self.refill();
    }

    /// The host forgets what it had still to send.
    pub fn drop_line(&mut self) {
        self.line.clear();
        self.received.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(usb: &mut UsbSerial, text: &[u8]) {
        text.iter().for_each(|byte| _ = usb.write(DATA, u32::from(*byte), 0));
        usb.write(CONFIGURATION, FLUSH, 0);
    }

    #[test]
    fn with_a_host_there_is_soon_room_again() {
        let mut usb = UsbSerial::new(true);
        say(&mut usb, b"hello");
        assert_eq!(usb.sent(), b"hello");
        assert_eq!(usb.read(CONFIGURATION, 1), Some(0));
        assert_eq!(usb.read(CONFIGURATION, PACKET_TIME), Some(HAS_ROOM));
    }

    #[test]
    fn without_a_host_the_first_packet_waits_for_ever() {
        let mut usb = UsbSerial::new(false);
        say(&mut usb, b"hello");
        assert_eq!(usb.read(CONFIGURATION, 1_000 * MILLISECOND), Some(0));
        assert_eq!(usb.sent(), b"");
    }

    #[test]
    fn input_comes_in_packets() {
        let mut usb = UsbSerial::new(true);
        usb.receive(&[7; 100]);
        assert_eq!(usb.input_left(), 100);
        for _ in 0..100 {
            assert_eq!(usb.read(CONFIGURATION, 0).map(|bits| bits & HAS_DATA), Some(HAS_DATA));
            assert_eq!(usb.read(DATA, 0), Some(7));
        }
        assert_eq!(usb.read(CONFIGURATION, 0).map(|bits| bits & HAS_DATA), Some(0));
    }
}
