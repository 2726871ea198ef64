//! ESP32-S3: two Xtensa LX7 cores at 240 MHz, a single-precision FPU and 128-bit vector instructions.

use super::sourced::{derived, measured_once, primary};
use super::*;

const DATASHEET: &str = "ESP32-S3 datasheet v2";

/// The ESP32-S3.
pub const CHIP: Chip = Chip {
    name: "esp32s3",
    title: "ESP32-S3",
    cores: primary(2, source::METADATA),
    isa: primary(Isa::XtensaLx7, source::CORE_ISA), // LX7.0.12, 5 stages
    target: primary("xtensa-esp32s3-none-elf", source::METADATA),
    clock: primary(Hertz::mhz(240), DATASHEET),
    fpu: primary(true, source::CORE_ISA), // XCHAL_HAVE_FP
    simd: primary(Some("PIE, 128 bits"), source::SOC_CAPS), // no compiler emits it; assembly only
    hardware_loops: primary(true, source::CORE_ISA), // XCHAL_HAVE_LOOPS
    compare_and_swap: primary(true, source::CORE_ISA), // S32C1I
    memory: Memory {
        datasheet: primary(Bytes::kib(512), DATASHEET),
        main: primary(Region::new(0x3FC8_8000, 341_760), source::MEMORY_X), // 333.8 KiB
        reclaimed: primary(Region::new(0x3FCD_B700, 73_744), source::MEMORY_X),
        instruction: None, // the same RAM seen from the instruction bus
        rtc_fast: primary(Region::new(0x600F_E000, 8_192), source::MEMORY_X), // first core only
        rtc_slow: Some(primary(Region::new(0x5000_0000, 8_192), source::MEMORY_X)),
    },
    firmware: derived(esp32c3::CHIP.firmware.value, "ESP32-C3's figure"),
    stack_minimum: primary(Bytes(8_192), source::ESP_CONFIG),
    stack_depth: None,
    radio_costs: esp32c3::RADIO_COSTS_ESTIMATE,
    caches: &[
        primary(
            Cache { kind: CacheKind::Instruction, size: Bytes::kib(32), line: Bytes(32), ways: Some(8) },
            source::ESP_CONFIG,
        ),
        primary(
            Cache { kind: CacheKind::Data, size: Bytes::kib(64), line: Bytes(32), ways: Some(8) },
            source::ESP_CONFIG,
        ),
    ],
    flash: Flash { typical: measured_once(Bytes::kib(8_192), "modules on sale"), line_fill: None },
    radios: primary(
        Radios { wifi: true, bluetooth_le: true, bluetooth_classic: false, ieee802154: false },
        source::RADIO_README,
    ),
    uarts: primary(&[0x6000_0000, 0x6001_0000, 0x6002_E000], source::REG_BASE),
    low_power_uart: primary(None, source::SOC_CAPS),
    usb_serial_jtag: primary(Some(0x6003_8000), source::REG_BASE),
    usb_otg: primary(true, source::SOC_CAPS),
    power: Power {
        run: primary(Current::range(51_200, 65_900), DATASHEET), // one core, 32-bit code
        idle: Some(primary(Current::range(32_900, 47_600), DATASHEET)), // WAITI
        send: primary(Current::range(340_000, 340_000), DATASHEET), // 802.11b
        receive: primary(Current::range(95_000, 95_000), DATASHEET),
    },
};
