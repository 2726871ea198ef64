//! The documents that more than one chip's facts are read in.

/// Core counts, FPU, SIMD and hardware loops of the RISC-V chips, and the radios of all.
pub const SOC_CAPS: &str = "esp-idf components/soc/<chip>/include/soc/Kconfig.soc_caps.in";
/// What the Xtensa cores were configured with.
pub const CORE_ISA: &str = "espressif/xtensa-overlays xtensa_<chip>/newlib/.../core-isa.h";
/// Target triples and the atomic extension.
pub const METADATA: &str = "esp-metadata-generated 0.5.3";
/// The RAM that an esp-hal program is linked into.
pub const MEMORY_X: &str = "esp-hal 1.2.2 ld/<chip>/memory.x";
/// Cache sizes that esp-hal sets where the chip leaves a choice, and the stack it asks for.
pub const ESP_CONFIG: &str = "esp-hal 1.2.2 esp_config.yml";
/// Register base addresses.
pub const REG_BASE: &str = "esp-idf components/soc/<chip>/.../reg_base.h";
/// What the radio driver's own examples give it for a heap.
pub const RADIO_EXAMPLES: &str = "esp-hal examples, esp-radio: heap_allocator! sizes";
/// The radio features of each chip.
pub const RADIO_README: &str = "esp-radio README feature table; esp-idf soc_caps";
/// What `mem` says of the arena on the emulated image of firmware/, built for release.
pub const LINK_MAP: &str = "link map of firmware/ on esp-hal 1.2.2, opt-level 3, LTO fat";
/// What `build --radio espnow` leaves for the arena, against `build` alone and the driver's heap.
pub const ESPNOW_LINK_MAP: &str = "link map of firmware/ with esp-radio 1.0.0-beta.1 and esp-rtos 0.4.0, less that without, opt-level 3, LTO fat";
/// The link maps of radio programs, less that of the scheduler alone.
pub const RADIO_LINK_MAP: &str =
    "link map of an esp-radio 1.0.0-beta.1 program on ESP32-C3 less that of esp-rtos 0.4.0, opt-level s";
