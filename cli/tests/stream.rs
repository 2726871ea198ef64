//! What a shell does to a command: pipes, closed pipes, colour, and the same bytes twice.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Output, Stdio};

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ruvllm-esp"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env("XDG_CONFIG_HOME", "/nowhere");
    for variable in
        ["RUVLLM_VARIANT", "RUVLLM_ROLE", "RUVLLM_CHIP_ID", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"]
    {
        command.env_remove(variable);
    }
    command
}

fn run(mut command: Command, input: &[u8]) -> Output {
    let mut child = command.spawn().unwrap();
    // Not every command reads what it is given.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

#[test]
fn a_pipe_in_gives_an_answer_out() {
    let input = b"remember fact ESP32-S3 has 512KB SRAM\nremember fact the pump is in hall 3\nrecall where is the pump\n";
    let output = run(command(&["sim", "--variant", "esp32c6"]), input);
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("top: the pump is in hall 3\n"), "{stdout}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        stderr.matches("modelled").count(),
        3 + 2,
        "a tag a command, two in the summary, which has the energy since power-on too:\n{stderr}"
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn any_line_ending_gives_the_same_bytes_and_so_does_a_second_run() {
    let unix = run(command(&["sim", "--variant", "esp32c3"]), b"add one two\nsearch two\n");
    let dos = run(command(&["sim", "--variant", "esp32c3"]), b"add one two\r\nsearch two");
    assert_eq!(unix.stdout, dos.stdout);
    assert_eq!(unix.stderr, dos.stderr);
    let json =
        |()| run(command(&["sim", "--variant", "esp32c3", "--json"]), b"add one two\nsearch two\n").stdout;
    assert_eq!(json(()), json(()));
}

#[test]
fn an_answer_comes_before_the_next_line_is_typed() {
    let mut child = command(&["sim", "--variant", "esp32c3", "--quiet"]).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.by_ref().take(3).count(), 3, "the banner");
    for id in 0..3 {
        writeln!(input, "add text number {id}").unwrap();
        assert_eq!(lines.next(), Some(format!("added id={id}")));
    }
    drop(input);
    assert_eq!(lines.next(), None);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let mut child = command(&["sim", "--variant", "esp32c3"]).spawn().unwrap();
    let mut first = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut first).unwrap();
    drop(stdout);
    let mut input = child.stdin.take().unwrap();
    for id in 0..2000 {
        if writeln!(input, "add text number {id}").is_err() {
            break;
        }
    }
    drop(input);
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert!(first.starts_with("ruvllm-esp "), "{first}");
    assert!(!stderr.contains("panicked") && !stderr.contains("error"), "{stderr}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn json_means_nothing_but_json() {
    for arguments in [
        &["chips", "--json"][..],
        &["roles", "--json"],
        &["fit", "--json"],
        &["sim", "--variant", "esp32", "--json"],
        &["sim", "--variant", "esp32", "--demo", "--json"],
        &["sim", "--json"],
    ] {
        let output = run(command(arguments), b"add a line\nnonsense\n\xff\n");
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(!stdout.is_empty(), "{arguments:?}");
        for line in stdout.lines() {
            let object: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(object["schema"], 1, "{arguments:?}");
            assert!(object["kind"].is_string(), "{arguments:?}");
        }
    }
}

#[test]
fn colour_is_decided_in_one_place() {
    let has_escapes = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = command(arguments);
        command.envs(variables.iter().copied());
        let output = run(command, b"");
        let has = |bytes: &[u8]| bytes.contains(&0x1b);
        (has(&output.stdout), has(&output.stderr))
    };
    assert_eq!(has_escapes(&["roles"], &[]), (false, false));
    assert_eq!(has_escapes(&["roles"], &[("CLICOLOR_FORCE", "1")]), (true, false));
    assert_eq!(has_escapes(&["roles"], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]), (false, false));
    assert_eq!(has_escapes(&["roles", "--color", "never"], &[("CLICOLOR_FORCE", "1")]), (false, false));
    assert_eq!(has_escapes(&["roles", "--color", "always"], &[("NO_COLOR", "1")]), (true, false));
    assert_eq!(has_escapes(&["--color=always", "chps"], &[]), (false, true));
    assert_eq!(has_escapes(&["chps"], &[]), (false, false));
}

#[test]
fn every_shell_gets_a_completion_script() {
    // Those for PowerShell and elvish complete options, not their values.
    let shells = ["bash", "zsh", "fish", "nushell"].map(|shell| (shell, "esp32c6"));
    for (shell, word) in shells.into_iter().chain([("powershell", "--variant"), ("elvish", "--variant")]) {
        let output = run(command(&["completions", shell]), b"");
        assert!(String::from_utf8(output.stdout).unwrap().contains(word), "{shell}");
    }
}

#[test]
fn what_is_expected_of_a_single_chip_decides_the_exit_code() {
    let code = |arguments: &[&str]| {
        let all = [&["sim", "--variant", "esp32c3"], arguments].concat();
        let output = run(command(&all), b"add the pump is in hall 3\nsearch where is the pump\nnonsense\n");
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (passed, reported) = code(&["--expect", "hall 3", "--fail", "err: full"]);
    assert!(passed == Some(0) && reported.contains("passed  --expect `hall 3`: esp32c3: "), "{reported}");
    let (late, reported) = code(&["--expect", "hall 9"]);
    assert!(late == Some(4) && reported.contains("missed  --expect `hall 9`"), "{reported}");
    let (failed, reported) = code(&["--fail", "err: unknown", "--expect", "hall 9"]);
    assert!(failed == Some(1) && reported.contains("missed  --fail `err: unknown`"), "{reported}");
    // Boot alone takes as long as that: nothing is typed any more.
    assert_eq!(code(&["--until", "300ms", "--expect", "hall 3", "--fail", "hall 3"]).0, Some(4));
    let (all, reported) = code(&["--until", "60s", "--expect", "hall 3"]);
    assert!(
        all == Some(0) && reported.contains("J modelled") && reported.contains("59.7 s since boot"),
        "{reported}"
    );
}

#[test]
fn a_session_with_a_single_chip_is_traced_and_repeated() {
    let folder = std::env::temp_dir().join(format!("ruvllm-session-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let trace = folder.join("pump.trace");
    let path = trace.to_str().unwrap();
    let input = b"add the pump is in hall 3\n@wait 5s\nsearch where is the pump\n";
    let traced = run(command(&["sim", "--variant", "esp32s3", "--role", "hnsw", "--trace", path]), input);
    let plain = run(command(&["sim", "--variant", "esp32s3", "--role", "hnsw"]), input);
    assert_eq!((traced.status.code(), &traced.stdout), (Some(0), &plain.stdout));
    let again = run(command(&["fleet", "replay", path]), b"");
    let reported = String::from_utf8(again.stdout).unwrap();
    assert!(again.status.success() && reported.starts_with("identical: "), "{reported}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_single_chip_keeps_the_given_pace() {
    let took = |pace: &str| {
        let began = std::time::Instant::now();
        let output =
            run(command(&["sim", "--variant", "esp32c3", "--pace", pace]), b"role\n@wait 4s\nrole\n");
        assert!(output.status.success());
        began.elapsed().as_millis()
    };
    let (real, fast) = (took("4"), took("max"));
    assert!(real > 1_000 && fast < real, "{real} ms at four times real time, {fast} ms at most");
}
