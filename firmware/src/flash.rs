//! The settings in flash: read at boot, written by `chip config`; and behind them the count of boots.
//!
//! What a record is and which copy to write next is decided in the `config` module of the logic crate, and how boots are
//! counted in its `boots` module; here are the sectors. A write of settings erases one sector and fills it, and the other
//! copy stays whole until that is done.

use esp_hal::peripherals::FLASH;
use esp_storage::FlashStorage;
use ruvllm_esp_firmware_logic::boots::{self, Sectors};
use ruvllm_esp_firmware_logic::command::Refusal;
use ruvllm_esp_firmware_logic::config::{COPIES, Newest, RECORD_BYTES, Settings, newest};
use ruvllm_esp_firmware_logic::partition::{ENTRY_BYTES, MAX_ENTRIES, Partition, TABLE_OFFSET, find_config};

const SECTOR: u32 = FlashStorage::SECTOR_SIZE;

/// Bytes at a word's boundary, as the flash wants them; others would go by a buffer of 4 KiB on the stack.
#[repr(align(4))]
struct Aligned<const N: usize>([u8; N]);

/// The flash and the partition of the settings in it.
///
/// Its functions are kept out of their callers: esp-storage sets aside a sector's worth of stack in each for buffers that
/// are not aligned, and the main loop, once it held that, would hold it forever.
pub struct Store {
    flash: FlashStorage<'static>,
    partition: Option<Partition>,
}

impl Store {
    /// Finds the partition of the settings.
    #[inline(never)]
    pub fn open(flash: FLASH<'static>) -> Self {
        let mut flash = FlashStorage::new(flash);
        let mut table = Aligned([0; ENTRY_BYTES * MAX_ENTRIES]);
        let partition = flash.read_nor(TABLE_OFFSET, &mut table.0).ok().and_then(|()| find_config(&table.0));
        Self { flash, partition: partition.filter(|found| found.size >= COPIES as u32 * SECTOR) }
    }

    /// Is there a partition for settings?
    pub fn has_partition(&self) -> bool {
        self.partition.is_some()
    }

    /// Counts this boot, and gives its number; nothing where the flash has no partition for that, or does not keep it.
    #[inline(never)]
    pub fn count_boot(&mut self) -> Option<u32> {
        let partition =
            self.partition.filter(|found| found.size >= (COPIES + boots::SECTORS) as u32 * SECTOR)?;
        let offset = partition.offset + COPIES as u32 * SECTOR;
        boots::count(&mut BootSectors { flash: &mut self.flash, offset })
    }

    /// What both copies say; where there is no partition for them, what two empty ones would.
    #[inline(never)]
    pub fn read(&mut self) -> Newest {
        let mut copies = [[0xff; RECORD_BYTES]; COPIES];
        if let Some(Partition { offset, .. }) = self.partition {
            for (copy, at) in copies.iter_mut().zip((offset..).step_by(SECTOR as usize)) {
                let mut record = Aligned([0xff; RECORD_BYTES]);
                if self.flash.read_nor(at, &mut record.0).is_ok() {
                    *copy = record.0;
                }
            }
        }
        newest(&copies)
    }

    /// Writes new settings instead of the older copy, and reads them back.
    ///
    /// # Errors
    /// [`Refusal::NoPartition`], or [`Refusal::Flash`] where they did not get there.
    #[inline(never)]
    pub fn write(&mut self, settings: &Settings) -> Result<(), Refusal> {
        let Partition { offset, .. } = self.partition.ok_or(Refusal::NoPartition)?;
        let Newest { next_copy, next_sequence, .. } = self.read();
        let at = offset + next_copy as u32 * SECTOR;
        let record = Aligned(settings.encode(next_sequence));
        self.flash.erase(at, at + SECTOR).map_err(|_| Refusal::Flash)?;
        self.flash.write_nor(at, &record.0).map_err(|_| Refusal::Flash)?;
        if self.read().settings == Some(*settings) { Ok(()) } else { Err(Refusal::Flash) }
    }
}

/// The sectors in which boots are counted, behind those of the settings.
struct BootSectors<'f> {
    flash: &'f mut FlashStorage<'static>,
    offset: u32,
}

/// The most words that are read or written at once.
const MAX_WORDS: usize = 64;

impl BootSectors<'_> {
    fn address(&self, sector: usize, at: usize) -> u32 {
        self.offset + sector as u32 * SECTOR + 4 * at as u32
    }
}

impl Sectors for BootSectors<'_> {
    fn read(&mut self, sector: usize, at: usize, words: &mut [u32]) -> bool {
        let mut bytes = Aligned([0; 4 * MAX_WORDS]);
        let Some(slot) = bytes.0.get_mut(..4 * words.len()) else { return false };
        let done = self.flash.read_nor(self.address(sector, at), slot).is_ok();
        for (word, bytes) in words.iter_mut().zip(slot.chunks_exact(4)) {
            *word = bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
        }
        done
    }

    fn program(&mut self, sector: usize, at: usize, words: &[u32]) -> bool {
        let mut bytes = Aligned([0; 4 * MAX_WORDS]);
        let Some(slot) = bytes.0.get_mut(..4 * words.len()) else { return false };
        for (bytes, word) in slot.chunks_exact_mut(4).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        self.flash.write_nor(self.address(sector, at), slot).is_ok()
    }

    fn erase(&mut self, sector: usize) -> bool {
        let at = self.address(sector, 0);
        self.flash.erase(at, at + SECTOR).is_ok()
    }
}
