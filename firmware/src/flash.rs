//! The settings in flash: read at boot, written by `chip config`.
//!
//! What a record is and which copy to write next is decided in the `config` module of the logic crate; here are the
//! sectors. A write erases one sector and fills it, and the other copy stays whole until that is done.

use esp_hal::peripherals::FLASH;
use esp_storage::FlashStorage;
use ruvllm_esp_firmware_logic::command::Refusal;
use ruvllm_esp_firmware_logic::config::{COPIES, Newest, RECORD_BYTES, Settings, newest};
use ruvllm_esp_firmware_logic::partition::{ENTRY_BYTES, MOST_ENTRIES, Partition, TABLE_OFFSET, find_config};

const SECTOR: u32 = FlashStorage::SECTOR_SIZE;

/// Bytes at a word's boundary, as the flash wants them; others would go by a buffer of 4 KiB on the stack.
#[repr(align(4))]
struct Aligned<const N: usize>([u8; N]);

/// The flash and the place of the settings in it.
///
/// Its functions are kept out of their callers: esp-storage sets aside a sector's worth of stack in each for buffers that
/// are not aligned, and the main loop, once it held that, would hold it for ever.
pub struct Store {
    flash: FlashStorage<'static>,
    partition: Option<Partition>,
}

impl Store {
    /// Finds the partition of the settings.
    #[inline(never)]
    pub fn open(flash: FLASH<'static>) -> Self {
        let mut flash = FlashStorage::new(flash);
        let mut table = Aligned([0; ENTRY_BYTES * MOST_ENTRIES]);
        let partition = flash.read_nor(TABLE_OFFSET, &mut table.0).ok().and_then(|()| find_config(&table.0));
        Self { flash, partition: partition.filter(|found| found.size >= COPIES as u32 * SECTOR) }
    }

    /// Is there a place for settings?
    pub fn has_partition(&self) -> bool {
        self.partition.is_some()
    }

    /// What both copies say; where there is no place for them, what two empty ones would.
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

    /// Writes new settings in place of the older copy, and reads them back.
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
