//! Our chip table against the vendor's own metadata.
//!
//! `esp-metadata-generated` is what esp-hal itself is built from. It knows neither FPU, caches, clocks, register
//! addresses nor currents; everything that it does know is compared here.

use esp_metadata_generated::Chip as Vendor;
use ruvllm_esp_core::chip::{ALL, Chip};
use std::str::FromStr;

fn vendor(chip: &Chip) -> Vendor {
    Vendor::from_str(chip.name).unwrap_or_else(|_| panic!("the vendor does not know {}", chip.name))
}

fn region(chip: &Chip, name: &str) -> std::ops::Range<u32> {
    let Some(region) = vendor(chip).memory_layout().region(name) else {
        panic!("the vendor does not know region {name} of {}", chip.name);
    };
    region.range()
}

#[test]
fn names_targets_and_instruction_sets_agree() {
    for chip in ALL {
        let vendor = vendor(chip);
        assert_eq!(vendor.name(), chip.name);
        assert_eq!(vendor.target(), chip.target.value);
        assert_eq!(vendor.is_xtensa(), chip.isa.value.is_xtensa(), "{}", chip.name);
        if !vendor.is_xtensa() {
            let isa = chip.isa.value.name().to_ascii_lowercase().replace("rv32", "riscv32");
            assert!(vendor.target().starts_with(&format!("{isa}-")), "{}", chip.name);
            let atomics = vendor.target().starts_with("riscv32imac");
            assert_eq!(chip.compare_and_swap.value, atomics, "{}", chip.name);
        }
    }
}

#[test]
fn core_counts_agree() {
    for chip in ALL {
        let vendor = vendor(chip);
        assert_eq!(vendor.contains("multi_core"), chip.cores.value == 2, "{}", chip.name);
        assert_eq!(vendor.contains("single_core"), chip.cores.value == 1, "{}", chip.name);
    }
}

#[test]
fn memory_regions_agree() {
    for chip in ALL {
        let (main, reclaimed) = (chip.memory.main.value, chip.memory.reclaimed.value);
        let data = region(chip, "dram");
        assert!(data.start <= main.base && reclaimed.end() <= data.end, "{}", chip.name);
        assert_eq!(region(chip, "dram2_uninit"), reclaimed.base..reclaimed.end(), "{}", chip.name);
        match chip.name {
            // Between the two lie data and stacks of the ROM, so the regions do not touch, and 8 KiB of ROM memory
            // lie before the main region. The vendor's metadata gives only the outer bounds; memory.x has the rest.
            "esp32" => assert_eq!((main.base - data.start, main.end()), (8_192, 0x3FFE_0000)),
            // The caches and the vectors come first; the metadata counts them as data RAM, memory.x does not.
            "esp32s2" => {
                assert_eq!(main.base - data.start, 2 * 8_192 + 1_024);
                assert_eq!(main.end(), reclaimed.base);
            }
            _ => {
                assert_eq!(main.base, data.start, "{}", chip.name);
                assert_eq!(main.end(), reclaimed.base, "{}", chip.name);
            }
        }
    }
}

#[test]
fn serial_ports_agree() {
    for chip in ALL {
        let vendor = vendor(chip);
        let uarts = (0..8).filter(|port| vendor.contains(&format!("soc_has_uart{port}"))).count();
        assert_eq!(uarts, chip.uarts.value.len(), "{}", chip.name);
        assert_eq!(vendor.contains("soc_has_lp_uart"), chip.low_power_uart.value.is_some(), "{}", chip.name);
        let usb_serial = vendor.contains("soc_has_usb_device");
        assert_eq!(usb_serial, chip.usb_serial_jtag.value.is_some(), "{}", chip.name);
        assert_eq!(vendor.contains("soc_has_usb_fs"), chip.usb_otg.value, "{}", chip.name);
    }
}

#[test]
fn radios_agree() {
    for chip in ALL {
        let (vendor, radios) = (vendor(chip), chip.radios.value);
        assert_eq!(vendor.contains("soc_has_wifi"), radios.wifi, "{}", chip.name);
        let bluetooth = radios.bluetooth_le || radios.bluetooth_classic;
        assert_eq!(vendor.contains("soc_has_bt"), bluetooth, "{}", chip.name);
        assert_eq!(vendor.contains("soc_has_ieee802154"), radios.ieee802154, "{}", chip.name);
    }
}
