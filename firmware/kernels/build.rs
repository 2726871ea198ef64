//! Chooses the linker script: the core with the A extension is the ESP32-C6.

fn main() {
    let folder = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let features = std::env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    let chip = if features.split(',').any(|feature| feature == "a") { "esp32c6" } else { "esp32c3" };
    println!("cargo:rerun-if-changed=link");
    println!("cargo:rustc-link-arg=-T{folder}/link/{chip}.ld");
    println!("cargo:rustc-link-arg=-T{folder}/link/sections.ld");
}
