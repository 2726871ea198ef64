//! `monitor` on a pipe and in a terminal.
#![cfg(all(unix, feature = "board"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "each test file uses its part of the board")]
mod loader;

use loader::Board;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);

fn piped(input: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ruvllm-esp"))
        .arg("monitor")
        .args(arguments)
        .env_remove("RUVLLM_ESP_PORT")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_question_in_a_pipe_gets_its_answer_and_the_log_is_plain() {
    let board = Board::C3.running();
    let log = std::env::temp_dir().join(format!("ruvllm-esp-monitor-{}.log", std::process::id()));
    let arguments = ["--port", &board.port, "--no-reset", "--log", log.to_str().unwrap()];
    let (exit, stdout, stderr) = piped("role\nchip reset\n", &arguments);
    assert_eq!(exit, Some(0), "{stderr}");
    assert!(stdout.contains(" role: HnswIndexer\n") && !stdout.contains('\u{1b}'), "{stdout:?}");
    assert!(stdout.contains("[ready]"), "{stdout:?}");
    let kept = std::fs::read_to_string(&log).unwrap();
    std::fs::remove_file(&log).unwrap();
    assert!(kept.contains("Z role: HnswIndexer\n") && !kept.contains('\r'), "{kept:?}");
    assert_eq!(kept.lines().count(), stdout.lines().count());
}

#[test]
fn raw_is_what_the_board_said_and_json_is_json() {
    let board = Board::C3.running();
    let (_, stdout, _) = piped("role\n", &["--port", &board.port, "--no-reset", "--raw"]);
    assert_eq!(stdout, "role: HnswIndexer\n");
    let (_, stdout, _) = piped("role\n", &["--port", &board.port, "--no-reset", "--json"]);
    let line: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&line["kind"], &line["text"]), (&"line".into(), &"role: HnswIndexer".into()));
}

#[test]
fn what_cannot_be_read_is_said_before_the_port_is_opened() {
    let (exit, _, stderr) = piped("", &["--port", "/dev/null", "--elf", "/nowhere.elf"]);
    assert!(exit == Some(2) && stderr.contains("monitor::elf"), "{stderr}");
    let (exit, _, stderr) = piped("", &["--port", "/dev/no-such-port"]);
    assert!(exit == Some(3) && stderr.contains("port::cannot-open"), "{stderr}");
}

/// In a terminal: what is typed goes to the board, the keys of the monitor do not, and the terminal is as it was.
#[test]
fn a_person_asks_and_leaves_and_the_terminal_is_as_it_was() {
    for (key, exit) in [("\x1d", 0), ("\x03", 130)] {
        let board = Board::C3.running();
        let size = PtySize { rows: 24, cols: 120, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new("sh");
        // The settings of the terminal before and after, as the shell sees them.
        let script = "before=$(stty -g); \"$0\" monitor --port \"$1\" --no-reset; code=$?; \
                      [ \"$before\" = \"$(stty -g)\" ] && echo restored $code";
        command.args(["-c", script, env!("CARGO_BIN_EXE_ruvllm-esp"), &board.port]);
        command.env("TERM", "xterm");
        let mut child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let mut keyboard = pair.master.take_writer().unwrap();
        let (sender, screen) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                let _ = sender.send(String::from_utf8_lossy(&buffer[..length]).into_owned());
            }
        });
        let mut shown = String::new();
        let mut expect = |text: &str| {
            let begun = Instant::now();
            while !shown.contains(text) {
                assert!(begun.elapsed() < PATIENCE, "`{text}` is not in {shown:?}");
                shown += &screen.recv_timeout(Duration::from_millis(100)).unwrap_or_default();
            }
        };
        expect("Ctrl-] leave");
        keyboard.write_all(b"role\n").unwrap();
        expect("role: HnswIndexer");
        keyboard.write_all(key.as_bytes()).unwrap();
        expect(&format!("restored {exit}"));
        child.wait().unwrap();
    }
}

#[test]
fn input_that_nobody_answers_is_no_success() {
    let board = Board::C3.with(loader::Trouble::Unplugged).running();
    // By a name that goes with it: the system gives its number to the next board of another test.
    let link = std::env::temp_dir().join(format!("ruvllm-esp-gone-{}", std::process::id()));
    let _ = std::fs::remove_file(&link);
    std::os::unix::fs::symlink(&board.port, &link).unwrap();
    let (received, name) = (board.received.clone(), link.clone());
    let unplug = std::thread::spawn(move || {
        while received.load(std::sync::atomic::Ordering::SeqCst) == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::fs::remove_file(name).unwrap();
    });
    let (exit, _, stderr) = piped("role\n", &["--port", link.to_str().unwrap(), "--no-reset"]);
    unplug.join().unwrap();
    // Which of the two depends on whether the port went before the last byte was sent.
    let codes = ["monitor::port-vanished", "monitor::unsent"];
    assert!(exit == Some(3) && codes.iter().any(|code| stderr.contains(code)), "{exit:?} {stderr}");
    let board = Board::C3.with(loader::Trouble::Mute).running();
    let (exit, _, stderr) = piped("role\n", &["--port", &board.port, "--no-reset"]);
    assert!(exit == Some(4) && stderr.contains("monitor::no-answer"), "{exit:?} {stderr}");
}

#[test]
fn a_log_stays_when_there_is_no_board_and_grows_when_there_is() {
    let log = std::env::temp_dir().join(format!("ruvllm-esp-kept-{}.log", std::process::id()));
    std::fs::write(&log, "yesterday\n").unwrap();
    let name = log.to_str().unwrap();
    let (exit, _, _) = piped("", &["--port", "/dev/no-such-port", "--log", name]);
    assert_eq!((exit, std::fs::read_to_string(&log).unwrap().as_str()), (Some(3), "yesterday\n"));
    let board = Board::C3.running();
    piped("role\n", &["--port", &board.port, "--no-reset", "--log", name]);
    let kept = std::fs::read_to_string(&log).unwrap();
    std::fs::remove_file(&log).unwrap();
    assert!(kept.starts_with("yesterday\n20") && kept.ends_with("role: HnswIndexer\n"), "{kept}");
}

#[test]
fn a_port_that_comes_back_is_listened_to_again() {
    // The name of the port stays the same when the board is plugged in again: here a link that points elsewhere.
    let link = std::env::temp_dir().join(format!("ruvllm-esp-port-{}", std::process::id()));
    let first = Board::C3.with(loader::Trouble::Unplugged).running();
    let _ = std::fs::remove_file(&link);
    std::os::unix::fs::symlink(&first.port, &link).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_ruvllm-esp"))
        .args(["monitor", "--no-reset", "--port", link.to_str().unwrap()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keyboard = child.stdin.take().unwrap();
    keyboard.write_all(b"role\n").unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let mut said = String::new();
    let mut expect = |text: &str| {
        let mut buffer = [0; 512];
        while !said.contains(text) {
            let length = stderr.read(&mut buffer).unwrap();
            assert!(length > 0, "`{text}` is not in {said:?}");
            said += &String::from_utf8_lossy(&buffer[..length]);
        }
    };
    expect("went away");
    let second = Board::C3.running();
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(&second.port, &link).unwrap();
    expect("is back");
    keyboard.write_all(b"role\n").unwrap();
    drop(keyboard);
    let mut stdout = String::new();
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    std::fs::remove_file(&link).unwrap();
    assert!(stdout.contains("role: HnswIndexer"), "{stdout}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
