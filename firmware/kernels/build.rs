//! Chooses the linker script: a plain process on Xtensa; the RISC-V core with the A extension is the ESP32-C6.

fn main() {
    let folder = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let architecture = std::env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    println!("cargo:rerun-if-changed=link");
    if architecture == "xtensa" {
        println!("cargo:rerun-if-env-changed=RUVLLM_VARIANT");
        println!("cargo:rustc-link-arg=-T{folder}/link/xtensa.ld");
        return;
    }
    let features = std::env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    let chip = if features.split(',').any(|feature| feature == "a") { "esp32c6" } else { "esp32c3" };
    println!("cargo:rustc-link-arg=-T{folder}/link/{chip}.ld");
    println!("cargo:rustc-link-arg=-T{folder}/link/sections.ld");
}
