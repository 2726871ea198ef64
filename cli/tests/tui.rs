//! The display in a real terminal, over a board on a real port.
#![cfg(all(unix, feature = "tui", feature = "board"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use ruvllm_esp_core::agent::Identity;
use ruvllm_esp_core::chip::{self, Radio};
use ruvllm_esp_core::role::RoleKind;
use ruvllm_esp_sim::single::{Setup, SingleChip};
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

/// A board that runs the core, on a port of its own. Gives the name of the port.
fn board() -> String {
    let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
    let master = native_pty_system().openpty(size).unwrap().master;
    let port = master.tty_name().unwrap().to_str().unwrap().to_string();
    let (mut reader, mut writer) = (master.try_clone_reader().unwrap(), master.take_writer().unwrap());
    let chip = chip::by_name("esp32c3").unwrap();
    let identity = Identity { chip, role: RoleKind::HnswIndexer, chip_id: 7, seed: 1 };
    std::thread::spawn(move || {
        let _master: Box<dyn MasterPty + Send> = master;
        let mut single = SingleChip::boot(&Setup { identity, radio: Radio::Off, arena: None }).unwrap();
        let (mut buffer, mut input) = ([0; 1024], String::new());
        loop {
            match reader.read(&mut buffer) {
                Ok(length @ 1..) => input += &String::from_utf8_lossy(&buffer[..length]),
                // Nobody there.
                _ => std::thread::sleep(Duration::from_millis(5)),
            }
            while let Some(end) = input.find('\n') {
                let line: String = input.drain(..=end).filter(|letter| !letter.is_control()).collect();
                let reply = single.line(Ok(&line)).unwrap().text;
                if writer.write_all(reply.as_bytes()).is_err() {
                    return;
                }
            }
        }
    });
    port
}

struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    screen: Receiver<Vec<u8>>,
    /// What was shown and not yet waited for, and what was.
    shown: String,
    seen: String,
}

impl Terminal {
    /// The display in a shell that looks at the terminal before and after.
    fn open(arguments: &str) -> Self {
        let script = format!(
            "before=$(stty -g); sh -c 'echo process $$; exec \"$0\" tui {arguments}' \"$0\"; code=$?; \
             [ \"$before\" = \"$(stty -g)\" ] && echo restored $code"
        );
        Self::run(&script)
    }

    /// A shell that runs `script`, to which `$0` is the program.
    fn run(script: &str) -> Self {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new("sh");
        command.args(["-c", script, env!("CARGO_BIN_EXE_ruvllm-esp")]);
        command.env("TERM", "xterm");
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keyboard = pair.master.take_writer().unwrap();
        let (sender, screen) = channel();
        std::thread::spawn(move || {
            let _master = pair.master;
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                let _ = sender.send(buffer[..length].to_vec());
            }
        });
        Self { child, keyboard, screen, shown: String::new(), seen: String::new() }
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Waits until `text` is shown. Only what changes is drawn, so a word counts only where it is drawn in one piece.
    fn expect(&mut self, text: &str) {
        let begun = Instant::now();
        let end = loop {
            if let Some(at) = self.shown.find(text) {
                break at + text.len();
            }
            assert!(begun.elapsed() < PATIENCE, "`{text}` is not in {:?}", self.shown);
            if let Ok(bytes) = self.screen.recv_timeout(Duration::from_millis(100)) {
                self.shown += &String::from_utf8_lossy(&bytes);
            }
        };
        self.seen += &self.shown.drain(..end).collect::<String>();
    }

    /// The terminal is given back, and the display ended like this.
    fn expect_end(&mut self, code: u32) {
        self.expect(&format!("restored {code}"));
        let left = self.seen.find("\x1b[?1049l").unwrap();
        assert!(left < self.seen.find("restored").unwrap());
        self.child.wait().unwrap();
    }
}

#[test]
fn a_person_looks_at_a_board_types_and_leaves() {
    let mut terminal = Terminal::open(&format!("--port {}", board()));
    terminal.expect("esp32c3");
    terminal.press("\r");
    terminal.expect("Console of");
    terminal.press("iadd the pump is in hall 3\r");
    terminal.expect("added");
    terminal.press("\x1b");
    terminal.expect("section");
    terminal.press("q");
    terminal.expect_end(0);
}

/// As many characters as no read of the keyboard takes at once, with and without the brackets of a paste.
#[test]
fn a_long_paste_does_not_block_the_keyboard() {
    for (begin, end) in [("", ""), ("\x1b[200~", "\x1b[201~")] {
        let mut terminal = Terminal::open(&format!("--port {}", board()));
        terminal.expect("filter");
        terminal.press("/");
        terminal.expect("leave");
        terminal.press(&format!("{begin}{}PASTED{end}", "a ".repeat(2_000)));
        terminal.expect("PASTED");
        terminal.press("\x03");
        terminal.expect_end(130);
    }
}

#[test]
fn an_interrupt_gives_the_terminal_back() {
    let mut terminal = Terminal::open(&format!("--port {}", board()));
    terminal.expect("filter");
    terminal.press("\x03");
    terminal.expect_end(130);
}

/// Runs a command line of the shell in a terminal that vanishes once the display is there; gives its exit code.
fn exit_code_without_terminal(script: &str) -> u32 {
    let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_ruvllm-esp")]);
    command.env("TERM", "xterm");
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let (mut shown, mut buffer) = (String::new(), [0; 4096]);
    while !shown.contains("filter") {
        let length = reader.read(&mut buffer).unwrap();
        shown += &String::from_utf8_lossy(&buffer[..length]);
    }
    drop((reader, pair.master));
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.exit_code();
        }
        assert!(begun.elapsed() < PATIENCE, "it does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_terminal_that_vanishes_ends_the_display_without_a_word() {
    let port = board();
    assert_eq!(exit_code_without_terminal(&format!("exec \"$0\" tui --port {port}")), 130);
    // Without the signal that comes with it, as under `nohup`.
    assert_eq!(exit_code_without_terminal(&format!("trap '' HUP; exec \"$0\" tui --port {port}")), 130);
    let words = std::env::temp_dir().join(format!("ruvllm-esp-tui-vanished-{}", std::process::id()));
    let script = format!("exec \"$0\" tui --port {port} 2>'{}'", words.display());
    assert_eq!(exit_code_without_terminal(&script), 130);
    assert_eq!(std::fs::read_to_string(&words).unwrap(), "");
    std::fs::remove_file(words).unwrap();
}

#[test]
fn control_z_gives_the_terminal_back_and_going_on_takes_it_again() {
    let script = "set -m; before=$(stty -g); \"$0\" tui ARGUMENTS; code=$?; \
                  [ \"$before\" = \"$(stty -g)\" ] && echo stopped $code; fg >/dev/null; \
                  code=$?; [ \"$before\" = \"$(stty -g)\" ] && echo restored $code";
    let script = script.replace("ARGUMENTS", &format!("--port {}", board()));
    let mut terminal = Terminal::run(&script);
    terminal.expect("filter");
    terminal.press("\x1a");
    terminal.expect("stopped 148");
    let left = terminal.seen.find("\x1b[?1049l").unwrap();
    assert!(left < terminal.seen.find("stopped").unwrap());
    terminal.expect("\x1b[?1049h");
    terminal.expect("filter");
    terminal.press("q");
    terminal.expect("restored 0");
}

#[test]
fn a_program_that_is_asked_to_stop_gives_the_terminal_back() {
    let mut terminal = Terminal::open(&format!("--port {}", board()));
    terminal.expect("process ");
    terminal.expect("filter");
    let after = terminal.seen.split("process ").nth(1).unwrap();
    let process: String = after.chars().take_while(char::is_ascii_digit).collect();
    assert!(Command::new("kill").args(["-TERM", &process]).status().unwrap().success());
    terminal.expect_end(130);
}

#[test]
fn a_dumb_terminal_is_refused() {
    let pair =
        native_pty_system().openpty(PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 }).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_ruvllm-esp"));
    command.arg("tui");
    command.env("TERM", "dumb");
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let (mut shown, mut buffer) = (String::new(), [0; 4096]);
    while let Ok(length @ 1..) = reader.read(&mut buffer) {
        shown += &String::from_utf8_lossy(&buffer[..length]);
    }
    assert_eq!(child.wait().unwrap().exit_code(), 2, "{shown}");
    assert!(shown.contains("tui::dumb-terminal") && !shown.contains("\x1b[?1049h"), "{shown}");
}

#[test]
fn without_a_terminal_there_is_an_error_and_nothing_else() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ruvllm-esp"));
    let output = command.arg("tui").stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{text}");
    assert!(text.contains("tui::no-terminal") && text.contains("sim --fleet"), "{text}");
}
