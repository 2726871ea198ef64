//! `model train` and `bench nlu`, from a folder of sentences to the figures.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd/unix/model.in")
}

/// What the program prints; it has to succeed.
fn run(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ruvllm-esp")).args(words).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_folder_becomes_the_same_model_on_any_number_of_threads_and_is_measured() {
    let here = tempfile::tempdir().unwrap();
    let sentences = folder().join("commands");
    let train = |name: &str, threads: &str| {
        let file = here.path().join(name);
        let [sentences, out] = [&sentences, &file].map(|path| path.to_str().unwrap());
        let words =
            ["model", "train", sentences, "--out", out, "--epochs", "12", "--threads", threads, "--json"];
        (serde_json::from_str::<Value>(&run(&words)).unwrap(), std::fs::read(&file).unwrap())
    };
    let (report, bytes) = train("one.model", "1");
    assert_eq!(bytes, train("two.model", "2").1);
    assert_eq!(report["bytes"], bytes.len());
    assert!(bytes.len() <= 400_000);
    assert_eq!((&report["intents"], &report["slots"]), (&3.into(), &3.into()), "{report}");
    assert!(report["same_intents"].as_f64().unwrap() >= 0.99, "{report}");

    let [data, model, others] = [sentences, here.path().join("one.model"), folder().join("others.txt")]
        .map(|p| p.to_str().unwrap().to_owned());
    let words = ["bench", "nlu", "--data", &data, "--model", &model, "--out-of-scope", &others, "--json"];
    let report: Value = serde_json::from_str(&run(&words)).unwrap();
    let figure = |name: &str| report[name].as_f64().unwrap();
    assert_eq!(figure("sentences"), 60.0);
    assert!(figure("whole_accuracy") >= 0.95 && figure("slot_f1") >= 0.95, "{report}");
    assert!(figure("refused_others") >= 0.5 && figure("refused_commands") <= 0.03, "{report}");
    assert_eq!(report["costs"].as_array().unwrap().len(), 5);
    assert!(report["costs"][3]["time"]["value"].as_f64().unwrap() > 1e6, "{report}");

    let words = ["bench", "nlu", "--data", &data, "--model", &model, "--typos", "100", "--json"];
    let misspelt: Value = serde_json::from_str(&run(&words)).unwrap();
    assert!(misspelt["whole_accuracy"].as_f64().unwrap() < figure("whole_accuracy"));
}
