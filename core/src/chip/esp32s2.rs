//! ESP32-S2: one Xtensa LX7 core at 240 MHz, the plainest of its family, and the least RAM of the five.

use super::sourced::{derived, measured_once, primary};
use super::*;

const DATASHEET: &str = "ESP32-S2 datasheet";
const EARLY_DATASHEET: &str = "early ESP32-S2-WROOM datasheets";

/// The ESP32-S2.
pub const CHIP: Chip = Chip {
    name: "esp32s2",
    title: "ESP32-S2",
    cores: primary(1, source::METADATA),
    isa: primary(Isa::XtensaLx7, source::CORE_ISA), // LX7.0.9, 7 stages
    target: primary("xtensa-esp32s2-none-elf", source::METADATA),
    clock: primary(Hertz::mhz(240), DATASHEET),
    fpu: primary(false, source::CORE_ISA),
    simd: primary(None, source::CORE_ISA), // nor MAC16
    hardware_loops: primary(false, source::CORE_ISA),
    compare_and_swap: primary(false, source::CORE_ISA), // no S32C1I
    memory: Memory {
        datasheet: primary(Bytes::kib(320), DATASHEET),
        // 184 KiB less 8 KiB for each cache and 1 KiB of vectors.
        main: primary(Region::new(0x3FFB_4400, 171_008), source::MEMORY_X), // 167 KiB
        reclaimed: primary(Region::new(0x3FFD_E000, 139_264), source::MEMORY_X),
        instruction: None, // the same RAM seen from the instruction bus
        rtc_fast: primary(Region::new(0x3FF9_E000, 8_192), source::MEMORY_X),
        rtc_slow: Some(primary(Region::new(0x5000_0000, 8_192), source::MEMORY_X)),
    },
    firmware: derived(esp32c3::CHIP.firmware.value, "ESP32-C3's figure"),
    stack_minimum: primary(Bytes(8_192), source::ESP_CONFIG),
    stack_depth: None,
    radio_costs: esp32c3::RADIO_COSTS_ESTIMATE,
    caches: &[
        primary(
            Cache { kind: CacheKind::Instruction, size: Bytes::kib(8), line: Bytes(32), ways: None },
            source::ESP_CONFIG,
        ),
        primary(
            Cache { kind: CacheKind::Data, size: Bytes::kib(8), line: Bytes(32), ways: None },
            source::ESP_CONFIG,
        ),
    ],
    flash: Flash { typical: derived(Bytes::kib(4_096), "as its sister chips"), line_fill: None },
    radios: primary(
        Radios { wifi: true, bluetooth_le: false, bluetooth_classic: false, ieee802154: false },
        source::RADIO_README,
    ),
    uarts: primary(&[0x3F40_0000, 0x3F41_0000], source::REG_BASE), // transmit through the AHB alias, 0x6000_0000
    low_power_uart: primary(None, source::SOC_CAPS),
    usb_serial_jtag: primary(None, source::SOC_CAPS),
    usb_otg: primary(true, source::SOC_CAPS),
    power: Power {
        run: measured_once(Current::range(21_000, 22_000), EARLY_DATASHEET), // peripherals' share not stated
        idle: None,
        send: measured_once(Current::range(160_000, 310_000), EARLY_DATASHEET), // peaks
        receive: measured_once(Current::range(63_000, 68_000), EARLY_DATASHEET),
    },
};
