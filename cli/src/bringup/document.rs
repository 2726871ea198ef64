//! The entries of `docs/bring-up.md`.
//!
//! A paragraph that begins `**N7. ...**` is an entry, and so is a row of the table of an earlier firmware's failures.
//! The texts in backticks at its beginning are what it is recognised by.

use schemars::JsonSchema;
use serde::Serialize;

/// The document.
pub const DOCUMENT: &str = include_str!("../../../docs/bring-up.md");

/// One way to fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Entry {
    /// `N1`, ..., and `P1`, ... for those of the earlier firmware.
    pub code: String,
    /// What is seen.
    pub seen: String,
    /// Why, and what to do.
    pub advice: String,
    /// The texts it is recognised by.
    #[serde(skip)]
    pub texts: Vec<String>,
}

/// Every entry, in the order of the document.
pub fn entries() -> Vec<Entry> {
    let rows = DOCUMENT.lines().filter_map(row);
    DOCUMENT.split("\n\n").filter_map(paragraph).chain(rows).collect()
}

/// The entry with this code, in any case.
pub fn by_code(code: &str) -> Option<Entry> {
    entries().into_iter().find(|entry| entry.code.eq_ignore_ascii_case(code.trim()))
}

impl Entry {
    /// Does it speak of this code?
    pub fn names(&self, code: &str) -> bool {
        [&self.seen, &self.advice].iter().any(|text| text.contains(code))
    }

    /// Is it a failure of the earlier firmware?
    pub fn is_of_earlier_firmware(&self) -> bool {
        self.code.starts_with('P')
    }

    /// The entries that its advice names.
    pub fn referred(&self) -> Vec<Entry> {
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
    let quoted: Vec<String> = seen.split('`').skip(1).step_by(2).map(str::to_string).collect();
    if quoted.is_empty() { vec![seen.trim_end_matches('.').to_string()] } else { quoted }
}

/// One line of plain words.
fn prose(text: &str) -> String {
    let mut plain = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // Links keep their words.
    while let Some((middle, open)) =
        plain.find("](#").and_then(|middle| Some((middle, plain.get(..middle)?.rfind('[')?)))
    {
        let Some(close) = plain.get(middle..).and_then(|rest| rest.find(')')) else { break };
        let Some(words) = plain.get(open + 1..middle).map(str::to_string) else { break };
        plain.replace_range(open..=middle + close, &words);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruvllm_esp_core::chip::{self, STACK_RESERVE};
    use std::collections::BTreeSet;

    #[test]
    fn every_entry_of_the_document_is_one_here() {
        let codes: Vec<String> = entries().into_iter().map(|entry| entry.code).collect();
        let distinct: BTreeSet<&String> = codes.iter().collect();
        assert_eq!(distinct.len(), codes.len(), "{codes:?}");
        let earlier = codes.iter().filter(|code| code.starts_with('P')).count();
        assert_eq!(earlier, 14, "ruvllm-esp32 had fourteen");
        // Every mention of a code in the document leads to an entry.
        let mentioned = DOCUMENT.split("[N").skip(1).filter_map(|rest| rest.split(']').next());
        for code in mentioned.map(|digits| format!("N{digits}")) {
            assert!(by_code(&code).is_some(), "{code}");
            assert!(DOCUMENT.contains(&format!("<a id=\"{}\"", code.to_lowercase())), "{code} has no anchor");
        }
        assert_eq!(codes.len() - earlier, DOCUMENT.matches("**N").count(), "{codes:?}");
        for entry in entries() {
            assert!(!entry.seen.is_empty() && entry.advice.len() > 8, "{entry:?}");
        }
    }

    #[test]
    fn each_failure_of_the_earlier_firmware_says_what_to_do() {
        for entry in entries().into_iter().filter(Entry::is_of_earlier_firmware) {
            let says = ["build with", "unset", "N1", "N2", "N3", "N4", "N5", "N6", "N7", "`chip`"];
            assert!(says.iter().any(|word| entry.advice.contains(word)), "{entry:?}");
        }
    }

    #[test]
    fn links_keep_their_words_and_other_brackets_stay() {
        assert_eq!(prose("see [N1](#n1) and [N2](#n2)"), "see N1 and N2");
        assert_eq!(prose("prints `[panic]`, see [N1](#n1)"), "prints `[panic]`, see N1");
    }

    #[test]
    fn the_stack_is_as_large_and_as_deep_as_the_chip_says() {
        let deepest =
            chip::ALL.iter().filter_map(|chip| chip.stack_depth).map(|depth| depth.0).max().unwrap();
        let kib = |bytes: u32| f64::from(bytes) / 1024.0;
        let words = format!("at most {:.1} KiB of the {:.1} KiB stack", kib(deepest), kib(STACK_RESERVE.0));
        assert!(by_code("P10").unwrap().advice.contains(&words), "docs/bring-up.md has to say: {words}");
    }
}
