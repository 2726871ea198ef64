//! ESP32-C6: one RISC-V core at 160 MHz with branch prediction, and the most RAM of the five.

use super::sourced::{derived, measured_once, primary};
use super::*;

const DATASHEET: &str = "ESP32-C6 datasheet v1.5";
const RADIO_ESTIMATE: &str = "ESP32-C3's link map + the larger RAM code of ESP32-C6, about 60,000 B in all";

/// The ESP32-C6.
pub const CHIP: Chip = Chip {
    name: "esp32c6",
    title: "ESP32-C6",
    cores: primary(1, source::METADATA), // and a low-power core at 20 MHz
    isa: primary(Isa::Riscv32imac, source::METADATA),
    target: primary("riscv32imac-unknown-none-elf", source::METADATA),
    clock: primary(Hertz::mhz(160), DATASHEET),
    fpu: primary(false, source::SOC_CAPS),
    simd: primary(None, source::SOC_CAPS),
    hardware_loops: primary(false, source::SOC_CAPS),
    compare_and_swap: primary(true, source::METADATA), // the A extension
    memory: Memory {
        datasheet: primary(Bytes::kib(512), DATASHEET),
        main: primary(Region::new(0x4080_0000, 452_112), source::MEMORY_X), // 441.5 KiB
        reclaimed: primary(Region::new(0x4086_E610, 65_536), source::MEMORY_X),
        instruction: None, // one bus for code and data
        rtc_fast: primary(Region::new(0x5000_0000, 16_384), source::MEMORY_X),
        rtc_slow: None,
    },
    firmware: measured_once(Bytes(15_352), source::LINK_MAP), // .trap and .rwtext, .data, .bss
    stack_minimum: primary(Bytes(8_192), source::ESP_CONFIG),
    stack_depth: Some(Bytes(12_484)),
    radio_costs: RadioCosts {
        espnow: RadioCost {
            fixed: measured_once(Bytes(77_104), source::ESPNOW_LINK_MAP),
            heap: primary(Bytes::kib(72), source::RADIO_EXAMPLES),
        },
        wifi: RadioCost {
            fixed: derived(Bytes(82_728), RADIO_ESTIMATE), // 62,352 + 60,000 - 39,624
            heap: primary(Bytes::kib(64 + 36), source::RADIO_EXAMPLES),
        },
    },
    caches: &[primary(
        Cache { kind: CacheKind::Unified, size: Bytes::kib(32), line: Bytes(32), ways: Some(4) },
        "mask ROM strings and measurement: PhotomancerArt/lightplayer, nilhoel1/LLTA-Bench",
    )],
    flash: Flash {
        typical: measured_once(Bytes::kib(4_096), "modules on sale"),
        line_fill: Some(primary(
            343, // the middle of two measurements, 338 and 347 cycles
            "PhotomancerArt/lightplayer docs/reports/2026-09-08-esp32c6-t3-calibration.md; nilhoel1/LLTA-Bench RESULTS.md",
        )),
    },
    radios: primary(
        Radios { wifi: true, bluetooth_le: true, bluetooth_classic: false, ieee802154: true },
        source::RADIO_README,
    ),
    uarts: primary(&[0x6000_0000, 0x6000_1000], source::REG_BASE),
    low_power_uart: primary(Some(0x600B_1400), source::REG_BASE),
    usb_serial_jtag: primary(Some(0x6000_F000), source::REG_BASE),
    usb_otg: primary(false, source::SOC_CAPS),
    power: Power {
        run: primary(Current::range(27_000, 38_000), DATASHEET),
        idle: Some(primary(Current::range(17_000, 28_000), DATASHEET)),
        send: primary(Current::range(252_000, 354_000), DATASHEET),
        receive: primary(Current::range(78_000, 82_000), DATASHEET),
    },
};
