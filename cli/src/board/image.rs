//! An image for flashing, checked before anything is opened.
//!
//! A merged image has a bootloader where the chip's ROM looks for it, the partition table at 0x8000, and the
//! application in its partition. Both programs carry their chip's number, a checksum and a SHA-256 (ESP-IDF programming
//! guide, "Firmware image format"), and the table an MD5, so damage and the wrong chip show without a board.

use super::{chips, table};
use crate::error::CliError;
use ruvllm_esp_core::chip::Chip;
use ruvllm_esp_firmware_logic::partition::{Partition, TABLE_OFFSET, find_config};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use table::Entry;

const PROGRAM_MAGIC: u8 = 0xe9;
const HEADER_BYTES: usize = 24;
const SEGMENT_HEADER_BYTES: usize = 8;
const CHECKSUM_SEED: u8 = 0xef;
const HASH_BYTES: usize = 32;
const SECTOR: usize = 0x1000;
/// The largest flash that a bootloader of these chips reads, and so the longest image.
const LARGEST_FLASH: u64 = 16 << 20;

/// A sound image.
#[derive(Clone, Debug)]
pub struct Image {
    bytes: Vec<u8>,
    /// The chip it is for.
    pub chip: &'static Chip,
    /// Where the settings lie, if the table has a place for them.
    pub settings: Option<Partition>,
    /// The stretches that are written; the rest of the file is erased flash, and the settings.
    pub stretches: Vec<FlashRange>,
    /// Where the last partition ends: the flash has to be that large.
    pub flash_bytes: u32,
    /// The bytes that the application's partition has.
    pub application_room: usize,
}

/// A stretch of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlashRange {
    /// What it is, for the progress bar.
    pub name: String,
    /// Its bytes in the file, which are its addresses in flash.
    pub range: Range<usize>,
}

/// A program, as far as its header tells.
struct Program {
    chip_id: u16,
    bytes: usize,
}

impl Image {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// `image::cannot-read`, `image::application-only`, `image::not-an-image`, `image::corrupt`, `image::too-large`,
    /// `image::unknown-chip`.
    pub fn read(path: &Path) -> Result<Self, CliError> {
        let name = path.display().to_string();
        let bytes = read(path).map_err(|error| {
            CliError::usage("image::cannot-read", format!("{name}: {error}"))
                .help("`ruvllm-esp build --variant CHIP` makes dist/ruvllm-esp-CHIP.bin")
        })?;
        Self::check(bytes, &name)
    }

    /// Checks the bytes of a merged image, which errors call `name`.
    ///
    /// # Errors
    /// As for [`Image::read`], except for what concerns the file.
    pub fn check(bytes: Vec<u8>, name: &str) -> Result<Self, CliError> {
        if bytes.len() as u64 > LARGEST_FLASH {
            return Err(not_an_image(&format!("{name} is larger than the largest flash, 16 MiB")));
        }
        let table = bytes.get(TABLE_OFFSET as usize..).filter(|table| table.starts_with(&table::MAGIC));
        let Some(table) = table else { return Err(not_merged(&bytes, name)) };
        let entries = table::entries(table).map_err(|why| corrupt(name, &why))?;
        let settings = find_config(table);
        let boot = if bytes.first() == Some(&PROGRAM_MAGIC) { 0 } else { 0x1000 };
        let bootloader = program(&bytes, boot, "bootloader", name)?;
        let chip = chips::by_image_id(bootloader.chip_id).ok_or_else(|| {
            let text =
                format!("{name} is for a chip with number {}, which is not supported", bootloader.chip_id);
            CliError::usage("image::unknown-chip", text).help("`ruvllm-esp chips` lists them")
        })?;
        if chips::boot_address(chip) as usize != boot {
            return Err(corrupt(name, &format!("the bootloader of {} is not where it belongs", chip.name)));
        }
        let boot_end = boot + bootloader.bytes;
        if boot_end > TABLE_OFFSET as usize {
            return Err(corrupt(name, "the bootloader reaches into the partition table"));
        }
        let table_end = (TABLE_OFFSET as usize + table::BYTES).min(bytes.len());
        let mut stretches = vec![
            FlashRange { name: "bootloader".into(), range: boot..boot_end },
            FlashRange { name: "partition table".into(), range: TABLE_OFFSET as usize..table_end },
        ];
        stretches.extend(contents(&bytes, &entries, settings, chip, name)?);
        let is_there = |entry: &&Entry| stretches.iter().any(|found| found.name == entry.name);
        let application = entries.iter().filter(|entry| entry.is_application).find(is_there);
        let application_room = application.map_or(0, |entry| entry.range.len());
        let flash_bytes = entries.iter().map(|entry| entry.range.end).max().unwrap_or(0);
        let flash_bytes =
            u32::try_from(flash_bytes).map_err(|_| corrupt(name, "the table ends past 4 GiB"))?;
        Ok(Self { bytes, chip, settings, stretches, flash_bytes, application_room })
    }

    /// All its bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The bytes of a stretch.
    pub fn part(&self, stretch: &FlashRange) -> &[u8] {
        self.bytes.get(stretch.range.clone()).unwrap_or_default()
    }
}

/// What lies in the partitions: the application whole, and of the others what is not erased.
fn contents(
    bytes: &[u8],
    entries: &[Entry],
    settings: Option<Partition>,
    chip: &Chip,
    name: &str,
) -> Result<Vec<FlashRange>, CliError> {
    let mut stretches = Vec::new();
    for Entry { name: label, is_application, range } in entries {
        if settings.is_some_and(|settings| settings.offset as usize == range.start) {
            continue;
        }
        let present = range.start.min(bytes.len())..range.end.min(bytes.len());
        if *is_application && bytes.get(range.start) == Some(&PROGRAM_MAGIC) {
            let application = program(bytes, range.start, label, name)?;
            if application.chip_id != chips::espflash(chip)?.id() {
                return Err(corrupt(name, &format!("`{label}` is for another chip than the bootloader")));
            }
            let end = range.start + application.bytes;
            if end > range.end {
                return Err(too_large(name, label, application.bytes, range.len()));
            }
            stretches.push(FlashRange { name: label.clone(), range: range.start..end });
        } else {
            stretches.extend(written(bytes, label, present));
        }
    }
    if !entries
        .iter()
        .any(|entry| stretches.iter().any(|found| entry.is_application && found.name == entry.name))
    {
        return Err(corrupt(name, "no application where the partition table says"));
    }
    if let Some(end) = entries.iter().map(|entry| entry.range.end).max().filter(|end| *end < bytes.len()) {
        return Err(padded(name, bytes.len(), end));
    }
    Ok(stretches)
}

/// The runs of sectors that hold anything.
fn written(bytes: &[u8], label: &str, range: Range<usize>) -> Vec<FlashRange> {
    let mut runs: Vec<FlashRange> = Vec::new();
    for begin in range.clone().step_by(SECTOR) {
        let sector = begin..(begin + SECTOR).min(range.end);
        if bytes.get(sector.clone()).is_some_and(|sector| sector.iter().all(|byte| *byte == 0xff)) {
            continue;
        }
        match runs.last_mut() {
            Some(run) if run.range.end == sector.start => run.range.end = sector.end,
            _ => runs.push(FlashRange { name: label.to_string(), range: sector }),
        }
    }
    runs
}

/// The bytes of a file, and no more than tell that it is longer than any flash.
///
/// # Errors
/// Those of the file.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST_FLASH + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Checks a program: every segment inside the file, the checksum, and the hash if there is one.
fn program(bytes: &[u8], at: usize, part: &str, name: &str) -> Result<Program, CliError> {
    let cut = || corrupt(name, &format!("the {part} is cut off"));
    let program = bytes.get(at..).unwrap_or_default();
    let header = program.get(..HEADER_BYTES).ok_or_else(cut)?;
    let [magic, segments, ..] = *header else { return Err(cut()) };
    if magic != PROGRAM_MAGIC {
        return Err(corrupt(name, &format!("the {part} begins with {magic:#04x}, not with 0xe9")));
    }
    let (mut end, mut checksum) = (HEADER_BYTES, CHECKSUM_SEED);
    for _ in 0..segments {
        let length = program.get(end + 4..end + SEGMENT_HEADER_BYTES).ok_or_else(cut)?;
        let length = u32::from_le_bytes(length.try_into().unwrap_or([0; 4])) as usize;
        let begin = end + SEGMENT_HEADER_BYTES;
        end = begin.checked_add(length).ok_or_else(cut)?;
        checksum = program.get(begin..end).ok_or_else(cut)?.iter().fold(checksum, |sum, byte| sum ^ byte);
    }
    // The checksum is the last byte of a block of sixteen.
    end = (end + 16) / 16 * 16;
    if program.get(end - 1).ok_or_else(cut)? != &checksum {
        return Err(corrupt(name, &format!("the checksum of the {part} does not match")));
    }
    let chip_id = header.get(12..14).and_then(|id| id.try_into().ok()).map_or(0, u16::from_le_bytes);
    if header.get(23) == Some(&1) {
        let hash = program.get(end..end + HASH_BYTES).ok_or_else(cut)?;
        if program.get(..end).is_none_or(|content| Sha256::digest(content)[..] != *hash) {
            return Err(corrupt(name, &format!("the SHA-256 of the {part} does not match")));
        }
        end += HASH_BYTES;
    }
    Ok(Program { chip_id, bytes: end })
}

fn corrupt(name: &str, why: &str) -> CliError {
    CliError::usage("image::corrupt", format!("{name} is damaged: {why}"))
        .help("build or download it again, and compare it with SHA256SUMS; nothing was opened or written")
}

fn too_large(name: &str, part: &str, have: usize, limit: usize) -> CliError {
    CliError::no(
        "image::too-large",
        format!("{name}: {part} takes {have} B, and its partition has {limit} B"),
    )
    .help("build it with --profile small; nothing was opened or written")
}

fn padded(name: &str, have: usize, limit: usize) -> CliError {
    CliError::no("image::too-large", format!("{name} has {have} B, and its last partition ends at {limit} B"))
        .help("cut what follows off, or build the image again; nothing was opened or written")
}

fn not_merged(bytes: &[u8], name: &str) -> CliError {
    // A program that ends before the place of the table is a bootloader.
    let boots =
        [0, 0x1000].map(|boot| program(bytes, boot, "bootloader", name).map(|found| boot + found.bytes));
    let offset = TABLE_OFFSET as usize;
    if bytes.len() > offset && boots.iter().flatten().any(|end| *end <= offset) {
        return corrupt(name, "there is no partition table at 0x8000");
    }
    if bytes.first() == Some(&PROGRAM_MAGIC) {
        return CliError::usage(
            "image::application-only",
            format!("{name} is an application without bootloader"),
        )
        .help("flash the merged image: ruvllm-esp-CHIP.bin, not ruvllm-esp-CHIP-app.bin");
    }
    not_an_image(&format!("{name} is not a flash image"))
}

fn not_an_image(text: &str) -> CliError {
    let help = "an image is what `ruvllm-esp build` writes: dist/ruvllm-esp-CHIP.bin";
    CliError::usage("image::not-an-image", text).help(help)
}

#[cfg(test)]
#[path = "../../tests/loader/sample.rs"]
mod sample;

#[cfg(test)]
mod tests {
    use super::sample::{merged, program as sample_program};
    use super::*;

    const C3: u16 = 5;

    fn code(bytes: Vec<u8>) -> &'static str {
        Image::check(bytes, "test.bin").unwrap_err().code()
    }

    #[test]
    fn a_sound_image_is_known_in_all_its_parts() {
        let image = Image::check(merged(C3, 5000), "test.bin").unwrap();
        assert_eq!(image.chip.name, "esp32c3");
        assert_eq!(image.settings, Some(Partition { offset: 0x9000, size: 0x2000 }));
        assert_eq!(image.flash_bytes, 0x40_0000);
        let names: Vec<&str> = image.stretches.iter().map(|stretch| stretch.name.as_str()).collect();
        assert_eq!(names, ["bootloader", "partition table", "factory"]);
        assert_eq!(image.stretches[2].range, 0x10000..0x10000 + sample_program(C3, 5000).len());
        assert_eq!(image.part(&image.stretches[0]), sample_program(C3, 3000));
    }

    #[test]
    fn a_changed_bit_anywhere_in_a_program_is_noticed() {
        let whole = merged(C3, 500);
        for at in (0..3064).chain(0x10000..whole.len()).step_by(13) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            assert!(Image::check(bytes, "test.bin").is_err(), "at {at:#x}");
        }
        let mut bytes = whole.clone();
        bytes[0x10100] ^= 1;
        assert_eq!(code(bytes), "image::corrupt");
        assert_eq!(code(whole[..whole.len() - 40].to_vec()), "image::corrupt");
    }

    #[test]
    fn what_is_not_a_merged_image_says_what_it_is() {
        assert_eq!(code(sample_program(C3, 50_000)), "image::application-only");
        assert_eq!(code(b"hello".to_vec()), "image::not-an-image");
        assert_eq!(code(Vec::new()), "image::not-an-image");
        assert_eq!(code(merged(0x77, 500)), "image::unknown-chip");
    }

    #[test]
    fn a_changed_bit_anywhere_in_the_table_is_noticed() {
        let whole = merged(C3, 500);
        for at in 0x8000..0x8080 {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            assert_eq!(code(bytes), "image::corrupt", "at {at:#x}");
        }
    }

    #[test]
    fn what_no_flash_could_hold_is_no_image_and_is_not_read_whole() {
        let mut bytes = merged(C3, 500);
        bytes.resize(0x40_0001, 0xff);
        let error = Image::check(bytes, "test.bin").unwrap_err();
        assert_eq!(error.code(), "image::too-large");
        assert!(!error.to_string().contains("--profile small"), "{error}");
        assert_eq!(code(vec![0xff; (LARGEST_FLASH + 1) as usize]), "image::not-an-image");
        #[cfg(unix)]
        assert_eq!(Image::read(Path::new("/dev/zero")).unwrap_err().code(), "image::not-an-image");
    }

    #[test]
    fn an_application_larger_than_its_partition_is_refused() {
        assert_eq!(code(merged(C3, 0x3f0000)), "image::too-large");
    }

    #[test]
    fn other_partitions_are_written_where_they_hold_anything() {
        let mut bytes = vec![0xff; 5 * SECTOR];
        bytes[SECTOR] = 1;
        bytes[2 * SECTOR + 9] = 1;
        bytes[4 * SECTOR] = 1;
        let runs: Vec<_> = written(&bytes, "pack", 0..bytes.len()).into_iter().map(|run| run.range).collect();
        assert_eq!(runs, [SECTOR..3 * SECTOR, 4 * SECTOR..5 * SECTOR]);
    }
}
