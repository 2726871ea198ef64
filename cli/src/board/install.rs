//! From an image and a port to a chip that answers.
//!
//! The order is the point: the image was sound before the port was opened, the chip is the right one and its flash
//! large enough before anything is written, what was written reads back the same, and "it worked" is said by the chip.

use super::greeting::{self, Greeting};
use super::image::Image;
use super::port::SelectedPort;
use super::program::dotted;
use super::settings::{self, Change, Record};
use super::{chips, fault};
use crate::error::CliError;
use espflash::connection::{Connection, Port, ResetAfterOperation, ResetBeforeOperation};
use espflash::flasher::Flasher;
use espflash::image_format::Segment;
use espflash::target::ProgressCallbacks;
use ruvllm_esp_firmware_logic::config::{COPIES, RECORD_BYTES};
use ruvllm_esp_firmware_logic::partition::Partition;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// The initial speed of the loader, and of the console.
const FIRST_BAUD: u32 = 115_200;

/// How to talk to the board.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Bits a second while writing.
    pub baud: u32,
    /// May the reset lines be used? Without them the ROM's loader has to be running already; it starts the program by
    /// itself at the end.
    pub reset: bool,
    /// How long banner and role may take.
    pub patience: Duration,
}

/// One board's work.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The port.
    pub port: &'a SelectedPort,
    /// The image.
    pub image: &'a Image,
    /// The settings to change.
    pub change: Change,
    /// How to talk to it.
    pub options: Options,
}

/// Receives the progress.
pub trait Watch {
    /// Something new begins.
    fn stage(&mut self, name: &str);
    /// Bytes written, of how many.
    fn reached(&mut self, done: usize, total: usize);
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Installed {
    /// What the chip says of itself.
    pub greeting: Greeting,
    /// The bytes that were written; those that were there already do not count.
    pub written: usize,
    /// How long it took.
    pub took: Duration,
}

/// Opens a port at the console's speed.
///
/// # Errors
/// `port::permission`, `port::busy`, `port::cannot-open`.
pub fn open(port: &SelectedPort) -> Result<Port, CliError> {
    let builder = serialport::new(&port.name, FIRST_BAUD).timeout(Duration::from_millis(100));
    builder.open_native().map_err(|error| fault::open(&error, port))
}

/// Writes the image and the settings, and checks that the chip answers.
///
/// # Errors
/// Those of [`fault`] and [`greeting`]; `flash::wrong-chip`, `flash::too-large`, `flash::settings`,
/// `flash::wrong-greeting`.
pub fn install(job: &Job<'_>, watch: &mut impl Watch) -> Result<Installed, CliError> {
    let begun = Instant::now();
    watch.stage("connecting");
    let mut flasher = connect(job)?;
    check(job, &mut flasher)?;
    let record = record(job, &mut flasher)?;
    watch.stage("writing");
    let written = write(job, &mut flasher, record.as_ref(), watch)?;
    watch.stage("starting");
    let mut serial = flasher.into_connection().into_serial();
    let slow = serialport::SerialPort::set_baud_rate(&mut serial, FIRST_BAUD)
        .and_then(|()| serialport::SerialPort::set_timeout(&mut serial, Duration::from_millis(100)));
    if slow.is_err() && fault::is_gone(&job.port.name) {
        return Err(fault::vanished(&job.port.name, "starting"));
    }
    let greeting = greeting::receive(serial, job.port, job.options.patience)?;
    agree(job, &greeting)?;
    Ok(Installed { greeting, written, took: begun.elapsed() })
}

fn connect(job: &Job<'_>) -> Result<Flasher, CliError> {
    let (before, after) = if job.options.reset {
        (ResetBeforeOperation::DefaultReset, ResetAfterOperation::HardReset)
    } else {
        (ResetBeforeOperation::NoReset, ResetAfterOperation::NoResetNoStub)
    };
    let connection = Connection::new(open(job.port)?, job.port.usb.clone(), after, before, FIRST_BAUD);
    let baud = (job.options.baud > FIRST_BAUD).then_some(job.options.baud);
    // Which chip it is, is checked below: its own error has both names.
    Flasher::connect(connection, job.options.reset, true, true, None, baud)
        .map_err(|error| fault::of(&error, job.port, "connecting"))
}

/// Is it the chip, and is its flash large enough?
fn check(job: &Job<'_>, flasher: &mut Flasher) -> Result<(), CliError> {
    let (name, want) = (&job.port.name, job.image.chip);
    let have = flasher.chip();
    if have != chips::espflash(want)? {
        let text = format!("{name}: the image is for {}, the chip is {}", want.name, chips::name(have));
        return Err(CliError::usage("flash::wrong-chip", text)
            .help(format!("ruvllm-esp build --variant {}; nothing was written", chips::name(have))));
    }
    check_revision(job, flasher)?;
    let size = flasher.flash_detect().map_err(|error| fault::of(&error, job.port, "asking for the flash"))?;
    let have = size.map_or(u32::MAX, |size| size.size());
    if job.image.flash_bytes > have {
        let need = job.image.flash_bytes;
        let text = format!("{name}: the image needs {need} B of flash, the board has {have} B");
        return Err(
            CliError::no("flash::too-large", text).help("take a board with more flash; nothing was written")
        );
    }
    Ok(())
}

/// Is it a revision of the chip that bootloader and application start on? A chip that does not tell its own is not asked
/// again: the bootloader decides.
fn check_revision(job: &Job<'_>, flasher: &mut Flasher) -> Result<(), CliError> {
    let (chip, name) = (flasher.chip(), &job.port.name);
    let Ok((major, minor)) = chip.revision(flasher.connection()) else { return Ok(()) };
    let have = u16::try_from(major * 100 + minor).unwrap_or(u16::MAX);
    if job.image.revisions.contains(&have) {
        return Ok(());
    }
    let (first, last) = (dotted(*job.image.revisions.start()), dotted(*job.image.revisions.end()));
    let text = format!("{name}: the image is for revisions {first} to {last}, the chip has {}", dotted(have));
    Err(CliError::usage("flash::wrong-revision", text)
        .help("`ruvllm-esp doctor --explain N13` says more; nothing was written"))
}

/// The settings to write, over those that are there.
fn record(job: &Job<'_>, flasher: &mut Flasher) -> Result<Option<Record>, CliError> {
    if job.change.is_empty() {
        return Ok(None);
    }
    let partition = job.image.settings.filter(|partition| settings::fits(*partition)).ok_or_else(|| {
        CliError::usage("flash::settings", "the image has no partition for role and number")
            .help("build it with firmware/partitions.csv, as `ruvllm-esp build` does")
    })?;
    let copies = read_copies(job, flasher, partition)?;
    job.change.record(partition, &copies)
}

fn read_copies(
    job: &Job<'_>,
    flasher: &mut Flasher,
    partition: Partition,
) -> Result<[[u8; RECORD_BYTES]; COPIES], CliError> {
    let mut copies = [[0xff; RECORD_BYTES]; COPIES];
    for (copy, address) in copies.iter_mut().zip(settings::addresses(partition)) {
        // The flasher reads into files only.
        let file = scratch();
        let length = RECORD_BYTES as u32;
        let read = if job.options.reset {
            flasher.read_flash(address, length, length, length, file.clone())
        } else {
            flasher.read_flash_rom(address, length, length, length, file.clone())
        };
        let bytes = std::fs::read(&file);
        let _ = std::fs::remove_file(&file);
        read.map_err(|error| fault::of(&error, job.port, "reading the settings"))?;
        if let Some(bytes) = bytes.ok().and_then(|bytes| bytes.try_into().ok()) {
            *copy = bytes;
        }
    }
    Ok(copies)
}

fn scratch() -> std::path::PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("ruvllm-esp-{}-{number}.settings", std::process::id()))
}

/// Writes all stretches and the record, and starts the chip. Gives the bytes written.
fn write(
    job: &Job<'_>,
    flasher: &mut Flasher,
    record: Option<&Record>,
    watch: &mut impl Watch,
) -> Result<usize, CliError> {
    let image = job.image;
    let mut segments: Vec<Segment<'_>> = image
        .stretches
        .iter()
        .map(|stretch| Segment::new(stretch.range.start as u32, image.part(stretch)))
        .collect();
    if let Some(record) = record {
        segments.push(Segment::new(record.address, &record.bytes));
    }
    let sizes: Vec<usize> = segments.iter().map(|segment| segment.size() as usize).collect();
    let mut tally = Tally { watch, sizes, at: 0, chunks: 1, written: 0 };
    flasher
        .write_bins_to_flash(&segments, &mut tally)
        .map_err(|error| fault::of(&error, job.port, "writing"))?;
    Ok(tally.written)
}

/// Turns the flasher's blocks of a segment into bytes of the whole.
struct Tally<'w, W: Watch> {
    watch: &'w mut W,
    sizes: Vec<usize>,
    at: usize,
    chunks: usize,
    written: usize,
}

impl<W: Watch> Tally<'_, W> {
    fn report(&mut self, chunk: usize) {
        let before: usize = self.sizes.iter().take(self.at).sum();
        let of_this = self.sizes.get(self.at).map_or(0, |size| size * chunk / self.chunks.max(1));
        self.watch.reached(before + of_this, self.sizes.iter().sum());
    }
}

impl<W: Watch> ProgressCallbacks for Tally<'_, W> {
    fn init(&mut self, _: u32, total: usize) {
        self.chunks = total;
        self.report(0);
    }

    fn update(&mut self, current: usize) {
        self.report(current);
    }

    fn verifying(&mut self) {}

    fn finish(&mut self, skipped: bool) {
        if !skipped {
            self.written += self.sizes.get(self.at).copied().unwrap_or(0);
        }
        self.at += 1;
        self.report(0);
    }
}

/// Does the chip have the settings that were written?
fn agree(job: &Job<'_>, greeting: &Greeting) -> Result<(), CliError> {
    let role = job.change.role.map(|role| role.name());
    let wrong = if greeting.variant != job.image.chip.name {
        Some(format!("it says it is an {}", greeting.variant))
    } else if role.is_some_and(|role| role != greeting.role) {
        Some(format!("its role is {}, not {}", greeting.role, role.unwrap_or_default()))
    } else if job.change.chip_id.is_some_and(|id| id != greeting.chip_id) {
        Some(format!("its number is {}", greeting.chip_id))
    } else {
        None
    };
    match wrong {
        None => Ok(()),
        Some(wrong) => Err(CliError::runtime("flash::wrong-greeting", format!("{}: {wrong}", job.port.name))
            .help("the chip may run another image, or none of its settings: flash again")),
    }
}
