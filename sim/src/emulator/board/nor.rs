//! NOR flash: the chip beside the processor, with its commands and its rules.
//!
//! Programming only clears bits, erasing sets whole sectors, and neither happens without the write latch. While the
//! chip is busy it answers only for its status. A power cut in the middle leaves a page half programmed or a sector
//! half erased. Commands and times: datasheets of GD25Q32E and W25Q32JV (typical times).

use super::time::{MILLISECOND, Ticks};

/// Bytes of the smallest unit that can be erased.
pub const SECTOR: usize = 4096;
/// Bytes that one command programs at most; it wraps within them.
const PAGE: usize = 256;

/// Status bits: busy, write latch, quad enable.
const BUSY: u32 = 1 << 0;
const WRITE_LATCH: u32 = 1 << 1;
/// Bits of the status register that a program may write.
const STATUS_WRITABLE: u32 = 0xc37c;

/// A typical time for a page, a sector, a block of 32 or 64 KiB, the status register.
const PAGE_TIME: Ticks = 700 * MILLISECOND / 1000;
const SECTOR_TIME: Ticks = 45 * MILLISECOND;
const BLOCK_TIME: Ticks = 150 * MILLISECOND;
const STATUS_TIME: Ticks = 5 * MILLISECOND;

/// What is going on inside, which a power cut would interrupt.
#[derive(Clone, Debug, Default)]
struct Work {
    start: Ticks,
    end: Ticks,
    /// Where it happens, and what was there before.
    offset: usize,
    before: Vec<u8>,
}

/// The flash chip.
#[derive(Clone, Debug)]
pub struct Nor {
    bytes: Vec<u8>,
    status: u32,
    work: Option<Work>,
    /// Ranges changed since the last call of [`Nor::take_changes`].
    changes: Vec<std::ops::Range<usize>>,
    /// Sectors erased and pages programmed.
    pub wear: Wear,
    /// Commands that this chip does not know.
    pub unknown: std::collections::BTreeSet<u8>,
}

/// How often the flash was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wear {
    pub sectors_erased: u64,
    pub pages_programmed: u64,
}

impl Nor {
    /// A chip that holds `bytes`. It is as large as the header of the bootloader at its beginning says, as the board is that an
    /// image is made for; without such a header, or if it has less than the image, the next power of two, at least 1 MiB.
    pub fn new(mut bytes: Vec<u8>) -> Self {
        let size = bytes.len().max(1 << 20).next_power_of_two().max(size_in_header(&bytes).unwrap_or(0));
        bytes.resize(size, 0xff);
        let (changes, unknown) = (Vec::new(), std::collections::BTreeSet::new());
        Self { bytes, status: 0, work: None, changes, wear: Wear::default(), unknown }
    }

    /// The contents.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The contents, and nothing left of the chip.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Ranges that changed since the last call.
    pub fn take_changes(&mut self) -> Vec<std::ops::Range<usize>> {
        std::mem::take(&mut self.changes)
    }

    /// Whether something changed since [`Nor::take_changes`].
    pub fn has_changes(&self) -> bool {
        !self.changes.is_empty()
    }

    fn is_busy(&mut self, now: Ticks) -> bool {
        if self.work.as_ref().is_some_and(|work| now >= work.end) {
            self.work = None;
        }
        self.work.is_some()
    }

    /// One command with its address and what follows it; the answer is `length` bytes.
    pub fn command(&mut self, code: u8, address: u32, data: &[u8], length: usize, now: Ticks) -> Vec<u8> {
        let busy = self.is_busy(now);
        let status = self.status | if busy { BUSY } else { 0 };
        let repeat = |bytes: &[u8]| bytes.iter().copied().cycle().take(length).collect::<Vec<u8>>();
        match code {
            0x05 => return repeat(&[status as u8]),
            0x35 => return repeat(&[(status >> 8) as u8]),
            _ if busy => return vec![0xff; length],
            0x9f => return repeat(&self.identity()),
            0x90 | 0x92 | 0x94 => return repeat(&[0xc8, self.capacity_code() - 1]),
            0xab => return repeat(&[self.capacity_code() - 1]),
            // The unique number and the parameter table: none that is known, so neither pretends to be one.
            0x4b | 0x5a => return vec![0xff; length],
            0x15 => return repeat(&[0]),
            0x03 | 0x0b | 0x3b | 0x6b | 0xbb | 0xeb => return self.read(address, length),
            0x06 | 0x50 => self.status |= WRITE_LATCH,
            0x04 => self.status &= !WRITE_LATCH,
            0x66 | 0x99 | 0xff | 0xb9 => {}
            0x01 | 0x31 | 0x11 => self.write_status(code, data, now),
            0x02 | 0x32 => self.program(address, data, now),
            0x20 => self.erase(address, SECTOR, SECTOR_TIME, now),
            0x52 => self.erase(address, 32 * 1024, BLOCK_TIME, now),
            0xd8 => self.erase(address, 64 * 1024, BLOCK_TIME, now),
            0xc7 | 0x60 => self.erase(0, self.bytes.len(), BLOCK_TIME * 64, now),
            _ => {
                self.unknown.insert(code);
                return vec![0xff; length];
            }
        }
        vec![0; length]
    }

    /// GigaDevice, and the size as a power of two.
    fn identity(&self) -> [u8; 3] {
        [0xc8, 0x40, self.capacity_code()]
    }

    fn capacity_code(&self) -> u8 {
        self.bytes.len().trailing_zeros() as u8
    }

    fn read(&self, address: u32, length: usize) -> Vec<u8> {
        let mask = self.bytes.len() - 1;
        let at = |index: usize| self.bytes.get((address as usize + index) & mask).copied().unwrap_or(0xff);
        (0..length).map(at).collect()
    }

    fn write_status(&mut self, code: u8, data: &[u8], now: Ticks) {
        if self.status & WRITE_LATCH == 0 {
            return;
        }
        let [low, high] = [0, 1].map(|index| u32::from(data.get(index).copied().unwrap_or(0)));
        let (mask, value) = match code {
            0x01 if data.len() > 1 => (0xffff, high << 8 | low),
            0x01 => (0x00ff, low),
            0x31 => (0xff00, low << 8),
            _ => (0, 0),
        };
        let mask = mask & STATUS_WRITABLE;
        self.status = self.status & !mask & !WRITE_LATCH | value & mask;
        self.work = Some(Work { start: now, end: now + STATUS_TIME, ..Work::default() });
    }

    fn program(&mut self, address: u32, data: &[u8], now: Ticks) {
        let page = address as usize & (self.bytes.len() - 1) & !(PAGE - 1);
        let Some(range) = self.begin(page, PAGE, PAGE_TIME, now) else { return };
        for (index, byte) in data.iter().enumerate() {
            let at = page + (address as usize + index) % PAGE;
            if let Some(cell) = self.bytes.get_mut(at) {
                *cell &= byte;
            }
        }
        self.wear.pages_programmed += 1;
        self.changes.push(range);
    }

    fn erase(&mut self, address: u32, size: usize, time: Ticks, now: Ticks) {
        let offset = address as usize & (self.bytes.len() - 1) & !(size - 1);
        let Some(range) = self.begin(offset, size, time, now) else { return };
        if let Some(cells) = self.bytes.get_mut(range.clone()) {
            cells.fill(0xff);
        }
        self.wear.sectors_erased += (size / SECTOR) as u64;
        self.changes.push(range);
    }

    /// Starts a change of `size` bytes, if the write latch allows it.
    fn begin(
        &mut self,
        offset: usize,
        size: usize,
        time: Ticks,
        now: Ticks,
    ) -> Option<std::ops::Range<usize>> {
        let range = offset..offset + size;
        let before = self.bytes.get(range.clone())?.to_vec();
        if self.status & WRITE_LATCH == 0 {
            return None;
        }
        self.status &= !WRITE_LATCH;
        self.work = Some(Work { start: now, end: now + time, offset, before });
        Some(range)
    }

    /// The power goes. What was under way is done in part: as many of its bytes as its share of time, the rest as before.
    pub fn power_cut(&mut self, now: Ticks) {
        self.status &= !WRITE_LATCH;
        let Some(work) = self.work.take().filter(|work| now < work.end) else { return };
        let (passed, whole) = (now.saturating_sub(work.start), work.end - work.start);
        let done = (work.before.len() as u64 * passed / whole.max(1)) as usize;
        let range = work.offset + done..work.offset + work.before.len();
        if let (Some(cells), Some(before)) = (self.bytes.get_mut(range.clone()), work.before.get(done..)) {
            cells.copy_from_slice(before);
            self.changes.push(range);
        }
    }
}

/// The size of the flash as the header of a program at its beginning tells it: 1 MiB for code 0, twice as much for each
/// further one, up to 16 MiB (ESP-IDF programming guide, "Firmware image format").
fn size_in_header(bytes: &[u8]) -> Option<usize> {
    match *bytes {
        [0xe9, _, _, sizes, ..] => Some(sizes >> 4).filter(|code| *code <= 4).map(|code| (1 << 20) << code),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATER: Ticks = 10_000 * MILLISECOND;

    fn flash() -> Nor {
        Nor::new(vec![0xff; 1 << 20])
    }

    #[test]
    fn programming_clears_bits_and_never_sets_them() {
        let mut nor = flash();
        nor.command(0x06, 0, &[], 0, 0);
        nor.command(0x02, 0x1000, &[0x0f], 0, 0);
        nor.command(0x06, 0, &[], 0, LATER);
        nor.command(0x02, 0x1000, &[0xf5], 0, LATER);
        assert_eq!(nor.bytes()[0x1000], 0x05);
    }

    #[test]
    fn nothing_is_written_without_the_latch_or_while_busy() {
        let mut nor = flash();
        nor.command(0x02, 0, &[0], 0, 0);
        assert_eq!(nor.bytes()[0], 0xff);
        nor.command(0x06, 0, &[], 0, 0);
        nor.command(0x02, 0, &[0], 0, 0);
        assert_eq!(nor.command(0x05, 0, &[], 1, 1), [1], "busy, and the latch is gone");
        nor.command(0x06, 0, &[], 0, 1);
        nor.command(0x02, 1, &[0], 0, 2);
        assert_eq!(nor.bytes()[1], 0xff);
        assert_eq!(nor.command(0x05, 0, &[], 1, LATER), [0]);
    }

    #[test]
    fn a_page_wraps_and_a_sector_is_erased_whole() {
        let mut nor = flash();
        nor.command(0x06, 0, &[], 0, 0);
        nor.command(0x02, 0xfe, &[1, 2, 3], 0, 0);
        assert_eq!((nor.bytes()[0xfe], nor.bytes()[0xff], nor.bytes()[0]), (1, 2, 3));
        nor.command(0x06, 0, &[], 0, LATER);
        nor.command(0x20, 0x123, &[], 0, LATER);
        assert!(nor.bytes()[..SECTOR].iter().all(|byte| *byte == 0xff));
        assert_eq!(nor.wear, Wear { sectors_erased: 1, pages_programmed: 1 });
    }

    #[test]
    fn a_power_cut_leaves_a_sector_half_erased() {
        let mut nor = flash();
        nor.bytes[..SECTOR].fill(0);
        nor.command(0x06, 0, &[], 0, 0);
        nor.command(0x20, 0, &[], 0, 0);
        nor.power_cut(SECTOR_TIME / 2);
        let erased = nor.bytes()[..SECTOR].iter().filter(|byte| **byte == 0xff).count();
        assert_eq!(erased, SECTOR / 2);
    }

    #[test]
    fn it_says_how_large_it_is() {
        assert_eq!(Nor::new(vec![0; 3 << 20]).command(0x9f, 0, &[], 3, 0), [0xc8, 0x40, 22]);
    }

    #[test]
    fn it_is_as_large_as_the_header_of_the_image_says_whatever_the_file_has() {
        for (code, size) in [(0x0f, 1 << 20), (0x2f, 4 << 20), (0x40, 16 << 20), (0x90, 1 << 20)] {
            assert_eq!(Nor::new(vec![0xe9, 3, 2, code]).bytes().len(), size, "{code:#x}");
        }
        assert_eq!(Nor::new([&[0xe9, 3, 2, 0][..], &[0; 3 << 20]].concat()).bytes().len(), 4 << 20);
    }
}
