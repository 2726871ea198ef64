//! What is printed as JSON is what `docs/schema/` says.
//!
//! `BLESS=1` writes `docs/schema/`; the schemas come from the types that are serialised.
#![cfg(all(feature = "board", feature = "tui"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn run(arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ruvllm-esp"));
    command.args(arguments).current_dir(root()).env_remove("RUVLLM_VARIANT").env_remove("RUVLLM_ESP_KEY");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that reads nothing may have ended already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn names() -> Vec<String> {
    let output = run(&["schema"], "");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_string).collect()
}

fn file_of(name: &str) -> PathBuf {
    root().join("docs/schema").join(format!("{name}.json"))
}

#[test]
fn the_documents_hold_every_schema() {
    let names = names();
    for name in &names {
        let schema = String::from_utf8(run(&["schema", name], "").stdout).unwrap();
        if std::env::var_os("BLESS").is_some() {
            fs::write(file_of(name), &schema).unwrap();
        }
        let file = fs::read_to_string(file_of(name)).unwrap_or_default().replace("\r\n", "\n");
        assert!(file == schema, "docs/schema/{name}.json is out of date: BLESS=1 cargo test --test schema");
    }
    let files: BTreeSet<String> = fs::read_dir(root().join("docs/schema"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(files, names.into_iter().collect(), "a schema nobody prints");
}

/// Checks every line of an output, and gives the kinds that were in it.
fn validated(arguments: &[&str], input: &str) -> BTreeSet<String> {
    let output = run(arguments, input);
    let text = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!text.is_empty(), "{arguments:?} prints nothing: {stderr}");
    let mut kinds = BTreeSet::new();
    for line in text.lines() {
        let object: Value = serde_json::from_str(line).unwrap();
        let kind = object["kind"].as_str().unwrap().to_string();
        let schema: Value = serde_json::from_str(&fs::read_to_string(file_of(&kind)).unwrap()).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let faults: Vec<String> = validator.iter_errors(&object).map(|error| error.to_string()).collect();
        assert!(faults.is_empty(), "{arguments:?}: {faults:?}\n{line}");
        let known = schema["properties"].as_object().unwrap();
        let is_open = ["anyOf", "oneOf", "allOf", "$ref"].iter().any(|word| schema.get(word).is_some());
        for field in object.as_object().unwrap().keys() {
            assert!(is_open || known.contains_key(field), "{kind}: the schema has no `{field}`");
        }
        kinds.insert(kind);
    }
    kinds
}

#[test]
fn what_is_printed_is_what_the_schemas_say() {
    let folder = std::env::temp_dir().join(format!("ruvllm-esp-schema-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = |name: &str| folder.join(name).display().to_string();
    let (project, fleet, key, trace, log) =
        (path("project"), path("new.toml"), path("fleet.key"), path("run.trace"), path("log.csv"));
    let (man, report, baseline, tools) =
        (path("man"), path("report.json"), path("baseline.json"), path("tools.toml"));
    let values = (0..300).map(|row| format!("{}.{}\n", 20 + row % 3, row % 7));
    fs::write(&log, values.chain((0..5).map(|_| "90\n".to_string())).collect::<String>()).unwrap();
    let wave = "fixtures/scenarios/house.toml";
    let long: &[(&[&str], &str)] = &[
        (&["sim", "--variant", "esp32c3", "--role", "hnsw"], "add a\nsearch 1 a\nnonsense\n"),
        (&["sim", "--variant", "esp32c3", "--role", "anomaly", "--input", &log], ""),
        (&["sim", "--fleet", wave, "--until", "3s", "--trace", &trace], ""),
        (&["sim", "--fidelity"], ""),
        (&["sim", "--variant", "esp33"], ""),
        (&["analyse", &log, "--variant", "esp32c3"], ""),
        (&["init", &project], ""),
        (&["fleet", "new", &fleet], ""),
        (&["fleet", "check", wave], ""),
        (&["fleet", "key", &key], ""),
        (&["fleet", "replay", &trace], ""),
        (&["trace", "report", &trace, "--html", &path("it.html")], ""),
        (&["trace", "export", &trace, "--perfetto", &path("it.json")], ""),
        (&["chips"], ""),
        (&["roles"], ""),
        (&["fit"], ""),
        (&["config", "show"], ""),
        (&["doctor"], ""),
        (&["doctor", "--explain", "N7"], ""),
        (&["doctor", "--explain", "error: linker `ldproxy` not found"], ""),
        (&["ports"], ""),
        (&["man", &man], ""),
        (&["schema"], ""),
        (&["schema", "wait"], ""),
        (&["tools", "new", &tools], ""),
        (&["tools", "check", &tools], ""),
        (&["tools", "show", &tools], ""),
        (&["wire", "messages"], ""),
        (&["wire", "encode", "stored item=1:1:9", "--from", "1", "--to", "2"], ""),
        (&["bench", "emulator", "--cycles", "1", "--export-to", &baseline], ""),
        (&["bench", "emulator", "--cycles", "1", "--export-to", &report, "--baseline", &baseline], ""),
    ];
    let mut kinds = BTreeSet::new();
    for (arguments, input) in long {
        let words: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        kinds.extend(validated(&words, input));
    }
    fs::remove_dir_all(&folder).unwrap();
    // What needs a board, a toolchain, a client, the data of others, or minutes.
    let elsewhere = [
        "bench-anomaly",
        "bench-calibrate",
        "bench-embed",
        "bench-anomaly-data",
        "bench-fleet",
        "bench-index",
        "bench-kernels",
        "bench-nlu",
        "bench-recall",
        "bench-reliability",
        "build",
        "client",
        "configuration-file",
        "emulation",
        "flash",
        "fleet-revoke",
        "frame",
        "gates",
        "line",
        "listening",
        "message",
        "model-train",
        "report",
        "tools-import",
        "wait",
    ];
    let expected: BTreeSet<String> =
        names().into_iter().filter(|name| !elsewhere.contains(&&**name)).collect();
    assert_eq!(kinds, expected);
}

/// Every `json("KIND", ..)` of the sources.
#[test]
fn every_kind_has_a_schema() {
    let names = names();
    let mut open = vec![root().join("cli/src")];
    let mut found = 0;
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for call in [
            "json(\"",
            "envelope(\"",
            "finish(\"",
            "show(bench, \"",
            "show(\n                bench,\n                \"",
        ] {
            for (at, _) in text.match_indices(call) {
                let kind = text[at + call.len()..].split('"').next().unwrap();
                found += 1;
                let is_known = names.iter().any(|name| name == kind) || kind == "bench-compare";
                assert!(is_known, "{}: no schema for `{kind}`", path.display());
            }
        }
    }
    assert!(found > 40, "{found} kinds: how JSON is printed has changed, and this test with it");
}

/// The configuration is read by hand; its schema takes what the reader takes, and nothing that it refuses.
#[test]
fn the_schema_of_the_configuration_takes_what_is_read() {
    let schema: Value = serde_json::from_slice(&run(&["schema", "configuration-file"], "").stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let folder = std::env::temp_dir().join(format!("ruvllm-esp-schema-file-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let reads = |text: &str| {
        fs::write(folder.join("ruvllm-esp.toml"), text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_ruvllm-esp"));
        command.args(["config", "show"]).current_dir(&folder).env("XDG_CONFIG_HOME", &folder);
        command.output().unwrap().status.success()
    };
    let good = [
        "variant = \"esp32c3\"\nport = \"COM7\"\nbaud = 115200\n",
        "[preset.lab]\nvariant = \"esp32c3\"\nseed = 7\nverbose = true\nexpect = [\"a\", \"b\"]\n[preset.other]\n",
        "[keys]\npause = \"p\"\nquit = [\"Q\", \"F10\"]\n",
        "",
    ];
    let bad = [
        "varient = \"esp32c3\"\n",
        "variant = \"esp33\"\n",
        "port = 7\n",
        "baud = \"fast\"\n",
        "baud = 0\n",
        "preset = 3\n",
        "[preset]\nlab = 3\n",
        "[preset.lab.deeper]\nx = 1\n",
        "[keys]\npuase = \"p\"\n",
        "[keys]\npause = 3\n",
    ];
    for (texts, expected) in [(&good[..], true), (&bad[..], false)] {
        for text in texts {
            let value: Value = serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap();
            assert_eq!((reads(text), validator.is_valid(&value)), (expected, expected), "{text}");
        }
    }
    fs::remove_dir_all(&folder).unwrap();
}
