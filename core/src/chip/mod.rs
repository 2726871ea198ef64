//! What an ESP32 variant is: one file a chip, a source on every fact.
//!
//! The table is data and documentation at once. It says what an esp-hal program really gets, which is less than the
//! datasheet's headline, and how sure each fact is. `tests/vendor_metadata.rs` holds it against the vendor's metadata.

pub mod budget;
pub mod esp32;
pub mod esp32c3;
pub mod esp32c6;
pub mod esp32s2;
pub mod esp32s3;
pub mod memory;
pub mod power;
pub mod radio;
mod source;
pub mod sourced;

pub use budget::{Budget, STACK_RESERVE};
pub use memory::{Cache, CacheKind, Flash, Memory, Region};
pub use power::{Current, Power};
pub use radio::{Radio, RadioCost, RadioCosts, Radios};
pub use sourced::{Confidence, Sourced};

use crate::units::{Bytes, Hertz};

/// An instruction set, as far as the Rust compiler and the cost tables tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Isa {
    /// Xtensa LX6, 7-stage pipeline.
    XtensaLx6,
    /// Xtensa LX7; the ESP32-S2's has 7 stages and few options, the ESP32-S3's has 5 and many.
    XtensaLx7,
    /// RISC-V, 32 bits, multiplication, compressed instructions; no atomics.
    Riscv32imc,
    /// RISC-V, 32 bits, multiplication, atomics, compressed instructions.
    Riscv32imac,
}

impl Isa {
    /// The name used in tables and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Isa::XtensaLx6 => "Xtensa LX6",
            Isa::XtensaLx7 => "Xtensa LX7",
            Isa::Riscv32imc => "RV32IMC",
            Isa::Riscv32imac => "RV32IMAC",
        }
    }

    /// Is it an Xtensa core?
    pub const fn is_xtensa(self) -> bool {
        matches!(self, Isa::XtensaLx6 | Isa::XtensaLx7)
    }
}

/// An ESP32 variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chip {
    /// The name used everywhere in this project, such as `esp32c3`.
    pub name: &'static str,
    /// The vendor's spelling, such as `ESP32-C3`.
    pub title: &'static str,
    /// How many main cores; low-power cores are not counted.
    pub cores: Sourced<u8>,
    /// What the main cores execute.
    pub isa: Sourced<Isa>,
    /// The Rust target triple.
    pub target: Sourced<&'static str>,
    /// The highest clock of a main core.
    pub clock: Sourced<Hertz>,
    /// Has it floating point in hardware? Single precision only, on all of these.
    pub fpu: Sourced<bool>,
    /// Its vector instructions, if any.
    pub simd: Sourced<Option<&'static str>>,
    /// Has it loop instructions without branch cost?
    pub hardware_loops: Sourced<bool>,
    /// Has it an atomic compare-and-swap?
    pub compare_and_swap: Sourced<bool>,
    /// Its RAM.
    pub memory: Memory,
    /// What a minimal firmware takes of the main region, code in RAM included.
    pub firmware: Sourced<Bytes>,
    /// The least stack that esp-hal links with.
    pub stack_minimum: Sourced<Bytes>,
    /// The deepest that the stack was in a golden session of any role, emulated, from the top of the stack; `just calibrate`
    /// writes it. None where the chip's machine code is not emulated.
    pub stack_depth: Option<Bytes>,
    /// What the radio takes.
    pub radio_costs: RadioCosts,
    /// Between the core and the flash.
    pub caches: &'static [Sourced<Cache>],
    /// Its flash.
    pub flash: Flash,
    /// Its radios.
    pub radios: Sourced<Radios>,
    /// The base address of each UART; the transmit register is at offset 0.
    pub uarts: Sourced<&'static [u32]>,
    /// The base address of the low-power UART, if any.
    pub low_power_uart: Sourced<Option<u32>>,
    /// The base address of the USB serial and debug port, if any.
    pub usb_serial_jtag: Sourced<Option<u32>>,
    /// Has it a USB controller that can be any device?
    pub usb_otg: Sourced<bool>,
    /// What it draws.
    pub power: Power,
}

impl Chip {
    /// The main RAM region in whole KiB: what the banner calls `sram_kb`.
    pub const fn sram_kib(&self) -> u32 {
        self.memory.main.value.size.get() / 1024
    }
}

/// Every chip.
pub const ALL: [&Chip; 5] = [&esp32::CHIP, &esp32s2::CHIP, &esp32s3::CHIP, &esp32c3::CHIP, &esp32c6::CHIP];

/// The chip called `name`: this project's spelling or the vendor's, in any case.
pub fn by_name(name: &str) -> Option<&'static Chip> {
    ALL.into_iter().find(|chip| chip.name.eq_ignore_ascii_case(name) || chip.title.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chip_is_found_by_both_of_its_names() {
        for chip in ALL {
            assert_eq!(by_name(chip.name), Some(chip));
            assert_eq!(by_name(chip.title), Some(chip));
        }
        assert_eq!(by_name("esp32p4"), None);
    }

    #[test]
    fn regions_do_not_overlap_and_stay_below_the_datasheet() {
        for chip in ALL {
            let (main, reclaimed) = (chip.memory.main.value, chip.memory.reclaimed.value);
            assert!(main.end() <= reclaimed.base, "{}", chip.name);
            assert!(main.size + reclaimed.size <= chip.memory.datasheet.value, "{}", chip.name);
            assert!(STACK_RESERVE >= chip.stack_minimum.value, "{}", chip.name);
        }
    }

    #[test]
    fn every_price_of_current_is_ordered() {
        for chip in ALL {
            let power = &chip.power;
            let idle = power.idle.map(|idle| idle.value);
            for current in [power.run.value, power.send.value, power.receive.value].into_iter().chain(idle) {
                assert!(current.low <= current.typical && current.typical <= current.high, "{}", chip.name);
            }
        }
    }
}
