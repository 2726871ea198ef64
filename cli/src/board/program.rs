//! A program in an image, checked as ROM and bootloader check it before they start it.
//!
//! Header, segments, checksum and hash: ESP-IDF programming guide, "Firmware image format". What the bootloader refuses
//! beyond them: esp-idf `components/bootloader_support/src/esp_image_format.c`. Every reason has the numbers.

use super::chips;
use ruvllm_esp_core::chip::Chip;
use ruvllm_esp_sim::emulator::EmulatedChip;
use ruvllm_esp_sim::emulator::chip as emulated;
use sha2::{Digest, Sha256};
use std::ops::{Range, RangeInclusive};

pub const MAGIC: u8 = 0xe9;
const HEADER_BYTES: usize = 24;
const SEGMENT_HEADER_BYTES: usize = 8;
const CHECKSUM_SEED: u8 = 0xef;
const HASH_BYTES: usize = 32;
const MAX_SEGMENTS: u8 = 16;
const MAX_SEGMENT_BYTES: usize = 16 << 20;
/// Segments below this address fill space in the image and are not loaded.
const LOWEST_LOADED: u32 = 0x1000_0000;
/// The instruction bus of every chip.
const INSTRUCTIONS: Range<u32> = 0x4000_0000..0x5000_2000;
/// The MMU maps flash in pages of this size, on a chip with other sizes unless somebody says otherwise.
const PAGE: u32 = 64 << 10;
/// The logarithms of the sizes that the bootloader of such a chip sets up; it was asked, under emulation.
const PAGE_LOGS: RangeInclusive<u8> = 14..=16;
/// A bootloader that says this takes the size of an application's pages from its description (ESP-IDF 5.4 and later).
const READS_PAGE: &[u8] = b"MMU page size mismatch";
/// Fuses hold revisions up to 3.15.
const MAX_REVISION: u16 = 315;
/// The codes of the flash's mode and speed that the ROM takes; it was asked, under emulation.
const MAX_SPI_MODE: u8 = 10;
const SPI_SPEEDS: [u8; 4] = [0, 1, 2, 15];
/// The description of an application, at the beginning of its first segment.
const DESCRIPTION_MAGIC: u32 = 0xabcd_5432;
const FUSE_REVISION_AT: usize = 176;
const PAGE_LOG_AT: usize = 180;

/// A part of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Segment {
    /// Where it belongs in memory.
    address: u32,
    /// Where its bytes are in the image.
    offset: usize,
    length: usize,
}

/// A sound program.
#[derive(Clone, Debug)]
pub struct Program {
    pub chip_id: u16,
    /// Its bytes in the image, with checksum and hash.
    pub bytes: usize,
    /// Chip revisions that it takes, 100 times the major number and the minor one.
    pub revisions: RangeInclusive<u16>,
    /// The size of the flash, as a code.
    pub flash_code: u8,
    /// How the flash is read, and how fast, as codes.
    spi: (u8, u8),
    entry: u32,
    segments: Vec<Segment>,
    /// The least revision of the fuses' block that it takes.
    fuse_revision: u16,
    /// The logarithm of its MMU's pages; 0 where its description has none.
    page_log: u8,
    /// As a bootloader: does it take the size of the pages from there?
    reads_page: bool,
}

impl Program {
    /// Reads the program that begins at `at`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(bytes: &[u8], at: usize) -> Result<Self, String> {
        let cut = || "is cut off".to_string();
        let program = bytes.get(at..).unwrap_or_default();
        let header = program.get(..HEADER_BYTES).ok_or_else(cut)?;
        let [magic, count, mode, flash, ..] = *header else { return Err(cut()) };
        if magic != MAGIC {
            return Err(format!("begins with {magic:#04x}, not with 0xe9"));
        }
        if count == 0 || count > MAX_SEGMENTS {
            return Err(format!("has {count} segments; 1 to {MAX_SEGMENTS} can be loaded"));
        }
        let segments = segments(program, count)?;
        let end = segments.last().map_or(HEADER_BYTES, |last| last.offset + last.length);
        // The checksum is the last byte of a block of sixteen.
        let end = (end + 16) / 16 * 16;
        check_sum(program, &segments, end)?;
        let hash = if header.get(23) == Some(&1) { check_hash(program, end)? } else { 0 };
        let first = segments.first().and_then(|first| program.get(first.offset..first.offset + first.length));
        let description = first.filter(|first| word(first, 0) == Some(DESCRIPTION_MAGIC)).unwrap_or_default();
        Ok(Self {
            chip_id: half(header, 12),
            bytes: end + hash,
            revisions: revisions(header)?,
            flash_code: flash >> 4,
            spi: (mode, flash & 15),
            entry: word(header, 4).unwrap_or(0),
            segments,
            fuse_revision: half(description, FUSE_REVISION_AT),
            page_log: description.get(PAGE_LOG_AT).copied().unwrap_or(0),
            reads_page: holds_text(program.get(..end).unwrap_or_default(), READS_PAGE),
        })
    }

    /// May the bootloader `boot` load and start this application, which lies at `at` in flash?
    ///
    /// # Errors
    /// What it would refuse, or crash on.
    pub fn check_as_application(&self, at: usize, chip: &Chip, boot: &Self) -> Result<(), String> {
        let flash = chips::espflash(chip).ok();
        let is_mapped = |address: u32| flash.is_some_and(|chip| chip.addr_is_flash(address));
        let page = if flash.is_some_and(|chip| chip.valid_mmu_page_sizes().is_some()) {
            self.page(boot)?
        } else {
            PAGE
        };
        for (number, segment) in self.segments.iter().enumerate() {
            if segment.length == 0 || segment.address < LOWEST_LOADED {
                continue;
            }
            let checked = match is_mapped(segment.address) {
                true => segment.is_mappable(at, page),
                false => segment.is_loadable(chip, boot),
            };
            checked.map_err(|why| format!("has a segment {number} {why}"))?;
        }
        if self.fuse_revision > MAX_REVISION {
            let wants = self.fuse_revision;
            return Err(format!("wants revision {} of the fuses' block, which no chip has", dotted(wants)));
        }
        self.check_entry()
    }

    /// May the ROM load and start this bootloader?
    ///
    /// # Errors
    /// What it would refuse, or crash on.
    pub fn check_as_bootloader(&self) -> Result<(), String> {
        let (mode, speed) = self.spi;
        if mode > MAX_SPI_MODE {
            return Err(format!("has the flash mode {mode:#04x}; 0 (QIO) to 5 (slow read) are known"));
        }
        if !SPI_SPEEDS.contains(&speed) {
            return Err(format!("has the flash speed code {speed}; 0, 1, 2 and 15 are known"));
        }
        self.check_entry()
    }

    /// The size of the pages that the bootloader `boot` sets up for this application.
    fn page(&self, boot: &Self) -> Result<u32, String> {
        match (boot.reads_page, self.page_log) {
            (true, log) if PAGE_LOGS.contains(&log) => Ok(1 << log),
            (true, log) if log > 0 => Err(format!(
                "describes MMU pages of 2^{log} B; the bootloader knows those of 16, 32 and 64 KiB"
            )),
            // Its own, which ESP-IDF chooses by the size of the flash.
            _ => Ok(match boot.flash_code {
                0 => 16 << 10,
                1 => 32 << 10,
                _ => PAGE,
            }),
        }
    }

    /// Does it begin inside of its own code?
    fn check_entry(&self) -> Result<(), String> {
        let is_inside = self.segments.iter().any(|segment| segment.holds(self.entry));
        if INSTRUCTIONS.contains(&self.entry) && is_inside {
            return Ok(());
        }
        Err(format!("starts at {:#010x}, which is in none of its segments of code", self.entry))
    }
}

impl Segment {
    fn holds(&self, address: u32) -> bool {
        self.address >= LOWEST_LOADED && (address.wrapping_sub(self.address) as usize) < self.length
    }

    /// Can the MMU show it at its address?
    fn is_mappable(&self, at: usize, page: u32) -> Result<(), String> {
        let offset = (at + self.offset) as u32;
        if offset % page == self.address % page {
            return Ok(());
        }
        Err(format!(
            "for address {:#010x} at flash offset {offset:#x}: they differ within a page of {} KiB",
            self.address,
            page >> 10
        ))
    }

    /// Is there RAM for it that the bootloader does not need itself? Known of the chips whose address map the emulator has.
    fn is_loadable(&self, chip: &Chip, boot: &Program) -> Result<(), String> {
        let Some(map) = emulated::by_name(chip.name) else { return Ok(()) };
        let end = self.address.saturating_add(self.length as u32);
        let range = format!("{:#010x}..{end:#010x}", self.address);
        let Some((bank, own)) = ram(map, self) else { return Err(format!("for {range}, where no RAM is")) };
        for (other, taken) in boot.resident(map, bank) {
            if own.start < taken.end && taken.start < own.end {
                return Err(format!("for {range}, on the bootloader's own at {other:#010x}"));
            }
        }
        Ok(())
    }
}

impl Program {
    /// What this bootloader needs of a bank of RAM while it loads: address, and bytes within the bank. The segment that it
    /// was entered in is done by then; its stack, and what the ROM keeps, lie above its highest segment.
    fn resident(&self, map: &EmulatedChip, bank: usize) -> Vec<(u32, Range<u32>)> {
        let own = self.segments.iter().filter(|segment| !segment.holds(self.entry));
        let mut own: Vec<(u32, Range<u32>)> = own
            .filter_map(|segment| Some((segment.address, ram(map, segment)?)))
            .filter(|(_, (other, _))| *other == bank)
            .map(|(address, (_, range))| (address, range))
            .collect();
        if let Some((_, highest)) = own.iter_mut().max_by_key(|(_, range)| range.start) {
            highest.end = map.banks.get(bank).map_or(highest.end, |bank| bank.size);
        }
        own
    }
}

/// The bank of RAM that a segment is loaded to, and its bytes there.
fn ram(map: &EmulatedChip, segment: &Segment) -> Option<(usize, Range<u32>)> {
    let length = segment.length as u32;
    let window = map.windows.iter().find(|window| {
        let offset = segment.address.wrapping_sub(window.base);
        offset < window.size && length <= window.size - offset
    })?;
    let is_flash = map.banks.get(window.bank).is_none_or(|bank| bank.is_flash);
    let begin = window.offset + (segment.address - window.base);
    (window.access.write && !is_flash).then_some((window.bank, begin..begin + length))
}

fn segments(program: &[u8], count: u8) -> Result<Vec<Segment>, String> {
    let cut = || "is cut off".to_string();
    let (mut segments, mut at) = (Vec::new(), HEADER_BYTES);
    for number in 0..count {
        let header = program.get(at..at + SEGMENT_HEADER_BYTES).ok_or_else(cut)?;
        let (address, length) = (word(header, 0).unwrap_or(0), word(header, 4).unwrap_or(0) as usize);
        let offset = at + SEGMENT_HEADER_BYTES;
        at = offset.checked_add(length).filter(|end| *end <= program.len()).ok_or_else(cut)?;
        if length % 4 != 0 || length >= MAX_SEGMENT_BYTES {
            return Err(format!(
                "has a segment {number} of {length} B, which is not a whole number of words"
            ));
        }
        segments.push(Segment { address, offset, length });
    }
    Ok(segments)
}

fn check_sum(program: &[u8], segments: &[Segment], end: usize) -> Result<(), String> {
    let contents = segments.iter().filter_map(|segment| program.get(segment.offset..)?.get(..segment.length));
    let sum = contents.flatten().fold(CHECKSUM_SEED, |sum, byte| sum ^ byte);
    match end.checked_sub(1).and_then(|at| program.get(at)) {
        None => Err("is cut off".into()),
        Some(kept) if *kept == sum => Ok(()),
        Some(kept) => Err(format!("has the checksum {kept:#04x}, and its contents give {sum:#04x}")),
    }
}

/// The bytes of the hash at `end`, if it is right.
fn check_hash(program: &[u8], end: usize) -> Result<usize, String> {
    let hash = program.get(end..end + HASH_BYTES).ok_or("is cut off")?;
    let is_right = program.get(..end).is_some_and(|content| Sha256::digest(content)[..] == *hash);
    if is_right { Ok(HASH_BYTES) } else { Err("has a SHA-256 that does not match its contents".into()) }
}

/// The revisions that a header asks for; 0 and 0xffff as the last one mean any.
fn revisions(header: &[u8]) -> Result<RangeInclusive<u16>, String> {
    let (least, most) = (half(header, 15), half(header, 17));
    let most = if most == 0 { u16::MAX } else { most };
    if least > MAX_REVISION {
        return Err(format!("wants chip revision {} or later, which no chip has", dotted(least)));
    }
    if least > most {
        return Err(format!("wants chip revision {} or later and {} at most", dotted(least), dotted(most)));
    }
    Ok(least..=most)
}

/// `0.3` for 3, `1.1` for 101.
pub fn dotted(revision: u16) -> String {
    format!("{}.{}", revision / 100, revision % 100)
}

fn holds_text(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

fn half(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).and_then(|half| half.try_into().ok()).map_or(0, u16::from_le_bytes)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).and_then(|word| word.try_into().ok()).map(u32::from_le_bytes)
}
