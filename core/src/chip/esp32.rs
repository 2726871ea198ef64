//! ESP32: two Xtensa LX6 cores at 240 MHz with a single-precision FPU; its RAM lies in pieces.

use super::sourced::{derived, measured_once, primary};
use super::*;

const DATASHEET: &str = "ESP32 datasheet v5.2";
const NOT_READ_AGAIN: &str = "ESP32 datasheet, not read again";

/// The ESP32.
pub const CHIP: Chip = Chip {
    name: "esp32",
    title: "ESP32",
    cores: primary(2, source::METADATA),
    isa: primary(Isa::XtensaLx6, source::CORE_ISA), // LX6.0.3
    target: primary("xtensa-esp32-none-elf", source::METADATA),
    clock: primary(Hertz::mhz(240), DATASHEET),
    fpu: primary(true, source::CORE_ISA),              // XCHAL_HAVE_FP
    simd: primary(None, source::SOC_CAPS),             // MAC16 has a 40-bit accumulator, but one lane
    hardware_loops: primary(true, source::CORE_ISA),   // XCHAL_HAVE_LOOPS
    compare_and_swap: primary(true, source::CORE_ISA), // S32C1I
    memory: Memory {
        datasheet: primary(Bytes::kib(520), DATASHEET),
        main: primary(Region::new(0x3FFB_0000, 196_608), source::MEMORY_X), // 64 KiB less with Bluetooth
        reclaimed: primary(Region::new(0x3FFE_7E30, 98_768), source::MEMORY_X), // after the ROM's data and stacks
        instruction: Some(primary(Region::new(0x4008_0400, 130_048), source::MEMORY_X)), // word access only
        rtc_fast: primary(Region::new(0x3FF8_0000, 8_192), source::MEMORY_X),   // first core only
        rtc_slow: Some(primary(Region::new(0x5000_0000, 8_192), source::MEMORY_X)),
    },
    // An upper estimate: here the RAM code has a memory of its own.
    firmware: derived(esp32c3::CHIP.firmware.value, "ESP32-C3's figure"),
    stack_minimum: primary(Bytes(8_192), source::ESP_CONFIG),
    stack_depth: None,
    radio_costs: esp32c3::RADIO_COSTS_ESTIMATE,
    caches: &[primary(
        // Each core has one, both out of SRAM0.
        Cache { kind: CacheKind::Unified, size: Bytes::kib(32), line: Bytes(32), ways: None },
        DATASHEET,
    )],
    flash: Flash { typical: measured_once(Bytes::kib(4_096), "modules on sale"), line_fill: None },
    radios: primary(
        Radios { wifi: true, bluetooth_le: true, bluetooth_classic: true, ieee802154: false },
        source::RADIO_README,
    ),
    uarts: primary(&[0x3FF4_0000, 0x3FF5_0000, 0x3FF6_E000], source::REG_BASE),
    low_power_uart: primary(None, source::SOC_CAPS),
    usb_serial_jtag: primary(None, source::SOC_CAPS),
    usb_otg: primary(false, source::SOC_CAPS),
    power: Power {
        // The datasheet's range at 240 MHz is for both cores, from idle to busy; one busy core lies within it.
        run: derived(Current::range(30_000, 68_000), DATASHEET),
        idle: Some(derived(Current::range(30_000, 30_000), DATASHEET)), // the lower end of that range
        send: derived(Current::range(180_000, 240_000), NOT_READ_AGAIN),
        receive: derived(Current::range(95_000, 100_000), NOT_READ_AGAIN),
    },
};
