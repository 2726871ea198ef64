//! Keeps `docs/chips.md` equal to the constants: `BLESS=1 cargo test -p ruvllm-esp` rewrites its tables.

use super::fact::{Fact, facts};
use super::{COLUMNS, row};
use ruvllm_esp_core::chip;
use std::path::Path;

const BEGIN: &str = "<!-- generated from core/src/chip: begin -->\n";
const END: &str = "<!-- generated from core/src/chip: end -->\n";

fn line(cells: &[&str]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// The tables of the document.
fn tables() -> String {
    let mut text = line(&COLUMNS) + &line(&COLUMNS.map(|_| "---"));
    for chip in chip::ALL {
        text += &line(&row(chip).each_ref().map(String::as_str));
    }
    for chip in chip::ALL {
        text += &format!("\n## {}\n\n", chip.title);
        text += &(line(&["fact", "value", "confidence", "source"]) + &line(&["---"; 4]));
        for Fact { name, value, confidence, source } in facts(chip) {
            text += &line(&[&name, &value, confidence, &source]);
        }
    }
    text
}

#[test]
fn the_document_says_what_the_constants_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/chips.md");
    // A checkout may have turned the line ends.
    let document = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
    let (before, rest) = document.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let expected = format!("{before}{BEGIN}\n{}\n{END}{after}", tables());
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    } else {
        assert!(document == expected, "docs/chips.md is out of date: run `BLESS=1 cargo test -p ruvllm-esp`");
    }
}
