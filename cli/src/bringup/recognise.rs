//! Which entries of `docs/bring-up.md` a log speaks of.
//!
//! Compilers and linkers change their quotes and what they say between the words, so an entry is recognised by its
//! words: those of one of its texts, in order and near each other, in a line and the next. `...` in a text stands for anything
//! in between. A single word tells nothing: other logs have it too. A log is read line by line and may be of any
//! length.

use super::document::{Entry, entries};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The fewest words, common ones included, by which a text is found within a line. A shorter text has to be all of a line.
const MIN_WORDS: usize = 3;
/// How many other words may stand between two words of a text.
const MAX_GAP: usize = 4;
/// The most that is shown of a line.
const SHOWN: usize = 160;

/// Words in which messages differ without saying something else.
const COMMON: [&str; 18] = [
    "a", "an", "and", "at", "by", "can", "cannot", "cant", "could", "find", "for", "in", "is", "not", "of",
    "on", "the", "to",
];

/// An entry that a log speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// What it means.
    #[serde(flatten)]
    pub entry: Entry,
    /// The first line of the log that says so, from 1.
    pub line: u64,
    /// That line, cut where it is long.
    pub text: String,
    /// How many lines say so.
    pub count: u64,
    /// How much of the line the entry knows, in letters.
    #[serde(skip)]
    letters: usize,
}

/// A word as a number: 0 for those that no entry has.
type Word = u16;
const OTHER: Word = 0;

/// A text that an entry is recognised by.
#[derive(Clone, Debug)]
struct Known {
    /// Its entry, by index.
    entry: usize,
    /// The words between its `...`.
    pieces: Vec<Vec<Word>>,
    letters: usize,
    /// Has it to be the whole line?
    is_whole_line: bool,
    /// How many other words may stand between two of its words.
    gap: usize,
    /// A mark in brackets, such as `[panic]`, which is looked for letter by letter.
    mark: Option<String>,
}

/// The words of a line.
#[derive(Clone, Debug, Default)]
struct Line {
    words: Vec<Word>,
    text: String,
}

/// Reads a log, line by line.
#[derive(Debug)]
pub struct Explainer {
    entries: Vec<Entry>,
    known: Vec<Known>,
    vocabulary: BTreeMap<String, Word>,
    /// The line before, which waits for the one that follows it.
    before: Option<Line>,
    /// Lines that are done.
    done: u64,
    found: BTreeMap<usize, Finding>,
}

impl Default for Explainer {
    fn default() -> Self {
        Self::new()
    }
}

impl Explainer {
    /// Nothing read yet.
    pub fn new() -> Self {
        let entries = entries();
        let mut vocabulary = BTreeMap::new();
        let mut known = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            known.extend(entry.texts.iter().map(|text| Known::new(index, text, &mut vocabulary)));
        }
        Self { entries, known, vocabulary, before: None, done: 0, found: BTreeMap::new() }
    }

    /// Takes the next line.
    pub fn line(&mut self, text: &str) {
        let plain = anstream::adapter::strip_str(text).to_string();
        let words = words(&plain).map(|word| self.vocabulary.get(&word).copied().unwrap_or(OTHER)).collect();
        let line = Line { words, text: plain };
        if let Some(before) = self.before.take() {
            self.look(&before, &line);
        }
        self.before = Some(line);
    }

    /// What the log speaks of, by its lines; of the same line the surest first.
    pub fn finish(mut self) -> Vec<Finding> {
        if let Some(before) = self.before.take() {
            self.look(&before, &Line::default());
        }
        let mut found: Vec<Finding> = self.found.into_values().collect();
        found.sort_by_key(|finding| (finding.line, std::cmp::Reverse(finding.letters)));
        without_consequences(&mut found);
        with_referred(&mut found);
        found
    }

    /// Looks at a line and the one after it.
    fn look(&mut self, line: &Line, next: &Line) {
        self.done += 1;
        let has_words = line.words.iter().any(|word| *word != OTHER);
        let has_mark = line.text.contains('[');
        if !has_words && !has_mark {
            return;
        }
        let both: Vec<Word> = line.words.iter().chain(&next.words).copied().collect();
        let mut best: BTreeMap<usize, usize> = BTreeMap::new();
        for known in self.known.iter().filter(|known| known.is_in(line, &both)) {
            let letters = best.entry(known.entry).or_default();
            *letters = known.letters.max(*letters);
        }
        for (index, letters) in best {
            let Some(entry) = self.entries.get(index) else { continue };
            let line_number = self.done;
            let finding = self.found.entry(index).or_insert_with(|| Finding {
                entry: entry.clone(),
                line: line_number,
                text: line.text.trim().chars().take(SHOWN).collect(),
                count: 0,
                letters,
            });
            finding.count += 1;
        }
    }
}

impl Known {
    fn new(entry: usize, text: &str, vocabulary: &mut BTreeMap<String, Word>) -> Self {
        let mark = (text.starts_with('[') && !text.contains(char::is_whitespace)).then(|| text.to_string());
        let mut number = |word: String| {
            let next = Word::try_from(vocabulary.len() + 1).unwrap_or(Word::MAX);
            *vocabulary.entry(word).or_insert(next)
        };
        let pieces: Vec<Vec<Word>> = text
            .split("...")
            .map(|piece| words(piece).map(&mut number).collect::<Vec<Word>>())
            .filter(|piece| !piece.is_empty())
            .collect();
        let telling: usize = pieces.iter().map(Vec::len).sum();
        let is_whole_line = telling < 2 || all_words(text).count() < MIN_WORDS;
        // Two words say something only side by side.
        let gap = if telling > 2 { MAX_GAP } else { 0 };
        Self { entry, pieces, letters: text.len(), is_whole_line, gap, mark }
    }

    /// Does `line` begin to say this? `both` has its words and those of the line after it.
    fn is_in(&self, line: &Line, both: &[Word]) -> bool {
        if let Some(mark) = &self.mark {
            return line.text.contains(mark.as_str());
        }
        if self.is_whole_line {
            return self.pieces.iter().flatten().eq(&line.words);
        }
        (0..line.words.len()).any(|start| self.begins_at(both, start))
    }

    /// Do the words from `start` on say this?
    fn begins_at(&self, words: &[Word], start: usize) -> bool {
        let mut at = start;
        for (index, piece) in self.pieces.iter().enumerate() {
            let found = match index {
                0 => ends(words, start, piece, self.gap),
                _ => (at..words.len()).find_map(|begin| ends(words, begin, piece, self.gap)),
            };
            let Some(end) = found else { return false };
            at = end;
        }
        true
    }
}

/// Where `piece` ends in `words`, if it begins at `start`, with at most `gap` other words before each of the next.
fn ends(words: &[Word], start: usize, piece: &[Word], gap: usize) -> Option<usize> {
    let (first, rest) = piece.split_first()?;
    if words.get(start) != Some(first) {
        return None;
    }
    let mut at = start + 1;
    for word in rest {
        let skipped = words.iter().skip(at).take(gap + 1).position(|other| other == word)?;
        at += skipped + 1;
    }
    Some(at)
}

/// An entry that names another one that was found is what followed from it.
fn without_consequences(found: &mut Vec<Finding>) {
    let codes: Vec<String> = found.iter().map(|finding| finding.entry.code.clone()).collect();
    found.retain(|finding| {
        let is_explained = |entry: &Entry| codes.contains(&entry.code);
        finding.entry.is_of_earlier_firmware() || !finding.entry.referred().iter().any(is_explained)
    });
}

/// An entry of the earlier firmware may say no more than which other one replaced it.
fn with_referred(found: &mut Vec<Finding>) {
    let earlier: Vec<Finding> =
        found.iter().filter(|finding| finding.entry.is_of_earlier_firmware()).cloned().collect();
    for finding in earlier {
        for entry in finding.entry.referred() {
            if !found.iter().any(|other| other.entry == entry) {
                found.push(Finding { entry, ..finding.clone() });
            }
        }
    }
}

/// The words of a text, in lower case; a hexadecimal number is `0x`, whatever its value.
fn all_words(text: &str) -> impl Iterator<Item = String> {
    let plain = text.replace(['`', '\''], "").to_lowercase();
    let split = |character: char| !character.is_ascii_alphanumeric() && character != '_';
    let words: Vec<String> = plain.split(split).filter(|word| !word.is_empty()).map(value_free).collect();
    words.into_iter()
}

fn value_free(word: &str) -> String {
    match word.strip_prefix("0x") {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => "0x".into(),
        _ => word.into(),
    }
}

/// The words of a text that say anything.
fn words(text: &str) -> impl Iterator<Item = String> {
    all_words(text).filter(|word| !COMMON.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::super::explain;
    use super::*;

    fn codes(text: &str) -> Vec<String> {
        explain(text).into_iter().map(|finding| finding.entry.code).collect()
    }

    fn first(text: &str) -> String {
        codes(text).first().cloned().unwrap_or_default()
    }

    #[test]
    fn errors_of_the_earlier_firmware_are_recognised_as_tools_word_them() {
        let known = [
            ("P1", "error[E0432]: could not find `espidf` in `embuild`"),
            ("P1", "cannot find `espidf` in `embuild`"),
            ("P1", "error[E0432]: unresolved import `embuild::espidf`"),
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
            (
                "N50",
                "error[E0422]: cannot find struct, variant or union type `usb_serial_jtag_driver_config_t`",
            ),
            ("N50", "cannot find struct usb_serial_jtag_driver_config_t in this scope"),
        ];
        for (code, text) in known {
            assert_eq!(first(text), code, "{text}");
        }
    }

    /// What boards, loaders and tools say, and the one entry that has the cause.
    #[test]
    fn messages_of_boards_and_tools_have_one_entry_each() {
        let known = [
            (
                "N41",
                "I (74) esp_image: segment 0: paddr=00010020\nE (80) boot_comm: Image requires efuse blk rev >= v170.170, but chip is v1.3\nE (85) boot: OTA app partition slot 0 is not bootable",
            ),
            (
                "N37",
                "rst:0x10 (RTCWDT_RTC_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\ninvalid header: 0xffffffff\ninvalid header: 0xffffffff",
            ),
            ("N37", "invalid header: 0x3f4c2a10"),
            (
                "N39",
                "E (188) esp_image: Checksum failed. Calculated 0x7c read 0x12\nE (199) boot: No bootable app partitions in the partition table",
            ),
            (
                "N39",
                "E (210) esp_image: Image hash failed - image is corrupt\nE (214) boot: Factory app partition is not bootable",
            ),
            (
                "N40",
                "E (90) boot: Factory app partition is not bootable\nE (94) boot: No bootable app partitions in the partition table",
            ),
            ("N34", "A fatal error occurred: MD5 of file does not match data in flash!"),
            (
                "N30",
                "Could not open COM3, the port doesn't exist\nPermissionError(13, 'A device attached to the system is not functioning.', None, 31)",
            ),
            ("N31", "A fatal error occurred: Failed to connect to ESP32-S3: No serial data received."),
            ("N31", "Failed to connect to Espressif device: Timed out waiting for packet header"),
            ("N28", "could not open port /dev/ttyACM1: [Errno 13] Permission denied: '/dev/ttyACM1'"),
            ("N44", "Brownout detector was triggered\n\nets Jul 29 2019 12:21:46"),
            ("N46", "Guru Meditation Error: Core  0 panic'ed (StoreProhibited). Exception was unhandled."),
            (
                "N36",
                "E (48) flash_parts: partition 3 invalid - offset 0x210000 size 0x200000 exceeds flash chip size 0x200000\nE (58) boot: Failed to verify partition table\nE (63) boot: load partition table error!",
            ),
            ("N27", "E (52) boot: load partition table error!"),
            (
                "N18",
                "E (53) boot_comm: mismatch chip ID, expected 0, found 9\nE (58) boot: Factory app partition is not bootable",
            ),
            (
                "N38",
                "rst:0x10 (RTCWDT_RTC_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\nflash read err, 1000\nets_main.c 371",
            ),
            ("N35", "rst:0x1 (POWERON),boot:0x4 (USB_BOOT)\nwaiting for download"),
            (
                "N35",
                "rst:0x1 (POWERON_RESET),boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))\nwaiting for download",
            ),
            (
                "N13",
                "bootloader.bin requires chip revision in range [v3.0 - v3.99] (this chip is revision v1.0)",
            ),
            ("N13", "E (40) boot_comm: Image requires chip rev >= v3.0, but chip is v1.0"),
            ("N42", "secure boot check fail\nets_main.c 333"),
            (
                "N32",
                "Error: espflash::timeout\n  x Error while connecting to device\n  |-> Timeout while running command",
            ),
            (
                "N43",
                "Error: espflash::app_desc_not_present\n  x ESP-IDF App Descriptor missing in your `esp-hal` application.",
            ),
            ("N45", "rst:0x8 (TG1WDT_SYS_RST),boot:0xc (SPI_FAST_FLASH_BOOT)\nSaved PC:0x4004c7a0"),
            ("N5", "Error: espflash::no_serial\n  x No serial ports could be detected"),
            ("N29", "Could not open /dev/ttyUSB0, the port is busy or doesn't exist."),
            ("N29", "could not open port 'COM4': PermissionError(13, 'Access is denied.', None, 5)"),
            ("N22", "Exception 'Stack protection fault' mepc=0x42001a2c, mtval=0x00000000"),
            ("N22", "Guru Meditation Error: Core  0 panic'ed (Stack protection fault)."),
            ("N22", "Detected a write to the stack guard value on ProCpu"),
            ("N47", "Guru Meditation Error: Core  1 panic'ed (Interrupt wdt timeout on CPU1)."),
            ("N3", "  = note: rust-lld: error: cannot find linker script linkall.x"),
            (
                "N48",
                "rust-lld: error: section '.bss' will not fit in region 'dram_seg': overflowed by 4096 bytes",
            ),
            (
                "N33",
                "Failed to connect to ESP32: Wrong boot mode detected (0x13)! The chip needs to be in download mode.",
            ),
            ("N2", "rust-lld: error: unknown argument '-fuse-ld=mold'"),
            ("N49", "after flashing, app_main() is silent"),
            (
                "N11",
                "thread 'main' panicked at /x/esp-idf-part-0.6.0/src/lib.rs:81:\ncalled `Option::unwrap()` on a `None` value",
            ),
            ("N25", "link: closed; a chip joins a fleet with 'chip config id' and 'chip config key'"),
            ("N26", "peers: (none)"),
            ("N19", "[panic] src/main.rs:20: index out of bounds"),
            ("N20", "[safe] the agent is not running; type 'chip help' for commands"),
        ];
        for (code, text) in known {
            assert_eq!(codes(text), [code], "{text}");
        }
    }

    #[test]
    fn one_word_is_no_diagnosis() {
        for text in [
            "",
            "could not find `serde` in `crate`",
            "error: linker `cc` not found",
            "undefined reference to `main'",
            "no field `length` on type `Vec<u8>`",
            "a log line\nand another\nand esp_idf_svc far away from it",
            "error: toolchain 'nightly' is not installed",
            "kernel panic",
            "the host builds, and the test passes",
            "thread 'main' panicked at src/lib.rs:2:9:\ncalled `Option::unwrap()` on a `None` value",
            "0x40380c80 - call_start_cpu0\n    at components/esp_system/port/cpu_start.c:153",
            "INFO: RUSTFLAGS is empty, nothing to do",
            "link: closed by remote host",
            "waiting to start a download",
            "the secure connection was checked",
            "Permission denied (publickey).",
        ] {
            assert!(explain(text).is_empty(), "{text}: {:?}", codes(text));
        }
    }

    #[test]
    fn the_first_and_the_last_telling_line_of_a_log_count_and_each_is_named() {
        let mut log = String::from("E (52) boot: load partition table error!\n");
        log.push_str(&"I (60) wifi: a line that says nothing of this\n".repeat(5000));
        log.push_str("Brownout detector was triggered\nBrownout detector was triggered\n");
        let found = explain(&log);
        let lines: Vec<(&str, u64, u64)> =
            found.iter().map(|finding| (finding.entry.code.as_str(), finding.line, finding.count)).collect();
        assert_eq!(lines, [("N27", 1, 1), ("N44", 5002, 2)]);
        assert_eq!(found[0].text, "E (52) boot: load partition table error!");
    }

    #[test]
    fn error_texts_of_real_builds_are_recognised() {
        let xtensa = "error[E0463]: can't find crate for `core`\n = note: the `xtensa-esp32s3-none-elf` target may not be installed";
        assert!(codes(xtensa).contains(&"N7".to_string()), "{:?}", codes(xtensa));
        assert_eq!(first("'esp32s3' is not a recognized processor for this target"), "N7");
        assert_eq!(
            codes("mold: fatal: unknown command line option: --dynconfig=xtensa_esp32.so"),
            ["P4", "N2"]
        );
        assert_eq!(first("error: Seems you are building for an unsupported or wrong target"), "N1");
        assert_eq!(first("err: no-config-partition the image was flashed"), "N12");
        let old = "error: rustc 1.94.0 is not supported by the following package:\n  esp-hal@1.2.2 requires rustc 1.95";
        assert_eq!(first(old), "N8");
    }

    #[test]
    fn a_text_that_is_too_short_to_be_found_in_a_line_is_a_line_of_its_own() {
        for known in Explainer::new().known.iter().filter(|known| known.is_whole_line) {
            assert!(known.mark.is_some() || known.pieces.iter().flatten().count() > 0, "{known:?}");
        }
        assert!(explain("two peers: (none) today").is_empty());
    }
}
