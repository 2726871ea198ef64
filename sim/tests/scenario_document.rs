//! Keeps the keys of `docs/scenarios.md` equal to the grammar, and its example true: `BLESS=1` rewrites the keys.
#![allow(clippy::unwrap_used, reason = "what cannot be read or run fails the test")]

use ruvllm_esp_sim::run::Run;
use ruvllm_esp_sim::scenario::Scenario;
use ruvllm_esp_sim::scenario::grammar::{Key, SECTIONS, Section, TOP};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const BEGIN: &str = "<!-- generated from sim/src/scenario/grammar.rs: begin -->\n";
const END: &str = "<!-- generated from sim/src/scenario/grammar.rs: end -->\n";

fn section(section: &Section) -> String {
    let title = if section.name.is_empty() {
        "The top of the file".into()
    } else {
        format!("`[[{}]]`", section.name)
    };
    let mut text = format!(
        "\n### {title}\n\n{}\n\n| key | value | unless given | means |\n| --- | --- | --- | --- |\n",
        section.about
    );
    for Key { name, value, default, about } in section.keys {
        let default = default.map_or("must be given", |default| default);
        text += &format!("| `{name}` | {} | {default} | {about} |\n", value.describe());
    }
    if section.kinds.is_empty() {
        return text;
    }
    let list = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    text += "\n| kind | means | must have | may have |\n| --- | --- | --- | --- |\n";
    for kind in section.kinds {
        text +=
            &format!("| `{}` | {} | {} | {} |\n", kind.name, kind.about, list(kind.needs), list(kind.takes));
    }
    text
}

fn document() -> (PathBuf, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/scenarios.md");
    // A checkout may have turned the line ends.
    let text = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
    (path, text)
}

#[test]
fn the_document_lists_every_key() {
    let (path, have) = document();
    let keys: String = std::iter::once(&TOP).chain(SECTIONS).map(section).collect();
    let (before, rest) = have.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let expected = format!("{before}{BEGIN}{keys}\n{END}{after}");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    } else {
        assert!(
            have == expected,
            "docs/scenarios.md is out of date: run `BLESS=1 cargo test -p ruvllm-esp-sim`"
        );
    }
}

#[test]
fn the_example_of_the_document_does_what_it_says() {
    let (_, text) = document();
    let example = text.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let files: &[(String, Arc<str>)] = &[];
    let scenario =
        Scenario::parse(example, "example.toml", files).unwrap_or_else(|problems| panic!("{problems}"));
    let until = scenario.until;
    let mut run = Run::new(Arc::new(scenario), 1, None).unwrap();
    run.advance(until).unwrap();
    let verdict = run.finish().unwrap();
    assert!(verdict.passed, "{:?}", verdict.expectations);
}
