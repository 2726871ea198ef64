//! Keeps the pictures and the list of keys of the documents equal to what is drawn: `BLESS=1` rewrites them.

use super::looks::golden;
use crate::tui::action::Panel;
use crate::tui::keymap::{Context, Keymap};
use std::path::Path;

const KEYS: (&str, &str) = ("<!-- keys: begin -->\n", "<!-- keys: end -->");

/// A mark, then the picture it names as a block.
fn with_pictures(document: &str) -> String {
    let mut text = String::new();
    let mut lines = document.lines().peekable();
    while let Some(line) = lines.next() {
        text += line;
        text.push('\n');
        let Some(name) = line.strip_prefix("<!-- screen: ").and_then(|rest| rest.strip_suffix(" -->")) else {
            continue;
        };
        if lines.next_if_eq(&"```text").is_some() {
            lines.by_ref().find(|line| *line == "```");
        }
        let picture = std::fs::read_to_string(golden(name)).unwrap().replace("\r\n", "\n");
        text += &format!("```text\n{picture}```\n");
    }
    text
}

/// A table of keys for each place in which they count.
fn keys() -> String {
    let mut text = String::new();
    let keymap = Keymap::default();
    let contexts = Panel::ALL.into_iter().map(Context::Panel).chain([
        Context::Console,
        Context::Filter,
        Context::Time,
        Context::Menu,
    ]);
    let common: Vec<&str> = keymap
        .bindings(Context::Panel(Panel::Fleet))
        .filter(|row| Panel::ALL.into_iter().all(|panel| row.contexts.contains(&Context::Panel(panel))))
        .map(|row| row.help)
        .collect();
    let table = |title: &str, rows: Vec<(&str, &str)>| {
        let rows: String = rows.iter().map(|(keys, help)| format!("| `{keys}` | {help} |\n")).collect();
        format!("\n| {title} | |\n| --- | --- |\n{rows}")
    };
    let of = |context: Context, wanted: bool| -> Vec<(&str, &str)> {
        keymap
            .bindings(context)
            .filter(|row| common.contains(&row.help) == wanted)
            .map(|row| (&*row.shown, row.help))
            .collect()
    };
    text += &table("In every panel", of(Context::Panel(Panel::Fleet), true));
    for context in contexts {
        text += &table(context.name(), of(context, false));
    }
    format!("{text}\n")
}

fn expected(document: &str) -> String {
    let text = with_pictures(document);
    match text.split_once(KEYS.0).and_then(|(before, rest)| Some((before, rest.split_once(KEYS.1)?.1))) {
        Some((before, after)) => format!("{before}{}{}{}{after}", KEYS.0, keys(), KEYS.1),
        None => text,
    }
}

#[test]
fn the_documents_show_what_is_drawn() {
    for name in ["docs/tui.md", "README.md"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
        // A checkout may have turned the line ends.
        let document = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
        let expected = expected(&document);
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, &expected).unwrap();
        } else {
            assert!(
                document == expected,
                "{name} is out of date: run `BLESS=1 cargo test -p ruvllm-esp tui` twice"
            );
        }
    }
}
