//! Hands the chip's linker script to the linker, and rebuilds when a default changes.

fn main() {
    println!("cargo:rustc-link-arg-bins=-Tlinkall.x");
    for variable in ["RUVLLM_ROLE", "RUVLLM_CHIP_ID"] {
        println!("cargo:rerun-if-env-changed={variable}");
    }
    println!("cargo:rerun-if-changed=build.rs");
}
