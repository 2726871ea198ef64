//! The failures between a build and a banner, read from `docs/bring-up.md`.
//!
//! The document is the data: what people read is what `doctor` and the errors of `build` and `flash` know, and there is
//! no second list that could say something else. A paragraph that begins `**N7. ...**` is an entry, and so is a row of
//! the table of ruvllm-esp32's failures; the texts in backticks at their beginning are what they are recognised by: by
//! their words, for compilers and linkers change their quotes and what they say between them.

use serde::Serialize;

/// The document.
pub const DOCUMENT: &str = include_str!("../../docs/bring-up.md");

/// The least letters of a text that say anything.
const TELLING: usize = 6;

/// Words that errors differ in and that tell none from another.
const COMMON: [&str; 18] = [
    "a", "an", "and", "at", "by", "can", "cannot", "cant", "could", "find", "for", "in", "is", "not", "of",
    "on", "the", "to",
];

/// One way to fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// `N1`, ..., and `P1`, ... for those of ruvllm-esp32.
    pub code: String,
    /// What is seen.
    pub seen: String,
    /// Why, and what to do.
    pub advice: String,
    /// The texts it is recognised by.
    #[serde(skip)]
    texts: Vec<String>,
}

/// Every entry, in the order of the document.
pub fn entries() -> Vec<Entry> {
    let rows = DOCUMENT.lines().filter_map(row);
    rows.chain(DOCUMENT.split("\n\n").filter_map(paragraph)).collect()
}

/// The entry with this code, in any case.
pub fn by_code(code: &str) -> Option<Entry> {
    entries().into_iter().find(|entry| entry.code.eq_ignore_ascii_case(code.trim()))
}

/// The entries that an error text speaks of, the surest first.
pub fn explain(text: &str) -> Vec<Entry> {
    let text = Text::new(text);
    let mut found: Vec<(usize, Entry)> = entries()
        .into_iter()
        .filter_map(|entry| {
            let likeness = entry.texts.iter().map(|known| likeness(known, &text)).max().unwrap_or(0);
            (likeness > 0).then_some((likeness, entry))
        })
        .collect();
    found.sort_by_key(|(likeness, _)| std::cmp::Reverse(*likeness));
    let mut found: Vec<Entry> = found.into_iter().map(|(_, entry)| entry).collect();
    // An entry may say no more than which other one replaced it.
    let meant: Vec<Entry> = found.iter().flat_map(|entry| entry.referred()).collect();
    for entry in meant {
        if !found.contains(&entry) {
            found.push(entry);
        }
    }
    found
}

impl Entry {
    /// Does it speak of this code?
    pub fn names(&self, code: &str) -> bool {
        [&self.seen, &self.advice].iter().any(|text| text.contains(code))
    }

    /// The entries that its advice names.
    fn referred(&self) -> Vec<Entry> {
        let words = self.advice.split(|character: char| !character.is_ascii_alphanumeric());
        words.filter(|word| word.starts_with('N') && *word != self.code).filter_map(by_code).collect()
    }
}

/// A row of the table: `| 4 | seen as | here | what replaces it |`.
fn row(line: &str) -> Option<Entry> {
    let cells: Vec<&str> = line.strip_prefix('|')?.strip_suffix('|')?.split(" | ").map(str::trim).collect();
    let [number, seen, here, instead] = cells.as_slice() else { return None };
    let number: u8 = number.parse().ok()?;
    let advice = if *instead == "-" { prose(here) } else { prose(&format!("{here}; {instead}")) };
    Some(Entry { code: format!("P{number}"), seen: prose(seen), advice, texts: texts(seen) })
}

/// A paragraph: `**N7. What is seen.** Why, and what to do.`
fn paragraph(text: &str) -> Option<Entry> {
    let text = text.trim();
    let text = match text.strip_prefix("<a id=") {
        Some(rest) => rest.split_once("</a>")?.1,
        None => text,
    };
    let (title, advice) = text.strip_prefix("**")?.split_once("**")?;
    let (code, seen) = title.split_once(". ")?;
    let digits = code.strip_prefix('N')?;
    digits.parse::<u8>().ok()?;
    let seen = seen.replace('\n', " ");
    Some(Entry { code: code.into(), advice: prose(advice), texts: texts(&seen), seen: prose(&seen) })
}

/// The texts in backticks; where there are none, the words themselves.
fn texts(seen: &str) -> Vec<String> {
    let quoted: Vec<String> = seen.split('`').skip(1).step_by(2).map(normal).collect();
    if quoted.is_empty() { vec![normal(seen.trim_end_matches('.'))] } else { quoted }
}

/// One line of plain words.
fn prose(text: &str) -> String {
    let mut plain = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // Links keep their words.
    while let (Some(open), Some(middle)) = (plain.find('['), plain.find("](")) {
        let Some(close) = plain.get(middle..).and_then(|rest| rest.find(')')) else { break };
        let Some(words) = plain.get(open + 1..middle).map(str::to_string) else { break };
        plain.replace_range(open..=middle + close, &words);
    }
    plain
}

fn normal(text: &str) -> String {
    text.replace(['`', '\''], "").split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The words of a text that say anything.
fn words(text: &str) -> Vec<String> {
    let split = |character: char| !character.is_ascii_alphanumeric() && character != '_';
    let words = normal(text);
    let words = words.split(split).filter(|word| !word.is_empty() && !COMMON.contains(word));
    words.map(str::to_string).collect()
}

/// An error text to recognise.
struct Text {
    /// All of it, as one line.
    whole: String,
    /// The words of each line and the next: what belongs together stands together, also in a long log.
    lines: Vec<Vec<String>>,
}

impl Text {
    fn new(text: &str) -> Self {
        let plain = anstream::adapter::strip_str(text).to_string();
        let mut lines: Vec<Vec<String>> = plain.lines().map(words).collect();
        let following: Vec<Vec<String>> = lines.iter().skip(1).cloned().collect();
        lines.iter_mut().zip(following).for_each(|(line, next)| line.extend(next));
        Self { whole: normal(&plain), lines }
    }

    /// Has a line these words, in their order?
    fn has(&self, words: &[String]) -> bool {
        self.lines.iter().any(|line| {
            let mut rest = line.iter();
            words.iter().all(|word| rest.any(|other| other == word))
        })
    }
}

/// How much of a known text is in `text`: its pieces between `...`; all of them or nothing. A piece of several words is
/// there when a line has them in order, another when it is there letter by letter.
fn likeness(known: &str, text: &Text) -> usize {
    let mut letters = 0;
    for piece in known.split("...").map(str::trim).filter(|piece| !piece.is_empty()) {
        let words = words(piece);
        let is_there = if words.len() < 2 { text.whole.contains(piece) } else { text.has(&words) };
        if !is_there {
            return 0;
        }
        letters += piece.len();
    }
    if letters >= TELLING { letters } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_entry_of_the_document_is_one_here() {
        let codes: Vec<String> = entries().into_iter().map(|entry| entry.code).collect();
        let distinct: BTreeSet<&String> = codes.iter().collect();
        assert_eq!(distinct.len(), codes.len(), "{codes:?}");
        let of_ruvllm_esp32 = codes.iter().filter(|code| code.starts_with('P')).count();
        assert_eq!(of_ruvllm_esp32, 14, "ruvllm-esp32 had fourteen");
        // Every mention of a code in the document leads to an entry.
        let mentioned = DOCUMENT.split("[N").skip(1).filter_map(|rest| rest.split(']').next());
        for code in mentioned.map(|digits| format!("N{digits}")) {
            assert!(by_code(&code).is_some(), "{code}");
        }
        let written = DOCUMENT.matches("**N").count();
        assert_eq!(codes.len() - of_ruvllm_esp32, written, "{codes:?}");
        for entry in entries() {
            assert!(!entry.seen.is_empty() && entry.advice.len() > 8, "{entry:?}");
            assert!(entry.texts.iter().any(|text| text.len() >= TELLING), "{entry:?}");
        }
    }

    #[test]
    fn the_errors_of_ruvllm_esp32_are_recognised_as_tools_word_them() {
        let first = |text: &str| explain(text).first().map(|entry| entry.code.clone()).unwrap_or_default();
        let known = [
            ("P1", "error[E0432]: could not find `espidf` in `embuild`"),
            ("P1", "cannot find `espidf` in `embuild`"),
            (
                "P2",
                "   = note: expected raw pointer `*const u8`\n              found raw pointer `*const i8`",
            ),
            ("P5", "Error: Cannot locate argument '--ldproxy-linker <linker>'"),
            ("P6", "cannot find `log` in `esp_idf_svc`"),
            ("P7", "error[E0560]: no field `queue_non_blocking` on type `TransmitConfig`"),
            ("P8", "ld: main.o: undefined reference to `memcpy'"),
            ("P10", "Guru Meditation Error: Core  0 panic'ed (Double exception)."),
            ("P13", "error: linker `ldproxy` not found"),
            ("P14", "error: toolchain 'esp' is not installed"),
            ("P13", "\u{1b}[1m\u{1b}[31merror\u{1b}[0m: linker `\u{1b}[1mldproxy\u{1b}[0m` not found"),
            ("N22", "Detected a write to the stack guard value on ProCpu"),
            ("N27", "E (52) boot: load partition table error!"),
        ];
        for (code, text) in known {
            assert_eq!(first(text), code, "{text}");
        }
    }

    #[test]
    fn an_error_of_something_else_is_not_one_of_these() {
        for text in [
            "could not find `serde` in `crate`",
            "error: linker `cc` not found",
            "undefined reference to `main'",
            "no field `length` on type `Vec<u8>`",
            "a log line\nand another\nand esp_idf_svc far away from it",
            "error: toolchain 'nightly' is not installed",
            "kernel panic",
            "the host builds, and the test passes",
        ] {
            assert!(explain(text).is_empty(), "{text}: {:?}", explain(text));
        }
    }

    #[test]
    fn each_of_the_fourteen_says_what_to_do() {
        for entry in entries().into_iter().filter(|entry| entry.code.starts_with('P')) {
            let says = ["build with", "unset", "N1", "N2", "N3", "N4", "N5", "N6", "N7", "`chip`"];
            assert!(says.iter().any(|word| entry.advice.contains(word)), "{entry:?}");
        }
    }

    #[test]
    fn error_texts_of_real_builds_are_recognised() {
        let first = |text: &str| explain(text).first().map(|entry| entry.code.clone());
        let xtensa = "error[E0463]: can't find crate for `core`\n = note: the `xtensa-esp32s3-none-elf` target may not be installed";
        let codes: Vec<String> = explain(xtensa).into_iter().map(|entry| entry.code).collect();
        assert!(codes.contains(&"N7".to_string()), "{codes:?}");
        assert_eq!(first("'esp32s3' is not a recognized processor for this target"), Some("N7".into()));
        assert_eq!(
            first("mold: fatal: unknown command line option: --dynconfig=xtensa_esp32.so"),
            Some("P4".into())
        );
        assert_eq!(
            first("error: Seems you are building for an unsupported or wrong target"),
            Some("N1".into())
        );
        assert_eq!(first("err: no-config-partition the image was flashed"), Some("N12".into()));
        let old = "error: rustc 1.94.0 is not supported by the following package:\n  esp-hal@1.2.2 requires rustc 1.95";
        assert_eq!(first(old), Some("N8".into()));
        assert_eq!(first("all is well"), None);
    }
}
