//! ESP32-C3: one RISC-V core at 160 MHz, without atomics, and a slow divider.

use super::sourced::{derived, measured_once, primary};
use super::*;

const DATASHEET: &str = "ESP32-C3 datasheet v2.4";

/// The ESP32-C3.
pub const CHIP: Chip = Chip {
    name: "esp32c3",
    title: "ESP32-C3",
    cores: primary(1, source::METADATA),
    isa: primary(Isa::Riscv32imc, source::METADATA),
    target: primary("riscv32imc-unknown-none-elf", source::METADATA),
    clock: primary(Hertz::mhz(160), DATASHEET),
    fpu: primary(false, source::SOC_CAPS),
    simd: primary(None, source::SOC_CAPS),
    hardware_loops: primary(false, source::SOC_CAPS),
    compare_and_swap: primary(false, source::METADATA), // the target has no A extension
    memory: Memory {
        datasheet: primary(Bytes::kib(400), DATASHEET), // 16 KiB of it are the cache
        main: primary(Region::new(0x3FC8_0000, 320_512), source::MEMORY_X), // 313 KiB
        reclaimed: primary(Region::new(0x3FCC_E400, 66_320), source::MEMORY_X),
        instruction: None, // the same RAM seen from the instruction bus
        rtc_fast: primary(Region::new(0x5000_0000, 8_192), source::MEMORY_X),
        rtc_slow: None,
    },
    firmware: measured_once(Bytes(15_072), source::LINK_MAP), // .trap and .rwtext, .data, .bss
    stack_minimum: primary(Bytes(8_192), source::ESP_CONFIG),
    stack_depth: Some(Bytes(12_484)),
    radio_costs: RadioCosts {
        espnow: RadioCost {
            fixed: measured_once(Bytes(50_640), source::ESPNOW_LINK_MAP),
            heap: primary(Bytes::kib(72), source::RADIO_EXAMPLES),
        },
        wifi: RadioCost {
            fixed: measured_once(Bytes(62_352), source::RADIO_LINK_MAP), // with embassy-net: 60,624 + 1,728
            heap: primary(Bytes::kib(64 + 36), source::RADIO_EXAMPLES),
        },
    },
    caches: &[primary(
        Cache { kind: CacheKind::Unified, size: Bytes::kib(16), line: Bytes(32), ways: Some(8) },
        DATASHEET,
    )],
    flash: Flash { typical: measured_once(Bytes::kib(4_096), "modules on sale"), line_fill: None },
    radios: primary(
        Radios { wifi: true, bluetooth_le: true, bluetooth_classic: false, ieee802154: false },
        source::RADIO_README,
    ),
    uarts: primary(&[0x6000_0000, 0x6001_0000], source::REG_BASE),
    low_power_uart: primary(None, source::SOC_CAPS),
    usb_serial_jtag: primary(Some(0x6004_3000), source::REG_BASE),
    usb_otg: primary(false, source::SOC_CAPS),
    power: Power {
        run: primary(Current::range(23_000, 28_000), DATASHEET), // a loop on a board took 26.8 mA
        idle: Some(primary(Current::range(16_000, 21_000), DATASHEET)),
        send: primary(Current::range(276_000, 335_000), DATASHEET),
        receive: primary(Current::range(84_000, 87_000), DATASHEET),
    },
};

/// For the chips whose radio programs nobody has linked yet: the ESP32-C3's figures.
pub(super) const RADIO_COSTS_ESTIMATE: RadioCosts = RadioCosts {
    espnow: RadioCost {
        fixed: derived(CHIP.radio_costs.espnow.fixed.value, "ESP32-C3's figure"),
        heap: derived(CHIP.radio_costs.espnow.heap.value, "ESP32-C3's figure"),
    },
    wifi: RadioCost {
        fixed: derived(CHIP.radio_costs.wifi.fixed.value, "ESP32-C3's figure"),
        heap: derived(CHIP.radio_costs.wifi.heap.value, "ESP32-C3's figure"),
    },
};
