//! A panic is printed, kept over the reset that follows, and counted.
//!
//! The record lies in RTC memory, which esp-hal clears at power-up and no other reset touches. It is words in atomics, so
//! that a panic in the middle of an update leaves a checksum that does not fit, not a torn value that is accepted.

use crate::identity::{self, THIS};
use crate::raw::RawPorts;
use crate::{clock, memory};
use core::fmt::Write;
use core::panic::PanicInfo;
use esp_hal::ram;
use portable_atomic::{AtomicU32, Ordering};
use ruvllm_esp_firmware_logic::crash::{Boot, Failure, Record, Text, WORDS};

#[ram(unstable(rtc_fast, persistent))]
static RECORD: [AtomicU32; WORDS] = [const { AtomicU32::new(0) }; WORDS];

/// The last sign of life: milliseconds, low word first, then the role's name.
#[ram(unstable(rtc_fast, persistent))]
static BEAT: [AtomicU32; 6] = [const { AtomicU32::new(0) }; 6];

/// How many panics have begun: one, unless one panics itself.
static BEGUN: AtomicU32 = AtomicU32::new(0);

/// How many addresses of code a panic prints.
const MAX_ADDRESSES: usize = 16;

/// Takes stock of how the boot before this one ended.
pub fn boot() -> (Boot, Record) {
    let mut record = load();
    let boot = record.boot(identity::reset(), last_beat());
    store(&record);
    beat(0, "boot");
    (boot, record)
}

/// Leaves a sign of life for the boot after a hang.
pub fn beat(millis: u64, role: &str) {
    let mut name = [0u8; 16];
    for (target, byte) in name.iter_mut().zip(role.bytes()) {
        *target = byte;
    }
    let words =
        name.chunks_exact(4).map(|four| four.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte)));
    for (slot, word) in BEAT.iter().zip([millis as u32, (millis >> 32) as u32].into_iter().chain(words)) {
        slot.store(word, Ordering::Relaxed);
    }
}

fn last_beat() -> (u64, Text<16>) {
    let [low, high, name @ ..] = BEAT.each_ref().map(|word| word.load(Ordering::Relaxed));
    let mut role = Text::default();
    let bytes = name.iter().flat_map(|word| word.to_le_bytes());
    for byte in bytes.take_while(|byte| byte.is_ascii_graphic()) {
        let _ = role.write_char(char::from(byte));
    }
    (u64::from(high) << 32 | u64::from(low), role)
}

fn load() -> Record {
    Record::decode(&RECORD.each_ref().map(|word| word.load(Ordering::Relaxed)))
}

fn store(record: &Record) {
    for (slot, word) in RECORD.iter().zip(record.encode()) {
        slot.store(word, Ordering::Relaxed);
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    match BEGUN.fetch_add(1, Ordering::AcqRel) {
        0 => {
            let failure = describe(info);
            let mut record = load();
            record.fail(failure);
            store(&record);
            print(&failure, info);
        }
        1 => {
            let mut ports = RawPorts::of(THIS);
            let _ = writeln!(ports, "\n[panic] within a panic, at {:?}", info.location());
            ports.flush();
        }
        _ => {}
    }
    esp_hal::system::software_reset()
}

fn describe(info: &PanicInfo<'_>) -> Failure {
    let (_, role) = last_beat();
    let mut failure = Failure { millis: clock::millis(), role, ..Failure::default() };
    if let Some(location) = info.location() {
        failure.line = location.line();
        failure.file = Text::tail(location.file());
    }
    let _ = write!(failure.message, "{}", info.message());
    failure
}

/// Prints what the record keeps, then all that the panic says, which may be more.
fn print(failure: &Failure, info: &PanicInfo<'_>) {
    let mut ports = RawPorts::of(THIS);
    let _ = writeln!(ports, "\n[panic] {failure}");
    let _ = writeln!(ports, "{}", info.message());
    let _ = ports.write_str("[panic] code on the stack:");
    for address in memory::addresses_on_stack().take(MAX_ADDRESSES) {
        let _ = write!(ports, " {address:#010x}");
    }
    let _ = ports.write_str("\n");
    ports.flush();
}
