//! How a fleet's key is given: by a file, the environment or a prompt; and where it never appears.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const DIGITS: &str = "c0ffee00112233445566778899aabbcc";
const VARIABLE: &str = "RUVLLM_ESP_KEY";

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ruvllm-esp-key-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, text: &str, mode: u32) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path.to_str().unwrap().into()
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().into()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ruvllm-esp"));
    command.args(arguments).env("NO_COLOR", "1").env_remove(VARIABLE);
    command
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// Ends with `exit`, says `text` on standard error, and shows the key nowhere.
fn expect(output: &Output, exit: i32, text: &str) {
    let [out, err] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).to_lowercase());
    assert!(output.status.code() == Some(exit) && err.contains(text), "{exit} {text}: {out}\n{err}");
    assert!(!out.contains(DIGITS) && !err.contains(DIGITS), "{out}\n{err}");
}

const HELLO: [&str; 5] = ["wire", "encode", "hello", "--from", "5"];

fn hello(options: &[&str]) -> Output {
    run(&[&HELLO, options].concat())
}

#[test]
fn a_file_and_the_environment_give_the_same_key_and_the_command_line_none() {
    let folder = Folder::new("ways");
    let file = folder.file("fleet.key", &format!("{DIGITS}\n"), 0o600);
    let by_file = hello(&["--key-file", &file]);
    expect(&by_file, 0, "");
    let by_variable = command(&HELLO).env(VARIABLE, DIGITS).output().unwrap();
    expect(&by_variable, 0, "");
    assert_eq!(by_file.stdout, by_variable.stdout);
    assert_ne!(by_file.stdout, hello(&[]).stdout);
    // An option wins.
    let other =
        command(&[&HELLO[..], &["--key-file", &file]].concat()).env(VARIABLE, "00".repeat(16)).output();
    assert_eq!(other.unwrap().stdout, by_file.stdout);
    for subcommand in
        [&HELLO[..], &["wire", "decode", "02"], &["sim", "--fleet", "x.toml"], &["fleet", "replay", "x"]]
    {
        let output = run(&[subcommand, &["--key", DIGITS]].concat());
        let is_read_first = subcommand.contains(&"x.toml") || subcommand.contains(&"x");
        expect(&output, 2, if is_read_first { "error" } else { "key::on-command-line" });
    }
    expect(&hello(&["--key", "-"]), 2, "key::no-terminal");
    expect(&hello(&["--key", "-", "--key-file", &file]), 2, "cannot be used with");
    let wrong = command(&HELLO).env(VARIABLE, &DIGITS[1..]).output().unwrap();
    expect(&wrong, 2, "key::not-a-key");
}

#[test]
fn a_file_that_others_may_open_is_refused_with_the_command_to_run() {
    let folder = Folder::new("modes");
    for mode in [0o644, 0o640, 0o604, 0o620, 0o666] {
        let file = folder.file("fleet.key", DIGITS, mode);
        let output = hello(&["--key-file", &file]);
        expect(&output, 2, "key::readable-by-others");
        expect(&output, 2, &format!("chmod 600 {file}"));
    }
    let document =
        format!("key = \"{DIGITS}{DIGITS}\"\n[[chip]]\nport = \"/dev/null\"\nvariant = \"esp32c3\"\n");
    let fleet = folder.file("fleet.toml", &document, 0o644);
    expect(&run(&["flash", "--fleet", &fleet]), 2, "key::readable-by-others");
    let fleet = folder.file("fleet.toml", &document, 0o600);
    expect(&run(&["flash", "--fleet", &fleet, "--out", &folder.path("none")]), 2, "flash::no-image");
}

#[test]
fn a_new_key_is_for_its_owner_alone_and_replaces_none() {
    let folder = Folder::new("new");
    let file = folder.path("fleet.key");
    // Even where new files are for everyone.
    let script = "umask 000; \"$0\" fleet key \"$1\"";
    let made =
        Command::new("sh").args(["-c", script, env!("CARGO_BIN_EXE_ruvllm-esp"), &file]).output().unwrap();
    assert_eq!(made.status.code(), Some(0), "{made:?}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&file).unwrap();
    let said = String::from_utf8(made.stdout).unwrap();
    assert!(text.len() == 33 && !said.contains(text.trim()) && said.contains("with the id "), "{said}");
    expect(&hello(&["--key-file", &file]), 0, "");
    expect(&run(&["fleet", "key", &file]), 2, "key::exists");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    assert_eq!(run(&["fleet", "key", &folder.path("other")]).status.code(), Some(0));
    assert_ne!(fs::read_to_string(folder.path("other")).unwrap(), text);
}

const PAIR: &str = "schema = 1\nkey = \"KEY\"\n[[chip]]\nvariant = \"esp32c3\"\n[[chip]]\nvariant = \"esp32c6\"\n\
                    [[expect]]\nkind = \"peers\"\nat-least = 1\n";

fn simulated(folder: &Folder, key: &str, trace: &str, options: &[&str]) -> Output {
    let scenario = folder.file("pair.toml", &PAIR.replace("KEY", key), 0o644);
    let trace = folder.path(trace);
    run(&[&["sim", "--fleet", &scenario, "--trace", &trace], options].concat())
}

#[test]
fn a_trace_names_its_key_and_is_run_again_by_who_has_it() {
    let folder = Folder::new("trace");
    let key = folder.file("fleet.key", DIGITS, 0o600);
    let other = folder.file("other.key", &"00".repeat(16), 0o600);
    expect(&simulated(&folder, DIGITS, "inline.trace", &[]), 0, "");
    let text = fs::read_to_string(folder.path("inline.trace")).unwrap();
    let header = text.lines().next().unwrap();
    assert!(!text.to_lowercase().contains(DIGITS), "{header}");
    let id = header.split_once("id:").unwrap().1.get(..16).unwrap();
    assert!(header.contains(&format!("\"key_id\":\"{id}\"")), "{header}");
    let replay =
        |options: &[&str]| run(&[&["fleet", "replay", &folder.path("inline.trace")], options].concat());
    expect(&replay(&[]), 2, "key::missing");
    expect(&replay(&["--key-file", &other]), 2, "key::wrong");
    expect(&replay(&["--key-file", &key]), 0, "");
    // The scenario may name its key as well.
    let named = format!("id:{id}");
    expect(&simulated(&folder, &named, "named.trace", &[]), 2, "key::missing");
    expect(&simulated(&folder, &named, "named.trace", &["--key-file", &other]), 2, "key::wrong");
    expect(&simulated(&folder, &named, "named.trace", &["--key-file", &key]), 0, "");
    assert_eq!(fs::read_to_string(folder.path("named.trace")).unwrap(), text);
    expect(&run(&["fleet", "check", &folder.path("pair.toml")]), 0, "");
    // One that protects nothing needs none; a mistyped one is not shown.
    expect(&simulated(&folder, "from-seed", "seed.trace", &[]), 0, "");
    expect(&run(&["fleet", "replay", &folder.path("seed.trace")]), 0, "");
    let wrong = simulated(&folder, &format!("{DIGITS}0"), "wrong.trace", &[]);
    expect(&wrong, 2, "`key` is not a key");
    assert!(!Path::new(&folder.path("wrong.trace")).exists());
}

#[test]
fn a_person_is_asked_without_echo() {
    let size = PtySize { rows: 24, cols: 120, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_ruvllm-esp"));
    command.args(HELLO);
    command.args(["--key", "-"]);
    command.env("TERM", "xterm");
    command.env_remove(VARIABLE);
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut keyboard = pair.master.take_writer().unwrap();
    let (mut shown, mut byte) = (Vec::new(), [0]);
    while !shown.ends_with(b"not shown): ") {
        reader.read_exact(&mut byte).unwrap();
        shown.push(byte[0]);
    }
    writeln!(keyboard, "{DIGITS}").unwrap();
    // A terminal that nobody holds any more ends with an error.
    let _ = reader.read_to_end(&mut shown);
    assert!(child.wait().unwrap().success());
    let shown = String::from_utf8(shown).unwrap();
    let folder = Folder::new("prompt");
    let by_file = hello(&["--key-file", &folder.file("fleet.key", DIGITS, 0o600)]);
    let frame = String::from_utf8(by_file.stdout).unwrap();
    assert!(shown.contains(frame.trim()) && !shown.contains(DIGITS), "{shown}");
}
