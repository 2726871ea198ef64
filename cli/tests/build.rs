//! `build` twice, from two checkouts: the same bytes, wherever they lie, whatever the environment says and whatever
//! cargo's configuration above the checkout says. It takes minutes: `cargo test -p ruvllm-esp --test build -- --ignored`.
#![cfg(feature = "board")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

#[test]
#[ignore = "builds the firmware twice: rustup target add riscv32imc-unknown-none-elf"]
fn nightly_the_same_source_gives_the_same_bytes_wherever_it_lies() {
    let out = std::env::temp_dir().join(format!("ruvllm-esp-build-{}", std::process::id()));
    let build = |name: &str, firmware: &Path, flags: &str| {
        let directory = out.join(name);
        let status = Command::new(env!("CARGO_BIN_EXE_ruvllm-esp"))
            .args(["build", "--variant", "esp32c3", "--out", directory.to_str().unwrap(), "--firmware"])
            .arg(firmware)
            .env("RUSTFLAGS", flags)
            .env("SOURCE_DATE_EPOCH", "1700000000")
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", if flags.is_empty() { "3" } else { "0" })
            .status()
            .unwrap();
        assert!(status.success());
        // The manifest names the commit, which a copy has none of; the images do not.
        let sums = std::fs::read_to_string(directory.join("SHA256SUMS")).unwrap();
        sums.lines().filter(|line| line.contains(" ruvllm-esp-")).map(str::to_string).collect::<Vec<_>>()
    };
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let first = build("first", &here.join("firmware"), "");
    assert_eq!(first.len(), 4);

    let elsewhere = out.join("another checkout");
    for part in ["firmware", "core"] {
        copy(&here.join(part), &elsewhere.join(part));
    }
    std::fs::copy(here.join("Cargo.toml"), elsewhere.join("Cargo.toml")).unwrap();
    // Cargo in that checkout would start a compiler that is not there, and optimise less.
    std::fs::create_dir_all(out.join(".cargo")).unwrap();
    let settings = "[build]\nrustc-wrapper = 'no-such-wrapper'\n[profile.release]\nopt-level = 0\n";
    std::fs::write(out.join(".cargo/config.toml"), settings).unwrap();
    assert_eq!(first, build("second", &elsewhere.join("firmware"), "-Clink-arg=-fuse-ld=mold"));
    std::fs::remove_dir_all(&out).unwrap();
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() && name != "target" {
            copy(&path, &to.join(name));
        } else if path.is_file() {
            std::fs::copy(&path, to.join(name)).unwrap();
        }
    }
}
