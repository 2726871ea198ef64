//! What the README shows is what the commands print.
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
fn block<'r>(readme: &'r str, start: &str) -> Vec<&'r str> {
    let (_, rest) = readme.split_once(start).unwrap_or_else(|| panic!("README.md has no `{start}`"));
    let (block, _) = rest.split_once("\n```").unwrap();
    block.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect()
}

#[test]
fn its_examples_are_what_the_commands_print() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap().replace("\r\n", "\n");
    let memories = "remember fact ESP32-S3 has 512KB SRAM\nremember fact the pump is in hall 3\nrecall where is the pump\n";
    let fleet = "fixtures/scenarios/search-fleet.toml";
    let examples: [(&str, &[&str], &str); 3] = [
        ("(`-v` shows every sample):\n\n```\n", &["sim", "--variant", "esp32s2", "--demo"], ""),
        (
            "| ruvllm-esp sim --variant esp32c6 --quiet\n",
            &["sim", "--variant", "esp32c6", "--quiet"],
            memories,
        ),
        ("$ ruvllm-esp sim --fleet fixtures/scenarios/search-fleet.toml\n", &["sim", "--fleet", fleet], ""),
    ];
    for (start, arguments, input) in examples {
        let printed = shown(arguments, input);
        let stale: Vec<&str> =
            block(&readme, start).into_iter().filter(|line| !printed.contains(line)).collect();
        assert!(
            stale.is_empty(),
            "README.md shows\n{}\nbut {arguments:?} prints\n{printed}",
            stale.join("\n")
        );
    }
}

#[test]
fn the_capacity_that_it_names_is_that_of_fit() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let row = readme.lines().find(|line| line.contains("`fit --variant esp32c3 --role hnsw`")).unwrap();
    let figure = row.split('|').nth(2).unwrap().trim();
    let printed = shown(&["fit", "--variant", "esp32c3", "--role", "hnsw"], "");
    assert!(figure.len() > 2 && printed.contains(figure), "README.md says {figure}, `fit` prints\n{printed}");
}
