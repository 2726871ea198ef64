//! What the emulator needs to know of a chip: its address map, its core, its costs.
//!
//! A bank is memory that exists once; a window is an address range through which a bank is seen. The ESP32-C3 shows
//! the same SRAM on its data bus and on its instruction bus, and the same flash pages through two windows.
//! Sources: esp-idf `components/soc/<chip>/include/soc/soc.h` (address ranges), esp-hal `esp-hal/ld/<chip>/memory.x`
//! (what is left for programs), the technical reference manuals (identity registers).

use super::cache::{Geometry, Replacement};
use super::timing::{self, Costs};

/// Memory that exists once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BankSpec {
    pub name: &'static str,
    /// Bytes, a multiple of 4.
    pub size: u32,
    /// Whether it is flash, reached through the cache.
    pub is_flash: bool,
}

/// Which accesses a window allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    pub read: bool,
    pub write: bool,
    pub execute: bool,
}

impl Access {
    pub const READ: Self = Self { read: true, write: false, execute: false };
    pub const READ_WRITE: Self = Self { read: true, write: true, execute: false };
    pub const READ_EXECUTE: Self = Self { read: true, write: false, execute: true };
    pub const ALL: Self = Self { read: true, write: true, execute: true };
}

/// An address range that shows a part of a bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub base: u32,
    pub size: u32,
    /// Index into [`EmulatedChip::banks`].
    pub bank: usize,
    /// Where in the bank the window begins.
    pub offset: u32,
    pub access: Access,
}

/// A chip as the emulator sees it.
#[derive(Debug, PartialEq, Eq)]
pub struct EmulatedChip {
    pub name: &'static str,
    /// Whether the core has the A extension.
    pub atomics: bool,
    /// CPU clock in Hz.
    pub clock_hz: u32,
    /// The first bank is the main SRAM; the first window is where data accesses reach it.
    pub banks: &'static [BankSpec],
    pub windows: &'static [Window],
    /// Address range of the peripherals: base and size.
    pub peripherals: (u32, u32),
    pub uart0: u32,
    pub costs: &'static Costs,
    pub cache: Geometry,
    /// `marchid` and `mimpid`.
    pub identity: (u32, u32),
    /// Whether the core has `mcycle`, `minstret` and the other counters of the specification, beside Espressif's own.
    pub standard_counters: bool,
}

const MIB: u32 = 1 << 20;

/// ESP32-C3: RV32IMC, 384 KiB of SRAM beside the 16 KiB that its cache takes.
pub const ESP32C3: EmulatedChip = EmulatedChip {
    name: "esp32c3",
    atomics: false, // datasheet: RV32IMC
    clock_hz: 160_000_000,
    banks: &[
        BankSpec { name: "SRAM", size: 0x6_0000, is_flash: false }, // soc.h SOC_DIRAM_DRAM_LOW..HIGH
        BankSpec { name: "flash", size: 8 * MIB, is_flash: true },  // soc.h SOC_DROM_LOW..HIGH
        BankSpec { name: "ROM", size: 0x6_0000, is_flash: false },  // soc.h SOC_IROM_MASK_LOW..HIGH
        BankSpec { name: "RTC fast memory", size: 0x2000, is_flash: false }, // soc.h SOC_RTC_IRAM_LOW..HIGH
    ],
    windows: &[
        Window { base: 0x3fc8_0000, size: 0x6_0000, bank: 0, offset: 0, access: Access::READ_WRITE },
        Window { base: 0x4038_0000, size: 0x6_0000, bank: 0, offset: 0, access: Access::ALL },
        Window { base: 0x3c00_0000, size: 8 * MIB, bank: 1, offset: 0, access: Access::READ },
        Window { base: 0x4200_0000, size: 8 * MIB, bank: 1, offset: 0, access: Access::READ_EXECUTE },
        Window { base: 0x4000_0000, size: 0x6_0000, bank: 2, offset: 0, access: Access::READ_EXECUTE },
        // The second half of the mask ROM, seen by the data bus: soc.h SOC_DROM_MASK_LOW..HIGH.
        Window { base: 0x3ff0_0000, size: 0x2_0000, bank: 2, offset: 0x4_0000, access: Access::READ },
        Window { base: 0x5000_0000, size: 0x2000, bank: 3, offset: 0, access: Access::ALL },
    ],
    peripherals: (0x6000_0000, MIB), // soc.h SOC_PERIPHERAL_LOW..HIGH
    uart0: 0x6000_0000,              // soc.h DR_REG_UART_BASE
    costs: &timing::ESP32C3,
    // esp-idf Kconfig.cache; the replacement: docs/emulator.md
    cache: Geometry { bytes: 16 * 1024, ways: 8, line_bytes: 32, replacement: Replacement::Random },
    identity: (0x8000_0001, 1), // technical reference manual, CPU CSRs
    standard_counters: false,   // the same list: only mpcer, mpcmr, mpccr
};

/// ESP32-C6, high-performance core: RV32IMAC, 512 KiB of SRAM, a cache of its own.
pub const ESP32C6: EmulatedChip = EmulatedChip {
    name: "esp32c6",
    atomics: true, // datasheet: RV32IMAC
    clock_hz: 160_000_000,
    banks: &[
        BankSpec { name: "SRAM", size: 0x8_0000, is_flash: false }, // soc.h SOC_DRAM_LOW..HIGH
        BankSpec { name: "flash", size: 16 * MIB, is_flash: true }, // soc.h SOC_IROM_LOW..HIGH, 64 KiB pages
        BankSpec { name: "ROM", size: 0x5_0000, is_flash: false }, // soc.h SOC_IROM_MASK_LOW, SOC_DROM_MASK_HIGH
        BankSpec { name: "LP memory", size: 0x4000, is_flash: false }, // soc.h SOC_RTC_IRAM_LOW..HIGH
    ],
    windows: &[
        Window { base: 0x4080_0000, size: 0x8_0000, bank: 0, offset: 0, access: Access::ALL },
        Window { base: 0x4200_0000, size: 16 * MIB, bank: 1, offset: 0, access: Access::READ_EXECUTE },
        Window { base: 0x4000_0000, size: 0x5_0000, bank: 2, offset: 0, access: Access::READ_EXECUTE },
        Window { base: 0x5000_0000, size: 0x4000, bank: 3, offset: 0, access: Access::ALL },
    ],
    peripherals: (0x6000_0000, MIB), // soc.h SOC_PERIPHERAL_LOW..HIGH
    uart0: 0x6000_0000,              // soc.h REG_UART_AHB_BASE
    costs: &timing::ESP32C6,
    // mask ROM strings, lightplayer
    cache: Geometry {
        bytes: 32 * 1024,
        ways: 4,
        line_bytes: 32,
        replacement: Replacement::LeastRecentlyUsed,
    },
    identity: (0x8000_0002, 2), // technical reference manual, CPU CSRs
    standard_counters: true,    // the same list
};

/// Where programs without a chip's address map live: the link address of the RISC-V test suites.
pub const GENERIC_BASE: u32 = 0x8000_0000;
/// How much memory there is at [`GENERIC_BASE`].
pub const GENERIC_SIZE: u32 = 4 * MIB;

/// The chips whose machine code can be emulated.
pub const ALL: [&EmulatedChip; 2] = [&ESP32C3, &ESP32C6];

/// The chip of that name.
pub fn by_name(name: &str) -> Option<&'static EmulatedChip> {
    ALL.into_iter().find(|chip| chip.name == name)
}
