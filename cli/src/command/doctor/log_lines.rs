//! The lines of a log file of any length and of any common encoding.
//!
//! UTF-8 and UTF-16 are told apart by their byte order marks; bytes that are neither become U+FFFD. A line ends with a line
//! feed, a carriage return, or both, and a longer one than [`MAX_LINE`] is cut, so that memory is bounded.

use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};
use std::io::{self, BufRead, BufReader, Read};

/// The longest line, in bytes.
const MAX_LINE: usize = 64 << 10;

/// The lines of a log.
#[derive(Debug)]
pub struct LogLines<R: Read> {
    bytes: BufReader<DecodeReaderBytes<R, Vec<u8>>>,
}

impl<R: Read> LogLines<R> {
    /// The lines of what `source` holds.
    pub fn new(source: R) -> Self {
        let mut builder = DecodeReaderBytesBuilder::new();
        Self { bytes: BufReader::new(builder.utf8_passthru(true).strip_bom(true).build(source)) }
    }

    /// The bytes of the next line without its end; `None` at the end of the log.
    fn next_bytes(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        loop {
            let buffer = self.bytes.fill_buf()?;
            if buffer.is_empty() {
                return Ok((!line.is_empty()).then_some(line));
            }
            let room = MAX_LINE - line.len();
            let part = buffer.get(..room).unwrap_or(buffer);
            let end = part.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            line.extend(part.get(..end.unwrap_or(part.len())).unwrap_or_default());
            let (taken, is_whole) = (end.map_or(part.len(), |end| end + 1), end.is_some());
            let is_return = end.is_some_and(|end| part.get(end) == Some(&b'\r'));
            self.bytes.consume(taken);
            if is_return && self.bytes.fill_buf()?.first() == Some(&b'\n') {
                self.bytes.consume(1);
            }
            if is_whole || line.len() >= MAX_LINE {
                return Ok(Some(line));
            }
        }
    }
}

impl<R: Read> Iterator for LogLines<R> {
    type Item = io::Result<String>;

    fn next(&mut self) -> Option<io::Result<String>> {
        let line = self.next_bytes().transpose()?;
        Some(line.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Vec<String> {
        LogLines::new(bytes).map(|line| line.unwrap()).collect()
    }

    #[test]
    fn every_kind_of_line_end_ends_one_line() {
        assert_eq!(lines(b"a\nb\r\nc\rd\n\ne"), ["a", "b", "c", "d", "", "e"]);
        assert!(lines(b"").is_empty());
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let bytes = vec![b'x'; MAX_LINE * 2 + 1];
        let lengths: Vec<usize> = lines(&bytes).iter().map(String::len).collect();
        assert_eq!(lengths, [MAX_LINE, MAX_LINE, 1]);
    }
}
