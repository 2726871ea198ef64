//! `sim --exact`: the image that is flashed, talked to in every way in which a simulated chip is.
//!
//! Images are taken from RUVLLM_EXACT_IMAGES as `ruvllm-esp-<chip>.bin`. These tests are ignored by
//! default, because images take minutes to build; run without images they fail.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

const CHIPS: [&str; 2] = ["esp32c3", "esp32c6"];

/// Chips with their images.
fn images() -> [(&'static str, String); 2] {
    let folder = std::env::var_os("RUVLLM_EXACT_IMAGES").map(PathBuf::from);
    let folder =
        folder.expect("RUVLLM_EXACT_IMAGES names the folder of images; `ruvllm-esp build` makes them");
    CHIPS.map(|chip| (chip, folder.join(format!("ruvllm-esp-{chip}.bin")).display().to_string()))
}

fn run(arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ruvllm-esp"));
    command.arg("sim").args(arguments).env("NO_COLOR", "1").env("XDG_CONFIG_HOME", "/nowhere");
    // As on a machine where cargo never was: the ROM is the one that came along.
    command.env("CARGO_HOME", "/nowhere").env_remove("RUVLLM_ROM_DIR");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Not every command reads what it is given.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
#[ignore = "runs images: `ruvllm-esp build --variant esp32c3,esp32c6 --out DIR`, then RUVLLM_EXACT_IMAGES=DIR"]
fn a_script_gets_the_bytes_that_the_simulator_gives() {
    let script =
        "remember fact the pump is in hall 3\n# a remark\n@wait 2h\nrecall pump\nnonsense\n\nstats\n";
    for (chip, image) in images() {
        let who = ["--variant", chip, "--role", "memory", "--chip-id", "7"];
        let simulated = run(&[&who[..], &["--quiet"]].concat(), script);
        let exact = run(&[&who[..], &["--exact", "--image", &image]].concat(), script);
        let said = text(&exact.stdout);
        assert_eq!(said, text(&simulated.stdout), "{chip}: {}", text(&exact.stderr));
        assert!(said.contains(&format!("variant={chip} role=MemoryArchivist chip_id=7 ")), "{said}");
        assert!(said.contains("top: the pump is in hall 3\n"), "{said}");
        let talk = text(&exact.stderr);
        assert!(talk.contains(" emulated") && talk.contains("waited 2.00 h"), "{talk}");
        assert!(talk.contains("4 commands, 1 failed"), "{talk}");
        assert_eq!(exact.status.code(), Some(0));
    }
}

#[test]
#[ignore = "runs images: `ruvllm-esp build --variant esp32c3,esp32c6 --out DIR`, then RUVLLM_EXACT_IMAGES=DIR"]
fn lines_that_no_chip_takes_are_refused_by_the_firmware_as_by_the_simulator() {
    let script = "a\x07b\n\x05role\nrole\n";
    for (chip, image) in images() {
        let simulated = run(&["--variant", chip, "--role", "hnsw", "--quiet"], script);
        let exact =
            run(&["--variant", chip, "--role", "hnsw", "--quiet", "--exact", "--image", &image], script);
        assert_eq!(text(&exact.stdout), text(&simulated.stdout), "{chip}");
        assert!(text(&exact.stdout).contains("0x07"), "{chip}");
    }
}

#[test]
#[ignore = "runs images: `ruvllm-esp build --variant esp32c3,esp32c6 --out DIR`, then RUVLLM_EXACT_IMAGES=DIR"]
fn json_says_what_the_chip_says_and_what_it_took() {
    for (chip, image) in images() {
        let output = run(&["--variant", chip, "--exact", "--image", &image, "--json"], "role\n");
        let events: Vec<serde_json::Value> =
            text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let [boot, command, summary] = events.as_slice() else { panic!("{events:?}") };
        assert!(boot["banner"].as_str().unwrap().contains("[ready]"));
        assert_eq!((&command["line"], &command["ok"]), (&"role".into(), &true.into()));
        assert_eq!(command["cost"]["cycles"]["kind"], "emulated");
        assert_eq!(summary["commands"], 1);
        let registers = summary["unmodelled"].as_array().unwrap();
        assert!(registers.len() > 20 && registers.iter().any(|one| one["assumed_zero"] == true), "{summary}");
        assert!(
            registers[0]["address"].as_str().unwrap().starts_with("0x") && registers[0]["reads"].is_u64()
        );
    }
}

/// Without the lines of `mem` that follow from how large the arena is: the linker decides that, and the simulator
/// predicts it to within 2 KiB.
fn without_arena(said: &str) -> Vec<&str> {
    let sizes = ["arena: total=", "  items: ", "  texts: "];
    said.lines().filter(|line| !sizes.iter().any(|size| line.starts_with(size))).collect()
}

#[test]
#[ignore = "runs images: `ruvllm-esp build --variant esp32c3,esp32c6 --out DIR`, then RUVLLM_EXACT_IMAGES=DIR"]
fn a_demo_and_a_file_play_too() {
    let file = std::env::temp_dir().join(format!("ruvllm-esp-exact-{}.txt", std::process::id()));
    std::fs::write(&file, "role\n").unwrap();
    for (chip, image) in images() {
        let demo = run(&["--variant", chip, "--role", "rag", "--exact", "--image", &image, "--demo"], "");
        let simulated = run(&["--variant", chip, "--role", "rag", "--demo", "--quiet"], "");
        let [demo_says, simulated_says] =
            [&demo, &simulated].map(|output| without_arena(text(&output.stdout)));
        assert_eq!(demo_says, simulated_says, "{chip}: {}", text(&demo.stderr));
        let played =
            run(&["--variant", chip, "--exact", "--image", &image, "--input", file.to_str().unwrap()], "");
        assert!(text(&played.stdout).contains("role: "), "{}", text(&played.stderr));
    }
    std::fs::remove_file(file).unwrap();
}

fn refused(arguments: &[&str], exit: i32, code: &str) {
    let output = run(arguments, "");
    let talk = text(&output.stderr);
    assert_eq!(output.status.code(), Some(exit), "{talk}");
    assert!(talk.contains(code) && talk.contains("help: "), "{talk}");
}

/// A file that is no image.
fn this() -> String {
    format!("{}/tests/exact.rs", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn what_cannot_be_run_is_reported() {
    refused(&["--variant", "esp32s3", "--exact"], 2, "sim::no-emulator");
    refused(&["--variant", "esp32c3", "--exact", "--image", "no-such.bin"], 2, "cli::cannot-read");
    refused(&["--variant", "esp32c3", "--exact", "--image", &this()], 2, "image::not-an-image");
}

#[test]
#[ignore = "runs images: `ruvllm-esp build --variant esp32c3,esp32c6 --out DIR`, then RUVLLM_EXACT_IMAGES=DIR"]
fn an_image_that_does_not_fit_is_refused() {
    let [_, (chip, image)] = images();
    refused(&["--variant", chip, "--exact", "--image", &image, "--rom", &this()], 2, "sim::bad-rom");
    refused(
        &["--variant", chip, "--exact", "--image", &image, "--rom", "no-such.elf"],
        2,
        "cli::cannot-read",
    );
    // The image of another chip.
    refused(&["--variant", "esp32c3", "--exact", "--image", &image], 2, "is for esp32c6, not for esp32c3");
    // One byte of its table is not what it was.
    let mut bytes = std::fs::read(&image).unwrap();
    bytes[0x8003] ^= 1;
    let damaged = std::env::temp_dir().join(format!("ruvllm-esp-damaged-{}.bin", std::process::id()));
    std::fs::write(&damaged, bytes).unwrap();
    let arguments = ["--variant", chip, "--exact", "--image", damaged.to_str().unwrap()];
    refused(&arguments, 2, "the MD5 of the partition table does not match");
    std::fs::remove_file(damaged).unwrap();
}
