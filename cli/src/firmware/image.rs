//! The image of a chip, made in-process from the firmware's ELF.
//!
//! Merged means bootloader, partition table and application in one file that starts at flash address zero, erased flash
//! (ones) between them: the very bytes that are flashed, and that the emulator boots.

use crate::board::chips;
use crate::error::CliError;
use espflash::flasher::{FlashData, FlashSettings, FlashSize};
use espflash::image_format::{ImageFormat, idf::IdfBootloaderFormat};
use object::read::elf::ElfFile32;
use object::{Endianness, Object, ObjectSection, ObjectSymbol, SectionFlags, SectionKind};
use ruvllm_esp_core::arena::ALIGNMENT;
use ruvllm_esp_core::chip::{Chip, STACK_RESERVE};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Both images of one ELF.
#[derive(Clone, Debug)]
pub struct Images {
    /// From flash address zero to the end of the application.
    pub merged: Vec<u8>,
    /// The application alone, as it lies in its partition.
    pub application: Vec<u8>,
    /// Where the application lies.
    pub application_offset: u32,
}

/// The bytes of an ELF, by where they go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sizes {
    /// Code.
    pub text: u64,
    /// Constants.
    pub rodata: u64,
    /// RAM that begins with a value.
    pub data: u64,
    /// RAM that begins with zeros.
    pub bss: u64,
}

/// The stretch of RAM that the linker leaves: the arena below, the reserved stack above it (`firmware/src/memory.rs`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ram {
    /// Its first address.
    pub low: u64,
    /// The address after its last.
    pub high: u64,
}

impl Ram {
    /// The bytes of the agent's arena.
    pub fn arena(self) -> u64 {
        self.stack_bottom().saturating_sub(self.low.next_multiple_of(ALIGNMENT as u64))
    }

    /// The bytes of the stack.
    pub fn stack(self) -> u64 {
        self.high.saturating_sub(self.stack_bottom())
    }

    /// The bytes of `chip`'s main region below it: the program's own data, and its code that lies in RAM.
    pub fn before(self, chip: &Chip) -> u64 {
        self.low.saturating_sub(chip.memory.main.value.base.into())
    }

    fn stack_bottom(self) -> u64 {
        let reserve = u64::from(STACK_RESERVE.get());
        self.high.saturating_sub(reserve).max(self.low) & !(ALIGNMENT as u64 - 1)
    }
}

/// Makes the images of `elf` with the table in the file `partitions`.
///
/// # Errors
/// `build::image` with what espflash has to say.
pub fn make(chip: &Chip, elf: &[u8], partitions: &Path) -> Result<Images, CliError> {
    let error = |error: espflash::Error| {
        CliError::runtime("build::image", format!("no image for {}: {error}", chip.name))
            .help("`ruvllm-esp doctor --explain TEXT` knows more about some of these")
    };
    let espflash_chip = chips::espflash(chip)?;
    let settings = FlashSettings::new(None, Some(FlashSize::_4Mb), None);
    let crystal = espflash_chip.default_xtal_frequency();
    let data = FlashData::new(settings, 0, None, espflash_chip, crystal);
    let format = IdfBootloaderFormat::new(elf, &data, Some(partitions), None, None, None).map_err(error)?;
    let segments = ImageFormat::from(format).flash_segments();
    let mut images = Images { merged: Vec::new(), application: Vec::new(), application_offset: 0 };
    for segment in &segments {
        let begin = segment.addr as usize;
        let end = begin + segment.data().len();
        if images.merged.len() < end {
            images.merged.resize(end, 0xff);
        }
        if let Some(size) = images.merged.get_mut(begin..end) {
            size.copy_from_slice(segment.data());
        }
        if segment.addr >= images.application_offset {
            images.application_offset = segment.addr;
            images.application = segment.data().to_vec();
        }
    }
    Ok(images)
}

/// Counts the bytes of an ELF: every allocated section is one of the four.
///
/// # Errors
/// `build::elf` when it is not one.
pub fn sizes(elf: &[u8]) -> Result<Sizes, CliError> {
    let file = ElfFile32::<Endianness>::parse(elf)
        .map_err(|error| CliError::runtime("build::elf", error.to_string()))?;
    let mut sizes = Sizes::default();
    for section in file.sections() {
        let SectionFlags::Elf { sh_flags, .. } = section.flags() else { continue };
        if sh_flags.0 & object::elf::SHF_ALLOC.0 == 0 {
            continue;
        }
        let name = section.name().unwrap_or_default();
        // Stack, gaps between the windows of flash and of RAM: addresses, no bytes.
        if ["stack", "dummy", "gap"].iter().any(|word| name.contains(word)) {
            continue;
        }
        let size = match section.kind() {
            SectionKind::Text => &mut sizes.text,
            SectionKind::ReadOnlyData | SectionKind::ReadOnlyString => &mut sizes.rodata,
            SectionKind::UninitializedData => &mut sizes.bss,
            _ => &mut sizes.data,
        };
        *size += section.size();
    }
    Ok(sizes)
}

/// Finds what the linker of an ELF left of the RAM.
///
/// # Errors
/// `build::elf` when it is none, or does not name the address.
pub fn ram(elf: &[u8]) -> Result<Ram, CliError> {
    let file = ElfFile32::<Endianness>::parse(elf)
        .map_err(|error| CliError::runtime("build::elf", error.to_string()))?;
    let address = |name: &str| {
        let symbol = file.symbols().find(|symbol| symbol.name() == Ok(name));
        let text = format!("the program has no symbol {name}");
        symbol.map(|symbol| symbol.address()).ok_or_else(|| CliError::runtime("build::elf", text))
    };
    Ok(Ram { low: address("_stack_end_cpu0")?, high: address("_stack_start_cpu0")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arena_and_stack_share_what_is_left() {
        let ram = Ram { low: 0x3fc8_2004, high: 0x3fcc_e400 };
        assert_eq!(ram.stack(), u64::from(STACK_RESERVE.get()));
        assert_eq!(ram.arena() + ram.stack(), ram.high - ram.low.next_multiple_of(ALIGNMENT as u64));
        assert_eq!(ram.before(&ruvllm_esp_core::chip::esp32c3::CHIP), 0x2004);
        let cramped = Ram { low: ram.high - 0x100, high: ram.high };
        assert_eq!((cramped.arena(), cramped.stack()), (0, 0x100));
    }
}
