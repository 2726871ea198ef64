//! Keeps the cost tables of `docs/fidelity.md` equal to the constants: `BLESS=1` rewrites them.
#![allow(clippy::unwrap_used, reason = "what cannot be read or run fails the test")]

use ruvllm_esp_core::meter::Op;
use ruvllm_esp_sim::cost::{ALL, calibrated, riscv, xtensa};
use std::path::Path;

const BEGIN: &str = "<!-- generated from sim/src/cost: begin -->\n";
const END: &str = "<!-- generated from sim/src/cost: end -->\n";

/// Cycles of each operation on each chip, then the instructions behind them, then their sources.
fn tables() -> String {
    let mut text = "| operation |".to_string();
    ALL.iter().for_each(|table| text += &format!(" {} |", table.chip));
    text += &format!("\n|{}\n", " --- |".repeat(ALL.len() + 1));
    for op in Op::ALL {
        text += &format!("| {} |", op.name());
        for table in ALL {
            text += &table
                .cycle_cost(op)
                .map_or(" refused |".to_string(), |cycle_cost| format!(" {cycle_cost} |"));
        }
        text.push('\n');
    }
    text += "\n| operation | RISC-V | Xtensa |\n| --- | --- | --- |\n";
    for op in Op::ALL {
        let listings = [riscv::SEQUENCES, xtensa::SEQUENCES]
            .map(|all| all[op as usize].map_or("priced as a whole".to_string(), |one| code(one.listing)));
        text += &format!("| {} | {} | {} |\n", op.name(), listings[0], listings[1]);
    }
    text += "\n| chip | source of its costs |\n| --- | --- |\n";
    for table in ALL {
        let mut sources = String::new();
        for cycle_cost in Op::ALL.iter().filter_map(|op| table.cycle_cost(*op).ok()) {
            if !sources.contains(cycle_cost.source) {
                let separator = if sources.is_empty() { "" } else { "; " };
                sources = sources + separator + cycle_cost.source;
            }
        }
        text += &format!("| {} | {} |\n", table.chip, sources);
    }
    text
}

/// How well the fitted costs agree with the emulator.
fn errors() -> String {
    let rows = [("esp32c3", calibrated::ESP32C3), ("esp32c6", calibrated::ESP32C6)]
        .map(|(chip, found)| {
            let percent = |error: u32| format!("{}.{} %", error / 10, error % 10);
            let errors = [found.mean_error, found.held_out_error, found.session_error, found.image_error];
            let [mean, held_out, session, image] = errors.map(percent);
            let (samples, band) = (found.samples, percent(found.band()));
            format!("| {chip} | {samples} | {mean} | {held_out} | {session} | {image} | {band} |\n")
        })
        .concat();
    let names = "| | fitted to | mean error there | worst kernel never seen | worst golden session, kernel image | worst golden session, firmware | band |";
    format!("\n{names}\n| --- | --- | --- | --- | --- | --- | --- |\n{rows}\n")
}

/// `text` with what stands between two marks replaced.
fn replaced(text: &str, begin: &str, new: &str, end: &str) -> String {
    let (before, rest) = text.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    format!("{before}{begin}{new}{end}{after}")
}

/// A listing as code, one line for each part.
fn code(listing: &str) -> String {
    listing.split(" | ").map(|part| format!("`{part}`")).collect::<Vec<_>>().join(", ")
}

#[test]
fn the_document_says_the_costs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/fidelity.md");
    // A checkout may have turned the line ends.
    let document = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
    let expected = replaced(&document, BEGIN, &format!("\n{}\n", tables()), END);
    let expected = replaced(&expected, "<!-- errors: begin -->\n", &errors(), "<!-- errors: end -->\n");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    } else {
        assert!(
            document == expected,
            "docs/fidelity.md is out of date: run `BLESS=1 cargo test -p ruvllm-esp-sim`"
        );
    }
}
