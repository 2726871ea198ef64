//! Bytes from a board to stamped lines: at once on the screen, plain in the log.
//!
//! The order is fixed: time, then text, then what the text's addresses mean. The screen gets a line's bytes as they
//! arrive, so that a prompt shows; the log gets whole lines without escape sequences.

use super::decode::{Decoder, Frame};
use crate::json::envelope;
use crate::style::faint;
use anstream::adapter::StripStr;
use schemars::JsonSchema;
use serde::Serialize;
use std::io::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The longest line that is kept whole; a board that never ends its lines is cut after it, between two words.
const LINE_LIMIT: usize = 4096;
/// How much longer a word makes a line at most: what is longer is cut between two letters.
const WORD_LIMIT: usize = 256;

/// How lines look on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Bytes as they come.
    Raw,
    /// Stamped lines for a screen; the flag says that the terminal needs `\r\n`.
    Lines {
        /// Is the terminal in raw mode?
        carriage_return: bool,
    },
    /// One JSON object a line.
    Json,
}

/// What was said so far, on its way to screen and log.
#[derive(Debug)]
pub struct Transcript<L: Write> {
    form: Form,
    log: Option<L>,
    line: Vec<u8>,
    /// Has a carriage return come, and nothing after it yet?
    returned: bool,
    /// Where a name was found, the ELF to look addresses up in.
    pub decoder: Option<Decoder>,
}

#[derive(Serialize, JsonSchema)]
pub struct Line<'a> {
    seconds: f64,
    text: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    frames: &'a [Frame],
}

impl<L: Write> Transcript<L> {
    /// An empty one.
    pub fn new(form: Form, log: Option<L>, decoder: Option<Decoder>) -> Self {
        Self { form, log, line: Vec::new(), returned: false, decoder }
    }

    /// Takes bytes that arrived `at` this long after the start; whole lines are given to `seen`.
    ///
    /// # Errors
    /// Those of the screen and of the log.
    pub fn feed(
        &mut self,
        bytes: &[u8],
        at: Duration,
        screen: &mut impl Write,
        mut seen: impl FnMut(&str),
    ) -> io::Result<()> {
        if self.form == Form::Raw {
            screen.write_all(bytes)?;
        }
        for byte in bytes {
            self.byte(*byte, at, screen, &mut seen)?;
        }
        screen.flush()
    }

    fn byte(
        &mut self,
        byte: u8,
        at: Duration,
        screen: &mut impl Write,
        seen: &mut impl FnMut(&str),
    ) -> io::Result<()> {
        match byte {
            b'\n' => {
                self.returned = false;
                return self.end_line(LineEnd::Feed, at, screen, seen);
            }
            b'\r' => {
                self.returned = true;
                return Ok(());
            }
            // A carriage return alone overwrites the line, as in a progress bar.
            _ if std::mem::take(&mut self.returned) && !self.line.is_empty() => {
                self.end_line(LineEnd::Return, at, screen, seen)?;
            }
            _ => {}
        }
        if self.is_cut_before(byte) {
            self.end_line(LineEnd::Cut, at, screen, seen)?;
        }
        if let Form::Lines { .. } = self.form {
            if self.line.is_empty() {
                write!(screen, "{} ", faint(&stamp(at)))?;
            }
            screen.write_all(&[byte])?;
        }
        self.line.push(byte);
        Ok(())
    }

    /// Is the open line too long to go on with `byte`? A word is not cut, and a letter never.
    fn is_cut_before(&self, byte: u8) -> bool {
        let is_letter_part = byte & 0xc0 == 0x80;
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80;
        let is_in_word = is_word(byte) && self.line.last().is_some_and(|last| is_word(*last));
        let limit = if is_in_word { LINE_LIMIT + WORD_LIMIT } else { LINE_LIMIT };
        // Bytes that are no text are cut as well.
        self.line.len() >= limit && !is_letter_part || self.line.len() >= LINE_LIMIT + WORD_LIMIT + 4
    }

    /// The line that is still open, as its bytes came.
    pub fn open_line(&self) -> &[u8] {
        &self.line
    }

    /// Ends a line that is still open, as at the end of a session.
    ///
    /// # Errors
    /// Those of the screen and of the log.
    pub fn finish(&mut self, at: Duration, screen: &mut impl Write) -> io::Result<()> {
        if !plain(&self.line).is_empty() {
            self.end_line(LineEnd::Feed, at, screen, &mut |_| {})?;
        }
        self.log.as_mut().map_or(Ok(()), Write::flush)?;
        screen.flush()
    }

    fn end_line(
        &mut self,
        end: LineEnd,
        at: Duration,
        screen: &mut impl Write,
        seen: &mut impl FnMut(&str),
    ) -> io::Result<()> {
        let text = plain(&self.line);
        let is_empty = self.line.is_empty();
        self.line.clear();
        let frames = self.decoder.as_ref().map_or_else(Vec::new, |decoder| decoder.frames(&text));
        match self.form {
            Form::Raw => {}
            Form::Json => {
                let line = Line { seconds: at.as_secs_f64(), text: &text, frames: &frames };
                writeln!(screen, "{}", envelope("line", &line)?)?;
            }
            Form::Lines { carriage_return } => {
                let feed = if carriage_return { "\r\n" } else { "\n" };
                if is_empty {
                    write!(screen, "{}", faint(&stamp(at)))?;
                }
                // On a terminal the next text takes the line's place, as the board meant it.
                let is_replaced = end == LineEnd::Return && carriage_return && frames.is_empty();
                screen.write_all(if is_replaced { b"\r" } else { feed.as_bytes() })?;
                for frame in &frames {
                    write!(screen, "{}{feed}", faint(&format!("{:>10}  {frame}", "")))?;
                }
            }
        }
        if let Some(log) = &mut self.log {
            writeln!(log, "{} {text}", utc(SystemTime::now()))?;
            frames.iter().try_for_each(|frame| writeln!(log, "    {frame}"))?;
            log.flush()?;
        }
        seen(&text);
        Ok(())
    }
}

/// Why a line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineEnd {
    /// A line feed came, or the session is over.
    Feed,
    /// A carriage return came, and then something else.
    Return,
    /// It is too long.
    Cut,
}

/// Seconds since the start, in a column.
fn stamp(at: Duration) -> String {
    format!("{:10.3}", at.as_secs_f64())
}

/// Text without escape sequences and control characters; a backspace takes a letter away.
pub fn plain(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut strip = StripStr::new();
    let mut plain = String::new();
    for (index, part) in text.split('\u{8}').enumerate() {
        if index > 0 {
            plain.pop();
        }
        for piece in strip.strip_next(part) {
            let characters = piece.chars().map(|character| if character == '\t' { ' ' } else { character });
            plain.extend(characters.filter(|character| !character.is_control()));
        }
    }
    plain
}

/// A time in UTC, as ISO 8601 writes it: days to a date after Howard Hinnant's `civil_from_days`.
pub fn utc(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (seconds, millis) = (since.as_secs(), since.subsec_millis());
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Duration = Duration::from_millis(1500);

    fn shown(form: Form, pieces: &[&[u8]]) -> (String, String, Vec<String>) {
        let (mut screen, mut lines) = (Vec::new(), Vec::new());
        let mut transcript = Transcript::new(form, Some(Vec::new()), None);
        for piece in pieces {
            transcript.feed(piece, AT, &mut screen, |line| lines.push(line.to_string())).unwrap();
        }
        transcript.finish(AT, &mut screen).unwrap();
        let screen = anstream::adapter::strip_str(std::str::from_utf8(&screen).unwrap()).to_string();
        (screen, String::from_utf8(transcript.log.unwrap()).unwrap(), lines)
    }

    #[test]
    fn lines_are_stamped_and_the_log_is_plain() {
        let pieces: [&[u8]; 3] = [b"\x1b[32mhel", b"lo\x1b[0m\r\n\r\nro", b"le: x\n> "];
        let (screen, log, lines) = shown(Form::Lines { carriage_return: false }, &pieces);
        assert_eq!(lines, ["hello", "", "role: x"]);
        assert!(screen.contains("     1.500 "), "{screen}");
        let texts: Vec<&str> = log.lines().map(|line| line.split_once(' ').unwrap().1).collect();
        assert_eq!(texts, ["hello", "", "role: x", "> "]);
        assert!(!log.contains('\u{1b}') && !log.contains('\r'), "{log:?}");
        assert!(log.starts_with("20") && log.contains("Z hello"), "{log}");
    }

    #[test]
    fn raw_is_raw_and_json_is_json() {
        let (screen, _, _) = shown(Form::Raw, &[b"a\r\nb"]);
        assert_eq!(screen, "a\r\nb");
        let (screen, _, _) = shown(Form::Json, &[b"a\r\n"]);
        assert_eq!(screen, "{\"schema\":1,\"kind\":\"line\",\"seconds\":1.5,\"text\":\"a\"}\n");
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let (_, _, lines) = shown(Form::Raw, &[&[b'x'; 3 * (LINE_LIMIT + WORD_LIMIT) + 1]]);
        assert_eq!(lines.len(), 3);
    }

    #[test]
    fn a_carriage_return_alone_ends_a_line_and_before_a_line_feed_it_is_part_of_the_end() {
        let (_, log, lines) = shown(Form::Raw, &[b"heap 31\rheap 30\r", b"heap 29\r\n\r\nend\r\r\nlast\r"]);
        assert_eq!(lines, ["heap 31", "heap 30", "heap 29", "", "end"]);
        let texts: Vec<&str> = log.lines().map(|line| line.split_once(' ').unwrap().1).collect();
        assert_eq!(texts, ["heap 31", "heap 30", "heap 29", "", "end", "last"]);
        let (json, _, _) = shown(Form::Json, &[b"a\rb\r"]);
        assert_eq!(json.lines().count(), 2, "{json}");
        let (screen, _, _) = shown(Form::Lines { carriage_return: true }, &[b"heap 31\rheap 30\r\n"]);
        assert_eq!(screen, "     1.500 heap 31\r     1.500 heap 30\r\n");
        let (pipe, _, _) = shown(Form::Lines { carriage_return: false }, &[b"heap 31\rheap 30\r\n"]);
        assert_eq!(pipe, "     1.500 heap 31\n     1.500 heap 30\n");
    }

    #[test]
    fn a_line_that_is_cut_keeps_its_letters_and_its_addresses() {
        for text in ["żółty", "0x42002468"] {
            for before in LINE_LIMIT - text.len()..=LINE_LIMIT {
                let line = format!("{} {text}\n", "a".repeat(before));
                let (_, _, lines) = shown(Form::Raw, &[line.as_bytes()]);
                assert!(lines.iter().any(|line| line.ends_with(text)), "{before}: {:?}", lines.last());
            }
        }
        let (_, _, lines) = shown(Form::Raw, &[&"ż".repeat(LINE_LIMIT).into_bytes(), b"\n"]);
        assert!(lines.len() > 1 && lines.concat() == "ż".repeat(LINE_LIMIT), "a letter was cut");
    }

    #[test]
    fn dates_are_right_at_their_edges() {
        let at = |seconds| utc(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(at(1_709_164_799), "2024-02-28T23:59:59.000Z");
        assert_eq!(at(1_709_164_800), "2024-02-29T00:00:00.000Z");
        assert_eq!(at(1_700_000_000), "2023-11-14T22:13:20.000Z");
    }

    #[test]
    fn escapes_and_backspaces_leave_no_trace() {
        assert_eq!(plain(b"\x1b[1;31mred\x1b[0m ab\x08c\x07\t\xff"), "red ac \u{fffd}");
        assert_eq!(plain(b"\x1b]0;a window's title\x07text"), "text");
        assert_eq!(plain(b"\x1b]8;;http://x\x1b\\link"), "link");
        assert_eq!(plain(b"\x1bPq#1data\x1b\\after"), "after");
        assert_eq!(plain(b"\x1b(Bset\x1b[?25lhid\x1b[?25h\x1b7"), "sethid");
    }
}
