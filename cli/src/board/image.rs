//! An image for flashing, checked before anything is opened.
//!
//! A merged image has a bootloader where the chip's ROM looks for it, the partition table at 0x8000, and the
//! application in its partition. Both programs carry their chip's number, a checksum and a SHA-256 (ESP-IDF programming
//! guide, "Firmware image format"), and the table an MD5, so damage and the wrong chip show without a board. What the
//! bootloader would refuse or crash on is refused here, and what it starts is taken.

use super::program::{self, Program, dotted};
use super::{chips, table};
use crate::error::CliError;
use ruvllm_esp_core::chip::Chip;
use ruvllm_esp_firmware_logic::partition::{Partition, TABLE_OFFSET, find_config};
use std::fs::File;
use std::io::{self, Read};
use std::ops::{Range, RangeInclusive};
use std::path::Path;
use table::Entry;

const SECTOR: usize = 0x1000;
/// The largest flash that a bootloader of these chips reads, and so the longest image.
const LARGEST_FLASH: u64 = 16 << 20;
/// So many line feeds in a row with a carriage return before them are no chance.
const MIN_TEXT_LINES: usize = 64;

/// A sound image.
#[derive(Clone, Debug)]
pub struct Image {
    bytes: Vec<u8>,
    /// The chip it is for.
    pub chip: &'static Chip,
    /// Where the settings lie, if the table has a partition for them.
    pub settings: Option<Partition>,
    /// The stretches that are written; the rest of the file is erased flash, and the settings.
    pub stretches: Vec<FlashRange>,
    /// Where the last partition ends: the flash has to be that large.
    pub flash_bytes: u32,
    /// The bytes that the application's partition has.
    pub application_room: usize,
    /// The chip revisions that bootloader and application take: 100 times the major number and the minor one.
    pub revisions: RangeInclusive<u16>,
}

/// A stretch of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlashRange {
    /// What it is, for the progress bar.
    pub name: String,
    /// Its bytes in the file, which are its addresses in flash.
    pub range: Range<usize>,
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
        if let Some(lines) = text_lines(&bytes) {
            let why = format!("each of its {lines} line feeds (0x0a) follows a carriage return (0x0d)");
            return Err(
                corrupt(name, &why).help("it was copied as text: copy it as binary, or build it again")
            );
        }
        let table = bytes.get(TABLE_OFFSET as usize..).filter(|table| table.starts_with(&table::MAGIC));
        let Some(table) = table else { return Err(not_merged(&bytes, name)) };
        let entries = table::entries(table).map_err(|why| corrupt(name, &why))?;
        let settings = find_config(table);
        let (chip, boot, bootloader) = bootloader(&bytes, name)?;
        let boot_range = boot..boot + bootloader.bytes;
        check_layout(&entries, &boot_range, &bootloader).map_err(|why| corrupt(name, &why))?;
        let table_end = (TABLE_OFFSET as usize + table::BYTES).min(bytes.len());
        let mut stretches = vec![
            FlashRange { name: "bootloader".into(), range: boot_range },
            FlashRange { name: "partition table".into(), range: TABLE_OFFSET as usize..table_end },
        ];
        let applications = Applications::find(&bytes, &entries, chip, &bootloader, name)?;
        for (index, entry) in entries.iter().enumerate() {
            if settings.is_some_and(|settings| settings.offset as usize == entry.range.start) {
                continue;
            }
            match applications.range(index) {
                Some(range) => stretches.push(FlashRange { name: entry.name.clone(), range }),
                None => stretches.extend(written(&bytes, &entry.name, entry.range.clone())),
            }
        }
        let flash_bytes = entries.iter().map(|entry| entry.range.end).max().unwrap_or(0);
        if flash_bytes < bytes.len() {
            return Err(padded(name, bytes.len(), flash_bytes));
        }
        let flash_bytes =
            u32::try_from(flash_bytes).map_err(|_| corrupt(name, "the table ends past 4 GiB"))?;
        let (application_room, revisions) = (applications.room, applications.revisions);
        Ok(Self { bytes, chip, settings, stretches, flash_bytes, application_room, revisions })
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

/// The bootloader's chip, its address, and the program.
fn bootloader(bytes: &[u8], name: &str) -> Result<(&'static Chip, usize, Program), CliError> {
    let boot = if bytes.first() == Some(&program::MAGIC) { 0 } else { 0x1000 };
    let bootloader =
        Program::read(bytes, boot).map_err(|why| corrupt(name, &format!("the bootloader {why}")))?;
    let chip = chips::by_image_id(bootloader.chip_id).ok_or_else(|| {
        let text = format!("{name} is for a chip with number {}, which is not supported", bootloader.chip_id);
        CliError::usage("image::unknown-chip", text).help("`ruvllm-esp chips` lists them")
    })?;
    if chips::boot_address(chip) as usize != boot {
        return Err(corrupt(name, &format!("the bootloader of {} is not where it belongs", chip.name)));
    }
    bootloader.check_as_bootloader().map_err(|why| corrupt(name, &format!("the bootloader {why}")))?;
    Ok((chip, boot, bootloader))
}

/// Lies nothing on anything else, and ends all of it within the flash that the bootloader believes in?
fn check_layout(entries: &[Entry], boot: &Range<usize>, bootloader: &Program) -> Result<(), String> {
    let offset = TABLE_OFFSET as usize;
    if boot.end > offset {
        return Err(format!("the bootloader ends at {:#x}, in the partition table at {offset:#x}", boot.end));
    }
    table::check_overlaps(entries, boot.clone(), offset..offset + SECTOR)?;
    let (flash, said) = match bootloader.flash_code {
        code @ 0..=7 => ((1 << 20) << code, "so says the bootloader's header".to_string()),
        // As the bootloader decides.
        code => (
            2 << 20,
            format!("the bootloader's header has the flash size code {code}, which counts as 2 MiB"),
        ),
    };
    table::check_flash(entries, flash, &said)
}

/// The applications that the bootloader can start.
#[derive(Debug)]
struct Applications {
    /// By the index of their entry.
    ranges: Vec<(usize, Range<usize>)>,
    /// The partition of the first one.
    room: usize,
    /// The revisions that the bootloader and the first application take.
    revisions: RangeInclusive<u16>,
}

impl Applications {
    /// Looks at every partition for a program. The bootloader starts the first that is sound, so one is enough.
    fn find(
        bytes: &[u8],
        entries: &[Entry],
        chip: &'static Chip,
        bootloader: &Program,
        name: &str,
    ) -> Result<Self, CliError> {
        let mut order: Vec<(usize, &Entry)> =
            entries.iter().enumerate().filter(|(_, entry)| entry.is_application()).collect();
        order.sort_by_key(|(_, entry)| entry.boot_order());
        let mut found = Self { ranges: Vec::new(), room: 0, revisions: bootloader.revisions.clone() };
        let mut refused = None;
        for (index, entry) in order {
            let start = entry.range.start;
            if is_erased(bytes, &entry.range) {
                continue;
            }
            match application(bytes, entry, chip, bootloader, name) {
                Ok((_, revisions)) if found.ranges.is_empty() && revisions.is_empty() => {
                    let why = impossible(entry, bootloader, &revisions);
                    refused = refused.or(Some(corrupt(name, &why)));
                }
                Ok((end, revisions)) => {
                    if found.ranges.is_empty() {
                        (found.room, found.revisions) = (entry.range.len(), revisions);
                    }
                    found.ranges.push((index, start..end));
                }
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        match refused {
            Some(error) if found.ranges.is_empty() => Err(error),
            None if found.ranges.is_empty() => {
                Err(corrupt(name, "no application where the partition table says"))
            }
            _ => Ok(found),
        }
    }

    /// The bytes of the application of the entry with this index.
    fn range(&self, index: usize) -> Option<Range<usize>> {
        self.ranges.iter().find(|(entry, _)| *entry == index).map(|(_, range)| range.clone())
    }
}

/// Where the application of a partition ends, and the revisions that it and the bootloader take.
fn application(
    bytes: &[u8],
    entry: &Entry,
    chip: &'static Chip,
    bootloader: &Program,
    name: &str,
) -> Result<(usize, RangeInclusive<u16>), CliError> {
    let (label, start) = (&entry.name, entry.range.start);
    let damaged = |why: String| corrupt(name, &format!("the application in `{label}` at {start:#x} {why}"));
    let program = Program::read(bytes, start).map_err(damaged)?;
    if program.chip_id != chips::espflash(chip)?.id() {
        return Err(damaged(format!(
            "is for the chip with number {}, the bootloader for {}",
            program.chip_id, bootloader.chip_id
        )));
    }
    if program.bytes > entry.range.len() {
        return Err(too_large(name, label, program.bytes, entry.range.len()));
    }
    program.check_as_application(start, chip, bootloader).map_err(damaged)?;
    let (boot, own) = (&bootloader.revisions, &program.revisions);
    Ok((start + program.bytes, *boot.start().max(own.start())..=*boot.end().min(own.end())))
}

fn impossible(entry: &Entry, bootloader: &Program, both: &RangeInclusive<u16>) -> String {
    let said =
        |range: &RangeInclusive<u16>| format!("{} to {}", dotted(*range.start()), dotted(*range.end()));
    let boot = said(&bootloader.revisions);
    let most = dotted(*both.end());
    format!(
        "no chip has a revision for both: the bootloader takes {boot}, the application in `{}` {most} at most",
        entry.name
    )
}

fn is_erased(bytes: &[u8], range: &Range<usize>) -> bool {
    let present = range.start.min(bytes.len())..range.end.min(bytes.len());
    bytes.get(present).is_none_or(|bytes| bytes.iter().all(|byte| *byte == 0xff))
}

/// How many line feeds there are, if each has a carriage return before it, as in no program of this length.
fn text_lines(bytes: &[u8]) -> Option<usize> {
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
    let returned = bytes.windows(2).filter(|pair| pair == b"\r\n").count();
    (lines >= MIN_TEXT_LINES && lines == returned).then_some(lines)
}

/// The runs of sectors that hold anything.
fn written(bytes: &[u8], label: &str, range: Range<usize>) -> Vec<FlashRange> {
    let range = range.start.min(bytes.len())..range.end.min(bytes.len());
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
    // A program that ends before the offset of the table is a bootloader.
    let boots = [0, 0x1000].map(|boot| Program::read(bytes, boot).map(|found| boot + found.bytes));
    let offset = TABLE_OFFSET as usize;
    if bytes.len() > offset && boots.iter().flatten().any(|end| *end <= offset) {
        return corrupt(name, "there is no partition table at 0x8000");
    }
    if bytes.first() == Some(&program::MAGIC) {
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
#[path = "image_cases.rs"]
mod cases;

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
        // Of the row that ends the table only its beginning counts.
        for at in 0x8000..0x8064 {
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
