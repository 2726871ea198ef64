//! The console as a person meets it, in a real pseudo-terminal.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);
const UP: &str = "\x1b[A";
const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";

struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    screen: Receiver<Vec<u8>>,
    /// What was shown and not yet waited for.
    shown: String,
}

impl Terminal {
    fn open(arguments: &[&str]) -> Self {
        let pair = native_pty_system()
            .openpty(PtySize { rows: 24, cols: 200, pixel_width: 0, pixel_height: 0 })
            .unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_ruvllm-esp"));
        command.args(arguments);
        command.env("TERM", "xterm");
        command.env("NO_COLOR", "1");
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keyboard = pair.master.take_writer().unwrap();
        let (sender, screen) = channel();
        std::thread::spawn(move || {
            let _master = pair.master;
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, keyboard, screen, shown: String::new() }
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Waits until `text` is shown; everything up to it counts as read.
    fn expect(&mut self, text: &str) {
        let begun = Instant::now();
        loop {
            if let Some(position) = self.shown.find(text) {
                self.shown.drain(..position + text.len());
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "`{text}` is not in {:?}", self.shown);
            if let Ok(bytes) = self.screen.recv_timeout(Duration::from_millis(100)) {
                self.shown.push_str(&String::from_utf8_lossy(&bytes));
            }
        }
    }

    fn exit_code(&mut self) -> u32 {
        self.child.wait().unwrap().exit_code()
    }
}

#[test]
fn a_person_types_recalls_completes_and_leaves() {
    let mut terminal = Terminal::open(&["sim", "--variant", "esp32c6"]);
    terminal.expect("role=MemoryArchivist");
    terminal.expect("esp32c6> ");
    terminal.press("remember fact the pump is in hall 3\r");
    terminal.expect("remembered id=0");
    terminal.expect("modelled");
    terminal.expect("esp32c6> ");
    // The same line again, from the history: the same memory.
    terminal.press(&format!("{UP}\r"));
    terminal.expect("already known as id=0");
    terminal.expect("esp32c6> ");
    // The tab completes `recal`, which is no command.
    terminal.press("recal\t pump\r");
    terminal.expect("top: the pump is in hall 3");
    terminal.expect("esp32c6> ");
    terminal.press("@wait 2h\r");
    terminal.expect("waited 2.00 h");
    terminal.expect("esp32c6> ");
    terminal.press("@wiat 2h\r");
    terminal.expect("cli::bad-directive");
    terminal.expect("esp32c6> ");
    terminal.press(CTRL_D);
    terminal.expect("3 commands, 0 failed");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn one_interrupt_clears_the_line_and_two_leave() {
    let mut terminal = Terminal::open(&["sim", "--variant", "esp32c3"]);
    terminal.expect("esp32c3> ");
    terminal.press(&format!("add never sent{CTRL_C}"));
    terminal.expect("Ctrl-C again");
    terminal.expect("esp32c3> ");
    terminal.press("stats\r");
    terminal.expect("hnsw=0");
    terminal.expect("esp32c3> ");
    terminal.press(CTRL_C);
    terminal.expect("Ctrl-C again");
    terminal.expect("esp32c3> ");
    terminal.press(CTRL_C);
    terminal.expect("1 command, 0 failed");
    assert_eq!(terminal.exit_code(), 130);
}

/// With an image from RUVLLM_EXACT_IMAGES.
#[test]
#[ignore = "runs images: `ruvllm-esp build --variant esp32c3,esp32c6 --out DIR`, then RUVLLM_EXACT_IMAGES=DIR"]
fn an_image_on_the_emulated_chip_is_typed_at_as_well() {
    let folder = std::env::var("RUVLLM_EXACT_IMAGES").unwrap();
    let image = format!("{folder}/ruvllm-esp-esp32c3.bin");
    let mut terminal = Terminal::open(&["sim", "--variant", "esp32c3", "--exact", "--image", &image]);
    terminal.expect("[ready]");
    terminal.expect("esp32c3> ");
    terminal.press("add the pump is in hall 3\r");
    terminal.expect("added id=0");
    terminal.expect("emulated");
    terminal.expect("esp32c3> ");
    terminal.press(&format!("{UP}\r"));
    terminal.expect("already known as id=0");
    terminal.expect("esp32c3> ");
    terminal.press(CTRL_C);
    terminal.expect("Ctrl-C again");
    terminal.expect("esp32c3> ");
    terminal.press(CTRL_C);
    terminal.expect("2 commands, 0 failed");
    assert_eq!(terminal.exit_code(), 130);
}

#[test]
fn a_terminal_can_be_treated_as_a_pipe() {
    let mut terminal = Terminal::open(&["sim", "--variant", "esp32c3", "--non-interactive"]);
    terminal.expect("[ready]");
    terminal.press("role\n");
    terminal.expect("role: HnswIndexer");
    terminal.press(CTRL_D);
    terminal.expect("1 command, 0 failed");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn words_of_other_prompts_list_the_commands_and_end_the_session_at_no_cost() {
    for word in ["quit", "exit", "/bye"] {
        let mut terminal = Terminal::open(&["sim", "--variant", "esp32c6"]);
        terminal.expect("esp32c6> ");
        terminal.press("?\r");
        terminal.expect("remember TYPE");
        terminal.expect("ends the session, as exit, /bye and Ctrl-D do");
        terminal.expect("esp32c6> ");
        terminal.press(&format!("{word}\r"));
        terminal.expect("0 commands, 0 failed");
        assert_eq!(terminal.exit_code(), 0, "{word}");
    }
}
