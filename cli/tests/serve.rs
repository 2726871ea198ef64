//! The console opened to others: real TCP clients, and a real pseudo-terminal.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);

/// A simulator with its console open.
struct Server {
    child: Child,
    events: Receiver<String>,
    address: String,
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ruvllm-esp"));
        command.args(["sim", "--variant", "esp32c6", "--json", "--quiet"]).args(arguments);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        // Events are taken off as they come, whether anybody asks or not: a full pipe would stop the chip.
        let (sender, events) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let mut server = Self { child, events, address: String::new() };
        let boot = server.event("boot");
        assert!(boot["banner"].as_str().unwrap().contains("[ready]"));
        let listening = server.event("listening");
        let address = &listening[if arguments.contains(&"--pty") { "pty" } else { "tcp" }];
        let address = if address["path"].is_string() { &address["path"] } else { &address["address"] };
        server.address = address.as_str().unwrap().to_string();
        server
    }

    /// The next event, which is of this kind.
    fn event(&self, kind: &str) -> serde_json::Value {
        let line = self.events.recv_timeout(PATIENCE).unwrap();
        let event: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(event["kind"], kind, "{line}");
        event
    }

    fn client(&self) -> Client {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Client { stream, received: String::new() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Client {
    stream: TcpStream,
    received: String,
}

impl Client {
    fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Reads up to `text`, and gives what came before it.
    fn expect(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.received.find(text) {
                let rest = self.received.split_off(at + text.len());
                let mut before = std::mem::replace(&mut self.received, rest);
                before.truncate(at);
                return before;
            }
            let mut buffer = [0; 4096];
            let length = match self.stream.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                length => length.unwrap(),
            };
            assert!(length > 0, "`{text}` is not in {:?}", self.received);
            self.received.push_str(&String::from_utf8_lossy(&buffer[..length]));
        }
    }

    fn rest(mut self) -> String {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).unwrap();
        self.received + &String::from_utf8_lossy(&rest)
    }
}

#[test]
fn a_script_over_tcp_gets_the_bytes_that_a_pipe_gets() {
    let script = "remember fact the pump is in hall 3\r\n\n# a remark\n@wait 2h\nrecall pump\nnonsense\n";
    let mut pipe = Command::new(env!("CARGO_BIN_EXE_ruvllm-esp"));
    pipe.args(["sim", "--variant", "esp32c6", "--quiet"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut pipe = pipe.spawn().unwrap();
    pipe.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let expected = String::from_utf8(pipe.wait_with_output().unwrap().stdout).unwrap();

    let server = Server::start(&["--tcp", "0"]);
    assert!(server.address.starts_with("127.0.0.1:"), "{}", server.address);
    let mut client = server.client();
    client.send_bytes(script.as_bytes());
    client.stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(client.rest(), expected);
    assert_eq!(server.event("client")["state"], "connected");
    assert_eq!(server.event("command")["line"], "remember fact the pump is in hall 3");
    assert_eq!(server.event("wait")["wait_us"], 7_200_000_000_u64);
    assert!(server.event("command")["cost"]["cycles"].is_object());
    assert_eq!(server.event("command")["error"], "unknown-command");
    assert_eq!(server.event("client")["state"], "disconnected");
}

#[test]
fn the_chip_and_its_line_outlive_the_client() {
    let server = Server::start(&["--tcp", "0"]);
    let mut first = server.client();
    first.expect("[ready] type 'help' for commands\n");
    first.send_bytes(b"remember fact tea is green\n\x05ro");
    first.expect("remembered id=0\n");
    first.expect("> ro");
    drop(first);
    // No banner, for the chip did not start again; the line goes on, and a person's mode with it.
    let mut second = server.client();
    second.send_bytes(b"le\r");
    assert_eq!(second.expect("role: MemoryArchivist\r\n> "), "le\r\n");
    second.send_bytes(b"recall tea\r");
    second.expect("top: tea is green\r\n");
    second.send_bytes(b"\x04role\n");
    second.expect("\r\nrole: MemoryArchivist\n");
}

#[test]
fn a_second_client_is_reported_and_the_first_stays() {
    let server = Server::start(&["--tcp", "0"]);
    let mut first = server.client();
    first.expect("[ready]");
    assert_eq!(server.event("client")["state"], "connected");
    let second = server.client();
    let refusal = second.rest();
    assert!(refusal.starts_with("another client has this console; try again when it has left"), "{refusal}");
    assert!(refusal.ends_with("idle for 300 s (now 0 s)\n"), "{refusal}");
    assert_eq!(server.event("client")["state"], "refused");
    first.send_bytes(b"role\n");
    first.expect("role: MemoryArchivist\n");
    drop(first);
    assert_eq!(server.event("command")["line"], "role");
    // At once after the first has left.
    let mut third = server.client();
    third.send_bytes(b"variant\n");
    third.expect("variant: esp32c6\n");
}

#[test]
fn forty_silent_clients_do_not_delay_the_next() {
    let server = Server::start(&["--tcp", "0"]);
    let mut first = server.client();
    first.expect("[ready]");
    let waiting: Vec<Client> = (0..40).map(|_| server.client()).collect();
    let begun = Instant::now();
    assert!(server.client().rest().starts_with("another client has this console"));
    // One after the other they took half a second each.
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    drop(waiting);
    first.send_bytes(b"role\n");
    first.expect("role: MemoryArchivist\n");
}

#[test]
fn a_silent_client_gives_way_and_is_reported() {
    let server = Server::start(&["--tcp", "0", "--idle", "0"]);
    let mut silent = server.client();
    silent.expect("[ready]");
    let mut next = server.client();
    next.send_bytes(b"role\n");
    next.expect("role: MemoryArchivist\n");
    silent.expect("idle for 0 s or more: another client takes this console\n");
    assert_eq!(silent.rest(), "");
}

#[test]
fn garbage_and_long_lines_are_refused_line_by_line() {
    let server = Server::start(&["--tcp", "0"]);
    let mut client = server.client();
    client.expect("[ready] type 'help' for commands\n");
    client.send_bytes(b"\xff\xfe\n");
    assert_eq!(client.expect("\n"), "err: not-utf8 the line is not UTF-8");
    client.send_bytes(b"a\x00b\n");
    assert_eq!(client.expect("\n"), "err: control-byte the line holds the control byte 0x00");
    client.send_bytes(&vec![b'x'; 1 << 20]);
    client.send_bytes(b"\n");
    assert_eq!(client.expect("\n"), "err: line-too-long a line is at most 256 bytes");
    // Every byte there is, with no care for lines; and then it still answers.
    let garbage: Vec<u8> = (0..200_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let mut writer = client.stream.try_clone().unwrap();
    let sender = std::thread::spawn(move || {
        writer.write_all(&garbage).unwrap();
        writer.write_all(b"\r\n\r\n\x04\nset-role rag !\nvariant\n").unwrap();
    });
    client.expect("variant: esp32c6");
    sender.join().unwrap();
}

#[test]
fn a_client_that_only_sends_does_not_stop_the_others() {
    let server = Server::start(&["--tcp", "0"]);
    let mut deaf = server.client();
    deaf.stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    // Replies are eight times as long as this: at some time nothing moves any more.
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE && deaf.stream.write_all(&b"help\n".repeat(2000)).is_ok() {}
    assert!(begun.elapsed() < PATIENCE, "input is not held back");
    drop(deaf);
    // What it sent is read to its end first, as on any serial line.
    loop {
        assert!(begun.elapsed() < PATIENCE, "the console stays taken");
        let mut next = server.client();
        next.send_bytes(b"\nvariant\n");
        // The end of the line that was begun, and the answer; or that the console is taken.
        let first = next.expect("\n");
        if first.starts_with("another client") {
            continue;
        }
        if first != "variant: esp32c6" {
            next.expect("variant: esp32c6\n");
        }
        return;
    }
}

/// With an image from RUVLLM_EXACT_IMAGES.
#[test]
#[ignore = "runs images: `ruvllm-esp build --variant esp32c3,esp32c6 --out DIR`, then RUVLLM_EXACT_IMAGES=DIR"]
fn the_flashed_image_is_talked_to_as_well() {
    let folder = std::env::var("RUVLLM_EXACT_IMAGES").unwrap();
    let image = format!("{folder}/ruvllm-esp-esp32c6.bin");
    let server = Server::start(&["--tcp", "0", "--exact", "--image", &image]);
    let mut client = server.client();
    client.expect("[ready] type 'help' for commands\n");
    client.send_bytes(b"remember fact tea is green\n\xff\na\x01\n\x05recall tea\r");
    client.expect("remembered id=0\n");
    assert_eq!(client.expect("\n"), "err: not-utf8 the line is not UTF-8");
    assert_eq!(client.expect("\n"), "err: control-byte the line holds the control byte 0x01");
    client.expect("> recall tea\r\ntop: tea is green\r\n");
    client.send_bytes(b"chip\r");
    client.expect("chip: esp32c6 ");
    // A chip that restarts does not know who is there, and its memory is empty.
    client.send_bytes(b"chip reset\rrecall tea\n");
    client.expect("[ready] type 'help' for commands\ntop: (no recall)\n");
    assert_eq!(server.event("client")["state"], "connected");
    assert_eq!(server.event("command")["cost"]["cycles"]["kind"], "emulated");
}

#[test]
fn what_cannot_be_opened_is_reported() {
    let server = Server::start(&["--tcp", "0"]);
    let port = server.address.rsplit(':').next().unwrap();
    let refused = |arguments: &[&str], exit: i32, code: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ruvllm-esp"));
        let output = command.args(["sim", "--variant", "esp32c6"]).args(arguments).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(exit), "{stderr}");
        assert!(stderr.contains(code) && stderr.contains("help"), "{stderr}");
    };
    refused(&["--tcp", port], 3, "sim::cannot-listen");
    refused(&["--tcp", "0", "--bind", "192.0.2.1"], 3, "sim::cannot-listen");
    refused(&["--bind", "127.0.0.1"], 2, "--tcp");
    refused(&["--tcp", "0", "--demo"], 2, "--demo");
    refused(&["--tcp", "0", "--pty"], 2, "--pty");
}

/// Quiet or not, somebody has to be told where the console is.
#[test]
fn a_quiet_server_says_its_address_on_standard_output() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ruvllm-esp"));
    command.args(["sim", "--variant", "esp32c6", "--quiet", "--tcp", "0"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut address = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
    assert!(TcpStream::connect(address.trim()).is_ok(), "{address}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[cfg(unix)]
mod unix {
    use super::*;
    use portable_pty::{CommandBuilder, PtySize, native_pty_system};
    use std::fs::{File, OpenOptions};

    /// Reads up to `text`, within the time there is.
    fn expect(terminal: &mut File, received: &mut String, text: &str) {
        while !received.contains(text) {
            let mut buffer = [0; 4096];
            let length = terminal.read(&mut buffer).unwrap();
            received.push_str(&String::from_utf8_lossy(&buffer[..length]));
        }
    }

    fn open(path: &str) -> File {
        OpenOptions::new().read(true).write(true).open(path).unwrap()
    }

    #[test]
    fn a_pseudo_terminal_is_a_serial_port() {
        let server = Server::start(&["--pty"]);
        let (mut terminal, mut received) = (open(&server.address), String::new());
        expect(&mut terminal, &mut received, "[ready] type 'help' for commands\n");
        received.clear();
        terminal.write_all(b"remember fact tea is green\n\xff\n").unwrap();
        expect(&mut terminal, &mut received, "UTF-8\n");
        // Nothing but the chip echoes, and line feeds stay as they are.
        assert_eq!(received, "remembered id=0\nerr: not-utf8 the line is not UTF-8\n");
        drop(terminal);
        assert_eq!(server.event("command")["line"], "remember fact tea is green");
        let (mut terminal, mut received) = (open(&server.address), String::new());
        terminal.write_all(b"\x05recall tea\r").unwrap();
        expect(&mut terminal, &mut received, "top: tea is green\r\n");
        assert!(received.starts_with("> recall tea\r\n"), "{received:?}");
    }

    #[test]
    fn nobody_reading_does_not_stop_the_chip() {
        let server = Server::start(&["--pty"]);
        let mut terminal = open(&server.address);
        for _ in 0..40 {
            terminal.write_all(b"help\n").unwrap();
        }
        for _ in 0..40 {
            server.event("command");
        }
    }

    /// What the program says on its own terminal, until it ends with this code.
    fn interrupted(arguments: &[&str]) -> String {
        let size = PtySize { rows: 24, cols: 200, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_ruvllm-esp"));
        command.args(["sim", "--variant", "esp32c6", "--color", "never"]);
        command.args(arguments);
        let mut child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let (mut reader, mut keyboard) =
            (pair.master.try_clone_reader().unwrap(), pair.master.take_writer().unwrap());
        let (mut screen, mut buffer, mut pressed) = (String::new(), [0; 4096], false);
        while let Ok(length @ 1..) = reader.read(&mut buffer) {
            screen.push_str(&String::from_utf8_lossy(&buffer[..length]));
            if !pressed && screen.contains("Ctrl-C here ends it") {
                keyboard.write_all(b"\x03").unwrap();
                keyboard.flush().unwrap();
                pressed = true;
            }
        }
        assert_eq!(child.wait().unwrap().exit_code(), 130, "{screen}");
        screen
    }

    #[test]
    fn an_interrupt_ends_it_with_a_summary() {
        let screen = interrupted(&["--tcp", "0"]);
        assert!(
            screen.contains("the console is at 127.0.0.1:") && screen.contains("`nc 127.0.0.1 "),
            "{screen}"
        );
        assert!(screen.contains("0 commands, 0 failed"), "{screen}");
        let screen = interrupted(&["--pty"]);
        assert!(screen.contains("the console is at /dev/"), "{screen}");
        assert!(screen.contains("0 commands, 0 failed"), "{screen}");
    }
}
