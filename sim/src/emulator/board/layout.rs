//! Where each chip has what: the address map of the peripherals that are modelled.
//!
//! Sources: esp-idf `components/soc/<chip>/register/soc/reg_base.h` and `interrupts.h`, and the crates esp32c3 0.33 and
//! esp32c6 0.24, which are made from the vendor's SVD files.

use super::low_power;
use super::reset_values;
use super::serial;
use super::watchdog::{SUPER_ESP32C3, SUPER_ESP32C6, SuperLayout};

/// A block of registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    Uart0,
    Uart1,
    UsbSerialJtag,
    Systimer,
    TimerGroup(usize),
    Spi1,
    /// SPI0, which on the ESP32-C6 has the window onto the MMU.
    Spi0,
    MmuTable,
    Cache,
    LowPowerControl,
    LowPowerWatchdog,
    LowPowerTimer,
    AlwaysOn,
    LowPowerClock,
    /// Which clock the CPU runs from, and on the ESP32-C3 the interrupts from CPU to CPU.
    System,
    InterruptMatrix,
    /// The ESP32-C6's interrupt controller at the CPU.
    Plic,
    InterruptPriority,
    Efuse,
    Sha,
    AnalogI2c,
    Random,
    Gpio,
    I2c,
    Saradc,
    /// Settings that change nothing here, or nothing that the firmware sees.
    Settings,
}

/// Numbers of the interrupt sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sources {
    pub uart0: u32,
    pub uart1: u32,
    pub usb: u32,
    pub systimer: u32,
    /// Timer and watchdog of each group.
    pub timer_groups: [(u32, u32); 2],
    pub low_power: u32,
    pub from_cpu: u32,
    pub i2c: u32,
    pub saradc: u32,
}

/// A named range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    pub base: u32,
    pub size: u32,
    pub block: Block,
    pub name: &'static str,
}

const fn region(base: u32, size: u32, block: Block, name: &'static str) -> Region {
    Region { base, size, block, name }
}

/// What the model needs to know of a chip's peripherals.
#[derive(Debug, PartialEq, Eq)]
pub struct Layout {
    pub name: &'static str,
    pub regions: &'static [Region],
    pub sources: Sources,
    pub uart: serial::Layout,
    pub super_watchdog: SuperLayout,
    /// Ticks of a period of the timer groups' watchdog clock: 80 MHz, or the crystal's 40.
    pub watchdog_ticks: u64,
    /// Pages that the MMU maps, and how an entry says that it is valid: these bits have this value.
    pub mmu: Mmu,
    /// Megahertz of the CPU after a reset.
    pub reset_megahertz: u64,
    /// The start-up pins as the chip saw them: boot from flash.
    pub straps: u32,
    /// The revision burnt into the fuses: major, minor.
    pub revision: (u32, u32),
    /// Where data accesses end that are peripherals, beside the chip's own range.
    pub extra: (u32, u32),
    /// Registers that are not zero after reset.
    pub reset_values: &'static [(u32, u32)],
}

/// How the MMU's entries look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mmu {
    pub entries: usize,
    pub valid_mask: u32,
    pub valid: u32,
    pub page_mask: u32,
    pub invalid: u32,
}

pub const ESP32C3: Layout = Layout {
    name: "esp32c3",
    regions: &[
        region(0x6000_0000, 0x1000, Block::Uart0, "UART0"),
        region(0x6001_0000, 0x1000, Block::Uart1, "UART1"),
        region(0x6004_3000, 0x1000, Block::UsbSerialJtag, "USB_DEVICE"),
        region(0x6002_3000, 0x1000, Block::Systimer, "SYSTIMER"),
        region(0x600c_2000, 0x800, Block::InterruptMatrix, "INTERRUPT_CORE0"),
        region(0x6000_8000, 0x800, Block::LowPowerControl, "RTC_CNTL"),
        region(0x6000_2000, 0x1000, Block::Spi1, "SPI1"),
        region(0x6000_3000, 0x1000, Block::Spi0, "SPI0"),
        region(0x600c_5000, 0x1000, Block::MmuTable, "MMU_TABLE"),
        region(0x600c_4000, 0x1000, Block::Cache, "EXTMEM"),
        region(0x600c_0000, 0x1000, Block::System, "SYSTEM"),
        region(0x6001_f000, 0x1000, Block::TimerGroup(0), "TIMG0"),
        region(0x6002_0000, 0x1000, Block::TimerGroup(1), "TIMG1"),
        region(0x6000_8800, 0x800, Block::Efuse, "EFUSE"),
        region(0x6003_b000, 0x1000, Block::Sha, "SHA"),
        region(0x6000_e000, 0x1000, Block::AnalogI2c, "I2C_ANA_MST"),
        region(0x6002_60b0, 4, Block::Random, "RNG"),
        region(0x6000_4000, 0xf00, Block::Gpio, "GPIO"),
        region(0x6000_4f00, 0x100, Block::Settings, "GPIO_SD"),
        region(0x6000_9000, 0x1000, Block::Settings, "IO_MUX"),
        region(0x6002_6000, 0x1000, Block::Settings, "APB_CTRL"),
        region(0x600c_1000, 0x1000, Block::Settings, "SENSITIVE"),
        region(0x600c_e000, 0x1000, Block::Settings, "ASSIST_DEBUG"),
        region(0x6004_0000, 0x1000, Block::Saradc, "APB_SARADC"),
        region(0x6001_3000, 0x1000, Block::I2c, "I2C0"),
    ],
    sources: Sources {
        uart0: 21,
        uart1: 22,
        usb: 26,
        systimer: 37,
        timer_groups: [(32, 33), (34, 35)],
        low_power: 27,
        from_cpu: 50,
        i2c: 29,
        saradc: 43,
    },
    uart: serial::ESP32C3,
    super_watchdog: SUPER_ESP32C3,
    watchdog_ticks: 2,
    mmu: Mmu { entries: 128, valid_mask: 1 << 8, valid: 0, page_mask: 0xff, invalid: 1 << 8 },
    reset_megahertz: 20,
    straps: 0xc,
    revision: (0, 3),
    extra: (0, 0),
    reset_values: reset_values::ESP32C3,
};

pub const ESP32C6: Layout = Layout {
    name: "esp32c6",
    regions: &[
        region(0x6000_0000, 0x1000, Block::Uart0, "UART0"),
        region(0x6000_1000, 0x1000, Block::Uart1, "UART1"),
        region(0x6000_f000, 0x1000, Block::UsbSerialJtag, "USB_DEVICE"),
        region(0x6000_a000, 0x1000, Block::Systimer, "SYSTIMER"),
        region(0x2000_1000, 0x400, Block::Plic, "PLIC_MX"),
        region(0x2000_1400, 0x400, Block::Settings, "PLIC_UX"),
        region(0x2000_0000, 0x1000, Block::Settings, "CLINT"),
        region(0x6001_0000, 0x800, Block::InterruptMatrix, "INTERRUPT_CORE0"),
        region(0x600c_5000, 0x1000, Block::InterruptPriority, "INTPRI"),
        region(0x600b_1c00, 0x400, Block::LowPowerWatchdog, "LP_WDT"),
        region(0x600b_0c00, 0x400, Block::LowPowerTimer, "LP_TIMER"),
        region(0x600b_1000, 0x400, Block::AlwaysOn, "LP_AON"),
        region(0x600b_0400, 0x400, Block::LowPowerClock, "LP_CLKRST"),
        region(0x6000_3000, 0x1000, Block::Spi1, "SPI1"),
        region(0x6000_2000, 0x1000, Block::Spi0, "SPI0"),
        region(0x600c_8000, 0x1000, Block::Cache, "EXTMEM"),
        region(0x6009_6000, 0x1000, Block::System, "PCR"),
        region(0x6000_8000, 0x1000, Block::TimerGroup(0), "TIMG0"),
        region(0x6000_9000, 0x1000, Block::TimerGroup(1), "TIMG1"),
        region(0x600b_0800, 0x400, Block::Efuse, "EFUSE"),
        region(0x6008_9000, 0x1000, Block::Sha, "SHA"),
        region(0x600a_f800, 0x400, Block::AnalogI2c, "I2C_ANA_MST"),
        region(0x600b_2808, 4, Block::Random, "LP_PERI RNG"),
        region(0x6009_1000, 0xf00, Block::Gpio, "GPIO"),
        region(0x6009_1f00, 0x100, Block::Settings, "GPIO_SD"),
        region(0x6009_0000, 0x1000, Block::Settings, "IO_MUX"),
        region(0x600b_0000, 0x400, Block::Settings, "PMU"),
        region(0x600b_2000, 0x400, Block::Settings, "LP_IO"),
        region(0x600b_2400, 0x400, Block::Settings, "LP_I2C_ANA_MST"),
        region(0x600b_2800, 0x400, Block::Settings, "LP_PERI"),
        region(0x600b_2c00, 0x400, Block::Settings, "LP_ANA"),
        region(0x600b_3400, 0x400, Block::Settings, "LP_TEE"),
        region(0x600b_3800, 0x400, Block::Settings, "LP_APM"),
        region(0x6009_5000, 0x1000, Block::Settings, "HP_SYS"),
        region(0x6009_8000, 0x1000, Block::Settings, "TEE"),
        region(0x6009_9000, 0x800, Block::Settings, "HP_APM"),
        region(0x6009_9800, 0x800, Block::Settings, "LP_APM0"),
        region(0x600c_2000, 0x1000, Block::Settings, "ASSIST_DEBUG"),
        region(0x600a_9800, 0x400, Block::Settings, "MODEM_SYSCON"),
        region(0x600a_f000, 0x400, Block::Settings, "MODEM_LPCON"),
        region(0x6000_e000, 0x1000, Block::Saradc, "APB_SARADC"),
        region(0x6000_4000, 0x1000, Block::I2c, "I2C0"),
    ],
    sources: Sources {
        uart0: 43,
        uart1: 44,
        usb: 48,
        systimer: 57,
        timer_groups: [(51, 53), (54, 56)],
        low_power: 18,
        from_cpu: 22,
        i2c: 50,
        saradc: 60,
    },
    uart: serial::ESP32C6,
    super_watchdog: SUPER_ESP32C6,
    watchdog_ticks: 4,
    mmu: Mmu { entries: 256, valid_mask: 1 << 9, valid: 1 << 9, page_mask: 0x1ff, invalid: 0 },
    reset_megahertz: 40,
    straps: 0xc,
    revision: (0, 1),
    extra: (0x2000_0000, 0x2000),
    reset_values: reset_values::ESP32C6,
};

impl Layout {
    /// What the register at `address` holds after a reset, where that is known and not zero.
    pub fn reset_value(&self, address: u32) -> Option<u32> {
        self.reset_values.iter().find(|(known, _)| *known == address).map(|(_, value)| *value)
    }
}

/// The layout of the chip of that name.
pub fn by_name(name: &str) -> Option<&'static Layout> {
    [&ESP32C3, &ESP32C6].into_iter().find(|layout| layout.name == name)
}

/// The register of the low-power domain at `offset` of `block`.
pub fn low_power(block: Block, offset: u32) -> Option<low_power::Register> {
    use low_power::Register as R;
    Some(match (block, offset) {
        (Block::LowPowerControl, 0x00) => R::SoftwareReset { system: 1 << 31, cpu: 1 << 5 },
        (Block::LowPowerControl, 0x0c) => R::TimeUpdate { bit: 31 },
        (Block::LowPowerControl, 0x10) => R::TimeLow,
        (Block::LowPowerControl, 0x14) => R::TimeHigh,
        (Block::LowPowerControl, 0x38) => R::ResetCause,
        (Block::LowPowerControl, 0x40) => R::InterruptEnable,
        (Block::LowPowerControl, 0x44) => R::InterruptRaw { bit: 3 },
        (Block::LowPowerControl, 0x48) => R::InterruptStatus { bit: 3 },
        (Block::LowPowerControl, 0x4c) => R::InterruptClear { bit: 3 },
        (Block::LowPowerControl, 0x90..=0xb0) => R::Watchdog((offset - 0x90) / 4),
        (Block::LowPowerWatchdog, 0x00..=0x20) => R::Watchdog(offset / 4),
        (Block::LowPowerWatchdog, 0x24) => R::InterruptRaw { bit: 31 },
        (Block::LowPowerWatchdog, 0x28) => R::InterruptStatus { bit: 31 },
        (Block::LowPowerWatchdog, 0x2c) => R::InterruptEnable,
        (Block::LowPowerWatchdog, 0x30) => R::InterruptClear { bit: 31 },
        (Block::LowPowerTimer, 0x10) => R::TimeUpdate { bit: 28 },
        (Block::LowPowerTimer, 0x14) => R::TimeLow,
        (Block::LowPowerTimer, 0x18) => R::TimeHigh,
        (Block::AlwaysOn, 0x34) => R::SoftwareReset { system: 1 << 31, cpu: 0 },
        (Block::AlwaysOn, 0x38) => R::SoftwareReset { system: 0, cpu: 1 << 28 },
        (Block::LowPowerClock, 0x10) => R::ResetCause,
        _ => return None,
    })
}
