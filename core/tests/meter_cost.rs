//! A meter that is `()` costs nothing: the chip's machine code with it equals the machine code without any.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a compiler that cannot be run fails the test")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

const TARGET: &str = "riscv32imc-unknown-none-elf";
const KERNELS: [&str; 4] = ["dot", "squared_euclidean", "manhattan", "hamming"];

/// Compiles `meter_cost/` for the chip and gives its assembly.
fn assembly() -> String {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/meter_cost/Cargo.toml");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("meter-cost");
    let _ = std::fs::remove_dir_all(&target);
    let status = Command::new(env!("CARGO"))
        .args(["rustc", "--release", "--target", TARGET, "--manifest-path"])
        .arg(package)
        .arg("--target-dir")
        .arg(&target)
        .args(["--", "--emit", "asm", "-C", "symbol-mangling-version=v0"])
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .status()
        .expect("cargo runs");
    assert!(status.success(), "the target may be missing: rustup target add {TARGET}");
    let outputs = std::fs::read_dir(target.join(TARGET).join("release/deps")).unwrap();
    let mut paths = outputs.map(|entry| entry.unwrap().path());
    let file = paths.find(|path| {
        path.extension().is_some_and(|end| end == "s") && path.to_string_lossy().contains("meter_cost")
    });
    std::fs::read_to_string(file.expect("there is an assembly file")).unwrap()
}

/// The instructions of each function, labels numbered in order; a function that is an alias has the other's.
fn functions(assembly: &str) -> BTreeMap<String, Vec<String>> {
    let mut functions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut aliases = Vec::new();
    let (mut current, mut labels) = (None::<String>, Vec::new());
    for line in assembly.lines().map(str::trim) {
        if let Some((alias, of)) = line.strip_prefix(".set ").and_then(|rest| rest.split_once(", ")) {
            aliases.push((alias.to_string(), of.to_string()));
        } else if let Some(label) = line.strip_suffix(':') {
            if label.starts_with("_R") {
                current = Some(label.to_string());
                labels.clear();
            } else if let Some(body) = current.as_ref().and_then(|name| functions.get_mut(name)) {
                body.push(numbered(label, &mut labels) + ":");
            }
        } else if let Some(name) = &current {
            let words: Vec<String> =
                line.split_whitespace().map(|word| numbered(word, &mut labels)).collect();
            if !line.starts_with('.') && !words.is_empty() {
                functions.entry(name.clone()).or_default().push(words.join(" "));
            }
        }
    }
    for (alias, of) in aliases {
        let body = functions.get(&of).cloned().unwrap_or_default();
        functions.insert(alias, body);
    }
    functions
}

/// A local label by its order of appearance; any other word as it is.
fn numbered(word: &str, labels: &mut Vec<String>) -> String {
    if !word.starts_with(".L") {
        return word.to_string();
    }
    let known = labels.iter().position(|label| label == word);
    let number = known.unwrap_or_else(|| {
        labels.push(word.to_string());
        labels.len() - 1
    });
    format!("label{number}")
}

#[test]
#[ignore = "compiles for a chip: rustup target add riscv32imc-unknown-none-elf"]
fn metered_and_unmetered_kernels_are_the_same_instructions() {
    let functions = functions(&assembly());
    for kernel in KERNELS {
        let body = |module: &str| {
            let name = format!("{}{module}{}{kernel}", module.len(), kernel.len());
            let found: Vec<_> = functions.iter().filter(|(symbol, _)| symbol.contains(&name)).collect();
            assert_eq!(found.len(), 1, "{module}::{kernel} is there once");
            found[0].1.clone()
        };
        let metered = body("metered");
        assert!(metered.len() > 8, "{kernel} has a loop: {metered:?}");
        assert_eq!(metered, body("unmetered"), "{kernel}");
    }
}
