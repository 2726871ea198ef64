//! Why a chip that runs an image does not answer, in what it said and did.

use crate::emulator::board::time::{MILLISECOND, Ticks};
use crate::emulator::board::{Board, Port};
use std::fmt;

/// What begins or fills the line in which ROM, bootloader or program tell of a failure.
const FAILURES: [&str; 8] = [
    "[panic]",
    "panic'ed",
    "abort() was called",
    "Assert failed",
    "assert failed",
    "invalid header: ",
    "flash read err",
    "Brownout detector",
];

/// A chip without a console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoConsole {
    /// How long it was waited for.
    pub waited: Ticks,
    /// How often the chip started meanwhile.
    pub starts: usize,
    /// The first line that tells of a failure.
    pub error: Option<String>,
    /// The last line.
    pub last: Option<String>,
    /// All that it said since then.
    pub said: String,
    /// Where the program is.
    pub pc: u32,
    /// The register that was read most, how often, and its peripheral.
    pub most_read: Option<(u32, u64, Option<&'static str>)>,
}

impl NoConsole {
    /// What `board` came to, which has said `said` on its console.
    pub fn of(board: &mut Board, waited: Ticks, starts: usize, said: &str) -> Self {
        // Other programs may print to the other port alone.
        let other = String::from_utf8_lossy(&board.take_serial_out(Port::Uart0)).into_owned();
        let said = if said.trim().is_empty() { &other } else { said };
        let said: &str = &without_colours(said);
        let quote = |line: &str| line.trim().chars().filter(|character| !character.is_control()).collect();
        Self {
            waited,
            starts,
            error: said.lines().find(|line| is_failure(line)).map(quote),
            last: said.lines().rfind(|line| !line.trim().is_empty()).map(quote),
            said: said.to_string(),
            pc: board.pc(),
            most_read: board.most_read(),
        }
    }
}

/// Text without the escape sequences that ESP-IDF colours its lines with.
fn without_colours(text: &str) -> String {
    let mut plain = String::new();
    for (index, piece) in text.split("\u{1b}[").enumerate() {
        let is_parameter = |character: char| character.is_ascii_digit() || character == ';';
        let rest = piece.trim_start_matches(is_parameter);
        plain.push_str(if index == 0 { piece } else { rest.strip_prefix('m').unwrap_or(piece) });
    }
    plain
}

fn is_failure(line: &str) -> bool {
    line.starts_with("E (") || FAILURES.iter().any(|failure| line.contains(failure))
}

impl fmt::Display for NoConsole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no console after {} ms of chip time", self.waited / MILLISECOND)?;
        match self.starts {
            0 | 1 => write!(f, ", one start")?,
            starts => write!(f, ", {starts} starts")?,
        }
        match (&self.error, &self.last) {
            (Some(error), _) => write!(f, "; the first error: {error}")?,
            (None, Some(last)) => write!(f, "; the last line: {last}")?,
            (None, None) => write!(f, "; nothing was printed")?,
        }
        write!(f, "; pc {:#010x}", self.pc)?;
        match self.most_read {
            Some((address, reads, block)) => {
                write!(
                    f,
                    ", register read most: {address:#010x} ({}), {reads} times",
                    block.unwrap_or("unknown")
                )
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_failure_is_quoted_and_else_the_last_line() {
        let mut failure = NoConsole {
            waited: 1500 * MILLISECOND,
            starts: 7,
            error: Some("E (46) boot: load partition table error!".into()),
            last: Some("ESP-ROM:x".into()),
            said: String::new(),
            pc: 0x4004_c0d6,
            most_read: Some((0x6004_0044, 12, Some("APB_SARADC"))),
        };
        assert_eq!(
            failure.to_string(),
            "no console after 1500 ms of chip time, 7 starts; the first error: E (46) boot: load partition table error!; \
             pc 0x4004c0d6, register read most: 0x60040044 (APB_SARADC), 12 times"
        );
        (failure.error, failure.starts, failure.most_read) = (None, 1, None);
        assert!(
            failure.to_string().ends_with(", one start; the last line: ESP-ROM:x; pc 0x4004c0d6"),
            "{failure}"
        );
        failure.last = None;
        assert!(failure.to_string().contains("; nothing was printed;"), "{failure}");
    }

    #[test]
    fn colours_hide_no_failure() {
        let said =
            "\u{1b}[0;32mI (14) boot: x\u{1b}[0m\n\u{1b}[0;31mE (15) boot_comm: y\u{1b}[0m\n\u{1b}[2Jz";
        assert_eq!(without_colours(said), "I (14) boot: x\nE (15) boot_comm: y\n2Jz");
    }

    #[test]
    fn failures_of_rom_bootloader_and_programs_are_known() {
        for line in [
            "E (33) flash_parts: partition 2 invalid",
            "Guru Meditation Error: Core 0 panic'ed (Illegal instruction)",
            "[panic] src/main.rs:1 role=x: y",
            "abort() was called at PC 0x403d0b49",
            "invalid header: 0xffffffff",
        ] {
            assert!(is_failure(line), "{line}");
        }
        assert!(!is_failure("I (33) boot: Partition Table:") && !is_failure("ESP-ROM:esp32c3-api1-20210207"));
    }
}
