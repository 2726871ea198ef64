//! What a panic leaves for the next boot, and when to give up.
//!
//! The record lies in RAM that a reset does not clear, as plain words with a checksum, because after a power-up it holds
//! anything. A failure is a panic, or a reset by the watchdog, which leaves no words of its own. Three in a row within a
//! minute boot to safe mode: the console without the agent. The chip has no clock that runs through a reset, so the
//! minute is counted in running time: that of the second boot and of the third. Any other reset ends the row.

use crate::crc::crc32;
use core::fmt::{self, Write};

/// The words of a record.
pub const WORDS: usize = 64;

/// How many failures in a row lead to safe mode.
pub const MAX_IN_A_ROW: u32 = 3;

/// Within which running time they must fall, in milliseconds.
pub const ROW_MILLIS: u32 = 60_000;

const CRC_AT: usize = 0;
const FLAGS_AT: usize = 1;
const ROW_AT: usize = 2;
const LINE_AT: usize = 5;
const MILLIS_AT: usize = 6;
const ROLE_AT: usize = 8;
const FILE_AT: usize = 12;
const MESSAGE_AT: usize = 28;

const PENDING: u32 = 1;
const HAS_FAILURE: u32 = 2;
const IS_HANG: u32 = 4;

/// A text of at most `N` bytes; what does not fit is cut off.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Self { bytes: [0; N], length: 0 }
    }
}

impl<const N: usize> Text<N> {
    /// The first bytes of `text` that fit.
    pub fn new(text: &str) -> Self {
        let mut cut = Self::default();
        let _ = cut.write_str(text);
        cut
    }

    /// The last bytes of `text` that fit: of a path, its file.
    pub fn tail(text: &str) -> Self {
        let from = text.len().saturating_sub(N);
        Self::new((from..=text.len()).find_map(|from| text.get(from..)).unwrap_or_default())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.bytes.get(..self.length).and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

impl<const N: usize> Write for Text<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let width = character.len_utf8();
            let Some(slot) = self.bytes.get_mut(self.length..self.length + width) else { return Ok(()) };
            // A line break would end the line of the banner that this is shown in.
            let character = if character.is_control() { ' ' } else { character };
            character.encode_utf8(slot);
            self.length += width;
        }
        Ok(())
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

/// Why a boot ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// The agent did not feed the watchdog; otherwise it is a panic, with a source location and a message.
    pub hang: bool,
    /// The milliseconds since that boot.
    pub millis: u64,
    /// The line of the source.
    pub line: u32,
    /// The file of the source, the end of its path.
    pub file: Text<64>,
    /// The role at work.
    pub role: Text<16>,
    /// What the panic says.
    pub message: Text<144>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.millis / 1_000;
        if self.hang {
            return write!(f, "watchdog role={} after {seconds} s: the agent was stuck", self.role.as_str());
        }
        write!(f, "{}:{} role={} ", self.file.as_str(), self.line, self.role.as_str())?;
        write!(f, "after {seconds} s: {}", self.message.as_str())
    }
}

/// What ended the boot before this one, as far as the chip says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// The watchdog.
    Watchdog,
    /// Anything else.
    Other,
}

/// The record, read into values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The panic that wrote this has not been shown yet.
    pending: bool,
    /// The failures in a row.
    in_a_row: u32,
    /// The running time of the last two of them, older first, in milliseconds, at most 49.7 days of them.
    millis: [u32; 2],
    /// The last failure.
    pub failure: Option<Failure>,
}

/// What a boot makes of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Boot {
    /// The boot before this one ended in the failure of the record.
    pub failed: bool,
    /// Start the console without the agent.
    pub safe_mode: bool,
}

impl Record {
    /// Notes a failure.
    pub fn fail(&mut self, failure: Failure) {
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.millis = [self.millis[1], u32::try_from(failure.millis).unwrap_or(u32::MAX)];
        self.pending = !failure.hang;
        self.failure = Some(failure);
    }

    /// Takes stock at boot. `beat` is the last sign of life of the boot before: its milliseconds and its role.
    pub fn boot(&mut self, reset: Reset, beat: (u64, Text<16>)) -> Boot {
        let panicked = core::mem::take(&mut self.pending);
        if !panicked {
            if reset == Reset::Other {
                self.in_a_row = 0;
                return Boot { failed: false, safe_mode: false };
            }
            self.fail(Failure { hang: true, millis: beat.0, role: beat.1, ..Failure::default() });
        }
        let [older, newer] = self.millis;
        let within = older.saturating_add(newer) <= ROW_MILLIS;
        Boot { failed: true, safe_mode: self.in_a_row >= MAX_IN_A_ROW && within }
    }

    /// The record as words.
    pub fn encode(&self) -> [u32; WORDS] {
        let mut words = [0; WORDS];
        let failure = self.failure.unwrap_or_default();
        let flag = |set: bool, bit: u32| if set { bit } else { 0 };
        let flags = flag(self.pending, PENDING) | flag(self.failure.is_some(), HAS_FAILURE);
        let [older, newer] = self.millis;
        set(&mut words, FLAGS_AT, &[flags | flag(failure.hang, IS_HANG)]);
        set(&mut words, ROW_AT, &[self.in_a_row, older, newer, failure.line]);
        set(&mut words, MILLIS_AT, &[failure.millis as u32, (failure.millis >> 32) as u32]);
        put_text(&mut words, ROLE_AT, &failure.role);
        put_text(&mut words, FILE_AT, &failure.file);
        put_text(&mut words, MESSAGE_AT, &failure.message);
        let crc = checksum(&words);
        set(&mut words, CRC_AT, &[crc]);
        words
    }

    /// Reads the words back; what is not a whole record is an empty one.
    pub fn decode(words: &[u32; WORDS]) -> Self {
        let [crc, flags, in_a_row, older, newer, line, low, high, ..] = *words;
        let zeroed = words.iter().all(|word| *word == 0);
        if zeroed || crc != checksum(words) {
            return Self::default();
        }
        let failure = Failure {
            hang: flags & IS_HANG != 0,
            millis: u64::from(high) << 32 | u64::from(low),
            line,
            file: take_text(words, FILE_AT),
            role: take_text(words, ROLE_AT),
            message: take_text(words, MESSAGE_AT),
        };
        Self {
            pending: flags & PENDING != 0,
            in_a_row,
            millis: [older, newer],
            failure: (flags & HAS_FAILURE != 0).then_some(failure),
        }
    }
}

const _: () = assert!(
    ROW_AT + 3 == LINE_AT
        && LINE_AT + 1 == MILLIS_AT
        && MILLIS_AT + 2 == ROLE_AT
        && MESSAGE_AT + 144 / 4 == WORDS
);

fn set(words: &mut [u32; WORDS], at: usize, values: &[u32]) {
    for (target, value) in words.iter_mut().skip(at).zip(values) {
        *target = *value;
    }
}

fn put_text<const N: usize>(words: &mut [u32; WORDS], at: usize, text: &Text<N>) {
    for (target, four) in words.iter_mut().skip(at).zip(text.bytes.chunks_exact(4)) {
        *target = four.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
    }
}

fn take_text<const N: usize>(words: &[u32; WORDS], at: usize) -> Text<N> {
    let mut bytes = [0; N];
    for (four, word) in bytes.chunks_exact_mut(4).zip(words.iter().skip(at)) {
        four.copy_from_slice(&word.to_le_bytes());
    }
    let length = bytes.iter().position(|byte| *byte == 0).unwrap_or(N);
    Text { bytes, length }
}

fn checksum(words: &[u32; WORDS]) -> u32 {
    let body = words.iter().skip(1);
    body.fold(0, |crc, word| {
        let [a, b, c, d] = word.to_le_bytes();
        let [e, f, g, h] = crc.to_le_bytes();
        crc32(&[e, f, g, h, a, b, c, d])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::format;

    const BEAT: (u64, Text<16>) = (7_000, Text { bytes: *b"rag\0\0\0\0\0\0\0\0\0\0\0\0\0", length: 3 });

    fn panic(millis: u64) -> Failure {
        Failure {
            hang: false,
            millis,
            line: 42,
            file: Text::tail(
                "/a/very/long/path/to/the/registry/of/crates/that/goes/on/and/on/src/role/rag.rs",
            ),
            role: Text::new("rag"),
            message: Text::new("index out of bounds:\nthe len is 3"),
        }
    }

    /// What the next boot finds after a panic.
    fn reboot(record: &mut Record, millis: u64) -> Boot {
        record.fail(panic(millis));
        *record = Record::decode(&record.encode());
        record.boot(Reset::Other, BEAT)
    }

    #[test]
    fn a_panic_is_kept_and_shown_by_the_next_boot_alone() {
        let mut record = Record::default();
        assert_eq!(reboot(&mut record, 5_000), Boot { failed: true, safe_mode: false });
        let shown = format!("{}", record.failure.unwrap());
        assert!(
            shown.ends_with("src/role/rag.rs:42 role=rag after 5 s: index out of bounds: the len is 3"),
            "{shown}"
        );
        let mut next = Record::decode(&record.encode());
        assert_eq!(next.boot(Reset::Other, BEAT), Boot { failed: false, safe_mode: false });
        assert_eq!(next.failure, record.failure);
    }

    #[test]
    fn three_in_a_row_within_a_minute_boot_to_safe_mode() {
        let boots = |millis: [u64; 3]| {
            let mut record = Record::default();
            millis.map(|millis| reboot(&mut record, millis).safe_mode)
        };
        assert_eq!(boots([500_000, 30_000, 30_000]), [false, false, true]);
        assert_eq!(boots([0, 30_000, 30_001]), [false, false, false]);
    }

    #[test]
    fn another_reset_ends_the_row() {
        let mut record = Record::default();
        reboot(&mut record, 10);
        reboot(&mut record, 10);
        assert!(!record.boot(Reset::Other, BEAT).failed);
        assert!(!reboot(&mut record, 10).safe_mode);
    }

    #[test]
    fn the_watchdog_counts_and_leaves_the_last_sign_of_life() {
        let mut record = Record::default();
        for safe_mode in [false, false, true, true] {
            assert_eq!(record.boot(Reset::Watchdog, BEAT), Boot { failed: true, safe_mode });
            record = Record::decode(&record.encode());
        }
        assert_eq!(
            format!("{}", record.failure.unwrap()),
            "watchdog role=rag after 7 s: the agent was stuck"
        );
    }

    #[test]
    fn a_failure_after_49_days_says_when() {
        let mut record = Record::default();
        reboot(&mut record, (1 << 32) * 1_000);
        assert_eq!(record.failure.unwrap().millis, (1 << 32) * 1_000);
        assert!(format!("{}", record.failure.unwrap()).contains(" after 4294967296 s: "));
        // Running times that long do not count as a row.
        assert!(!(0..4).any(|_| reboot(&mut record, (1 << 32) + 5).safe_mode));
    }

    #[test]
    fn memory_that_was_never_written_is_an_empty_record() {
        assert_eq!(Record::decode(&[0; WORDS]), Record::default());
        assert_eq!(Record::decode(&[u32::MAX; WORDS]), Record::default());
        assert_eq!(Record::decode(&Record::default().encode()), Record::default());
    }

    proptest! {
        #[test]
        fn any_damage_is_noticed(at in 0..WORDS, bits in 1u32..) {
            let mut record = Record::default();
            record.fail(panic(1));
            let mut words = record.encode();
            words[at] ^= bits;
            prop_assert_eq!(Record::decode(&words), Record::default());
        }

        #[test]
        fn a_text_is_cut_between_characters(text in "\\PC{0,40}") {
            prop_assert!(text.starts_with(Text::<16>::new(&text).as_str()));
            prop_assert!(text.ends_with(Text::<16>::tail(&text).as_str()));
        }
    }
}
