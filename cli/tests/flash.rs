//! `flash` against a loader on a pseudo-terminal: how it works, and how each failure ends.
#![cfg(all(unix, feature = "board"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "each test file uses its part of the board")]
mod loader;

use loader::{Board, Running, Trouble, sample};
use ruvllm_esp_core::wire::authentication::Key;
use ruvllm_esp_core::wire::keyring::Keyring;
use ruvllm_esp_firmware_logic::config::{RECORD_BYTES, Settings, newest};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

const C3: u16 = 5;
const C6: u16 = 13;

/// A directory of its own for a test, with files.
struct TempDir(PathBuf);

impl TempDir {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("ruvllm-esp-flash-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> String {
        let file = self.0.join(name);
        std::fs::write(&file, bytes).unwrap();
        file.to_str().unwrap().to_string()
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ruvllm-esp"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for variable in ["RUVLLM_VARIANT", "RUVLLM_ROLE", "RUVLLM_CHIP_ID", "RUVLLM_ESP_PORT", "NO_COLOR"] {
        command.env_remove(variable);
    }
    command
}

fn flash(board: &Running, image: &str, further: &[&str]) -> Output {
    let mut arguments =
        vec!["flash", "--port", &board.port, "--image", image, "--no-reset", "--baud", "115200"];
    arguments.extend(further);
    command(&arguments).output().unwrap()
}

/// The exit code and the error's code.
fn ending(output: &Output) -> (i32, String) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let code = stderr.split("error[").nth(1).and_then(|rest| rest.split(']').next()).unwrap_or("none");
    (output.status.code().unwrap_or(-1), code.to_string())
}

fn expect(output: &Output, exit: i32, code: &str) {
    assert_eq!(ending(output), (exit, code.to_string()), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Is the flash the image, the settings excepted?
fn holds(board: &Running, image: &[u8]) -> bool {
    let flash = board.flash.lock().unwrap();
    flash[..0x9000] == image[..0x9000] && flash[0xb000..image.len()] == image[0xb000..]
}

fn settings(board: &Running) -> Settings {
    let flash = board.flash.lock().unwrap();
    newest(&[0x9000, 0xa000].map(|at| flash[at..at + RECORD_BYTES].try_into().unwrap()))
        .settings
        .unwrap_or_default()
}

#[test]
fn the_flash_is_the_image_and_the_chip_says_so() {
    let (dir, image) = (TempDir::new("success"), sample::merged(C3, 70_000));
    let file = dir.file("image.bin", &image);
    let board = Board::C3.plug_in();
    let output = flash(&board, &file, &["--role", "memory", "--chip-id", "7"]);
    expect(&output, 0, "none");
    assert!(holds(&board, &image));
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("esp32c3 runs ruvllm-esp 0.1.0 as MemoryArchivist, number 7"), "{stdout}");
    assert_eq!((settings(&board).role(), settings(&board).chip_id), (Some("memory"), Some(7)));
}

#[test]
fn what_is_not_named_stays_and_what_is_there_is_not_written_again() {
    let (dir, image) = (TempDir::new("again"), sample::merged(C3, 70_000));
    let file = dir.file("image.bin", &image);
    let mut before = Settings::default();
    let keys = Some(Keyring::provision(&Key::new([9; 16]), 3, 1));
    (before.chip_id, before.keys) = (Some(3), keys);
    assert!(before.set_role("rag"));
    let mut contents = image.clone();
    contents[0xa000..0xa058].copy_from_slice(&before.encode(4));
    let board = Board::C3.with_flash(contents);
    let output = flash(&board, &file, &["--role", "hnsw", "--json"]);
    expect(&output, 0, "none");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&report["ok"], &report["chip_id"], &report["bytes_written"]),
        (&true.into(), &3.into(), &88.into())
    );
    let after = settings(&board);
    assert_eq!((after.role(), after.chip_id, after.keys), (Some("hnsw"), Some(3), keys));
    assert_eq!(
        board.flash.lock().unwrap()[0xa000..0xa058],
        before.encode(4),
        "the copy in force was not touched"
    );
}

#[test]
fn a_loader_that_falls_silent_is_a_timeout() {
    let (dir, image) = (TempDir::new("silent"), sample::merged(C3, 70_000));
    let board = Board::C3.with(Trouble::SilentAfter(9)).plug_in();
    expect(&flash(&board, &dir.file("image.bin", &image), &[]), 4, "flash::timeout");
    assert!(!holds(&board, &image));
}

#[test]
fn a_loader_that_never_answers_is_distinguished_from_one_that_falls_silent() {
    let (dir, image) = (TempDir::new("dead"), sample::merged(C3, 5_000));
    let board = Board::C3.with(Trouble::Dead).plug_in();
    expect(&flash(&board, &dir.file("image.bin", &image), &[]), 4, "flash::no-loader");
}

#[test]
fn the_wrong_chip_is_refused_before_anything_is_written() {
    let (dir, image) = (TempDir::new("chip"), sample::merged(C6, 5_000));
    let board = Board::C3.plug_in();
    let output = flash(&board, &dir.file("image.bin", &image), &[]);
    expect(&output, 2, "flash::wrong-chip");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("esp32c6") && text.contains("esp32c3"), "{text}");
    assert_eq!(board.blocks.load(Ordering::SeqCst), 0);
    let output = flash(&board, &dir.file("image.bin", &image), &["--variant", "esp32s3"]);
    expect(&output, 2, "flash::wrong-chip");
}

#[test]
fn a_damaged_image_does_not_even_open_the_port() {
    let dir = TempDir::new("corrupt");
    let mut image = sample::merged(C3, 5_000);
    image[0x10200] ^= 4;
    let board = Board::C3.plug_in();
    expect(&flash(&board, &dir.file("image.bin", &image), &[]), 2, "image::corrupt");
    let too_large = dir.file("large.bin", &sample::merged(C3, 0x3f0000));
    expect(&flash(&board, &too_large, &[]), 1, "image::too-large");
    let application = dir.file("app.bin", &sample::program(C3, 50_000));
    expect(&flash(&board, &application, &[]), 2, "image::application-only");
    assert_eq!(board.received.load(Ordering::SeqCst), 0);
}

#[test]
fn an_image_larger_than_the_flash_is_refused_before_anything_is_written() {
    let (dir, image) = (TempDir::new("small"), sample::merged(C3, 5_000));
    let board = Board { flash_power: 21, ..Board::C3 }.plug_in();
    expect(&flash(&board, &dir.file("image.bin", &image), &[]), 1, "flash::too-large");
    assert_eq!(board.blocks.load(Ordering::SeqCst), 0);
}

#[test]
fn a_port_that_vanishes_is_reported() {
    let (dir, image) = (TempDir::new("vanish"), sample::merged(C3, 70_000));
    let board = Board::C3.with(Trouble::GoneAfter(6)).plug_in();
    expect(&flash(&board, &dir.file("image.bin", &image), &[]), 3, "flash::port-vanished");
    let output =
        command(&["flash", "--port", "/dev/no-such-port", "--image", &dir.file("image.bin", &image)])
            .output()
            .unwrap();
    expect(&output, 3, "port::cannot-open");
}

#[test]
fn flash_that_does_not_hold_is_noticed() {
    let (dir, image) = (TempDir::new("stuck"), sample::merged(C3, 5_000));
    let board = Board::C3.with(Trouble::StuckBit).plug_in();
    expect(&flash(&board, &dir.file("image.bin", &image), &[]), 3, "flash::verify-failed");
}

#[test]
fn a_chip_that_says_nothing_is_no_success() {
    let (dir, image) = (TempDir::new("mute"), sample::merged(C3, 5_000));
    let board = Board::C3.with(Trouble::Mute).plug_in();
    let output = flash(&board, &dir.file("image.bin", &image), &["--timeout", "2", "--json"]);
    expect(&output, 4, "flash::no-banner");
    let last: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&last["kind"], &last["exit"]), (&"error".into(), &4.into()));
    assert!(holds(&board, &image));
}

#[test]
fn a_lost_banner_is_asked_for_again() {
    let (dir, image) = (TempDir::new("lost"), sample::merged(C3, 5_000));
    let board = Board::C3.with(Trouble::LostBanner).plug_in();
    expect(&flash(&board, &dir.file("image.bin", &image), &[]), 0, "none");
}

#[test]
fn an_interrupt_ends_with_130_and_a_word() {
    let (dir, image) = (TempDir::new("interrupt"), sample::merged(C3, 70_000));
    let board = Board::C3.with(Trouble::SilentAfter(4)).plug_in();
    let file = dir.file("image.bin", &image);
    let child: Child =
        command(&["flash", "--port", &board.port, "--image", &file, "--no-reset"]).spawn().unwrap();
    let begun = Instant::now();
    while board.blocks.load(Ordering::SeqCst) < 4 {
        assert!(begun.elapsed() < Duration::from_secs(20), "nothing was written");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    expect(&child.wait_with_output().unwrap(), 130, "board::interrupted");
}

#[test]
fn a_fleet_is_flashed_at_once_and_one_failure_is_no_other_chips() {
    let dir = TempDir::new("fleet");
    let (three, six) = (sample::merged(C3, 30_000), sample::merged(C6, 30_000));
    dir.file("ruvllm-esp-esp32c3.bin", &three);
    dir.file("ruvllm-esp-esp32c6.bin", &six);
    let six_board = Board { chip: "esp32c6", chip_id: 13, ..Board::C3 };
    let boards = [Board::C3.plug_in(), six_board.plug_in(), Board::C3.plug_in()];
    let entry = |board: &Running, chip: &str, role: &str, id: u8| {
        format!("[[chip]]\nport = \"{}\"\nvariant = \"{chip}\"\nrole = \"{role}\"\nid = {id}\n", board.port)
    };
    let all = [entry(&boards[0], "esp32c3", "memory", 1), entry(&boards[1], "esp32c6", "rag", 2)].concat();
    let run = |fleet: &str| {
        let file = dir.file("fleet.toml", fleet.as_bytes());
        let out = dir.0.to_str().unwrap();
        command(&["flash", "--fleet", &file, "--out", out, "--no-reset", "--baud", "115200"])
            .output()
            .unwrap()
    };
    let output = run(&all);
    expect(&output, 0, "none");
    assert!(holds(&boards[0], &three) && holds(&boards[1], &six));
    assert_eq!((settings(&boards[0]).chip_id, settings(&boards[1]).role()), (Some(1), Some("rag")));

    // The third board is not what the file says; the others run already, so they are in their program and not asked.
    let fresh = [six_board.plug_in(), Board::C3.plug_in()];
    let mixed = [entry(&fresh[0], "esp32c6", "rag", 4), entry(&fresh[1], "esp32c6", "rag", 5)].concat();
    let output = run(&mixed);
    expect(&output, 2, "flash::fleet");
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("runs") && stdout.contains("flash::wrong-chip"), "{stdout}");
    assert!(holds(&fresh[0], &six));
    assert_eq!(ending(&run(&all.replace("rag", "rga"))), (2, "cli::unknown-role".into()));
}
