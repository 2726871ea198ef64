//! `build` twice: the same bytes, whatever the environment says. It takes minutes, so it runs when asked for:
//! `RUVLLM_ESP_BUILD_TEST=1 cargo test -p ruvllm-esp --test build`.
#![cfg(feature = "board")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

#[test]
fn the_same_commit_gives_the_same_bytes() {
    if std::env::var_os("RUVLLM_ESP_BUILD_TEST").is_none() {
        return;
    }
    let out = std::env::temp_dir().join(format!("ruvllm-esp-build-{}", std::process::id()));
    let firmware = Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware");
    let build = |name: &str, flags: &str| {
        let directory = out.join(name);
        let status = Command::new(env!("CARGO_BIN_EXE_ruvllm-esp"))
            .args(["build", "--variant", "esp32c3", "--out", directory.to_str().unwrap()])
            .env("RUSTFLAGS", flags)
            .env("SOURCE_DATE_EPOCH", "1700000000")
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", if flags.is_empty() { "3" } else { "0" })
            .status()
            .unwrap();
        assert!(status.success());
        // The manifest names the commit, which may move on while this runs; the images do not.
        let sums = std::fs::read_to_string(directory.join("SHA256SUMS")).unwrap();
        sums.lines().filter(|line| line.contains(" ruvllm-esp-")).map(str::to_string).collect::<Vec<_>>()
    };
    let clean = || {
        let packages =
            ["-p", "ruvllm-esp-firmware", "-p", "ruvllm-esp-core", "-p", "ruvllm-esp-firmware-logic"];
        let target = ["--profile", "release", "--target", "riscv32imc-unknown-none-elf"];
        Command::new("cargo")
            .arg("clean")
            .args(packages)
            .args(target)
            .current_dir(&firmware)
            .status()
            .unwrap()
    };
    let first = build("first", "");
    assert_eq!(first.len(), 4);
    assert!(clean().success());
    assert_eq!(first, build("second", "-Clink-arg=-fuse-ld=mold"));
    std::fs::remove_dir_all(&out).unwrap();
}
