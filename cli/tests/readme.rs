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

/// The figures of the row that has `what`, as per cent.
fn row_figures(readme: &str, what: &str) -> Vec<f64> {
    let row = readme.lines().find(|line| line.contains(what)).unwrap_or_else(|| panic!("no row `{what}`"));
    let figures = row.split('|').nth(2).unwrap().split(';');
    figures.map(|figure| figure.trim().trim_end_matches('%').parse().unwrap()).collect()
}

#[test]
#[ignore = "ten seconds: every sentence of the fixture is asked for in seven ways"]
fn nightly_its_rows_of_recall_are_what_bench_recall_measures() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let printed = shown(&["bench", "recall", "--json"], "");
    let line = printed.lines().find(|line| line.starts_with('{')).unwrap();
    let report: serde_json::Value = serde_json::from_str(line).unwrap();
    let own = &report["sets"][0];
    let of = |list: &str, is: &dyn Fn(&serde_json::Value) -> bool| {
        own[list].as_array().unwrap().iter().find(|row| is(row)).unwrap().clone()
    };
    let search = |kind: &str| of("search", &|row| row["kind"] == kind)["search"]["p_at_1"].clone();
    let partial = of("recall", &|row| row[0] == "partial");
    let held_out = report["threshold"]["odd_rows"].as_array().unwrap().iter();
    let in_use = held_out.clone().find(|point| point["threshold"] == report["threshold"]["in_use"]).unwrap();
    let measured = [
        ("three of its middle words, among 628", search("partial")),
        ("the same with a typo in each word", search("misspelt")),
        ("answered although nothing stored bears on it", in_use["false_accept"].clone()),
        ("not answered with its sentence", partial[1]["false_reject"].clone()),
    ];
    for (what, measured) in measured {
        let measured = 100.0 * measured.as_f64().unwrap();
        assert!((row_figures(&readme, what)[0] - measured).abs() < 0.06, "{what}: {measured}");
    }
    let household = &report["household"]["retriever"]["right"];
    assert_eq!(row_figures(&readme, "household questions")[0], household.as_f64().unwrap());
}

#[test]
fn the_capacity_that_it_names_is_that_of_fit() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let row = readme.lines().find(|line| line.contains("`fit --variant esp32c3 --role hnsw`")).unwrap();
    let figure = row.split('|').nth(2).unwrap().trim();
    let printed = shown(&["fit", "--variant", "esp32c3", "--role", "hnsw"], "");
    assert!(figure.len() > 2 && printed.contains(figure), "README.md says {figure}, `fit` prints\n{printed}");
}
