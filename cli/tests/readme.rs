//! What the README and the first hour show is what the commands print.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Both outputs of a command that is run where the README is.
fn shown(arguments: &[&str], input: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ruvllm-esp"));
    command.args(arguments).current_dir(root()).env("XDG_CONFIG_HOME", "/nowhere");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for variable in ["RUVLLM_VARIANT", "RUVLLM_ROLE", "RUVLLM_CHIP_ID"] {
        command.env_remove(variable);
    }
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    format!("{}\n{}", String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// The lines of the block that begins after `start`, down to the end of the block.
fn block<'r>(document: &'r str, start: &str) -> Vec<&'r str> {
    let (_, rest) = document.split_once(start).unwrap_or_else(|| panic!("there is no `{start}`"));
    let (block, _) = rest.split_once("\n```").unwrap();
    block.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect()
}

/// Every line of the block after `start` in the document is one that the command prints.
fn check(document: &str, start: &str, arguments: &[&str], input: &str) {
    let text = std::fs::read_to_string(root().join(document)).unwrap().replace("\r\n", "\n");
    let printed = shown(arguments, input);
    let stale: Vec<&str> = block(&text, start).into_iter().filter(|line| !printed.contains(line)).collect();
    assert!(stale.is_empty(), "{document} shows\n{}\nbut {arguments:?} prints\n{printed}", stale.join("\n"));
}

#[test]
fn the_examples_of_the_readme_are_what_the_commands_print() {
    let memories = "remember fact ESP32-S3 has 512KB SRAM\nremember fact the pump is in hall 3\nrecall where is the pump\n";
    let fleet = "fixtures/scenarios/search-fleet.toml";
    check("README.md", "(`-v` shows every sample):\n\n```\n", &["sim", "--variant", "esp32s2", "--demo"], "");
    let start = "| ruvllm-esp sim --variant esp32c6 --quiet\n";
    check("README.md", start, &["sim", "--variant", "esp32c6", "--quiet"], memories);
    check("README.md", &format!("$ ruvllm-esp sim --fleet {fleet}\n"), &["sim", "--fleet", fleet], "");
}

#[test]
fn the_examples_of_the_first_hour_are_what_the_commands_print() {
    let document = "docs/getting-started.md";
    let typed =
        "add the pump is in hall 3\nadd spare fuses are in the blue drawer\nsearch 2 where is the pump\n";
    let console = ["sim", "--variant", "esp32c3"];
    check(document, "$ ruvllm-esp sim --variant esp32c3\n", &console, typed);
    check(document, "and end with Ctrl-D:\n\n```\n", &console, typed);
    check(
        document,
        "what the line\ncost on the chip, modelled (`-v` adds its cycles and its band):\n\n```\n",
        &console,
        typed,
    );
}

#[test]
fn the_capacity_that_it_names_is_that_of_fit() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let row = readme.lines().find(|line| line.contains("`fit --variant esp32c3 --role hnsw`")).unwrap();
    let figure = row.split('|').nth(2).unwrap().trim();
    let printed = shown(&["fit", "--variant", "esp32c3", "--role", "hnsw"], "");
    assert!(figure.len() > 2 && printed.contains(figure), "README.md says {figure}, `fit` prints\n{printed}");
}
