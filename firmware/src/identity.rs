//! Which chip this is, told by the chip itself.
//!
//! [`insist`] runs before anything is set up: the clock setup of one chip stops another, and then nothing is said at all.

use crate::raw::{RawPorts, rom_word};
use core::fmt::Write;
use esp_hal::efuse;
use esp_hal::rtc_cntl::SocResetReason;
use esp_hal::system::reset_reason;
use ruvllm_esp_core::chip::{self, Chip};
use ruvllm_esp_firmware_logic::crash::Reset;
use ruvllm_esp_firmware_logic::magic::{ImageMatch, judge};

#[cfg(feature = "esp32")]
pub use ruvllm_esp_core::chip::esp32::CHIP;
#[cfg(feature = "esp32c3")]
pub use ruvllm_esp_core::chip::esp32c3::CHIP;
#[cfg(feature = "esp32c6")]
pub use ruvllm_esp_core::chip::esp32c6::CHIP;
#[cfg(feature = "esp32s2")]
pub use ruvllm_esp_core::chip::esp32s2::CHIP;
#[cfg(feature = "esp32s3")]
pub use ruvllm_esp_core::chip::esp32s3::CHIP;

/// The kind of chip that this image is for.
pub static THIS: &Chip = &CHIP;

/// About a second in turns of an empty loop, at the clock that a bootloader leaves.
const SECOND: u32 = 20_000_000;

/// Returns where the image runs on its own kind of chip; elsewhere says so forever.
pub fn insist() {
    let ImageMatch::Foreign(found) = judge(rom_word(), THIS.name) else { return };
    let mut ports = chip::by_name(found).map_or_else(RawPorts::of_unlisted, RawPorts::of);
    loop {
        let _ = writeln!(ports, "err: wrong-chip this image is for {}, the chip is {found}", THIS.name);
        ports.flush();
        for turn in 0..SECOND {
            core::hint::black_box(turn);
        }
    }
}

/// What ended the boot before this one.
pub fn reset() -> Reset {
    match reset_reason() {
        Some(SocResetReason::CoreRtcWdt | SocResetReason::SysRtcWdt) => Reset::Watchdog,
        _ => Reset::Other,
    }
}

/// Writes what the chip says about itself: revision, address, last reset.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn Write) -> core::fmt::Result {
    let revision = efuse::chip_revision();
    write!(out, "chip: {} revision={}.{} ", THIS.name, revision.major, revision.minor)?;
    write!(out, "mac={} rom={:08x} ", efuse::base_mac_address(), rom_word())?;
    match reset_reason() {
        Some(reason) => writeln!(out, "reset={reason:?}"),
        None => writeln!(out, "reset=unknown"),
    }
}
