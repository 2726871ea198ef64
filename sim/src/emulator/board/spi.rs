//! SPI1: the controller through which a program talks to the flash chip itself.
//!
//! Programs write a command into registers and wait for its bit to fall. Both ways are here: the free form (`USR`)
//! and the ready-made commands. A transfer takes as long as its bits at the clock that is set. Register layout:
//! esp-idf `components/soc/esp32c3/register/soc/spi_mem_reg.h`; the ESP32-C6 has the same for these.

use super::nor::Nor;
use super::time::Ticks;

const COMMAND: u32 = 0x00;
const ADDRESS: u32 = 0x04;
const CLOCK: u32 = 0x14;
const USER: u32 = 0x18;
const USER1: u32 = 0x1c;
const USER2: u32 = 0x20;
const SEND_LENGTH: u32 = 0x24;
const RECEIVE_LENGTH: u32 = 0x28;
const STATUS: u32 = 0x2c;
const BUFFER: u32 = 0x58;
const BUFFER_END: u32 = 0x98;
const SUSPEND_STATUS: u32 = 0xa4;

const START_USER: u32 = 1 << 18;

/// Words of register space that are kept.
const WORDS: usize = 64;

/// The controller.
#[derive(Debug)]
pub struct Spi1 {
    words: [u32; WORDS],
    /// The command that runs, and until when.
    running: u32,
    done_at: Ticks,
}

impl Default for Spi1 {
    fn default() -> Self {
        let mut words = [0; WORDS];
        let reset = [
            (0x08, 0x002c_a000),
            (CLOCK, 0x0003_0103),
            (USER, 1 << 31),
            (USER1, 0x5c00_0007),
            (USER2, 7 << 28),
        ];
        for (offset, value) in reset {
            if let Some(word) = words.get_mut(offset as usize / 4) {
                *word = value;
            }
        }
        Self { words, running: 0, done_at: 0 }
    }
}

impl Spi1 {
    fn word(&self, offset: u32) -> u32 {
        self.words.get(offset as usize / 4).copied().unwrap_or(0)
    }

    fn set(&mut self, offset: u32, value: u32) {
        if let Some(word) = self.words.get_mut(offset as usize / 4) {
            *word = value;
        }
    }

    /// The register at `offset`; `None` where it has none.
    pub fn read(&self, offset: u32, now: Ticks) -> Option<u32> {
        Some(match offset {
            COMMAND if now < self.done_at => self.running,
            COMMAND | SUSPEND_STATUS => 0,
            _ => *self.words.get(offset as usize / 4)?,
        })
    }

    /// Writes the register at `offset`; false where it has none.
    pub fn write(&mut self, offset: u32, value: u32, nor: &mut Nor, now: Ticks) -> bool {
        if offset == COMMAND {
            if value != 0 {
                self.start(value, nor, now);
            }
            return true;
        }
        let known = (offset as usize) < 4 * WORDS;
        self.set(offset, value);
        known
    }

    fn start(&mut self, command: u32, nor: &mut Nor, now: Ticks) {
        let bits =
            if command & START_USER != 0 { self.user(nor, now) } else { self.ready_made(command, nor, now) };
        self.running = command;
        self.done_at = now + bits * self.ticks_per_bit();
    }

    /// Ticks of one bit: the controller's clock is 80 MHz over a divider.
    fn ticks_per_bit(&self) -> u64 {
        let clock = self.word(CLOCK);
        let divider = if clock >> 31 != 0 { 1 } else { u64::from(clock >> 16 & 0xff) + 1 };
        2 * divider
    }

    /// The bytes of the buffer from word `first` on.
    fn buffer(&self, first: u32, length: usize) -> Vec<u8> {
        let words = (BUFFER + 4 * first..BUFFER_END).step_by(4).map(|offset| self.word(offset));
        words.flat_map(u32::to_le_bytes).take(length).collect()
    }

    fn fill_buffer(&mut self, first: u32, bytes: &[u8]) {
        for (chunk, offset) in bytes.chunks(4).zip((BUFFER + 4 * first..BUFFER_END).step_by(4)) {
            let mut word = self.word(offset).to_le_bytes();
            word.iter_mut().zip(chunk).for_each(|(target, byte)| *target = *byte);
            self.set(offset, u32::from_le_bytes(word));
        }
    }

    /// A transfer in the free form: its bits.
    fn user(&mut self, nor: &mut Nor, now: Ticks) -> u64 {
        let [user, user1, user2] = [USER, USER1, USER2].map(|offset| self.word(offset));
        let has = |bit: u32| user >> bit & 1 != 0;
        let mut bits = if has(31) { u64::from(user2 >> 28) + 1 } else { 0 };
        let code = if has(31) { user2 as u8 } else { 0xff };
        let address_bits = if has(30) { (user1 >> 26) + 1 } else { 0 };
        // What goes beyond 24 bits are the mode bits of fast reads, which come from elsewhere.
        let address = self.word(ADDRESS);
        bits += u64::from(address_bits) + if has(29) { u64::from(user1 & 0x3f) + 1 } else { 0 };
        let data = if has(27) { self.bytes_of(SEND_LENGTH) } else { 0 };
        let answer = if has(28) { self.bytes_of(RECEIVE_LENGTH) } else { 0 };
        let data_bytes = self.buffer(if has(25) { 8 } else { 0 }, data);
        let received = nor.command(code, address & 0x00ff_ffff, &data_bytes, answer, now);
        self.fill_buffer(if has(24) { 8 } else { 0 }, &received);
        bits + 8 * (data + answer) as u64
    }

    fn bytes_of(&self, register: u32) -> usize {
        ((self.word(register) & 0x3ff) as usize + 1).div_ceil(8)
    }

    /// A ready-made command: its bits.
    fn ready_made(&mut self, command: u32, nor: &mut Nor, now: Ticks) -> u64 {
        let address = self.word(ADDRESS);
        let slot = address & 0x00ff_ffff;
        let mut bits = 32;
        let mut send = |code: u8, data: &[u8], length: usize| nor.command(code, slot, data, length, now);
        match 31 - command.leading_zeros() {
            31 => {
                let length = self.bytes_of(RECEIVE_LENGTH);
                let bytes = send(0x03, &[], length);
                self.fill_buffer(0, &bytes);
                bits += 8 * length as u64;
            }
            30 => drop(send(0x06, &[], 0)),
            29 => drop(send(0x04, &[], 0)),
            28 => {
                let bytes = send(0x9f, &[], 3);
                self.fill_buffer(0, &bytes);
            }
            27 => {
                let low = send(0x05, &[], 1).first().copied().unwrap_or(0);
                self.set(STATUS, self.word(STATUS) & !0xff | u32::from(low));
            }
            26 => drop(send(0x01, &(self.word(STATUS) as u16).to_le_bytes(), 0)),
            25 => {
                let length = (address >> 24) as usize;
                let data = self.buffer(0, length);
                send(0x02, &data, 0);
                bits += 8 * length as u64;
            }
            24 => drop(send(0x20, &[], 0)),
            23 => drop(send(0xd8, &[], 0)),
            22 => drop(send(0xc7, &[], 0)),
            21 => drop(send(0xb9, &[], 0)),
            20 => {
                let answer = send(0xab, &[], 1);
                self.fill_buffer(0, &answer);
            }
            _ => {}
        }
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_transfer_reads_what_the_flash_holds() {
        let mut nor = Nor::new((0..=255).cycle().take(1 << 20).collect());
        let mut spi = Spi1::default();
        for (offset, value) in [
            (USER, 1 << 31 | 1 << 30 | 1 << 28),
            (USER1, 23 << 26),
            (USER2, 7 << 28 | 0x03),
            (ADDRESS, 0x105),
            (RECEIVE_LENGTH, 8 * 6 - 1),
        ] {
            spi.write(offset, value, &mut nor, 0);
        }
        spi.write(COMMAND, START_USER, &mut nor, 0);
        assert_eq!(spi.read(COMMAND, 1), Some(START_USER), "it takes time");
        assert_eq!(spi.read(COMMAND, 100_000), Some(0));
        assert_eq!((spi.read(BUFFER, 0), spi.read(BUFFER + 4, 0)), (Some(0x0807_0605), Some(0x0a09)));
    }

    #[test]
    fn ready_made_commands_program_and_read_the_status() {
        let mut nor = Nor::new(vec![0xff; 1 << 20]);
        let mut spi = Spi1::default();
        spi.write(COMMAND, 1 << 30, &mut nor, 0);
        spi.write(ADDRESS, 2 << 24 | 0x300, &mut nor, 0);
        spi.write(BUFFER, 0xaa55, &mut nor, 0);
        spi.write(COMMAND, 1 << 25, &mut nor, 0);
        assert_eq!(nor.bytes()[0x300..0x303], [0x55, 0xaa, 0xff]);
        spi.write(COMMAND, 1 << 27, &mut nor, 1);
        assert_eq!(spi.read(STATUS, 2), Some(1), "busy");
    }
}
